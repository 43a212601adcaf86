"""A shift: what a dispatcher drives."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from abby_core.errors import AbbyError

if TYPE_CHECKING:
    from abby_core.dispatch.dispatcher import Claim
    from abby_core.studio.deliveries import Deliveries
    from abby_core.studio.order_book import Claimed
    from abby_core.studio.recovery import Recovery
    from abby_core.studio.worker import Worker

log = logging.getLogger(__name__)
Chore = Callable[[], Awaitable[object]]
"""Something that is looked after now and then; it may be repeated, and finds nothing to do nearly always."""


class Shift:
    """A :class:`~abby_core.dispatch.dispatcher.Runner`: the worker, and what to look after in between.

    ``chores`` come after orders and storage; trouble with one is logged and does not keep the others waiting.
    """

    def __init__(
        self, worker: Worker, recovery: Recovery, deliveries: Deliveries, *, chores: Sequence[Chore] = ()
    ) -> None:
        self._worker = worker
        self._recovery = recovery
        self._deliveries = deliveries
        self._chores = tuple(chores)

    async def claim(self) -> Claim[Claimed]:
        return await self._worker.claim()

    async def run(self, order: Claimed) -> None:
        await self._worker.run(order)
        self._deliveries.begin()

    async def tend(self) -> None:
        self._deliveries.begin()
        if await self._recovery.recover():
            self._deliveries.begin()  # of orders that have come to their end by that
        for chore in self._chores:
            await _do(chore)


async def _do(chore: Chore) -> None:
    try:
        await chore()
    except AbbyError as error:
        log.warning("a chore failed, trying again: %s", error)
    except Exception:
        log.exception("a chore failed unexpectedly, trying again")
