"""Trying one way of delivering: smaller files where Discord calls them too large, fewer words where its rules block.

a refusal for good   the way is closed: None, and the next one is tried
passing trouble      OSError: the core asks again later
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from abby_adapters.discord.telling import Room, blocked, finished, result

if TYPE_CHECKING:
    from abby_adapters.discord.address import Address
    from abby_adapters.discord.posting import Spot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Creation

log = logging.getLogger(__name__)

SMALLER = Room(file_bytes=7 * 2**20, bytes=8 * 2**20)
"""Tried when Discord calls the files too large although they are within what it named: limits differ by server, and
a request has room for more than files."""
NO_FILES = Room(file_bytes=0, bytes=0)
TOO_LARGE = 40005
"""Discord's code for a request or file that is too large. This one and those below: its documentation, "Opcodes and
Status Codes"."""
DEAD_TOKEN = 50027
"""An interaction whose time is over."""
AUTOMOD = 200000
"""A text that the server's rules block."""
TOO_OLD = 30046
"""One edit too many of a message older than an hour; comes with status 429, and waiting would not help soon."""


class Sending:
    """One result on its way. ``is_unsure``: it may be where only its owner sees it, so words must do."""

    def __init__(
        self, core: Core, where: Address, creation: Creation, *, file_bytes_max: int, is_unsure: bool = False
    ) -> None:
        self._core = core
        self._where = where
        self._creation = creation
        self._rooms = [Room(file_bytes=file_bytes_max), SMALLER, NO_FILES]
        if file_bytes_max <= SMALLER.file_bytes:
            self._rooms.remove(SMALLER)
        self._is_unsure = is_unsure
        self._is_blocked = False

    async def by(self, go: Callable[[dict[str, Any]], Awaitable[Spot]]) -> Spot | None:
        """Where the result is; None: this way is closed. Raises OSError for passing trouble."""
        while True:
            content = await self._content()
            try:
                with passing_trouble_raised():
                    return await go(content)
            except discord.HTTPException as error:
                if (error.status == 413 or error.code == TOO_LARGE) and len(self._rooms) > 1:
                    self._rooms.pop(0)
                elif error.code == AUTOMOD and not self._is_blocked:
                    self._is_blocked = True
                else:
                    _log_closed(self._creation, error)
                    return None

    async def _content(self) -> dict[str, Any]:
        if self._is_unsure:
            return finished(self._where, self._creation)
        if self._is_blocked:
            return blocked(self._where, self._creation)
        return await result(self._core, self._where, self._creation, self._rooms[0])


@contextmanager
def passing_trouble_raised() -> Generator[None]:
    """What will pass is an OSError, for which the core asks again later; refusals for good stay what they are."""
    try:
        yield
    except aiohttp.ClientError as error:
        raise ConnectionError(f"Discord cannot be reached: {type(error).__name__}.") from error
    except discord.HTTPException as error:
        if error.code == TOO_OLD:
            raise
        if error.status >= 500 or error.status == 429:
            raise ConnectionError(f"Discord answered {error.status}.") from error
        if error.status == 401 and error.code != DEAD_TOKEN:
            raise ConnectionError("Discord does not know the bot any more.") from error
        raise


def _log_closed(creation: Creation, error: discord.HTTPException) -> None:
    """Refusals that a good bot lives with are no warnings."""
    is_usual = isinstance(error, discord.NotFound | discord.Forbidden) or error.code == DEAD_TOKEN
    level = logging.INFO if is_usual else logging.WARNING
    log.log(level, "a way to deliver order %s is closed: code %d", creation.order.id, error.code)
