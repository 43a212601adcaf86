"""``/gallery``, ``/favorites``, ``/show``, ``/delete``: one's own pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Range, locale_str
from discord.ext import commands

from abby_adapters.discord import pages
from abby_adapters.discord.cogs.creative.completing import own_albums, own_pictures, providers, styles
from abby_adapters.discord.cogs.creative.orders import show_order
from abby_adapters.discord.desk import Interaction, core_of, patiently
from abby_adapters.discord.looks import Look, Position
from abby_adapters.discord.members import account_of
from abby_adapters.discord.presses import delete
from abby_core.errors import NotFound
from abby_core.gallery import cursor

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

Name = Range[str, 1, 200]
Word = Range[str, 1, 40]
DAY_MS = 86_400_000


class Gallery(commands.Cog):
    """Looking at what was made."""

    @app_commands.command(description=locale_str("Your pictures, the newest first"))
    @app_commands.describe(
        favourites=locale_str("Only those you marked with a star"),
        album=locale_str("Only those of an album"),
        style=locale_str("Only those of a style"),
        provider=locale_str("Only those of a provider"),
        text=locale_str("Only those with these words in the prompt"),
        date=locale_str("Up to this day, such as 2026-11-21"),
    )
    @app_commands.autocomplete(album=own_albums, style=styles, provider=providers)
    async def gallery(
        self,
        interaction: Interaction,
        favourites: bool = False,
        album: Name | None = None,
        style: Word | None = None,
        provider: Word | None = None,
        text: Name | None = None,
        date: Word | None = None,
    ) -> None:
        look = Look(
            starred=favourites, album=(album or "").strip(), style=_word(style), provider=_word(provider),
            text=(text or "").strip(),
        )  # fmt: skip
        before = None if date is None else _end_of(date)
        await pages.open_gallery(interaction, core_of(interaction), look, before)

    @app_commands.command(description=locale_str("The pictures you marked with a star"))
    async def favorites(self, interaction: Interaction) -> None:
        await pages.open_gallery(interaction, core_of(interaction), Look(starred=True))

    @app_commands.command(description=locale_str("Bring back a picture, or what became of an order"))
    @app_commands.describe(id=locale_str("A picture's name, or an order's id"), private=locale_str("Only you see it"))
    @app_commands.autocomplete(id=own_pictures)
    async def show(self, interaction: Interaction, id: Name, private: bool = True) -> None:  # noqa: A002 - what people type
        core = core_of(interaction)
        if id.isdecimal():
            try:
                reading = core.studio.order(id, account_of(interaction.user.id))
                order = await patiently(interaction, reading, private=private)
            except NotFound:
                pass  # a picture may be called by a number
            else:
                await show_order(interaction, core, order, private=private)
                return
        await pages.show_picture(interaction, core, interaction.user.id, id, private=private)

    @app_commands.command(description=locale_str("Put one of your pictures into the trash; it can be undone"))
    @app_commands.describe(id=locale_str("The picture's name"))
    @app_commands.rename(id="picture")
    @app_commands.autocomplete(id=own_pictures)
    async def delete(self, interaction: Interaction, id: Name) -> None:  # noqa: A002
        await delete(interaction, core_of(interaction), id)


def _word(text: str | None) -> str:
    return (text or "").strip().casefold()


def _end_of(date: str) -> Position:
    """Where the pages of a day (in UTC) and what was before it begin. Raises InvalidRequest."""
    at_ms, last = cursor.read(date)
    is_day = len(date.strip()) == len("2026-11-21")
    return at_ms + (DAY_MS if is_day else 0), last


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Gallery())
