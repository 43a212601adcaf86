"""``abby serve``: the web interface, the worker that makes what is ordered, and the bot where there is a token."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_adapters.cli.context import Context
from abby_core.errors import InvalidRequest


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option("--host", help="The address to listen at. Default: WEB_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port; 0: one that is free. Default: WEB_PORT.")
    ] = None,
) -> None:
    """Serve Abby until Ctrl-C: the web, and the Discord bot if DISCORD_TOKEN is set. Prints the web's address."""
    import asyncio
    from dataclasses import replace

    from abby_adapters.cli.neighbours import serve as serve_all
    from abby_core.bootstrap import configure_logging

    if port is not None and not 0 <= port <= 65_535:
        raise InvalidRequest("A port is a number from 0 to 65535.")
    settings = Context().settings
    settings = replace(
        settings, web_host=settings.web_host if host is None else host,
        web_port=settings.web_port if port is None else port,
    )  # fmt: skip
    configure_logging(settings)
    asyncio.run(serve_all(settings, tell=typer.echo))
