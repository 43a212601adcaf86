"""Delivering: how an order ended reaches whoever asked, by the best way that is open.

    the message itself    while the interaction's token lives: repeating an edit changes nothing
    a reply in the channel  with a nonce, so that Discord takes a repeated one for the first
    a direct message        where the channel is closed to Abby, or the answer was private
    nowhere                 the picture stays in the gallery, and ``/where`` tells of it

Passing trouble is raised, and the core asks again later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import discord

from abby_adapters.discord import presenter
from abby_adapters.discord.address import KIND, Address, nonce
from abby_adapters.discord.files import Attached, attach, smaller_note
from abby_adapters.discord.members import account_of
from abby_adapters.discord.views import creation_view
from abby_core.errors import OrderCancelled
from abby_core.languages import language_of
from abby_core.sentence import sentence
from abby_core.studio.failure import failure

if TYPE_CHECKING:
    from abby_adapters.discord.studio_bot import StudioBot
    from abby_core.bootstrap import Abby as Core
    from abby_core.studio import Creation

log = logging.getLogger(__name__)

SMALLER_BYTES_MAX = 7 * 2**20
"""Tried when Discord calls the files too large although they are within what it named: limits differ by server."""
LOOKED_AT_MAX = 100
"""Newest messages among which an earlier try is looked for: one request."""
TOO_LARGE = 40005
"""Discord's code for a request or file that is too large."""
DEAD_TOKEN = 50027
"""Discord's code for an interaction whose time is over."""
AUTOMOD = 200000
"""Discord's code for a text that the server's rules block."""
BLOCKED = sentence("The rules of this server block the text here. The picture is kept:")
ORIGINAL = cast("int", "@original")
"""The message that answers an interaction, in webhook addresses."""

Send = Callable[[dict[str, Any]], Awaitable[object]]


