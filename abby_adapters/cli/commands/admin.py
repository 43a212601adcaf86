"""``abby admin …``: limits, resets, who uses what. For whoever may sit at this computer: the host."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_adapters.cli.commands import preset
from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson
from abby_core.errors import InvalidRequest

app = typer.Typer(help="Limits, resets, who uses what.", no_args_is_help=True)
app.add_typer(preset.admin_app, name="preset")


def register(main: typer.Typer) -> None:
    """Add this file's commands."""
    main.add_typer(app, name="admin")


Who = Annotated[str, typer.Argument(metavar="USER", help="A name, or discord:123.")]

SHORT_METERS = {
    "images": "images/day",
    "images-hour": "images/hour",
    "images-month": "images/month",
    "storage": "bytes",
    "credits-day": "millicredits/day",
    "credits-month": "millicredits/month",
}
"""What people may type for a meter besides its own name."""
EVERYBODY = "everybody"


@app.command("reset-day")
def reset_day(who: Who, as_json: AsJson = False) -> None:
    """Give somebody the pictures of the day back."""
    context = Context(as_json=as_json)
    try:
        account = context.account_of(who)
        context.abby.quota.reset_day(account)
        _done(context, {"account": account.key, "reset": "images/day"}, f"{account.user_id} starts the day anew.")
    finally:
        context.close()


@app.command("set-limit", context_settings={"ignore_unknown_options": True})  # so that -3 is a number, and refused
def set_limit(
    who: Annotated[str, typer.Argument(metavar="USER", help="A name, discord:123, or everybody (the whole house).")],
    meter: Annotated[
        str,
        typer.Argument(help="images (a day), images-hour, images-month, storage (MB), credits-day or credits-month."),
    ],
    value: Annotated[str, typer.Argument(help="The limit, or `none` to take it back.")],
    as_json: AsJson = False,
) -> None:
    """Set somebody's own limit, over the host's settings."""
    name = SHORT_METERS.get(meter, meter)
    amount = None if value.lower() == "none" else _amount(name, value)
    context = Context(as_json=as_json)
    try:
        account = None if who == EVERYBODY else context.account_of(who)
        context.abby.quota.set_limit(account, name, amount)
        key = EVERYBODY if account is None else account.key
        _done(
            context,
            {"account": key, "meter": name, "limit": amount},
            f"{who}: {name} " + ("as the settings say" if amount is None else f"up to {value}"),
        )
    finally:
        context.close()


@app.command()
def usage(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many accounts.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who uses how much, the largest first."""
    context = Context(as_json=as_json)
    try:
        accounts = context.abby.quota.usage(limit=limit)
        if as_json:
            context.answer({"accounts": [{"account": who.key, **status.as_dict()} for who, status in accounts]})
            return
        if not accounts:
            context.console.print("Nobody has made anything yet.")
            return
        from rich.table import Table
        from rich.text import Text

        from abby_adapters.cli.presenter import LEVEL_COLOURS, megabytes, plain

        table = Table(box=None, pad_edge=False)
        table.add_column("who")
        table.add_column("storage", justify="right")
        table.add_column("of", justify="right")
        table.add_column("today", justify="right")
        for who, status in accounts:
            table.add_row(
                Text(plain(who.key, 60)),
                Text(megabytes(status.bytes.used), style=LEVEL_COLOURS[status.bytes.level]),
                "unlimited" if status.bytes.unlimited else megabytes(status.bytes.limit),
                f"{status.images.used}/{'unlimited' if status.images.unlimited else status.images.limit}",
            )
        context.console.print(table)
    finally:
        context.close()


@app.command("adopt-layout")
def adopt_layout(as_json: AsJson = False) -> None:
    """Take in pictures that lie in the storage folder but that Abby did not put there."""
    from abby_adapters.cli.presenter import plain
    from abby_core.storage.adoption import adopt_layout as adopt

    context = Context(as_json=as_json)
    try:
        report = adopt(context.abby.storage)
        skipped = [{"file": key, "reason": reason} for key, reason in report.skipped]
        _done(context, {"adopted": report.adopted, "skipped": skipped}, f"Pictures taken in: {report.adopted}")
        if not as_json:
            for key, reason in report.skipped:
                typer.echo(f"Left alone: {plain(key)}: {plain(reason)}")
    finally:
        context.close()


def _amount(meter: str, value: str) -> int:
    """A limit as people type it (MB, credits) in the meter's own unit. Raises InvalidRequest."""
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number < 1e12:  # also what is not a number
        raise InvalidRequest(f"A limit is a number of 0 or more, or `none`, not {value[:40]!r}.")
    unit = 2**20 if meter == "bytes" else 1000 if meter.startswith("millicredits") else 1
    return int(number * unit)


def _done(context: Context, answer: dict[str, object], sentence: str) -> None:
    from abby_adapters.cli.presenter import plain

    if context.as_json:
        context.answer(answer)
    else:
        typer.echo(plain(sentence))
