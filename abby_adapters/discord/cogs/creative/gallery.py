"""``/gallery``, ``/favorites``, ``/show``, ``/delete``: one's own pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Range, locale_str
from discord.ext import commands

from abby_adapters.discord import pages
from abby_adapters.discord.cogs.creative.completing import own_pictures
from abby_adapters.discord.cogs.creative.orders import show_order
from abby_adapters.discord.desk import Interaction, core_of
from abby_adapters.discord.members import account_of
from abby_adapters.discord.presses import delete
from abby_core.errors import NotFound

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot

Name = Range[str, 1, 200]


class Gallery(commands.Cog):
    """Looking at what was made."""

    @app_commands.command(description=locale_str("Your pictures, the newest first"))
    @app_commands.describe(favourites=locale_str("Only those you marked with a star"))
    async def gallery(self, interaction: Interaction, favourites: bool = False) -> None:
        await pages.open_gallery(interaction, core_of(interaction), starred=favourites)

    @app_commands.command(description=locale_str("The pictures you marked with a star"))
    async def favorites(self, interaction: Interaction) -> None:
        await pages.open_gallery(interaction, core_of(interaction), starred=True)

    @app_commands.command(description=locale_str("Bring back a picture, or what became of an order"))
    @app_commands.describe(id=locale_str("A picture's name, or an order's id"), private=locale_str("Only you see it"))
    @app_commands.autocomplete(id=own_pictures)
    async def show(self, interaction: Interaction, id: Name, private: bool = True) -> None:  # noqa: A002 - what people type
        core = core_of(interaction)
        if id.isdecimal():
            try:
                order = await core.studio.order(id, account_of(interaction.user.id))
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


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Gallery())
