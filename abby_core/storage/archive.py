"""The archive: a colder store for pictures that should stay but need not be at hand.

An archived picture is listed, shown and opened like any other; its thumbnail stays at hand. Its bytes lie in the
archive and count against no limit. Archiving copies them, reads the copy back, and only then lets go of the
original; restoring is the same the other way, and needs room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_core.errors import ConfigurationError, InvalidRequest
from abby_core.quota import journal
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, keeping, oldest, retired
from abby_core.storage.artifact import ARCHIVE, Artifact
from abby_core.storage.moving import delete_quietly, keys_like, move, read_unchanged

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager


def archive(storage: StorageManager, artifact: Artifact) -> Artifact:
    """Move a picture's bytes into the archive; they count no longer. Returns the picture as it is then.

    One that is there already stays. Raises ConfigurationError without an archive, InvalidRequest for a temporary
    picture or one that was changed meanwhile, StorageError; the picture is as it was then.
    """
    _require(storage)
    if artifact.in_archive:
        return artifact
    if artifact.temporary:
        raise InvalidRequest(
            sentence("{name!r} is temporary and goes by itself; it cannot be archived.", name=artifact.name)
        )
    artifact = _with_thumbnail(storage, artifact)
    data = read_unchanged(storage, artifact)
    now_ms = storage.now_ms()
    there = replace(artifact, state="archived")
    candidates = (replace(there, blob_key=ARCHIVE + key) for key in keys_like(artifact.blob_key))

    def also(tx: Transaction) -> None:
        retired.add(tx, artifact, "leftover", expires_at_ms=now_ms)
        storage.quota.free_own_in(tx, artifact.account, artifact.size_bytes)
        journal.removed(
            tx, at_ms=now_ms, account=artifact.account, reason="archived", pictures=1, size_bytes=artifact.size_bytes
        )

    archived = move(storage, artifact, candidates, data, need=Need(), also=also)
    delete_quietly(storage, artifact.blob_key)
    return archived


def restore(storage: StorageManager, artifact: Artifact) -> Artifact:
    """Move a picture's bytes back to where they are at hand, and count them again. Returns it as it is then.

    One that is at hand already stays. Raises QuotaExceeded where there is no room, ConfigurationError without an
    archive, StorageError; the picture is as it was then.
    """
    if not artifact.in_archive:
        return artifact
    _require(storage)
    data = read_unchanged(storage, artifact)
    at_hand = replace(artifact, state="kept")
    candidates = (replace(at_hand, blob_key=key) for key in keys_like(artifact.blob_key.removeprefix(ARCHIVE)))
    now_ms = storage.now_ms()

    def also(tx: Transaction) -> None:
        retired.add(tx, artifact, "leftover", expires_at_ms=now_ms)

    restored = move(storage, artifact, candidates, data, need=Need(size_bytes=artifact.size_bytes), also=also)
    delete_quietly(storage, artifact.blob_key)
    return restored


def archive_oldest(
    storage: StorageManager, account: Account, count: int, *, progress: Callable[[Artifact], None]
) -> list[Artifact]:
    """Archive the account's oldest pictures that are no favourites; ``progress`` is told of each. Raises as above."""
    _require(storage)
    archived: list[Artifact] = []
    for artifact in storage.database.read(oldest.to_archive, account.key, limit=count):
        archived.append(archive(storage, artifact))
        progress(archived[-1])
    return archived


def _with_thumbnail(storage: StorageManager, artifact: Artifact) -> Artifact:
    """The picture with the thumbnail it should have: from the archive it would be made more slowly."""
    if not artifact.thumbnail_bytes or artifact.thumbnail_key:
        return artifact
    keeping.make_thumbnail(storage, artifact)
    return storage.database.read(catalogue.by_id, artifact.id) or artifact


def _require(storage: StorageManager) -> None:
    if storage.archive is None:
        raise ConfigurationError(
            "No archive is configured. Set ARCHIVE_ROOT to a folder, best on another disk than STORAGE_ROOT."
        )
