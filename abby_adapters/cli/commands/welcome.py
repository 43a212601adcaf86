"""``abby`` alone, or ``abby status``: how it is set up, what works, what to type next."""

from __future__ import annotations

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.presenter import plain, quota_line
from abby_core.errors import AbbyError

NEXT = (
    ('imagine "a cute rabbit in a meadow"', "make a picture"),
    ("gallery", "see what you made"),
    ("quota", "see what is left"),
    ("bot", "let members make pictures on Discord"),
    ("serve", "run the web, and the bot if there is a token"),
    ("doctor", "is everything well?"),
)


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("status")(welcome)


def welcome() -> None:
    """Show how Abby is set up, what works, and what to type next; the same as `abby` alone."""
    from rich.markup import escape

    context = Context()
    say = context.console.print
    settings = context.settings
    trouble: list[str] = []
    try:
        say("[bold magenta]🐰 Abby[/], your picture studio\n")
        try:
            demo = next(iter(context.abby.generator.providers.values())).capabilities.demo
            say(
                "  Pictures by   "
                + ("[cyan]the demo painter[/] (offline, not AI)" if demo else "[green]Stability AI[/]")
            )
        except AbbyError as error:
            demo = False
            trouble.append(str(error))
        say(f"  Kept in       {escape(str(settings.storage_root.absolute()))}")
        say("  Database      " + ("by DATABASE_URL" if settings.database_url else "SQLite, in that folder"))
        try:
            say(f"  Your quota    {quota_line(context.abby.quota.status(context.account))}")
        except AbbyError as error:
            trouble.append(str(error))
        for sentence in trouble:
            say(f"  [red]✗ {escape(plain(sentence))}[/]")
        for warning in settings.warnings:
            say(f"  [yellow]! {escape(plain(warning))}[/]")
        say("\nType next:")
        for command, does in NEXT[-1:] if trouble else NEXT:
            say(f"  [bold]{escape(f'abby {command}'):<42}[/][bright_black]{does}[/]")
        if demo:
            say("\nFor real AI pictures write [bold]STABILITY_API_KEY=…[/] into a file [bold].env[/] in this folder.")
        say("\n[bright_black]`python launch.py …` is `abby …`; alone it serves. All commands: abby --help[/]")
    finally:
        context.close()
