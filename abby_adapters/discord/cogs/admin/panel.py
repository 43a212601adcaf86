"""The panel of a server's settings: what it shows, and its lists, buttons and forms.

Which setting a part is for stands in its id, so a panel of last year still works; who may use it is looked at each
time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord
from discord import ButtonStyle, ui

from abby_adapters.discord import admin_presenter, parts
from abby_adapters.discord.admin_presenter import MATURE_TEXTS, AutoModState
from abby_adapters.discord.desk import Interaction, patiently
from abby_adapters.discord.members import PLATFORM, account_of, reader, server_of
from abby_adapters.discord.parts import Item
from abby_core.access.guild_settings import CHANNELS_MAX, GuildSettings
from abby_core.gallery.preset import of_member, of_server

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language

NO_PRESET = "-"
"""Stands in the list of presets for none; no preset is found under it, as owners are written before names."""
PRESETS_SHOWN = 24
"""Discord takes 25 lines, one of which is none."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Everything that is shown: ids of the channels there are, names of the server's presets and of one's own."""

    settings: GuildSettings
    automod: AutoModState
    channels: frozenset[str]
    presets: tuple[str, ...]


async def panel_of(interaction: Interaction, core: Core, guild_id: int) -> Panel:
    """What is to be shown of a server now."""
    guild = interaction.client.get_guild(guild_id)
    read = None if guild is None else await interaction.client.automod.read(guild)
    automod = AutoModState(
        readable=interaction.client.automod.is_readable(guild),
        rules=0 if read is None else len(read.rules),
        unknown=0 if read is None else read.unknown,
    )
    owners = (of_server(PLATFORM, str(guild_id)), of_member(account_of(interaction.user.id)))

    def look() -> Panel:
        names = (preset.name for owner in owners for preset in core.presets.list(owner))
        return Panel(
            settings=core.guilds.settings(server_of(guild_id)),
            automod=automod,
            channels=frozenset(str(channel.id) for channel in (guild.channels if guild is not None else ())),
            presets=tuple(dict.fromkeys(names)),
        )

    return await asyncio.to_thread(look)


def shown(language: Language, panel: Panel) -> dict[str, Any]:
    """The panel as a message."""
    embed = admin_presenter.settings_embed(language, panel.settings, panel.automod)
    return {"embed": embed, "view": _view(language, panel)}


async def answer(interaction: Interaction, core: Core, guild_id: int) -> None:
    """Show the panel, for whoever asked alone; or what it is now, in its own message."""
    in_place = interaction.type is not discord.InteractionType.application_command
    panel = await patiently(interaction, panel_of(interaction, core, guild_id), in_place=in_place)
    content = shown(reader(interaction), panel)
    if interaction.response.is_done():
        await interaction.edit_original_response(**content)
    elif in_place:
        await interaction.response.edit_message(**content)
    else:
        await interaction.response.send_message(**content, ephemeral=True)


# ---------------------------------------------------------------------- its parts


def _view(language: Language, panel: Panel) -> ui.View:
    settings = panel.settings
    rows: list[list[Item]] = [
        [_channels(language, panel)],
        [_mature(language, settings)],
        [_presets(language, panel)],
        [
            _button(language.say("Blocked words …"), "blocked_words"),
            _button(language.say("Words for adults …"), "mature_words"),
            _button(language.say("Everywhere"), "everywhere", is_disabled=not settings.channels),
        ],
        [
            _switch(language.say("Always cover pictures"), "spoiler", on=settings.spoiler),
            _switch(language.say("AutoMod's rules for prompts"), "own_rules", on=settings.own_rules),
        ],
    ]
    return parts.view(*rows)


def _channels(language: Language, panel: Panel) -> Item:
    defaults = [
        discord.SelectDefaultValue(id=int(channel), type=discord.SelectDefaultValueType.channel)
        for channel in panel.settings.channels
        if channel in panel.channels
    ]
    return ui.ChannelSelect(
        custom_id="abby:set:channels",
        placeholder=parts.hint(language.say("Pictures in these channels alone")),
        channel_types=[
            discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum,
            discord.ChannelType.voice, discord.ChannelType.category,
        ],
        min_values=0,
        max_values=CHANNELS_MAX,
        default_values=defaults,
    )  # fmt: skip


def _mature(language: Language, settings: GuildSettings) -> Item:
    options = [
        parts.option(language.translate(text), each, chosen=each == settings.mature)
        for each, text in MATURE_TEXTS.items()
    ]
    return parts.choose("abby:set:mature", options)


def _presets(language: Language, panel: Panel) -> Item:
    names = [name for name in panel.presets if name != NO_PRESET][:PRESETS_SHOWN]
    if panel.settings.preset and panel.settings.preset not in names:
        names = [panel.settings.preset, *names[: PRESETS_SHOWN - 1]]
    nothing = parts.option(language.say("No preset applies unasked"), NO_PRESET, chosen=not panel.settings.preset)
    options = [
        parts.option(language.say("Unasked: {preset}", preset=name), name, chosen=name == panel.settings.preset)
        for name in names
    ]
    return parts.choose("abby:set:preset", [nothing, *options])


def _switch(label: str, what: str, *, on: bool) -> Item:
    """Green while it is on; its id says which way it goes, so that two who press it at once agree."""
    style = ButtonStyle.success if on else ButtonStyle.secondary
    return parts.button(f"{'☑' if on else '☐'} {label}", f"abby:set:{what}:{int(not on)}", style)


def _button(label: str, what: str, *, is_disabled: bool = False) -> Item:
    return parts.button(label, f"abby:set:{what}", is_disabled=is_disabled)
