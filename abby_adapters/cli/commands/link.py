"""``abby link``: a link that signs somebody in to the web pages, once."""

from __future__ import annotations

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(link)


def link(user: User = None, as_json: AsJson = False) -> None:
    """Print a link that signs you in to the pages of `abby serve`, once and within some minutes."""
    from abby_core.access.sign_ins import PATH, SIGN_IN_SECONDS

    context = Context(as_json=as_json, user=user)
    try:
        address = f"{_base(context)}{PATH}{context.abby.sign_ins.create(context.account)}"
        if as_json:
            context.answer({"link": address, "account": context.account.key, "seconds": SIGN_IN_SECONDS})
            return
        context.errors.print(
            f"Whoever opens it is {context.account.key}; it works once, for {SIGN_IN_SECONDS // 60} minutes."
        )
        typer.echo(address)
    finally:
        context.close()


def _base(context: Context) -> str:
    """Where the pages are: at the public address, or on this computer."""
    settings = context.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = settings.web_host if settings.web_host not in {"0.0.0.0", "::", ""} else "127.0.0.1"  # noqa: S104 -- asked, not bound
    return f"http://[{host}]:{settings.web_port}" if ":" in host else f"http://{host}:{settings.web_port}"
