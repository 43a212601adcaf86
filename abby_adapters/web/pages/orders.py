"""``/orders``: what is waiting, at work and done; and one order, live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import Response, StreamingResponse

from abby_adapters.web.events import PAUSE, event
from abby_adapters.web.pages.progress import as_event, preview_version, says, state_name
from abby_adapters.web.pages.shell import HEADERS, go
from abby_adapters.web.pages.visitors import Visitor, visitor_of
from abby_adapters.web.pictures import PictureFile, picture_response
from abby_core.errors import NotFound, PictureRejected
from abby_core.gallery.share_rows import DEMO_PROVIDER
from abby_core.sentence import sentence
from abby_core.storage.picture import inspect

if TYPE_CHECKING:
    from abby_adapters.web.desk import Desk
    from abby_adapters.web.pages.shell import Shell
    from abby_core.bootstrap import Abby
    from abby_core.languages import Language
    from abby_core.studio import Artifact, OrderView, Progress
    from abby_core.studio.order import Preview

SHOWN_MAX = 50
"""Orders on the page: what somebody made today; older ones are found by their pictures in the gallery."""
REFRESH_SECONDS = 4
"""How often the page is loaded anew where there is no script."""
OrderId = Annotated[str, Path(max_length=200)]
Me = Annotated[Visitor, Depends(visitor_of)]


def routes(abby: Abby, shell: Shell, desk: Desk) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/orders")
    shell.notices.add({"cancelled": lambda language, _n: language.say("Cancelled; what was set aside is back.")})

    @router.get("")
    async def orders(request: Request, visitor: Me) -> Response:
        found = await abby.studio.orders(visitor.account, limit=SHOWN_MAX)
        firsts = await asyncio.to_thread(_firsts, abby, visitor, found)
        told = [(view, state_name(visitor.language, view), firsts.get(view.id)) for view in found]
        return shell.page(
            request, "orders.html", here="orders", refresh_seconds=REFRESH_SECONDS,
            open=[each for each in told if not each[0].ended], ended=[each for each in told if each[0].ended],
        )  # fmt: skip

    @router.get("/{order_id}")
    async def order(request: Request, order_id: OrderId, visitor: Me) -> Response:
        view = await abby.studio.order(_possible(order_id), visitor.account)
        now = await anext(aiter(abby.studio.watch(order_id, visitor.account)))
        made = await asyncio.to_thread(_made, abby, visitor, view)
        return shell.page(
            request, "order.html", here="orders", order=view, progress=now, says=says(visitor.language, now),
            refresh_seconds=REFRESH_SECONDS, demo_provider=DEMO_PROVIDER, **made,
        )  # fmt: skip

    @router.get("/{order_id}/events")
    async def events(
        request: Request, order_id: OrderId, visitor: Me, last_event_id: Annotated[str, Header(max_length=100)] = ""
    ) -> Response:
        view = await abby.studio.order(_possible(order_id), visitor.account)
        if view.ended and last_event_id == "end":
            return Response(status_code=204)  # "do not connect again" (WHATWG HTML, 9.2.3)
        stream = _events(desk.watch(view.id, visitor.account, request=request), visitor.language, last_event_id)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    @router.get("/{order_id}/preview")
    async def preview(request: Request, order_id: OrderId, visitor: Me) -> Response:
        """The latest one there is, whichever the address asks for; nothing while there is none."""
        now = await anext(aiter(abby.studio.watch(_possible(order_id), visitor.account)))
        file = None if now.preview is None else await asyncio.to_thread(_preview_file, now.preview)
        if file is None:
            return Response(status_code=204, headers=HEADERS)
        return picture_response(request, file, caching="private, no-store")

    @router.post("/{order_id}/cancel")
    async def cancel(order_id: OrderId, visitor: Me) -> Response:
        await abby.studio.cancel(_possible(order_id), visitor.account)
        return go(f"/orders/{order_id}", said="cancelled")

    return router


async def _events(changes: AsyncGenerator[Progress | None], language: Language, seen: str) -> AsyncGenerator[bytes]:
    """Every change that whoever connects has not seen, until the order's end."""
    async for progress in changes:
        if progress is None:
            yield PAUSE
        elif _event_id(progress) != seen:
            seen = _event_id(progress)
            yield event("end" if progress.ended else "progress", as_event(language, progress), seen)


def _event_id(progress: Progress) -> str:
    if progress.ended:
        return "end"
    moment = f"{progress.state}-{progress.percent}-{progress.position or 0}"
    return f"{moment}-{version}" if (version := preview_version(progress)) else moment


def _preview_file(preview: Preview) -> PictureFile | None:
    """None for what is no picture: a service sent it, so it may be anything."""
    try:
        media_type = inspect(preview.data).media_type
    except PictureRejected:
        return None
    return PictureFile(data=preview.data, media_type=media_type, name="preview", version=f"{preview.number}")


def _firsts(abby: Abby, visitor: Visitor, views: list[OrderView]) -> dict[str, Artifact]:
    """The first picture of each order that has brought one and still has it."""
    brought = ((view.id, _kept(abby, visitor, view)) for view in views if view.state in {"done", "running"})
    return {order_id: pictures[0] for order_id, pictures in brought if pictures}


def _kept(abby: Abby, visitor: Visitor, view: OrderView) -> list[Artifact]:
    return [each for each in abby.gallery.of_order(visitor.account, view.id) if each.state in {"kept", "archived"}]


def _made(abby: Abby, visitor: Visitor, view: OrderView) -> dict[str, Any]:
    """The pictures the order has brought, what each shows, and what they were made from, where that is still there."""
    pictures = _kept(abby, visitor, view)
    source: Artifact | None = None
    source_id = next((each.source_artifact for each in pictures if each.source_artifact), "")
    if source_id:
        try:
            source = abby.gallery.find(visitor.account, source_id)
        except NotFound:
            source = None
    return {"pictures": [(each, abby.gallery.alt_text(each)) for each in pictures], "source": source}


def _possible(order_id: str) -> str:
    """The id. Raises NotFound, as for any other that there is not, for what no order can be called."""
    if not order_id.isprintable():
        raise NotFound(sentence("You have no order {id!r}.", id=order_id))
    return order_id
