"""``export`` and ``forget``: everything about one person, to take along or to remove. For the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson
from abby_core.errors import InvalidRequest, StorageError

if TYPE_CHECKING:
    from abby_core.gallery.forgetting import Receipt
    from abby_core.studio import Account

Who = Annotated[str, typer.Argument(metavar="USER", help="A name, or discord:123.")]
Progress = Callable[[int], None]
WORDS = {
    "artifacts": "pictures",
    "bytes": "their size",
    "album_pictures": "pictures in albums",
    "retired_blobs": "former files of pictures",
    "deliveries": "messages about orders",
    "journal": "notes for statistics",
    "standings": "what the platform told of them",
    "turns": "whose turn it was",
}
"""What a table's rows are called where its own name would not do."""


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(export)
    app.command()(forget)


def export(
    who: Who,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE.zip", help="Where to write it; never over another file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write everything Abby keeps of somebody into one ZIP: pictures, and all data as JSON."""
    from abby_adapters.cli.presenter import megabytes, plain
    from abby_core.gallery.export import export as pack

    context = Context(as_json=as_json)
    try:
        account = context.account_of(who)
        target = _target(context, account, out)
        packed = 0

        def count(pictures: int) -> None:
            nonlocal packed
            packed = pictures
            show(pictures)

        with _pictures_counted(context, "Packing…") as show:
            size_bytes = _write(target, pack(context.abby.storage, account, progress=count))
        if as_json:
            context.answer({"account": account.key, "file": str(target), "pictures": packed, "size_bytes": size_bytes})
        else:
            said = f"Everything of {plain(account.key)}. Pictures: {packed}, size: {megabytes(size_bytes)}."
            context.errors.print(said, markup=False)
            typer.echo(str(target))
    finally:
        context.close()


def forget(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; without this you are shown what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove everything Abby keeps of somebody, for good; shows it first. Exit code 1 if something is left."""
    import asyncio

    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json)
    try:
        account = context.account_of(who)
        found = context.abby.forgetting.preview(account)
        if not as_json:
            _show_counts(context, found)
        if not yes and not (context.console.is_terminal and not as_json and found.counts):
            if as_json:
                context.answer({**_receipt_json(found), "dry_run": True})
            elif found.counts:
                typer.echo(f"Nothing was removed. To remove it for good: abby forget {plain(who)} --yes")
            return
        if not yes:
            typer.confirm("Remove all of it for good?", abort=True)
        with _pictures_counted(context, "Removing…") as show:
            receipt = asyncio.run(context.abby.forgetting.forget(account, progress=show))
        if as_json:
            context.answer({**_receipt_json(receipt), "dry_run": False})
        else:
            _show_receipt(context, receipt)
    finally:
        context.close()
    if not receipt.complete:
        raise typer.Exit(1)


def _receipt_json(receipt: Receipt) -> dict[str, object]:
    return {**asdict(receipt), "counts": dict(receipt.counts)}


def _show_counts(context: Context, receipt: Receipt) -> None:
    """What there is of somebody, in words."""
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import megabytes, plain
    from abby_core.gallery.personal import PERSONAL

    if not receipt.counts:
        context.console.print(f"Abby keeps nothing of {plain(receipt.account)}.", markup=False)
        return
    table = Table(title=Text(f"What Abby keeps of {plain(receipt.account, 60)}"), title_justify="left", box=None,
                  show_header=False)  # fmt: skip
    table.add_column(justify="right")
    table.add_column()
    for name, number in receipt.counts.items():
        amount = megabytes(number) if name == "bytes" else str(number)
        stays = ""
        if name in PERSONAL and PERSONAL[name].anonymised:
            stays = " (days and figures stay, without a name)"
        elif name in PERSONAL and PERSONAL[name].pseudonymous:
            stays = " (they hold on, under a pseudonym)"
        table.add_row(amount, WORDS.get(name, name.replace("_", " ")) + stays)
    context.console.print(table)


def _show_receipt(context: Context, receipt: Receipt) -> None:
    from abby_adapters.cli.presenter import plain

    for sentence in receipt.left:
        context.console.print(f"Not removed yet: {plain(sentence)}", style="red", markup=False, soft_wrap=True)
    for sentence in receipt.by_hand:
        context.console.print(f"For you to do: {plain(sentence)}", style="yellow", markup=False, soft_wrap=True)
    if receipt.complete:
        context.console.print(f"{plain(receipt.account)} is forgotten.", style="green", markup=False)
    else:
        context.console.print("Type the same again to go on.", markup=False)


def _target(context: Context, account: Account, out: str | None) -> Path:
    """Where the ZIP goes: ``--out``, else ``abby-alice-2026-03-31.zip`` here. Raises InvalidRequest if it is taken."""
    from datetime import UTC, datetime

    from abby_core.storage.names import folder_for

    today = datetime.fromtimestamp(context.abby.storage.now_ms() / 1000, UTC)
    usual = f"abby-{folder_for(account.platform, account.user_id)}-{today:%Y-%m-%d}.zip"
    target = Path(usual if out is None else out)
    if not target.name or not target.parent.is_dir():
        raise InvalidRequest(f"--out {out!r} names no file in an existing folder.")
    if os.path.lexists(target):
        raise InvalidRequest(f"{target} exists already; choose another name with --out.")
    return target


def _write(target: Path, chunks: Iterable[bytes]) -> int:
    """Write a file that appears whole or not at all, and never over another one. Returns its size."""
    part = target.with_name(f".{target.name[:100]}-{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)  # it is all that is known of somebody
            size_bytes = sum(map(file.write, chunks))
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, target)
    except FileExistsError as error:
        raise InvalidRequest(f"{target} exists already; choose another name with --out.") from error
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return size_bytes


def _give_name(part: Path, target: Path) -> None:
    """Rename, unless the name was taken meanwhile; a disk without links is looked at just before."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(str(target)) from None
        part.rename(target)


@contextmanager
def _pictures_counted(context: Context, doing: str) -> Generator[Progress]:
    """Called with each count of pictures: shown to people, on standard error."""
    if context.as_json or not context.errors.is_terminal:
        yield lambda _count: None
        return
    with context.errors.status(doing) as status:
        yield lambda count: status.update(f"{doing} {count} pictures")
