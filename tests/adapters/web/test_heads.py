"""Connections on which no request comes to an end: given up after a while, and before they fill the memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from abby_adapters.web import heads
from abby_adapters.web.serve import Server
from tests.support.providers import PATIENCE_SECONDS

WHOLE = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
ANSWERED = b"HTTP/1.1 200 OK"


@asynccontextmanager
async def serving(gate: asyncio.Event) -> AsyncGenerator[int]:
    """A server that answers everything once the gate is open; its port."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    bound = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, http=heads.BoundedHeads, log_config=None, lifespan="off", ws="none"))
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield int(bound.getsockname()[1])
    finally:
        server.stop()
        await running


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side closes; a connection that is cut is closed, too."""
    found = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while part := await reader.read(2**16):
                found += part
    return found


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nhost: local"])
async def test_whoever_does_not_end_a_head_is_hung_up_on_and_whoever_waits_for_an_answer_is_not(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.2)
    gate = asyncio.Event()
    async with serving(gate) as port:
        patient, asks = await asyncio.open_connection("127.0.0.1", port)
        asks.write(WHOLE)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await all_of(reader) == b""
        gate.set()  # by now the answer has taken longer than a head may
        assert (await patient.readuntil(b"ok")).startswith(ANSWERED)
        asks.write(WHOLE)
        assert (await patient.readuntil(b"ok")).startswith(ANSWERED), "the connection stays good for the next request"
        for each in (asks, writer):
            each.close()


async def test_after_an_answer_a_head_may_take_only_so_long_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "AFTER_SECONDS", 0.2)
    gate = asyncio.Event()
    gate.set()
    async with serving(gate) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE)
        await reader.readuntil(b"ok")
        writer.write(WHOLE[:-2])
        assert await all_of(reader) == b""
        writer.close()


async def test_headers_without_end_are_cut_off() -> None:
    gate = asyncio.Event()
    gate.set()
    async with serving(gate) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(WHOLE[:-2])
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 2**28:
                writer.write(b"x: " + b"a" * 2**14 + b"\r\n")
                await writer.drain()
                sent += 2**14
        assert await all_of(reader) == b""
        writer.close()


async def test_a_body_may_be_longer_than_a_head_and_an_answer_may_come_before_its_end() -> None:
    gate = asyncio.Event()
    gate.set()
    body = b"a" * (4 * heads.HEAD_BYTES_MAX)
    async with serving(gate) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body))
            assert (await reader.readuntil(b"ok")).startswith(ANSWERED)
            writer.write(body)  # nobody reads it: the next request comes behind it
        writer.write(WHOLE)
        assert (await reader.readuntil(b"ok")).startswith(ANSWERED)
        writer.close()
