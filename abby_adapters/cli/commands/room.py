"""``compress``, ``archive``, ``restore``: making room without losing anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User
from abby_core.errors import InvalidRequest, QuotaExceeded, Refused

if TYPE_CHECKING:
    from abby_core.storage.compression import Compressed, Encoded, NotWorth
    from abby_core.studio import Artifact

T = TypeVar("T")
COUNT_MAX = 1000
"""More than so many pictures are for several calls: each is safe to repeat."""
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Names or ids, as in `abby gallery`.")]
Oldest = Annotated[
    int | None, typer.Option("--oldest", min=1, max=COUNT_MAX, help="So many of the oldest, favourites apart.")
]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(compress)
    app.command()(archive)
    app.command()(restore)


def compress(
    names: Names = None,
    oldest: Oldest = None,
    undo: Annotated[str | None, typer.Option("--undo", metavar="NAME", help="Bring the original back, 7 days.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would save.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Make pictures smaller without visible loss. The original can be had back for 7 days."""
    context = Context(as_json=as_json, user=user)
    try:
        _one_of(names, oldest, undo, more=", or --undo NAME")
        if undo is not None:
            _undo(context, undo, dry_run=dry_run)
        else:
            _compress(context, names, oldest or 0, dry_run=dry_run)
    finally:
        context.close()


def archive(names: Names = None, oldest: Oldest = None, user: User = None, as_json: AsJson = False) -> None:
    """Move pictures into the host's archive: they stay in your gallery and count no longer."""
    from abby_core.storage.archive import archive, archive_oldest

    context = Context(as_json=as_json, user=user)
    try:
        _one_of(names, oldest)
        storage = context.abby.storage
        done: list[Artifact] = []
        with _progress(context, "Archiving", oldest or len(names or ())) as step:
            if names:
                for artifact in _find(context, names):
                    done.append(archive(storage, artifact))
                    step()
            else:
                done = archive_oldest(storage, context.account, oldest or 0, progress=lambda _: step())
        _tell_moved(context, done, "archived", "Archived", "Nothing to archive: pictures you starred stay at hand.")
    finally:
        context.close()


