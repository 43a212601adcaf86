"""``gallery``, ``show``, ``styles``: what was made, and in which styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, Name, User
from abby_core.errors import InvalidRequest

if TYPE_CHECKING:
    from abby_core.gallery import Page
    from abby_core.gallery.cursor import Position


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(gallery)
    app.command()(show)
    app.command()(styles)


def gallery(
    kind: Annotated[str, typer.Option("--kind", help="text_to_image, image_to_image, upscale or saved.")] = "",
    style: Annotated[str, typer.Option("--style", help="Only of this style.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="Only by this provider.")] = "",
    favourites: Annotated[bool, typer.Option("--favourites", help="Only favourites.")] = False,
    text: Annotated[str, typer.Option("--text", help="Only with this in the prompt.")] = "",
    album: Annotated[str, typer.Option("--album", metavar="NAME", help="Only of this album.")] = "",
    visibility: Annotated[str, typer.Option("--visibility", help="private, server or public.")] = "",
    before: Annotated[
        str | None, typer.Option("--before", "--page", help="Older than a date, or where the last page ended.")
    ] = None,
    trash: Annotated[bool, typer.Option("--trash", help="What you deleted and may have back.")] = False,
    shown: Annotated[bool, typer.Option("--shown", help="What others made visible to everybody.")] = False,
    server: Annotated[
        list[str] | None, typer.Option("--server", metavar="ID", help="With --shown: to this server's members too.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many pictures.")] = 20,
    open_folder: Annotated[bool, typer.Option("--open", help="Open the newest picture's folder.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """List your pictures, the newest first."""
    from abby_adapters.cli.commands.trash import trash as trash_command
    from abby_adapters.cli.listing import collect, list_pictures
    from abby_core.gallery import Filter, cursor

    if trash:
        if shown or any((kind, style, provider, favourites, text, album, visibility)):
            raise InvalidRequest("--trash goes with no other choice than --before and --limit.")
        trash_command(before=before, limit=limit, user=user, as_json=as_json)
        return
    if shown and (favourites or album):
        raise InvalidRequest("Favourites and albums are your own pictures': leave --favourites and --album out.")
    wanted = Filter(
        kind=kind, style=style, provider=provider, favourite=favourites or None, text=text, album=album,
        visibility=visibility,
    )  # fmt: skip
    context = Context(as_json=as_json, user=user)
    try:
        own = context.abby.gallery

        def page(limit: int, before: Position | None) -> Page:
            if shown:
                return own.shown(server or (), wanted, viewer=context.account, limit=limit, before=before)
            return own.page(context.account, wanted, limit=limit, before=before)

        pictures, position = collect(context, page, limit, None if before is None else cursor.read(before))
        list_pictures(context, pictures, position, whose=shown)
        if not (pictures or as_json):
            _say_empty(context, shown=shown, filtered=any((before, *vars(wanted).values())))
        if open_folder and not shown:
            path = own.path(pictures[0]) if pictures else context.settings.storage_root
            if path is not None:
                typer.launch(str(path), locate=path.is_file())
    finally:
        context.close()


def show(name: Name, user: User = None, as_json: AsJson = False) -> None:
    """Show one picture and everything that is known about it."""
    from rich.text import Text

    from abby_adapters.cli.as_json import lineage_json, picture_json
    from abby_adapters.cli.presenter import DEMO_NOTE, lineage_tree, made_by_demo, picture_facts, plain
    from abby_adapters.cli.preview import can_preview, preview

    context = Context(as_json=as_json, user=user)
    try:
        found = context.abby.gallery.find(context.account, name)
        path = context.abby.gallery.path(found)
        lineage = context.abby.gallery.lineage(context.account, found.id)
        alt = context.abby.gallery.alt_text(found)
        if as_json:
            context.answer({**picture_json(found, path), "alt_text": alt, **lineage_json(lineage)})
            return
        if can_preview(context.console):
            image = preview(context.abby.gallery.open(found), columns=min(64, context.console.width - 2))
            if image is not None:
                context.console.print(image)
        facts = {**picture_facts(found), "alt text": alt, "file": "" if path is None else str(path)}
        for label, value in facts.items():
            if value:
                context.console.print(Text.assemble((f"{label:>8}  ", "bright_black"), plain(value)), soft_wrap=True)
        if lineage.ancestors or lineage.descendants:
            context.console.print(lineage_tree(lineage))
        if made_by_demo(found):
            context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
    finally:
        context.close()


def styles(as_json: AsJson = False) -> None:
    """List the styles a picture can have."""
    from abby_core.generation.request import STYLES

    if as_json:
        Context(as_json=True).answer({"styles": list(STYLES)})
    else:
        for style in STYLES:
            typer.echo(style)


def _say_empty(context: Context, *, shown: bool, filtered: bool) -> None:
    """What an empty page means, and what to type next."""
    if filtered:
        context.console.print("No picture is like that. All of them: [bold]abby gallery[/]")
    elif shown:
        context.console.print("Nobody shows a picture yet. Show one of yours: [bold]abby visibility NAME public[/]")
    else:
        context.console.print('No pictures yet. Make the first: [bold]abby imagine "a cute rabbit in a meadow"[/]')