class Delivery:
    """A :class:`~abby_core.studio.deliveries.Deliverer`."""

    def __init__(self, bot: StudioBot, core: Core) -> None:
        self._bot = bot
        self._core = core

    async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None:  # noqa: ARG002 -- the order's id is our key
        """Tell how the order ended. Raises OSError where Discord cannot be reached now."""
        order_id = creation.order.id
        message = self._bot.messages.pop(order_id, None)  # once closed it has nothing to add to the row
        where = Address.of_text(address)
        if message is not None:
            await message.close()
            where = replace(where, message=message.message_id or where.message)
        if not await self._deliver(where, creation):
            log.warning("the result of order %s has no way to its owner; it is in their gallery", order_id)
        await self._core.deliveries.readdress(order_id, KIND, where.without_token().to_text())

    async def _deliver(self, where: Address, creation: Creation) -> bool:
        ways: list[Send] = []
        if where.token_lives(int(time.time() * 1000)):
            ways.append(lambda content: self._edit(where, content))
        if where.channel and not where.private:
            ways.append(lambda content: self._reply(where, creation, content))
        ways.append(lambda content: self._write_to(where, creation, content))
        for number, way in enumerate(ways):
            if await self._try(way, where, creation):
                if number and where.message and not where.private:
                    await self._point_down(where)
                return True
        return False

    async def _try(self, way: Send, where: Address, creation: Creation) -> bool:
        """Whether that way was open. Raises OSError for passing trouble."""
        bytes_max = where.bytes_max
        is_blocked = False
        while True:
            content = (
                self._blocked(where, creation)
                if is_blocked
                else await self._content(where, creation, bytes_max=bytes_max)
            )
            try:
                await way(content)
            except (discord.NotFound, discord.Forbidden) as error:
                log.info("a way to deliver order %s is closed: code %d", creation.order.id, error.code)
                return False
            except discord.HTTPException as error:
                if error.status >= 500 or error.status == 429:
                    raise ConnectionError(f"Discord answered {error.status}.") from error
                if (error.status == 413 or error.code == TOO_LARGE) and bytes_max:
                    bytes_max = SMALLER_BYTES_MAX if bytes_max > SMALLER_BYTES_MAX else 0
                elif error.code == AUTOMOD and not is_blocked:
                    is_blocked = True
                elif error.status == 401 and error.code != DEAD_TOKEN:
                    raise ConnectionError("Discord does not know the bot any more.") from error
                elif error.code == DEAD_TOKEN:
                    return False
                else:
                    log.warning("no result of order %s was taken: code %d", creation.order.id, error.code)
                    return False
            except aiohttp.ClientError as error:
                raise ConnectionError(f"Discord cannot be reached: {type(error).__name__}.") from error
            else:
                return True

    # ------------------------------------------------------------------ the ways

    async def _edit(self, where: Address, content: dict[str, Any]) -> None:
        files = content.pop("files")
        await self._bot.answer_of(where).edit_message(ORIGINAL, content=None, attachments=files, **content)

    async def _reply(self, where: Address, creation: Creation, content: dict[str, Any]) -> None:
        channel = self._bot.get_partial_messageable(where.channel)
        if where.message:
            content["reference"] = discord.MessageReference(
                message_id=where.message, channel_id=where.channel, fail_if_not_exists=False
            )
        mentions = discord.AllowedMentions(everyone=False, roles=False, users=[discord.Object(where.user)])
        content["allowed_mentions"] = mentions
        if await self._is_there(channel, where, creation):
            return
        text = f"<@{where.user}>"  # who waited so long is notified, and nobody else
        await channel.send(text, nonce=nonce(creation.order.id), **content)

    async def _write_to(self, where: Address, creation: Creation, content: dict[str, Any]) -> None:
        person = self._bot.get_user(where.user) or await self._bot.fetch_user(where.user)
        if not await self._is_there(person, where, creation):
            await person.send(nonce=nonce(creation.order.id), **content)

    async def _is_there(self, place: discord.abc.Messageable, where: Address, creation: Creation) -> bool:
        """Whether an earlier try arrived although its answer was lost: a nonce is forgotten after some minutes.

        A result says of which order it is: below a picture in the buttons, else below the sentence.
        """
        ids = (creation.order.id, *(artifact.id for artifact in creation.artifacts))
        try:
            async for message in place.history(limit=LOOKED_AT_MAX):
                if message.id < where.interaction:
                    break
                said = str([part.to_dict() for part in (*message.embeds, *message.components)])
                is_answer = message.interaction_metadata is not None  # the waiting message itself, or a press's
                if message.author == self._bot.user and not is_answer and any(each in said for each in ids):
                    return True
        except (discord.NotFound, discord.Forbidden):
            log.debug("nobody lets us look back")
        return False

    async def _point_down(self, where: Address) -> None:
        """Let the message that waited so long say that it is over; no matter if it cannot."""
        message = self._bot.get_partial_messageable(where.channel).get_partial_message(where.message)
        language = language_of(where.locale)
        note = presenter.note_embed(language, language.say("Finished: see below."))
        try:
            await message.edit(embed=note, view=None)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("a message that waited stays as it is: %s", type(error).__name__)

    # ------------------------------------------------------------------ what is said

    async def _content(self, where: Address, creation: Creation, *, bytes_max: int) -> dict[str, Any]:
        """The arguments of discord.py's ``send``, but for what one way has of its own; ``bytes_max`` 0: no files."""
        order, language = creation.order, language_of(where.locale)
        kept = [each for each in creation.artifacts if each.state in {"kept", "archived"}]
        content = _nothing()
        if not kept and creation.artifacts:
            embed = presenter.note_embed(language, language.say("It was made, and you have deleted it meanwhile."))
            return content | {"embed": embed.set_footer(text=language.say("Order {id}", id=order.id))}
        if not kept:
            error = failure(order) if order.state == "failed" else OrderCancelled("")
            embed = presenter.error_embed(language, error, was_accepted=True)
            return content | {"embed": embed.set_footer(text=language.say("Order {id}", id=order.id))}
        attached: list[Attached] = []
        if bytes_max:
            attached = await asyncio.to_thread(attach, language, self._core, kept, bytes_max=bytes_max)
        status = await asyncio.to_thread(self._core.quota.status, account_of(where.user))
        notes = list(smaller_note(attached))
        if len(attached) < len(kept):
            notes.append(sentence("Not every picture could be shown here; all of them are in your gallery: /gallery."))
        embed = presenter.creation_embed(language, creation, kept, status, notes=notes)
        if len(attached) == 1:
            embed.set_image(url=f"attachment://{attached[0].name}")
        view = creation_view(language, order, kept, owner=where.user)
        return content | {"embed": embed, "files": [each.file() for each in attached], "view": view}

    def _blocked(self, where: Address, creation: Creation) -> dict[str, Any]:
        """Without a word or picture of the member's, which the server's rules would block again."""
        language = language_of(where.locale)
        kept = f"{language.translate(BLOCKED)} `/show id:{creation.order.id}`"
        text = kept if creation.artifacts else presenter.NOTHING_CHARGED
        return _nothing() | {"embed": presenter.note_embed(language, text)}


def _nothing() -> dict[str, Any]:
    return {"files": [], "allowed_mentions": discord.AllowedMentions.none(), "view": None}
