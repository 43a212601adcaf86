"""Taking orders: from an interaction to an accepted order and the message that tells of it.

An order is submitted before anything is answered, so that a refusal is seen by its owner alone. What takes
longer than Discord waits for an answer (fetching an attachment, say) is answered with "thinking" meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ParamSpec, TypeAlias, TypeVar

import aiohttp
import discord

from abby_adapters.discord import presenter
from abby_adapters.discord.address import KIND, Address
from abby_adapters.discord.files import preview_file
from abby_adapters.discord.members import account_of, place_of, reader, standing_of
from abby_adapters.discord.order_message import OrderMessage
from abby_adapters.discord.views import MAKES, choices_view, waiting_view
from abby_core.errors import AbbyError, ConfigurationError, NotHere, ProviderError, Refused
from abby_core.studio import DeliveryAddress, Order

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.generation.request import ImageRequest
    from abby_core.languages import Language
    from abby_core.studio import Account
    from abby_core.studio.order import Preview

log = logging.getLogger(__name__)
Interaction: TypeAlias = "discord.Interaction[StudioBot]"

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE_SECONDS = 1.5
"""How long an order may take to be accepted before "thinking" is answered; Discord waits for 3 s in all."""
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)
"""What sending to Discord may raise."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody wants made; as :class:`~abby_core.studio.order.Order` has it, and ``notes`` to be said."""

    request: ImageRequest
    pictures: int = 1
    provider: str | None = None
    source_artifact: str = ""
    prompts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Ask = Callable[["Core", "Account"], Awaitable[Asked]]
"""Works out what is wanted. Raises AbbyError."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was refused, to be tried again. ``ask`` is None for what is no order: ``do`` does it again."""

    ask: Ask | None = None
    do: Callable[[Interaction], Awaitable[None]] | None = None
    private: bool = False


def core_of(interaction: Interaction) -> Core:
    """The Abby behind the bot. Raises ConfigurationError, in the founding words, where she could not be opened."""
    if interaction.client.core is None:
        raise ConfigurationError(presenter.UNAVAILABLE)
    return interaction.client.core


async def take(interaction: Interaction, ask: Ask, *, private: bool, spoiler: bool = False) -> None:
    """Have the order made for whoever interacts. ``private``: for their eyes only; ``spoiler``: posted covered.

    Answers in any case, but for what :func:`core_of` raises.
    """
    bot, core = interaction.client, core_of(interaction)
    order_id = str(interaction.id)
    message = bot.messages[order_id] = OrderMessage()
    accepting = asyncio.create_task(_accept(interaction, core, ask, private=private, spoiler=spoiler))
    await asyncio.wait({accepting}, timeout=bot.patience_seconds)
    if not accepting.done():
        with contextlib.suppress(*TROUBLE):
            await interaction.response.defer(ephemeral=private, thinking=True)
    try:
        asked, address = await accepting
    except Exception as error:
        bot.messages.pop(order_id, None)
        await refuse(interaction, error, wish=Wish(ask=ask, private=private))
        return
    try:
        await _show(interaction, core, message, asked, address)
    except TROUBLE as error:
        log.warning("an order was accepted and could not be answered: %s", type(error).__name__)
        message.open(0)


async def patiently(
    interaction: Interaction, awaited: Awaitable[T], *, private: bool = True, in_place: bool = False
) -> T:
    """What is awaited before anything is answered; "thinking" is answered where that takes long, all of it together.

    Afterwards :func:`say` answers. ``in_place``: the message that was pressed is changed instead, and shows nothing
    meanwhile. Not for what is answered with a form.
    """
    now, waiting = asyncio.get_running_loop().time(), asyncio.ensure_future(awaited)
    until: float = interaction.extras.setdefault("patience_until", now + interaction.client.patience_seconds)
    try:
        await asyncio.wait({waiting}, timeout=until - now)
    except asyncio.CancelledError:
        waiting.cancel()
        raise
    if not waiting.done() and not interaction.response.is_done():
        with contextlib.suppress(*TROUBLE):
            await interaction.response.defer(ephemeral=private and not in_place, thinking=not in_place)
    return await waiting


