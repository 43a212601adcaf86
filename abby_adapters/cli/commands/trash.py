"""``delete``, ``undelete``, ``trash``: away for a week, and away for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, Names, User, Yes

if TYPE_CHECKING:
    from abby_core.gallery.gallery import Emptied


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(delete)
    app.command()(undelete)
    app.command()(trash)


def delete(
    names: Names,
    for_good: Annotated[bool, typer.Option("--for-good", help="At once, without a way back; frees its space.")] = False,
    yes: Yes = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Put pictures of yours into the trash; `abby undelete` brings them back for a week."""
    from abby_adapters.cli.presenter import iso, megabytes, plain, trashed_note
    from abby_core.storage.trash import UNDO_MS

    context = Context(as_json=as_json, user=user)
    try:
        if for_good and not (yes or as_json) and context.console.is_terminal:
            typer.confirm(f"Remove {plain(', '.join(names), 200)} for good?", abort=True)
        deleted = context.abby.gallery.delete(context.account, *names, for_good=for_good)
        trashed = [each for each in deleted if each.state == "trashed"]
        gone = [each for each in deleted if each.state != "trashed"]
        freed_bytes = sum(each.counted_bytes for each in gone)
        if as_json:
            context.answer(
                {
                    "deleted": [each.name for each in deleted],
                    "in_trash": len(trashed),
                    "undo_until": iso(max((each.state_at_ms + UNDO_MS for each in trashed), default=0)),
                    "freed_bytes": freed_bytes,
                }
            )
            return
        if gone:
            what = plain(gone[0].name) if len(gone) == 1 else f"{len(gone)} pictures"
            typer.echo(f"Deleted {what} for good, {megabytes(freed_bytes)} are free again.")
        if trashed:
            typer.echo(trashed_note(trashed, UNDO_MS))
    finally:
        context.close()


def undelete(names: Names, user: User = None, as_json: AsJson = False) -> None:
    """Bring pictures back from the trash."""
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        back = context.abby.gallery.undo(context.account, *names)
        if as_json:
            context.answer({"pictures": [picture_json(each, context.abby.gallery.path(each)) for each in back]})
        else:
            typer.echo(f"Back in your gallery: {', '.join(plain(each.name) for each in back)}")
    finally:
        context.close()


def trash(
    empty: Annotated[bool, typer.Option("--empty", help="Remove all of it for good.")] = False,
    before: Annotated[
        str | None, typer.Option("--before", "--page", help="Deleted before a date, or where the last page ended.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many pictures.")] = 20,
    yes: Yes = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """List what you deleted and may have back, or remove it for good."""
    from abby_adapters.cli.listing import list_pictures
    from abby_adapters.cli.presenter import megabytes
    from abby_core.gallery import cursor
    from abby_core.storage.trash import UNDO_DAYS

    context = Context(as_json=as_json, user=user)
    try:
        if empty:
            if not (yes or as_json) and context.console.is_terminal:
                typer.confirm("Remove everything in your trash for good?", abort=True)
            emptied = _empty(context)
            if as_json:
                context.answer({"deleted": emptied.pictures, "freed_bytes": emptied.freed_bytes})
            else:
                typer.echo(f"Pictures removed: {emptied.pictures}, {megabytes(emptied.freed_bytes)} are free again.")
            return
        page = context.abby.gallery.trash(
            context.account, limit=limit, before=None if before is None else cursor.read(before)
        )
        pictures = list(page.artifacts)
        list_pictures(context, pictures, page.next, deleted=True)
        if not as_json and pictures:
            context.console.print(
                f"Each goes for good {UNDO_DAYS} days after it was deleted. [bold]abby undelete NAME[/] brings it back."
            )
        elif not as_json:
            context.console.print(f"The trash is empty. What you delete stays here for {UNDO_DAYS} days.")
    finally:
        context.close()


def _empty(context: Context) -> Emptied:
    if not context.errors.is_terminal or context.as_json:
        return context.abby.gallery.empty_trash(context.account)
    with context.errors.status("Removing…") as status:
        return context.abby.gallery.empty_trash(
            context.account, progress=lambda count: status.update(f"Removing… {count} pictures")
        )
