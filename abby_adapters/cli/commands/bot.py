"""``bot``: Abby on Discord, until she is stopped."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(bot)


def bot() -> None:
    """Run the Discord bot until Ctrl-C; set DISCORD_TOKEN before. What is being made is finished and delivered."""
    from abby_adapters.cli.neighbours import run_bot
    from abby_core.settings import load_settings

    run_bot(load_settings())
