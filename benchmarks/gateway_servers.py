"""The servers that are measured, each in a process of its own that answers questions about itself."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from abby_core.settings import Settings

PLENTY = 10**6
"""Of everything a limit could stop, in pictures, MB or credits: every limit is counted, none stands in the way."""
_STATUS = Path("/proc/self/status")
_FORGET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Reading:
    """What a process has used. Seconds; bytes, 0 where the system does not tell."""

    cpu: float
    peak_bytes: int
    now_bytes: int


@dataclass(frozen=True)
class Place:
    """A running server: where pictures are ordered, with which headers, and what it has used."""

    url: str
    headers: dict[str, str]
    _pipe: Any
    idle_bytes: int = 0
    """What the process takes when it has made pictures, one at a time, and makes none just now."""

    def read(self) -> Reading:
        """What it has used up to now."""
        self._pipe.send("read")
        return self._pipe.recv()

    def rest(self) -> None:
        """Wait until it has done what it does after its answers, so that nobody else is measured beside that."""
        self._pipe.send("rest")
        self._pipe.recv()

    def forget_peak(self) -> None:
        """From now on the peak is a new one."""
        self._pipe.send("forget")
        self._pipe.recv()


@contextmanager
def running(serve: Callable[..., None], *arguments: object) -> Generator[Place]:
    """Run ``serve`` in a process of its own until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=serve, args=(its, *arguments), daemon=True)
    process.start()
    its.close()
    try:
        url, headers = ours.recv()
        yield Place(url, headers, ours)
    finally:
        ours.close()
        process.join(10)
        if process.is_alive():
            process.kill()


def back_end(pipe: Connection, data: bytes) -> None:
    """Answers at once: a picture's bytes where Stability has its door, base64 in JSON where OpenAI has."""
    encoded = base64.b64encode(data).decode()
    answer = json.dumps({"created": 1, "data": [{"b64_json": encoded}], "output_format": "png"}).encode()

    async def stability(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=data, content_type="image/png", headers={"finish-reason": "SUCCESS", "seed": "7"})

    async def openai(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=answer, content_type="application/json")

    app = web.Application(client_max_size=2**20)
    app.router.add_post("/v2beta/stable-image/generate/core", stability)
    app.router.add_post("/v1/images/generations", openai)
    asyncio.run(_serve_app(pipe, app))


def bare(pipe: Connection, back_end_url: str) -> None:
    """Passes the wish to the back end and its answer back, and does nothing else."""

    async def run() -> None:
        async with ClientSession(back_end_url) as session:

            async def passed_on(request: web.Request) -> web.Response:
                async with session.post("/v1/images/generations", data=await request.read()) as answer:
                    return web.Response(body=await answer.read(), content_type="application/json")

            app = web.Application(client_max_size=2**20)
            app.router.add_post("/v1/images/generations", passed_on)
            await _serve_app(pipe, app)

    asyncio.run(run())


def abby(pipe: Connection, back_end_url: str, folder: str, at_once: int, with_thumbnails: bool) -> None:
    """A whole Abby with everything on: token, limits on pictures, bytes and money, checks, durable files.

    Without thumbnails they are held back, as in figure d: nothing of an answer's path changes by that.
    """
    from abby_adapters.web.serve import server_for, url_of
    from abby_core.bootstrap import open_abby
    from abby_core.quota.account import Account
    from abby_core.storage import mending
    from benchmarks.orders import hold_thumbnails_back, worker_of

    settings = Settings(
        storage_root=Path(folder),
        max_global_storage_mb=PLENTY,
        max_user_storage_mb=PLENTY,
        max_user_daily_gens=PLENTY,
        max_daily_millicredits=1000 * PLENTY,
        max_monthly_millicredits=1000 * PLENTY,
        min_free_disk_mb=0,
        concurrent_orders=at_once,
        concurrent_orders_per_user=at_once,
        provider="stability",
        stability_api_key="sk-benchmark",
        api_host=back_end_url,
    )

    async def run() -> None:
        async with open_abby(settings) as house:
            thumbnails = worker_of(house)._thumbnails  # noqa: SLF001
            if not with_thumbnails:
                await hold_thumbnails_back(house)
                mending.THUMBNAIL_GRACE_MS = 3_600_000  # nor is their maker taken for dead while they wait
            token = house.tokens.create(Account("local", "load"))[1]
            with socket.create_server(("127.0.0.1", 0), backlog=128) as bound:
                server = server_for(house)
                serving = asyncio.create_task(server.serve(sockets=[bound]))
                pipe.send((url_of(bound), {"authorization": f"Bearer {token}"}))

                def is_busy() -> bool:
                    making = thumbnails._making  # noqa: SLF001
                    return with_thumbnails and making is not None and not making.done()

                await _answer_until_closed(pipe, is_busy=is_busy)
                if not with_thumbnails and thumbnails._making is not None:  # noqa: SLF001
                    thumbnails._making.cancel()  # noqa: SLF001
                server.stop()
                await serving

    asyncio.run(run())


async def _serve_app(pipe: Connection, app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    pipe.send((f"http://{host}:{port}", {}))
    await _answer_until_closed(pipe)
    await runner.cleanup()


async def _answer_until_closed(pipe: Connection, *, is_busy: Callable[[], bool] = lambda: False) -> None:
    """Say what this process has used whenever it is asked, until nobody listens any more."""
    closed, loop = asyncio.Event(), asyncio.get_running_loop()

    def answer() -> None:
        with contextlib.suppress(EOFError, OSError):
            while (question := pipe.recv()) is not None:
                while question == "rest" and is_busy():
                    time.sleep(0.05)
                if question == "forget" and _FORGET_PEAK.exists():
                    _FORGET_PEAK.write_text("5")  # Linux, proc(5): resets the peak resident set size
                pipe.send(Reading(time.process_time(), _size("VmHWM"), _size("VmRSS")))
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=answer, daemon=True).start()
    await closed.wait()


def _size(name: str) -> int:
    if not _STATUS.exists():
        return 0
    line = next((each for each in _STATUS.read_text().splitlines() if each.startswith(f"{name}:")), "x: 0 kB")
    return int(line.split()[1]) * 1024