def restore(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names or ids, as in `abby gallery`.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Bring pictures back from the archive; they count again."""
    from abby_core.storage.archive import restore

    context = Context(as_json=as_json, user=user)
    try:
        done: list[Artifact] = []
        with _progress(context, "Restoring", len(names)) as step:
            for artifact in _find(context, names):
                done.append(_with_choices(context, lambda each=artifact: restore(context.abby.storage, each)))
                step()
        _tell_moved(context, done, "restored", "Restored", "")
    finally:
        context.close()


# ---------------------------------------------------------------------- compressing


def _compress(context: Context, names: list[str] | None, oldest: int, *, dry_run: bool) -> None:
    from abby_adapters.cli.presenter import megabytes, plain
    from abby_core.storage import compression

    storage = context.abby.storage
    seen: list[Compressed | NotWorth] = []
    trouble: Refused | None = None
    with _progress(context, "Compressing", oldest or len(names or ())) as step:

        def note(outcome: Compressed | NotWorth) -> None:
            seen.append(outcome)
            step()

        try:
            if dry_run:
                _try_out(context, names, oldest, note)
            elif names:
                for artifact in _find(context, names):
                    note(compression.compress(storage, artifact))
            else:
                compression.compress_oldest(storage, context.account, oldest, progress=note)
        except Refused as error:
            if context.as_json or not seen:
                raise
            trouble = error  # what was done before is shown first
    done = [outcome for outcome in seen if isinstance(outcome, compression.Compressed)]
    left = [outcome for outcome in seen if isinstance(outcome, compression.NotWorth)]
    saved = sum(each.saved_bytes for each in done)
    if context.as_json:
        context.answer(
            {
                "dry_run": dry_run,
                "saved_bytes": saved,
                "pictures": [_json(each) for each in done],
                "left_alone": [{"name": each.artifact.name, "reason": each.reason} for each in left],
            }
        )
        return
    if done:
        context.console.print(_table(done))
        context.console.print(
            f"That would save {megabytes(saved)}; nothing was changed." if dry_run
            else f"Saved {megabytes(saved)}. [bold]abby compress --undo NAME[/] brings an original back for 7 days."
        )  # fmt: skip
    for each in left if names else ():
        context.console.print(f"{plain(each.artifact.name)}: {each.reason}", markup=False, soft_wrap=True)
    if not done and not names:
        context.console.print("Nothing to compress: what is left is small, starred, or not worth it.")
    if trouble is not None:
        raise trouble


def _try_out(
    context: Context, names: list[str] | None, oldest: int, note: Callable[[Compressed | NotWorth], None]
) -> None:
    """What compressing would do, without doing it."""
    from dataclasses import replace

    from abby_core.storage import compression

    found = 0
    for artifact in _find(context, names) if names else compression.candidates(context.abby.storage, context.account):
        outcome = compression.try_out(context.abby.storage, artifact)
        if isinstance(outcome, compression.Encoded):
            smaller = replace(artifact, size_bytes=len(outcome.data))
            note(_would_be(artifact, smaller, outcome))
            found += 1
        else:
            note(outcome)
        if not names and found >= oldest:
            return


def _would_be(artifact: Artifact, smaller: Artifact, encoded: Encoded) -> Compressed:
    from abby_core.storage.compression import Compressed

    return Compressed(
        artifact=smaller,
        name_before=artifact.name,
        bytes_before=artifact.size_bytes,
        similarity=encoded.similarity,
    )


def _undo(context: Context, name: str, *, dry_run: bool) -> None:
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import megabytes, plain
    from abby_core.storage.compression import undo_compression

    if dry_run:
        raise InvalidRequest("Give --undo or --dry-run, not both.")
    found = context.abby.gallery.find(context.account, name)
    back = _with_choices(context, lambda: undo_compression(context.abby.storage, found))
    if context.as_json:
        context.answer({"pictures": [picture_json(back, context.abby.gallery.path(back))]})
    else:
        typer.echo(f"{plain(back.name)} is the original again, {megabytes(back.size_bytes)}.")


def _json(done: Compressed) -> dict[str, object]:
    return {
        "id": done.artifact.id,
        "name": done.artifact.name,
        "name_before": done.name_before,
        "bytes_before": done.bytes_before,
        "bytes_after": done.artifact.size_bytes,
        "saved_bytes": done.saved_bytes,
        "similarity": vars(done.similarity),
    }


def _table(done: list[Compressed]) -> object:
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import megabytes, plain

    table = Table(box=None, pad_edge=False)
    table.add_column("name", overflow="fold")
    for heading in ("before", "after", "saved", "similarity", "worst part"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in done:
        table.add_row(
            Text(plain(each.artifact.name)), megabytes(each.bytes_before), megabytes(each.artifact.size_bytes),
            f"{each.saved_bytes / each.bytes_before:.0%}",
            *(f"{figure:.3f}" for figure in (each.similarity.mean, each.similarity.worst)),
        )  # fmt: skip
    return table


# ---------------------------------------------------------------------- for all three


def _one_of(names: list[str] | None, oldest: int | None, undo: str | None = None, *, more: str = "") -> None:
    if sum((bool(names), oldest is not None, undo is not None)) != 1:
        raise InvalidRequest(f"Give either names (see `abby gallery`), or --oldest 10{more}.")


def _find(context: Context, names: Iterable[str]) -> list[Artifact]:
    """All of them, before anything is done to one. Raises NotFound."""
    return [context.abby.gallery.find(context.account, name) for name in names]


def _with_choices(context: Context, act: Callable[[], T]) -> T:
    """Carry it out; a refusal says what would help."""
    from abby_core.gallery.choices import choices

    try:
        return act()
    except QuotaExceeded as error:
        error.choices = choices(context.abby.storage, context.account, error)
        raise


@contextmanager
def _progress(context: Context, what: str, total: int) -> Generator[Callable[[], None]]:
    """A bar on standard error where somebody looks, and the step that moves it."""
    if not context.errors.is_terminal or context.as_json:
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress(console=context.errors, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _tell_moved(context: Context, done: list[Artifact], key: str, verb: str, none: str) -> None:
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import megabytes, plain

    if context.as_json:
        context.answer(
            {
                key: [picture_json(each, context.abby.gallery.path(each)) for each in done],
                "size_bytes": sum(each.size_bytes for each in done),
            }
        )
    elif not done:
        typer.echo(none)
    else:
        names = plain(", ".join(each.name for each in done), 500)
        typer.echo(f"{verb}: {names} ({megabytes(sum(each.size_bytes for each in done))})")
