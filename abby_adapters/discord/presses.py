"""What the buttons do. Who presses one below another's picture orders on their own quota, or is told why not.

The items are registered once, by the pattern of their ids: a button of years ago still works.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from abby_adapters.discord import asking, pages, presenter, views
from abby_adapters.discord.desk import Interaction, core_of, refuse, say, take
from abby_adapters.discord.members import account_of, reader
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core
    from abby_core.languages import Language

NOT_YOURS = sentence("That is somebody else's; only they can do that.")
REMIX_CHARACTERS_MAX = 4000
"""What Discord takes in one field of a form."""


class _Press(ui.DynamicItem[ui.Item[ui.View]], ABC, template=r"abby:never"):
    """A button or list found by its id; ``found`` is what the id said."""

    def __init__(self, item: ui.Item[Any], found: re.Match[str]) -> None:
        super().__init__(item)
        self.found = found

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] -- our client is Abby  # noqa: ARG003
        return cls(item, match)

    async def callback(self, interaction: Interaction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            await self.pressed(interaction, core_of(interaction))
        except discord.DiscordException:
            raise
        except Exception as error:
            await refuse(interaction, error)

    @abstractmethod
    async def pressed(self, interaction: Interaction, core: Core) -> None:
        """Do what it is for; errors are told to whoever pressed it."""


class PicturePress(_Press, template=views.PICTURE):
    """Below one picture."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        what, owner, artifact_id = self.found["what"], int(self.found["owner"]), self.found["id"]
        if what in {"up", "vary"}:
            ask = asking.upscale(owner, artifact_id) if what == "up" else asking.vary(owner, artifact_id)
            await take(interaction, ask, private=_is_private(interaction))
        elif interaction.user.id != owner:
            await say(interaction, presenter.note_embed(reader(interaction), NOT_YOURS))
        else:
            await _care[what](interaction, core, artifact_id)


class OrderPress(_Press, template=views.ORDER):
    """Below an order."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        what, owner, order_id = self.found["what"], int(self.found["owner"]), self.found["id"]
        if what == "again":
            await take(interaction, asking.again(owner, order_id), private=_is_private(interaction))
        elif what == "remix":
            text = await asking.remix_text(core, owner, order_id)
            form = Remix(reader(interaction), owner, order_id, text, private=_is_private(interaction))
            await interaction.response.send_modal(form)
        elif interaction.user.id != owner:
            await say(interaction, presenter.note_embed(reader(interaction), NOT_YOURS))
        else:
            await cancel(interaction, core, order_id)


class PickPress(_Press, template=views.PICK):
    """The list below several pictures: the chosen one, with buttons of its own, for whoever chose."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        owner = int(self.found["owner"])
        (artifact_id,) = (interaction.data or {}).get("values", ())
        await pages.show_picture(interaction, core, owner, artifact_id, private=True)


class PagePress(_Press, template=views.PAGE):
    """Turning the pages of one's own gallery."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        at_ms, last = int(self.found["at"]), self.found["last"]
        before = (at_ms, last) if at_ms else None
        await pages.turn(interaction, core, starred=self.found["starred"] == "1", before=before)


class RoomPress(_Press, template=views.ROOM):
    """Making room where a limit stands in the way. It is always one's own: refusals are seen by one person."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        account, language = account_of(interaction.user.id), reader(interaction)
        if self.found["what"] == "empty_trash":
            emptied = await asyncio.to_thread(core.gallery.empty_trash, account)
            text = language.plural(
                "{count} picture removed, {freed:.1f} MB freed. Now ask again.",
                "{count} pictures removed, {freed:.1f} MB freed. Now ask again.",
                count=emptied.pictures,
                freed=emptied.freed_bytes / presenter.MEGABYTE,
            )
        else:
            from abby_core.storage.compression import compress_oldest

            wanted = min(int(self.found["count"]), views.COMPRESSED_AT_ONCE_MAX)
            done = await asyncio.to_thread(
                compress_oldest, core.storage, account, wanted, progress=lambda _outcome: None
            )
            text = language.plural(
                "{count} picture compressed, {freed:.1f} MB freed. Now ask again.",
                "{count} pictures compressed, {freed:.1f} MB freed. Now ask again.",
                count=len(done),
                freed=sum(each.saved_bytes for each in done) / presenter.MEGABYTE,
            )
        status = await asyncio.to_thread(core.quota.status, account)
        await say(interaction, presenter.with_quota(language, presenter.note_embed(language, text), status))