async def work(interaction: Interaction, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for what blocks: it is done in a thread."""
    return await patiently(interaction, asyncio.to_thread(function, *args, **kwargs))


async def refuse(interaction: Interaction, error: Exception, *, wish: Wish | None = None) -> None:
    """Say why something cannot be, to whoever asked alone, with buttons for what would help; ``wish``: what it was."""
    if not isinstance(error, AbbyError):
        log.error("an interaction failed unexpectedly", exc_info=error)
    language = reader(interaction)
    embed = presenter.error_embed(language, error)
    if isinstance(error, NotHere) and error.channels:
        where = " ".join(f"<#{channel}>" for channel in error.channels)
        embed.description = f"{embed.description or ''}\n{language.say('Ask in: {channels}', channels=where)}"
    view = _help(interaction, error, wish)
    try:
        if interaction.response.type is discord.InteractionResponseType.deferred_message_update:
            beside = discord.utils.MISSING if view is None else view  # the message that was pressed stays as it is
            await interaction.followup.send(embed=embed, view=beside, ephemeral=True)
        else:
            await say(interaction, embed, view)
    except TROUBLE as trouble:
        log.warning("a refusal could not be said: %s", type(trouble).__name__)


def _help(interaction: Interaction, error: Exception, wish: Wish | None) -> discord.ui.View | None:
    """Buttons for what would help; None: nothing is known to."""
    choices = error.choices if isinstance(error, Refused) else ()
    if not choices and not (isinstance(error, ProviderError) and error.transient):
        return None
    pressed = str((interaction.data or {}).get("custom_id", ""))
    retry = pressed if re.fullmatch(MAKES, pressed) else ""
    key = "" if wish is None else interaction.client.memory.keep(wish)
    return choices_view(reader(interaction), choices, wish=key, retry=retry)


async def say(interaction: Interaction, embed: discord.Embed, view: discord.ui.View | None = None) -> None:
    """Answer whoever interacts, for their eyes only if nothing was answered yet."""
    if interaction.response.is_done():
        await interaction.edit_original_response(embed=embed, view=view)
    elif view is not None:
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)
    else:
        await interaction.response.send_message(embed=embed, ephemeral=True)


async def _accept(
    interaction: Interaction, core: Core, ask: Ask, *, private: bool, spoiler: bool
) -> tuple[Asked, Address]:
    """The order is a row afterwards, and so is the promise to deliver it."""
    account, place = account_of(interaction.user.id), place_of(interaction)
    asked = await ask(core, account)
    address = Address(
        interaction=interaction.id,
        application=interaction.application_id,
        token=interaction.token,
        channel=interaction.channel_id or 0,
        user=interaction.user.id,
        private=private,
        bytes_max=interaction.filesize_limit,
        spoiler=spoiler or await is_covered(interaction, core),
        locale=str(interaction.locale),
    )
    order = Order(
        id=str(interaction.id),
        account=account,
        request=asked.request,
        pictures=asked.pictures,
        provider=asked.provider,
        source_artifact=asked.source_artifact,
        prompts=asked.prompts,
        standing=await standing_of(interaction),
        place=place,
        deliveries=(DeliveryAddress(kind=KIND, address=address.to_text()),),
    )
    await core.studio.submit(order)
    return asked, address


async def is_covered(interaction: Interaction, core: Core) -> bool:
    """Whether pictures are posted covered here: the server wants it, or that below which a button was pressed is."""
    server = place_of(interaction).server
    message = interaction.message
    if message is not None and any(each.is_spoiler() for each in message.attachments):
        return True
    return bool(server) and (await asyncio.to_thread(core.guilds.settings, server)).spoiler


async def _show(interaction: Interaction, core: Core, message: OrderMessage, asked: Asked, address: Address) -> None:
    """Answer with the message of the order, and have it follow the order from now on."""
    order_id, account, language = str(interaction.id), account_of(interaction.user.id), reader(interaction)
    line = await _first_line(language, core, order_id, account)

    def embed(now: str) -> discord.Embed:
        return presenter.waiting_embed(language, asked.request.prompt, now, asked.notes)

    view = waiting_view(language, order_id, interaction.user.id)
    if interaction.response.is_done():
        message_id = (await interaction.edit_original_response(embed=embed(line), view=view)).id
    else:
        answer = await interaction.response.send_message(embed=embed(line), view=view, ephemeral=address.private)
        message_id = answer.message_id or 0
    with contextlib.suppress(AbbyError):  # then a late result is no reply to it
        await core.deliveries.readdress(order_id, KIND, replace(address, message=message_id).to_text())

    async def show(now: str, preview: Preview | None) -> None:
        said, file = embed(now), None
        if preview is not None:
            file = await asyncio.to_thread(preview_file, preview, now, spoiler=address.spoiler)
        if file is not None and not address.spoiler:  # in an embed it would be shown uncovered
            said.set_image(url=f"attachment://{file.filename}")
        await interaction.edit_original_response(embed=said, attachments=[] if file is None else [file])

    message.watch(language, core.studio, order_id, account, show, seconds=interaction.client.edit_seconds, line=line)
    message.open(message_id)


async def _first_line(language: Language, core: Core, order_id: str, account: Account) -> str:
    with contextlib.suppress(AbbyError):  # it was accepted, whatever can be said of it
        async for progress in core.studio.watch(order_id, account):
            return language.say("Almost there") if progress.ended else presenter.progress_line(language, progress)
    return language.say("Accepted")
