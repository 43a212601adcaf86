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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abby_core.errors import (
    AbbyError,
    BadAnswer,
    InvalidRequest,
    PictureRejected,
    ProviderError,
    StorageError,
)
from abby_core.generation.request import ImageRequest
from abby_core.storage import catalogue, keeping
from abby_core.storage.artifact import Artifact
from abby_core.studio import order_book, pictures
from abby_core.studio.order import Outcome, State
from abby_core.studio.order_book import Claimed, QueueLimits
from abby_core.studio.request_json import decode, with_seed
from abby_core.studio.thumbnails import Thumbnails

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.generation.provider import ImageProvider
    from abby_core.observability.events import EventLog
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board
    from abby_core.studio.order import OrderView

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
"""How often a runner renews its lease, writes its progress and looks whether it was cancelled."""
RETRY_AFTER_SECONDS = 5.0
"""Pause before a free provider is asked again after a passing trouble."""
STOPPED = "Abby was stopped while the picture was being made."


class LeaseLost(Exception):
    """Somebody else has taken the order over; what this worker did no longer counts."""


@dataclass
class _Job:
    """An order while it is run in this process."""

    order: Claimed
    notes: list[str] = field(default_factory=list[str])
    calling: bool = False
    """A provider may be working on a picture, or has made one that is not kept yet."""
    task: asyncio.Task[None] | None = None
    cancelled_by_owner: bool = False
    lease_lost: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    made: list[Artifact] = field(default_factory=list[Artifact])
    """The order's pictures that are kept, by index."""
    view: OrderView | None = None
    """The order as it was when it was done, if somebody waits for it."""

    @property
    def free(self) -> bool:
        return self.order.attempts_max > 1

    @property
    def maybe_billed(self) -> bool:
        """Whether the host may pay for a picture that never came."""
        return self.calling and not self.free


