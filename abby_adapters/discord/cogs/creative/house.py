"""``/quota`` and, for whoever runs this Abby, ``/storage_cleanup``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from abby_adapters.discord import account_presenter, presenter
from abby_adapters.discord.desk import Interaction, core_of, say, work
from abby_adapters.discord.members import account_of, reader, standing_of
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.studio import Explanation, QuotaStatus

OWNER_ONLY = sentence("Only whoever runs this Abby can do that.")


class House(commands.Cog):
    """How much is left."""

    @app_commands.command(description=locale_str("What you have used, and what is left"))
    async def quota(self, interaction: Interaction) -> None:
        core = core_of(interaction)
        account = account_of(interaction.user.id)
        standing = await standing_of(interaction)

        def read() -> tuple[QuotaStatus, Explanation]:
            if standing is not None:
                core.quota.remember(account, standing)  # tiers follow from it
            return core.quota.status(account), core.quota.explain(account)

        status, explanation = await work(interaction, read)
        embed = presenter.quota_embed(reader(interaction), status)
        await say(interaction, account_presenter.with_tiers(reader(interaction), embed, explanation))

    @app_commands.command(
        name="storage_cleanup", description=locale_str("Remove old temporary files (whoever runs this Abby)")
    )
    @app_commands.default_permissions(administrator=True)
    async def storage_cleanup(self, interaction: Interaction) -> None:
        if not interaction.client.is_host(interaction.user.id):
            await say(interaction, presenter.note_embed(reader(interaction), OWNER_ONLY))
            return
        storage = core_of(interaction).storage
        await interaction.response.defer(ephemeral=True, thinking=True)
        done = await asyncio.to_thread(storage.cleanup_old_files)
        await say(interaction, presenter.cleanup_embed(reader(interaction), done.deleted, done.freed_mb))


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(House())
