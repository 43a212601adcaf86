"""Delivering: how an order ended reaches whoever asked, by the best way that is open.

    the message itself    while the interaction's token lives: repeating an edit changes nothing
    a new message         a reply in the channel that notifies its owner, once (:mod:`.posting`); comes first after a
                          long wait, when nobody looks at the message any more
    a direct message      where the channel is closed to Abby, or the answer was private
    nowhere               it is given up: the picture stays in the gallery, and ``/where`` tells of it

Passing trouble is raised, and the core asks again later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import discord

from abby_adapters.discord import presenter
from abby_adapters.discord.address import FILE_BYTES_MAX, KIND, Address, nonce
from abby_adapters.discord.members import account_of
from abby_adapters.discord.posting import Place, Posting, Spot, Tried
from abby_adapters.discord.sending import TOO_OLD, Sending, passing_trouble_raised
from abby_core.errors import Refused
from abby_core.languages import language_of
from abby_core.studio.deliveries import NoWay

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Creation, OrderView

log = logging.getLogger(__name__)

LONG_WAIT_SECONDS = 60
"""After so long the result comes as a message of its own: an edit of an older one notifies nobody."""
NOWHERE = "Discord leaves no way to whoever asked; the picture is in their gallery, and /where tells of the order."
ORIGINAL = cast("int", "@original")
"""The message that answers an interaction, in webhook addresses, where its id is not known."""
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError)


@dataclass(frozen=True, kw_only=True)
class _Way:
    go: Callable[[dict[str, Any]], Awaitable[Spot]]
    """Sends the content and says where it is now."""
    file_bytes_max: int
    is_new: bool = True
    """It makes a message of its own."""


class Delivery:
    """A :class:`~abby_core.studio.deliveries.Deliverer`."""

    def __init__(self, bot: StudioBot, core: Core) -> None:
        self._bot = bot
        self._core = core
        self._posting = Posting(bot, core)
        self._under_way: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None:  # noqa: ARG002 -- the order's id is our key
        """Tell how the order ended. Raises OSError where Discord cannot be reached now, NoWay where it never will."""
        order = creation.order
        with self._noted(order.account):
            where = await self._where(order, address)
            tried = await self._posting.tried(order, where)
            spot, is_new = tried.spot, True
            if spot is None:
                spot, is_new = await self._by_some_way(where, creation, tried)
            if spot is None:
                await self._note_left(where)
                await self._readdress(order, where.without_token())
                raise NoWay(NOWHERE)
            if is_new:
                await self._point_to(where, spot)
            elif self._waited_long(order):
                where = await self._ring(where, order)
            await self._readdress(order, where.without_token())

    async def until_quiet(self, account_key: str) -> None:
        """Wait for the account's deliveries that are under way."""
        if under_way := self._under_way.get(account_key):
            await asyncio.wait(set(under_way))

    # ------------------------------------------------------------------ where, and how

    async def _where(self, order: OrderView, address: str) -> Address:
        """The address, with what is known of it by now; a dead token is not kept any longer."""
        where = Address.of_text(address)
        message = self._bot.messages.pop(order.id, None)  # once closed it has nothing to add to the row
        if message is not None:
            await message.close()
            where = replace(where, message=message.message_id or where.message)
        if where.token and not where.token_lives(self._core.storage.now_ms(), asked_at_ms=order.created_at_ms):
            where = where.without_token()
            await self._readdress(order, where)
        return where

    async def _by_some_way(self, where: Address, creation: Creation, tried: Tried) -> tuple[Spot | None, bool]:
        """Where the result is, and whether in a message of its own; None: no way is open."""
        shows: bool | None = False
        for way in self._ways(where, creation):
            if way.is_new and tried.edited and shows is False:
                shows = await self._shows(where, creation)
                if shows:
                    return Spot(channel=where.channel, message=where.message), False
            is_unsure = way.is_new and shows is None
            sending = Sending(self._core, where, creation, file_bytes_max=way.file_bytes_max, is_unsure=is_unsure)
            spot = await sending.by(way.go)
            if spot is not None:
                return spot, way.is_new
        return None, False

    async def _shows(self, where: Address, creation: Creation) -> bool | None:
        with passing_trouble_raised():
            return await self._posting.shows(where, creation)

    def _ways(self, where: Address, creation: Creation) -> list[_Way]:
        """All that may be open, the best first."""
        edit = _Way(
            go=lambda content: self._edit(where, creation, content), file_bytes_max=where.bytes_max, is_new=False
        )
        reply = _Way(
            go=lambda content: self._reply(where, creation, content), file_bytes_max=self._file_bytes_max(where)
        )
        write = _Way(
            go=lambda content: self._write_to(where, creation, content),
            file_bytes_max=min(where.bytes_max, FILE_BYTES_MAX),
        )
        in_place = [edit] if where.token else []
        beside = [reply] if where.channel and not where.private else []
        first = beside + in_place if self._waited_long(creation.order) else in_place + beside
        return [*first, write]

    def _waited_long(self, order: OrderView) -> bool:
        return self._core.storage.now_ms() - order.created_at_ms > self._bot.long_wait_seconds * 1000

    def _file_bytes_max(self, where: Address) -> int:
        """What the bot itself may attach there: who asked may have been allowed more."""
        guild = getattr(self._bot.get_channel(where.channel), "guild", None)
        return min(where.bytes_max, guild.filesize_limit) if isinstance(guild, discord.Guild) else where.bytes_max

    def _may_look_back(self, where: Address) -> bool:
        channel = self._bot.get_channel(where.channel)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        return channel.permissions_for(channel.guild.me).read_message_history

    # ------------------------------------------------------------------ the ways

    async def _edit(self, where: Address, creation: Creation, content: dict[str, Any]) -> Spot:
        files, webhook = content.pop("files"), self._bot.answer_of(where)
        return await self._posting.edit(
            creation.order,
            where,
            lambda: webhook.edit_message(where.message or ORIGINAL, content=None, attachments=files, **content),
        )

    async def _reply(self, where: Address, creation: Creation, content: dict[str, Any]) -> Spot:
        if where.message and self._may_look_back(where):  # who may not read cannot reply either
            content["reference"] = discord.MessageReference(
                message_id=where.message, channel_id=where.channel, fail_if_not_exists=False
            )
        mentions = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(where.user)])
        content |= {"allowed_mentions": mentions, "content": f"<@{where.user}>"}  # who waited is notified, nobody else
        return await self._post(self._bot.get_partial_messageable(where.channel), creation, content)

    async def _write_to(self, where: Address, creation: Creation, content: dict[str, Any]) -> Spot:
        return await self._post(await self._bot.create_dm(discord.Object(where.user)), creation, content)

    async def _post(self, place: Place, creation: Creation, content: dict[str, Any]) -> Spot:
        number = nonce(creation.order.id)
        return await self._posting.once(place, creation, lambda: place.send(nonce=number, **content))

    # ------------------------------------------------------------------ afterwards

    async def _point_to(self, where: Address, spot: Spot) -> None:
        """Let the message that waited so long say that it is over; no matter if it cannot."""
        language = language_of(where.locale)
        is_here = spot.channel == where.channel
        text = language.say("Finished: see below.") if is_here else language.say("Finished: see your direct messages.")
        note = presenter.note_embed(language, text)
        try:
            if await self._edit_with_token(where, note) or where.private:
                return
            if (message := await self._posting.answer(where)) is not None:
                await self._edit_or_delete(message, note)
        except TROUBLE as error:
            log.info("a message that waited stays as it is: %s", type(error).__name__)
            await self._note_left(where)

    async def _note_left(self, where: Address) -> None:
        """The message that waited stays, with a preview perhaps: forgetting has to find it."""
        if where.message and not where.private:
            with contextlib.suppress(Refused):
                spot = Spot(channel=where.channel, message=where.message)
                await self._posting.note(account_of(where.user), spot)

    async def _edit_with_token(self, where: Address, note: discord.Embed) -> bool:
        """Whether the token still opened that; a server without the bot knows no other way."""
        try:
            if where.token:
                webhook, answer = self._bot.answer_of(where), where.message or ORIGINAL
                await webhook.edit_message(answer, embed=note, view=None, attachments=[])
        except discord.HTTPException:
            return False
        return bool(where.token)

    async def _edit_or_delete(self, message: discord.PartialMessage, note: discord.Embed) -> None:
        try:
            await message.edit(embed=note, view=None, attachments=[])
        except discord.HTTPException as error:
            if error.code != TOO_OLD:
                raise
            await message.delete()

    async def _ring(self, where: Address, order: OrderView) -> Address:
        """Say by a short message that the answer is finished, at most once: a second would only disturb."""
        if where.rung or not where.token:
            return where
        where = replace(where, rung=True)
        await self._readdress(order, where)
        language = language_of(where.locale)
        try:
            await self._bot.answer_of(where).send(
                language.say("{member}, your order is finished: see above.", member=f"<@{where.user}>"),
                ephemeral=where.private,
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, roles=False, users=[discord.Object(where.user)]
                ),
            )
        except TROUBLE as error:
            log.info("nobody was notified of a finished order: %s", type(error).__name__)
        return where

    # ------------------------------------------------------------------ rows

    async def _readdress(self, order: OrderView, where: Address) -> None:
        await self._core.deliveries.readdress(order.id, KIND, where.to_text())

    @contextlib.contextmanager
    def _noted(self, account_key: str) -> Generator[None]:
        """It is known that a delivery of the account is under way."""
        over = asyncio.get_running_loop().create_future()
        self._under_way[account_key].add(over)
        try:
            yield
        finally:
            over.set_result(None)
            self._under_way[account_key].discard(over)
            if not self._under_way[account_key]:
                del self._under_way[account_key]
