"""``/web``: a link that signs whoever asks in to Abby's pages, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from abby_adapters.discord import account_presenter, parts
from abby_adapters.discord.desk import Interaction, core_of, say, work
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.sharing import require_web
from abby_core.access.sign_ins import PATH, SIGN_IN_SECONDS

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot


class Web(commands.Cog):
    """The way from a chat to the browser."""

    @app_commands.command(description=locale_str("Your gallery in the browser: a link that signs you in once"))
    async def web(self, interaction: Interaction) -> None:
        core, language = core_of(interaction), reader(interaction)
        url = require_web(core)
        token = await work(interaction, core.sign_ins.create, account_of(interaction.user.id))
        text = language.say(
            "This link is for you alone: it signs you in, once, within {minutes} minutes.",
            minutes=SIGN_IN_SECONDS // 60,
        )
        warning = language.say("-# Give it to nobody. Whoever opens it is signed in as you.")
        embed = account_presenter.note(text, warning, title=language.say("Your Gallery on the Web"))
        open_it = parts.link(f"🌐 {language.say('Open my gallery')}", f"{url}{PATH}{token}")
        await say(interaction, embed, parts.view([open_it]))


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Web())