class Worker:
    """Runs claimed orders; the dispatcher's :class:`~abby_core.dispatch.dispatcher.Runner` is made of it."""

    def __init__(
        self,
        *,
        storage: StorageManager,
        generator: ImageGenerator,
        board: Board,
        events: EventLog,
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
        self._jobs: dict[str, _Job] = {}
        self._thumbnails = Thumbnails(storage)

    async def claim(self) -> Claimed | None:
        """Take the fairest waiting order. None: nothing waits, or all places are taken."""
        claimed = await self._database.run(self.claim_in)
        if claimed is not None:
            self._jobs[claimed.id] = _Job(claimed)
        return claimed

    def claim_in(self, tx: Transaction) -> Claimed | None:
        """:meth:`claim` inside a transaction, of somebody who will have the order run at once."""
        return order_book.claim(
            tx, self._limits, owner=self.owner, now_ms=self._storage.now_ms(), lease_ms=self.lease_ms
        )

    async def run(self, order: Claimed) -> None:
        """Carry a claimed order to its end, or back to waiting. Never raises but for cancellation (shutdown)."""
        job = self._jobs.setdefault(order.id, _Job(order))
        job.task = asyncio.current_task()
        self._board.set_percent(order.id, 0)
        self._events.write("order", id=order.id, state="running", attempt=order.attempt)
        heartbeat = asyncio.create_task(self._hold_on(job))
        try:
            await self._make(job)
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
            await self._fail(job, StorageError("An unexpected error occurred. Please try again later."))
        finally:
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

    # ------------------------------------------------------------------ making

    async def _make(self, job: _Job) -> None:
        order = job.order
        if order.cancel_requested:  # of a runner that died before it noticed
            job.cancelled_by_owner = True
            raise asyncio.CancelledError
        # Nobody held the order before its first fence, so nothing of it can be kept yet.
        kept = await self._database.fetch(catalogue.of_order, order.id) if order.fence > 1 else []
        job.made.extend(kept)
        done = {artifact.order_index for artifact in kept}
        missing = [index for index in range(order.pictures) if index not in done]
        has_source = order.source_key or order.source_artifact
        request = decode(order.request, await asyncio.to_thread(self._source, order) if has_source else b"")
        provider, plan = self._generator.plan(request, order.provider)
        job.notes.extend(plan.notes)
        for calls, index in enumerate(missing, start=1):
            if calls > 1 and not await self._database.run(order_book.start_call, order.id, order.fence, calls):
                raise LeaseLost
            await self._make_one(job, provider, request, index, last=index == missing[-1])

    async def _make_one(
        self, job: _Job, provider: ImageProvider, request: ImageRequest, index: int, *, last: bool
    ) -> None:
        order = job.order
        seeded = with_seed(request, request.seed + index)
        plan = provider.plan(seeded)

        def on_progress(share: float) -> None:
            self._board.set_percent(order.id, int(100 * (index + min(1.0, share)) / order.pictures))

        job.calling = True
        image = await provider.generate(plan.request, progress=on_progress)
        job.notes.extend(note for note in image.notes if note not in job.notes)

        def also(tx: Transaction, kept: keeping.Kept) -> None:
            notes = [*job.notes, *kept.notes]
            still_mine = (
                order_book.finish(tx, order.id, order.fence, now_ms=self._storage.now_ms(), notes=notes)
                if last
                else order_book.is_held(tx, order.id, order.fence)
            )
            if not still_mine:
                raise LeaseLost
            if last and self._board.is_awaited(order.id):
                job.view = order_book.view(tx, order.id)

        try:
            kept = await self._storage.keep(
                image.data,
                pictures.draft(order, seeded, image, index),
                reservation_id=order.id,
                share=pictures.share(order),
                close=last,
                also=also,
            )
        except PictureRejected as error:
            raise BadAnswer(
                f"The image service sent something that is no usable picture. {error}", maybe_billed=job.maybe_billed
            ) from error
        job.calling = False
        job.notes.extend(kept.notes)
        job.made.append(kept.artifact)
        if last:
            self._events.write("order", id=order.id, state="done", provider=order.provider)
        if job.view is not None:
            self._board.put_outcome(order.id, Outcome(job.view, tuple(job.made)))
        self._thumbnails.begin(kept.artifact)

    def _source(self, order: Claimed) -> bytes:
        if order.source_artifact:
            artifact = self._database.read(catalogue.by_id, order.source_artifact)
            if artifact is None:
                raise InvalidRequest("The picture this order works on was deleted meanwhile.")
            return self._storage.open(artifact)
        return self._storage.blobs.open(order.source_key)

    # ------------------------------------------------------------------ ending

    async def _fail(self, job: _Job, error: AbbyError) -> None:
        """Ask a free provider again later; else end with the pictures that are kept, or fail without any."""
        order = job.order
        transient = isinstance(error, ProviderError) and error.transient
        if transient and job.free and order.attempt < order.attempts_max:
            await self._wait_again(job, RETRY_AFTER_SECONDS)
            return
        maybe_billed = error.maybe_billed if isinstance(error, ProviderError) else job.maybe_billed

        def end(tx: Transaction) -> State | None:
            now_ms = self._storage.now_ms()
            made = len(catalogue.of_order(tx, order.id))
            if made:
                notes = [*job.notes, f"{made} of {order.pictures} pictures were made; then: {error}"]
                mine = order_book.finish(
                    tx, order.id, order.fence, now_ms=now_ms, notes=notes, maybe_billed=maybe_billed
                )
            else:
                mine = order_book.fail(
                    tx, order.id, order.fence, now_ms=now_ms, code=type(error).__name__, error=str(error),
                    maybe_billed=maybe_billed,
                )  # fmt: skip
            if not mine:
                return None
            billed = order.millicredits_each if maybe_billed else 0
            self._storage.quota.release_in(tx, order.id, maybe_spent_millicredits=billed)
            return "done" if made else "failed"

        await self._write_end(job, end, reason=type(error).__name__)

    async def _stopped(self, job: _Job) -> None:
        """The task was cancelled: by the order's owner, by a lost lease, or because Abby shuts down."""
        if job.lease_lost:
            return
        if job.cancelled_by_owner:
            await self._write_end(job, lambda tx: self._enter_cancelled(tx, job))
        elif job.maybe_billed:
            await self._fail(job, ProviderError(STOPPED, maybe_billed=True))
        else:
            await self._wait_again(job, 0)

    def _enter_cancelled(self, tx: Transaction, job: _Job) -> State | None:
        order, now_ms = job.order, self._storage.now_ms()
        if not order_book.cancelled(tx, order.id, order.fence, now_ms=now_ms, maybe_billed=job.maybe_billed):
            return None
        billed = order.millicredits_each if job.maybe_billed else 0
        self._storage.quota.release_in(tx, order.id, maybe_spent_millicredits=billed)
        return "cancelled"

    async def _wait_again(self, job: _Job, pause_seconds: float) -> None:
        at_ms = self._storage.now_ms() + int(pause_seconds * 1000)

        def wait(tx: Transaction) -> State | None:
            return "waiting" if order_book.retry(tx, job.order.id, job.order.fence, not_before_ms=at_ms) else None

        await self._write_end(job, wait)

    async def _write_end(self, job: _Job, write: Callable[[Transaction], State | None], **facts: str) -> None:
        """Write how it ended, whatever happens to this task; trouble is left to recovery, the lease runs out."""
        try:
            if (state := await self._storage.uninterrupted(self._database.run(write))) is not None:
                self._events.write("order", id=job.order.id, state=state, **facts)
        except StorageError as error:
            log.warning("the end of order %s could not be written, recovery will: %s", job.order.id, error)

    async def _end(self, job: _Job) -> None:
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

    async def _hold_on(self, job: _Job) -> None:
        """Renew the lease while the order runs; stop the work when it is lost or the owner cancels."""
        order = job.order
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                cancel = await self._renew(job)
            except StorageError as error:
                log.warning("the lease of order %s could not be renewed: %s", order.id, error)
                continue
            if cancel is False:
                continue
            job.lease_lost, job.cancelled_by_owner = cancel is None, cancel is True
            if job.task is not None:
                job.task.cancel()
            return

    async def _renew(self, job: _Job) -> bool | None:
        return await self._database.run(
            order_book.renew,
            job.order.id,
            job.order.fence,
            until_ms=self._storage.now_ms() + self.lease_ms,
            percent=self._board.percent(job.order.id) or 0,
        )
