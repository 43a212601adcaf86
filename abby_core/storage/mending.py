"""Finishing what a crash left half done in storage, and clearing out temporary files.

Everything here may run beside a working Abby, in several processes at once, and be repeated.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from abby_core.errors import NotFound, StorageError
from abby_core.storage import catalogue, forecast, keeping, retention, retired, trash
from abby_core.storage.artifact import Artifact
from abby_core.storage.blob_store import BlobInfo, BlobMissing
from abby_core.storage.expired_shares import purge_shares

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
DAY_SECONDS = 86_400
THUMBNAIL_GRACE_MS = 60_000
"""A thumbnail is normally made at once; after this time its maker is taken for dead."""
IN_FLIGHT_SECONDS = 120
"""While something is set aside, files younger than this may belong to it."""
PART_SECONDS = 3600
"""A file that is being written is renamed within seconds; one this old was left by a crash."""
SWEEP_EVERY_MS = 3_600_000
SOURCE_GRACE_SECONDS = 600
"""An uploaded picture lies there for a moment before its order is entered."""
_SOURCES = "temp/order-"
_UNDOING = "undo:"


def mend(storage: StorageManager) -> int:
    """Finish begun removals, undo dead saves, make missing thumbnails, clear the remains of writes that a crash
    cut off, delete retired bytes whose time is over, let go of pictures that were kept, or in the trash, for long
    enough. Returns how many things were mended.
    """
    mended = 0
    for artifact in storage.database.read(catalogue.being_removed):
        mended += _mended(storage.finish_removal, artifact)
    mended += trash.purge(storage)
    mended += _undo_dead_saves(storage)
    due_before_ms = storage.now_ms() - THUMBNAIL_GRACE_MS
    for artifact in storage.database.read(catalogue.thumbnails_due, before_ms=due_before_ms):
        mended += _mended(partial(keeping.make_thumbnail, storage), artifact)
    _sweep_hourly(storage)
    purge_shares(storage.database, storage.now_ms())
    mended += retired.delete_expired(storage) + retention.retire_hourly(storage)
    forecast.note_daily(storage)
    return mended + _remove_orphaned_sources(storage)


def _sweep_hourly(storage: StorageManager) -> None:
    """Look through all folders for the remains of writes; not more often, there may be a million files in them."""
    now_ms = storage.now_ms()
    if now_ms >= storage.sweep_at_ms:
        storage.sweep_at_ms = now_ms + SWEEP_EVERY_MS
        for store in filter(None, (storage.blobs, storage.archive)):
            store.sweep_parts(older_than_seconds=PART_SECONDS)


def _mended(finish: Callable[[Artifact], None], artifact: Artifact) -> bool:
    """Finish one picture; trouble with it (a bad block, a file gone) does not keep the others waiting."""
    try:
        finish(artifact)
    except StorageError as error:
        log.warning("picture %s could not be mended: %s", artifact.id, error)
        return False
    return True


def in_flight_after(storage: StorageManager) -> float:
    """Files modified after this moment (seconds since 1970) may still be waiting for their row; endless if none can."""
    busy = storage.database.read(lambda tx: tx.row("SELECT id FROM reservations LIMIT 1")) is not None
    return storage.now_ms() / 1000 - IN_FLIGHT_SECONDS if busy else math.inf


def clean_up(storage: StorageManager) -> tuple[int, int]:
    """Remove temporary files whose time is over: (how many, bytes freed).

    That is every file in ``temp/`` older than ``cleanup_days``, whoever left it, except the inputs of orders
    that have not ended.
    """
    mend(storage)  # programs that only save pictures have nobody else who does
    deleted = freed_bytes = 0
    now_ms = storage.now_ms()
    for artifact in storage.database.read(catalogue.expired, now_ms):
        if _remove_quietly(storage, artifact.id):
            deleted, freed_bytes = deleted + 1, freed_bytes + artifact.size_bytes
    oldest = now_ms / 1000 - storage.cleanup_days * DAY_SECONDS
    for blob in list(storage.blobs.list("temp/")):
        grace_seconds = SOURCE_GRACE_SECONDS if blob.key.startswith(_SOURCES) else 0
        if blob.modified_at < min(oldest, now_ms / 1000 - grace_seconds) and _remove_temporary(storage, blob):
            deleted, freed_bytes = deleted + 1, freed_bytes + blob.size_bytes
    return deleted, freed_bytes


def _remove_temporary(storage: StorageManager, blob: BlobInfo) -> bool:
    """Remove one old file of ``temp/``, with its row if it has one. False: it is still needed."""

    if storage.database.read(_is_needed, blob.key):
        return False
    row = storage.database.read(lambda tx: tx.row("SELECT id FROM artifacts WHERE blob_key = :key", key=blob.key))
    return storage.blobs.delete(blob.key) if row is None else _remove_quietly(storage, str(row["id"]))


def is_source(tx: Transaction, key: str) -> bool:
    """Whether an order that has not ended works on that blob."""
    # Each state has an index of its own: with both in one condition all orders there ever were would be looked at.
    of = "SELECT id FROM orders WHERE source_key = :key AND state"
    return tx.row(f"{of} = 'waiting' UNION ALL {of} = 'running'", key=key) is not None


def _is_needed(tx: Transaction, key: str) -> bool:
    """Whether that blob is an order's, or being written just now."""
    return is_source(tx, key) or tx.row("SELECT id FROM reservations WHERE blob_key = :key", key=key) is not None


