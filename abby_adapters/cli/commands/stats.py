"""``stats``: what was made, refused and spent. For the host: it names people."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from typing import TYPE_CHECKING, Annotated, cast

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson
from abby_core.errors import InvalidRequest

if TYPE_CHECKING:
    from rich.table import Table

    from abby_core.studio.statistics import By, Figures, Report

BAR_COLUMNS = 10
LABEL_COLUMNS = 20
"""With both, the widest table stays within 80 columns."""
LINES_SHOWN_MAX = 60
"""Beyond a screen or two people cannot take it in; --json and --csv have all lines."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a text for a formula (owasp.org, "CSV Injection")."""


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(stats)


def stats(
    days: Annotated[int, typer.Option("--days", help="How many days, today included.")] = 30,
    by: Annotated[str, typer.Option("--by", help="day, provider, account, tier or reason.")] = "day",
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Of one person only.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer in CSV, for spreadsheets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what was made, refused and spent, by day, provider, account, tier or reason."""
    if as_csv and as_json:
        raise InvalidRequest("Choose --csv or --json, not both.")
    context = Context(as_json=as_json)
    try:
        account = None if user is None else context.account_of(user).key
        report = context.abby.statistics.report(days, cast("By", by), account=account)
        if as_json:
            context.answer(_as_json(report))
        elif as_csv:
            typer.echo(as_csv_text(report), nl=False)
        elif report.empty:
            context.console.print(
                f"Nothing was made in the last {days} days. Make the first: [bold]abby imagine "
                '"a cute rabbit in a meadow"[/]'
            )
        else:
            context.console.print(_table(report))
            if len(report.lines) > LINES_SHOWN_MAX:
                context.errors.print(f"{len(report.lines) - LINES_SHOWN_MAX} more lines: add --csv or --json.")
    finally:
        context.close()


# ---------------------------------------------------------------------- programs


def _as_json(report: Report) -> dict[str, object]:
    from abby_adapters.cli.presenter import iso

    return {
        "by": report.by,
        "since": iso(report.since_ms),
        "until": iso(report.until_ms),
        "lines": [_values(line) for line in report.lines],
        "total": {name: value for name, value in _values(report.total).items() if name != "label"},
    }


def _values(line: Figures) -> dict[str, str | int | float]:
    return {**vars(line), "seconds_each": round(line.seconds_each, 3)}


def as_csv_text(report: Report) -> str:
    """The lines as CSV (RFC 4180) with a heading, the label under the name of what it is."""
    import csv
    import io

    from abby_adapters.cli.presenter import plain

    lines = [_values(line) for line in report.lines]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([report.by if name == "label" else name for name in _values(report.total)])
    for line in lines:
        writer.writerow([csv_cell(plain(value) if isinstance(value, str) else value) for value in line.values()])
    return text.getvalue()


def csv_cell(value: str | float) -> str | float:
    """A cell that no spreadsheet runs: a text that looks like a formula gets a ' in front. Numbers stay numbers."""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


# ---------------------------------------------------------------------- people


def _table(report: Report) -> Table:
    """Bars of pictures (by reason: of orders), and the figures beside them, in 80 columns."""
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import megabytes, plain

    table = Table(box=None, pad_edge=False, show_footer=True)
    lines = report.lines if report.by != "day" else list(dropwhile(_nothing_happened, report.lines))
    lengths = [line.orders + line.refused if report.by == "reason" else line.pictures for line in lines]
    most = max(lengths, default=0)
    table.add_column(report.by, "total", no_wrap=True, max_width=LABEL_COLUMNS)
    table.add_column("", width=BAR_COLUMNS, no_wrap=True)
    for heading, figure in zip(("made", "failed", "refused", "credits", "size", "each"),
                               _cells(report.total, megabytes), strict=True):  # fmt: skip
        table.add_column(heading, figure, justify="right", no_wrap=True)
    shown = slice(-LINES_SHOWN_MAX, None) if report.by == "day" else slice(LINES_SHOWN_MAX)
    for line, length in zip(lines[shown], lengths[shown], strict=True):
        label = Text(plain(line.label, LABEL_COLUMNS) or "–")
        table.add_row(label, Text(bar(length, most), style="cyan"), *_cells(line, megabytes))
    return table


def _nothing_happened(line: Figures) -> bool:
    """Days before the first order only fill the screen."""
    return not (line.orders or line.refused)


def _cells(line: Figures, size: Callable[[int], str]) -> tuple[str, ...]:
    """Figures as people read them; nothing where there is nothing, so that what happened stands out."""
    return (
        str(line.pictures),
        str(line.failed or ""),
        str(line.refused or ""),
        f"{line.millicredits / 1000:g}" if line.millicredits else "",
        size(line.size_bytes) if line.size_bytes else "",
        f"{line.seconds_each:.1f} s" if line.started else "",
    )


def bar(value: int, most: int) -> str:
    """A bar of eighths of a character; whatever is more than nothing can be seen."""
    eighths = 0 if not most else max(round(value * BAR_COLUMNS * 8 / most), int(value > 0))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
