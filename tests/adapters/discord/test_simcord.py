"""Every command, played through by SimCord: what it answers when all is well, and a refusal where it knows one.

SimCord lets the bot object live in an in-process Discord, so this is quick; what only the wire shows is proven with
our own server (the other files here). Abby's core is opened before SimCord begins: it looks after its orders for as
long as it lives, and SimCord waits for everything the bot itself has begun to come to rest.

A command without a case here fails :func:`test_every_command_has_a_case`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import discord
import pytest
import simcord
from discord import app_commands

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.main import COGS, Abby
from abby_adapters.discord.uploads import Uploads
from abby_core import bootstrap
from abby_core.studio import Account
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import open_abby

PICTURE = ("boat.png", photograph())


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command as somebody types it, and what they read then. ``made``: pictures they have before."""

    command: str
    says: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    made: int = 0
    files: int = 0
    private: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return f"{self.command}: {self.says}"


WORKS = [
    Case(command="imagine", options={"prompt": "a rabbit"}, says="Picture", files=1, private=False),
    Case(command="transform", options={"prompt": "at night", "picture": PICTURE}, says="Transformed Picture", files=1,
         private=False),
    Case(command="upscale", options={"picture": PICTURE}, says="Enlarged Picture", files=1, private=False),
    Case(command="quota", says="Your Quota"),
    Case(command="help", says="Abby, a Picture Studio"),
    Case(command="where", made=1, says="Done"),
    Case(command="cancel", made=1, says="You have no order that is waiting or being made."),
    Case(command="gallery", made=2, says="a cute rabbit", files=2),
    Case(command="favorites", made=1, says="No favourites yet."),
    Case(command="show", made=1, options={"id": "{name}"}, says="seed", files=1),
    Case(command="delete", made=1, options={"picture": "{name}"}, says="is in your trash"),
    Case(command="storage_cleanup", says="Only whoever runs this Abby can do that."),
]  # fmt: skip
"""One for each command, the good way where there is one for a member."""
REFUSED = [
    Case(command="imagine", options={"prompt": "a cat --stlye anime"}, says="Did you mean style?"),
    Case(command="imagine", options={"prompt": "a cat"}, says="Daily Generation Limit Reached",
         settings={"max_user_daily_gens": 0}),
    Case(command="transform", options={"prompt": "at night", "picture": ("notes.txt", b"no picture")},
         says="no picture: PNG, JPEG and WebP can be used"),
    Case(command="upscale", says="Attach a picture, or name one of yours"),
    Case(command="upscale", options={"mine": "nothing"}, says="nothing"),
    Case(command="show", options={"id": "nothing"}, says="nothing"),
    Case(command="delete", options={"picture": "nothing"}, says="nothing"),
    Case(command="cancel", options={"order": "4711"}, says="You have no order"),
]  # fmt: skip


class Opened(bootstrap.Abby):
    """An Abby that is open already, and is closed by whoever opened it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Attached(Uploads):
    """What was attached, without a content network."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self._data = dict(case.options).get("picture", PICTURE)[1]

    async def fetch(self, url: str, *, declared_bytes: int = 0) -> bytes:
        assert declared_bytes == len(self._data)
        return self._data


@asynccontextmanager
async def opened(root: Path, **settings: Any) -> AsyncGenerator[Opened]:
    plain = open_abby(root, FixedProvider(), **settings)
    core = Opened(plain.settings, providers=[FixedProvider()])
    async with plain_life(core):
        yield core


@asynccontextmanager
async def plain_life(core: Opened) -> AsyncGenerator[None]:
    await bootstrap.Abby.__aenter__(core)
    try:
        yield
    finally:
        await bootstrap.Abby.__aexit__(core, None, None, None)


@pytest.mark.parametrize("case", [*WORKS, *REFUSED], ids=str)
async def test_a_command_answers(case: Case, tmp_path: Path) -> None:
    async with opened(tmp_path, **case.settings) as core:
        bot = Abby(BotConfig(core.settings), core=core, uploads=Attached(case))
        bot.edit_seconds = 0
        async with simcord.run(bot, check_errors=False) as env:  # a refusal is an error that was handled
            guild = env.create_guild()
            managers = guild.create_role("Managers", permissions=discord.Permissions(administrator=True))
            art, ada = guild.create_text_channel("art"), guild.add_member(env.create_user("ada"), roles=[managers])
            for _ in range(case.made):
                await ada.slash(art, "imagine", prompt="a cute rabbit", seed=7, private=True)
            kept = core.gallery.page(Account("discord", str(ada.id))).artifacts
            names = {"{name}": kept[0].name} if kept else {}
            options = {key: names.get(value, value) if isinstance(value, str) else value
                       for key, value in case.options.items()}  # fmt: skip
            result = await ada.slash(art, case.command, **options)
            await env.settle()
            assert result.response is not None
            message = result.response.message
            said = "\n".join([message.content, *(str(embed.to_dict()) for embed in message.embeds)])
            assert case.says in said
            assert len(message.attachments) == case.files
            assert result.ephemeral == case.private


async def test_every_command_has_a_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as core:
        bot = Abby(BotConfig(core.settings), core=core)
        for cog in COGS:
            await bot.load_extension(cog)
        named = {each.qualified_name for each in bot.tree.walk_commands() if isinstance(each, app_commands.Command)}
        await bot.close()
    assert named == {case.command for case in WORKS}, "say in WORKS what it answers"
