"""``abby`` alone: how it is set up, what works, what to type next."""

from __future__ import annotations

from abby_adapters.cli.context import Context
from abby_adapters.cli.presenter import plain, quota_line
from abby_core.errors import AbbyError

NEXT = (
    ('imagine "a cute rabbit in a meadow"', "make a picture"),
    ("gallery", "see what you made"),
    ("quota", "see what is left"),
    ("doctor", "is everything well?"),
)


def welcome() -> None:
    """Print the guided status."""
    from rich.markup import escape

    context = Context()
    say = context.console.print
    settings = context.settings
    real = bool(settings.stability_api_key) and settings.provider != "painter"
    try:
        say("[bold magenta]🐰 Abby[/], your picture studio\n")
        say("  Pictures by   " + ("[green]Stability AI[/]" if real else "[cyan]the demo painter[/] (offline, not AI)"))
        say(f"  Kept in       {escape(str(settings.storage_root.absolute()))}")
        say("  Database      " + ("by DATABASE_URL" if settings.database_url else "SQLite, in that folder"))
        try:
            status = context.abby.quota.status(context.account)
            say(f"  Your quota    {quota_line(status)}")
        except AbbyError as error:
            say(f"  [red]✗ {escape(plain(str(error)))}[/]")
        for warning in settings.warnings:
            say(f"  [yellow]! {escape(plain(warning))}[/]")
        say("\nType next:")
        for command, does in NEXT:
            say(f"  [bold]{escape(f'abby {command}'):<42}[/][bright_black]{does}[/]")
        if not real:
            say("\nFor real AI pictures write [bold]STABILITY_API_KEY=…[/] into a file [bold].env[/] in this folder.")
        say("\n[bright_black]`python launch.py …` and `abby …` are the same. All commands: abby --help[/]")
    finally:
        context.close()
