"""What the buttons do. Who presses one below another's picture orders on their own quota, or is told why not.

The items are registered once, by the pattern of their ids: a button of years ago still works.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import discord
from discord import ui

from abby_adapters.discord import asking, forms, pages, parts, presenter, sharing, views
from abby_adapters.discord.desk import Interaction, patiently, say, take, work
from abby_adapters.discord.looks import PAGE, Look, look_in, position_in
from abby_adapters.discord.members import account_of, reader
from abby_adapters.discord.preferring import is_private
from abby_adapters.discord.press import Press
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby as Core

NOT_YOURS = sentence("That is somebody else's; only they can do that.")
REMIXED = r"abby:remixed:(?P<private>[01]):(?P<owner>\d{1,20}):(?P<id>[0-9A-Za-z-]{1,60})"
REMIX_CHARACTERS_MAX = 4000
"""What Discord takes in one field of a form."""


class PicturePress(Press, template=views.PICTURE):
    """Below one picture."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        what, owner, artifact_id = self.found["what"], int(self.found["owner"]), self.found["id"]
        if what in {"up", "vary"}:
            ask = asking.upscale(owner, artifact_id) if what == "up" else asking.vary(owner, artifact_id)
            await take(interaction, ask, private=await is_private(interaction, None))
        elif interaction.user.id != owner:
            await say(interaction, presenter.note_embed(reader(interaction), NOT_YOURS))
        else:
            await _care[what](interaction, core, artifact_id)


class OrderPress(Press, template=views.ORDER):
    """Below an order."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        what, owner, order_id = self.found["what"], int(self.found["owner"]), self.found["id"]
        if what == "again":
            await take(interaction, asking.again(owner, order_id), private=await is_private(interaction, None))
        elif what == "remix":
            await _show_remix(interaction, core, owner, order_id)
        elif interaction.user.id != owner:
            await say(interaction, presenter.note_embed(reader(interaction), NOT_YOURS))
        elif what == "restore":
            await _restore(interaction, core, order_id)
        else:
            await cancel(interaction, core, order_id)


class PickPress(Press, template=views.PICK):
    """The list below several pictures: the chosen one, with buttons of its own, for whoever chose."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        owner = int(self.found["owner"])
        await pages.show_picture(interaction, core, owner, self.chosen, private=True)


class PagePress(Press, template=PAGE):
    """Turning the pages of one's own gallery."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        look = look_in(self.found["look"], interaction.client.memory)
        await pages.turn(interaction, core, look, position_in(self.found["at"], self.found["last"]))


class OldPagePress(Press, template=views.OLD_PAGE):
    """The same below messages from before there were filters."""

    async def pressed(self, interaction: Interaction, core: Core) -> None:
        at_ms, last = int(self.found["at"]), self.found["last"]
        look = Look(starred=self.found["starred"] == "1")
        await pages.turn(interaction, core, look, (at_ms, last) if at_ms else None)


async def _show_remix(interaction: Interaction, core: Core, owner: int, order_id: str) -> None:
    """A form with the words of an order, to be changed."""
    text, language = await asking.remix_text(core, owner, order_id), reader(interaction)
    prompt: ui.TextInput[ui.View] = ui.TextInput(
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        default=text[:REMIX_CHARACTERS_MAX],
        max_length=REMIX_CHARACTERS_MAX,
    )
    await forms.show(
        interaction,
        language.say("Remix"),
        f"abby:remixed:{int(await is_private(interaction, None))}:{owner}:{order_id}",
        parts.labelled(language.say("What should be in the picture"), prompt),
    )


async def remix(interaction: Interaction, core: Core, found: re.Match[str], typed: forms.Typed) -> None:  # noqa: ARG001
    """An order with other words."""
    ask = asking.remix(int(found["owner"]), found["id"], typed["prompt"])
    await take(interaction, ask, private=found["private"] == "1")


PRESSES: tuple[type[Press], ...] = (PicturePress, OrderPress, PickPress, PagePress, OldPagePress)
"""What the bot registers."""


async def cancel(interaction: Interaction, core: Core, order_id: str) -> None:
    """Cancel one of one's own orders; its message tells of it as soon as it has ended."""
    order = await patiently(interaction, core.studio.cancel(order_id, account_of(interaction.user.id)))
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
    (gone,) = await work(interaction, core.gallery.delete, account, name_or_id)
    text = language.say("{name} is in your trash, where it can be undone.", name=presenter.quoted(gone.name))
    await say(
        interaction,
        presenter.note_embed(language, text),
        views.undo_view(language, gone.id, interaction.user.id),
    )


async def _favourite(interaction: Interaction, core: Core, artifact_id: str) -> None:
    """The star goes on, or off where it is on."""
    account, language = account_of(interaction.user.id), reader(interaction)

    def toggle() -> bool:
        on = not core.gallery.find(account, artifact_id).favourite
        core.gallery.favourite(account, artifact_id, on=on)
        return on

    on = await work(interaction, toggle)
    if on:
        text = language.say("⭐ It is one of your favourites now: /favorites")
    else:
        text = language.say("It is no favourite any more.")
    await say(interaction, presenter.note_embed(language, text))


async def _undo(interaction: Interaction, core: Core, artifact_id: str) -> None:
    (back,) = await work(interaction, core.gallery.undo, account_of(interaction.user.id), artifact_id)
    language = reader(interaction)
    text = language.say("{name} is back in your gallery.", name=presenter.quoted(back.name))
    await say(interaction, presenter.note_embed(language, text))


async def _restore(interaction: Interaction, core: Core, order_id: str) -> None:
    """Bring back all pictures of an order that are in the trash."""
    account, language = account_of(interaction.user.id), reader(interaction)

    def bring_back() -> int:
        trashed = [each.id for each in core.gallery.of_order(account, order_id) if each.state == "trashed"]
        return len(core.gallery.undo(account, *trashed))

    count = await work(interaction, bring_back)
    text = language.plural(
        "{count} picture is back in your gallery.", "{count} pictures are back in your gallery.", count=count
    )
    await say(interaction, presenter.note_embed(language, text))


async def _share(interaction: Interaction, core: Core, artifact_id: str) -> None:
    await sharing.ask(interaction, core, picture=artifact_id)


_care = {"fav": _favourite, "share": _share, "del": delete, "undo": _undo}
