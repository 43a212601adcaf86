"""``/v1/…``: the paths of OpenAI's image interface."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from abby_adapters.web.callers import Anybody, Maker
from abby_adapters.web.description import MAKING
from abby_adapters.web.desk import Desk
from abby_adapters.web.errors import STOPPING, OrderFailed, bad_request, failure_of
from abby_adapters.web.events import PAUSE, event
from abby_adapters.web.openai.answers import (
    ImagesAnswer,
    Model,
    Models,
    Wanted,
    answer,
    completed,
    is_at_hand,
    partial,
    picture_bytes,
)
from abby_adapters.web.openai.bodies import HOSTS_CHOICE, GenerationBody, ImageBody, no_such_model
from abby_adapters.web.openai.edits import EDIT_CONTENT, read_edit
from abby_adapters.web.own_url import own_url
from abby_adapters.web.pieces import PiecesResponse
from abby_core.errors import AbbyError
from abby_core.storage.converting import MEDIA_TYPES, QUALITY_DEFAULT, PictureFormat

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from abby_core.bootstrap import Abby
    from abby_core.studio import Creation, Order, Progress
    from abby_core.studio.order import Preview

_MADE: dict[int | str, dict[str, Any]] = MAKING | {
    200: {
        "description": "The pictures. With `stream`: an event for each, as soon as it is there.",
        "model": ImagesAnswer,
        "content": {"text/event-stream": {}},
    },
    404: {"description": "There is no such model."},
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {media_type: {} for media_type in MEDIA_TYPES.values()}}
}


def routes(abby: Abby, desk: Desk) -> APIRouter:
    """The paths, over that Abby."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
    began_at = int(time.time())
    images = _Images(abby, desk)

    @router.post("/images/generations", summary="Make pictures from words", responses=_MADE)
    async def generations(request: Request, body: GenerationBody, caller: Maker) -> Response:
        return await images.make(request, body, body.order(abby, caller.account), "image_generation")

    @router.post("/images/edits", summary="Make pictures from a picture and words", responses=_MADE | {415: {}},
                 openapi_extra={"requestBody": {"required": True, "content": EDIT_CONTENT}})  # fmt: skip
    async def edits(request: Request, caller: Maker) -> Response:
        body, image, mask = await read_edit(abby, request)
        return await images.make(request, body, body.order(abby, caller.account, image, mask), "image_edit")

    @router.post("/images/variations", summary="Refused: no model here makes variations", status_code=400)
    async def variations(caller: Anybody) -> Response:  # noqa: ARG001 -- whoever asks has a token
        raise bad_request("No model here makes variations. Send the picture to /v1/images/edits with a prompt.",
                          "model", "unsupported_model")  # fmt: skip

    @router.get("/models", summary="What `model` may be")
    async def models(caller: Anybody) -> Models:  # noqa: ARG001
        return Models(data=[_model(name, began_at) for name in (HOSTS_CHOICE, *abby.generator.providers)])

    @router.get("/models/{model}", summary="One of them")
    async def model(model: str, caller: Anybody) -> Model:  # noqa: ARG001
        if model not in {HOSTS_CHOICE, *abby.generator.providers}:
            raise no_such_model(abby, model)
        return _model(model, began_at)

    return router


def file_routes(abby: Abby, desk: Desk) -> APIRouter:
    """Where the links of ``response_format=url`` lead; they need no token."""
    router = APIRouter(tags=["OpenAI-compatible"])

    @router.get("/files/{link}", summary="A picture by its signed link", response_class=Response, responses=_PICTURE)
    async def file(link: str) -> Response:
        def read() -> tuple[bytes, str]:
            artifact, remark = abby.picture_links.open(link)
            wanted: PictureFormat | None = remark if remark in MEDIA_TYPES else None  # pyright: ignore[reportAssignmentType]
            data = picture_bytes(abby, artifact, wanted, QUALITY_DEFAULT)
            return data, MEDIA_TYPES[wanted] if wanted else artifact.media_type

        async with desk.places:
            data, media_type = await asyncio.to_thread(read)
        # The signature is the permission: pages of other sites may show the picture they were given.
        headers = {"cache-control": "private, max-age=3600", "cross-origin-resource-policy": "cross-origin"}
        return Response(data, media_type=media_type, headers=headers)

    return router


