"""The buttons below messages, as they are sent. All state is in their ids, so they outlive any restart.

    abby:<what>:<owner>:<picture or order>

What a press does stands in :mod:`abby_adapters.discord.presses`, which finds it by these ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from discord import ButtonStyle, ui

from abby_adapters.discord.memory import KEY
from abby_adapters.discord.parts import IN_A_ROW_MAX, Item, button, choose, option, view

if TYPE_CHECKING:
    from abby_core.errors import Choice
    from abby_core.gallery import Page
    from abby_core.languages import Language
    from abby_core.studio import Artifact, OrderView

PICTURE = r"abby:(?P<what>up|vary|fav|share|del|undo):(?P<owner>\d{1,20}):(?P<id>[0-9A-Za-z-]{1,60})"
ORDER = r"abby:(?P<what>again|remix|cancel|restore):(?P<owner>\d{1,20}):(?P<id>[0-9A-Za-z-]{1,60})"
PICK = r"abby:pick:(?P<owner>\d{1,20})"
OLD_PAGE = r"abby:page:(?P<starred>[01]):(?P<at>\d{1,16}):(?P<last>[0-9A-Za-z-]{0,60})"
ROOM = rf"abby:room:(?P<what>compress|archive|delete|empty_trash):(?P<count>\d{{1,5}})(?::(?P<wish>{KEY}))?"
YES = rf"abby:yes:(?P<what>delete|empty_trash):(?P<count>\d{{1,5}}):(?P<seen>[0-9a-f]{{12}})(?::(?P<wish>{KEY}))?"
NO = r"abby:no"
WISH = rf"abby:wish:(?P<how>same|smaller|\d{{1,2}}):(?P<wish>{KEY})"
AT_ONCE_MAX = {"compress": 20, "archive": 100, "delete": 100, "empty_trash": 99_999}
"""Pictures one press touches: compressing takes half a second each, and somebody waits."""
MAKES = r"abby:(?:up|vary|again):.*"
"""Presses that ask for a picture: pressed again they ask once more."""


def waiting_view(language: Language, order_id: str, owner: int) -> ui.View:
    """For an order on its way."""
    return view([button(f"✖️ {language.say('Cancel')}", f"abby:cancel:{owner}:{order_id}")])


def creation_view(language: Language, order: OrderView, artifacts: Sequence[Artifact], *, owner: int) -> ui.View:
    """For an order's pictures: for one its own buttons, for several a list to choose from."""
    again: list[Item] = []
    if order.kind != "upscale":
        again = [
            button(f"🔄 {language.say('Again')}", f"abby:again:{owner}:{order.id}"),
            button(f"✏️ {language.say('Remix')}", f"abby:remix:{owner}:{order.id}"),
        ]
    if len(artifacts) != 1:
        text = language.say("One of them: larger, varied, starred, shared, deleted …")
        return view(*filter(None, (again, [_select(artifacts, owner, text)])))
    make, care = _picture_buttons(language, artifacts[0], owner)
    return view(make + again, care)


def picture_view(language: Language, artifact: Artifact, *, owner: int) -> ui.View:
    """For one picture."""
    return view(*_picture_buttons(language, artifact, owner))


def order_view(language: Language, artifacts: Sequence[Artifact], owner: int) -> ui.View | None:
    """To choose from an order's pictures; None where there are none."""
    return view([_select(artifacts, owner, language.say("Show one of them"))]) if artifacts else None


def page_view(language: Language, page: Page, *, owner: int, newest: str, older: str) -> ui.View | None:
    """For a page of somebody's gallery; ``newest`` and ``older`` are the ids of those buttons, blank for none.

    None where there is nothing to press.
    """
    choosing = [_select(page.artifacts, owner, language.say("Show one of them"))] if page.artifacts else []
    turning = [button(f"⏮️ {language.say('Newest')}", newest)] if newest else []
    turning += [button(f"▶️ {language.say('Older')}", older)] if older else []
    rows = [row for row in (choosing, turning) if row]
    return view(*rows) if rows else None


def undo_view(language: Language, artifact_id: str, owner: int) -> ui.View:
    """For a picture that was put into the trash."""
    return view([button(f"↩️ {language.say('Undo')}", f"abby:undo:{owner}:{artifact_id}")])


def restore_view(language: Language, order_id: str, owner: int) -> ui.View:
    """For an order's pictures that were put into the trash."""
    return view([button(f"↩️ {language.say('Undo')}", f"abby:restore:{owner}:{order_id}")])


def choices_view(language: Language, choices: Sequence[Choice], *, wish: str = "", retry: str = "") -> ui.View | None:
    """What would help, as buttons. ``wish``: the key of what was refused; ``retry``: the id of what asks anew."""
    suffix = f":{wish}" if wish else ""
    helping: list[Item] = []
    for choice in choices:
        count = min(choice.pictures, AT_ONCE_MAX.get(choice.kind, choice.pictures))
        if choice.kind in AT_ONCE_MAX:
            helping.append(button(_label(language, choice.kind, count), f"abby:room:{choice.kind}:{count}{suffix}"))
        elif choice.kind == "fewer" and wish:
            label = language.plural("Make {count} picture", "Make {count} pictures", count=choice.pictures)
            helping.append(button(f"🔢 {label}", f"abby:wish:{choice.pictures}:{wish}", ButtonStyle.primary))
        elif choice.kind == "smaller" and wish:
            label = language.say("Make it smaller")
            helping.append(button(f"📐 {label}", f"abby:wish:smaller:{wish}", ButtonStyle.primary))
    trying = [again_button(language, retry or f"abby:wish:same:{wish}")] if retry or wish else []
    rows = [row for row in (helping[:IN_A_ROW_MAX], trying) if row]
    return view(*rows) if rows else None


def _label(language: Language, kind: str, count: int) -> str:
    if kind == "compress":
        return "🗜️ " + language.plural("Compress {count} oldest", "Compress {count} oldest", count=count)
    if kind == "archive":
        return "🗄️ " + language.plural("Archive {count} oldest", "Archive {count} oldest", count=count)
    if kind == "delete":
        return "❌ " + language.plural("Delete {count} oldest …", "Delete {count} oldest …", count=count)
    return f"🗑️ {language.say('Empty my trash …')}"


def again_button(language: Language, custom_id: str) -> Item:
    return button(f"🔁 {language.say('Try again')}", custom_id)


def _picture_buttons(language: Language, artifact: Artifact, owner: int) -> tuple[list[Item], list[Item]]:
    """Those that make something of it, and those that care for it."""

    def one(text: str, what: str) -> Item:
        return button(text, f"abby:{what}:{owner}:{artifact.id}")

    vary = [one(f"🎲 {language.say('Vary')}", "vary")] if artifact.prompt else []
    return [one(f"🔍 {language.say('Upscale')}", "up"), *vary], [
        one(f"⭐ {language.say('Favourite')}", "fav"),
        one(f"🔗 {language.say('Share')}", "share"),
        one(f"🗑️ {language.say('Delete')}", "del"),
    ]


def _select(artifacts: Sequence[Artifact], owner: int, placeholder: str) -> Item:
    options = [
        option(f"{number}. {'⭐ ' * each.favourite}{each.prompt or each.name}", each.id, each.name)
        for number, each in enumerate(artifacts, start=1)
    ]
    return choose(f"abby:pick:{owner}", options, placeholder)
