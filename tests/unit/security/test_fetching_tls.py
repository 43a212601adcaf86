"""Fetching by https: connected to the address that was checked, and convinced by nobody but the name's own server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from abby_core.errors import InvalidRequest
from abby_core.security.fetching import NOT_THERE, Fetcher
from tests.support.certificates import Authority

HOST, OTHER = "pictures.example.org", "other.example.org"
Asked = list[tuple[str, int]]
Handler = Callable[[web.Request], web.Response]


@pytest.fixture
def authority() -> Authority:
    return Authority.new()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every name of the Internet is this computer; which were looked up, and for which port."""
    found: Asked = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[object]:
        found.append((host, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return found


@asynccontextmanager
async def serving(
    context: ssl.SSLContext | None, handler: Callable[[web.Request], web.Response]
) -> AsyncGenerator[int]:
    """A server of this computer; the port where it answers."""

    async def answer(request: web.Request) -> web.Response:
        return handler(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def picture(request: web.Request) -> web.Response:
    return web.Response(body=f"a picture of {request.headers['host']}".encode())


async def fetched(trust: ssl.SSLContext | None, url: str, *ports: int) -> bytes:
    fetcher = Fetcher(ports=ports, also_addresses=["127.0.0.1"], trust=trust)
    return await fetcher.fetch(url, bytes_max=1000, seconds=10)


async def test_the_server_is_asked_for_the_name_and_checked_by_it_at_the_address_that_was_found_once(
    authority: Authority, asked: Asked, tmp_path: Path
) -> None:
    wanted: list[str | None] = []
    context = authority.server(tmp_path, HOST)
    context.sni_callback = lambda _socket, name, _context: wanted.append(name)
    async with serving(context, picture) as port:
        body = await fetched(authority.trust(), f"https://{HOST}:{port}/fox.png", port)
    assert body == f"a picture of {HOST}:{port}".encode()
    assert (wanted, asked) == ([HOST], [(HOST, port)])


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("says", "ended", "trusted"),
    [(OTHER, False, True), ("127.0.0.1", False, True), (HOST, True, True), (HOST, False, False)],
    ids=["another name", "the address", "ended", "an authority nobody trusts"],
)
async def test_who_cannot_prove_the_name_is_asked_for_nothing(
    authority: Authority, tmp_path: Path, says: str, ended: bool, trusted: bool
) -> None:
    came: list[web.Request] = []

    def handler(request: web.Request) -> web.Response:
        came.append(request)
        return picture(request)

    async with serving(authority.server(tmp_path, says, ended=ended), handler) as port:
        with pytest.raises(InvalidRequest) as refused:
            await fetched(authority.trust() if trusted else None, f"https://{HOST}:{port}/", port)
    assert str(refused.value) == NOT_THERE
    assert came == []


async def test_a_redirect_to_https_is_checked_by_the_name_it_leads_to(
    authority: Authority, asked: Asked, tmp_path: Path
) -> None:
    targets = list[str]()

    def redirecting(request: web.Request) -> web.Response:
        raise web.HTTPFound(targets[-1])

    async with (
        serving(authority.server(tmp_path, HOST), picture) as secure,
        serving(None, redirecting) as plain,
    ):
        for host in (HOST, OTHER):
            targets.append(f"https://{host}:{secure}/")
            fetching = fetched(authority.trust(), f"http://{OTHER}:{plain}/", plain, secure)
            if host == HOST:
                assert await fetching == f"a picture of {HOST}:{secure}".encode()
            else:
                with pytest.raises(InvalidRequest):
                    await fetching
    assert asked == [(OTHER, plain), (HOST, secure), (OTHER, plain), (OTHER, secure)]
