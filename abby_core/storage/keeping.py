"""Keeping one picture for which room is reserved: check, make it fit, write it, enter and settle it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from abby_core.errors import QuotaExceeded, StorageError
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, picture
from abby_core.storage.artifact import Artifact
from abby_core.storage.blob_store import BlobExists
from abby_core.storage.picture import THUMBNAIL_BYTES_MAX, PictureInfo

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)

UNKEPT_MS = 24 * 3_600_000
"""How long a picture is held in ``temp/`` that could not be kept under its owner's limit."""
ANSWER_BYTES_MAX = 64 * 2**20
"""Largest picture a provider may hand over, before it is made to fit."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of a picture: its row, and what had to be changed to keep it, in sentences for people."""

    artifact: Artifact
    data: bytes = field(repr=False)
    """Its bytes, as they are kept."""
    notes: tuple[str, ...] = ()


async def keep(
    storage: StorageManager,
    data: bytes,
    draft: Artifact,
    *,
    reservation_id: str,
    share: Need,
    close: bool,
    also: Callable[[Transaction, Kept], None],
) -> Kept:
    """Keep ``data`` exactly as it is, if it fits.

    ``draft`` says everything but the bytes' own facts; ``draft.blob_key`` and ``draft.name`` come without extension.
    ``share`` is what the reservation holds for this one picture; ``close`` gives the reservation's rest back.
    ``also`` runs in the settling transaction and raises to forbid it (a worker that lost its lease).

    A picture larger than its share grows the reservation; where a limit forbids that, it is re-encoded to fit,
    and if even that fails it is held in ``temp/`` for a day. Raises PictureRejected or StorageError, nothing
    kept, the reservation as it was.
    """
    entry = _Entry(storage, reservation_id=reservation_id, close=close, also=also)
    try:
        return await entry.make(partial(_write_if_it_fits, storage, data, draft, share), share)
    except _DoesNotFit as unfit:
        info = unfit.info
    notes: tuple[str, ...] = ()
    temporary = False
    grown = await _grow(storage, data, draft.account, reservation_id, share)
    if grown is not None:
        share = grown
    else:
        room = min(storage.picture_bytes_max, share.size_bytes - THUMBNAIL_BYTES_MAX)
        fitted = await asyncio.to_thread(picture.encode_to_fit, data, room) if room > 0 else None
        if fitted is not None:
            notes = (_fitted_note(data, fitted[0], fitted[1]),)
            data, info = fitted
        else:
            temporary = True
            notes = (sentence("There was no room to keep this picture; it can be fetched for 24 hours."),)
    return await entry.make(partial(_write, storage, data, info, draft, notes=notes, temporary=temporary), share)


async def adopt(
    storage: StorageManager, blob_key: str, data: bytes, draft: Artifact, *, reservation_id: str, share: Need
) -> Artifact:
    """Enter a picture that was written by a worker that died before it could enter it.

    Its room was reserved before it was written; one that lies in ``temp/`` had found no room. Raises
    PictureRejected for bytes that are no picture.
    """
    info = await asyncio.to_thread(picture.inspect, data, bytes_max=ANSWER_BYTES_MAX)
    temporary = blob_key.startswith("temp/")
    described = await asyncio.to_thread(_described, storage, data, info, draft, temporary=temporary)
    artifact = replace(described, blob_key=blob_key)
    # A large picture's reservation was grown before it was written: what it takes comes out of that.
    share = replace(share, size_bytes=max(share.size_bytes, 0 if temporary else artifact.counted_bytes))
    entry = _Entry(storage, reservation_id=reservation_id, close=False, also=lambda _tx, _kept: None)
    await storage.database.run(entry.enter, Kept(artifact=artifact, data=data), share)
    return artifact


def discard(storage: StorageManager, blob_key: str) -> None:
    """Delete bytes that could not be entered. A database that lost its answer may have entered them: then they stay."""
    if not storage.database.read(catalogue.blob_is_known, blob_key):
        storage.blobs.delete(blob_key)


def thumbnail_key(artifact_id: str) -> str:
    """Where the thumbnail of a picture lies."""
    return f"thumbnails/{artifact_id[:2]}/{artifact_id}.webp"


def make_thumbnail(storage: StorageManager, artifact: Artifact) -> None:
    """Make the thumbnail of a kept picture and count what it takes; may be repeated. Raises StorageError."""
    key = thumbnail_key(artifact.id)
    data = storage.open(artifact)
    try:
        thumbnail = picture.thumbnail(data)
    except Exception as error:  # whatever a decoder makes of strange bytes: no thumbnail then
        log.warning("no thumbnail for picture %s: %s", artifact.id, error)
        key, thumbnail = "", b""
    if key:
        try:
            storage.blobs.put(key, thumbnail)
        except BlobExists:  # made before a crash, and not yet entered
            storage.blobs.delete(key)
            storage.blobs.put(key, thumbnail)

    def enter(tx: Transaction) -> bool:
        before = catalogue.set_thumbnail(tx, artifact.id, key=key, size_bytes=len(thumbnail))
        if before is not None:
            spare = before.thumbnail_bytes - len(thumbnail)
            storage.quota.free_in(tx, before.account, spare, temporary=before.temporary)
        return before is not None

    if not storage.database.write(enter) and key and storage.database.read(catalogue.by_id, artifact.id) is None:
        storage.blobs.delete(key)  # the picture was removed meanwhile


