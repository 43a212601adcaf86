"""Studio: the door every adapter knocks on to have pictures made.

submit ──► the order is a row and its quota is set aside, in one transaction
watch  ──► progress until it ends, from wherever it is run
create ──► submit, wait, Creation
cancel ──► one's own order only
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abby_core.errors import AbbyError, NotFound, OrderCancelled, Refused
from abby_core.generation.request import TextToImage
from abby_core.quota.meter import NO_LIMIT
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.picture import THUMBNAIL_BYTES_MAX
from abby_core.studio import order_book, outlook
from abby_core.studio.failure import failure
from abby_core.studio.order import (
    Creation,
    Estimate,
    Order,
    OrderView,
    Outcome,
    Progress,
)
from abby_core.studio.order_book import Claimed, QueueLimits
from abby_core.studio.pictures import is_demo
from abby_core.studio.preparing import Offer, Preparing, alike, check_order, fingerprint_of
from abby_core.studio.queue_report import LISTED_MAX, QueueReport, queue_report
from abby_core.studio.refusals import TURNED_AWAY, need_of
from abby_core.studio.request_json import encode
from abby_core.studio.shift import Chore, Shift

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction, Value
    from abby_core.dispatch.dispatcher import Claim, Dispatcher
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.observability.events import EventLog
    from abby_core.quota.account import Account
    from abby_core.quota.tier import Allowance
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board
    from abby_core.studio.deliveries import Deliveries
    from abby_core.studio.doorkeeper import Doorkeeper
    from abby_core.studio.recovery import Recovery
    from abby_core.studio.refusals import Refusals
    from abby_core.studio.worker import Worker

LOOK_SECONDS = 0.5
"""How often a watcher looks at the row, for orders that run in another process."""


@dataclass(kw_only=True)
class _Entry:
    """An order that is entered, and what came of it. Outlives the transaction: a database may carry it out twice."""

    order: Order
    row: dict[str, Value]
    offers: Sequence[Offer]
    is_new: bool = False
    claim: Claim[Claimed] | None = None


class Studio:
    """Making pictures under quota. Needs a started dispatcher somewhere for orders to be run.

    ``chores`` are what else a running studio looks after in between, beginning with its start.
    """

    def __init__(
        self,
        *,
        storage: StorageManager,
        generator: ImageGenerator,
        worker: Worker,
        recovery: Recovery,
        deliveries: Deliveries,
        dispatcher: Dispatcher,
        board: Board,
        events: EventLog,
        limits: QueueLimits,
        refusals: Refusals,
        door: Doorkeeper,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._storage = storage
        self._database = storage.database
        self._generator = generator
        self._worker = worker
        self._recovery = recovery
        self._deliveries = deliveries
        self._dispatcher = dispatcher
        self._board = board
        self._events = events
        self._limits = limits
        self._refusals = refusals
        self._door = door
        self._preparing = Preparing(storage, generator)
        self._chores = chores

    async def start(self) -> None:
        """Recover what an earlier run left behind, then begin to run orders."""
        await self._dispatcher.start(Shift(self._worker, self._recovery, self._deliveries, chores=self._chores))

    async def stop(self, *, grace_seconds: float) -> None:
        """Begin no more orders, let running ones finish for a while, hand the rest back to waiting."""
        await self._dispatcher.stop(grace_seconds=grace_seconds)
        await self._deliveries.close(grace_seconds=grace_seconds)
        await self._worker.close()

    async def estimate(self, order: Order) -> Estimate:
        """What the order would take, without submitting it. Raises InvalidRequest or ConfigurationError."""
        check_order(order)
        offers = (await self._preparing.prepare(order)).offers
        allowance = await self._database.fetch(self._storage.quota.allowance_in, order.account.key)
        offer = _chosen(offers, allowance)
        return Estimate(
            provider=offer.provider,
            model=offer.plan.model,
            pictures=order.pictures,
            size_bytes=order.pictures * self._bytes_each,
            millicredits=order.pictures * offer.plan.millicredits,
            notes=offer.plan.notes,
        )

    async def submit(self, order: Order) -> OrderView:
        """Accept the order and set its quota aside, once: the same id again returns the same order.

        Raises Refused (InvalidRequest, PromptNotAllowed, QuotaExceeded, QueueFull, OrderConflict, NotFound …) or
        StorageError; then nothing was made, kept or charged.
        """
        check_order(order)
        fingerprint = fingerprint_of(order)
        if not isinstance(order.request, TextToImage) and await self._was_submitted(order, fingerprint):
            return await self.order(order.id, order.account)  # its picture need not be decoded again
        try:
            await self._door.admit(order.account, order.place, (order.request.prompt, *order.prompts))
            await self._check_free_disk(order)
            prepared = await self._preparing.prepare(order)
        except AbbyError as error:  # which is no matter for an order that was accepted before
            if await self._was_submitted(order, fingerprint):
                return await self.order(order.id, order.account)
            if isinstance(error, TURNED_AWAY):
                await self._refusals.turned_away(order, error)
            raise
        source_key = await self._preparing.put_source(order, prepared.source)
        row: dict[str, Value] = {
            "id": order.id,
            "account": order.account.key,
            "kind": prepared.request.kind,
            "request": encode(prepared.request),
            "fingerprint": fingerprint,
            "source_key": source_key,
            "source_bytes": len(prepared.source),
            "source_artifact": order.source_artifact,
            "pictures": order.pictures,
            "prompts": json.dumps(order.prompts),
            "bytes_each": self._bytes_each,
            "created_at": self._storage.now_ms(),
        }
        try:
            # What is claimed must be begun, whether or not the caller still waits for it.
            return await self._storage.uninterrupted(
                self._enter_and_begin(_Entry(order=order, row=row, offers=prepared.offers))
            )
        except AbbyError as error:
            # Unless an order of that id works on it: then this one lost a race against it.
            if source_key and await self._database.fetch(order_book.view, order.id) is None:
                await asyncio.to_thread(self._storage.blobs.delete, source_key)
            if isinstance(error, Refused):
                await self._refusals.note(order, error, row)
            raise

    async def create(self, order: Order) -> Creation:
        """Submit and wait. Raises what submit raises, ProviderError, StorageError or OrderCancelled.

        Cancelling the caller leaves the order running: it was accepted, and is found in the gallery.
        """
        with self._board.awaited(order.id) as outcome:
            if (await self.submit(order)).ended:
                return await self.result(order.id, order.account)
            while True:
                done = await outcome.wait(LOOK_SECONDS) or await self._database.fetch(_outcome, order.id, order.account)
                if done.order.ended:
                    return self._creation(done)

    async def watch(self, order_id: str, account: Account) -> AsyncIterator[Progress]:
        """Every change of the order until it has ended, the present moment first. Raises NotFound."""
        last: Progress | None = None
        while True:
            now = await self._database.fetch(
                outlook.progress, order_id, account.key, self._limits, self._storage.now_ms()
            )
            if now is None:
                raise NotFound(sentence("You have no order {id!r}.", id=order_id))
            if now.state == "running" and (percent := self._board.percent(order_id)) is not None:
                now = replace(now, percent=percent, preview=self._board.preview(order_id))
            if now != last:
                yield now
                last = now
            if now.ended:
                return
            await self._board.wait(order_id, LOOK_SECONDS)

    async def result(self, order_id: str, account: Account) -> Creation:
        """What an ended order brought. Raises the error it failed with, or OrderCancelled if nothing was kept."""
        return self._creation(await self._database.fetch(_outcome, order_id, account))

    async def order(self, order_id: str, account: Account) -> OrderView:
        """One's own order. Raises NotFound, for another's too."""
        return await self._database.fetch(_view, order_id, account)

    async def orders(self, account: Account | None, *, limit: int = 50) -> list[OrderView]:
        """The newest orders of an account, or of everybody (None, for operators), newest first."""
        return await self._database.fetch(order_book.views, None if account is None else account.key, limit=limit)

    async def alike(self, order: Order, *, since_ms: int, until_ms: int) -> list[OrderView]:
        """The account's orders of those milliseconds that asked for just the same, whatever their ids; newest first."""
        return await self._database.fetch(
            alike, order.account.key, fingerprint_of(order), since_ms=since_ms, until_ms=until_ms
        )

    async def queue(self, *, listed: int = LISTED_MAX) -> QueueReport:
        """What waits and runs, of everybody, for operators; with up to ``listed`` orders of either."""
        return await self._database.fetch(queue_report, listed=min(listed, LISTED_MAX))

    async def cancel(self, order_id: str, account: Account) -> OrderView:
        """Cancel one's own order; pictures it has finished are kept, the rest of its quota comes back.

        An order that has ended stays as it is. A running one ends as soon as its runner notices (a second at
        most). Raises NotFound, for another's too.
        """
        state, was_waiting = await self._database.run(self._cancel, order_id, account.key)
        if state is None:
            raise NotFound(sentence("You have no order {id!r}.", id=order_id))
        if state == "running":
            await self._worker.cancel(order_id)
        if was_waiting:
            self._events.write("order", id=order_id, state="cancelled")
            await self._worker.tidy(order_id)
            self._deliveries.begin()
        self._board.clear(order_id)
        return await self.order(order_id, account)

    async def recover(self) -> int:
        """Bring orders to an end whose runner died; returns how many things were mended. Otherwise done in between."""
        return await self._recovery.recover()

    # ------------------------------------------------------------------ inside

    @property
    def _bytes_each(self) -> int:
        return self._storage.quota.defaults.picture_bytes + THUMBNAIL_BYTES_MAX

    def _creation(self, outcome: Outcome) -> Creation:
        view, artifacts = outcome.order, outcome.artifacts
        if view.state == "failed":
            raise failure(view)
        if view.state == "cancelled" and not artifacts:
            raise OrderCancelled(sentence("The order was cancelled; nothing was charged."))
        demo = is_demo(self._generator, view.provider)
        return Creation(order=view, artifacts=artifacts, demo=demo, at_hand=outcome.at_hand)

    async def _was_submitted(self, order: Order, fingerprint: str) -> bool:
        """Whether the same order exists. Raises OrderConflict where its id stands for another one."""
        return await self._database.fetch(order_book.check_same, order.id, order.account.key, fingerprint)

    async def _check_free_disk(self, order: Order) -> None:
        """Raise DiskFull when the disk has no room for the order's pictures; looked at rarely while it has plenty."""
        needed_bytes = order.pictures * self._bytes_each
        if not self._storage.had_ample_room(needed_bytes):
            await asyncio.to_thread(self._storage.check_free_disk, needed_bytes)

    async def _enter_and_begin(self, entry: _Entry) -> OrderView:
        """Enter the order and, if there is a place free here, have the next one run: at best this one, at once."""
        may_claim = self._dispatcher.take_place()
        claim: Claim[Claimed] | None = None
        try:
            view = await self._database.run(self._enter, entry, may_claim=may_claim)
            claim = entry.claim
            if entry.is_new:
                self._events.write("order", id=entry.order.id, state="waiting", kind=str(entry.row["kind"]))
        finally:
            if may_claim:
                self._dispatcher.begin(claim)
        if entry.is_new and not may_claim:
            self._dispatcher.wake()
        return view

    def _enter(self, tx: Transaction, entry: _Entry, *, may_claim: bool) -> OrderView:
        """Write the order, set its quota aside and claim the next one that may be run."""
        order, row = entry.order, entry.row
        quota, account = self._storage.quota, order.account.key
        if order.standing is not None:
            quota.remember_in(tx, account, order.standing)
        bounds = quota.bounds_in(tx, account)
        allowance = bounds.allowance
        offer = _chosen(entry.offers, allowance)
        provider, model = offer.provider, offer.plan.model
        row |= {
            "provider": provider,
            "model": model,
            "millicredits_each": offer.plan.millicredits,
            "attempts_max": offer.attempts_max,
            "tier": allowance.tier,
            "images_each": allowance.weight(provider, model),
            "running_max": max(1, allowance.running_max),
            "priority": order.priority + allowance.priority,
        }
        if not order_book.insert(tx, self._limits, order.deliveries, waiting_max=allowance.waiting_max, **row):
            # Unless this very transaction was carried out before and only its answer was lost, it was somebody else.
            claimed = entry.claim.order if entry.claim else None
            if claimed is not None and not order_book.is_held(tx, claimed.id, claimed.fence):
                entry.claim = None
            return _view(tx, order.id, order.account)
        self._door.admit_in(tx, order.account, order.place)
        width, height = offer.size
        allowance.check(provider=provider, model=model, pictures=order.pictures, width=width, height=height)
        # The order's lease guards its reservation, which therefore never expires by itself.
        seconds = NO_LIMIT // 10**6
        quota.reserve_in(tx, account, order.id, need_of(row), seconds=seconds, bounds=bounds, token=order.token)
        entry.is_new = True
        entry.claim = self._worker.claim_in(tx) if may_claim else None
        claimed = entry.claim.order if entry.claim else None
        mine = claimed if claimed is not None and claimed.id == order.id else None
        return order_book.entered(row, order.request.prompt, claimed=mine)

    def _cancel(self, tx: Transaction, order_id: str, account: str) -> tuple[str | None, bool]:
        """The order's state afterwards, and whether it was ended just now."""
        state = order_book.request_cancel(tx, order_id, account, self._storage.now_ms())
        return state, state == "cancelled" and self._storage.quota.release_in(tx, order_id)


def _chosen(offers: Sequence[Offer], allowance: Allowance) -> Offer:
    """The preferred one that the account's tier includes; the preferred one of all where it includes none."""
    return next((offer for offer in offers if allowance.allows(offer.provider, offer.plan.model)), offers[0])


def _view(tx: Transaction, order_id: str, account: Account) -> OrderView:
    view = order_book.view(tx, order_id, account.key)
    if view is None:
        raise NotFound(sentence("You have no order {id!r}.", id=order_id))
    return view


def _outcome(tx: Transaction, order_id: str, account: Account) -> Outcome:
    return Outcome(_view(tx, order_id, account), tuple(catalogue.of_order(tx, order_id)))
