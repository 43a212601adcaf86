"""Who uses what, page by page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from discord import ui

from abby_adapters.discord import admin_presenter
from abby_adapters.discord.desk import Interaction
from abby_adapters.discord.members import reader

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Account, QuotaStatus

PAGE_ACCOUNTS = 10
"""What fits a screen."""
PAGES_MAX = 10
"""Pages that can be turned to: each is read from the first on. `abby admin usage` shows more."""


async def open_usage(interaction: Interaction, core: Core) -> None:
    """Answer with the first page."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(**await _page(interaction, core, 0))


async def turn(interaction: Interaction, core: Core, page: int) -> None:
    """Turn the page in its own message."""
    await interaction.response.defer()
    await interaction.edit_original_response(**await _page(interaction, core, page))


async def _page(interaction: Interaction, core: Core, page: int) -> dict[str, Any]:
    first, language = min(page, PAGES_MAX - 1) * PAGE_ACCOUNTS, reader(interaction)

    def read() -> list[tuple[Account, QuotaStatus]]:
        return core.quota.usage(limit=PAGE_ACCOUNTS + 1, skip=first)

    found = await asyncio.to_thread(read)
    embed = admin_presenter.usage_embed(language, found[:PAGE_ACCOUNTS], first=first + 1)
    view = ui.View(timeout=None)
    if page:
        view.add_item(ui.Button(label="⏮️", custom_id="abby:usage:0"))
    if len(found) > PAGE_ACCOUNTS and page + 1 < PAGES_MAX:
        view.add_item(ui.Button(label="▶️", custom_id=f"abby:usage:{page + 1}"))
    view.stop()
    return {"embed": embed, "view": view if view.children else None}
