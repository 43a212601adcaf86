"""Fetching from addresses that strangers type: public ones alone, in whatever spelling, and not too much."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from abby_core.errors import InvalidRequest
from abby_core.security.fetching import REDIRECTS_MAX, Fetcher, check_url, is_public

PUBLIC = (
    "http://93.184.215.14/fox.png", "https://example.org/a?b=c", "https://example.org:443/", "http://example.org:80",
    "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "https://xn--bcher-kva.example/%20x", "HTTP://EXAMPLE.ORG",
)  # fmt: skip
HOSTILE = (
    # not the web, not the web's ports
    "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "data:image/png;base64,AA==", "//example.org/",
    "example.org", "", "http://", "http:///x", "http://example.org:22/", "https://example.org:8443/", "http://example.org:0/",
    "http://example.org:99999/", "http://example.org:x/",
    # this machine and its neighbours, in every spelling
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/",
    "http://localhost/", "http://localhost./", "http://foo.localhost./", "http://10.0.0.1/", "http://172.16.0.1/",
    "http://192.168.1.1/", "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data", "http://198.18.0.1/",
    "http://192.0.0.1/", "http://192.0.2.1/", "http://224.0.0.1/", "http://239.1.1.1/", "http://255.255.255.255/",
    "http://240.0.0.1/", "http://1.2.3.4.5/", "http://1.1.1.0x7f/", "http://127.0.0.1%00.example.org/",
    "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://[fc00::1]/", "http://[fec0::1]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://[100::1]/",
    "http://[3fff::1]/", "http://192.88.99.1/", "http://168.63.129.16/machine", "http://[::ffff:168.63.129.16]/",
    # others hidden in addresses
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/",
    "http://[2002:7f00:1::]/", "http://[2002:a00:1::1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2001:470:1::5efe:7f00:1]/", "http://[2001:470:1::200:5efe:10.0.0.1]/", "http://[2001:470::5efe:a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/", "http://[2001:0:7f00:1::]/", "http://[::ffff:169.254.169.254]/",
    # what two readers may read differently
    "http://user@example.org/", "http://user:password@example.org/", "http://example.org@127.0.0.1/",
    "http://127.0.0.1#@example.org/", "http://example.org\\@127.0.0.1/", "http://exa mple.org/", "http://example.org\t/",
    "http://example.org\n.evil/", "http://ⓔxample.org/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://exämple.org/",
    "http://example.org%2f@127.0.0.1/", "http://-example.org/", "http://example..org/", "http://.example.org/",
    "http://example.org./", "http://[::1/", "http://::1/", "http://[127.0.0.1]/", "http://a" + "b" * 64 + ".org/",
    "http://example.org/" + "x" * 2000,
)  # fmt: skip


@pytest.mark.parametrize("url", PUBLIC)
def test_public_addresses_of_the_web_may_be_asked(url: str) -> None:
    assert check_url(url)


@pytest.mark.parametrize("url", HOSTILE)
def test_whatever_else_is_refused_with_one_sentence(url: str) -> None:
    with pytest.raises(InvalidRequest, match="Nothing can be fetched from this address"):
        check_url(url)


@given(st.ip_addresses(v=4))
def test_an_address_is_no_more_public_where_it_is_hidden_in_another(address: object) -> None:
    number = int(ip_address(str(address)))
    for hiding in ((0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80),
                   (0x2001_0470 << 96) | (0x5EFE << 32) | number, number):  # fmt: skip
        if not is_public(ip_address(str(address))):
            assert not is_public(ip_address(hiding) if hiding > 2**32 else ip_address(f"::{address}"))


@asynccontextmanager
async def serving(handler: object) -> AsyncGenerator[tuple[str, int]]:
    """A server of this computer; where it answers, and at which port."""
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)  # pyright: ignore[reportArgumentType]
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = int(runner.addresses[0][1])
    try:
        yield f"http://127.0.0.1:{port}", port
    finally:
        await runner.cleanup()


def fetcher(port: int, also: tuple[str, ...] = ("127.0.0.1",)) -> Fetcher:
    return Fetcher(ports={port}, also_addresses=also)


async def fetched(fetching: Fetcher, url: str, *, bytes_max: int = 1000, seconds: float = 10) -> bytes:
    return await fetching.fetch(url, bytes_max=bytes_max, seconds=seconds)


async def test_what_stands_there_comes_without_anything_of_ours_going_along(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        answer = web.Response(body=b"a picture")
        answer.set_cookie("track", "me")
        return answer

    async with serving(handler) as (url, port):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        once = fetcher(port)
        assert await fetched(once, f"{url}/fox") == await fetched(once, f"{url}/fox#part") == b"a picture"
    assert {request.headers.get("cookie") for request in seen} == {None}
    assert {request.headers["host"] for request in seen} == {f"127.0.0.1:{port}"}


async def test_a_redirect_is_looked_at_like_an_address_that_was_typed() -> None:
    async def handler(request: web.Request) -> web.Response:
        match request.path:
            case "/there":
                return web.Response(body=b"here")
            case "/relative":
                raise web.HTTPFound("/there")
            case "/inside":
                raise web.HTTPFound(f"http://127.0.0.2:{request.url.port}/there")
            case "/elsewhere":
                raise web.HTTPFound("http://169.254.169.254/")
            case "/file":
                raise web.HTTPFound("file:///etc/passwd")
            case _:
                raise web.HTTPFound(request.path)

    async with serving(handler) as (url, port):
        assert await fetched(fetcher(port), f"{url}/relative") == b"here"
        for path in ("inside", "elsewhere", "file", "round"):
            with pytest.raises(InvalidRequest):
                await fetched(fetcher(port), f"{url}/{path}")


async def test_redirects_end_sometime() -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound(f"{request.path}x")

    async with serving(handler) as (url, port):
        with pytest.raises(InvalidRequest):
            await fetched(fetcher(port), f"{url}/x")
    assert len(asked) == REDIRECTS_MAX + 1


async def test_a_name_is_asked_for_once_and_the_connection_goes_to_that_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "good.example.org": ["127.0.0.1"],
        "mixed.example.org": ["127.0.0.1", "127.0.0.2"],
        "bad.example.org": ["10.0.0.1"],
    }
    asked: list[str] = []
    hosts: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in answers[host]]

    async def handler(request: web.Request) -> web.Response:
        hosts.append(request.headers["host"])
        return web.Response(body=b"here")

    async with serving(handler) as (_, port):
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert await fetched(fetcher(port), f"http://good.example.org:{port}/") == b"here"
        for name in ("mixed", "bad"):
            with pytest.raises(InvalidRequest):
                await fetched(fetcher(port), f"http://{name}.example.org:{port}/")
    assert asked == list(answers)
    assert hosts == [f"good.example.org:{port}"]


async def test_more_bytes_than_wanted_and_answers_that_never_end_are_given_up() -> None:
    never = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/slow":
            await never.wait()
        if request.path == "/zipped":
            return web.Response(body=b"x", headers={"content-encoding": "gzip"})
        if request.path == "/gone":
            raise web.HTTPNotFound
        return web.Response(body=b"x" * 1001)

    async with serving(handler) as (url, port):
        for path, seconds in (("large", 10), ("zipped", 10), ("gone", 10), ("slow", 0.2)):
            with pytest.raises(InvalidRequest):
                await fetched(fetcher(port), f"{url}/{path}", seconds=seconds)
        never.set()


async def test_this_computer_is_not_asked_unless_a_test_lets_it() -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise AssertionError("nobody may come here")

    async with serving(handler) as (url, port):
        with pytest.raises(InvalidRequest):
            await fetched(fetcher(port, also=()), url)
