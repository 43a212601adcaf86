"""What is going on right now in this process: per cent of running orders, and a bell for whoever watches.

A convenience on top of the orders' rows: everything that must survive is in the rows, and watchers also look
at those, so nothing is lost when order and watcher live in different processes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Generator
from typing import TYPE_CHECKING

from abby_core.studio.order import Preview

if TYPE_CHECKING:
    from abby_core.studio.order import Outcome

PREVIEW_BYTES_MAX = 2**20
"""One is kept for each running order; what a service sends beyond this is no preview."""


class Awaited:
    """An order's outcome for one who waits for nothing else: mere progress does not wake them."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._changed: asyncio.Future[None] | None = None

    def put(self, outcome: Outcome | None) -> None:
        """This is what became of it; None: it runs here no more, so its row has to be looked at."""
        self._outcome = self._outcome or outcome
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    async def wait(self, seconds: float) -> Outcome | None:
        """What became of the order; None: so much time has passed, or it runs here no more."""
        if self._outcome is None:
            loop = asyncio.get_running_loop()
            self._changed = loop.create_future()
            patience = loop.call_later(seconds, self.put, None)
            try:
                await self._changed
            finally:
                patience.cancel()
        return self._outcome


class Board:
    """Lives on one event loop; not for threads."""

    def __init__(self) -> None:
        self._percent: dict[str, int] = {}
        self._previews: dict[str, Preview] = {}
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._outcomes: defaultdict[str, set[Awaited]] = defaultdict(set)

    def percent(self, order_id: str) -> int | None:
        """0..100 while the order runs in this process, else None."""
        return self._percent.get(order_id)

    def set_percent(self, order_id: str, percent: int) -> None:
        if percent != self._percent.get(order_id):
            self._percent[order_id] = percent
            self.ring(order_id)

    def preview(self, order_id: str) -> Preview | None:
        """The latest preview, while the order runs in this process."""
        return self._previews.get(order_id)

    def put_preview(self, order_id: str, index: int, data: bytes) -> None:
        """That picture of the order looks like this so far. Too large a one is not shown."""
        if len(data) <= PREVIEW_BYTES_MAX:
            before = self._previews.get(order_id)
            number = before.number + 1 if before is not None and before.index == index else 0
            self._previews[order_id] = Preview(index, number, data)
            self.ring(order_id)

    def clear(self, order_id: str) -> None:
        """The order runs here no more."""
        self._percent.pop(order_id, None)
        self._previews.pop(order_id, None)
        for place in self._outcomes.get(order_id, ()):
            place.put(None)
        self.ring(order_id)

    @contextlib.contextmanager
    def awaited(self, order_id: str) -> Generator[Awaited]:
        """A place where the order's outcome is put if it is done in this process meanwhile."""
        outcome = Awaited()
        self._outcomes[order_id].add(outcome)
        try:
            yield outcome
        finally:
            self._outcomes[order_id].discard(outcome)
            if not self._outcomes[order_id]:
                del self._outcomes[order_id]

    def is_awaited(self, order_id: str) -> bool:
        """Whether somebody waits for the order's outcome."""
        return order_id in self._outcomes

    def put_outcome(self, order_id: str, outcome: Outcome) -> None:
        """The order is done, and this is what its row says: whoever waits need not read it."""
        for place in self._outcomes.get(order_id, ()):
            place.put(outcome)
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
