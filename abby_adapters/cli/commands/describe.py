"""``favourite``, ``rename``, ``visibility``, ``alt``: what is said about a picture, and who may see it."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, Name, Names, User


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(favourite)
    app.command()(rename)
    app.command()(visibility)
    app.command()(alt)


def favourite(
    names: Names,
    off: Annotated[bool, typer.Option("--off", help="Not a favourite any more.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Mark pictures as favourites; `abby gallery --favourites` lists them."""
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        changed = context.abby.gallery.favourite(context.account, *names, on=not off)
        if as_json:
            context.answer({"pictures": [picture_json(each, context.abby.gallery.path(each)) for each in changed]})
        else:
            said = "No favourite any more" if off else "★ Favourite"
            typer.echo(f"{said}: {', '.join(plain(each.name) for each in changed)}")
    finally:
        context.close()


def rename(
    name: Name,
    new: Annotated[str, typer.Argument(help="What to call it; its ending stays.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Call a picture something else. Its file stays where it is."""
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        renamed = context.abby.gallery.rename(context.account, name, new)
        if as_json:
            context.answer(picture_json(renamed, context.abby.gallery.path(renamed)))
        else:
            typer.echo(f"It is called {plain(renamed.name)} now.")
    finally:
        context.close()


def visibility(
    name: Name,
    level: Annotated[str, typer.Argument(metavar="private|server|public", help="Who may see it.")],
    server: Annotated[str, typer.Option("--server", metavar="ID", help="With `server`: whose members see it.")] = "",
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Say who may see a picture: only you, the members of one server, or everybody."""
    from abby_adapters.cli.as_json import picture_json
    from abby_adapters.cli.presenter import plain
    from abby_core.studio import Visibility

    context = Context(as_json=as_json, user=user)
    try:
        (changed,) = context.abby.gallery.set_visibility(
            context.account, name, visibility=cast("Visibility", level), guild=server
        )
        if as_json:
            context.answer(picture_json(changed, context.abby.gallery.path(changed)))
        else:
            whom = {"private": "you alone", "public": "everybody"}.get(level, f"the members of server {plain(server)}")
            typer.echo(f"{plain(changed.name)} can be seen by {whom}.")
    finally:
        context.close()


def alt(
    name: Name,
    text: Annotated[str | None, typer.Argument(help='What it shows, or "" to take that back; none: print it.')] = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what a picture shows, for people who do not see it; without TEXT print what is said now."""
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        gallery = context.abby.gallery
        found = (
            gallery.find(context.account, name) if text is None else gallery.set_alt_text(context.account, name, text)
        )
        said = gallery.alt_text(found)
        if as_json:
            context.answer({"id": found.id, "name": found.name, "alt_text": said, "own_words": found.alt_text != ""})
        else:
            typer.echo(plain(said))
    finally:
        context.close()
