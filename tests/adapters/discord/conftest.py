"""A bot at a Discord on the loopback, with a real Abby behind it: SQLite, files, and a provider the test decides on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.main import Abby
from abby_adapters.discord.uploads import Uploads
from abby_core import bootstrap
from abby_core.generation.provider import ImageProvider
from abby_core.studio import Account, Artifact
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message
from tests.services.discord_server import DiscordServer, discord_server, pointed_at, running
from tests.services.discord_world import Channel, User
from tests.support.providers import FixedProvider
from tests.support.studio import Clock, open_abby


@dataclass
class House:
    """One server of Discord with a channel, two members and the folder of one Abby, which may start again and again."""

    server: DiscordServer
    root: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.guild = self.server.guild("Painters")
        self.art: Channel = self.guild.channel("art")
        self.ada: User = self.server.member(self.guild, "ada")
        self.bob: User = self.server.member(self.guild, "bob")

    @asynccontextmanager
    async def bot(self, *providers: ImageProvider, **settings: Any) -> AsyncGenerator[Abby]:
        """The bot, online until the block ends. Several after one another share the folder, as after restarts."""
        core = open_abby(self.root, *(providers or (FixedProvider(),)), clock=self.clock, **settings)
        bot = Abby(BotConfig(core.settings), core=core, uploads=Uploads({self.server.url}))
        bot.edit_seconds = 0
        async with running(bot, self.server):
            yield bot

    async def imagine(self, prompt: str = "a cute rabbit", user: User | None = None, **options: Any) -> Interaction:
        return await self.server.command(user or self.ada, "imagine", {"prompt": prompt, **options}, channel=self.art)

    async def picture(self, prompt: str = "a cute rabbit", **options: Any) -> Message:
        """The message of a finished picture of Ada's."""
        asked = await shown(await self.imagine(prompt, **options))
        assert asked.original is not None
        return asked.original

    async def crash(self, bot: Abby) -> None:
        """Let nothing finish that is being made: what a restart finds is as after a crash."""
        assert bot.core is not None
        await bot.core.studio.stop(grace_seconds=0)

    def kept(self, bot: Abby, user: User) -> list[Artifact]:
        """What somebody's gallery holds, the newest first."""
        return list(gallery_of(bot).page(account(user)).artifacts)


def account(user: User) -> Account:
    return Account("discord", str(user.id))


def gallery_of(bot: Abby) -> Any:
    core = bot.core
    assert isinstance(core, bootstrap.Abby)
    return core.gallery


async def shown(asked: Interaction) -> Interaction:
    """Wait until the answer shows a picture."""
    return await asked.until(lambda it: it.original and it.original.files)


async def said(asked: Interaction, text: str) -> Message:
    """Wait until the answer says something."""
    await asked.until(lambda it: it.original and not it.original.loading and text in it.original.text)
    assert asked.original is not None
    return asked.original


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    async with discord_server() as server:
        with pointed_at(server):
            yield House(server, tmp_path)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured is told, and decides nothing."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {name} = {value}")
