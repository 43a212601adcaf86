"""``abby token …``: keys for programs that make pictures through the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User, seconds_of

if TYPE_CHECKING:
    from abby_core.access.token import Token

app = typer.Typer(help="Keys for programs that use Abby through the network.", no_args_is_help=True)


def register(main: typer.Typer) -> None:
    """Add this file's commands."""
    main.add_typer(app, name="token")


@app.command()
def create(
    name: Annotated[str, typer.Option("--name", help="What it is for, so that you know it again.")] = "",
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it lasts: 12h, 30d, 52w. Default: until revoked.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="make, look, change; may be repeated. Default: these. Also: admin, metrics."),
    ] = None,
    images_per_day: Annotated[
        int, typer.Option("--images-per-day", help="Most pictures in a day with this token; 0: the account's limits.")
    ] = 0,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once: whoever has it can use your quota."""
    from abby_core.access.token import SCOPES

    seconds = None if expires is None else seconds_of("--expires", expires)
    context = Context(as_json=as_json, user=user)
    try:
        made, text = context.abby.tokens.create(
            context.account, name=name, scopes=scope or SCOPES, expires_in_seconds=seconds,
            images_per_day=images_per_day, by_host=True,
        )  # fmt: skip
        if as_json:
            context.answer({**_token_json(made), "token": text})
            return
        context.errors.print(f"Keep it secret; it is not shown again. Take it back with: abby token revoke {made.id}")
        typer.echo(text)
    finally:
        context.close()


@app.command("list")
def list_(user: User = None, as_json: AsJson = False) -> None:
    """List your tokens: what they are for, until when, and when they were last used."""
    context = Context(as_json=as_json, user=user)
    try:
        found = context.abby.tokens.list(context.account)
        if as_json:
            context.answer({"tokens": [_token_json(each) for each in found]})
        elif found:
            _print_table(context, found)
        else:
            context.console.print("You have no tokens. Make one with: [bold]abby token create --name WHAT-FOR[/]")
    finally:
        context.close()


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as `abby token list` shows it.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Take a token back: it opens nothing from now on."""
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        ended = context.abby.tokens.revoke(context.account, token_id)
        if as_json:
            context.answer(_token_json(ended))
        else:
            typer.echo(f"Revoked: {ended.id}" + (f", {plain(ended.name)}" if ended.name else ""))
    finally:
        context.close()


def _print_table(context: Context, tokens: tuple[Token, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import plain, when

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "for", "may", "a day", "until", "last used", "state"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"id", "until", "last used", "state"})
    for each in tokens:
        table.add_row(
            each.id, Text(plain(each.name) or "-"), ", ".join(each.scopes), _a_day(each),
            when(each.expires_at_ms) or "revoked", when(each.last_used_at_ms) or "never",
            Text(each.state, style="green" if each.state == "live" else "bright_black"),
        )  # fmt: skip
    context.console.print(table)


def _a_day(token: Token) -> str:
    """How many of a day's pictures are taken, where the token has a limit of its own."""
    return f"{token.images_today}/{token.images_per_day}" if token.images_per_day else "-"


def _token_json(token: Token) -> dict[str, Any]:
    from abby_adapters.cli.presenter import iso

    return {
        "id": token.id,
        "account": token.account,
        "name": token.name,
        "scopes": list(token.scopes),
        "state": token.state,
        "images_per_day": token.images_per_day or None,
        "images_today": token.images_today,
        "created_at": iso(token.created_at_ms),
        "expires_at": iso(token.expires_at_ms),
        "last_used_at": iso(token.last_used_at_ms),
        "revoked_at": iso(token.revoked_at_ms),
    }
