"""``download``, ``import``: pictures out of Abby as a ZIP, and into it from elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User
from abby_core.errors import AbbyError, InvalidRequest, Refused

if TYPE_CHECKING:
    from abby_core.gallery.importing import ImportReport
    from abby_core.studio import Artifact

Advance = Callable[[int, str], None]
STOPPED_BY_PEOPLE = 130
REASONS_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(download)
    app.command("import")(import_)


def download(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Pictures, by name or id.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All your pictures.")] = False,
    album: Annotated[str, typer.Option("--album", metavar="NAME", help="The pictures of an album.")] = "",
    out: Annotated[str | None, typer.Option("--out", metavar="FILE.zip", help="Where to; a new file.")] = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Write pictures and what is known of them into a ZIP."""
    from abby_adapters.cli.new_file import check_new, write_new
    from abby_adapters.cli.presenter import megabytes, plain
    from abby_core.gallery.download import zip_stream
    from abby_core.gallery.selection import select

    if not (names or album or everything):
        raise InvalidRequest("Say which pictures: `abby download NAME`, `--album NAME` or `--all`.")
    target = _free_name() if out is None else Path(out)
    check_new(target)
    missing: list[tuple[str, str]] = []
    context = Context(as_json=as_json, user=user)
    try:
        storage = context.abby.storage
        chosen = select(storage, context.account, names=names or (), album=album, everything=everything)
        if album and not chosen:
            raise InvalidRequest(f"There is no picture in the album {album!r}.")
        if not chosen:
            raise InvalidRequest('There are no pictures yet. Make the first: abby imagine "a cute rabbit in a meadow"')
        with _bar(context, "Packing", len(chosen)) as advance:
            count = 0

            def looked(artifact: Artifact, reason: str) -> None:
                nonlocal count
                count += 1
                if reason:
                    missing.append((artifact.name, reason))
                advance(count, artifact.name)

            size_bytes = write_new(target, zip_stream(storage, chosen, looked=looked))
        if as_json:
            context.answer({
                "file": str(target), "pictures": len(chosen) - len(missing), "size_bytes": size_bytes,
                "missing": [{"name": name, "reason": reason} for name, reason in missing],
            })  # fmt: skip
            return
        for name, reason in missing:
            context.errors.print(f"Missing: {plain(name)}: {plain(reason)}", style="yellow", markup=False)
        pictures = _count(len(chosen) - len(missing), "picture")
        context.errors.print(f"{pictures}, {megabytes(size_bytes)}:", style="bright_black")
        typer.echo(str(target))
    except KeyboardInterrupt:
        context.errors.print("[yellow]Stopped.[/] Nothing was written.")
        raise typer.Exit(STOPPED_BY_PEOPLE) from None
    finally:
        context.close()


