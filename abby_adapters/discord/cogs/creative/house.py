"""``/quota``, ``/help`` and, for whoever runs this Abby, ``/storage_cleanup``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord import app_commands
from discord.ext import commands

from abby_adapters.discord import presenter
from abby_adapters.discord.desk import Interaction, core_of, say
from abby_adapters.discord.members import account_of, reader, standing_of
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.studio import QuotaStatus

OWNER_ONLY = sentence("Only whoever runs this Abby can do that.")


class House(commands.Cog):
    """How much is left, and what there is."""

    @app_commands.command(description="What you have used, and what is left")
    async def quota(self, interaction: Interaction) -> None:
        core = core_of(interaction)
        account = account_of(interaction.user.id)
        standing = await standing_of(interaction)

        def read() -> QuotaStatus:
            core.quota.database.write(core.quota.remember_in, account.key, standing)  # tiers follow from it
            return core.quota.status(account)

        await say(interaction, presenter.quota_embed(reader(interaction), await asyncio.to_thread(read)))

    @app_commands.command(description="What Abby can do, and how to write a prompt")
    async def help(self, interaction: Interaction) -> None:
        described = {each.name: each.description for each in interaction.client.tree.get_commands()
                     if isinstance(each, app_commands.Command)}  # fmt: skip
        await say(interaction, presenter.help_embed(reader(interaction), described))

    @app_commands.command(name="storage_cleanup", description="Remove old temporary files (whoever runs this Abby)")
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
