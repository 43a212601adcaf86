"""Who somebody on Discord is to Abby."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from abby_core.languages import Language, language_of
from abby_core.studio import Account, Place, Standing

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

PLATFORM = "discord"
_MAY_BE_RESTRICTED = (
    discord.TextChannel, discord.Thread, discord.VoiceChannel, discord.StageChannel, discord.ForumChannel,
)  # fmt: skip


def account_of(user_id: int) -> Account:
    """The account of a person on Discord."""
    return Account(PLATFORM, str(user_id))


def reader(interaction: discord.Interaction) -> Language:
    """The language of whoever interacts: what they chose in Discord, or English where Abby does not speak it."""
    return language_of(str(interaction.locale))


def server_of(guild_id: int) -> str:
    """How the core writes a server."""
    return f"{PLATFORM}:{guild_id}"


async def standing_of(interaction: discord.Interaction[StudioBot]) -> Standing | None:
    """What is known of whoever interacts: the roles, the server, whether they own it or run this Abby.

    None outside of this Abby's home servers, for all but whoever runs her: anybody owns a server of their own, and
    gives roles there. Then all is as it was known last.
    """
    user, guild, bot = interaction.user, interaction.guild, interaction.client
    is_host = bot.is_host(user.id)
    if guild is None or guild.id not in bot.home_servers:
        return Standing(owner=True) if is_host else None
    return Standing(roles=_roles_of(user), guild=str(guild.id), owner=guild.owner_id == user.id or is_host)


def place_of(interaction: discord.Interaction[StudioBot]) -> Place:
    """Where somebody interacts. What Discord does not say is taken as what allows less."""
    channel = interaction.channel
    around = (interaction.channel_id, getattr(channel, "parent_id", None), getattr(channel, "category_id", None))
    return Place(
        server="" if interaction.guild_id is None else server_of(interaction.guild_id),
        channels=frozenset(str(each) for each in around if each),
        age_restricted=isinstance(channel, _MAY_BE_RESTRICTED) and channel.is_nsfw(),
        roles=_roles_of(interaction.user),
        manages=manages(interaction),
    )


def manages(interaction: discord.Interaction[StudioBot]) -> bool:
    """Whether whoever interacts may manage the server they are in, as Discord says with each interaction."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def _roles_of(user: discord.User | discord.Member) -> frozenset[str]:
    roles = user.roles if isinstance(user, discord.Member) else []
    return frozenset(str(role.id) for role in roles if not role.is_default())
