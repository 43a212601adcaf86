"""``/api/orders``: ordering without waiting, watching, cancelling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from abby_adapters.web.api import values
from abby_adapters.web.api.values import NewOrder, OrderAnswer
from abby_adapters.web.callers import Maker
from abby_adapters.web.desk import Desk
from abby_adapters.web.errors import bad_request
from abby_adapters.web.events import PAUSE, event
from abby_core.errors import NotFound
from abby_core.generation.choices import check_choices
from abby_core.generation.request import Upscale
from abby_core.studio import Order
from abby_core.studio.order import ENDED, PICTURES_MAX
from abby_core.studio.wish import wish_for_image, wish_for_text
from abby_core.studio.wording import Wording

if TYPE_CHECKING:
    from abby_core.bootstrap import Abby
    from abby_core.studio import Account, OrderView, Progress

ORDERS_LISTED_MAX = 200
OrderId = Annotated[str, Path(max_length=200)]


def routes(abby: Abby, desk: Desk) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/api/orders", tags=["Orders"])

    def whole(view: OrderView, account: Account) -> OrderAnswer:
        found = abby.gallery.of_order(account, view.id)
        made = [values.picture(each, abby.gallery.alt_text(each)) for each in found]
        return values.order(view, made)

    @router.post("", status_code=202, summary="Order pictures; the answer comes before they are made",
                 responses={404: {"description": "There is no such source, or preset."}, 409: {}},
                 openapi_extra={"parameters": [_KEY_PARAMETER]})  # fmt: skip
    async def submit(request: Request, response: Response, body: NewOrder, caller: Maker) -> OrderAnswer:
        order = await desk.with_id(request, await asyncio.to_thread(_order, abby, caller.account, body))
        view = await desk.submit(order)
        response.headers["location"] = f"/api/orders/{view.id}"
        return await asyncio.to_thread(whole, view, caller.account)

    @router.get("", summary="Your newest orders")
    async def orders(caller: Maker, limit: Annotated[int, Query(ge=1, le=ORDERS_LISTED_MAX)] = 50) -> values.Orders:
        found = await abby.studio.orders(caller.account, limit=limit)
        return values.Orders(orders=[values.order(view, []) for view in found])

    @router.get("/{order_id}", summary="One of your orders, with what it has brought so far")
    async def order(order_id: OrderId, caller: Maker) -> OrderAnswer:
        view = await abby.studio.order(_possible(order_id), caller.account)
        return await asyncio.to_thread(whole, view, caller.account)

    @router.delete("/{order_id}", summary="Cancel it; finished pictures are kept, the rest of its quota comes back")
    async def cancel(order_id: OrderId, caller: Maker) -> OrderAnswer:
        view = await abby.studio.cancel(_possible(order_id), caller.account)
        return await asyncio.to_thread(whole, view, caller.account)

    @router.get("/{order_id}/events", summary="Its progress until it ends, as server-sent events",
                response_class=StreamingResponse,
                responses={200: {"content": {"text/event-stream": {}}},
                           204: {"description": "It has ended, and you were told: do not connect again."}})  # fmt: skip
    async def events(
        request: Request, order_id: OrderId, caller: Maker, last_event_id: Annotated[str, Header(max_length=100)] = ""
    ) -> Response:
        view = await abby.studio.order(_possible(order_id), caller.account)
        if view.ended and last_event_id == f"{view.state}-{view.percent}-0":
            return Response(status_code=204)
        stream = _events(desk.watch(order_id, caller.account, request=request), last_event_id)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    return router


_KEY_PARAMETER = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 255},
    "description": "The same key is the same order, however often it is sent.",
}  # fmt: skip


async def _events(changes: AsyncGenerator[Progress | None], seen: str) -> AsyncGenerator[bytes]:
    """Every change that whoever connects has not seen. An event's id says all that matters of the moment."""
    async for progress in changes:
        if progress is None:
            yield PAUSE
        elif _event_id(progress) != seen:
            seen = _event_id(progress)
            yield event("progress" if progress.state not in ENDED else "end", values.progress(progress), seen)


def _possible(order_id: str) -> str:
    """The id. Raises NotFound, as for any other that there is not, for what no order can be called."""
    if not order_id.isprintable():
        raise NotFound(f"You have no order {order_id!r}.")
    return order_id


def _event_id(progress: Progress) -> str:
    return f"{progress.state}-{progress.percent}-{progress.position or 0}"


def _order(abby: Abby, account: Account, body: NewOrder) -> Order:
    """The order a body stands for, still without an id. Raises InvalidRequest, NotFound for the source."""
    source = "" if body.source is None else abby.gallery.find(account, body.source).id
    if bool(source) != (body.kind != "text_to_image"):
        raise bad_request("`source` names the picture that image_to_image and upscale work on.", "source")
    if body.kind == "upscale":
        if body.preset:
            raise bad_request("A preset says nothing about an upscale; leave it out.", "preset")
        request = Upscale(image=b"", prompt=body.prompt, width=2048 if body.width is None else body.width)
        return Order(id="", account=account, request=request, pictures=body.pictures or 1, provider=body.provider,
                     source_artifact=source)  # fmt: skip
    choices, wording = body.choices(), Wording(prompts=(body.prompt,))
    if body.preset:
        choices = abby.presets.resolve(account, choices, kind=body.kind, preset=body.preset).choices
    check_choices(choices, count_max=PICTURES_MAX)
    if body.kind == "image_to_image":
        choices = choices if body.width is not None else choices.without("width", "height")  # of a preset
        if body.width is not None:
            raise bad_request("A picture made from a picture keeps its shape: leave width and height out.", "width")
        wish = wish_for_image(wording, choices, b"")
    elif body.image_strength is not None:
        raise bad_request("`image_strength` weighs a source; here is none.", "image_strength")
    else:
        wish = wish_for_text(wording, choices.without("image_strength"))
    return Order(id="", account=account, request=wish.request, pictures=wish.pictures, provider=wish.provider,
                 source_artifact=source)  # fmt: skip
