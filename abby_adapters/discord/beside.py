"""The bot in a process that others run too: over an Abby that is open already, and without taking anybody down."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.main import abby_for, translated
from abby_adapters.discord.redaction import guard_logs
from abby_core.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core

log = logging.getLogger(__name__)

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 5.0, 300.0
"""Between two attempts to reach Discord; each pause is twice the one before."""


class BotBeside:
    """The bot of that Abby. Call ``begin`` when Abby is open, ``end`` when she is closed: until then it delivers."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._token = core.settings.discord_token or ""
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Sign in, in the background."""
        guard_logs()
        self._task = asyncio.create_task(self._stay(), name="the Discord bot")

    async def end(self) -> None:
        """Sign off."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _stay(self) -> None:
        """Be online for good. Whatever ends the bot ends it alone; a Discord that cannot be reached is tried again."""
        pause = PAUSE_SECONDS
        try:
            while not await self._was_online():
                log.warning("The bot tries again in %.0f seconds", pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, PAUSE_SECONDS_MAX)
            log.error("The bot has left Discord; everything else goes on")
        except ConfigurationError as error:
            log.error("The bot is not online, everything else is: %s", error)  # noqa: TRY400 -- the host's to mend
        except Exception:
            log.exception("The bot has stopped; everything else goes on")

    async def _was_online(self) -> bool:
        """Sign in and stay until the bot leaves; False: Discord cannot be reached. Raises ConfigurationError."""
        bot = abby_for(BotConfig(self._core.settings), core=self._core, core_is_open=True)
        try:
            with translated():
                async with bot:
                    await bot.start(self._token)
        except StorageError as error:
            log.warning("The bot is not online, everything else is: %s", error)
            return False
        return True
