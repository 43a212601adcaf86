"""Port: who wakes the workers. The orders' rows are the queue; a dispatcher only says "now"."""

from __future__ import annotations

from typing import Any, Protocol


class ClaimedOrder(Protocol):
    """What a dispatcher needs to know of a claimed order."""

    @property
    def others_wait(self) -> bool:
        """Whether more orders were waiting when this one was claimed, also such as may not be run yet."""
        ...


class Runner(Protocol):
    """What a dispatcher drives; the studio provides it."""

    async def claim(self) -> ClaimedOrder | None:
        """Take the fairest waiting order; None when nothing may be run now."""
        ...

    async def run(self, order: Any) -> None:
        """Carry a claimed order to its end."""
        ...

    async def tend(self) -> None:
        """Recover what was abandoned, deliver what is due. Called at the start and then regularly."""
        ...


class Dispatcher(Protocol):
    """Calls ``claim`` and ``run`` soon after :meth:`wake`, and at least every few seconds without it.

    Whoever submits an order may also claim one in the same transaction, which is quicker where nobody waits.
    """

    async def start(self, runner: Runner) -> None:
        """Begin dispatching. Abandoned orders have been tended to once when this returns."""
        ...

    def wake(self) -> None:
        """An order was submitted, or a place became free."""
        ...

    def take_place(self) -> bool:
        """Take a free place for an order that is about to be claimed here; False: none is free, nothing was taken.

        Who was given a place calls :meth:`begin` in any case, and soon: stopping waits for it.
        """
        ...

    def begin(self, order: ClaimedOrder | None) -> None:
        """Run the order in the place that was taken; None gives the place back."""
        ...

    async def stop(self, *, grace_seconds: float) -> None:
        """Claim no more; wait for what runs, then cancel what still does (it goes back to waiting)."""
        ...