def import_(
    places: Annotated[
        list[str], typer.Argument(metavar="PLACE...", help="Folders, ZIP files, pictures; or addresses.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each file.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Take in pictures made elsewhere; what other programs noted in them is kept. May be repeated: nothing doubles."""
    context = Context(as_json=as_json, user=user)
    looked_at = 0

    def looked(count: int) -> None:
        nonlocal looked_at
        looked_at = count

    try:
        if not any(map(_is_link, places)):
            report = _import_files(context, places, dry_run=dry_run, looked=looked)
        elif dry_run or not all(map(_is_link, places)):
            raise InvalidRequest("Import addresses by themselves, without files and without --dry-run.")
        else:
            report = _import_links(context, places, looked=looked)
        if as_json:
            context.answer(_report_json(report, dry_run=dry_run))
        else:
            _print_report(context, report, dry_run=dry_run)
    except KeyboardInterrupt:
        context.errors.print(f"[yellow]Stopped[/] after {_count(looked_at, 'file')}. Run it again to go on from there.")
        raise typer.Exit(STOPPED_BY_PEOPLE) from None
    finally:
        context.close()
    if report.stopped is not None and not as_json:
        raise report.stopped
    if report.stopped is not None:
        raise typer.Exit(_exit_code(report.stopped))
    if report.of("refused") and len(report.of("refused")) == len(report.outcomes):
        raise typer.Exit(2)


def _import_files(context: Context, places: list[str], *, dry_run: bool, looked: Callable[[int], None]) -> ImportReport:
    source = context.abby.importer.source(*map(Path, places))
    with _bar(context, "Looking" if dry_run else "Importing", source.count()) as advance, _patient() as pause:

        def progress(count: int, place: str) -> None:
            looked(count)
            advance(count, place)
            pause()

        return context.abby.importer.run(context.account, source, dry_run=dry_run, progress=progress)


def _import_links(context: Context, links: list[str], *, looked: Callable[[int], None]) -> ImportReport:
    """Fetch what stands at these addresses, where the host allows that (FETCH_URLS)."""
    import asyncio
    from pathlib import PurePosixPath
    from urllib.parse import urlsplit

    from abby_core.gallery.importing import ImportReport, Outcome

    outcomes: list[Outcome] = []
    with _bar(context, "Fetching", len(links)) as advance:
        for count, link in enumerate(links, 1):
            try:
                data = asyncio.run(context.abby.fetch_picture(link))
                name = PurePosixPath(urlsplit(link).path).name or "picture"
                outcomes.append(context.abby.importer.take(context.account, name, data))
            except InvalidRequest as error:
                outcomes.append(Outcome(place=link, state="refused", reason=str(error)))
            except Refused as error:
                return ImportReport(outcomes=tuple(outcomes), skipped=0, stopped=error)
            looked(count)
            advance(count, link)
    return ImportReport(outcomes=tuple(outcomes), skipped=0)


def _is_link(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def _exit_code(stopped: AbbyError) -> int:
    """As main has it, which is not asked: the answer in JSON was given already."""
    return 2 if isinstance(stopped, InvalidRequest) else 3 if isinstance(stopped, Refused) else 1


# ---------------------------------------------------------------------- what is said


def _report_json(report: ImportReport, *, dry_run: bool) -> dict[str, object]:
    from abby_adapters.cli.as_json import error_json

    def files(state: str) -> list[dict[str, str]]:
        return [
            {"file": each.place, "name": each.name, "reason": each.reason}
            for each in report.outcomes
            if each.state == state
        ]

    stopped: AbbyError | None = report.stopped
    return {
        "dry_run": dry_run,
        "imported": files("imported"),
        "already": files("already"),
        "refused": files("refused"),
        "skipped": report.skipped,
        "size_bytes": report.size_bytes,
        "stopped": None if stopped is None else error_json(stopped)["error"],
    }


def _print_report(context: Context, report: ImportReport, *, dry_run: bool) -> None:
    from abby_adapters.cli.presenter import megabytes, plain, quota_line

    if not report.outcomes and report.stopped is None:
        others = f" ({_count(report.skipped, 'other file')} passed by)" if report.skipped else ""
        typer.echo(f"No pictures were found there{others}. Abby takes PNG, JPEG and WebP.")
        return
    refused = report.of("refused")
    for each in refused[:REASONS_SHOWN]:
        context.errors.print(f"Refused: {plain(each.place)}: {plain(each.reason)}", style="yellow", markup=False)
    if len(refused) > REASONS_SHOWN:
        context.errors.print(f"… and {len(refused) - REASONS_SHOWN} more; --json names all.", style="yellow")
    said = [f"{'Would import' if dry_run else 'Imported'} {_count(len(report.of('imported')), 'picture')}"]
    if report.of("imported"):
        said[0] += f" ({megabytes(report.size_bytes)})"
    if already := report.of("already"):
        said.append(f"{len(already)} already there")
    if refused:
        said.append(f"{len(refused)} refused")
    if report.skipped:
        said.append(f"{_count(report.skipped, 'other file')} passed by")
    typer.echo(", ".join(said) + ".")
    status = context.abby.quota.status(context.account)
    context.errors.print(quota_line(status))
    if dry_run and report.size_bytes > min(status.bytes.remaining, status.house_bytes.remaining):
        room = megabytes(min(status.bytes.remaining, status.house_bytes.remaining))
        context.errors.print(f"[yellow]There is room for {room} only: the import would stop there.[/]")
    elif not dry_run and report.of("imported"):
        context.errors.print("[bright_black]See them: abby gallery[/]")


@contextlib.contextmanager
def _bar(context: Context, what: str, total: int) -> Generator[Advance]:
    """A bar for people who watch; nothing for programs."""
    if context.as_json or not context.errors.is_terminal:
        yield lambda _count, _name: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from abby_adapters.cli.presenter import plain

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=context.errors, transient=True) as bar:
        task = bar.add_task(what, total=total)

        def advance(count: int, name: str) -> None:
            bar.update(task, completed=count, description=Text(f"{what} {plain(name, 30)}").markup)

        yield advance


@contextlib.contextmanager
def _patient() -> Generator[Callable[[], None]]:
    """Ctrl-C takes effect where the yielded function is called: between two pictures, never in the middle of one."""
    import signal

    asked = False

    def ask(_signal: int, _frame: object) -> None:
        nonlocal asked
        asked = True

    def pause() -> None:
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, before)


def _free_name() -> Path:
    """A new file in this folder."""
    from itertools import islice

    from abby_core.storage.names import unique_candidates

    candidates = map(Path, islice(unique_candidates("abby-pictures.zip"), 100))
    return next((path for path in candidates if not path.exists()), Path("abby-pictures.zip"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
