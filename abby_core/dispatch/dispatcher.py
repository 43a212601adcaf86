"""Port: who wakes the workers. The orders' rows are the queue; a dispatcher only says "now"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

OrderT_co = TypeVar("OrderT_co", covariant=True)


@dataclass(frozen=True)
class Claim(Generic[OrderT_co]):
    """What came of looking for an order to run."""

    order: OrderT_co | None
    """The fairest one that may be run now; None: there is none."""
    others_wait: bool
    """Whether others wait, also such as may only be run when one of those that are running has ended."""


class Runner(Protocol):
    """What a dispatcher drives; the studio provides it."""

    async def claim(self) -> Claim[Any]:
        """Take the fairest waiting order."""
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

    def begin(self, claim: Claim[Any] | None) -> None:
        """Run the order in the place that was taken; without one the place is given back.

        None: there was trouble, and nobody knows what waits.
        """
        ...

    async def stop(self, *, grace_seconds: float) -> None:
        """Claim no more; wait for what runs, then cancel what still does (it goes back to waiting)."""
        ...
