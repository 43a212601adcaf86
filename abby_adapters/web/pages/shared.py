"""``/s/…``: what somebody shared, for whoever holds the link; nobody has to sign in.

A link that ended, was taken back or never was: all are the same page, as the core wants it. Where a link has a
password or a number of views, nothing is shown or counted before somebody asks for it with a button: programs that
look at links in chats press none. Whoever was let in then has a pass in a cookie, so that looking again, and each
picture of an album, costs no further view.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import read_form
from abby_adapters.web.pages.share_door import admitted, hand_pass, is_closed, knock, unlisted
from abby_adapters.web.pages.shared_files import PictureId, Token
from abby_adapters.web.pages.shares import own_address
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.style_names import style_names
from abby_adapters.web.pages.tiles import ratio_of
from abby_adapters.web.pages.visitors import reader_of
from abby_core.errors import NotFound, PasswordNeeded
from abby_core.gallery.share import Door, SharedAlbum, SharedPicture

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby

PASSWORDS_AT_ONCE_MAX = 2
"""Each takes a core for a fifth of a second; more would only keep threads waiting that others need."""


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/s/{token}", include_in_schema=False)
    shares = abby.shares
    places = asyncio.Semaphore(PASSWORDS_AT_ONCE_MAX)

    def nothing(request: Request) -> Response:
        return unlisted(shell.page(request, "share_ended.html", status=404, here="shared"))

    def closed(request: Request, door: Door, *, wrong: bool = False) -> Response:
        status, address = 403 if wrong else 200, own_address(abby, request)
        page = shell.page(
            request, "share_door.html", status=status, here="shared", door=door, wrong=wrong, address=address
        )
        return unlisted(page)

    @router.get("")
    async def look(request: Request, token: Token) -> Response:
        try:
            door, has_pass = await asyncio.to_thread(knock, shares, request, token)
            if not has_pass and is_closed(door):
                return closed(request, door)
            if has_pass:
                seen = await asyncio.to_thread(shares.again, door.share_id)
            else:
                seen = await asyncio.to_thread(shares.open, token)
            values = await asyncio.to_thread(_contents, abby, request, token, door, seen)
        except NotFound:
            return nothing(request)
        styles = style_names(reader_of(request))
        return unlisted(shell.page(request, "shared.html", here="shared", styles=styles, **values))

    @router.post("")
    async def enter(request: Request, token: Token) -> Response:
        form = await read_form(request)
        try:
            door = await asyncio.to_thread(shares.look, token)
        except NotFound:
            return nothing(request)
        try:
            async with places:
                await asyncio.to_thread(shares.open, token, form.secret("password") if door.has_password else None)
        except PasswordNeeded:
            return closed(request, door, wrong=True)
        except NotFound:
            return nothing(request)
        response = go(f"/s/{token}")
        await asyncio.to_thread(hand_pass, shares, request, response, door)
        return response

    @router.get("/pictures/{picture}")
    async def one_of_album(request: Request, token: Token, picture: PictureId) -> Response:
        try:
            door = await asyncio.to_thread(admitted, shares, request, token)
            seen = await asyncio.to_thread(shares.picture, door.share_id, picture)
            values = await asyncio.to_thread(_contents, abby, request, token, door, seen)
        except NotFound:
            return nothing(request)
        values["of_album"] = f"/s/{token}"
        styles = style_names(reader_of(request))
        return unlisted(shell.page(request, "shared.html", here="shared", styles=styles, **values))

    return router


def _contents(
    abby: Abby, request: Request, token: str, door: Door, seen: SharedPicture | SharedAlbum
) -> dict[str, Any]:
    """What the page shows of a picture or an album."""
    here, address = f"/s/{token}", own_address(abby, request)
    values: dict[str, Any] = {"door": door, "here_url": here, "address": address, "of_album": ""}
    if isinstance(seen, SharedPicture):
        return values | {"picture": seen, "album": None, "tiles": [], "older": "", "cover": _cover(door, seen)}
    after = _place(request.query_params.get("after", ""))
    page = abby.shares.page(door.share_id, after=after)
    tiles = [(each, ratio_of(each.width, each.height)) for each in page.pictures]
    older = f"{here}?after={page.next[0]}.{page.next[1]}" if page.next else ""
    cover = _cover(door, page.pictures[0]) if page.pictures else None
    return values | {"picture": None, "album": seen, "tiles": tiles, "older": older, "cover": cover}


def _cover(door: Door, picture: SharedPicture) -> SharedPicture | None:
    """What chats may show of a link: nothing of one that does not open for everybody."""
    return None if is_closed(door) else picture


def _place(text: str) -> tuple[int, str] | None:
    at, _, last_id = text[:100].partition(".")
    return (int(at), last_id) if at.isascii() and at.isdigit() and len(at) <= 15 and last_id.isalnum() else None
