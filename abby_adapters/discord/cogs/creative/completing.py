"""What is offered while somebody types an option. Trouble offers nothing: the command itself will say what is wrong."""

from __future__ import annotations

import asyncio

from discord.app_commands import Choice

from abby_adapters.discord.asking import server_of
from abby_adapters.discord.desk import Interaction
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.presenter import kind_text, plain, state_text
from abby_core.errors import AbbyError
from abby_core.gallery import Filter
from abby_core.gallery.preset import HOST, of_member
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


async def own_albums(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """One's own albums with that text in their name."""
    core = interaction.client.core
    if core is None:
        return []
    try:
        albums = await asyncio.to_thread(core.gallery.albums.list, account_of(interaction.user.id))
    except AbbyError:
        return []
    text = typed.strip().casefold()
    found = [each for each in albums if text in each.name.casefold()][:OFFERED_MAX]
    return [Choice(name=plain(each.name, LABEL_CHARACTERS_MAX) or each.id, value=each.id) for each in found]


async def own_presets(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """The presets one can use: one's own, the server's, everybody's."""
    account, server = account_of(interaction.user.id), server_of(interaction.guild_id)
    return await _presets(interaction, typed, [of_member(account), *filter(None, (server,)), HOST])


async def kept_presets(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """The presets one keeps oneself, or those of the server where that was chosen."""
    for_server = getattr(interaction.namespace, "server", False) and interaction.guild_id is not None
    owner = server_of(interaction.guild_id) if for_server else of_member(account_of(interaction.user.id))
    return await _presets(interaction, typed, [owner])


async def _presets(interaction: Interaction, typed: str, owners: list[str]) -> list[Choice[str]]:
    core = interaction.client.core
    if core is None:
        return []
    try:
        found = await asyncio.to_thread(lambda: [each.name for owner in owners for each in core.presets.list(owner)])
    except AbbyError:
        return []
    return _offered(tuple(dict.fromkeys(found)), typed)


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
