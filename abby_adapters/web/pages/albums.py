"""``/albums``: pictures put together under a name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.selected import with_query, zip_response
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.tiles import tile
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import AbbyError, Refused
from abby_core.gallery.albums import ALBUMS_MAX, NAME_CHARACTERS_MAX
from abby_core.gallery.selection import select

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(include_in_schema=False)
    albums = abby.gallery.albums
    shell.notices.add({
        "album-made": lambda language, _: language.say("The album is there. Choose pictures in your gallery for it."),
        "album-named": lambda language, _: language.say("The album has its new name."),
        "album-deleted": lambda language, _: language.say("The album is gone; its pictures are in your gallery."),
    })  # fmt: skip

    async def page(request: Request, visitor: Visitor, *, error: AbbyError | None = None, name: str = "") -> Response:
        found = await asyncio.to_thread(albums.list, visitor.account)
        covers = {each.id: tile(abby.gallery, each.newest) for each in found if each.newest is not None}
        return shell.page(
            request, "albums.html", here="albums", status=400 if error else 200, albums=found, covers=covers,
            error=error, name=name, name_max=NAME_CHARACTERS_MAX, albums_max=ALBUMS_MAX,
        )  # fmt: skip

    @router.get("/albums")
    async def all_albums(request: Request) -> Response:
        return await page(request, visitor_of(request))

    @router.post("/albums")
    async def create(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        try:
            album = await asyncio.to_thread(albums.create, visitor.account, form.text("name"))
        except Refused as error:
            return await page(request, visitor, error=error, name=form.text("name"))
        return go(with_query("/gallery", album=album.id), said="album-made")

    @router.post("/albums/{album_id}/rename")
    async def rename(request: Request, album_id: str) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        album = await asyncio.to_thread(albums.rename, visitor.account, album_id, form.text("name"))
        return go(with_query("/gallery", album=album.id), said="album-named")

    @router.post("/albums/{album_id}/delete")
    async def delete(request: Request, album_id: str) -> Response:
        await asyncio.to_thread(albums.delete, visitor_of(request).account, album_id)
        return go("/albums", said="album-deleted")

    @router.get("/albums/{album_id}/download")
    async def download(request: Request, album_id: str) -> Response:
        found = await asyncio.to_thread(select, abby.storage, visitor_of(request).account, album=album_id)
        return zip_response(abby, found, "album.zip")

    return router
