"""Honest medians on a machine that is shared: what is compared is measured in turns, and compared turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measured:
    """Seconds per piece of work, one entry per turn."""

    turns: list[float]

    @property
    def median(self) -> float:
        return median(self.turns)

    def over(self, floor: Measured) -> float:
        """How many times as long as ``floor``: the median of the turns' ratios, each of neighbours in time."""
        return median(mine / its for mine, its in zip(self.turns, floor.turns, strict=True))


def in_turns(
    works: Mapping[str, Callable[[], object]],
    *,
    turns: int,
    pieces: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Measured]:
    """Do each work in each turn, once unmeasured before; ``pieces`` is how much one call does.

    Every other turn goes backwards, so that nobody always follows the same neighbour.
    """
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns):
        for name in list(works) if turn % 2 == 0 else reversed(list(works)):
            began = clock()
            works[name]()
            seconds[name].append((clock() - began) / pieces)
    return {name: Measured(turns) for name, turns in seconds.items()}
