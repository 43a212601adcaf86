"""``/pictures/…``: one picture, large, with all that is known of it; its bytes; and what is done with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.selected import with_query
from abby_adapters.web.pages.shell import HEADERS, go
from abby_adapters.web.pages.style_names import style_names
from abby_adapters.web.pages.tiles import Tile, file_url, parameters_told, send_file, send_thumbnail, tile
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import AbbyError, Refused
from abby_core.gallery.alt_text import ALT_TEXT_CHARACTERS_MAX

if TYPE_CHECKING:
    from abby_adapters.web.pages.recent import Recent
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.studio import Artifact

Reference = Annotated[str, Path(max_length=500)]


@dataclass(frozen=True, kw_only=True)
class Before:
    """The picture that another one was made from, to lay them over each other."""

    tile: Tile
    file_url: str


def routes(abby: Abby, shell: Shell, recent: Recent) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/pictures/{picture}", include_in_schema=False)
    gallery = abby.gallery
    shell.notices.add({
        "described": lambda language, _: language.say("The description is saved."),
        "named": lambda language, _: language.say("The picture has its new name."),
        "uncompressed": lambda language, _: language.say("The picture is the original again."),
        "seen-by": lambda language, _: language.say("Who may see the picture is changed."),
        "brought-back": lambda language, _: language.say("The picture is at hand again, and counts again."),
    })  # fmt: skip

    async def page(request: Request, visitor: Visitor, picture: str, *, error: AbbyError | None = None) -> Response:
        values = await asyncio.to_thread(_all_about, abby, visitor, picture)
        status, undo = 400 if error else 200, recent.asked(request, visitor.account)
        return shell.page(request, "picture.html", here="gallery", status=status, error=error, **values, undo=undo)

    @router.get("")
    async def whole(request: Request, picture: Reference) -> Response:
        return await page(request, visitor_of(request), picture)

    @router.get("/file")
    async def file(request: Request, picture: Reference) -> Response:
        artifact = await asyncio.to_thread(gallery.find, visitor_of(request).account, picture)
        return await send_file(request, gallery, artifact, attachment="download" in request.query_params)

    @router.get("/thumbnail")
    async def thumbnail(request: Request, picture: Reference) -> Response:
        artifact = await asyncio.to_thread(gallery.find_anywhere, visitor_of(request).account, picture)
        return await send_thumbnail(request, gallery, artifact)

    @router.post("/favourite")
    async def favourite(request: Request, picture: Reference) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        on = form.text("on", "1") != "0" if form.has("on") else request.query_params.get("on", "1") != "0"
        await asyncio.to_thread(gallery.favourite, visitor.account, picture, on=on)
        if request.headers.get("x-from-script"):
            return Response(status_code=204, headers=HEADERS)
        return go(form.back(f"/pictures/{picture}"), said="starred" if on else "unstarred", count=1)

    @router.post("/description")
    async def description(request: Request, picture: Reference) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        try:
            found = await asyncio.to_thread(gallery.set_alt_text, visitor.account, picture, form.text("alt_text"))
        except Refused as error:
            return await page(request, visitor, picture, error=error)
        return go(f"/pictures/{found.id}", said="described")

    @router.post("/name")
    async def name(request: Request, picture: Reference) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        try:
            found = await asyncio.to_thread(gallery.rename, visitor.account, picture, form.text("name"))
        except Refused as error:
            return await page(request, visitor, picture, error=error)
        return go(f"/pictures/{found.id}", said="named")

    @router.post("/restore")
    async def restore(request: Request, picture: Reference) -> Response:
        visitor = visitor_of(request)
        try:
            found = await asyncio.to_thread(abby.room.bring_back, visitor.account, picture)
        except Refused as error:
            return await page(request, visitor, picture, error=error)
        return go(f"/pictures/{found.id}", said="brought-back")

    @router.post("/uncompress")
    async def uncompress(request: Request, picture: Reference) -> Response:
        visitor = visitor_of(request)
        try:
            found = await asyncio.to_thread(abby.room.undo_compression, visitor.account, picture)
        except Refused as error:
            return await page(request, visitor, picture, error=error)
        return go(f"/pictures/{found.id}", said="uncompressed")

    @router.post("/visibility")
    async def visibility(request: Request, picture: Reference) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        found = await asyncio.to_thread(_show_to, abby, visitor, picture, form.text("seen_by"))
        return go(f"/pictures/{found.id}", said="seen-by")

    @router.post("/delete")
    async def delete(request: Request, picture: Reference) -> Response:
        account = visitor_of(request).account
        beside = await asyncio.to_thread(gallery.neighbours, account, picture)
        gone = await asyncio.to_thread(gallery.delete, account, picture)
        following = beside.older or beside.newer
        key = recent.note(account, [each.id for each in gone])
        return go(with_query(f"/pictures/{following.id}" if following else "/gallery", undo=key))

    @router.post("/albums")
    async def collect(request: Request, picture: Reference) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        album = await asyncio.to_thread(gallery.albums.add, visitor.account, form.text("album"), picture)
        return go(with_query("/gallery", album=album.id), said="collected", count=1)

    return router


def _show_to(abby: Abby, visitor: Visitor, picture: str, wanted: str) -> Artifact:
    """Let only the owner see it, or everybody; anything else leaves it as it was: pages show to no server."""
    match wanted:
        case "private" | "public":
            return abby.gallery.set_visibility(visitor.account, picture, visibility=wanted)[0]
        case _:
            return abby.gallery.find(visitor.account, picture)


def _all_about(abby: Abby, visitor: Visitor, picture: str) -> dict[str, Any]:
    """Everything the page shows. Raises NotFound."""
    gallery, account = abby.gallery, visitor.account
    lineage = gallery.lineage(account, picture)
    artifact = lineage.artifact
    beside = gallery.neighbours(account, artifact.id)
    ancestors = [each.artifact for each in lineage.ancestors]
    source = ancestors[0] if ancestors else None
    is_own_source = source is not None and source.account == account.key
    return {
        "picture": artifact,
        "tile": tile(gallery, artifact),
        "file_url": file_url(artifact),
        "original_bytes": abby.room.original_bytes(account, artifact.id),
        "newer": beside.newer,
        "older": beside.older,
        "before": Before(tile=tile(gallery, source), file_url=file_url(source)) if source and is_own_source else None,
        "ancestors": [_own_tile(abby, visitor, each) for each in ancestors],
        "descendants": [_own_tile(abby, visitor, each) for each in lineage.descendants],
        "styles": style_names(visitor.language),
        "parameters": parameters_told(artifact),
        "albums": gallery.albums.list(account),
        "alt_text_max": ALT_TEXT_CHARACTERS_MAX,
        "reuse_url": f"/?{urlencode({'reuse': artifact.id})}",
        "transform_url": f"/?{urlencode({'from': artifact.id, 'do': 'transform'})}",
        "upscale_url": f"/?{urlencode({'from': artifact.id, 'do': 'upscale'})}",
    }


def _own_tile(abby: Abby, visitor: Visitor, artifact: Artifact | None) -> Tile | None:
    """A picture of the lineage, if it is the visitor's; None: it is gone, or somebody else's."""
    return None if artifact is None or artifact.account != visitor.account.key else tile(abby.gallery, artifact)
