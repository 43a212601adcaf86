"""Looking an order over before it is submitted: its words, its picture, and who could make it."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, NotFound, StorageError
from abby_core.generation.checks import check_request
from abby_core.generation.picture_bytes import Size, picture_size
from abby_core.generation.request import SEED_MAX, ImageRequest, ImageToImage, TextToImage, Upscale
from abby_core.sentence import sentence
from abby_core.storage import catalogue, masking, picture
from abby_core.storage.blob_store import BlobExists
from abby_core.studio import order_book
from abby_core.studio.order import ORDER_ID_CHARACTERS_MAX, PICTURES_MAX, Order
from abby_core.studio.request_json import encode, with_seed

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.generation.provider import Plan
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.order import OrderView

ATTEMPTS_MAX_FREE = 3
"""Attempts at an order whose provider costs nothing; a paid call is made once (design: never pay twice)."""
ALIKE_MAX = 50
"""Orders of one wish that are looked at when it comes again."""
UPLOADS_AT_ONCE_MAX = 2
"""Uploaded pictures that are decoded at the same time: one of 50 megapixels takes up to 1.3 GB of memory,
and with a mask 1.5 GB."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One provider that could carry the order out, and how it would."""

    provider: str
    plan: Plan
    attempts_max: int

    @property
    def size(self) -> Size:
        """Of one of its pictures, in pixels."""
        request = self.plan.request
        if isinstance(request, TextToImage):
            return request.width, request.height
        width, height = picture_size(request.image)
        return (request.width, request.width * height // width) if isinstance(request, Upscale) else (width, height)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An order that was looked over."""

    request: ImageRequest
    offers: tuple[Offer, ...]
    """Who could carry it out, the preferred one first; one at least."""
    source: bytes
    """An uploaded or masked picture, as it is kept for the order to work on; empty: none."""


class Preparing:
    """Lives on one event loop."""

    def __init__(self, storage: StorageManager, generator: ImageGenerator) -> None:
        self._storage = storage
        self._generator = generator
        self._upload_places = asyncio.Semaphore(UPLOADS_AT_ONCE_MAX)

    async def prepare(self, order: Order) -> Prepared:
        """Decode and clean what was uploaded, and ask who could make it. Raises InvalidRequest, NotFound."""
        request, source = order.request, b""
        if not isinstance(request, TextToImage):
            request, source = await self._with_picture(order, request)
        check_request(request)
        for prompt in order.prompts:
            check_request(replace(request, prompt=prompt))
        if not request.seed:
            request = with_seed(request, secrets.randbelow(SEED_MAX) + 1)
        offers = [
            Offer(
                provider=provider.name,
                plan=plan,
                attempts_max=1 if provider.capabilities.paid else ATTEMPTS_MAX_FREE,
            )
            for provider, plan in self._generator.plans(request, order.provider)
        ]
        return Prepared(request=request, offers=tuple(offers), source=source)

    async def _with_picture(
        self, order: Order, request: ImageToImage | Upscale
    ) -> tuple[ImageToImage | Upscale, bytes]:
        """The request with the picture it works on, and what of that has to be kept for it."""
        if order.source_artifact:
            request = replace(request, image=await asyncio.to_thread(self._read_source, order))
        check_request(request)  # before it is decoded: a picture as text, say, is no picture
        if isinstance(request, ImageToImage) and request.masked:
            self._generator.check_able(request, order.provider)
            mask, bytes_max = request.mask or request.image, picture.PICTURE_BYTES_MAX
            if order.source_artifact:  # it was checked when it was kept
                bytes_max = max(bytes_max, len(request.image))
            async with self._upload_places:
                source = await asyncio.to_thread(masking.masked, request.image, mask, bytes_max=bytes_max)
            return replace(request, image=source, mask=b"", only_transparent=True), source
        if order.source_artifact:
            return request, b""
        async with self._upload_places:
            source, _ = await asyncio.to_thread(picture.normalise_upload, request.image)
        return replace(request, image=source), source

    async def put_source(self, order: Order, source: bytes) -> str:
        """Keep an uploaded picture for the order to work on; it goes when the order ends. Empty: there is none."""
        if not source:
            return ""
        key = f"temp/order-{hashlib.blake2b(order.id.encode(), digest_size=12).hexdigest()}"
        try:
            await asyncio.to_thread(self._storage.blobs.put, key, source)
        except BlobExists:  # the same order, submitted before and cut off
            if await asyncio.to_thread(self._storage.blobs.open, key) != source:
                raise StorageError(sentence("This order's picture could not be stored; use a new order id.")) from None
        return key

    def _read_source(self, order: Order) -> bytes:
        artifact = self._storage.database.read(catalogue.by_id, order.source_artifact)
        if artifact is None or artifact.account != order.account.key:
            raise NotFound(sentence("You have no such picture."))
        return self._storage.open(artifact)


def check_order(order: Order) -> None:
    """Raise InvalidRequest for an order that makes no sense, whatever is in its request."""
    if not 1 <= len(order.id) <= ORDER_ID_CHARACTERS_MAX or not order.id.isprintable():
        raise InvalidRequest(
            sentence("An order id has 1 to {limit} visible characters.", limit=ORDER_ID_CHARACTERS_MAX)
        )
    if not 1 <= order.pictures <= PICTURES_MAX:
        raise InvalidRequest(sentence("Ask for 1 to {limit} pictures at a time.", limit=PICTURES_MAX))
    if order.prompts and (len(order.prompts) != order.pictures or isinstance(order.request, Upscale)):
        raise InvalidRequest(sentence("An order with several prompts needs one for each of its pictures."))


def fingerprint_of(order: Order) -> str:
    """Tells whether a repeated order id stands for the same wish."""
    wish = hashlib.blake2b(digest_size=16)
    facts = (str(order.pictures), order.provider or "", order.source_artifact)
    for part in (encode(order.request), *facts, *order.prompts):
        wish.update(part.encode("utf-8", "backslashreplace") + b"\0")
    if isinstance(order.request, ImageToImage) and order.request.mask and isinstance(order.request.mask, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        wish.update(b"mask" + hashlib.blake2b(order.request.mask, digest_size=16).digest())
    if not isinstance(order.request, TextToImage) and isinstance(order.request.image, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        wish.update(order.request.image)
    return wish.hexdigest()


def alike(tx: Transaction, account: str, fingerprint: str, *, since_ms: int, until_ms: int) -> list[OrderView]:
    """The account's orders of those milliseconds with that fingerprint, newest first; up to ``ALIKE_MAX``."""
    return order_book.selected(
        tx,
        "account = :account AND created_at >= :since AND created_at < :until AND fingerprint = :fingerprint "
        "ORDER BY created_at DESC, id DESC",
        account=account, fingerprint=fingerprint, since=since_ms, until=until_ms, limit=ALIKE_MAX,
    )  # fmt: skip
