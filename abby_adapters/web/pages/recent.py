"""What people did a moment ago with many things at once, so that one button undoes it.

Remembered in this process alone, and for a while: the trash has everything for longer.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import Request

    from abby_core.studio import Account

REMEMBERED_MAX = 1000
"""Of everybody: about 5 MB if each is as large as can be; the oldest is forgotten first."""

KEY_CHARACTERS = 16


class Recent:
    """Ids by a key that only their owner can use."""

    def __init__(self) -> None:
        self._noted: OrderedDict[str, tuple[str, tuple[str, ...]]] = OrderedDict()

    def note(self, account: Account, ids: list[str]) -> str:
        """Remember them; returns the key."""
        key = secrets.token_hex(KEY_CHARACTERS // 2)
        self._noted[key] = (account.key, tuple(ids))
        if len(self._noted) > REMEMBERED_MAX:
            self._noted.popitem(last=False)
        return key

    def find(self, account: Account, key: str) -> tuple[str, ...]:
        """What was noted under that key by that account; empty for anything else."""
        owner, ids = self._noted.get(key, ("", ()))
        return ids if owner == account.key else ()

    def asked(self, request: Request, account: Account) -> tuple[str, int]:
        """What a page needs to offer undoing: the key its address names, and how many things that are."""
        key = request.query_params.get("undo", "")[:KEY_CHARACTERS]
        return key, len(self.find(account, key))
