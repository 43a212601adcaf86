"""``orders`` and ``cancel``: what is waiting, running, finished and failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User

if TYPE_CHECKING:
    from abby_core.studio import OrderView


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(orders)
    app.command()(cancel)


def orders(
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's orders.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 20,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """List your orders, the newest first: waiting, running, finished, failed and why."""
    import asyncio

    from abby_adapters.cli.as_json import order_json
    from abby_adapters.cli.presenter import orders_table

    context = Context(as_json=as_json, user=user)
    try:
        account = None if everybody else context.account
        found = asyncio.run(context.abby.studio.orders(account, limit=limit))
        if as_json:
            context.answer({"orders": [order_json(order) for order in found]})
        elif found:
            context.console.print(orders_table(found, whose=everybody))
        else:
            context.console.print('No orders yet. Make the first: [bold]abby imagine "a cute rabbit in a meadow"[/]')
    finally:
        context.close()


def cancel(
    order: Annotated[str, typer.Argument(help="The order's id, as `abby orders` shows it.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Cancel one of your orders; what it has not used of your quota comes back."""
    import asyncio

    from abby_adapters.cli.as_json import order_json

    context = Context(as_json=as_json, user=user)
    try:
        view = asyncio.run(_cancel(context, order))
        if as_json:
            context.answer(order_json(view))
        elif view.state == "cancelled":
            typer.echo("Cancelled. What was not used of your quota was given back.")
        elif view.ended:
            typer.echo(f"Nothing to cancel: the order is {view.state} already.")
        else:
            typer.echo("It is being made by another program, which was asked to stop.")
    finally:
        context.close()


async def _cancel(context: Context, order: str) -> OrderView:
    return await context.abby.studio.cancel(order, context.account)
