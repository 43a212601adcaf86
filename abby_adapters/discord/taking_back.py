"""Taking back what the bot posted, when somebody is forgotten: its messages with their pictures are removed.

A bot removes its own messages whether or not an interaction's token still lives. Messages that only one person sees
are out of its reach and gone when that person restarts their Discord.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import aiohttp
import discord

from abby_adapters.discord.address import KIND, Address
from abby_adapters.discord.posting import LOOKED_AT_MAX, Posting, Spot
from abby_core.sentence import plural

if TYPE_CHECKING:
    from abby_adapters.discord.delivery import Delivery
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio.posts import Post

log = logging.getLogger(__name__)
AT_ONCE_MAX = 100
"""Messages that are removed in one go: Discord takes about one a second, and other chores wait meanwhile."""


class TakingBack:
    """A :class:`~abby_core.gallery.forgetting.ForgetHook`."""

    name = KIND

    def __init__(self, bot: StudioBot, core: Core, delivery: Delivery) -> None:
        self._bot = bot
        self._core = core
        self._delivery = delivery
        self._posting = Posting(bot, core)

    async def forget(self, account_key: str) -> tuple[str, ...]:
        """Remove the account's messages; a sentence tells of those that are out of reach. Raises OSError: repeat it."""
        await self._delivery.until_quiet(account_key)  # later ones find that nothing may be posted
        unreachable = removed = 0
        try:
            async for message in self._promised(account_key):
                unreachable += not await _delete(message)
            async for post in self._posted(account_key):
                if removed == AT_ONCE_MAX:
                    raise ConnectionError("There are more messages to be removed; that goes on by itself.")
                async for message in self._messages(post):
                    unreachable += not await _delete(message)
                await self._core.posts.strike(KIND, post.address)
                removed += 1
        except (discord.HTTPException, aiohttp.ClientError) as error:
            raise ConnectionError(f"Discord did not remove a message: {type(error).__name__}.") from error
        if not unreachable:
            return ()
        log.warning("messages of somebody who was forgotten are where Abby cannot come any more: %d", unreachable)
        return (plural("{count} message on Discord is where Abby cannot come any more; remove it by hand.",
                       "{count} messages on Discord are where Abby cannot come any more; remove them by hand.",
                       count=unreachable),)  # fmt: skip

    async def _promised(self, account_key: str) -> AsyncGenerator[discord.PartialMessage]:
        """Messages of orders whose result was never delivered: they show the words."""
        for _order_id, address in await self._core.deliveries.promised(KIND, account_key):
            where = Address.of_text(address)
            if not where.private and (message := await self._posting.answer(where)) is not None:
                yield message

    async def _posted(self, account_key: str) -> AsyncGenerator[Post]:
        after = ""
        while posts := await self._core.posts.of_account(KIND, account_key, after=after):
            for post in posts:
                yield post
            after = posts[-1].address

    async def _messages(self, post: Post) -> AsyncGenerator[discord.PartialMessage]:
        """The message of a post; where Abby died before she knew which it is, all there that are of the account."""
        spot = Spot.of_text(post.address)
        place = self._bot.get_partial_messageable(spot.channel)
        if spot.message:
            yield place.get_partial_message(spot.message)
            return
        marks = (post.order_id, f":{post.account.partition(':')[2]}:")  # in sentences, and in the ids of buttons
        try:
            async for message in place.history(limit=LOOKED_AT_MAX):
                said = str([part.to_dict() for part in (*message.embeds, *message.components)])
                if message.author == self._bot.user and any(mark in said for mark in marks):
                    yield place.get_partial_message(message.id)
        except (discord.NotFound, discord.Forbidden):
            log.debug("nobody lets us look back")


async def _delete(message: discord.PartialMessage) -> bool:
    """Whether it is gone now. False: Abby may not come there. Raises for passing trouble."""
    try:
        await message.delete()
    except discord.NotFound:
        return True
    except discord.Forbidden:
        return False
    return True
