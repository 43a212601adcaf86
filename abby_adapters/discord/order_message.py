"""The one message of an order, while the order is on its way: "waiting, number 3" → "painting: 50 %", with a preview.

The result is written by :mod:`abby_adapters.discord.delivery`, which closes the message first: after that nothing
here changes it any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import aiohttp
import discord

from abby_adapters.discord import presenter
from abby_core.errors import AbbyError

if TYPE_CHECKING:
    from abby_core.languages import Language
    from abby_core.studio import Account, Progress
    from abby_core.studio.order import Preview
    from abby_core.studio.studio import Studio

log = logging.getLogger(__name__)

EDIT_SECONDS = 4.0
"""Least time between two edits of a message: Discord's limits for webhooks leave room for about that."""
OPENING_SECONDS = 30.0
"""How long a result waits for its message to appear; then it finds another way."""

Show = Callable[[str, "Preview | None"], Awaitable[object]]
"""Writes a line about the progress into the message, and shows how the picture is so far, if that is known."""


class OrderMessage:
    """Lives on the event loop from before the order is submitted until its result is delivered."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._editing = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._closed = False
        self.message_id = 0
        """Where it can be answered to; 0 while (or if) it is not known."""

    def open(self, message_id: int) -> None:
        """The message is there (0: it could not be written, and never will be)."""
        self.message_id = message_id
        self._opened.set()

    def watch(
        self,
        language: Language,
        studio: Studio,
        order_id: str,
        account: Account,
        show: Show,
        *,
        seconds: float,
        line: str,
    ) -> None:
        """Follow the order; ``line`` is what the message says now."""
        if self._closed:
            return
        moments = studio.watch(order_id, account)
        self._watcher = asyncio.create_task(self._follow(language, moments, show, seconds, line))

    async def close(self) -> None:
        """Wait until it was opened and the last edit is through; nothing is edited from here on."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await self._opened.wait()
        except TimeoutError:
            log.warning("an order ended before its message was written")
        self._closed = True
        async with self._editing:
            if self._watcher is not None:
                self._watcher.cancel()

    async def _follow(
        self, language: Language, moments: AsyncIterator[Progress], show: Show, seconds: float, line: str
    ) -> None:
        shown: Preview | None = None
        try:
            await asyncio.sleep(seconds)
            async for progress in moments:
                if progress.ended:
                    return
                now, preview = presenter.progress_line(language, progress), progress.preview or shown
                if now != line or preview is not shown:
                    async with self._editing:
                        await show(now, preview)
                    line, shown = now, preview
                    await asyncio.sleep(seconds)
        except (AbbyError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("the progress of an order is not shown any more: %s", type(error).__name__)
