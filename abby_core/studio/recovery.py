"""Recovery: orders whose runner died. The lease ran out, so the order changes hands and is brought to an end.

What the dead runner left decides: pictures on the disk are entered and settled, never paid for twice; what can be
made again for free goes back to waiting; a paid call whose outcome nobody knows frees the member's quota
and is counted as maybe billed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from abby_core.errors import PictureRejected, Refused
from abby_core.generation.request import GeneratedImage
from abby_core.sentence import Sentence, sentence
from abby_core.storage import catalogue, mending
from abby_core.storage.blob_store import BlobMissing
from abby_core.studio import order_book, pictures
from abby_core.studio.order import State
from abby_core.studio.order_book import Claimed

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.observability.events import EventLog
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board
    from abby_core.studio.worker import Worker

log = logging.getLogger(__name__)
INTERRUPTED = sentence(
    "Abby was interrupted while a picture was being made, and it did not arrive. "
    "Your quota for it was given back; please try again."
)


class Recovery:
    """Brings abandoned orders to an end. May run in several processes at once, and be repeated."""

    def __init__(self, storage: StorageManager, worker: Worker, board: Board, events: EventLog) -> None:
        self._storage = storage
        self._database = storage.database
        self._worker = worker
        self._board = board
        self._events = events

    async def recover(self) -> int:
        """Take over every order whose lease ran out, then mend storage. Returns how many things were mended."""
        await self._worker.renew_all()  # a clock that jumped ahead does not make living orders look dead
        recovered = 0
        while True:
            order = await self._database.run(
                order_book.take_over,
                owner=self._worker.owner,
                now_ms=self._storage.now_ms(),
                lease_ms=self._worker.lease_ms,
            )
            if order is None:
                break
            await self._recover(order)
            recovered += 1
        return recovered + await asyncio.to_thread(mending.mend, self._storage)

    async def _recover(self, order: Claimed) -> None:
        log.warning("order %s was left by its runner and is recovered", order.id)
        kept = {artifact.order_index for artifact in await self._database.fetch(catalogue.of_order, order.id)}
        for index in range(order.pictures):
            if index not in kept and await self._enter_found(order, index):
                kept.add(index)
        state = await self._database.run(self._end, order, len(kept))
        if state is None:  # another recovery was faster
            return
        self._events.write("order", id=order.id, state=state, recovered=True)
        if state != "waiting":
            await self._worker.tidy(order.id)
        self._board.ring(order.id)

    def _end(self, tx: Transaction, order: Claimed, kept: int) -> State | None:
        """How it goes on; None: it is in other hands."""
        now_ms = self._storage.now_ms()
        free, complete = order.attempts_max > 1, kept == order.pictures
        lost_calls = 0 if free else max(0, order.calls_started - kept)
        maybe_billed = lost_calls > 0
        state: State
        if order.cancel_requested and not complete:
            state = "cancelled"
            mine = order_book.cancelled(tx, order.id, order.fence, now_ms=now_ms, maybe_billed=maybe_billed)
        elif not complete and free and order.attempt < order.attempts_max:
            return "waiting" if order_book.retry(tx, order.id, order.fence, not_before_ms=now_ms) else None
        elif kept:
            state = "done"
            notes: list[str] = [] if complete else [_told(kept, order)]
            mine = order_book.finish(tx, order.id, order.fence, now_ms=now_ms, notes=notes, maybe_billed=maybe_billed)
        else:
            state = "failed"
            mine = order_book.fail(
                tx, order.id, order.fence, now_ms=now_ms, code="ProviderError", error=INTERRUPTED,
                maybe_billed=maybe_billed,
            )  # fmt: skip
        if not mine:
            return None
        billed = lost_calls * order.millicredits_each
        self._storage.quota.release_in(tx, order.id, maybe_spent_millicredits=billed)
        return state

    async def _enter_found(self, order: Claimed, index: int) -> bool:
        """Enter and settle a picture that the dead runner had written but not entered.

        Raises StorageError for trouble with disk or database: then the order is not ended without its picture, but
        left to the next recovery, when this one's lease has run out.
        """
        request = pictures.wish(order, index)
        for stem in pictures.blob_stems(order, request.prompt, index):
            for extension in pictures.EXTENSIONS:
                found = await asyncio.to_thread(self._open, stem + extension)
                if found is None:
                    continue
                image = GeneratedImage(
                    data=found, provider=order.provider, model=order.model, millicredits=order.millicredits_each
                )
                try:
                    await self._storage.adopt(
                        stem + extension,
                        found,
                        pictures.draft(order, request, image, index),
                        reservation_id=order.id,
                        share=pictures.share(order),
                    )
                except PictureRejected as error:
                    log.warning("what lay at %s is no picture and was left alone: %s", stem + extension, error)
                except Refused as error:
                    log.warning("a picture of order %s could not be entered: %s", order.id, error)
                else:
                    return True
        return False

    def _open(self, key: str) -> bytes | None:
        try:
            return self._storage.blobs.open(key)
        except BlobMissing:
            return None


def _told(kept: int, order: Claimed) -> Sentence:
    return sentence("{made} of {wanted} pictures were made. {why}", made=kept, wanted=order.pictures, why=INTERRUPTED)
