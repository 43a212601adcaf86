"""Callers who wait for one of SQLite's threads: what is run for them, and how they are told."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from abby_core.database.transaction import Transaction


class Job:
    """A waiting caller: what to run, and whom to tell. ``loop``: where the caller waits; None for a thread."""

    __slots__ = ("error", "future", "loop", "result", "run")

    def __init__(
        self,
        run: Callable[[Transaction], Any],
        future: Future[Any] | asyncio.Future[Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.run = run
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """What it raised. No future takes a StopIteration: it would end a coroutine, not fail it (as in PEP 479)."""
        self.error = RuntimeError(f"{error!r} in a transaction") if isinstance(error, StopIteration) else error

    def tell(self) -> None:
        """Wake the caller; on the caller's own loop or thread."""
        if self.future.done():  # the caller was cancelled meanwhile; what it asked for is done all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def no_transaction(_tx: Transaction) -> None:
    """What a job runs that is no transaction yet, or none at all."""


def tell(group: list[Job]) -> None:
    """Wake all callers of a group, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in group:
        if job.loop is None:
            job.tell()
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # that loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_all, jobs)


def _tell_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.tell()
