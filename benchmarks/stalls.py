"""Figure e: the longest time for which the event loop does not answer while many orders are completed."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from abby_core.bootstrap import Abby
from benchmarks.figure import Figure
from benchmarks.orders import create, running_abby, worker_of

ORDERS = 32
LOOK_SECONDS = 0.001
"""How often the loop is asked whether it is awake; what it takes longer than that is a stall."""


def longest(data: bytes, *, quick: bool) -> Figure:
    """The median over some rounds of each round's longest stall, thumbnails included; beside it, of an idle loop."""
    rounds = 1 if quick else 7
    with running_abby(data, orders_at_once=ORDERS) as (abby, runner):
        runner.run(create(abby))
        pairs = [runner.run(_round(abby)) for _ in range(rounds)]
    busy, idle = ([pair[side] * 1000 for pair in pairs] for side in (0, 1))
    detail = f"worst of {rounds} rounds {max(busy):.1f} ms; idle loop {median(idle):.1f} ms, worst {max(idle):.1f} ms"
    return Figure(
        key="e",
        title=f"longest stall while {ORDERS} orders complete",
        value=median(busy),
        bound="≤",
        aim=20,
        unit="ms",
        detail=detail,
    )


async def _round(abby: Abby) -> tuple[float, float]:
    """The longest stall in seconds while orders are made at once, and while nothing is done for as long."""
    began = time.perf_counter()
    watch = asyncio.create_task(_watch())
    await asyncio.gather(*(create(abby) for _ in range(ORDERS)))
    await worker_of(abby).close()  # the last thumbnail
    busy = await _stop(watch)
    lasted = time.perf_counter() - began
    watch = asyncio.create_task(_watch())
    await asyncio.sleep(lasted)
    return busy, await _stop(watch)


async def _watch() -> float:
    """Look at the clock again and again; returns the longest delay when it is cancelled."""
    longest, before = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.perf_counter()
            longest, before = max(longest, now - before - LOOK_SECONDS), now
    except asyncio.CancelledError:
        return longest


async def _stop(watch: asyncio.Task[float]) -> float:
    watch.cancel()
    return await watch
