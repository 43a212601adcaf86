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
async def serving(
    root: Path, *providers: ImageProvider, clock: Clock | None = None, **changes: Any
) -> AsyncGenerator[Web]:
    """Serve an Abby at a free port of this computer."""
    provider, clock = FixedProvider(), clock or Clock()
    given = providers or (provider,)
    async with open_abby(root, *given, clock=clock, **changes) as abby:
        with socket.create_server(("127.0.0.1", 0)) as bound:
            server = server_for(abby)
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
