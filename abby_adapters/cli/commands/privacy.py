"""``export`` and ``forget``: everything about one person, to take along or to remove. For the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson
from abby_core.errors import InvalidRequest, StorageError

if TYPE_CHECKING:
    from abby_core.studio import Account

Who = Annotated[str, typer.Argument(metavar="USER", help="A name, or discord:123.")]
Progress = Callable[[int], None]


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(export)


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


def _target(context: Context, account: Account, out: str | None) -> Path:
    """Where the ZIP goes: ``--out``, else ``abby-alice-2026-03-31.zip`` here. Raises InvalidRequest if it is taken."""
    from datetime import UTC, datetime

    from abby_core.storage.names import folder_for

    today = datetime.fromtimestamp(context.abby.storage.now_ms() / 1000, UTC)
    target = Path(out or f"abby-{folder_for(account.platform, account.user_id)}-{today:%Y-%m-%d}.zip")
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
