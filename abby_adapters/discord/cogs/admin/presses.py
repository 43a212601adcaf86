"""What the parts of the panel and of the list of users do."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from abby_adapters.discord import parts
from abby_adapters.discord.cogs.admin import panel
from abby_adapters.discord.cogs.admin.rights import check_home, check_manager, note
from abby_adapters.discord.cogs.admin.usage import turn
from abby_adapters.discord.desk import Interaction, core_of, patiently, refuse
from abby_adapters.discord.members import PLATFORM, account_of, reader, server_of
from abby_core.access.prompt_filter import words_in
from abby_core.errors import NotFound
from abby_core.gallery.preset import UNASKED, of_member, of_server

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language

WORDS_CHARACTERS_MAX = 4000
"""What Discord takes in one field of a form."""


class _Press(ui.DynamicItem[ui.Item[ui.View]], ABC, template=r"abby:never"):
    """A part found by its id; ``found`` is what the id said."""

    def __init__(self, item: ui.Item[Any], found: re.Match[str]) -> None:
        super().__init__(item)
        self.found = found

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] -- our client is Abby  # noqa: ARG003
        return cls(item, match)

    async def callback(self, interaction: Interaction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            await self.pressed(interaction, core_of(interaction))
        except discord.DiscordException:
            raise
        except Exception as error:
            await refuse(interaction, error)

    @abstractmethod
    async def pressed(self, interaction: Interaction, core: Core) -> None:
        """Do what it is for, for whoever may; errors are told to whoever pressed it."""


class SettingPress(
    _Press, template=r"abby:set:(?P<what>channels|mature|preset|everywhere|spoiler|own_rules)(:(?P<to>[01]))?"
):
    """A list or button of the panel that changes a setting at once."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        guild_id, what = check_manager(interaction), self.found["what"]
        chosen: list[str] = list((interaction.data or {}).get("values", ()))
        changes: dict[str, Any] = {}
        if what in {"channels", "everywhere"}:
            changes["channels"] = tuple(chosen)
        elif what == "mature":
            (changes["mature"],) = chosen
        elif what == "preset":
            (name,) = chosen
            applying = asyncio.to_thread(_apply_preset, interaction, core, guild_id, name)
            changes["preset"] = await patiently(interaction, applying, in_place=True)
        else:
            changes[what] = self.found["to"] == "1"
        changing = asyncio.to_thread(core.guilds.change, server_of(guild_id), **changes)
        await patiently(interaction, changing, in_place=True)
        note(interaction, core, "settings", setting=next(iter(changes)))
        await panel.answer(interaction, core, guild_id)


class WordsPress(_Press, template=r"abby:set:(?P<what>blocked_words|mature_words)"):
    """A button of the panel that shows a list of words, to be changed."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        guild_id, what = check_manager(interaction), self.found["what"]
        settings = await asyncio.to_thread(core.guilds.settings, server_of(guild_id))
        words: tuple[str, ...] = getattr(settings, what)
        await interaction.response.send_modal(WordsForm(reader(interaction), what, words))


class WordsForm(ui.Modal):
    """A list of words, one on each line."""

    def __init__(self, language: Language, what: str, words: tuple[str, ...]) -> None:
        title = language.say("Blocked words") if what == "blocked_words" else language.say("Words for adults")
        super().__init__(title=parts.title(title), timeout=60 * 60)
        self._what = what
        self._words: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default="\n".join(words)[:WORDS_CHARACTERS_MAX],
            max_length=WORDS_CHARACTERS_MAX,
            required=False,
        )
        explained = language.say("cat: that word. cat*: how one begins. *cat*: anywhere.")
        self.add_item(parts.labelled(language.say("One on each line"), self._words, explained))

    async def on_submit(self, interaction: Interaction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        core, guild_id = core_of(interaction), check_manager(interaction)
        changes: dict[str, Any] = {self._what: words_in(self._words.value)}
        changing = asyncio.to_thread(core.guilds.change, server_of(guild_id), **changes)
        await patiently(interaction, changing, in_place=True)
        note(interaction, core, "settings", setting=self._what)
        await panel.answer(interaction, core, guild_id)

    async def on_error(self, interaction: Interaction, error: Exception) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await refuse(interaction, error)


class UsagePress(_Press, template=r"abby:usage:(?P<page>\d{1,2})"):
    """Turning the pages of who uses what."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        check_home(interaction)
        await turn(interaction, core, int(self.found["page"]))


ADMIN_PRESSES: tuple[type[_Press], ...] = (SettingPress, WordsPress, UsagePress)
"""What the bot registers."""


def _apply_preset(interaction: Interaction, core: Core, guild_id: int, name: str) -> str:
    """Let a preset's choices apply unasked in the server; returns the name to be shown. Raises NotFound.

    A manager's own one becomes the server's as well. Later changes of it change nothing until it is chosen again.
    """
    server = of_server(PLATFORM, str(guild_id))
    if name == panel.NO_PRESET:
        core.presets.clear(server)
        return ""
    try:
        preset = core.presets.find(server, name)
    except NotFound:
        preset = core.presets.find(of_member(account_of(interaction.user.id)), name)
        core.presets.save(server, preset.name, preset.choices)
    core.presets.clear(server)
    core.presets.save(server, UNASKED, preset.choices)
    return preset.name
