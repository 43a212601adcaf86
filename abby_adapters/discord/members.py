"""Who somebody on Discord is to Abby."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from abby_core.languages import Language, language_of
from abby_core.studio import Account, Standing

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

PLATFORM = "discord"


def account_of(user_id: int) -> Account:
    """The account of a person on Discord."""
    return Account(PLATFORM, str(user_id))


def reader(interaction: discord.Interaction) -> Language:
    """The language of whoever interacts: what they chose in Discord, or English where Abby does not speak it."""
    return language_of(str(interaction.locale))


async def standing_of(interaction: discord.Interaction[StudioBot]) -> Standing:
    """What is known of whoever interacts: the roles, the server, whether they own it or run this Abby."""
    user, guild = interaction.user, interaction.guild
    roles = [role.id for role in user.roles if not role.is_default()] if isinstance(user, discord.Member) else []
    owns_server = guild is not None and guild.owner_id == user.id
    return Standing(
        roles=frozenset(map(str, roles)),
        guild="" if interaction.guild_id is None else str(interaction.guild_id),
        owner=owns_server or interaction.client.is_host(user.id),
    )
