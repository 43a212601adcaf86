"""A real web server over a real Abby, on a port of its own, and OpenAI's own client in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import openai
import yarl
from multidict import CIMultiDictProxy

from abby_adapters.web.serve import server_for, url_of
from abby_core.bootstrap import Abby
from abby_core.generation.provider import ImageProvider
from abby_core.quota.account import Account
from tests.support.providers import FixedProvider
from tests.support.studio import ALICE, Clock, open_abby

RETRIES = 2
"""As often as OpenAI's client asks again unless it is told otherwise."""


@dataclass
class Web:
    """One Abby that is being served. ``provider`` makes its pictures."""

    abby: Abby
    url: str
    provider: FixedProvider
    clock: Clock
    tokens: dict[Account, str] = field(default_factory=dict[Account, str])

    def token(self, account: Account = ALICE, **options: Any) -> str:
        if options:
            return self.abby.tokens.create(account, **options)[1]
        if account not in self.tokens:
            self.tokens[account] = self.abby.tokens.create(account)[1]
        return self.tokens[account]

    def openai(
        self, account: Account = ALICE, *, token: str | None = None, base: str = "", **options: Any
    ) -> openai.AsyncOpenAI:
        """OpenAI's client, as it comes; it asks once unless ``max_retries`` says more."""
        options = {"max_retries": 0, "timeout": 30, **options}
        return openai.AsyncOpenAI(api_key=token or self.token(account), base_url=f"{base or self.url}/v1", **options)

    @asynccontextmanager
    async def http(
        self, account: Account = ALICE, *, token: str | None = None
    ) -> AsyncGenerator[aiohttp.ClientSession]:
        """A plain HTTP client with the account's token; an empty one: without any."""
        shown = self.token(account) if token is None else token
        headers = {"authorization": f"Bearer {shown}"} if shown else {}
        async with aiohttp.ClientSession(self.url, headers=headers) as session:
            yield session

    @asynccontextmanager
    async def browser(self, account: Account | None = ALICE) -> AsyncGenerator[Browser]:
        """A browser in which that account is signed in; None: nobody."""
        cookies = aiohttp.CookieJar(unsafe=True)  # which only means that it takes cookies from an IP address
        if account is not None:
            cookies.update_cookies({"abby": (await self.abby.sessions.begin(account))[1]}, yarl.URL(self.url))
        async with aiohttp.ClientSession(self.url, headers={"origin": self.url}, cookie_jar=cookies) as session:
            yield Browser(session)


@dataclass(frozen=True)
class Answer:
    """An answer, all of it."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(frozen=True)
class Browser:
    """Sends what a browser sends from our own pages: its cookies, and where forms come from."""

    session: aiohttp.ClientSession

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.request("POST", path, **options)

    async def request(self, method: str, path: str, *, follow: bool = False, **options: Any) -> Answer:
        """``follow``: go where the answer leads, as browsers do."""
        url = yarl.URL(path, encoded=True)
        async with self.session.request(method, url, allow_redirects=follow, **options) as answer:
            return Answer(answer.status, answer.headers, await answer.text())

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.session.cookie_jar}


@asynccontextmanager
async def serving(
    root: Path, *providers: ImageProvider, clock: Clock | None = None, discord_url: str = "", **changes: Any
) -> AsyncGenerator[Web]:
    """Serve an Abby at a free port of this computer. ``discord_url``: where people sign in with Discord."""
    provider, clock = FixedProvider(), clock or Clock()
    given = providers or (provider,)
    async with open_abby(root, *given, clock=clock, **changes) as abby:
        with socket.create_server(("127.0.0.1", 0)) as bound:
            server = server_for(abby, discord_url=discord_url or "http://127.0.0.1:9")
            task = asyncio.create_task(server.serve(sockets=[bound]))
            first = given[0]
            try:
                yield Web(abby, url_of(bound), first if isinstance(first, FixedProvider) else provider, clock)
            finally:
                server.stop()
                server.force_exit = True
                await task


@asynccontextmanager
async def cutting(web: Web) -> AsyncGenerator[tuple[str, Callable[[], Awaitable[None]]]]:
    """A line to the server: where it begins, and what cuts every connection on it; new ones are let through."""
    host, _, port = web.url.removeprefix("http://").rpartition(":")
    open_now: set[asyncio.StreamWriter] = set()
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(2**16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        open_now.update((writer, far_writer))
        pumps.update((asyncio.create_task(pump(reader, far_writer)), asyncio.create_task(pump(far_reader, writer))))

    async def cut() -> None:
        for writer in open_now:
            writer.transport.abort()
        open_now.clear()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as line:
        yield f"http://127.0.0.1:{line.sockets[0].getsockname()[1]}", cut
        for writer in open_now:
            writer.transport.abort()
        await asyncio.gather(*pumps)
