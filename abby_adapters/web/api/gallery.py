"""``/api/pictures`` and ``/api/trash``: one's own pictures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from abby_adapters.web.api import values
from abby_adapters.web.api.values import Picture, Pictures
from abby_adapters.web.callers import Changer, Looker
from abby_adapters.web.pictures import PictureFile, picture_response
from abby_core.errors import NotFound
from abby_core.gallery import cursor
from abby_core.gallery.alt_text import ALT_TEXT_CHARACTERS_MAX

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.gallery import Page
    from abby_core.studio import Artifact

Reference = Annotated[str, Path(max_length=500, description="The picture's name or id.")]
Limit = Annotated[int, Query(ge=1, le=values.PAGE_MAX)]
Before = Annotated[str, Query(max_length=200, description="`next` of the page before, or a date such as 2026-11-21.")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}},
    206: {"description": "The part that `Range` asked for."},
    304: {"description": "As it was: see `ETag`."},
    416: {"description": "It has no such part."},
}


class PictureChange(BaseModel):
    """What shall be different; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"visibility": "public"}]})

    name: Annotated[str, Field(max_length=500)] | None = None
    alt_text: Annotated[str, Field(max_length=ALT_TEXT_CHARACTERS_MAX)] | None = Field(
        None, description="Empty: Abby's own text again."
    )
    visibility: Literal["private", "public"] | None = None


class Relative(BaseModel):
    """A picture another was made from, or that was made from it. ``name`` null: removed, or somebody else's."""

    id: str
    name: str | None


class Lineage(BaseModel):
    """``ancestors``: the nearest first; ``descendants``: made from it directly, the oldest first."""

    ancestors: list[Relative]
    descendants: list[Relative]


class EmptiedTrash(BaseModel):
    """What is gone for good."""

    pictures: int
    freed_bytes: int


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api")
    gallery = abby.gallery

    def told(artifact: Artifact) -> Picture:
        return values.picture(artifact, gallery.alt_text(artifact))

    def page_told(page: Page) -> Pictures:
        following = None if page.next is None else cursor.write(page.next)
        return Pictures(pictures=list(map(told, page.artifacts)), next=following)

    @router.get("/pictures", summary="A page of your pictures, newest first", tags=["Gallery"],
                responses={404: {"description": "There is no such album."}})  # fmt: skip
    async def pictures(caller: Looker, asked: Annotated[values.PicturesWanted, Query()]) -> Pictures:
        position = cursor.read(asked.before) if asked.before else None
        found = await asyncio.to_thread(
            gallery.page, caller.account, asked.filter(), limit=asked.limit, before=position
        )
        return page_told(found)

    @router.get("/pictures/{picture}", summary="One of them", tags=["Gallery"])
    async def picture(picture: Reference, caller: Looker) -> Picture:
        return told(await asyncio.to_thread(gallery.find, caller.account, picture))

    @router.get("/pictures/{picture}/file", summary="Its bytes, exactly as they were made", tags=["Gallery"],
                response_class=Response, responses=_FILE)  # fmt: skip
    async def file(picture: Reference, request: Request, caller: Looker) -> Response:
        def read() -> PictureFile:
            artifact = gallery.find(caller.account, picture)
            return PictureFile(gallery.open(artifact), artifact.media_type, artifact.name, artifact.sha256[:32])

        return picture_response(request, await asyncio.to_thread(read))

    @router.get("/pictures/{picture}/thumbnail", summary="A small WebP of it", tags=["Gallery"],
                response_class=Response, responses=_FILE)  # fmt: skip
    async def thumbnail(picture: Reference, request: Request, caller: Looker) -> Response:
        def read() -> PictureFile:
            artifact = gallery.find(caller.account, picture)
            data = gallery.thumbnail(artifact)
            if data is None:
                raise NotFound("Its thumbnail is not made yet; look again in a moment.")
            return PictureFile(data, "image/webp", f"{artifact.id}.webp", f"{artifact.sha256[:32]}-small")

        return picture_response(request, await asyncio.to_thread(read))

    @router.get("/pictures/{picture}/lineage", summary="Where it comes from, and what was made from it",
                tags=["Gallery"])  # fmt: skip
    async def lineage(picture: Reference, caller: Looker) -> Lineage:
        found = await asyncio.to_thread(gallery.lineage, caller.account, picture)
        return Lineage(
            ancestors=[Relative(id=each.id, name=each.artifact and each.artifact.name) for each in found.ancestors],
            descendants=[Relative(id=each.id, name=each.name) for each in found.descendants],
        )

    @router.patch("/pictures/{picture}", summary="Change its name, its text for those who cannot see it, who sees it",
                  tags=["Gallery"])  # fmt: skip
    async def change(picture: Reference, body: PictureChange, caller: Changer) -> Picture:
        def change_all() -> Artifact:
            found = gallery.find(caller.account, picture)
            if body.name is not None:  # first: nothing else here can be refused
                found = gallery.rename(caller.account, found.id, body.name)
            if body.alt_text is not None:
                found = gallery.set_alt_text(caller.account, found.id, body.alt_text)
            if body.visibility is not None:
                [found] = gallery.set_visibility(caller.account, found.id, visibility=body.visibility)
            return found

        return told(await asyncio.to_thread(change_all))

    @router.put("/pictures/{picture}/favourite", summary="Mark it as a favourite", tags=["Gallery"])
    async def mark(picture: Reference, caller: Changer) -> Picture:
        return told((await asyncio.to_thread(gallery.favourite, caller.account, picture))[0])

    @router.delete("/pictures/{picture}/favourite", summary="Mark it no more", tags=["Gallery"])
    async def unmark(picture: Reference, caller: Changer) -> Picture:
        return told((await asyncio.to_thread(gallery.favourite, caller.account, picture, on=False))[0])

    @router.delete("/pictures/{picture}", summary="Put it into the trash, or remove it for good", tags=["Gallery"])
    async def delete(picture: Reference, caller: Changer, for_good: bool = False) -> Picture:
        return told((await asyncio.to_thread(gallery.delete, caller.account, picture, for_good=for_good))[0])

    @router.get("/trash", summary="What you deleted and may have back, the latest first", tags=["Gallery"])
    async def trash(caller: Looker, limit: Limit = 50, before: Before = "") -> Pictures:
        position = cursor.read(before) if before else None
        return page_told(await asyncio.to_thread(gallery.trash, caller.account, limit=limit, before=position))

    @router.post("/trash/{picture}/undo", summary="Have it back from the trash", tags=["Gallery"])
    async def undo(picture: Reference, caller: Changer) -> Picture:
        return told((await asyncio.to_thread(gallery.undo, caller.account, picture))[0])

    @router.delete("/trash", summary="Remove for good what lies in the trash", tags=["Gallery"])
    async def empty_trash(caller: Changer) -> EmptiedTrash:
        done = await asyncio.to_thread(gallery.empty_trash, caller.account)
        return EmptiedTrash(pictures=done.pictures, freed_bytes=done.freed_bytes)

    return router
