"""What is going on right now in this process: per cent of running orders, and a bell for whoever watches.

A convenience on top of the orders' rows: everything that must survive is in the rows, and watchers also look
at those, so nothing is lost when order and watcher live in different processes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Board:
    """Lives on one event loop; not for threads."""

    def __init__(self) -> None:
        self._percent: dict[str, int] = {}
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def percent(self, order_id: str) -> int | None:
        """0..100 while the order runs in this process, else None."""
        return self._percent.get(order_id)

    def set_percent(self, order_id: str, percent: int) -> None:
        if percent != self._percent.get(order_id):
            self._percent[order_id] = percent
            self.ring(order_id)

    def clear(self, order_id: str) -> None:
        """The order runs here no more."""
        self._percent.pop(order_id, None)
        self.ring(order_id)

    def ring(self, order_id: str) -> None:
        """Something about the order changed."""
        for bell in self._bells.get(order_id, ()):
            bell.set()

    async def wait(self, order_id: str, seconds: float) -> None:
        """Until the order's bell rings, or so many seconds have passed."""
        bell = asyncio.Event()
        self._bells[order_id].add(bell)
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            pass
        finally:
            self._bells[order_id].discard(bell)
            if not self._bells[order_id]:
                del self._bells[order_id]
