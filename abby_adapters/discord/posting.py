"""Putting a message somewhere new, once, and knowing afterwards where it is.

    enter    a row says that something of this order is about to be in that channel
    look     only where an earlier try came that far: did it arrive, and its answer alone was lost?
    send     with a nonce, by which Discord takes a repeated message for the first, for some minutes
    settle   the row says which message it is

Editing an answer needs none of this: to repeat it changes nothing. Its row is written before it shows a picture.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

import discord

from abby_adapters.discord.address import KIND
from abby_core.studio.posts import Post

if TYPE_CHECKING:
    from abby_adapters.discord.address import Address
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Account, Creation, OrderView

log = logging.getLogger(__name__)
LOOKED_AT_MAX = 100
"""Newest messages among which an earlier try is looked for: one request."""
Place: TypeAlias = discord.PartialMessageable | discord.DMChannel


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A message; ``message`` 0: one that is, or is about to be, somewhere in that channel."""

    channel: int
    message: int = 0

    def to_text(self, order_id: str = "") -> str:
        return f"{self.channel}/{self.message or f'?{order_id}'}"

    @classmethod
    def of_text(cls, text: str) -> Self:
        channel, _, message = text.partition("/")
        return cls(channel=int(channel), message=0 if message.startswith("?") else int(message))


class Posting:
    """What the bot puts into channels, and the rows about it (:mod:`abby_core.studio.posts`)."""

    def __init__(self, bot: StudioBot, core: Core) -> None:
        self._bot = bot
        self._core = core

    async def note(self, account: Account, spot: Spot, *, order_id: str = "") -> None:
        """A message that is there is to hold pictures of the account. Raises Refused while it is being forgotten."""
        await self._core.posts.enter(_post(spot, account.key, order_id))

    async def earlier(self, order: OrderView, *, answer: int) -> Spot | None:
        """Where an earlier try has put the result, if that was not the order's own message ``answer``."""
        found = [Spot.of_text(post.address) for post in await self._of(order)]
        return next((spot for spot in found if spot.message and spot.message != answer), None)

    async def once(self, place: Place, creation: Creation, send: Callable[[], Awaitable[discord.Message]]) -> Spot:
        """Where the result is now that ``send`` has put it there, or an earlier try had.

        Raises what ``send`` raises, and Refused while the account is being forgotten.
        """
        order, rough = creation.order, _post(Spot(channel=place.id), creation.order.account, creation.order.id)
        message: discord.Message | discord.PartialMessage | None = None
        if rough in await self._of(order):
            message = await arrived(self._bot, place, ids_of(creation))
        else:
            await self._core.posts.enter(rough)
        try:
            message = message or await send()
        except discord.HTTPException as error:
            if error.status < 500:  # it is not there: Discord has said so
                await self._core.posts.strike(KIND, rough.address)
            raise
        spot = Spot(channel=place.id, message=message.id)
        if not await self._core.posts.settle(rough, spot.to_text()):
            await message.delete()  # its owner was forgotten meanwhile
        return spot

    async def answer(self, where: Address) -> discord.PartialMessage | None:
        """The message that answers the interaction, also where Abby died before she noted which it is."""
        place = self._bot.get_partial_messageable(where.channel)
        if where.message or not where.channel:
            return place.get_partial_message(where.message) if where.message else None
        asked = discord.Object(where.interaction)
        async for message in place.history(limit=LOOKED_AT_MAX, after=asked, oldest_first=True):
            if message.interaction_metadata is not None and message.interaction_metadata.id == where.interaction:
                return place.get_partial_message(message.id)
        return None

    async def _of(self, order: OrderView) -> list[Post]:
        return await self._core.posts.of_order(KIND, order.id, order.account)


def ids_of(creation: Creation) -> tuple[str, ...]:
    """What a result says of itself: below a picture in the buttons, else below the sentence."""
    return creation.order.id, *(artifact.id for artifact in creation.artifacts)


async def arrived(bot: StudioBot, place: Place, ids: tuple[str, ...]) -> discord.Message | None:
    """The result of an earlier try, where Discord lets the bot look back. It is no answer to an interaction."""
    try:
        async for message in place.history(limit=LOOKED_AT_MAX):
            said = str([part.to_dict() for part in (*message.embeds, *message.components)])
            is_answer = message.interaction_metadata is not None
            if message.author == bot.user and not is_answer and any(each in said for each in ids):
                return message
    except (discord.NotFound, discord.Forbidden):
        log.debug("nobody lets us look back")
    return None


def _post(spot: Spot, account_key: str, order_id: str) -> Post:
    return Post(kind=KIND, address=spot.to_text(order_id), account=account_key, order_id=order_id)