class Remix(ui.Modal):
    """A form with the words of an order, to be changed."""

    def __init__(self, language: Language, owner: int, order_id: str, text: str, *, private: bool) -> None:
        super().__init__(title=language.say("Remix"), timeout=15 * 60)
        self._owner, self._order_id = owner, order_id
        self._private = private
        self._prompt: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=text[:REMIX_CHARACTERS_MAX],
            max_length=REMIX_CHARACTERS_MAX,
        )
        self.add_item(ui.Label(text=language.say("What should be in the picture"), component=self._prompt))

    async def on_submit(self, interaction: Interaction) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await take(interaction, asking.remix(self._owner, self._order_id, self._prompt.value), private=self._private)

    async def on_error(self, interaction: Interaction, error: Exception) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await refuse(interaction, error)


PRESSES: tuple[type[_Press], ...] = (PicturePress, OrderPress, PickPress, PagePress, RoomPress)
"""What the bot registers."""


async def cancel(interaction: Interaction, core: Core, order_id: str) -> None:
    """Cancel one of one's own orders; its message tells of it as soon as it has ended."""
    order = await core.studio.cancel(order_id, account_of(interaction.user.id))
    core.deliveries.begin()  # one that was waiting is told of now, not with the next order
    language = reader(interaction)
    if order.state == "cancelled":
        text = language.say("Cancelled. Nothing was charged.")
    elif order.state == "failed":
        text = language.say("Nothing to cancel: the order has failed already.")
    elif order.ended:
        text = language.say("Nothing to cancel: the order is done already.")
    else:
        text = language.say("It is being made by another program, which was asked to stop.")
    await say(interaction, presenter.note_embed(language, text))


async def delete(interaction: Interaction, core: Core, name_or_id: str) -> None:
    """Put one of one's own pictures into the trash, with a button to have it back."""
    account, language = account_of(interaction.user.id), reader(interaction)
    (gone,) = await asyncio.to_thread(core.gallery.delete, account, name_or_id)
    text = language.say("{name} is in your trash, where it can be undone.", name=presenter.quoted(gone.name))
    await say(
        interaction, presenter.note_embed(language, text), views.undo_view(language, gone.id, interaction.user.id)
    )


async def _favourite(interaction: Interaction, core: Core, artifact_id: str) -> None:
    """The star goes on, or off where it is on."""
    account, language = account_of(interaction.user.id), reader(interaction)

    def toggle() -> bool:
        on = not core.gallery.find(account, artifact_id).favourite
        core.gallery.favourite(account, artifact_id, on=on)
        return on

    on = await asyncio.to_thread(toggle)
    if on:
        text = language.say("⭐ It is one of your favourites now: /favorites")
    else:
        text = language.say("It is no favourite any more.")
    await say(interaction, presenter.note_embed(language, text))


async def _undo(interaction: Interaction, core: Core, artifact_id: str) -> None:
    (back,) = await asyncio.to_thread(core.gallery.undo, account_of(interaction.user.id), artifact_id)
    language = reader(interaction)
    text = language.say("{name} is back in your gallery.", name=presenter.quoted(back.name))
    await say(interaction, presenter.note_embed(language, text))


_care = {"fav": _favourite, "del": delete, "undo": _undo}


def _is_private(interaction: Interaction) -> bool:
    """What is pressed where only one person sees it is answered there."""
    return interaction.message is not None and interaction.message.flags.ephemeral