class _Images:
    """From an order to OpenAI's answer."""

    def __init__(self, abby: Abby, desk: Desk) -> None:
        self._abby = abby
        self._desk = desk

    async def make(self, request: Request, body: ImageBody, order: Order, name: str) -> Response:
        order = await self._desk.with_id(request, order)
        quality = QUALITY_DEFAULT if body.output_compression is None else body.output_compression
        wanted = Wanted(
            format=body.output_format, quality=quality,
            links=f"{own_url(self._abby, request)}/files/" if body.response_format == "url" else "",
        )  # fmt: skip
        with ExitStack() as stack:
            stack.enter_context(self._desk.answering(order))
            if not body.stream:
                return await self._answer(await self._desk.create(request, order), wanted)
            await self._desk.submit(order)  # what refuses it is an answer with a status, not an event
            unfinished = stack.enter_context(ExitStack())
            unfinished.callback(self._desk.leave, order)
            previews = _Previews(wanted, name, most=body.partial_images or 0)
            return _HeldStream(self._stream(order, wanted, name, previews, unfinished), held=stack.pop_all())

    async def _answer(self, creation: Creation, wanted: Wanted) -> Response:
        try:
            if is_at_hand(creation, wanted):
                pieces = answer(self._abby, creation, wanted)
            else:
                async with self._desk.places:
                    pieces = await asyncio.to_thread(answer, self._abby, creation, wanted)
        except AbbyError as error:  # the pictures are made and kept
            raise OrderFailed(error) from error
        return PiecesResponse(pieces, media_type="application/json")

    async def _stream(
        self, order: Order, wanted: Wanted, name: str, previews: _Previews, unfinished: ExitStack
    ) -> AsyncGenerator[bytes]:
        """Previews, each picture as soon as it is kept, then the error if there is one.

        ``unfinished`` is undone at the end.
        """
        sent: set[str] = set()
        try:
            async for progress in self._desk.watch(order.id, order.account):
                if progress is None:
                    yield PAUSE
                    continue
                if preview := await previews.event(progress):
                    yield preview
                for artifact in await asyncio.to_thread(self._abby.gallery.of_order, order.account, order.id):
                    if artifact.id not in sent:
                        sent.add(artifact.id)
                        async with self._desk.places:
                            data = await asyncio.to_thread(
                                completed, self._abby, artifact, wanted, name=f"{name}.completed"
                            )
                        yield data
            await self._desk.result(order)
            yield b"data: [DONE]\n\n"
        except (AbbyError, OrderFailed) as error:
            yield event("error", failure_of(error).body)
        unfinished.pop_all()


class _Previews:
    """The previews of one stream: up to ``most`` of each picture, none twice."""

    def __init__(self, wanted: Wanted, name: str, *, most: int) -> None:
        self._wanted = wanted
        self._name = f"{name}.partial_image"
        self._most = most
        self._sent: Counter[int] = Counter()
        self._last: Preview | None = None

    async def event(self, progress: Progress) -> bytes:
        """The preview of that moment, if there is one that was not sent; else nothing."""
        preview = progress.preview
        if preview is None or preview is self._last or self._sent[preview.index] >= self._most:
            return b""
        self._last = preview
        shown = replace(preview, number=self._sent[preview.index])
        data = await asyncio.to_thread(partial, shown, self._wanted, name=self._name)
        self._sent[preview.index] += bool(data)
        return data


class _HeldStream(StreamingResponse):
    """A stream of events that lets go of what is held for it, even if it is cut off before its first byte."""

    def __init__(self, events: AsyncGenerator[bytes], *, held: ExitStack) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with self._held:
            try:
                await super().__call__(scope, receive, noting)
            except asyncio.CancelledError:  # Abby stops, and waits for this stream no longer
                if not begun:
                    raise
                await send({"type": "http.response.body", "body": event("error", STOPPING.body)})


def _model(name: str, created: int) -> Model:
    return Model(id=name, created=created)
