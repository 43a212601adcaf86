"""What is said when an order has ended: its pictures with their buttons, or a sentence."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from abby_adapters.discord import presenter
from abby_adapters.discord.files import REQUEST_BYTES_MAX, Attached, attach, smaller_notes
from abby_adapters.discord.members import account_of
from abby_adapters.discord.views import creation_view
from abby_core.errors import OrderCancelled
from abby_core.languages import language_of
from abby_core.sentence import sentence
from abby_core.studio.failure import failure

if TYPE_CHECKING:
    from abby_adapters.discord.address import Address
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language
    from abby_core.studio import Creation

NOT_ALL = sentence("Not every picture could be shown here; all of them are in your gallery: /gallery.")


@dataclass(frozen=True, kw_only=True)
class Room:
    """How large one file may be, and all of them together; 0: no files at all."""

    file_bytes: int
    bytes: int = REQUEST_BYTES_MAX


async def result(core: Core, where: Address, creation: Creation, room: Room) -> dict[str, Any]:
    """The arguments of discord.py's ``send``, but for what one way has of its own."""
    order, language = creation.order, language_of(where.locale)
    kept = [each for each in creation.artifacts if each.state in {"kept", "archived"}]
    if not kept:
        return _sentence(language, creation)
    attached: list[Attached] = []
    if room.file_bytes:
        attached = await asyncio.to_thread(
            attach, language, core, kept, bytes_max=room.file_bytes, together_max=room.bytes, spoiler=where.spoiler
        )
    status = await asyncio.to_thread(core.quota.status, account_of(where.user))
    notes = list(smaller_notes(attached, core.settings.public_url))
    if len(attached) < len(kept):
        notes.append(NOT_ALL)
    embed = presenter.creation_embed(language, creation, kept, status, notes=notes)
    if len(attached) == 1 and not where.spoiler:  # in an embed it would be shown uncovered
        embed.set_image(url=f"attachment://{attached[0].name}")
    view = creation_view(language, order, kept, owner=where.user)
    return _nothing() | {"embed": embed, "files": [each.file() for each in attached], "view": view}


def blocked(where: Address, creation: Creation) -> dict[str, Any]:
    """Without a word or picture of the member's, which the server's rules would block again."""
    language = language_of(where.locale)
    kept = sentence("The rules of this server block the text here. The picture is kept: {command}",
                    command=f"`/show id:{creation.order.id}`")  # fmt: skip
    text = kept if creation.artifacts else presenter.NOTHING_CHARGED
    return _nothing() | {"embed": presenter.note_embed(language, text)}


def finished(where: Address, creation: Creation) -> dict[str, Any]:
    """For somebody who may see the result already, and nobody else can know."""
    language = language_of(where.locale)
    text = language.say(
        "Your order is finished. Should you not see how it ended, say `/show id:{id}`.", id=creation.order.id
    )
    return _nothing() | {"embed": presenter.note_embed(language, text)}


def _sentence(language: Language, creation: Creation) -> dict[str, Any]:
    """Of an order without a picture to be shown."""
    order = creation.order
    if creation.artifacts:
        embed = presenter.note_embed(language, language.say("It was made, and you have deleted it meanwhile."))
    else:
        error = failure(order) if order.state == "failed" else OrderCancelled("")
        embed = presenter.error_embed(language, error, was_accepted=True)
    return _nothing() | {"embed": embed.set_footer(text=language.say("Order {id}", id=order.id))}


def _nothing() -> dict[str, Any]:
    return {"files": [], "allowed_mentions": discord.AllowedMentions.none(), "view": None}
