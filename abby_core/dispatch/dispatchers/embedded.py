"""The dispatcher inside this process: no server, no broker; enough for one machine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from abby_core.errors import AbbyError

if TYPE_CHECKING:
    from abby_core.dispatch.dispatcher import Claim, Runner

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How soon an order is noticed that another process submitted."""


class EmbeddedDispatcher:
    """Runs up to ``places`` orders at once on the current event loop."""

    def __init__(self, *, places: int, tend_seconds: float) -> None:
        self._places = places
        self._tend_seconds = tend_seconds
        self._wake = asyncio.Event()
        self._may_wait = True
        """Whether an order may be waiting, as far as this process knows; looking is not free."""
        self._orders: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._runner: Runner | None = None
        self._stopping = False
        self._taken = 0
        """Places taken for orders that are being claimed at this moment."""
        self._none_taken = asyncio.Event()
        self._none_taken.set()

    async def start(self, runner: Runner) -> None:
        await self._tend(runner)
        self._runner, self._stopping = runner, False
        self._loops = [asyncio.create_task(self._dispatch(runner)), asyncio.create_task(self._keep_tending(runner))]

    def wake(self) -> None:
        self._may_wait = True
        self._wake.set()

    def take_place(self) -> bool:
        if self._runner is None or self._stopping or not self._has_place():
            return False
        self._taken += 1
        self._none_taken.clear()
        return True

    def begin(self, claim: Claim[Any] | None) -> None:
        self._taken -= 1
        if not self._taken:
            self._none_taken.set()
        if claim is not None and claim.order is not None and self._runner is not None:
            self._start(self._runner, claim.order)
        if claim is None or claim.others_wait:
            self.wake()

    async def stop(self, *, grace_seconds: float) -> None:
        self._stopping = True
        for loop in self._loops:
            loop.cancel()
        for loop in self._loops:
            with contextlib.suppress(asyncio.CancelledError):
                await loop
        self._loops = []
        await self._none_taken.wait()
        if self._orders:
            _, late = await asyncio.wait(self._orders, timeout=grace_seconds)
            for order in late:
                order.cancel()
            if late:
                await asyncio.wait(late)

    async def _dispatch(self, runner: Runner) -> None:
        while True:
            self._wake.clear()
            try:
                while self._may_wait and self._has_place() and await self._begin_one(runner):
                    pass
            except AbbyError as error:
                log.warning("no order could be claimed, trying again: %s", error)
            except Exception:
                log.exception("claiming failed unexpectedly, trying again")
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                self._may_wait = True

    def _has_place(self) -> bool:
        return len(self._orders) + self._taken < self._places

    async def _begin_one(self, runner: Runner) -> bool:
        """Claim and start one order. A claim is never dropped: once taken, the order runs even if we are stopped."""
        self._may_wait = False  # until somebody says otherwise, perhaps while we claim
        claiming = asyncio.ensure_future(runner.claim())
        try:
            claim = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):  # a claim that failed took nothing
                if (order := (await claiming).order) is not None:
                    self._start(runner, order)
            raise
        self._may_wait |= claim.others_wait
        if claim.order is None:
            return False
        self._start(runner, claim.order)
        return True

    def _start(self, runner: Runner, order: object) -> None:
        task = asyncio.create_task(runner.run(order))
        self._orders.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._orders.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an order's runner broke", exc_info=error)
        if self._may_wait:  # for the place that is free now
            self._wake.set()

    async def _keep_tending(self, runner: Runner) -> None:
        while True:
            await asyncio.sleep(self._tend_seconds)
            await self._tend(runner)

    async def _tend(self, runner: Runner) -> None:
        try:
            await runner.tend()
        except AbbyError as error:
            log.warning("tending failed, trying again: %s", error)
        except Exception:
            log.exception("tending failed unexpectedly, trying again")
