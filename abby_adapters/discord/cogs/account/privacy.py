"""``/privacy export`` and ``/privacy forget``: everything Abby keeps of a person, to take along or to remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from abby_adapters.discord import privacy
from abby_adapters.discord.desk import Interaction, core_of

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot


class Privacy(commands.GroupCog, name="privacy", description=locale_str("What Abby keeps of you")):
    """A person's own data."""

    def __init__(self) -> None:
        self._exports = privacy.Exports()

    @app_commands.command(description=locale_str("Everything Abby keeps of you, as a ZIP that only you see"))
    async def export(self, interaction: Interaction) -> None:
        await privacy.export(interaction, core_of(interaction), self._exports)

    @app_commands.command(description=locale_str("Remove everything Abby keeps of you, for good; shows it first"))
    async def forget(self, interaction: Interaction) -> None:
        await privacy.ask_to_forget(interaction, core_of(interaction))


async def setup(bot: StudioBot) -> None:
    bot.add_dynamic_items(*privacy.PRESSES)
    bot.forms.add(privacy.FORM, privacy.forget)
    await bot.add_cog(Privacy())
