"""Home servers: those whose roles and managers count for this Abby. In the others people are guests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from abby_core.settings import Settings


def home_servers(settings: Settings, guilds: Sequence[discord.Guild]) -> frozenset[int]:
    """The servers the host has named, or the only one Abby is in.

    Where she is in several and none was named, it is none: anybody may own a server and invite her to it.
    """
    if settings.discord_home_servers:
        return settings.discord_home_servers
    return frozenset({guilds[0].id}) if len(guilds) == 1 else frozenset()


def told(settings: Settings, guilds: Sequence[discord.Guild]) -> str:
    """What that means, in a sentence for the host."""
    known = {guild.id for guild in guilds}
    missing = sorted(settings.discord_home_servers - known)
    if missing:
        return f"DISCORD_HOME_SERVERS names servers Abby is not in: {', '.join(map(str, missing))}."
    if home_servers(settings, guilds):
        return "Roles and managers of the home server count for tiers."
    if not guilds:
        return "Abby is in no server yet."
    return (
        f"Abby is in {len(guilds)} servers and DISCORD_HOME_SERVERS names none: "
        "nobody's roles count for tiers, and only whoever runs this Abby manages her."
    )
