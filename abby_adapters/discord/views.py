"""The buttons below messages, as they are sent. All state is in their ids, so they outlive any restart.

    abby:<what>:<owner>:<picture or order>

What a press does stands in :mod:`abby_adapters.discord.presses`, which finds it by these ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord
from discord import ButtonStyle, ui

from abby_adapters.discord.presenter import plain

if TYPE_CHECKING:
    from abby_core.errors import Choice
    from abby_core.gallery import Page
    from abby_core.languages import Language
    from abby_core.studio import Artifact, OrderView

PICTURE = r"abby:(?P<what>up|vary|fav|del|undo):(?P<owner>\d{1,20}):(?P<id>[0-9A-Za-z-]{1,60})"
ORDER = r"abby:(?P<what>again|remix|cancel):(?P<owner>\d{1,20}):(?P<id>[0-9A-Za-z-]{1,60})"
PICK = r"abby:pick:(?P<owner>\d{1,20})"
PAGE = r"abby:page:(?P<starred>[01]):(?P<at>\d{1,16}):(?P<last>[0-9A-Za-z-]{0,60})"
ROOM = r"abby:room:(?P<what>compress|empty_trash):(?P<count>\d{1,4})"
LABEL_CHARACTERS_MAX = 80
OPTION_CHARACTERS_MAX = 100
COMPRESSED_AT_ONCE_MAX = 20
"""Each takes about half a second, and somebody waits."""


def waiting_view(language: Language, order_id: str, owner: int) -> ui.View:
    """For an order on its way."""
    return _view(_button("✖️", language.say("Cancel"), f"abby:cancel:{owner}:{order_id}"))


def creation_view(language: Language, order: OrderView, artifacts: Sequence[Artifact], *, owner: int) -> ui.View:
    """For an order's pictures: for one its own buttons, for several a list to choose from."""
    rows: list[list[ui.Item[ui.View]]] = []
    if order.kind != "upscale":
        rows.append([
            _button("🔄", language.say("Again"), f"abby:again:{owner}:{order.id}"),
            _button("✏️", language.say("Remix"), f"abby:remix:{owner}:{order.id}"),
        ])  # fmt: skip
    if len(artifacts) == 1:
        own = _picture_buttons(language, artifacts[0], owner)
        rows = [own[:2] + rows[0], own[2:]] if rows else [own]
    else:
        rows.append([_select(artifacts, owner, language.say("One of them: larger, varied, starred, deleted …"))])
    return _view(*(item for row in rows for item in row), rows=[len(row) for row in rows])


def picture_view(language: Language, artifact: Artifact, *, owner: int) -> ui.View:
    """For one picture."""
    return _view(*_picture_buttons(language, artifact, owner))


def order_view(language: Language, artifacts: Sequence[Artifact], owner: int) -> ui.View | None:
    """To choose from an order's pictures; None where there are none."""
    return _view(_select(artifacts, owner, language.say("Show one of them"))) if artifacts else None


def undo_view(language: Language, artifact_id: str, owner: int) -> ui.View:
    """For a picture that was put into the trash."""
    return _view(_button("↩️", language.say("Undo"), f"abby:undo:{owner}:{artifact_id}"))


def page_view(language: Language, page: Page, *, owner: int, starred: bool, is_first: bool) -> ui.View | None:
    """For a page of somebody's gallery; None where there is nothing to press."""
    items: list[ui.Item[ui.View]] = []
    if page.artifacts:
        items.append(_select(page.artifacts, owner, language.say("Show one of them")))
    if not is_first:
        items.append(_button("⏮️", language.say("Newest"), f"abby:page:{int(starred)}:0:"))
    if page.next is not None:
        at_ms, last = page.next
        items.append(_button("▶️", language.say("Older"), f"abby:page:{int(starred)}:{at_ms}:{last}"))
    return _view(*items, rows=[1, len(items) - 1] if page.artifacts else None) if items else None


def choices_view(language: Language, choices: Sequence[Choice]) -> ui.View | None:
    """What would help against a refusal and is simple enough for a button; None: nothing is."""
    items: list[ui.Item[ui.View]] = []
    for choice in choices:
        if choice.kind == "compress":
            count = min(choice.pictures, COMPRESSED_AT_ONCE_MAX)
            label = language.plural("Compress {count} oldest", "Compress {count} oldest", count=count)
            items.append(_button("🗜️", label, f"abby:room:compress:{count}"))
        elif choice.kind == "empty_trash":
            items.append(_button("🗑️", language.say("Empty my trash"), "abby:room:empty_trash:0"))
    return _view(*items) if items else None


def _picture_buttons(language: Language, artifact: Artifact, owner: int) -> list[ui.Item[ui.View]]:
    def button(sign: str, label: str, what: str) -> ui.Item[ui.View]:
        return _button(sign, label, f"abby:{what}:{owner}:{artifact.id}")

    vary = [button("🎲", language.say("Vary"), "vary")] if artifact.prompt else []
    return [
        button("🔍", language.say("Upscale"), "up"),
        *vary,
        button("⭐", language.say("Favourite"), "fav"),
        button("🗑️", language.say("Delete"), "del"),
    ]


def _select(artifacts: Sequence[Artifact], owner: int, placeholder: str) -> ui.Item[ui.View]:
    options = [
        discord.SelectOption(
            label=plain(f"{number}. {'⭐ ' * each.favourite}{each.prompt or each.name}", OPTION_CHARACTERS_MAX),
            description=plain(each.name, OPTION_CHARACTERS_MAX) or None,
            value=each.id,
        )
        for number, each in enumerate(artifacts[:25], start=1)
    ]
    return ui.Select(custom_id=f"abby:pick:{owner}", options=options, placeholder=placeholder)


def _button(sign: str, label: str, custom_id: str) -> ui.Item[ui.View]:
    return ui.Button(label=f"{sign} {label}"[:LABEL_CHARACTERS_MAX], custom_id=custom_id, style=ButtonStyle.secondary)


def _view(*items: ui.Item[ui.View], rows: Sequence[int] | None = None) -> ui.View:
    """A view that discord.py need not remember: what is pressed is found by its id."""
    view = ui.View(timeout=None)
    numbers = [number for number, many in enumerate(rows) for _ in range(many)] if rows else [None] * len(items)
    for item, number in zip(items, numbers, strict=True):
        item.row = number
        view.add_item(item)
    view.stop()
    return view
