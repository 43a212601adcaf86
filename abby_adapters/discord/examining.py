"""What ``abby doctor`` looks at on Discord: where Abby may not do what she needs to, and what to grant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord.homes import told
from abby_adapters.discord.presenter import plain

if TYPE_CHECKING:
    from abby_core.settings import Settings

NEEDED: Mapping[str, str] = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
"""Permissions without which something fails, as people read them in Discord: the invitation asks for these."""
_WITH_SENDING = frozenset({NEEDED["embed_links"], NEEDED["attach_files"]})
SERVERS_MAX = 20
"""Servers that are looked at, with three requests each."""
CHANNELS_NAMED_MAX = 5
ENDPOINT = (
    "The application has an Interactions Endpoint URL: Discord sends commands there, and the bot hears none. "
    "Clear that field on the application's page (General Information)."
)
NO_SERVER = "Abby is in no server yet: `abby bot` logs the link that invites her."


@dataclass(frozen=True)
class Finding:
    """One sentence on how it is, with what to do where it is not well."""

    ok: bool
    text: str


async def findings(client: discord.Client, settings: Settings) -> AsyncIterator[Finding]:
    """What is to be said of a client that is logged in. Raises discord.HTTPException where Discord cannot be asked."""
    yield Finding(True, f"Signed in to Discord as {client.user}.")
    if client.application is not None and client.application.interactions_endpoint_url:
        yield Finding(False, ENDPOINT)
    guilds = [guild async for guild in client.fetch_guilds(with_counts=False)]
    if not guilds:
        yield Finding(True, NO_SERVER)
        return
    homes = told(settings, guilds)
    yield Finding("DISCORD_HOME_SERVERS" not in homes, homes)
    for guild in guilds[:SERVERS_MAX]:
        try:
            for sentence in await _lacking(client, guild):
                yield Finding(False, sentence)
        except discord.HTTPException as error:
            yield Finding(False, f"{plain(guild.name)} could not be looked at: Discord answered {error.status}.")


async def _lacking(client: discord.Client, listed: discord.Guild) -> list[str]:
    """What Abby may not do in a server, and in which of its channels; empty: all is well."""
    guild = await client.fetch_guild(listed.id, with_counts=False)
    me = await guild.fetch_member(client.user.id if client.user else 0)
    channels = await guild.fetch_channels()
    name, everywhere = plain(guild.name), _missing(me.guild_permissions)
    sentences: list[str] = []
    if everywhere:
        sentences.append(f"{name}: grant Abby's role {_listed(everywhere)} (Server Settings, Roles).")
    by_lack: dict[tuple[str, ...], list[str]] = {}
    for channel in channels:
        if not isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.ForumChannel):
            continue
        permissions = channel.permissions_for(me)
        if not permissions.view_channel:  # a room that is not for her: commands are not answered there, nor seen
            continue
        lacking = _missing(permissions)
        if NEEDED["send_messages"] in lacking:  # then Discord forbids what hangs on it without being told
            lacking = tuple(each for each in lacking if each not in _WITH_SENDING)
        if here := tuple(each for each in lacking if each not in everywhere):
            by_lack.setdefault(here, []).append(f"#{plain(channel.name)}")
    sentences += _by_channel(name, by_lack)
    return sentences


def _by_channel(server: str, by_lack: Mapping[tuple[str, ...], Sequence[str]]) -> Iterator[str]:
    for lacking, channels in by_lack.items():
        named = ", ".join(channels[:CHANNELS_NAMED_MAX])
        more = len(channels) - CHANNELS_NAMED_MAX
        where = named if more <= 0 else f"{named} and {more} more"
        yield f"{server}: allow Abby {_listed(lacking)} in {where} (Edit Channel, Permissions)."


def _missing(permissions: discord.Permissions) -> tuple[str, ...]:
    return tuple(shown for name, shown in NEEDED.items() if not getattr(permissions, name))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
