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
    Refused,
    StorageError,
)
from abby_core.generation.request import ImageRequest
from abby_core.storage import catalogue, keeping
from abby_core.storage.artifact import Artifact
from abby_core.studio import order_book, pictures
from abby_core.studio.order_book import Claimed, QueueLimits
from abby_core.studio.request_json import decode, with_seed

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.generation.provider import ImageProvider
    from abby_core.observability.events import EventLog
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board

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
    paid: bool = True
    task: asyncio.Task[None] | None = None
    cancelled_by_owner: bool = False
    lease_lost: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)


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
        self._thumbnails: set[asyncio.Task[None]] = set()
        self._thumbnail_places = asyncio.Semaphore(1)

    async def claim(self) -> Claimed | None:
        """Take the fairest waiting order. None: nothing waits, or all places are taken."""
        claimed = await self._database.run(
            order_book.claim, self._limits, owner=self.owner, now_ms=self._storage.now_ms(), lease_ms=self.lease_ms
        )
        if claimed is not None:
            self._jobs[claimed.id] = _Job(claimed)
        return claimed

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
        key = await self._database.fetch(_source_key, order_id)
        if key:
            await asyncio.to_thread(self._storage.blobs.delete, key)

    async def close(self) -> None:
        """Wait for thumbnails that are being made."""
        if self._thumbnails:
            await asyncio.wait(self._thumbnails)

    # ------------------------------------------------------------------ making

    async def _make(self, job: _Job) -> None:
        order = job.order
        kept = await self._database.fetch(catalogue.of_order, order.id)
        done = {artifact.order_index for artifact in kept}
        missing = [index for index in range(order.pictures) if index not in done]
        request = decode(order.request, await asyncio.to_thread(self._source, order))
        provider, plan = self._generator.plan(request, order.provider)
        job.paid = provider.capabilities.paid
        job.notes.extend(plan.notes)
        for calls, index in enumerate(missing, start=1):
            if calls > 1 and not await self._database.run(order_book.start_call, order.id, order.fence, calls):
                raise LeaseLost
            try:
                await self._make_one(job, provider, request, index, last=index == missing[-1])
            except (ProviderError, Refused, StorageError) as error:
                if calls == 1 and not done:
                    raise
                await self._finish_short(job, made=len(done) + calls - 1, error=error)
                return

    async def _make_one(
        self, job: _Job, provider: ImageProvider, request: ImageRequest, index: int, *, last: bool
    ) -> None:
        order = job.order
        seeded = with_seed(request, request.seed + index)
        plan = provider.plan(seeded)

        def on_progress(share: float) -> None:
            self._board.set_percent(order.id, int(100 * (index + min(1.0, share)) / order.pictures))

        image = await provider.generate(plan.request, progress=on_progress)
        job.notes.extend(note for note in image.notes if note not in job.notes)

        def also(tx: Transaction, kept: keeping.Kept) -> None:
            notes = [*job.notes, *kept.notes]
            still_mine = (
                order_book.finish(tx, order.id, order.fence, now_ms=self._storage.now_ms(), notes=notes)
                if last
                else order_book.start_call(tx, order.id, order.fence, order.calls_started)
            )
            if not still_mine:
                raise LeaseLost

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
                f"The image service sent something that is no usable picture. {error}", maybe_billed=job.paid
            ) from error
        job.notes.extend(kept.notes)
        if last:
            self._events.write("order", id=order.id, state="done", provider=order.provider)
        self._make_thumbnail(kept.artifact)

    def _source(self, order: Claimed) -> bytes:
        if order.source_artifact:
            artifact = self._database.read(catalogue.by_id, order.source_artifact)
            if artifact is None:
                raise InvalidRequest("The picture this order works on was deleted meanwhile.")
            return self._storage.open(artifact)
        return self._storage.blobs.open(order.source_key) if order.source_key else b""

    def _make_thumbnail(self, artifact: Artifact) -> None:
        """Begin the thumbnail, off the path of the answer; what is cut off is made by recovery."""

        async def make() -> None:
            async with self._thumbnail_places:
                try:
                    await asyncio.to_thread(keeping.make_thumbnail, self._storage, artifact)
                except AbbyError as error:
                    log.warning("the thumbnail of %s waits for recovery: %s", artifact.id, error)

        if artifact.thumbnail_bytes:
            task = asyncio.create_task(make())
            self._thumbnails.add(task)
            task.add_done_callback(self._thumbnails.discard)

    # ------------------------------------------------------------------ ending

    async def _finish_short(self, job: _Job, *, made: int, error: AbbyError) -> None:
        """Some pictures are kept, one failed: the order is done with what there is, and says so."""
        note = f"{made} of {job.order.pictures} pictures were made; then: {error}"

        def finish(tx: Transaction) -> bool:
            self._storage.quota.release_in(tx, job.order.id)
            now_ms = self._storage.now_ms()
            return order_book.finish(tx, job.order.id, job.order.fence, now_ms=now_ms, notes=[*job.notes, note])

        await self._write_end(job, "done", finish)

    async def _fail(self, job: _Job, error: AbbyError) -> None:
        order = job.order
        transient = isinstance(error, ProviderError) and error.transient
        if transient and not job.paid and order.attempt < order.attempts_max:
            at_ms = self._storage.now_ms() + int(RETRY_AFTER_SECONDS * 1000)
            await self._write_end(
                job, "waiting", lambda tx: order_book.retry(tx, order.id, order.fence, not_before_ms=at_ms)
            )
            return
        maybe_billed = isinstance(error, ProviderError) and error.maybe_billed

        def fail(tx: Transaction) -> bool:
            now_ms = self._storage.now_ms()
            mine = order_book.fail(
                tx, order.id, order.fence, now_ms=now_ms, code=type(error).__name__, error=str(error),
                maybe_billed=maybe_billed,
            )  # fmt: skip
            return mine and self._storage.quota.release_in(tx, order.id)

        await self._write_end(job, "failed", fail, reason=type(error).__name__)

    async def _stopped(self, job: _Job) -> None:
        """The task was cancelled: by the order's owner, by a lost lease, or because Abby shuts down."""
        order = job.order
        if job.lease_lost:
            return
        if job.cancelled_by_owner:

            def cancel(tx: Transaction) -> bool:
                now_ms = self._storage.now_ms()
                mine = order_book.cancelled(tx, order.id, order.fence, now_ms=now_ms, maybe_billed=job.paid)
                return mine and self._storage.quota.release_in(tx, order.id)

            await self._write_end(job, "cancelled", cancel)
        elif job.paid:
            await self._fail(job, ProviderError(STOPPED, maybe_billed=True))
        else:
            now_ms = self._storage.now_ms()
            await self._write_end(
                job, "waiting", lambda tx: order_book.retry(tx, order.id, order.fence, not_before_ms=now_ms)
            )

    async def _write_end(self, job: _Job, state: str, write: Callable[[Transaction], bool], **facts: str) -> None:
        """Write how it ended, whatever happens to this task; trouble is left to recovery, the lease runs out."""
        try:
            if await self._storage.uninterrupted(self._database.run(write)):
                self._events.write("order", id=job.order.id, state=state, **facts)
        except StorageError as error:
            log.warning("the end of order %s could not be written, recovery will: %s", job.order.id, error)

    async def _end(self, job: _Job) -> None:
        try:
            view = await self._database.fetch(order_book.view, job.order.id)
            if view is not None and view.ended:
                await self.tidy(job.order.id)
        except StorageError as error:
            log.warning("order %s was not tidied up: %s", job.order.id, error)
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


def _source_key(tx: Transaction, order_id: str) -> str:
    row = tx.row("SELECT source_key FROM orders WHERE id = :id", id=order_id)
    return str(row["source_key"]) if row else ""
