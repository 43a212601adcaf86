"""Having an order made while people watch: progress, Ctrl-C, the result."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import typer

from abby_adapters.cli.as_json import creation_json, error_json, order_json, picture_json
from abby_adapters.cli.presenter import DEMO_NOTE, plain, quota_line
from abby_core.bootstrap import configure_logging, open_abby
from abby_core.errors import AbbyError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from abby_adapters.cli.context import Context
    from abby_core.bootstrap import Abby
    from abby_core.settings import Settings
    from abby_core.studio import Creation, Order, Progress

STOPPED_BY_PEOPLE = 130
"""Exit code after Ctrl-C, as shells have it."""


def make(context: Context, order: Order) -> Creation:
    """Have the order made and wait for it. Ctrl-C cancels it, gives its quota back and leaves with 130.

    Raises what :meth:`Studio.create` raises.
    """
    configure_logging(context.settings if context.verbose else _quiet(context.settings))
    try:
        return asyncio.run(_make(context, order))
    except KeyboardInterrupt:
        _say_stopped(context, order)
        raise typer.Exit(STOPPED_BY_PEOPLE) from None


def show(
    context: Context,
    creation: Creation,
    *,
    saved: list[Path],
    trouble: AbbyError | None = None,
    notes: tuple[str, ...] = (),
) -> None:
    """Say what was made: its path last and alone on its line, so that scripts can take it.

    ``notes``: what there was to say before it was ordered; the creation's own follow.
    ``trouble`` came after the pictures were kept: it is said as well, and the exit code is 1.
    """
    from rich.markup import escape

    paths = [context.abby.gallery.path(artifact) for artifact in creation.artifacts]
    status = context.abby.quota.status(context.account)
    if context.as_json:
        answer = creation_json(creation, paths)
        answer |= {
            "notes": [*notes, *creation.notes],
            "saved": [str(path) for path in saved],
            "quota": status.as_dict(),
        }
        context.answer(answer if trouble is None else answer | error_json(trouble))
        raise typer.Exit(0 if trouble is None else 1)
    from abby_adapters.cli.preview import can_preview, preview

    if can_preview(context.console):
        for artifact in creation.artifacts:
            image = preview(context.abby.gallery.open(artifact), columns=min(48, context.console.width - 2))
            if image is not None:
                context.console.print(image)
    if creation.demo:
        context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
    for note in notes + creation.notes:
        if not (creation.demo and "demo painter" in note):
            context.errors.print(f"[bright_black]{escape(plain(note))}[/]")
    context.errors.print(quota_line(status))
    for path in [path for path in paths if path is not None] + saved:
        typer.echo(str(path))
    if trouble is not None:
        context.errors.print(f"[red]{escape(plain(str(trouble)))}[/]")
        raise typer.Exit(1)


def _say_stopped(context: Context, order: Order) -> None:
    """What became of an order that was stopped with Ctrl-C: pictures it had finished are kept."""
    try:
        view = asyncio.run(context.abby.studio.order(order.id, order.account))
    except NotFound:
        context.errors.print("[yellow]Stopped[/] before the order was accepted; nothing was charged.")
        return
    kept = context.abby.gallery.of_order(order.account, order.id)
    paths = [context.abby.gallery.path(artifact) for artifact in kept]
    if context.as_json:
        pictures = [picture_json(artifact, path) for artifact, path in zip(kept, paths, strict=True)]
        context.answer({"order": order_json(view), "pictures": pictures})
        return
    if view.state == "cancelled":
        context.errors.print("[yellow]Cancelled.[/] What was not finished was given back to your quota.")
    else:
        context.errors.print(f"[yellow]Stopped watching.[/] The order is {view.state}: see `abby orders`.")
    if view.maybe_billed:
        context.errors.print("The image service may have charged the host for it all the same.")
    for path in filter(None, paths):
        typer.echo(str(path))


async def _make(context: Context, order: Order) -> Creation:
    async with open_abby(context.settings) as abby:
        try:
            await abby.studio.submit(order)
            with _watcher(context) as watch:
                async for progress in abby.studio.watch(order.id, order.account):
                    watch(progress)
            return await abby.studio.result(order.id, order.account)
        except asyncio.CancelledError:
            await _cancel(abby, order)
            raise


async def _cancel(abby: Abby, order: Order) -> None:
    with contextlib.suppress(AbbyError):  # not accepted yet, or ended meanwhile
        await abby.studio.cancel(order.id, order.account)


@contextlib.contextmanager
def _watcher(context: Context) -> Generator[Callable[[Progress], None]]:
    """What is called with each progress: a bar for people, nothing for programs."""
    if context.as_json or not context.errors.is_terminal:
        yield lambda _progress: None
        return
    from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    says, done = TextColumn("{task.description}"), TaskProgressColumn()
    with Bar(
        SpinnerColumn(), says, BarColumn(), done, TimeElapsedColumn(), console=context.errors, transient=True
    ) as bar:
        task = bar.add_task("Waiting", total=100)

        def update(progress: Progress) -> None:
            bar.update(task, completed=progress.percent, description=describe(progress))

        yield update


def describe(progress: Progress) -> str:
    """``Waiting, number 3, about 40 s``."""
    eta = "" if progress.eta_seconds is None else f", about {max(1, round(progress.eta_seconds))} s"
    if progress.state == "waiting":
        return f"Waiting, number {progress.position}{eta}" if progress.position else f"Waiting{eta}"
    return {"running": f"Painting{eta}", "done": "Done", "failed": "Failed", "cancelled": "Cancelled"}[progress.state]


def _quiet(settings: Settings) -> Settings:
    """Only warnings, unless the host set a level: beside a progress bar everything else is noise."""
    from dataclasses import replace

    return replace(settings, log_level="WARNING") if settings.log_level == "INFO" else settings
