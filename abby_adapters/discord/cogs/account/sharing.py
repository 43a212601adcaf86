"""``/share``: a link to one of one's pictures or albums, and the links there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Choice, Range, locale_str
from discord.ext import commands

from abby_adapters.discord import sharing
from abby_adapters.discord.account_presenter import EXPIRIES, TELLS
from abby_adapters.discord.cogs.creative.completing import own_albums, own_pictures
from abby_adapters.discord.desk import Interaction, core_of
from abby_core.errors import InvalidRequest
from abby_core.gallery.share import EXPIRES_SECONDS_DEFAULT, VIEWS_MAX
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

Name = Range[str, 1, 200]


class Sharing(commands.Cog):
    """Links that end."""

    @app_commands.command(description=locale_str("A link to one of your pictures or albums; alone: the links you have"))
    @app_commands.describe(
        picture=locale_str("One of your pictures"),
        album=locale_str("One of your albums"),
        expires=locale_str("How long it is open; 7 days unasked"),
        views=locale_str("How often it opens; as often as they like unasked"),
        tells=locale_str("What is told besides; the picture alone unasked"),
        password=locale_str("Opens a form where you can set a password"),
    )
    @app_commands.choices(expires=[Choice(name=str(words), value=seconds) for seconds, words in EXPIRIES.items()])
    @app_commands.choices(
        tells=[Choice(name=str(words), value=value) for value, words in TELLS.items()],
    )
    @app_commands.autocomplete(picture=own_pictures, album=own_albums)
    async def share(
        self,
        interaction: Interaction,
        picture: Name | None = None,
        album: Name | None = None,
        expires: int = EXPIRES_SECONDS_DEFAULT,
        views: Range[int, 1, VIEWS_MAX] | None = None,
        tells: str = "none",
        password: bool = False,
    ) -> None:
        core = core_of(interaction)
        if picture is None and album is None:
            await sharing.show_all(interaction, core)
            return
        if picture is not None and album is not None:
            raise InvalidRequest(sentence("Share a picture or an album: one of the two."))
        show = sharing.ask if password else sharing.make
        await show(
            interaction, core, picture=picture or "", album=album or "", expires_in_seconds=expires,
            views_max=views or 0, metadata=tells,
        )  # fmt: skip


async def setup(bot: StudioBot) -> None:
    bot.add_dynamic_items(*sharing.PRESSES)
    bot.forms.add(sharing.FORM, sharing.make_as_asked)
    await bot.add_cog(Sharing())
