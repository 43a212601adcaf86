"""``/s/…/file``: the bytes of what somebody shared, the pictures alone without what their files may tell besides."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from abby_adapters.web.pages.share_door import admitted, caching, unlisted
from abby_adapters.web.pictures import PictureFile, picture_response
from abby_core.errors import NotFound
from abby_core.gallery.share import SharedPicture
from abby_core.gallery.shares import NO_SHARE

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.gallery.share import Door

Token = Annotated[str, Path(max_length=200)]
PictureId = Annotated[str, Path(max_length=200)]
FILES_AT_ONCE_MAX = 2
"""As many as the core makes ready at a time; more would only keep threads waiting that others need."""


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/s/{token}", include_in_schema=False)
    shares = abby.shares
    places = asyncio.Semaphore(FILES_AT_ONCE_MAX)

    async def send(request: Request, door: Door, picture: str) -> Response:
        def read() -> PictureFile:
            shared = shares.read(door.share_id, picture)
            return PictureFile(shared.data, shared.media_type, f"picture{shared.extension}", _version(shared.data))

        async with places:
            found = await asyncio.to_thread(read)
        return unlisted(picture_response(request, found, caching=caching(door, abby.storage.now_ms())))

    @router.get("/file")
    async def only_file(request: Request, token: Token) -> Response:
        door = await asyncio.to_thread(admitted, shares, request, token)
        seen = await asyncio.to_thread(shares.again, door.share_id)
        if not isinstance(seen, SharedPicture):  # of an album there is no such file
            raise NotFound(NO_SHARE)
        return await send(request, door, seen.picture_id)

    @router.get("/pictures/{picture}/file")
    async def file(request: Request, token: Token, picture: PictureId) -> Response:
        door = await asyncio.to_thread(admitted, shares, request, token)
        return await send(request, door, picture)

    @router.get("/pictures/{picture}/thumbnail")
    async def thumbnail(request: Request, token: Token, picture: PictureId) -> Response:
        door = await asyncio.to_thread(admitted, shares, request, token)
        data = await asyncio.to_thread(shares.thumbnail, door.share_id, picture)
        if data is None:
            return await send(request, door, picture)
        found = PictureFile(data, "image/webp", "picture.webp", _version(data))
        return unlisted(picture_response(request, found, caching=caching(door, abby.storage.now_ms())))

    return router


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
