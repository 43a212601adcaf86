"""``/api/albums``: one's albums. What is in one: ``/api/pictures?album=…``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from abby_adapters.web.api.values import iso
from abby_adapters.web.callers import Changer, Looker

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.gallery.albums import Album

ADDED_AT_ONCE_MAX = 200
"""Pictures put into an album by one request: a page of the gallery."""
Reference = Annotated[str, Path(max_length=500, description="The album's name or id.")]
PictureReference = Annotated[str, Path(max_length=500, description="The picture's name or id.")]


class AlbumName(BaseModel):
    """What an album is, or shall be, called."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Foxes"}]})

    name: Annotated[str, Field(min_length=1, max_length=100)]


class PicturesToAdd(BaseModel):
    """Pictures by name or id: all of them are put in, or none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"pictures": ["a_fox_in_the_snow.png"]}]})

    pictures: Annotated[list[Annotated[str, Field(max_length=500)]], Field(min_length=1, max_length=ADDED_AT_ONCE_MAX)]


class AlbumAnswer(BaseModel):
    """An album. ``pictures``: how many are in it, without those in the trash; ``newest``: the id of the last one."""

    id: str
    name: str
    pictures: int
    newest: str | None
    created_at: str


class Albums(BaseModel):
    """One's albums by name."""

    albums: list[AlbumAnswer]


def routes(abby: Abby) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/albums", tags=["Albums"])
    albums = abby.gallery.albums

    @router.get("", summary="Your albums")
    async def list_(caller: Looker) -> Albums:
        return Albums(albums=list(map(_told, await asyncio.to_thread(albums.list, caller.account))))

    @router.post("", status_code=201, summary="Begin an album")
    async def create(body: AlbumName, caller: Changer) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.create, caller.account, body.name))

    @router.get("/{album}", summary="One of them")
    async def find(album: Reference, caller: Looker) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.find, caller.account, album))

    @router.patch("/{album}", summary="Give it another name")
    async def rename(album: Reference, body: AlbumName, caller: Changer) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.rename, caller.account, album, body.name))

    @router.delete("/{album}", summary="Delete it; its pictures stay in the gallery")
    async def delete(album: Reference, caller: Changer) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.delete, caller.account, album))

    @router.post("/{album}/pictures", summary="Put pictures into it")
    async def add(album: Reference, body: PicturesToAdd, caller: Changer) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.add, caller.account, album, *body.pictures))

    @router.delete("/{album}/pictures/{picture}", summary="Take a picture out of it; it stays in the gallery")
    async def remove(album: Reference, picture: PictureReference, caller: Changer) -> AlbumAnswer:
        return _told(await asyncio.to_thread(albums.remove, caller.account, album, picture))

    return router


def _told(album: Album) -> AlbumAnswer:
    return AlbumAnswer(
        id=album.id, name=album.name, pictures=album.pictures, newest=album.newest.id if album.newest else None,
        created_at=iso(album.created_at_ms) or "",
    )  # fmt: skip
