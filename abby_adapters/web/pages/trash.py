"""``/trash``: what was deleted and can be had back for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.gallery import PAGE
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.tiles import tile
from abby_adapters.web.pages.visitors import visitor_of
from abby_core.errors import InvalidRequest
from abby_core.gallery import cursor
from abby_core.sentence import sentence
from abby_core.storage.trash import UNDO_DAYS, UNDO_MS

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(include_in_schema=False)
    gallery = abby.gallery
    shell.notices.add({
        "removed": lambda language, n: language.plural(
            "{count} picture is gone for good; its space is free.",
            "{count} pictures are gone for good; their space is free.", count=n),
    })  # fmt: skip

    @router.get("/trash")
    async def trash(request: Request) -> Response:
        visitor, before = visitor_of(request), request.query_params.get("before", "")
        position = cursor.read(before) if before else None
        page = await asyncio.to_thread(gallery.trash, visitor.account, limit=PAGE, before=position)
        older = "" if page.next is None else f"/trash?{urlencode({'before': cursor.write(page.next)})}"
        held = await asyncio.to_thread(abby.room.trash, visitor.account)
        return shell.page(
            request, "trash.html", here="gallery", tiles=[tile(gallery, each) for each in page.artifacts],
            older=older, held=held, undo_days=UNDO_DAYS, undo_ms=UNDO_MS,
        )  # fmt: skip

    @router.post("/trash/selected")
    async def selected(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        chosen = form.all("picture")
        if not chosen:
            return go("/trash", said="none")
        match form.text("do"):
            case "restore":
                back = await asyncio.to_thread(gallery.undo, visitor.account, *chosen)
                return go("/trash", said="restored", count=len(back))
            case "remove":
                gone = await asyncio.to_thread(gallery.delete, visitor.account, *chosen, for_good=True)
                return go("/trash", said="removed", count=len(gone))
            case _:
                raise InvalidRequest(sentence("Choose what to do with the pictures."))

    @router.post("/trash/empty")
    async def empty(request: Request) -> Response:
        emptied = await asyncio.to_thread(gallery.empty_trash, visitor_of(request).account)
        return go("/trash", said="removed", count=emptied.pictures)

    return router
