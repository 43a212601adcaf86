"""What is offered while somebody types an option. Trouble offers nothing: the command itself will say what is wrong."""

from __future__ import annotations

import asyncio

from discord.app_commands import Choice

from abby_adapters.discord.desk import Interaction
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.presenter import kind_text, plain, state_text
from abby_core.errors import AbbyError
from abby_core.gallery import Filter
from abby_core.generation.request import STYLES

OFFERED_MAX = 25
"""What Discord takes."""
LABEL_CHARACTERS_MAX = 100
ORDERS_LOOKED_AT = 50


async def styles(_interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Styles with that text in them."""
    return _offered(STYLES, typed)


async def providers(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Providers with that text in them."""
    generator = interaction.client.generator
    return [] if generator is None else _offered(tuple(generator.providers), typed)


async def own_pictures(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """The newest of one's own pictures with that text in the prompt."""
    core = interaction.client.core
    if core is None:
        return []
    account = account_of(interaction.user.id)
    try:
        page = await asyncio.to_thread(core.gallery.page, account, Filter(text=typed.strip()), limit=OFFERED_MAX)
    except AbbyError:
        return []
    return [Choice(name=plain(each.name, LABEL_CHARACTERS_MAX) or each.id, value=each.id) for each in page.artifacts]


async def own_open_orders(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """One's own orders that wait or run."""
    core = interaction.client.core
    if core is None:
        return []
    try:
        orders = await core.studio.orders(account_of(interaction.user.id), limit=ORDERS_LOOKED_AT)
    except AbbyError:
        return []
    found = [each for each in orders if not each.ended and typed.casefold() in each.prompt.casefold()]
    language = reader(interaction)
    offered: list[Choice[str]] = []
    for each in found[:OFFERED_MAX]:
        label = f"{state_text(language, each.state)}: {each.prompt or kind_text(language, each.kind)}"
        offered.append(Choice(name=plain(label, LABEL_CHARACTERS_MAX), value=each.id))
    return offered


def _offered(words: tuple[str, ...], typed: str) -> list[Choice[str]]:
    text = typed.strip().casefold()
    return [Choice(name=word, value=word) for word in words if text in word.casefold()][:OFFERED_MAX]
