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
    """A command as somebody types it, and what they read then; ``says`` stands in a message or in a form.

    ``before``: commands that were typed earlier. ``made``: pictures they have before. ``menu``: it is an entry of the
    menu of a message, that of the newest picture or, where none was made, of one with an attachment.
    """

    command: str
    says: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    before: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    made: int = 0
    menu: bool = False
    files: int = 0
    private: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return f"{self.command}: {self.says}"


WEB = {"public_url": "https://abby.example.org"}
NIGHT = {"presets save": {"name": "night", "style": "anime"}}


WORKS = [
    Case(command="imagine", options={"prompt": "a rabbit"}, says="Picture", files=1, private=False),
    Case(command="transform", options={"prompt": "at night", "picture": PICTURE}, says="Transformed Picture", files=1,
         private=False),
    Case(command="upscale", options={"picture": PICTURE}, says="Enlarged Picture", files=1, private=False),
    Case(command="quota", says="Your Quota"),
    Case(command="help", says="Making pictures"),
    Case(command="where", made=1, says="Done"),
    Case(command="cancel", made=1, says="You have no order that is waiting or being made."),
    Case(command="gallery", made=2, says="a cute rabbit", files=2),
    Case(command="favorites", made=1, says="No favourites yet."),
    Case(command="show", made=1, options={"id": "{name}"}, says="seed", files=1),
    Case(command="delete", made=1, options={"picture": "{name}"}, says="is in your trash"),
    Case(command="storage_cleanup", says="Only whoever runs this Abby can do that."),
    Case(command="share", made=1, options={"picture": "{name}"}, says="https://abby.example.org/s/", settings=WEB),
    Case(command="web", says="signs you in, once", settings=WEB),
    Case(command="prefer", options={"style": "anime"}, says="anime"),
    Case(command="presets save", options={"name": "night", "style": "anime"}, says="night"),
    Case(command="presets keep", options={"name": "night"}, made=1, says="night"),
    Case(command="presets list", before=NIGHT, says="night"),
    Case(command="presets use", before=NIGHT, options={"name": "night", "prompt": "a rabbit"}, says="Picture", files=1,
         private=False),
    Case(command="presets rename", before=NIGHT, options={"name": "night", "new_name": "dusk"}, says="dusk"),
    Case(command="presets delete", before=NIGHT, options={"name": "night"}, says="is gone"),
    Case(command="privacy export", made=1, says="Your Data"),
    Case(command="privacy forget", made=1, says="pictures"),
    Case(command="abby status", says="0 orders are waiting."),
    Case(command="abby usage", made=1, says="<@{ada}>"),
    Case(command="abby limit", options={"member": "{bob}", "meter": "images/day", "value": 3.0},
         says="an administrator"),
    Case(command="abby reset", options={"member": "{bob}"}, says="starts the day anew"),
    Case(command="abby tier", options={"member": "{bob}"}, says="default"),
    Case(command="abby ban", options={"member": "{bob}"}, says="may ask for no pictures now"),
    Case(command="abby unban", before={"abby ban": {"member": "{bob}"}}, options={"member": "{bob}"},
         says="may ask for pictures again"),
    Case(command="abby bans", before={"abby ban": {"member": "{bob}"}}, says="<@{bob}>"),
    Case(command="abby settings", says="Abby in This Server"),
    Case(command="Transform", menu=True, says="What it shall become"),
    Case(command="Upscale", menu=True, says="Enlarged Picture", files=1, private=False),
    Case(command="Save to my gallery", menu=True, says="Saved to your gallery"),
    Case(command="Delete", menu=True, made=1, says="is in your trash"),
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
    Case(command="share", made=1, options={"picture": "{name}"}, says="Links need Abby's web pages"),
    Case(command="share", options={"picture": "nothing"}, says="nothing", settings=WEB),
    Case(command="web", says="Links need Abby's web pages"),
    Case(command="prefer", options={"style": "nothing"}, says="nothing"),
    Case(command="presets use", options={"name": "night", "prompt": "a rabbit"}, says="night"),
    Case(command="presets keep", options={"name": "night"}, says="Not Possible"),
    Case(command="presets rename", options={"name": "night", "new_name": "dusk"}, says="Not Possible"),
    Case(command="presets delete", options={"name": "night"}, says="Not Possible"),
    Case(command="gallery", options={"album": "nothing"}, says="You have no album"),
    Case(command="abby tier", options={"member": "{bob}", "give": "silver"}, says="There is no tier"),
    Case(command="abby unban", options={"member": "{bob}"}, says="is not banned there"),
    Case(command="Delete", menu=True, says="There is no picture of Abby's in that message."),
    Case(command="Save to my gallery", menu=True, made=1, says="It is in your gallery already"),
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
            bob, message = guild.add_member(env.create_user("bob")), None
            for _ in range(case.made):
                made = await ada.slash(art, "imagine", prompt="a cute rabbit", seed=7, private=not case.menu)
                await env.settle()
                message = made.response and made.response.message
            kept = core.gallery.page(Account("discord", str(ada.id))).artifacts
            named = {"{name}": kept[0].name if kept else "", "{bob}": bob}
            for command, options in case.before.items():
                await ada.slash(art, command, **filled(options, named))
            if case.menu:
                message = message or await ada.send(art, attachments=[PICTURE])
                result = await ada.context_menu(art, case.command, message)
            else:
                result = await ada.slash(art, case.command, **filled(case.options, named))
            await env.settle()
            says = case.says.replace("{ada}", str(ada.id)).replace("{bob}", str(bob.id))
            if result.modal is not None:
                assert says in str(result.modal)
                return
            assert result.response is not None
            answer = result.response.message
            said = "\n".join([answer.content, *(str(embed.to_dict()) for embed in answer.embeds)])
            assert says in said
            assert len(answer.attachments) == case.files
            assert result.ephemeral == case.private


def filled(options: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what only the running test knows in its places."""
    return {key: named.get(value, value) if isinstance(value, str) else value for key, value in options.items()}


async def test_every_command_has_a_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as core:
        bot = Abby(BotConfig(core.settings), core=core)
        for cog in COGS:
            await bot.load_extension(cog)
        named = {each.qualified_name for each in bot.tree.walk_commands() if isinstance(each, app_commands.Command)}
        named |= {each.name for each in bot.tree.get_commands(type=discord.AppCommandType.message)}
        await bot.close()
    assert named == {case.command for case in WORKS}, "say in WORKS what it answers"


BUTTONS = {
    "🔍 Upscale": "Enlarged Picture", "🎲 Vary": "Transformed Picture", "🔄 Again": "🎨 Picture",
    "✏️ Remix": "a cute rabbit", "⭐ Favourite": "one of your favourites", "🔗 Share": "Share a-cute-rabbit",
    "🗑️ Delete": "is in your trash",
}  # fmt: skip
"""Below a picture: what a press brings, as a message or as a form."""
MAKING = ("🔍 Upscale", "🎲 Vary", "🔄 Again")


@asynccontextmanager
async def a_picture(core: Opened) -> AsyncGenerator[tuple[Any, Any, Any, Any]]:
    """Ada's, and Bob who sees it too."""
    bot = Abby(BotConfig(core.settings), core=core)
    bot.edit_seconds = 0
    async with simcord.run(bot, check_errors=False) as env:
        guild = env.create_guild()
        art, ada, bob = (
            guild.create_text_channel("art"),
            *(guild.add_member(env.create_user(n)) for n in ("ada", "bob")),
        )
        made = await ada.slash(art, "imagine", prompt="a cute rabbit")
        await env.settle()
        assert made.response is not None
        yield env, ada, bob, made.response


def read(result: Any) -> str:
    """What a press brought."""
    return str(result.modal) if result.modal is not None else str([each.to_dict() for each in result.response.embeds])


@pytest.mark.parametrize("label", BUTTONS)
async def test_a_button_below_a_picture_does_what_it_says(label: str, tmp_path: Path) -> None:
    async with (
        opened(tmp_path, public_url="https://abby.example.org") as core,
        a_picture(core) as (env, ada, _bob, shown),
    ):
        pressed = await ada.click(shown.message, label=label)
        await env.settle()
        assert BUTTONS[label] in read(pressed)


async def test_a_picture_has_no_other_buttons(tmp_path: Path) -> None:
    async with opened(tmp_path) as core, a_picture(core) as (_env, _ada, _bob, shown):
        labels = [each.get("label") for row in shown.components for each in row["components"]]
        assert labels == list(BUTTONS)


@pytest.mark.parametrize("label", MAKING)
async def test_a_button_that_makes_a_picture_is_refused_at_the_limit_for_one_pair_of_eyes(
    label: str, tmp_path: Path
) -> None:
    async with opened(tmp_path, max_user_daily_gens=1) as core, a_picture(core) as (env, ada, bob, shown):
        refused = await ada.click(shown.message, label=label)
        await env.settle()
        assert "Daily Generation Limit Reached" in read(refused)
        assert refused.ephemeral
        allowed = await bob.click(shown.message, label=label)  # on a quota of their own
        await env.settle()
        assert BUTTONS[label] in read(allowed)


async def test_nobody_deletes_anothers_picture_by_its_button(tmp_path: Path) -> None:
    async with opened(tmp_path) as core, a_picture(core) as (env, ada, bob, shown):
        refused = await bob.click(shown.message, label="🗑️ Delete")
        await env.settle()
        assert refused.ephemeral
        assert len(core.gallery.page(Account("discord", str(ada.id))).artifacts) == 1
