"""``/where`` and ``/cancel``: what is waiting, being made, finished and failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Range, locale_str
from discord.ext import commands

from abby_adapters.discord import pages, presenter
from abby_adapters.discord.cogs.creative.completing import own_open_orders
from abby_adapters.discord.desk import Interaction, core_of, patiently, say
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.presses import cancel
from abby_adapters.discord.views import order_view
from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import OrderView, Progress

LISTED = 8
"""Orders in one answer: what fits a screen."""
LOOKED_AT = 100
EMPTY = sentence("No orders yet. Make the first: /imagine prompt: a cute rabbit in a meadow")


class Orders(commands.Cog):
    """Where one's orders are."""

    @app_commands.command(description=locale_str("Where your orders are, the newest first"))
    async def where(self, interaction: Interaction) -> None:
        core, language = core_of(interaction), reader(interaction)

        async def read() -> list[str]:
            orders = await core.studio.orders(account_of(interaction.user.id), limit=LISTED)
            lines = [presenter.order_line(language, each, await _progress(core, each)) for each in orders]
            if any(each.state == "done" for each in orders):
                lines.append(f"-# {language.say('/show brings one back by its id.')}")
            return lines

        lines = await patiently(interaction, read())
        await say(interaction, presenter.list_embed(language, language.say("Your Orders"), lines, EMPTY))

    @app_commands.command(description=locale_str("Cancel one of your orders; what it has not used comes back"))
    @app_commands.describe(order=locale_str("Which one; the newest if you leave it out"))
    @app_commands.autocomplete(order=own_open_orders)
    async def cancel(self, interaction: Interaction, order: Range[str, 1, 60] | None = None) -> None:
        core = core_of(interaction)
        if order is None:
            found = await patiently(interaction, core.studio.orders(account_of(interaction.user.id), limit=LOOKED_AT))
            order = next((each.id for each in found if not each.ended), None)
        if order is None:
            raise InvalidRequest(sentence("You have no order that is waiting or being made."))
        await cancel(interaction, core, order)


async def show_order(interaction: Interaction, core: Core, order: OrderView, *, private: bool) -> None:
    """What became of an order: its picture, its pictures to choose from, or how it stands. Raises NotFound."""
    account, language = account_of(interaction.user.id), reader(interaction)
    reading = asyncio.to_thread(core.gallery.of_order, account, order.id)
    found = await patiently(interaction, reading, private=private)
    kept = [each for each in found if each.state in {"kept", "archived"}]
    if len(kept) == 1:
        await pages.show_picture(interaction, core, interaction.user.id, kept[0].id, private=private)
        return
    progress = await patiently(interaction, _progress(core, order), private=private)
    line = presenter.order_line(language, order, progress)
    embed = presenter.list_embed(language, language.say("Your Order"), [line], "")
    await say(interaction, embed, order_view(language, kept, interaction.user.id))


async def _progress(core: Core, order: OrderView) -> Progress | None:
    """How an order stands that has not ended."""
    if order.ended:
        return None
    async for progress in core.studio.watch(order.id, account_of(int(order.account.partition(":")[2]))):
        return progress
    return None


async def setup(bot: StudioBot) -> None:
    await bot.add_cog(Orders())
