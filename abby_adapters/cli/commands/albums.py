"""``abby album …``: pictures put together under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, Names, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from abby_core.gallery.albums import Album, Albums
    from abby_core.studio import Account

app = typer.Typer(help="Put pictures together under a name.", no_args_is_help=True)


def register(main: typer.Typer) -> None:
    """Add this file's commands."""
    main.add_typer(app, name="album")


AlbumName = Annotated[str, typer.Argument(metavar="ALBUM", help="The album's name, as `abby album list` shows it.")]


@app.command("list")
def list_albums(user: User = None, as_json: AsJson = False) -> None:
    """List your albums."""
    from abby_adapters.cli.as_json import album_json
    from abby_adapters.cli.presenter import albums_table

    context = Context(as_json=as_json, user=user)
    try:
        albums = context.abby.gallery.albums.list(context.account)
        if as_json:
            context.answer({"albums": [album_json(album) for album in albums]})
        elif albums:
            context.console.print(albums_table(albums))
        else:
            context.console.print('No albums yet. Begin one: [bold]abby album create "Rabbits"[/]')
    finally:
        context.close()


@app.command()
def create(album: AlbumName, user: User = None, as_json: AsJson = False) -> None:
    """Begin an empty album."""
    _change(
        Context(as_json=as_json, user=user),
        lambda albums, account: albums.create(account, album),
        "Created {name}. Put pictures into it: abby album add {quoted} NAME",
    )


@app.command()
def add(album: AlbumName, names: Names, user: User = None, as_json: AsJson = False) -> None:
    """Put pictures of yours into an album."""
    _change(
        Context(as_json=as_json, user=user),
        lambda albums, account: albums.add(account, album, *names),
        "Pictures in {name} now: {pictures}. See them: abby album show {quoted}",
    )


@app.command()
def remove(album: AlbumName, names: Names, user: User = None, as_json: AsJson = False) -> None:
    """Take pictures out of an album; they stay in your gallery."""
    _change(
        Context(as_json=as_json, user=user),
        lambda albums, account: albums.remove(account, album, *names),
        "Pictures in {name} now: {pictures}.",
    )


@app.command()
def rename(
    album: AlbumName,
    new: Annotated[str, typer.Argument(help="What to call it.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Call an album something else."""
    _change(
        Context(as_json=as_json, user=user),
        lambda albums, account: albums.rename(account, album, new),
        "It is called {name} now.",
    )


@app.command()
def delete(album: AlbumName, user: User = None, as_json: AsJson = False) -> None:
    """Delete an album; the pictures in it stay in your gallery."""
    _change(
        Context(as_json=as_json, user=user),
        lambda albums, account: albums.delete(account, album),
        "Deleted the album {name}; what was in it stays in your gallery.",
    )


@app.command()
def show(
    album: AlbumName,
    before: Annotated[
        str | None, typer.Option("--before", "--page", help="Added before a date, or where the last page ended.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many pictures.")] = 20,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """List an album's pictures, what was added last first."""
    from abby_adapters.cli.commands.gallery import gallery

    gallery(album=album, before=before, limit=limit, user=user, as_json=as_json)


def _change(context: Context, change: Callable[[Albums, Account], Album], says: str) -> None:
    """Do something to an album and say what it is like now."""
    import shlex

    from abby_adapters.cli.as_json import album_json
    from abby_adapters.cli.presenter import plain

    try:
        album = change(context.abby.gallery.albums, context.account)
        if context.as_json:
            context.answer(album_json(album))
        else:
            name = plain(album.name)
            typer.echo(says.format(name=name, quoted=shlex.quote(name), pictures=album.pictures))
    finally:
        context.close()
