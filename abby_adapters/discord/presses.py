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
from abby_adapters.discord.members import account_of

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core

NOT_YOURS = "That is somebody else's; only they can do that."
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
            await say(interaction, presenter.note_embed(NOT_YOURS))
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
            await interaction.response.send_modal(Remix(owner, order_id, text, private=_is_private(interaction)))
        elif interaction.user.id != owner:
            await say(interaction, presenter.note_embed(NOT_YOURS))
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
        account = account_of(interaction.user.id)
        if self.found["what"] == "empty_trash":
            emptied = await asyncio.to_thread(core.gallery.empty_trash, account)
            count, freed_bytes, verb = emptied.pictures, emptied.freed_bytes, "removed"
        else:
            from abby_core.storage.compression import compress_oldest

            wanted = min(int(self.found["count"]), views.COMPRESSED_AT_ONCE_MAX)
            done = await asyncio.to_thread(
                compress_oldest, core.storage, account, wanted, progress=lambda _outcome: None
            )
            count, freed_bytes, verb = len(done), sum(each.saved_bytes for each in done), "compressed"
        status = await asyncio.to_thread(core.quota.status, account)
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        text = f"{pictures} {verb}, {freed_bytes / presenter.MEGABYTE:.1f} MB freed. Now ask again."
        await say(interaction, presenter.with_quota(presenter.note_embed(text), status))


class Remix(ui.Modal, title="Remix"):
    """A form with the words of an order, to be changed."""

    def __init__(self, owner: int, order_id: str, text: str, *, private: bool) -> None:
        super().__init__(timeout=15 * 60)
        self._owner, self._order_id = owner, order_id
        self._private = private
        self._prompt: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=text[:REMIX_CHARACTERS_MAX],
            max_length=REMIX_CHARACTERS_MAX,
        )
        self.add_item(ui.Label(text="What should be in the picture", component=self._prompt))

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
    if order.state == "cancelled":
        text = f"Cancelled. {presenter.NOTHING_CHARGED}"
    elif order.ended:
        text = f"Nothing to cancel: the order is {order.state} already."
    else:
        text = "It is being made by another program, which was asked to stop."
    await say(interaction, presenter.note_embed(text))


async def delete(interaction: Interaction, core: Core, name_or_id: str) -> None:
    """Put one of one's own pictures into the trash, with a button to have it back."""
    account = account_of(interaction.user.id)
    (gone,) = await asyncio.to_thread(core.gallery.delete, account, name_or_id)
    embed = presenter.note_embed(f"{presenter.quoted(gone.name)} is in your trash, where it can be undone.")
    await say(interaction, embed, views.undo_view(gone.id, interaction.user.id))


async def _favourite(interaction: Interaction, core: Core, artifact_id: str) -> None:
    """The star goes on, or off where it is on."""
    account = account_of(interaction.user.id)

    def toggle() -> bool:
        on = not core.gallery.find(account, artifact_id).favourite
        core.gallery.favourite(account, artifact_id, on=on)
        return on

    on = await asyncio.to_thread(toggle)
    text = "⭐ It is one of your favourites now: /favorites" if on else "It is no favourite any more."
    await say(interaction, presenter.note_embed(text))


async def _undo(interaction: Interaction, core: Core, artifact_id: str) -> None:
    (back,) = await asyncio.to_thread(core.gallery.undo, account_of(interaction.user.id), artifact_id)
    await say(interaction, presenter.note_embed(f"{presenter.quoted(back.name)} is back in your gallery."))


_care = {"fav": _favourite, "del": delete, "undo": _undo}


def _is_private(interaction: Interaction) -> bool:
    """What is pressed where only one person sees it is answered there."""
    return interaction.message is not None and interaction.message.flags.ephemeral
