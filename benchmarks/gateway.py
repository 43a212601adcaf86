"""Figures h to k: a picture's way through the REST interface, against a bare gateway that passes answers on.

    load ─► bare aiohttp gateway ─► back end          the floor: bytes in, bytes out, nothing is kept
    load ─► abby serve's server  ─► the same back end  token, three quotas, checks, a durable file, an answer in base64

The back end answers at once. It, the gateway and Abby are processes of their own, so that each is measured alone; all
share the machine's cores with the load.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks import gateway_servers as servers
from benchmarks.figure import Figure, milliseconds
from benchmarks.gateway_servers import Place, Reading

AT_ONCE = 16
WARM_UP = 2 * AT_ONCE
_WISH = {"prompt": "a cute rabbit in a meadow, early morning light", "size": "1024x1024"}


@dataclass(frozen=True)
class Round:
    """So many pictures through one server. Seconds; bytes."""

    pictures: int
    took: float
    waits: list[float]
    """From asking to the last byte of the answer, each."""
    cpu: float
    peak_bytes: int

    @property
    def slowest_percent(self) -> float:
        """How long the slowest in a hundred waited, at least."""
        return sorted(self.waits)[-max(1, len(self.waits) // 100)]


def throughput(data: bytes, *, quick: bool) -> Iterator[Figure]:
    """Pictures per second, processor time, the slowest in a hundred, and memory, sixteen at once."""
    rounds, pictures = (1, AT_ONCE) if quick else (5, 20 * AT_ONCE)
    with _running(data) as places:
        measured: dict[str, list[Round]] = {name: [] for name in places}
        for turn in range(rounds):
            for name in list(places) if turn % 2 == 0 else reversed(list(places)):
                measured[name].append(asyncio.run(_round(places[name], pictures)))
    abby, bare, no_thumbnails = measured["abby"], measured["bare"], measured["abby, no thumbnails"]
    # LiteLLM made 73 pictures a second where this gateway made 805; a picture thus took it 219 ms, 16 at once.
    yield _figure(
        "h", "pictures per second, 16 at once", _rates(abby), _rates(bare), bound="≥", aim=0.27, shown="{:.0f}/s".format
    )
    yield _figure("i", "processor time of an answer, 16 at once", _cpu(no_thumbnails), _cpu(bare), aim=4.0)
    yield _figure("j", "slowest in a hundred, 16 at once", _slowest(abby), _slowest(bare), aim=5.5)
    answer_bytes = len(data) * 4 // 3
    idle_bytes = places["abby"].idle_bytes
    copies = [(each.peak_bytes - idle_bytes) / AT_ONCE / answer_bytes for each in abby]
    known = bool(abby[0].peak_bytes)
    shown = f"{median(copies) * answer_bytes / 2**20:.1f} MB each; {idle_bytes / 2**20:.0f} MB before"
    yield Figure(
        key="k", title="memory of a picture in flight, in answers", value=median(copies) if known else None, bound="≤",
        aim=2.0, detail=shown if known else "only Linux tells how large a process has been",
    )  # fmt: skip


def _rates(rounds: list[Round]) -> list[float]:
    return [each.pictures / each.took for each in rounds]


def _cpu(rounds: list[Round]) -> list[float]:
    return [each.cpu / each.pictures for each in rounds]


def _slowest(rounds: list[Round]) -> list[float]:
    return [each.slowest_percent for each in rounds]


def _figure(
    key: str,
    title: str,
    mine: list[float],
    floor: list[float],
    *,
    bound: Literal["≤", "≥"] = "≤",
    aim: float,
    shown: Callable[[float], str] = milliseconds,
) -> Figure:
    value = median(one / other for one, other in zip(mine, floor, strict=True))
    detail = f"{shown(median(mine))}, bare {shown(median(floor))}"
    return Figure(key=key, title=title, value=value, bound=bound, aim=aim, detail=detail)


@contextmanager
def _running(data: bytes) -> Generator[dict[str, Place]]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="abby-bench-", ignore_cleanup_errors=True))
        back_end = stack.enter_context(servers.running(servers.back_end, data))
        places = {"bare": stack.enter_context(servers.running(servers.bare, back_end.url))}
        for name, with_thumbnails in (("abby", True), ("abby, no thumbnails", False)):
            root = str(Path(folder) / name)
            running = servers.running(servers.abby, back_end.url, root, AT_ONCE, with_thumbnails)
            places[name] = stack.enter_context(running)
        for name, place in places.items():
            asyncio.run(_load(place, WARM_UP, at_once=1))  # everything is loaded, and no memory kept for sixteen
            places[name] = replace(place, idle_bytes=place.read().now_bytes)
            asyncio.run(_load(place, WARM_UP))
            place.rest()
        yield places


async def _round(place: Place, pictures: int) -> Round:
    before: Reading = place.read()
    place.forget_peak()
    began = time.perf_counter()
    waits = await _load(place, pictures)
    took = time.perf_counter() - began
    after = place.read()
    place.rest()
    return Round(pictures, took, waits, after.cpu - before.cpu, after.peak_bytes)


async def _load(place: Place, pictures: int, *, at_once: int = AT_ONCE) -> list[float]:
    """Order so many pictures, so many at a time; how long each took. Raises for anything but a picture."""
    import aiohttp

    waits: list[float] = []
    numbers = iter(range(pictures))

    async def member(session: aiohttp.ClientSession) -> None:
        for _ in numbers:
            began = time.perf_counter()
            async with session.post("/v1/images/generations", json=_WISH) as answer:
                body = await answer.read()
                if answer.status != 200 or b'"b64_json"' not in body[:1000]:
                    raise RuntimeError(f"no picture, but {answer.status}: {body[:300]!r}")
            waits.append(time.perf_counter() - began)

    async with aiohttp.ClientSession(place.url, headers=place.headers) as session:
        await asyncio.gather(*(member(session) for _ in range(at_once)))
    return waits
