"""Port: who may ask for which prompts where. :mod:`abby_core.access.guilds` knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.quota.place import Place


class Doorkeeper(Protocol):
    """Says no before anything is spent. ``place`` None: not in a chat."""

    async def admit(self, account: Account, place: Place | None, prompts: Sequence[str]) -> None:
        """Raise Refused where the account may not have these prompts made in that place."""
        ...

    def admit_in(self, tx: Transaction, account: Account, place: Place | None) -> None:
        """Raise Refused for an account that may ask for nothing there, in the transaction that enters its order."""
        ...
