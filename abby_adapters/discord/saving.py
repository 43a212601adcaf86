"""Saving pictures of messages to one's own gallery, and taking one's own out of a message again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord

from abby_adapters.discord import account_presenter, presenter, views
from abby_adapters.discord.address import KIND
from abby_adapters.discord.asking import GONE
from abby_adapters.discord.desk import Interaction, Wish, core_of, refuse, say
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.posting import Spot
from abby_core.errors import AbbyError, InvalidRequest, NotFound
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.discord.looking import Shown
    from abby_core.bootstrap import Abby as Core
    from abby_core.gallery.importing import Outcome
    from abby_core.studio import Account

NOT_ABBYS = sentence("There is no picture of Abby's in that message.")
NOT_YOURS = sentence("That is somebody else's; only they can do that.")


async def save(interaction: Interaction, shown: Shown) -> None:
    """Keep a picture somebody sees in their own gallery, under their own quota."""
    core, language = core_of(interaction), reader(interaction)
    account = account_of(interaction.user.id)
    if shown.owner == interaction.user.id:
        text = language.say("It is in your gallery already: /gallery")
        await say(interaction, account_presenter.note(text))
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        kept = await (_copy(core, account, shown) if shown.artifact_id else _import(interaction, core, account, shown))
    except AbbyError as error:
        await refuse(interaction, error, wish=Wish(do=lambda again: save(again, shown)))
        return
    name = presenter.quoted(kept.name)
    if kept.state == "already":
        text = language.say("You have it already, as {name}.", name=name)
    else:
        text = language.say("Saved to your gallery as {name}: /gallery", name=name)
    status = await asyncio.to_thread(core.quota.status, account)
    await say(interaction, presenter.with_quota(language, account_presenter.note(text), status))


async def _copy(core: Core, account: Account, shown: Shown) -> Outcome:
    """A copy of another member's picture, with what everybody reads below it."""
    try:
        found = await asyncio.to_thread(core.gallery.find, account_of(shown.owner), shown.artifact_id)
    except NotFound:
        raise NotFound(GONE) from None
    note = {"prompt": found.prompt, "style": found.style, "provider": found.provider, "seed": found.seed}
    data = await asyncio.to_thread(core.gallery.open, found)
    return await asyncio.to_thread(core.importer.take, account, found.name, data, note=note)


async def _import(interaction: Interaction, core: Core, account: Account, shown: Shown) -> Outcome:
    data = await interaction.client.uploads.fetch(shown.url, declared_bytes=shown.size_bytes)
    return await asyncio.to_thread(core.importer.take, account, shown.name, data)


async def take_out(interaction: Interaction, message: discord.Message, shown: list[Shown]) -> None:
    """Put one's own pictures of a message into the trash, and delete the message. Raises InvalidRequest."""
    core, language = core_of(interaction), reader(interaction)
    pictures = [each.artifact_id for each in shown if each.artifact_id]
    if not pictures:
        raise InvalidRequest(NOT_ABBYS)
    if any(each.owner != interaction.user.id for each in shown):
        raise InvalidRequest(NOT_YOURS)
    await interaction.response.defer(ephemeral=True, thinking=True)
    trashed = await asyncio.to_thread(_trash, core, account_of(interaction.user.id), pictures)
    try:
        await message.delete()
        removed = language.say("The message is removed.")
    except discord.NotFound:
        removed = ""
    except discord.HTTPException:
        removed = language.say("The message itself could not be removed here.")
    else:
        await core.posts.strike(KIND, Spot(channel=message.channel.id, message=message.id).to_text())
    text = language.plural(
        "{count} picture is in your trash, where it can be undone.",
        "{count} pictures are in your trash, where it can be undone.",
        count=len(trashed),
    )
    if not trashed:
        text = language.say("What it showed was deleted before.")
    owner = interaction.user.id
    view = None
    if len(trashed) == 1:
        view = views.undo_view(language, trashed[0][0], owner)
    elif trashed and trashed[0][1]:
        view = views.restore_view(language, trashed[0][1], owner)
    await say(interaction, account_presenter.note(text, removed), view)


def _trash(core: Core, account: Account, pictures: list[str]) -> list[tuple[str, str]]:
    """The id and the order's id of each that was still there."""
    trashed: list[tuple[str, str]] = []
    for artifact_id in pictures:
        try:
            (gone,) = core.gallery.delete(account, artifact_id)
        except NotFound:
            continue
        trashed.append((gone.id, gone.order_id or ""))
    return trashed
