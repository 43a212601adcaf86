"""``quota``: what is used, what is left, when it resets; why (``explain``), and what if (``simulate``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User

if TYPE_CHECKING:
    from abby_core.studio import Simulation

DAYS_MAX = 366
ACCOUNTS_SHOWN = 20
"""How many accounts a table of people names; ``--json`` names all."""
Who = Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose quota; default: yours.")]


class _ShowUnlessNamed(TyperGroup):
    """A group whose first command need not be named: ``abby quota alice`` is ``abby quota show alice``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args[:1] and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["show", *args])


app = typer.Typer(cls=_ShowUnlessNamed, help="Show what is used, what is left, when it resets: `abby quota [USER]`.")


def register(main: typer.Typer) -> None:
    """Add this file's commands."""
    main.add_typer(app, name="quota")


@app.command()
def show(who: Who = None, user: User = None, as_json: AsJson = False) -> None:
    """Show what is used, what is left, and when it resets. The word `show` may be left out."""
    context = Context(as_json=as_json, user=user if who is None else who)
    try:
        status = context.abby.quota.status(context.account)
        if as_json:
            context.answer({"account": context.account.key, **status.as_dict()})
            return
        from abby_adapters.cli.presenter import quota_full, quota_table

        context.console.print(quota_table(context.account, status))
        if status.full:
            context.console.print(quota_full(status))
        elif not status.bytes.allowed:
            context.console.print(
                "Your storage is full. Make room: [bold]abby trash --empty[/], or [bold]abby delete NAME --for-good[/]"
            )
    finally:
        context.close()


@app.command()
def explain(who: Who = None, user: User = None, as_json: AsJson = False) -> None:
    """Say which tiers apply, which rule gave which limit, what is used, what is set aside, and when it frees up."""
    from rich.text import Text

    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user if who is None else who)
    try:
        explanation = context.abby.quota.explain(context.account)
        if as_json:
            context.answer(explanation.as_dict())
            return
        context.console.print(Text(f"Quota of {plain(context.account.key, 60)}", "italic"))
        for heading, sentences in explanation.sentences():
            context.console.print(f"[bold]{heading}[/]")
            for sentence in sentences:
                context.console.print(Text(f"  {plain(sentence)}"), soft_wrap=True)
    finally:
        context.close()


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rules to try, written like abby.toml.")],
    days: Annotated[int, typer.Option("--days", min=1, max=DAYS_MAX, help="How many days to look back.")] = 30,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only this account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the last days under other rules: who would have been refused, and what it would have saved."""
    from dataclasses import replace

    from abby_adapters.cli.as_json import simulation_json

    context = Context(as_json=as_json, user=user)
    try:
        with context.errors.status("Looking back…") as status:
            simulation = context.abby.quota.simulate(
                file, days=days, progress=lambda count: status.update(f"Looking back… {count} orders and removals")
            )
        if user is not None:
            own = (replay for replay in simulation.replays if replay.account == context.account.key)
            simulation = replace(simulation, replays=tuple(own))
        if as_json:
            context.answer(simulation_json(simulation))
        else:
            _print_simulation(context, simulation)
    finally:
        context.close()


def _print_simulation(context: Context, simulation: Simulation) -> None:
    from rich.text import Text

    from abby_adapters.cli.presenter import changed_replays, replays_table

    console, everybody, changed = context.console, simulation.total, changed_replays(simulation)
    if not everybody.orders + everybody.refused_then:
        console.print(f"Nobody asked for a picture in the last {simulation.days} days: there is nothing to replay.")
        return
    if changed:
        console.print(replays_table(changed[:ACCOUNTS_SHOWN], everybody))
        if len(changed) > ACCOUNTS_SHOWN:
            console.print(f"…and {len(changed) - ACCOUNTS_SHOWN} accounts more; --json names them all.")
    else:
        console.print(f"These rules would have changed nothing for the {everybody.orders} orders that were accepted.")
    console.print(Text(simulation.assumptions, "bright_black"))
