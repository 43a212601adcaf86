"""``quota``: what is used, what is left, when it resets."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(quota)


def quota(
    who: Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose quota; default: yours.")] = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Show what is used, what is left, and when it resets."""
    context = Context(as_json=as_json, user=user if who is None else who)
    try:
        status = context.abby.quota.status(context.account)
        if as_json:
            context.answer({"account": context.account.key, **status.as_dict()})
            return
        from abby_adapters.cli.presenter import quota_table

        context.console.print(quota_table(context.account, status))
        if not status.images.allowed:
            context.console.print(f"No more pictures today. It resets in {status.reset_hours} hours.")
        elif not status.bytes.allowed:
            context.console.print(
                "Your storage is full. Make room: [bold]abby trash --empty[/], or [bold]abby delete NAME --for-good[/]"
            )
    finally:
        context.close()
