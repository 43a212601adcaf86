"""``doctor``, ``fsck``, ``cleanup``: is everything well, and what to do if not."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(doctor)
    app.command()(fsck)
    app.command()(cleanup)


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, disk, database and image service, and say what to do. Exit code 1 if something is wrong."""
    from rich.text import Text

    from abby_adapters.cli.checkup import examine, forecast_json
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json)
    try:
        results = examine(context)
        if as_json:
            context.answer(
                {
                    "ok": all(result.ok for result in results),
                    "checks": [vars(result) for result in results],
                    "forecast": forecast_json(context),
                }
            )
        else:
            for result in results:
                mark = Text("✓ ", "green") if result.ok else Text("✗ ", "red")
                line = Text.assemble(mark, (f"{result.what:<14}", "bold"), plain(result.detail))
                context.console.print(line, soft_wrap=True)
    finally:
        context.close()
    if not all(result.ok for result in results):
        raise typer.Exit(1)


def fsck(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be known; deletes nothing unknown.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Also read every picture and compare its bytes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare ledger, catalogue and disk. Exit code 1 if they differ (and it was not repaired)."""
    from dataclasses import asdict

    from rich.text import Text

    from abby_adapters.cli.presenter import plain
    from abby_core.storage.fsck import check

    context = Context(as_json=as_json)
    try:
        if context.errors.is_terminal and not as_json:
            with context.errors.status("Comparing…") as status:
                findings = check(
                    context.abby.storage, repair=repair, deep=deep,
                    progress=lambda count: status.update(f"Comparing… {count} pictures"),
                )  # fmt: skip
        else:
            findings = check(context.abby.storage, repair=repair, deep=deep)
        left = [finding for finding in findings if not finding.repaired]
        if as_json:
            context.answer({"ok": not left, "findings": [asdict(finding) for finding in findings]})
        else:
            for finding in findings:
                state = ("repaired ", "green") if finding.repaired else ("found    ", "red")
                context.console.print(
                    Text.assemble(state, (f"{finding.code}: ", "bold"), plain(finding.subject), "  ",
                                  (plain(finding.detail), "bright_black")),
                    soft_wrap=True,
                )  # fmt: skip
            if not findings:
                context.console.print("[green]✓[/] Ledger, catalogue and disk say the same.")
    finally:
        context.close()
    if left:
        raise typer.Exit(1)


def cleanup(as_json: AsJson = False) -> None:
    """Remove temporary files that are older than STORAGE_CLEANUP_DAYS. Nobody's own pictures are touched."""
    context = Context(as_json=as_json)
    try:
        deleted, freed_mb = context.abby.storage.cleanup_old_files()
        if as_json:
            context.answer({"deleted": deleted, "freed_mb": round(freed_mb, 2)})
        else:
            typer.echo(f"Files deleted: {deleted}, space freed: {freed_mb:.2f} MB")
    finally:
        context.close()
