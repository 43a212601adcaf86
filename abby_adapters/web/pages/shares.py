"""``/shares``: links that one made, and making and taking back one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from abby_adapters.web.pages.forms import Form, read_form
from abby_adapters.web.pages.shell import go
from abby_adapters.web.pages.tiles import tile
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_core.errors import InvalidRequest, Refused
from abby_core.gallery.share import DAY_SECONDS, EXPIRES_SECONDS_DEFAULT, SHOWN, VIEWS_MAX
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account

LASTING = (3600, DAY_SECONDS, EXPIRES_SECONDS_DEFAULT, 30 * DAY_SECONDS, 365 * DAY_SECONDS)
"""For how long a link can be chosen to open, in seconds."""


def routes(abby: Abby, shell: Shell) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/shares", include_in_schema=False)
    shares = abby.shares
    shell.notices.add({
        "revoked": lambda language, _: language.say("The link was taken back: it opens nothing any more."),
    })  # fmt: skip

    async def form_page(request: Request, visitor: Visitor, form: Form, *, error: Refused | None = None) -> Response:
        shown = await asyncio.to_thread(_shown, abby, visitor.account, form)
        status = 400 if error else 200
        return shell.page(
            request, "share_new.html", here="shares", status=status, error=error, form=form, lasting=LASTING,
            lasting_default=EXPIRES_SECONDS_DEFAULT, metadata=SHOWN, views_max=VIEWS_MAX, **shown,
        )  # fmt: skip

    @router.get("")
    async def all_shares(request: Request) -> Response:
        visitor = visitor_of(request)
        found = await asyncio.to_thread(shares.list, visitor.account)
        return shell.page(request, "shares.html", here="shares", shares=found)

    @router.get("/new")
    async def new(request: Request) -> Response:
        query = request.query_params
        form = Form({name: (query[name],) for name in ("picture", "album") if name in query})
        return await form_page(request, visitor_of(request), form)

    @router.post("")
    async def create(request: Request) -> Response:
        visitor, form = visitor_of(request), await read_form(request)
        try:
            share, token = await asyncio.to_thread(_create, abby, visitor.account, form)
        except Refused as error:
            return await form_page(request, visitor, form, error=error)
        link = f"{own_address(abby, request)}/s/{token}"
        shown = await asyncio.to_thread(_shown, abby, visitor.account, form)
        return shell.page(request, "share_made.html", here="shares", share=share, link=link, **shown)

    @router.post("/{share_id}/revoke")
    async def revoke(request: Request, share_id: str) -> Response:
        await asyncio.to_thread(shares.revoke, visitor_of(request).account, share_id)
        return go("/shares", said="revoked")

    return router


def own_address(abby: Abby, request: Request) -> str:
    """Where people reach this Abby, as whoever asks did; the guard knows the name."""
    return (abby.settings.public_url or f"{request.url.scheme}://{request.headers['host']}").rstrip("/")


def _create(abby: Abby, account: Account, form: Form) -> Any:
    lasts_seconds = form.number("lasts", EXPIRES_SECONDS_DEFAULT)
    return abby.shares.create(
        account,
        picture=form.text("picture"),
        album=form.text("album"),
        expires_in_seconds=lasts_seconds,
        password=form.secret("password") or None,
        views_max=form.number("views_max"),
        metadata=form.text("metadata", "none"),
    )


def _shown(abby: Abby, account: Account, form: Form) -> dict[str, Any]:
    """What is to be shared: a picture or an album. Raises NotFound; InvalidRequest where it is not said."""
    if picture := form.text("picture"):
        return {"tile": tile(abby.gallery, abby.gallery.find(account, picture)), "album": None}
    if album := form.text("album"):
        found = abby.gallery.albums.find(account, album)
        return {"tile": tile(abby.gallery, found.newest) if found.newest else None, "album": found}
    raise InvalidRequest(sentence("Choose a picture or an album to share."))
