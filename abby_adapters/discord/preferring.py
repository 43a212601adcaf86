"""Whether only its owner shall see a picture, where they did not say."""

from __future__ import annotations

import asyncio

from abby_adapters.discord import press
from abby_adapters.discord.asking import server_of
from abby_adapters.discord.desk import Interaction, core_of
from abby_adapters.discord.members import account_of
from abby_core.errors import AbbyError
from abby_core.generation.choices import NOTHING_CHOSEN

LOOKING_SECONDS = 1.0
"""It has to be known before anything is answered, and Discord waits for 3 s in all."""


async def is_private(interaction: Interaction, asked: bool | None, *, preset: str = "") -> bool:
    """What was asked for, else what was preferred. Where that cannot be known in time: yes, which harms nobody."""
    if asked is not None:
        return asked
    if press.is_private(interaction):
        return True
    presets, account = core_of(interaction).presets, account_of(interaction.user.id)
    server = server_of(interaction.guild_id)
    try:
        async with asyncio.timeout(LOOKING_SECONDS):
            found = await asyncio.to_thread(presets.resolve, account, NOTHING_CHOSEN, preset=preset, server=server)
    except (AbbyError, TimeoutError):
        return True
    return bool(found.choices.private)
