"""``/gallery``: one's own pictures as a grid, filtered, or those of one album."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.style_names import style_names
from abby_adapters.web.pages.tiles import tile
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import NotFound
from abby_core.gallery import Filter, cursor
from abby_core.gallery.own import REFERENCES_MAX
from abby_core.generation.request import KINDS
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.web.pages.recent import Recent
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.gallery.albums import Album
    from abby_core.gallery.cursor import Position

PAGE = 48
"""Two screens of most people, some hundred kB of thumbnails."""
WORD_CHARACTERS_MAX = 200
FILTERS = ("q", "favourite", "style", "provider", "album", "kind", "until")


def routes(abby: Abby, shell: Shell, recent: Recent) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(include_in_schema=False)

    @router.get("/gallery")
    async def grid(request: Request) -> Response:
        visitor, asked = visitor_of(request), _asked(request)
        values = await asyncio.to_thread(_grid, abby, visitor, asked)
        here = "albums" if values["album"] else "gallery"
        undo = recent.asked(request, visitor.account)
        return shell.page(request, "gallery.html", here=here, **values, undo=undo)

    return router


def _grid(abby: Abby, visitor: Visitor, asked: dict[str, str]) -> dict[str, Any]:
    """Everything the page shows. Raises NotFound for an album that is not the visitor's, InvalidRequest for a date
    that is none."""
    gallery, account = abby.gallery, visitor.account
    albums = gallery.albums.list(account)
    wanted = Filter(
        text=asked["q"], favourite=True if asked["favourite"] else None, style=asked["style"],
        provider=asked["provider"], album=asked["album"], kind=asked["kind"],
    )  # fmt: skip
    page = gallery.page(account, wanted, limit=PAGE, before=_place(asked))
    return {
        "tiles": [tile(gallery, each) for each in page.artifacts],
        "older": "" if page.next is None else _url(asked, before=cursor.write(page.next)),
        "searched_until_ms": page.searched_until_ms,
        "asked": asked,
        "filtered": any(asked[name] for name in FILTERS if name != "album"),
        "albums": albums,
        "album": _chosen(albums, asked["album"]),
        "styles": style_names(visitor.language),
        "kinds": KINDS,
        "providers": list(abby.generator.providers),
        "here_url": _url(asked, before=asked["before"]),
        "newest_url": _url(asked, before=""),
        "chosen_max": REFERENCES_MAX,
    }


def _asked(request: Request) -> dict[str, str]:
    """What the address asks for; what is none of ours is not read."""
    given = request.query_params
    return {name: given.get(name, "")[:WORD_CHARACTERS_MAX].strip() for name in (*FILTERS, "before")}


def _chosen(albums: list[Album], album_id: str) -> Album | None:
    """The album the page is about: by its id, as our own pages write it. Raises NotFound."""
    album = next((each for each in albums if each.id == album_id), None)
    if album_id and album is None:
        raise NotFound(sentence("You have no such album."))
    return album


def _place(asked: dict[str, str]) -> Position | None:
    """Where the page begins. Raises InvalidRequest for a date that is none."""
    if asked["before"]:
        return cursor.read(asked["before"])
    if not asked["until"]:
        return None
    at_ms, _ = cursor.read(asked["until"])
    day_after = datetime.fromtimestamp(at_ms / 1000, UTC) + timedelta(days=1)
    return round(day_after.timestamp() * 1000), ""


def _url(asked: dict[str, str], *, before: str) -> str:
    kept = {name: asked[name] for name in FILTERS if asked[name]} | ({"before": before} if before else {})
    return "/gallery" + (f"?{urlencode(kept)}" if kept else "")
