"""Works: what takes longer than an answer may, done beside it, with how far it is.

They are remembered in this process alone: whatever they do is safe to be cut off and to be begun again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from abby_core.errors import AbbyError, InvalidRequest
from abby_core.sentence import sentence

log = logging.getLogger(__name__)
REMEMBERED_MAX = 200
"""Works whose outcome can still be looked at; the oldest that ended is forgotten first."""
RUNNING_MAX = 4
"""At a time, of everybody: each keeps a thread and a core busy."""


@dataclass
class Work:
    """One piece of work. ``owner`` is an account's key; nobody else sees it. ``total`` 0: nobody knows how much."""

    owner: str
    kind: str
    total: int = 0
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    done: int = 0
    outcome: object = None
    error: AbbyError | None = None
    failed: bool = False
    """Something went wrong that is not for people to read; the log has it."""
    running: bool = True

    def step(self, done: int) -> None:
        """So much is done. May be called from any thread."""
        self.done = done


class Works:
    """Lives on one event loop."""

    def __init__(self) -> None:
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, work: Work, act: Callable[[Work], Awaitable[object]]) -> Work:
        """Begin it. The same kind of the same owner that runs already is handed back instead.

        Raises InvalidRequest while too much is being done for others.
        """
        going = [each for each in self._works.values() if each.running]
        same = next((each for each in going if (each.owner, each.kind) == (work.owner, work.kind)), None)
        if same is not None:
            return same
        if len(going) >= RUNNING_MAX:
            raise InvalidRequest(sentence("Abby is busy with work like this for others; try again in a minute."))
        self._works[work.id] = work
        ended = [each.id for each in self._works.values() if not each.running]
        for oldest in ended[: max(0, len(self._works) - REMEMBERED_MAX)]:
            del self._works[oldest]
        task = asyncio.create_task(_carry_out(work, act))
        self._tasks[work.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(work.id, None))
        return work

    async def wait(self, work: Work, seconds: float) -> bool:
        """Wait for its end, but not longer; whether it has ended."""
        task = self._tasks.get(work.id)
        if task is not None:
            await asyncio.wait({task}, timeout=seconds)
        return not work.running

    def newest(self, owner: str, kind: str) -> Work | None:
        """What the owner last began of that kind."""
        return next((each for each in reversed(self._works.values()) if (each.owner, each.kind) == (owner, kind)), None)


async def _carry_out(work: Work, act: Callable[[Work], Awaitable[object]]) -> None:
    try:
        work.outcome = await act(work)
    except AbbyError as error:
        work.error = error
    except Exception:
        work.failed = True
        log.exception("the work %s failed unexpectedly", work.kind)
    finally:
        work.running = False
