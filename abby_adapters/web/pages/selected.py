"""What is done with many pictures at once: download, star, collect, share, delete and have back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from abby_adapters.web.pages import words
from abby_adapters.web.pages.forms import Form, read_form
from abby_adapters.web.pages.shell import HEADERS, go
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import InvalidRequest
from abby_core.gallery.download import zip_stream
from abby_core.gallery.selection import select
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.web.pages.recent import Recent
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.gallery.albums import Album
    from abby_core.studio import Artifact

Chosen = tuple[str, ...]


def routes(abby: Abby, shell: Shell, recent: Recent) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(include_in_schema=False)
    gallery = abby.gallery
    shell.notices.add({
        "none": lambda language, _: language.say("No picture was chosen."),
        "starred": lambda language, n: language.plural(
            "{count} picture is a favourite now.", "{count} pictures are favourites now.", count=n),
        "unstarred": lambda language, n: language.plural(
            "{count} picture is a favourite no more.", "{count} pictures are favourites no more.", count=n),
        "collected": lambda language, n: language.plural(
            "{count} picture was put into this album.", "{count} pictures were put into this album.", count=n),
        "uncollected": lambda language, n: language.plural(
            "{count} picture was taken out of the album; it stays in your gallery.",
            "{count} pictures were taken out of the album; they stay in your gallery.", count=n),
        "restored": lambda language, n: language.plural(
            "{count} picture is back.", "{count} pictures are back.", count=n),
    })  # fmt: skip

    def download(visitor: Visitor, form: Form, chosen: Chosen) -> Response:  # noqa: ARG001 - as the others
        return zip_response(abby, select(abby.storage, visitor.account, names=chosen), "pictures.zip")

    def star(visitor: Visitor, form: Form, chosen: Chosen) -> Response:
        on = form.text("do") == "favourite"
        gallery.favourite(visitor.account, *chosen, on=on)
        return go(form.back("/gallery"), said="starred" if on else "unstarred", count=len(chosen))

    def delete(visitor: Visitor, form: Form, chosen: Chosen) -> Response:
        gone = gallery.delete(visitor.account, *chosen)
        return go(with_query(form.back("/gallery"), undo=recent.note(visitor.account, [each.id for each in gone])))

    def collect(visitor: Visitor, form: Form, chosen: Chosen) -> Response:
        album = _collect(abby, visitor, form, chosen)
        return go(with_query("/gallery", album=album.id), said="collected", count=len(chosen))

    def uncollect(visitor: Visitor, form: Form, chosen: Chosen) -> Response:
        gallery.albums.remove(visitor.account, form.text("from_album"), *chosen)
        return go(form.back("/gallery"), said="uncollected", count=len(chosen))

    def share(visitor: Visitor, form: Form, chosen: Chosen) -> Response:
        """One picture as it is; of several an album, because a link shows one picture or one album."""
        if len(chosen) == 1:
            return go(with_query("/shares/new", picture=chosen[0]))
        return go(with_query("/shares/new", album=_collect(abby, visitor, form, chosen).id))

    doing = {"download": download, "favourite": star, "unfavourite": star, "delete": delete, "collect": collect,
             "uncollect": uncollect, "share": share}  # fmt: skip

    @router.post("/gallery/selected")
    async def selected(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        chosen, do = form.all("picture"), doing.get(form.text("do"))
        if not chosen:
            return go(form.back("/gallery"), said="none")
        if do is None:
            raise InvalidRequest(sentence("Choose what to do with the pictures."))
        return await asyncio.to_thread(do, visitor, form, chosen)

    @router.post("/gallery/undo")
    async def undo(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        deleted = recent.find(visitor.account, form.text("undo"))
        if not deleted:
            return go("/trash")
        back = await asyncio.to_thread(gallery.undo, visitor.account, *deleted)
        return go(form.back("/gallery"), said="restored", count=len(back))

    return router


def zip_response(abby: Abby, artifacts: Sequence[Artifact], name: str) -> Response:
    """The pictures as a ZIP that is made while it is sent; of them one is in memory at a time."""
    headers = HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(zip_stream(abby.storage, artifacts), media_type="application/zip", headers=headers)


def with_query(path: str, **more: str) -> str:
    """The path with this in its query as well."""
    return f"{path}{'&' if '?' in path else '?'}{urlencode(more)}"


def _collect(abby: Abby, visitor: Visitor, form: Form, chosen: tuple[str, ...]) -> Album:
    """Put the pictures into the album that was chosen, or into a new one. Raises NotFound, InvalidRequest."""
    albums, account = abby.gallery.albums, visitor.account
    wanted = form.text("album")
    if not wanted:
        select(abby.storage, account, names=chosen)  # before an album is made for what is not there
        moment = words.moment(visitor.language, abby.storage.now_ms())
        unnamed = visitor.language.say("Pictures of {moment}", moment=moment)
        wanted = albums.create(account, form.text("album_name") or unnamed).id
    return albums.add(account, wanted, *chosen)
