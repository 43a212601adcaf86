"""How requests can end otherwise than well: refusals, limits of the rate, broken connections, lost answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.services.discord_endpoints import Refusal
from tests.services.discord_rules import Operation

Perform = Callable[[], Awaitable[web.StreamResponse]]
Answer = Callable[[web.Request, Perform], Awaitable[web.StreamResponse]]
"""How a request that is in order ends: called with the request, and a function that performs it."""


def rate_limited(retry_after_seconds: float = 0.01, *, scope: str = "user") -> Answer:
    """429. ``scope``: "user", "shared" or "global"."""

    async def answer(_request: web.Request, _perform: Perform) -> web.StreamResponse:
        raise _too_many(retry_after_seconds, scope)

    return answer


def refused(status: int, code: int, message: str = "") -> Answer:
    """Any refusal, by Discord's own code: say 404, 10008 for a message that is gone."""

    async def answer(_request: web.Request, _perform: Perform) -> web.StreamResponse:
        raise Refusal(status, code, message or f"refused with {code}")

    return answer


def moderated() -> Answer:
    """AutoMod stops the message."""
    return refused(400, 200000, "Message was blocked by automatic moderation")


def broken(status: int = 500) -> Answer:
    """Discord has trouble, and nothing was done. discord.py tries again after a second or more; only after 503 to
    a request with the bot's own token it does not."""

    async def answer(_request: web.Request, _perform: Perform) -> web.StreamResponse:
        return web.Response(status=status, text=f"<html><h1>{status}</h1></html>", content_type="text/html")

    return answer


def reset() -> Answer:
    """The connection breaks before anything is done."""

    async def answer(request: web.Request, _perform: Perform) -> web.StreamResponse:
        return hang_up(request)

    return answer


def lost() -> Answer:
    """It is done, but the connection breaks before the answer comes."""

    async def answer(request: web.Request, perform: Perform) -> web.StreamResponse:
        await perform()
        return hang_up(request)

    return answer


def held(gate: asyncio.Event, arrived: asyncio.Event | None = None) -> Answer:
    """It is done when the test opens the gate. ``arrived`` is set when the request is there."""

    async def answer(_request: web.Request, perform: Perform) -> web.StreamResponse:
        if arrived is not None:
            arrived.set()
        await gate.wait()
        return await perform()

    return answer


def passed() -> Answer:
    """As ever: for the requests between two that end otherwise."""

    async def answer(_request: web.Request, perform: Perform) -> web.StreamResponse:
        return await perform()

    return answer


class Buckets:
    """Counts requests for Discord's headers, and refuses those over a limit that a test set."""

    def __init__(self) -> None:
        self._limits: dict[str, tuple[int, float]] = {}
        self._used: dict[str, tuple[float, int]] = {}

    def limit(self, operation: str, count: int, per_seconds: float) -> None:
        self._limits[operation] = (count, per_seconds)

    def headers(self, operation: Operation) -> dict[str, str]:
        """Counts one request. Refuses it when its bucket is empty. First answers to interactions are exempt."""
        if operation.template.endswith("/callback"):
            return {}
        limit, per_seconds = self._limits.get(operation.name, (1000, 1.0))
        bucket = f"{operation.name}:{operation.major}"
        now = time.monotonic()
        began, used = self._used.get(bucket, (now, 0))
        if now >= began + per_seconds:
            began, used = now, 0
        left = began + per_seconds - now
        if used >= limit:
            raise _too_many(left, "user")
        self._used[bucket] = (began, used + 1)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - used - 1),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": hashlib.md5(operation.name.encode()).hexdigest(),
        }


def _too_many(retry_after_seconds: float, scope: str) -> Refusal:
    headers = {
        # discord.py takes a 429 without "Via" for one of the wall before Discord, and gives up
        "Via": "1.1 google",
        "Retry-After": str(max(1, round(retry_after_seconds))),
        "X-RateLimit-Scope": scope,
        **({"X-RateLimit-Global": "true"} if scope == "global" else {}),
    }
    more = {"retry_after": round(retry_after_seconds, 3), "global": scope == "global"}
    return Refusal(429, 0, "You are being rate limited.", more=more, headers=headers)


def hang_up(request: web.Request) -> web.StreamResponse:
    """The caller's connection breaks."""
    assert request.transport is not None
    connection = request.transport.get_extra_info("socket")
    # Without lingering the caller gets a reset, as from a machine that is gone, and not an orderly end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


def as_json(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    # discord.py reads an answer as JSON if its type is exactly this, without a character set
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json", headers=headers)
