"""A shift: what a dispatcher drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.studio.deliveries import Deliveries
    from abby_core.studio.order_book import Claimed
    from abby_core.studio.recovery import Recovery
    from abby_core.studio.worker import Worker


class Shift:
    """A :class:`~abby_core.dispatch.dispatcher.Runner`: the worker, and what to look after in between."""

    def __init__(self, worker: Worker, recovery: Recovery, deliveries: Deliveries) -> None:
        self._worker = worker
        self._recovery = recovery
        self._deliveries = deliveries

    async def claim(self) -> Claimed | None:
        return await self._worker.claim()

    async def run(self, order: Claimed) -> None:
        await self._worker.run(order)
        self._deliveries.begin()

    async def tend(self) -> None:
        self._deliveries.begin()
        await self._recovery.recover()