async def _grow(storage: StorageManager, data: bytes, account: str, reservation_id: str, share: Need) -> Need | None:
    """Set more bytes aside; None when a limit forbids it."""
    missing = len(data) + THUMBNAIL_BYTES_MAX - share.size_bytes
    if len(data) > storage.picture_bytes_max:
        return None
    try:
        grown = await storage.database.run(storage.quota.extend_in, account, reservation_id, Need(size_bytes=missing))
    except QuotaExceeded:
        return None
    return replace(share, size_bytes=share.size_bytes + missing) if grown else None


def _described(
    storage: StorageManager, data: bytes, info: PictureInfo, draft: Artifact, *, temporary: bool
) -> Artifact:
    """The row of the picture. Hashes all bytes: use a thread."""
    now_ms = storage.now_ms()
    blob_key = f"temp/{draft.id}" if temporary else draft.blob_key
    return replace(
        draft,
        name=draft.name + info.extension,
        blob_key=blob_key + info.extension,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=info.media_type,
        width=info.width,
        height=info.height,
        thumbnail_bytes=0 if temporary else THUMBNAIL_BYTES_MAX,
        temporary=temporary,
        expires_at_ms=now_ms + UNKEPT_MS if temporary else None,
        created_at_ms=now_ms,
    )


class _DoesNotFit(Exception):
    """A picture that is larger than its share, or than any may be."""

    def __init__(self, info: PictureInfo) -> None:
        super().__init__()
        self.info = info


def _write_if_it_fits(storage: StorageManager, data: bytes, draft: Artifact, share: Need) -> Kept:
    """Check the bytes and write them: one visit to a thread for nearly all. Raises _DoesNotFit, nothing written."""
    info = picture.inspect(data, bytes_max=ANSWER_BYTES_MAX)
    if len(data) > storage.picture_bytes_max or len(data) + THUMBNAIL_BYTES_MAX > share.size_bytes:
        raise _DoesNotFit(info)
    return _write(storage, data, info, draft)


def _write(
    storage: StorageManager,
    data: bytes,
    info: PictureInfo,
    draft: Artifact,
    *,
    notes: tuple[str, ...] = (),
    temporary: bool = False,
) -> Kept:
    """Put the bytes under the artifact's key, or beside it where somebody's file lies there already."""
    artifact = _described(storage, data, info, draft, temporary=temporary)
    try:
        storage.blobs.put(artifact.blob_key, data)
    except BlobExists:
        stem, dot, extension = artifact.blob_key.rpartition(".")
        artifact = replace(artifact, blob_key=f"{stem}-{artifact.id[:12]}{dot}{extension}")
        storage.blobs.put(artifact.blob_key, data)
    return Kept(artifact=artifact, data=data, notes=notes)


class _Entry:
    """Entering a picture whose bytes are written, and settling what was reserved for it."""

    def __init__(
        self,
        storage: StorageManager,
        *,
        reservation_id: str,
        close: bool,
        also: Callable[[Transaction, Kept], None],
    ) -> None:
        self._storage = storage
        self._reservation_id = reservation_id
        self._close = close
        self._also = also

    async def make(self, write: Callable[[], Kept], share: Need) -> Kept:
        """Have the bytes written on a thread, and entered; bytes that cannot be entered are deleted again."""
        written: list[Kept] = []

        def work() -> Kept:
            written.append(write())
            return written[0]

        try:
            await self._storage.database.run_after(work, partial(self.enter, share=share))
        except Exception:  # not cancellation: the transaction may still be going on then, as after a crash
            for kept in written:
                await asyncio.to_thread(discard, self._storage, kept.artifact.blob_key)
            raise
        return written[0]

    def enter(self, tx: Transaction, kept: Kept, share: Need) -> None:
        """The row, the settlement, and whatever else belongs to them."""
        artifact, quota = kept.artifact, self._storage.quota
        self._also(tx, kept)
        if not catalogue.insert(tx, artifact):
            raise StorageError(sentence("The picture {name!r} was entered already.", name=artifact.name))
        size_bytes = 0 if artifact.temporary else artifact.counted_bytes
        actual = Need(images=share.images, size_bytes=size_bytes, millicredits=artifact.millicredits)
        if not quota.settle_in(tx, self._reservation_id, share=share, actual=actual, close=self._close):
            raise StorageError(sentence("The reservation for this picture is gone: it took longer than its lease."))
        if artifact.temporary:  # no more its owner's to pay for, but still on the house's disk
            held = Need(temporary_bytes=artifact.size_bytes)
            quota.reserve_in(tx, artifact.account, artifact.id, held, seconds=0)
            quota.settle_in(tx, artifact.id, share=held, actual=held, close=True)


def _fitted_note(data: bytes, fitted: bytes, info: PictureInfo) -> str:
    return sentence(
        "The picture was {size:.1f} MB, more than there was room for; it is kept as a {fitted:.1f} MB WebP of "
        "{width} × {height} pixels.",
        size=len(data) / 2**20,
        fitted=len(fitted) / 2**20,
        width=info.width,
        height=info.height,
    )
