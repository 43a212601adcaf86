"""``/help``: what Abby can do, a page for each area, and a list to turn to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discord import AppCommandType, app_commands, ui
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from abby_adapters.discord import parts
from abby_adapters.discord.desk import Interaction, say
from abby_adapters.discord.help_presenter import FIRST, TOPICS, help_embed
from abby_adapters.discord.members import reader
from abby_adapters.discord.press import Press
from abby_adapters.discord.translating import command_name

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language


class Help(commands.Cog):
    """Teaching."""

    @app_commands.command(description=locale_str("What Abby can do, and how to write a prompt"))
    @app_commands.describe(topic=locale_str("About what"))
    @app_commands.choices(topic=[Choice(name=str(topic.title), value=key) for key, topic in TOPICS.items()])
    async def help(self, interaction: Interaction, topic: str = FIRST) -> None:
        embed = help_embed(reader(interaction), topic, _described(interaction))
        await say(interaction, embed, _topics_view(reader(interaction), topic))


class HelpPress(Press, template=r"abby:help"):
    """Turning to another page."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:  # noqa: ARG002
        key, language = self.chosen if self.chosen in TOPICS else FIRST, reader(interaction)
        embed = help_embed(language, key, _described(interaction))
        await interaction.response.edit_message(embed=embed, view=_topics_view(language, key))


def _topics_view(language: Language, shown: str) -> ui.View:
    options = [parts.option(language.translate(topic.title), key, chosen=key == shown) for key, topic in TOPICS.items()]
    return parts.view([parts.choose("abby:help", options)])


def _described(interaction: Interaction) -> dict[str, tuple[str, str]]:
    """What each command is called and does in the reader's language, by its English name."""
    tree, language = interaction.client.tree, reader(interaction)

    def called(command: app_commands.Command[Any, ..., Any] | app_commands.Group) -> str:
        own = command_name(language, tree, command)
        return own if command.parent is None else f"{called(command.parent)} {own}"

    return {
        each.qualified_name: (called(each), language.translate(each.description))
        for each in tree.walk_commands(type=AppCommandType.chat_input)
        if isinstance(each, app_commands.Command)
    }


async def setup(bot: StudioBot) -> None:
    bot.add_dynamic_items(HelpPress)
    await bot.add_cog(Help())
