"""``abby``: the commands, and what becomes of errors.

Exit codes: 0 done · 1 trouble on this machine · 2 wrong use · 3 refused by a limit · 4 the image service failed ·
130 stopped with Ctrl-C. Everything heavy is imported by the command that needs it, so that the first word
appears at once.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated

import typer

from abby_core.errors import (
    AbbyError,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    ProviderError,
    Refused,
    StorageError,
)

WRONG_USE, REFUSED, PROVIDER_FAILED, TROUBLE = 2, 3, 4, 1
EXIT_CODES: tuple[tuple[type[AbbyError], int], ...] = (
    (InvalidRequest, WRONG_USE),
    (NotFound, WRONG_USE),
    (ConfigurationError, WRONG_USE),
    (Refused, REFUSED),
    (ProviderError, PROVIDER_FAILED),
    (StorageError, TROUBLE),
)
"""The first that fits decides."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "welcome": ("status",),
    "make": ("imagine", "transform", "upscale", "vary"),
    "preset": ("prefer", "preset"),
    "gallery": ("gallery", "show", "styles"),
    "describe": ("favourite", "rename", "visibility", "alt"),
    "share": ("share", "shares", "unshare", "open-share"),
    "transfer": ("download", "import"),
    "trash": ("delete", "undelete", "trash"),
    "quota": ("quota",),
    "room": ("compress", "archive", "restore"),
    "orders": ("orders", "cancel"),
    "care": ("doctor", "fsck", "cleanup"),
    "privacy": ("export", "forget"),
    "stats": ("stats",),
    "serve": ("serve",),
    "link": ("link",),
    "bot": ("bot",),
    "albums": ("album",),
    "token": ("token",),
    "admin": ("admin",),
}
"""Every file of commands and what it adds, in the order of the help. To read one takes a millisecond or two, and as
much again for each command: so of those only the file is read that has the command which was typed."""


def app_for(typed: str) -> typer.Typer:
    """The commands: those of the file that has ``typed``, or all of them where it is no command's name."""
    app = typer.Typer(
        help="Abby, a picture studio: make pictures from words, kept under quota.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(start)
    for part in [part for part, names in PARTS.items() if typed in names] or PARTS:
        import_module(f"abby_adapters.cli.commands.{part}").register(app)
    return app


def start(
    ctx: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Say which Abby this is.")] = False,
) -> None:
    """Without a command: how Abby is set up, what works, and what to type next."""
    if show_version:
        typer.echo(f"abby {_version()}")
    elif ctx.invoked_subcommand is None:
        from abby_adapters.cli.commands.welcome import welcome

        welcome()


def main() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):  # a console that cannot show a character shows its escape instead
        if isinstance(stream, TextIOWrapper):
            with contextlib.suppress(ValueError, OSError):
                stream.reconfigure(errors="backslashreplace")
    as_json = "--json" in sys.argv[1:]
    try:
        # For people typer itself shows wrong use, with the help at hand; for programs it is an answer like any other.
        app = app_for(sys.argv[1] if len(sys.argv) > 1 else "")
        sys.exit(app(prog_name="abby", standalone_mode=not as_json))
    except typer.TyperException as error:
        _answer({"error": {"kind": "UsageError", "message": str(getattr(error, "message", error))}})
        sys.exit(WRONG_USE)
    except AbbyError as error:
        from abby_adapters.cli.as_json import error_json
        from abby_adapters.cli.presenter import choice_lines, plain

        if as_json:
            _answer(error_json(error))
        else:
            from rich.console import Console
            from rich.text import Text

            lines = str(error).splitlines() if isinstance(error, ConfigurationError) else [str(error)]  # one a mistake
            errors = Console(stderr=True, highlight=False)
            errors.print(Text("\n".join(map(plain, lines)), style="red"))
            for line in choice_lines(error):
                errors.print(Text(line), soft_wrap=True)
        sys.exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))
    except BrokenPipeError:  # whoever read our output has stopped
        sys.stderr.close()
        sys.exit(0)


def _answer(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _version() -> str:
    """The installed version, or that of the sources beside us."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("abby")
    except PackageNotFoundError:
        import tomllib
        from pathlib import Path

        with contextlib.suppress(OSError, KeyError, tomllib.TOMLDecodeError):
            project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
            return str(project["project"]["version"])
        return "of unknown version"


if __name__ == "__main__":
    main()
