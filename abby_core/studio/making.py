"""Making the pictures of one claimed order: one call after the other, or as many at once as the provider takes.

What concerns a single picture (a prompt that is refused, an answer that is no picture) is noted, and the others are
made all the same; what concerns them all (no key, no money, no disk, no connection) is raised.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from abby_core.errors import BadAnswer, InvalidRequest, Moderated, PictureRejected
from abby_core.generation.provider import BatchProvider
from abby_core.generation.request import GeneratedImage, ImageRequest, Upscale
from abby_core.sentence import sentence
from abby_core.storage import catalogue, keeping
from abby_core.studio import order_book, pictures
from abby_core.studio.job import Job, LeaseLost
from abby_core.studio.order import Outcome

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.generation.provider import ImageProvider, ProgressListener
    from abby_core.observability.events import EventLog
    from abby_core.observability.measures import Measures
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.board import Board
    from abby_core.studio.order_book import Claimed
    from abby_core.studio.thumbnails import Thumbnails

OF_ONE_PICTURE = (Moderated, BadAnswer, InvalidRequest)
"""Errors that say nothing about the order's other pictures."""


class Making:
    """Turns orders into kept pictures. Lives on one event loop."""

    def __init__(
        self,
        storage: StorageManager,
        generator: ImageGenerator,
        board: Board,
        events: EventLog,
        thumbnails: Thumbnails,
        *,
        measures: Measures,
    ) -> None:
        self._storage = storage
        self._database = storage.database
        self._generator = generator
        self._board = board
        self._events = events
        self._measures = measures
        self._thumbnails = thumbnails

    async def make(self, job: Job) -> None:
        """Make and keep what is missing; the order is done with the last picture, unless some have failed.

        Raises LeaseLost, or the AbbyError that keeps the pictures which are missing now from being made at all.
        """
        order = job.order
        # Nobody held the order before its first fence, so nothing of it can be kept yet.
        job.made = await self._database.fetch(catalogue.of_order, order.id) if order.fence > 1 else []
        job.asked = len(job.made)
        done = {artifact.order_index for artifact in job.made}
        missing = [index for index in range(order.pictures) if index not in done]
        source = await asyncio.to_thread(self._source, order) if order.source_key or order.source_artifact else b""
        wish = pictures.wish(order, missing[0] if missing else 0, source)
        provider, plan = self._generator.plan(wish, order.provider)
        job.notes.extend(plan.notes)
        planned: ImageRequest | None = plan.request  # of the first wish; the others differ
        while missing:
            batch = missing[: _at_once(provider, order, wish)]
            missing = missing[len(batch) :]
            wishes = [wish, *(pictures.wish(order, index, source) for index in batch[1:])]
            try:
                await self._make_some(job, provider, wishes, batch, planned=planned, is_last=not missing)
            except OF_ONE_PICTURE as error:
                job.call_failed([index for index in batch if index not in job.settled], error)
            if missing:
                wish, planned = pictures.wish(order, missing[0], source), None

    async def _note_call(self, job: Job, count: int) -> None:
        """What may be billed is in the row before it is asked for."""
        order = job.order
        job.asked += count
        if job.asked > order.calls_started and not await self._database.run(
            order_book.start_call, order.id, order.fence, job.asked
        ):
            raise LeaseLost
        job.calling = count

    async def _make_some(
        self,
        job: Job,
        provider: ImageProvider,
        wishes: list[ImageRequest],
        batch: list[int],
        *,
        planned: ImageRequest | None,
        is_last: bool,
    ) -> None:
        request = planned or provider.plan(wishes[0]).request
        await self._note_call(job, len(batch))
        with self._measures.call(provider.name):
            images = await _generated(provider, request, len(batch), self._listener(job, batch))
        for index, wish, image in zip(batch, wishes, images, strict=False):
            job.notes.extend(note for note in image.notes if note not in job.notes)
            complete = is_last and index == batch[-1] and not job.failures
            try:
                await self._keep(job, image, wish, index, complete=complete)
            except PictureRejected as error:
                problem = sentence(
                    "The image service sent something that is no usable picture. {error}", error=error.text
                )
                job.call_failed([index], BadAnswer(problem, maybe_billed=not job.free), pictures=1)
        if len(images) < len(batch):
            raise BadAnswer(
                sentence("The image service sent {sent} of {asked} pictures.", sent=len(images), asked=len(batch)),
                maybe_billed=not job.free,
            )

    async def _keep(self, job: Job, image: GeneratedImage, wish: ImageRequest, index: int, *, complete: bool) -> None:
        order = job.order

        def also(tx: Transaction, kept: keeping.Kept) -> None:
            size_bytes = kept.artifact.counted_bytes
            if not complete:
                if not order_book.kept(tx, order.id, order.fence, size_bytes):
                    raise LeaseLost
                return
            now_ms, notes = self._storage.now_ms(), [*job.notes, *kept.notes]
            row = order_book.complete(tx, order.id, order.fence, now_ms=now_ms, notes=notes, size_bytes=size_bytes)
            if row is None:
                raise LeaseLost
            if self._board.is_awaited(order.id):
                job.view = order_book.as_view(row)

        kept = await self._storage.keep(
            image.data,
            pictures.draft(order, wish, image, index),
            reservation_id=order.id,
            share=pictures.share(order),
            close=complete,
            also=also,
        )
        job.calling -= 1
        job.notes.extend(kept.notes)
        job.made.append(kept.artifact)
        if self._board.is_awaited(order.id):
            job.hand(kept.artifact, kept.data)
        if complete:
            self._events.write("order", id=order.id, state="done", provider=order.provider)
        if job.view is not None:
            # After a second attempt the pictures may have come in another order.
            artifacts = sorted(job.made, key=lambda artifact: artifact.order_index)
            self._board.put_outcome(order.id, Outcome(job.view, tuple(artifacts), job.at_hand))
        self._thumbnails.begin(kept.artifact)

    def _listener(self, job: Job, batch: list[int]) -> ProgressListener:
        order = job.order
        before = len(job.made) + len(job.failures)

        def on_progress(share: float, preview: bytes = b"", /) -> None:
            done = before + len(batch) * min(1.0, share)
            self._board.set_percent(order.id, int(100 * done / order.pictures))
            if preview and len(batch) == 1:  # of several at once nobody knows whose it is
                self._board.put_preview(order.id, batch[0], preview)

        return on_progress

    def _source(self, order: Claimed) -> bytes:
        if order.source_key:  # also of a kept picture, where only a part of it is painted anew
            return self._storage.blobs.open(order.source_key)
        artifact = self._database.read(catalogue.by_id, order.source_artifact)
        if artifact is None:
            raise InvalidRequest(sentence("The picture this order works on was deleted meanwhile."))
        return self._storage.open(artifact)


def _at_once(provider: ImageProvider, order: Claimed, wish: ImageRequest) -> int:
    """How many of the order's pictures one call may bring: all of one prompt, where the provider can do that."""
    at_once = provider.capabilities.batch_max
    is_one_wish = at_once > 1 and not isinstance(wish, Upscale) and len(set(pictures.prompts(order))) <= 1
    return at_once if is_one_wish and isinstance(provider, BatchProvider) else 1


async def _generated(
    provider: ImageProvider, request: ImageRequest, count: int, progress: ProgressListener
) -> list[GeneratedImage]:
    if count > 1 and isinstance(provider, BatchProvider):
        return await provider.generate_batch(request, count, progress=progress)
    return [await provider.generate(request, progress=progress)]
