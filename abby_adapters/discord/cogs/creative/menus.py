"""The menu of a message: Transform, Upscale, Save to my gallery, Delete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from abby_adapters.discord import account_presenter, asking, forms, parts, saving
from abby_adapters.discord.cogs.creative.options import choices_of
from abby_adapters.discord.desk import Interaction, core_of, say, take
from abby_adapters.discord.looking import NO_PICTURE, SOURCE, Shown, pictures_in, shown_by
from abby_adapters.discord.members import reader
from abby_adapters.discord.preferring import is_private
from abby_adapters.discord.press import Press
from abby_core.errors import InvalidRequest

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core

FORM = rf"abby:turn:(?P<source>{SOURCE}|several)"
WHICH = r"abby:which:(?P<what>up|save)"
PROMPT_CHARACTERS_MAX = 4000
"""What Discord takes in one field of a form."""
WHAT_SIGNS = {"up": "🔍", "save": "📥"}


async def transform(interaction: Interaction, message: discord.Message) -> None:
    """Ask what a picture of a message shall become."""
    shown, language = _pictures(interaction, message), reader(interaction)
    memory = interaction.client.memory
    prompt: ui.TextInput[ui.View] = ui.TextInput(
        custom_id="prompt", style=discord.TextStyle.paragraph, max_length=PROMPT_CHARACTERS_MAX
    )
    fields = [parts.labelled(language.say("What it shall become"), prompt)]
    if len(shown) > 1:
        options = _options(interaction, shown)
        fields.insert(0, parts.labelled(language.say("Which picture"), parts.choose("which", options)))
    source = "several" if len(shown) > 1 else shown[0].source(memory)
    await forms.show(interaction, language.say("Transform"), f"abby:turn:{source}", *fields)


async def transformed(interaction: Interaction, core: Core, found: re.Match[str], typed: forms.Typed) -> None:  # noqa: ARG001
    """Make what the form says."""
    source = typed["which"] if found["source"] == "several" else found["source"]
    picture = shown_by(source, interaction.client.memory).find(interaction.client.uploads)
    ask = asking.transform(typed["prompt"], choices_of(), picture, guild_id=interaction.guild_id)
    await take(interaction, ask, private=await is_private(interaction, None))


async def upscale(interaction: Interaction, message: discord.Message) -> None:
    """Make a picture of a message larger."""
    await _with_one(interaction, message, "up")


async def save(interaction: Interaction, message: discord.Message) -> None:
    """Keep a picture of a message in one's own gallery."""
    await _with_one(interaction, message, "save")


async def delete(interaction: Interaction, message: discord.Message) -> None:
    """Put one's own pictures of a message into the trash, and remove the message."""
    await saving.take_out(interaction, message, pictures_in(message, interaction.client))


async def _with_one(interaction: Interaction, message: discord.Message, what: str) -> None:
    """Do it with the only picture, or ask with which."""
    core_of(interaction)
    shown, language = _pictures(interaction, message), reader(interaction)
    if len(shown) == 1:
        await _do(interaction, what, shown[0])
        return
    which = parts.choose(f"abby:which:{what}", _options(interaction, shown), language.say("Which picture"))
    embed = account_presenter.note(f"{WHAT_SIGNS[what]} {language.say('There are several pictures. Which one?')}")
    await say(interaction, embed, parts.view([which]))


async def _do(interaction: Interaction, what: str, shown: Shown) -> None:
    if what == "save":
        await saving.save(interaction, shown)
        return
    if shown.artifact_id:
        ask = asking.upscale(shown.owner, shown.artifact_id)
    else:
        ask = asking.upscale_found(shown.find(interaction.client.uploads))
    await take(interaction, ask, private=await is_private(interaction, None))


def _pictures(interaction: Interaction, message: discord.Message) -> list[Shown]:
    shown = pictures_in(message, interaction.client)
    if not shown:
        raise InvalidRequest(NO_PICTURE)
    return shown[: parts.OPTIONS_MAX]


def _options(interaction: Interaction, shown: list[Shown]) -> list[discord.SelectOption]:
    return [
        parts.option(f"{number}. {each.name}", each.source(interaction.client.memory))
        for number, each in enumerate(shown, start=1)
    ]


class WhichPress(Press, template=WHICH):
    """The list of a message's pictures."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:  # noqa: ARG002
        await _do(interaction, self.found["what"], shown_by(self.chosen, interaction.client.memory))


class Menus(commands.Cog):
    """Adds the entries to the menu of messages, and takes them away with itself."""

    def __init__(self, bot: StudioBot) -> None:
        self._tree = bot.tree
        self._entries = [
            app_commands.ContextMenu(name=locale_str("Transform"), callback=transform),
            app_commands.ContextMenu(name=locale_str("Upscale"), callback=upscale),
            app_commands.ContextMenu(name=locale_str("Save to my gallery"), callback=save),
            app_commands.ContextMenu(name=locale_str("Delete"), callback=delete),
        ]

    async def cog_load(self) -> None:
        for entry in self._entries:
            self._tree.add_command(entry)

    async def cog_unload(self) -> None:
        for entry in self._entries:
            self._tree.remove_command(entry.name, type=entry.type)


async def setup(bot: StudioBot) -> None:
    bot.add_dynamic_items(WhichPress)
    bot.forms.add(FORM, transformed)
    await bot.add_cog(Menus(bot))
