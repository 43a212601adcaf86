"""Pages of pictures, gathered and listed for people and for programs."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from abby_adapters.cli.as_json import picture_json
from abby_adapters.cli.presenter import DEMO_NOTE, gallery_table, made_by_demo, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from abby_adapters.cli.context import Context
    from abby_core.gallery import Page
    from abby_core.gallery.cursor import Position
    from abby_core.studio import Artifact

PREVIEW_COLUMNS = 20
PREVIEWS_MAX = 8


def collect(
    context: Context, page: Callable[[int, Position | None], Page], limit: int, before: Position | None
) -> tuple[list[Artifact], Position | None]:
    """Page after page until there are enough pictures, or no more; people see how far back it looks."""
    found: list[Artifact] = []
    with context.errors.status("Looking…") if context.errors.is_terminal else nullcontext() as status:
        while True:
            each = page(limit - len(found), before)
            found += each.artifacts
            before = each.next
            if before is None or len(found) >= limit:
                return found, before
            if status is not None:
                status.update(f"Looking… back to {when(each.searched_until_ms)}")


def list_pictures(
    context: Context,
    pictures: list[Artifact],
    following: Position | None,
    *,
    whose: bool = False,
    deleted: bool = False,
) -> None:
    """A page for programs or for people; ``following`` is where the next one begins."""
    from abby_adapters.cli.preview import can_preview
    from abby_core.gallery import cursor

    more = None if following is None else cursor.write(following)
    if context.as_json:
        paths = [None if whose else context.abby.gallery.path(each) for each in pictures]
        rows = [picture_json(each, path) for each, path in zip(pictures, paths, strict=True)]
        context.answer({"pictures": rows, "next": more})
        return
    if pictures:
        context.console.print(gallery_table(pictures, whose=whose, deleted=deleted))
        if can_preview(context.console):
            _print_previews(context, pictures[:PREVIEWS_MAX])
        if any(map(made_by_demo, pictures)):
            context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
    if more is not None:
        context.console.print(f"[bright_black]More: the same with --before {more}[/]", soft_wrap=True)


def _print_previews(context: Context, pictures: list[Artifact]) -> None:
    """The newest pictures side by side, as many as fit."""
    from rich.columns import Columns
    from rich.text import Text

    from abby_adapters.cli.preview import preview

    images: list[Text] = []
    for picture in pictures:
        thumbnail = context.abby.gallery.thumbnail(picture)
        image = None if thumbnail is None else preview(thumbnail, columns=PREVIEW_COLUMNS)
        if image is not None:
            images.append(image)
    context.console.print(Columns(images))
