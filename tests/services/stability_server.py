"""A server on the loopback interface that behaves as Stability's documents say Stability does.

It shares no code with Abby. Every request is checked against Stability's OpenAPI documents, which are looked for
in the folder that the environment variable ``ABBY_SPECS`` names; tests that need them are skipped without.
Like the real one it checks fields before keys, charges credits for pictures, and quotes a wrong key on v1.

    async with stability_server() as server:
        server.next(documented(402))
        ...  # the next request that is in order gets this answer, the one after it a picture again
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import BodyPartReader, web
from PIL import Image

from tests.services.stability_rules import Operation, Rules, coerced, problems_with

KEY = "sk-loopback-0123456789abcdefghijklmnopqrstuvwxyzABCDEF"
CHOSEN_SEED = 343940597
"""The seed of a picture whose request left the choice to the server."""
BODY_BYTES_MAX = 10 * 2**20


_DOCUMENTED: dict[int, tuple[str, str]] = {
    400: ("bad_request", "some-field: is required"),
    401: ("unauthorized", "authorization: invalid or missing header value"),
    402: ("payment_required", "You lack sufficient credits to make this request."),
    403: (
        "content_moderation",
        "Your request was flagged by our content moderation system, as a result your request was denied.",
    ),
    404: ("not_found", "The specified engine (ID some-fake-engine) was not found."),
    413: ("payload_too_large", "body: payloads cannot be larger than 10MiB in size"),
    422: ("invalid_language", "English is the only supported language for this service."),
    429: (
        "rate_limit_exceeded",
        "You have exceeded the rate limit of 150 requests, and have been timed out for 60 seconds.",
    ),
    500: ("internal_error", "An unexpected server error has occurred, please try again later."),
}


@dataclass(kw_only=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    connection: int = 0
    """The caller's port: the same for requests over one connection."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its fields by the document's types; files are ``bytes``."""

    @property
    def v1(self) -> bool:
        return self.path.startswith("/v1/")


Answer = Callable[["StabilityServer", web.Request, Seen], Awaitable[web.StreamResponse]]


class StabilityServer:
    """The server's state. ``seen``: every request, in order, the refused ones too."""

    def __init__(self, rules: Rules, *, v2beta: bool) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.credits = 1000.0
        self.arrived = asyncio.Event()
        """Set when a request meets :func:`silence`."""
        self.hung_up = asyncio.Event()
        """Set when the caller of a silent request closes the connection."""
        self._rules = rules
        self._v2beta = v2beta
        self._answers: deque[Answer] = deque()

    def next(self, *answers: Answer) -> None:
        """What the next requests get that are in order, one answer each."""
        self._answers.extend(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        seen = Seen(
            method=request.method,
            path=request.path,
            headers=request.headers.copy(),
            connection=peer[1] if peer else 0,
        )
        self.seen.append(seen)
        operation = self._rules.operation(request.method, request.path)
        if operation is None or (not self._v2beta and not operation.v1):
            return error(seen, 404)
        if (request.content_length or 0) > BODY_BYTES_MAX:
            await request.read()  # answering earlier would cut the caller off while it still sends
            return error(seen, 413)
        problems = await _problems_with_request(request, operation, seen)
        if problems:
            return error(seen, 400, text="; ".join(problems))
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if key != KEY:
            return wrong_key(seen, key)
        if self._answers:
            return await self._answers.popleft()(self, request, seen)
        return await self.serve(operation, request, seen)

    async def serve(
        self, operation: Operation, request: web.Request, seen: Seen, *, finish: str = "SUCCESS"
    ) -> web.StreamResponse:
        """The balance, or a picture for credits."""
        if request.path.endswith("/user/balance"):
            return web.json_response({"credits": self.credits})
        price = operation.credits_for(seen.values)
        if price > self.credits and seen.v1:
            return error(seen, 429, name="insufficient_balance", text="not enough balance")
        if price > self.credits:
            return error(seen, 402)
        self.credits -= price
        return picture(seen, png(*_size_of_result(operation, seen.values)), finish=finish)

    async def serve_filtered(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        operation = self._rules.operation(request.method, request.path)
        assert operation is not None
        return await self.serve(operation, request, seen, finish="CONTENT_FILTERED")


@asynccontextmanager
async def stability_server(*, older_upscaler: bool = False, v2beta: bool = True) -> AsyncGenerator[StabilityServer]:
    """The server, running. ``older_upscaler``: v1's upscaler is still there. ``v2beta`` False: v1 alone is."""
    folder = os.environ.get("ABBY_SPECS")
    if not folder:
        pytest.skip("ABBY_SPECS names no folder with Stability's OpenAPI documents")
    server = StabilityServer(Rules(Path(folder), older_upscaler=older_upscaler), v2beta=v2beta)
    application = web.Application(client_max_size=4 * BODY_BYTES_MAX)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


# Answers, for StabilityServer.next


def documented(status: int, *, name: str = "", text: str = "", headers: Mapping[str, str] | None = None) -> Answer:
    """The error that the documents give for ``status``."""

    async def answer(_server: StabilityServer, _request: web.Request, seen: Seen) -> web.StreamResponse:
        return error(seen, status, name=name, text=text, headers=headers)

    return answer


def raw(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Any body at all."""

    async def answer(*_: object) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return answer


def wire(data: bytes) -> Answer:
    """Bytes straight onto the connection, which is closed after them: broken HTTP, wrong lengths, half answers."""

    async def answer(_server: StabilityServer, request: web.Request, _seen: Seen) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(data)
        request.transport.close()
        return web.Response()

    return answer


async def boundless(_server: StabilityServer, request: web.Request, _seen: Seen) -> web.StreamResponse:
    """A picture of 64 MB that does not say how long it is."""
    response = web.StreamResponse(headers={"Content-Type": "image/png"})
    await response.prepare(request)
    try:
        await response.write(png(8, 8))
        for _ in range(1024):
            await response.write(bytes(64 * 1024))
    except ConnectionError:
        pass  # the caller has seen enough
    return response


async def silence(server: StabilityServer, _request: web.Request, _seen: Seen) -> web.StreamResponse:
    """Nothing, until the caller gives up."""
    server.arrived.set()
    try:
        await asyncio.Event().wait()
    finally:
        server.hung_up.set()
    raise AssertionError("the event is never set")


async def filtered(server: StabilityServer, request: web.Request, seen: Seen) -> web.StreamResponse:
    """A picture that the content filter blurred: charged like any other."""
    return await server.serve_filtered(request, seen)


# Bodies


def error(
    seen: Seen, status: int, *, name: str = "", text: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    usual_name, usual_text = _DOCUMENTED[status]
    body: dict[str, object] = {"id": "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4", "name": name or usual_name}
    body |= {"message": text or usual_text} if seen.v1 else {"errors": [text or usual_text]}
    return web.json_response(body, status=status, headers=headers)


def wrong_key(seen: Seen, key: str) -> web.Response:
    """v1 quotes the key that it refuses."""
    quoted = f"Incorrect API key provided: {key}. You can find your API key at https://stability.ai."
    return error(seen, 401, text=quoted if seen.v1 else "")


def picture(seen: Seen, data: bytes, *, finish: str = "SUCCESS") -> web.Response:
    seed = int(seen.values.get("seed", 0)) or CHOSEN_SEED
    if "image/" in seen.headers.get("Accept", "application/json" if seen.v1 else "image/*"):
        headers = {"finish-reason": finish, "seed": str(seed), "x-request-id": "b7c1"}
        return web.Response(body=data, content_type="image/png", headers=headers)
    encoded = base64.b64encode(data).decode()
    if seen.v1:
        artifacts = [
            {"base64": encoded, "seed": seed + number, "finishReason": finish}
            for number in range(int(seen.values.get("samples", 1)))
        ]
        return web.json_response({"artifacts": artifacts})
    return web.Response(
        text=json.dumps({"image": encoded, "seed": seed, "finish_reason": finish}),
        headers={"Content-Type": "application/json; type=image/png"},
    )


@lru_cache
def png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (120, 160, 90)).save(out, "PNG", compress_level=1)
    return out.getvalue()


# Reading requests


async def _problems_with_request(request: web.Request, operation: Operation, seen: Seen) -> list[str]:
    if request.method == "GET":
        return []
    accepted = {"application/json", "image/png"} if operation.v1 else {"application/json", "image/*"}
    if request.headers.get("Accept") not in {*accepted, None}:
        return [f"accept: must be one of {', '.join(sorted(accepted))}"]
    schema = operation.schema(request.content_type)
    if schema is None:
        return ["content-type: is not supported"]
    if request.content_type == "application/json":
        seen.values = json.loads(await request.read())
    else:
        fields: dict[str, str | bytes] = {}
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            assert part.name is not None
            if f'name="{part.name}"' not in part.headers["Content-Disposition"]:
                return [f"{part.name}: is not written out, and is not decoded here"]
            if part.name in fields:
                return [f"{part.name}: is given twice"]
            data = bytes(await part.read())
            fields[part.name] = data if part.filename else data.decode()
        seen.values = coerced(operation, schema, fields)
    return problems_with(operation, schema, seen.values)


def _size_of_result(operation: Operation, values: Mapping[str, Any]) -> tuple[int, int]:
    given = next((value for value in values.values() if isinstance(value, bytes)), None)
    size = (0, 0)
    if given is not None:
        with Image.open(BytesIO(given)) as opened:
            size = opened.size
    if "upscale/fast" in operation.template:
        return size[0] * 4, size[1] * 4
    if "upscale/conservative" in operation.template:
        return _shaped(size[0] / size[1], 4_194_304)
    if operation.template.endswith("/upscale"):
        width = values.get("width", size[0] * 2)
        return width, round(width * size[1] / size[0])
    if operation.v1:
        return size if given is not None else (values["width"], values["height"])
    if given is not None:
        return _shaped(size[0] / size[1], 4_194_304 if operation.template.endswith("/edit/inpaint") else 1_000_000)
    pixels = 1_500_000 if "generate/core" in operation.template else 1_048_576
    across, down = map(int, values.get("aspect_ratio", "1:1").split(":"))
    return _shaped(across / down, pixels)


def _shaped(ratio: float, pixels: int) -> tuple[int, int]:
    return round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
