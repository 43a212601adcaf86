"""``gallery``, ``show``, ``delete``, ``styles``: what was made, and in which styles."""

from __future__ import annotations

from typing import Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User

Name = Annotated[str, typer.Argument(help="The picture's name or id, as `abby gallery` shows it.")]
PREVIEW_COLUMNS = 20
PREVIEWS_MAX = 8


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(gallery)
    app.command()(show)
    app.command()(delete)
    app.command()(styles)


def gallery(
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many pictures.")] = 20,
    open_folder: Annotated[bool, typer.Option("--open", help="Open the newest picture's folder.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """List your pictures, the newest first."""
    from abby_adapters.cli.presenter import DEMO_NOTE, gallery_table, made_by_demo, picture_json
    from abby_adapters.cli.preview import can_preview

    context = Context(as_json=as_json, user=user)
    try:
        pictures = list(context.abby.gallery.page(context.account, limit=limit).artifacts)
        if as_json:
            context.answer({"pictures": [picture_json(each, context.abby.gallery.path(each)) for each in pictures]})
        elif not pictures:
            context.console.print('No pictures yet. Make the first: [bold]abby imagine "a cute rabbit in a meadow"[/]')
        else:
            context.console.print(gallery_table(pictures))
            if can_preview(context.console):
                _print_previews(context)
            if any(map(made_by_demo, pictures)):
                context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
        if open_folder:
            path = context.abby.gallery.path(pictures[0]) if pictures else context.settings.storage_root
            if path is not None:
                typer.launch(str(path), locate=path.is_file())
    finally:
        context.close()


def show(name: Name, user: User = None, as_json: AsJson = False) -> None:
    """Show one picture and everything that is known about it."""
    from rich.text import Text

    from abby_adapters.cli.presenter import DEMO_NOTE, made_by_demo, megabytes, picture_json, plain, when
    from abby_adapters.cli.preview import can_preview, preview

    context = Context(as_json=as_json, user=user)
    try:
        found = context.abby.gallery.find(context.account, name)
        path = context.abby.gallery.path(found)
        if as_json:
            context.answer(picture_json(found, path))
            return
        if can_preview(context.console):
            image = preview(context.abby.gallery.open(found), columns=min(64, context.console.width - 2))
            if image is not None:
                context.console.print(image)
        facts = {
            "name": found.name,
            "prompt": found.prompt,
            "without": found.negative_prompt,
            "style": found.style,
            "seed": "" if found.seed is None else str(found.seed),
            "made by": " ".join(filter(None, (found.provider, found.model))),
            "pixels": f"{found.width} × {found.height}",
            "size": megabytes(found.size_bytes),
            "when": when(found.created_at_ms),
            "goes": when(found.expires_at_ms or 0),
            "file": "" if path is None else str(path),
        }
        for label, value in facts.items():
            if value:
                context.console.print(Text.assemble((f"{label:>8}  ", "bright_black"), plain(value)), soft_wrap=True)
        if made_by_demo(found):
            context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
    finally:
        context.close()


def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Remove one of your pictures for good; its space is free at once."""
    from abby_adapters.cli.presenter import megabytes, plain

    context = Context(as_json=as_json, user=user)
    try:
        found = context.abby.gallery.find(context.account, name)
        if not (yes or as_json) and context.console.is_terminal:
            typer.confirm(f"Remove {plain(found.name)} for good?", abort=True)
        context.abby.gallery.delete(context.account, found.id)
        if as_json:
            context.answer({"deleted": found.name, "freed_bytes": found.counted_bytes})
        else:
            typer.echo(f"Deleted {plain(found.name)}, {megabytes(found.counted_bytes)} are free again.")
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


def _print_previews(context: Context) -> None:
    """The newest pictures side by side, as many as fit."""
    from rich.columns import Columns
    from rich.text import Text

    from abby_adapters.cli.preview import preview

    images: list[Text] = []
    for picture in context.abby.gallery.page(context.account, limit=PREVIEWS_MAX).artifacts:
        thumbnail = context.abby.gallery.thumbnail(picture)
        image = None if thumbnail is None else preview(thumbnail, columns=PREVIEW_COLUMNS)
        if image is not None:
            images.append(image)
    context.console.print(Columns(images))
