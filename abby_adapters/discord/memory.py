"""What a later press needs and its id has no room for: a refused wish, a found attachment.

It lives in this process alone and for a while: after a restart the press says so, and nothing else is lost.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import TypeVar

from abby_core.errors import NotFound
from abby_core.sentence import sentence

REMEMBERED_MAX = 2000
"""A prompt or an address each: some megabytes at most."""
KEY = r"[0-9a-f]{12}"
T = TypeVar("T")


class Memory:
    """The newest things of all people, each under a key that fits a button."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, object] = OrderedDict()

    def keep(self, thing: object) -> str:
        """Remember it; returns its key."""
        key = secrets.token_hex(6)
        self._things[key] = thing
        while len(self._things) > REMEMBERED_MAX:
            self._things.popitem(last=False)
        return key

    def find(self, key: str, kind: type[T]) -> T:
        """What was kept under a key. Raises NotFound once it is forgotten."""
        thing = self._things.get(key)
        if not isinstance(thing, kind):
            raise NotFound(sentence("That was too long ago: Abby does not remember what it was. Please ask anew."))
        return thing
