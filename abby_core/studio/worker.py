"""Worker: one order from claim to delivery.

    claim     the lease and the attempt are committed before anything is paid
    generate  no transaction is open while a provider works
    keep      bytes durable → one transaction: row, settlement and, with the last picture, the order's end
    deliver   whoever asked is told, by rows of their own
    thumbnail afterwards, off the path of the answer

Every write names the fence of the claim, so a worker that lost its lease changes nothing any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from abby_core.errors import (
    AbbyError,
    ProviderError,
    StorageError,
)
from abby_core.sentence import Sentence, sentence
from abby_core.storage import catalogue
from abby_core.studio import order_book
from abby_core.studio.job import Job, LeaseLost
from abby_core.studio.making import Making
from abby_core.studio.order import PictureFailure, State
from abby_core.studio.order_book import Claimed, QueueLimits
from abby_core.studio.thumbnails import Thumbnails

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.dispatch.dispatcher import Claim
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.observability.events import EventLog
    from abby_core.observability.measures import Measures
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
"""How often a runner renews its lease, writes its progress and looks whether it was cancelled."""
RETRY_AFTER_SECONDS = 5.0
"""Pause before a free provider is asked again after a passing trouble."""
STOPPED = sentence("Abby was stopped while the picture was being made.")


class Worker:
    """Runs claimed orders; the dispatcher's :class:`~abby_core.dispatch.dispatcher.Runner` is made of it."""

    def __init__(
        self,
        *,
        storage: StorageManager,
        generator: ImageGenerator,
        board: Board,
        events: EventLog,
        measures: Measures,
        limits: QueueLimits,
        lease_seconds: float,
    ) -> None:
        self._storage = storage
        self._database = storage.database
        self._generator = generator
        self._board = board
        self._events = events
        self._limits = limits
        self.lease_ms = int(lease_seconds * 1000)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._jobs: dict[str, Job] = {}
        self._thumbnails = Thumbnails(storage)
        self._making = Making(storage, generator, board, events, self._thumbnails, measures=measures)

    async def claim(self) -> Claim[Claimed]:
        """Take the fairest waiting order."""
        claim = await self._database.run(self.claim_in)
        if claim.order is not None:
            self._jobs[claim.order.id] = Job(claim.order)
        return claim

    def claim_in(self, tx: Transaction) -> Claim[Claimed]:
        """:meth:`claim` inside a transaction, of somebody who will have the order run at once."""
        return order_book.claim(
            tx, self._limits, owner=self.owner, now_ms=self._storage.now_ms(), lease_ms=self.lease_ms
        )

    async def run(self, order: Claimed) -> None:
        """Carry a claimed order to its end, or back to waiting. Never raises but for cancellation (shutdown)."""
        job = self._jobs.setdefault(order.id, Job(order))
        job.task = asyncio.current_task()
        self._board.set_percent(order.id, 0)
        self._events.write("order", id=order.id, state="running", attempt=order.attempt)
        beating: list[asyncio.Task[None]] = []  # most orders have ended before the first beat
        first_beat = asyncio.get_running_loop().call_later(
            HEARTBEAT_SECONDS, lambda: beating.append(asyncio.create_task(self._hold_on(job)))
        )
        try:
            if order.cancel_requested:  # of a runner that died before it noticed
                job.cancelled_by_owner = True
                raise asyncio.CancelledError  # noqa: TRY301 -- the same end as for one who is cancelled here
            await self._making.make(job)
            if job.failures:
                await self._end_incomplete(job)
        except LeaseLost:
            log.warning("order %s was taken over by another worker", order.id)
        except asyncio.CancelledError:
            await self._stopped(job)
            if not (job.cancelled_by_owner or job.lease_lost):
                raise
        except AbbyError as error:
            await self._fail(job, error)
        except Exception:
            log.exception("order %s failed unexpectedly", order.id)
            await self._fail(job, StorageError(sentence("An unexpected error occurred. Please try again later.")))
        finally:
            first_beat.cancel()
            for heartbeat in beating:
                heartbeat.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await heartbeat
            await self._end(job)

    async def cancel(self, order_id: str) -> None:
        """Stop the order if it runs here, and wait until it has ended."""
        job = self._jobs.get(order_id)
        if job is not None and job.task is not None:
            job.cancelled_by_owner = True
            job.task.cancel()
            await job.ended.wait()

    async def renew_all(self) -> None:
        """Renew the leases of all orders that run here."""
        for job in list(self._jobs.values()):
            await self._renew(job)

    async def tidy(self, order_id: str) -> None:
        """Remove the picture an ended order worked on, if one was uploaded for it."""
        key = await self._database.fetch(order_book.source_key, order_id)
        if key:
            await asyncio.to_thread(self._storage.blobs.delete, key)

    async def close(self) -> None:
        """Wait for thumbnails that are being made."""
        await self._thumbnails.close()

    # ------------------------------------------------------------------ ending

    async def _fail(self, job: Job, error: AbbyError) -> None:
        """Ask a free provider again later; else the pictures that are missing have failed."""
        order = job.order
        transient = isinstance(error, ProviderError) and error.transient
        if transient and job.free and order.attempt < order.attempts_max:
            await self._wait_again(job, RETRY_AFTER_SECONDS)
            return
        job.call_failed([index for index in range(order.pictures) if index not in job.settled], error)
        await self._end_incomplete(job)

    async def _end_incomplete(self, job: Job) -> None:
        """End with the pictures that are kept, or fail without any."""
        order, first = job.order, job.failures[0]

        def end(tx: Transaction) -> State | None:
            now_ms = self._storage.now_ms()
            made = len(catalogue.of_order(tx, order.id))
            if made:
                mine = order_book.finish(
                    tx, order.id, order.fence, now_ms=now_ms, notes=[*job.notes, _told(job.failures, made, order)],
                    failures=job.failures, maybe_billed=job.maybe_billed,
                )  # fmt: skip
            else:
                mine = order_book.fail(
                    tx, order.id, order.fence, now_ms=now_ms, code=first.code, error=first.error,
                    maybe_billed=job.maybe_billed,
                )  # fmt: skip
            if not mine:
                return None
            self._storage.quota.release_in(tx, order.id, maybe_spent_millicredits=job.maybe_spent_millicredits)
            return "done" if made else "failed"

        await self._write_end(job, end, reason=first.code)

    async def _stopped(self, job: Job) -> None:
        """The task was cancelled: by the order's owner, by a lost lease, or because Abby shuts down."""
        if job.lease_lost:
            return
        if job.cancelled_by_owner:
            job.cut_off()
            await self._write_end(job, lambda tx: self._enter_cancelled(tx, job))
        elif not job.free and (job.calling or job.failures):
            await self._fail(job, ProviderError(STOPPED, maybe_billed=True))
        else:
            await self._wait_again(job, 0)

    def _enter_cancelled(self, tx: Transaction, job: Job) -> State | None:
        order, now_ms = job.order, self._storage.now_ms()
        if not order_book.cancelled(tx, order.id, order.fence, now_ms=now_ms, maybe_billed=job.maybe_billed):
            return None
        self._storage.quota.release_in(tx, order.id, maybe_spent_millicredits=job.maybe_spent_millicredits)
        return "cancelled"

    async def _wait_again(self, job: Job, pause_seconds: float) -> None:
        at_ms = self._storage.now_ms() + int(pause_seconds * 1000)

        def wait(tx: Transaction) -> State | None:
            return "waiting" if order_book.retry(tx, job.order.id, job.order.fence, not_before_ms=at_ms) else None

        await self._write_end(job, wait)

    async def _write_end(self, job: Job, write: Callable[[Transaction], State | None], **facts: str) -> None:
        """Write how it ended, whatever happens to this task; trouble is left to recovery, the lease runs out."""
        try:
            if (state := await self._storage.uninterrupted(self._database.run(write))) is not None:
                self._events.write("order", id=job.order.id, state=state, **facts)
        except StorageError as error:
            log.warning("the end of order %s could not be written, recovery will: %s", job.order.id, error)

    async def _end(self, job: Job) -> None:
        try:
            if job.order.source_key:
                view = await self._database.fetch(order_book.view, job.order.id)
                if view is not None and view.ended:
                    await self.tidy(job.order.id)
        except StorageError as error:
            log.warning("order %s was not tidied up: %s", job.order.id, error)
        finally:  # also when it is cancelled in its last moment: somebody may wait for the end
            self._jobs.pop(job.order.id, None)
            self._board.clear(job.order.id)
            job.ended.set()

    async def _hold_on(self, job: Job) -> None:
        """Renew the lease while the order runs; stop the work when it is lost or the owner cancels."""
        order = job.order
        while True:
            try:
                cancel = await self._renew(job)
            except StorageError as error:
                log.warning("the lease of order %s could not be renewed: %s", order.id, error)
                cancel = False
            if cancel is False:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                continue
            job.lease_lost, job.cancelled_by_owner = cancel is None, cancel is True
            if job.task is not None:
                job.task.cancel()
            return

    async def _renew(self, job: Job) -> bool | None:
        return await self._database.run(
            order_book.renew,
            job.order.id,
            job.order.fence,
            until_ms=self._storage.now_ms() + self.lease_ms,
            percent=self._board.percent(job.order.id) or 0,
        )


def _told(failures: list[PictureFailure], made: int, order: Claimed) -> Sentence:
    """What became of the pictures that are missing, in a sentence."""
    reasons = list(dict.fromkeys(failure.error for failure in failures))
    reason = reduce(_both, reasons)
    return sentence("{made} of {wanted} pictures were made; then: {reason}", made=made, wanted=order.pictures,
                    reason=reason)  # fmt: skip


def _both(one: str, other: str) -> str:
    """Two sentences, the second after the first."""
    return sentence("{one} {other}", one=one, other=other)