def _remove_quietly(storage: StorageManager, artifact_id: str) -> bool:
    artifact = storage.database.read(catalogue.by_id, artifact_id)
    if artifact is None:
        return False
    try:
        storage.remove(artifact)
    except NotFound:  # another process was faster
        return False
    return True


def _remove_orphaned_sources(storage: StorageManager) -> int:
    """Pictures uploaded for orders that were never entered, or whose end was cut off."""
    oldest = storage.now_ms() / 1000 - SOURCE_GRACE_SECONDS
    orphans = [
        blob
        for blob in storage.blobs.list(_SOURCES)
        if blob.modified_at < oldest and not storage.database.read(is_source, blob.key)
    ]
    return sum(storage.blobs.delete(blob.key) for blob in orphans)


def _undo_dead_saves(storage: StorageManager) -> int:
    """Saves whose process died: what they wrote was never acknowledged, so it goes, and the quota comes back."""
    rows = storage.database.read(
        lambda tx: tx.rows(
            "SELECT id, blob_key, blob_sha256 FROM reservations WHERE expires_at <= :now LIMIT 100",
            now=storage.now_ms(),
        )
    )
    for row in rows:
        undo_save(storage, str(row["id"]), str(row["blob_key"]), str(row["blob_sha256"]))
        log.warning("a save that was cut off was undone: %s", row["blob_key"])
    return len(rows)


def undo_save(storage: StorageManager, reservation_id: str, blob_key: str, blob_sha256: str) -> None:
    """Give back what a save set aside and delete what it wrote, whether it still goes on or not; may be repeated."""
    # Under its new name nobody can settle it any more, so a slow saver cannot slip in while the blob goes.
    doomed = _UNDOING + reservation_id.removeprefix(_UNDOING)
    storage.database.write(_rename_reservation, reservation_id, doomed)
    _delete_if_unknown(storage, blob_key, blob_sha256)
    storage.database.write(storage.quota.release_in, doomed)


def _rename_reservation(tx: Transaction, old: str, new: str) -> None:
    tx.execute("UPDATE reservations SET id = :new WHERE id = :old", old=old, new=new)


def _delete_if_unknown(storage: StorageManager, key: str, sha256: str) -> None:
    """Delete a blob that no row points at, if it holds what we wrote: somebody's own file is left alone."""
    if not key or storage.database.read(catalogue.blob_is_known, key):
        return
    try:
        store, key = storage.store_of(key)
        ours = hashlib.sha256(store.open(key)).hexdigest() == sha256
    except BlobMissing:
        return
    except StorageError as error:
        log.warning("the remains of a save could not be read: %s", error)
        return
    if ours:
        store.delete(key)
