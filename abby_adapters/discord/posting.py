"""Putting a result somewhere, once, and knowing afterwards where it is.

A new message:

    enter    a row says that something of this order is about to be in that channel
    look     only where an earlier try came that far: did it arrive, and its answer alone was lost?
    send     with a nonce, by which Discord takes a repeated message for the first, for some minutes
    settle   the row says which message it is

To edit the answer twice changes nothing. Its row is written before, so that a later try that can edit no more (the
token has died) looks whether the result is there already, before it makes a new message.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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
    """A message; ``message`` 0: one somewhere in that channel, its id is not known.

    ``is_answer``: then it is the answer to the order's interaction; else a new one.
    """

    channel: int
    message: int = 0
    is_answer: bool = False

    def to_text(self, order_id: str = "") -> str:
        return f"{self.channel}/{self.message or ('@' if self.is_answer else '?') + order_id}"

    @classmethod
    def of_text(cls, text: str) -> Self:
        channel, _, message = text.partition("/")
        is_known = message.isdecimal()
        return cls(channel=int(channel), message=int(message) if is_known else 0, is_answer=message.startswith("@"))


@dataclass(frozen=True, kw_only=True)
class Tried:
    """How far earlier tries came: where a new message is, and whether the answer may have been edited."""

    spot: Spot | None
    edited: bool


class Posting:
    """What the bot puts into channels, and the rows about it (:mod:`abby_core.studio.posts`)."""

    def __init__(self, bot: StudioBot, core: Core) -> None:
        self._bot = bot
        self._core = core

    async def note(self, account: Account, spot: Spot) -> None:
        """A message that is there is to hold pictures of the account. Raises Refused while it is being forgotten."""
        await self._core.posts.enter(_post(spot, account.key, ""))

    async def tried(self, order: OrderView, where: Address) -> Tried:
        """What the rows say."""
        found = [Spot.of_text(post.address) for post in await self._of(order)]
        answers = [spot for spot in found if spot.is_answer or (spot.message and spot.message == where.message)]
        new = [spot for spot in found if spot.message and spot not in answers]
        return Tried(spot=new[0] if new else None, edited=bool(answers))

    async def edit(self, order: OrderView, where: Address, edit: Callable[[], Awaitable[discord.Message]]) -> Spot:
        """Where the result is now that ``edit`` has written it into the answer.

        Raises what ``edit`` raises, and Refused while the account is being forgotten.
        """
        before = Spot(channel=where.channel, message=where.message, is_answer=True)
        post = _post(before, order.account, order.id)
        is_first = await self._core.posts.enter(post)
        try:
            message = await edit()
        except discord.HTTPException as error:
            if is_first and error.status < 500:  # it is not there: Discord has said so
                await self._core.posts.strike(KIND, post.address)
            raise
        if not where.message:  # Abby died before she noted it; the address first, or it would look like a new message
            await self._core.deliveries.readdress(order.id, KIND, replace(where, message=message.id).to_text())
            await self._core.posts.settle(post, Spot(channel=where.channel, message=message.id).to_text())
        return Spot(channel=where.channel, message=message.id)

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

    async def shows(self, where: Address, creation: Creation) -> bool | None:
        """Whether the answer shows the result already; None: only the person who asked can see that."""
        if where.private:
            return None
        try:
            answer = await self.answer(where)
            message = None if answer is None else await answer.fetch()
        except (discord.NotFound, discord.Forbidden):
            return False
        return message is not None and _is_result(message, ids_of(creation))

    async def _of(self, order: OrderView) -> list[Post]:
        return await self._core.posts.of_order(KIND, order.id, order.account)


def ids_of(creation: Creation) -> tuple[str, ...]:
    """What a result says of itself: below a picture in the buttons, else below the sentence."""
    return creation.order.id, *(artifact.id for artifact in creation.artifacts)


async def arrived(bot: StudioBot, place: Place, ids: tuple[str, ...]) -> discord.Message | None:
    """The result of an earlier try, where Discord lets the bot look back. It is no answer to an interaction."""
    try:
        async for message in place.history(limit=LOOKED_AT_MAX):
            is_answer = message.interaction_metadata is not None
            if message.author == bot.user and not is_answer and _is_result(message, ids):
                return message
    except (discord.NotFound, discord.Forbidden):
        log.debug("nobody lets us look back")
    return None


def _is_result(message: discord.Message, ids: tuple[str, ...]) -> bool:
    """A message that still waits has a button to cancel, which names the order too."""
    said = str([part.to_dict() for part in (*message.embeds, *message.components)])
    return "abby:cancel:" not in said and any(each in said for each in ids)


def _post(spot: Spot, account_key: str, order_id: str) -> Post:
    return Post(kind=KIND, address=spot.to_text(order_id), account=account_key, order_id=order_id)
