"""``share``, ``shares``, ``unshare``, ``open-share``: links to pictures, and what they lead to."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abby_adapters.cli.context import Context
from abby_adapters.cli.options import AsJson, User, seconds_of
from abby_core.errors import InvalidRequest, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from abby_core.bootstrap import Abby
    from abby_core.gallery.share import Share, SharedAlbum, SharedPicture

AskPassword = Annotated[bool, typer.Option("--password", help="Ask for a password; without a terminal, read a line.")]
_LINK = "/s/"
"""Between PUBLIC_URL and a share's token."""


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(share)
    app.command()(shares)
    app.command()(unshare)
    app.command("open-share")(open_share)


def share(
    name: Annotated[str, typer.Argument(help="The picture's name or id, as `abby gallery` shows it.")] = "",
    album: Annotated[str, typer.Option("--album", help="Share this album instead of a picture.")] = "",
    expires: Annotated[str, typer.Option("--expires", help="How long it lasts: 30m, 12h, 7d or 2w.")] = "7d",
    password: AskPassword = False,
    views: Annotated[int, typer.Option("--views", help="How often it may be opened; 0: as often as they like.")] = 0,
    metadata: Annotated[str, typer.Option("--metadata", help="What is told besides: none, prompt or full.")] = "none",
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to a picture or an album. Its token is shown this once."""
    from abby_adapters.cli.presenter import when

    seconds = seconds_of("--expires", expires)
    context = Context(as_json=as_json, user=user)
    try:
        made, token = context.abby.shares.create(
            context.account, picture=name, album=album, expires_in_seconds=seconds, views_max=views, metadata=metadata,
            password=_password(new=True) if password else None,
        )  # fmt: skip
        url = context.settings.public_url
        link = url + _LINK + token if url else None
        if as_json:
            context.answer({**_share_json(made), "token": token, "link": link})
            return
        context.errors.print(f"Open until {when(made.expires_at_ms)}; take it back with: abby unshare {made.id}")
        if link is None:
            context.errors.print(f"It opens with: abby open-share {token}")
        typer.echo(link or token)
    finally:
        context.close()


def shares(user: User = None, as_json: AsJson = False) -> None:
    """List your shares: of what, until when, how often they were opened, and whether they still are."""
    context = Context(as_json=as_json, user=user)
    try:
        found = context.abby.shares.list(context.account)
        if as_json:
            context.answer({"shares": [_share_json(each) for each in found]})
        elif found:
            _print_table(context, found)
        else:
            context.console.print("Nothing is shared. Share a picture of `abby gallery` with: [bold]abby share NAME[/]")
    finally:
        context.close()


def unshare(
    share_id: Annotated[str, typer.Argument(metavar="ID", help="The share's id, as `abby shares` shows it.")],
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Take a share back: its link leads nowhere from now on."""
    from abby_adapters.cli.presenter import plain

    context = Context(as_json=as_json, user=user)
    try:
        ended = context.abby.shares.revoke(context.account, share_id)
        if as_json:
            context.answer(_share_json(ended))
        else:
            typer.echo(
                f"Taken back: {plain(ended.name) or 'what is gone already'} is no longer shared under {ended.id}."
            )
    finally:
        context.close()


def open_share(
    token: Annotated[str, typer.Argument(help="The token, or the whole link.")],
    password: AskPassword = False,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE|FOLDER", help="Where to save it; never over another file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open a share as whoever was given its link does: one view is counted."""
    from abby_core.gallery.share import SharedAlbum

    target = None if out is None else _target(out)
    context = Context(as_json=as_json)
    try:
        seen = context.abby.shares.open(token.rpartition(_LINK)[2], _password(new=False) if password else None)
        album = seen if isinstance(seen, SharedAlbum) else None
        told: list[dict[str, Any]] = []
        with _status(context) as say:
            for number, picture in enumerate(_pictures(context.abby, seen), 1):
                say(f"Pictures: {number}")
                saved = None if target is None else _save(context.abby, picture, target, number, single=album is None)
                told.append(_picture_json(picture, saved))
        if as_json:
            context.answer({"album": None if album is None else album.name, "pictures": told})
        else:
            _tell(context, album, told)
    finally:
        context.close()


# ---------------------------------------------------------------------- what is typed


def _password(*, new: bool) -> str:
    """Typed unseen, a new one twice; without a terminal a line of standard input. Arguments could be seen by others."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=new, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _target(out: str) -> Path:
    """Where to save: a folder that is there, or a free name. Raises InvalidRequest before anything is opened."""
    path = Path(out)
    if not path.is_dir() and (path.exists() or not path.name or not path.parent.is_dir()):
        raise InvalidRequest(f"--out {out!r} has to be a folder, or a new name in one.")
    return path


# ---------------------------------------------------------------------- what is found


def _pictures(abby: Abby, seen: SharedPicture | SharedAlbum) -> Iterator[SharedPicture]:
    """The picture, or all of the album's."""
    from abby_core.gallery.share import SharedPicture

    if isinstance(seen, SharedPicture):
        yield seen
        return
    page = abby.shares.page(seen.share_id)
    yield from page.pictures
    while page.next is not None:
        page = abby.shares.page(seen.share_id, after=page.next)
        yield from page.pictures


def _save(abby: Abby, picture: SharedPicture, target: Path, number: int, *, single: bool) -> Path:
    """Write one picture: under the target's own name if that is free and there is one only, else into the folder."""
    shared = abby.shares.read(picture.share_id, picture.picture_id)
    try:
        if single and not target.is_dir():
            file = target
        else:
            target.mkdir(exist_ok=True)
            file = target / f"{picture.share_id[:8]}-{number:03}{shared.extension}"
        with file.open("xb") as opened:
            opened.write(shared.data)
    except OSError as error:
        raise StorageError(f"The picture could not be saved in {target}: {error.strerror}.") from error
    return file


@contextlib.contextmanager
def _status(context: Context) -> Generator[Callable[[str], None]]:
    """What is called with news while an album is fetched: shown to people, not to programs."""
    if context.as_json or not context.errors.is_terminal:
        yield lambda _news: None
        return
    with context.errors.status("Opening…") as status:
        yield status.update


# ---------------------------------------------------------------------- what is shown


def _tell(context: Context, album: SharedAlbum | None, told: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from abby_adapters.cli.presenter import DEMO_NOTE, plain

    if album is not None:
        context.console.print(Text(f"{plain(album.name, 60)}, pictures: {len(told)}", style="bold"))
    for picture in told:
        context.console.print(Text(plain(picture["alt_text"])), soft_wrap=True)
        facts = {name: picture[name] for name in ("prompt", "negative_prompt", "style", "seed", "provider", "model")}
        for name, value in facts.items():
            if value not in {None, ""} and value != picture["alt_text"]:
                line = Text.assemble((f"{name.replace('_', ' '):>15}  ", "bright_black"), plain(str(value)))
                context.console.print(line, soft_wrap=True)
    if any(picture["demo"] for picture in told):
        context.errors.print(f"[cyan]{DEMO_NOTE}[/]")
    for picture in told:
        if picture["saved"]:
            typer.echo(picture["saved"])


def _print_table(context: Context, shares: tuple[Share, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from abby_adapters.cli.presenter import plain, when

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "what", "until", "views", "state"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"id", "until", "state"})
    for each in shares:
        table.add_row(
            each.id,
            Text(("album " if each.album_id else "") + (plain(each.name, 60) or "-")),
            when(each.expires_at_ms),
            str(each.views) + (f" of {each.views_max}" if each.views_max else ""),
            Text(each.state + (", with password" if each.has_password and each.state == "live" else ""),
                 style="green" if each.state == "live" else "bright_black"),
        )  # fmt: skip
    context.console.print(table)


def _share_json(share: Share) -> dict[str, Any]:
    from abby_adapters.cli.presenter import iso

    return {
        "id": share.id,
        "kind": "album" if share.album_id else "picture",
        "what": share.name,
        "state": share.state,
        "metadata": share.metadata,
        "password": share.has_password,
        "views": share.views,
        "views_max": share.views_max or None,
        "created_at": iso(share.created_at_ms),
        "expires_at": iso(share.expires_at_ms),
    }


def _picture_json(picture: SharedPicture, saved: Path | None) -> dict[str, Any]:
    told = {name: value for name, value in vars(picture).items() if name not in {"share_id", "picture_id"}}
    return {"id": picture.picture_id, **told, "saved": None if saved is None else str(saved)}
