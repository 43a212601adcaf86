"""Figure l: a kept picture through its signed link, against nginx that serves the same file with sendfile.

Both are processes of their own and share the machine's cores with the load, which reads every byte. nginx has one
worker, since Abby has one event loop.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import gateway_servers as servers
from benchmarks.figure import Figure, milliseconds

AT_ONCE = 16
_START_SECONDS = 10
_SPENT = Path("/proc/self/schedstat")
_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    types {{ image/png png; }}
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{ listen 127.0.0.1:{port} backlog=128; root files; }}
}}
"""


@dataclass(frozen=True)
class _Server:
    """Where the picture is, and how much processor time its server has used, in seconds."""

    url: str
    cpu: Callable[[], float]


def pictures(data: bytes, *, quick: bool) -> Iterator[Figure]:
    """Pictures per second and processor time of each, sixteen at once."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")  # Debian's is not in everybody's PATH
    if program is None or not _SPENT.exists():
        why = "nginx is not installed here" if program is None else "only Linux tells how much time nginx has spent"
        yield from _figures([], [], why)
        return
    rounds, count = (1, AT_ONCE) if quick else (5, 40 * AT_ONCE)
    with ExitStack() as stack:
        abby = stack.enter_context(_abby(data))
        nginx = stack.enter_context(_nginx(program, data))
        measured: dict[str, list[tuple[float, float]]] = {"abby": [], "nginx": []}
        for server in (abby, nginx):
            asyncio.run(_load(server.url, data, AT_ONCE))
        for turn in range(rounds):
            for name, server in (("abby", abby), ("nginx", nginx))[:: -1 if turn % 2 else 1]:
                measured[name].append(_round(server, data, count))
    yield from _figures(measured["abby"], measured["nginx"], "")


def _figures(abby: list[tuple[float, float]], nginx: list[tuple[float, float]], why: str) -> Iterator[Figure]:
    """Of rounds: seconds from one picture to the next, and seconds of the processor for each."""
    took, floor = [each[0] for each in abby], [each[0] for each in nginx]
    cpu, its = [each[1] for each in abby], [each[1] for each in nginx]
    yield Figure(
        key="l", title="kept pictures served per second, 16 at once", bound="≥", aim=0.5,
        value=median(theirs / ours for ours, theirs in zip(took, floor, strict=True)) if took else None,
        detail=why or f"{1 / median(took):.0f}/s, nginx {1 / median(floor):.0f}/s",
    )  # fmt: skip
    yield Figure(
        key="l", title="processor time of serving one, 16 at once", bound="≤", aim=5,
        value=median(ours / theirs for ours, theirs in zip(cpu, its, strict=True)) if cpu else None,
        detail=why or f"{milliseconds(median(cpu))}, nginx {milliseconds(median(its))}",
    )  # fmt: skip


@contextmanager
def _abby(data: bytes) -> Generator[_Server]:
    """A whole Abby that has made the picture."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="abby-bench-", ignore_cleanup_errors=True))
        back_end = stack.enter_context(servers.running(servers.back_end, data))
        place = stack.enter_context(servers.running(servers.abby, back_end.url, folder, AT_ONCE, True))
        yield _Server(asyncio.run(_link(place)), lambda: place.read().cpu)


async def _link(place: servers.Place) -> str:
    import aiohttp

    wish = {"prompt": "a cute rabbit", "size": "1024x1024", "response_format": "url"}
    async with (
        aiohttp.ClientSession(headers=place.headers) as session,
        session.post(f"{place.url}/v1/images/generations", json=wish) as answer,
    ):
        made: Any = await answer.json()
        return made["data"][0]["url"]


@contextmanager
def _nginx(program: str, data: bytes) -> Generator[_Server]:
    """nginx over a folder with nothing but the picture."""
    with tempfile.TemporaryDirectory(prefix="abby-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "files").mkdir()
        (folder / "files" / "picture.png").write_bytes(data)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (folder / "nginx.conf").write_text(_CONFIGURATION.format(port=port), encoding="utf-8")
        process = subprocess.Popen([program, "-p", f"{folder}/", "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield _Server(f"http://127.0.0.1:{port}/picture.png", lambda: _cpu(process.pid))
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)
        else:
            return


def _cpu(pid: int) -> float:
    """Linux, Documentation/scheduler/sched-stats: nanoseconds on the processor first. nginx has one thread."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def _round(server: _Server, data: bytes, count: int) -> tuple[float, float]:
    cpu, began = server.cpu(), time.perf_counter()
    asyncio.run(_load(server.url, data, count))
    return (time.perf_counter() - began) / count, (server.cpu() - cpu) / count


async def _load(url: str, data: bytes, count: int) -> None:
    """Fetch it so many times, sixteen at a time. Raises for anything else than the picture."""
    import aiohttp

    numbers = iter(range(count))

    async def member(session: aiohttp.ClientSession) -> None:
        for _ in numbers:
            async with session.get(url) as answer:
                size = 0
                async for part in answer.content.iter_any():
                    size += len(part)
                if answer.status != 200 or size != len(data):
                    raise RuntimeError(f"no picture, but {answer.status} and {size} bytes")

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(member(session) for _ in range(AT_ONCE)))
