"""Bytes that no picture is made of any more: counted for the house alone, until their time is over.

The original of a picture that was compressed stays for some days, to be undone; what is left behind when a picture
moves has no time left at all. Deleting is done by one process at a time: it claims the row, deletes the bytes,
strikes the row and frees the space. Whoever dies on the way leaves a claim that runs out.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from abby_core.errors import StorageError
from abby_core.storage.artifact import Artifact, counted_bytes

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
CLAIM_MS = 600_000
"""How long a process may take to delete one blob before another one tries."""
AT_ONCE = 100
"""How many are deleted in one go: mending comes again soon."""
Reason = Literal["compressed", "leftover"]
_COLUMNS = "blob_key, artifact_id, account, reason, name, media_type, sha256, size_bytes, width, height, expires_at"


@dataclass(frozen=True, kw_only=True)
class RetiredBlob:
    """One row. ``reason``: ``compressed`` may be undone until then; a ``leftover`` nobody needs."""

    blob_key: str
    artifact_id: str
    account: str
    reason: Reason
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    expires_at_ms: int

    @property
    def counted_bytes(self) -> int:
        """What it counts against the house's limit."""
        return counted_bytes(self.blob_key, self.size_bytes)


# ---------------------------------------------------------------------- in the transaction of whoever retires


def add(tx: Transaction, artifact: Artifact, reason: Reason, *, expires_at_ms: int) -> None:
    """Retire the bytes that the picture had until now. The house goes on counting them."""
    tx.execute(
        f"INSERT INTO retired_blobs ({_COLUMNS}) VALUES (:blob_key, :id, :account, :reason, :name, :media_type, "  # noqa: S608
        ":sha256, :size_bytes, :width, :height, :expires_at)",
        blob_key=artifact.blob_key, id=artifact.id, account=artifact.account, reason=reason, name=artifact.name,
        media_type=artifact.media_type, sha256=artifact.sha256, size_bytes=artifact.size_bytes, width=artifact.width,
        height=artifact.height, expires_at=expires_at_ms,
    )  # fmt: skip


def original(tx: Transaction, artifact_id: str, now_ms: int) -> RetiredBlob | None:
    """What a picture was before it was compressed, while that can be undone."""
    sql = (
        f"SELECT {_COLUMNS} FROM retired_blobs WHERE artifact_id = :id AND reason = 'compressed' AND expires_at > :now"  # noqa: S608
    )
    row = tx.row(sql, id=artifact_id, now=now_ms)
    return None if row is None else _retired(row)


def take_back(tx: Transaction, blob_key: str) -> bool:
    """The bytes are a picture's again. False: they are being deleted, or gone."""
    return tx.execute("DELETE FROM retired_blobs WHERE blob_key = :key AND reason = 'compressed'", key=blob_key) == 1


def is_retired(tx: Transaction, blob_key: str) -> bool:
    """Whether these bytes wait for their deletion."""
    return tx.row("SELECT blob_key FROM retired_blobs WHERE blob_key = :key", key=blob_key) is not None


def all_after(tx: Transaction, last_key: str, *, limit: int = 1000) -> list[RetiredBlob]:
    """All of them in steps, by key."""
    sql = f"SELECT {_COLUMNS} FROM retired_blobs WHERE blob_key > :last ORDER BY blob_key LIMIT :limit"  # noqa: S608
    return [_retired(row) for row in tx.rows(sql, last=last_key, limit=limit)]


# ---------------------------------------------------------------------- deleting


def delete_of(storage: StorageManager, artifact_id: str) -> None:
    """Delete whatever else is left of a picture that is being removed. Raises StorageError."""

    def expire(tx: Transaction) -> list[str]:
        sql = (
            "UPDATE retired_blobs SET reason = 'leftover', expires_at = :now "
            "WHERE artifact_id = :id AND reason = 'compressed' RETURNING blob_key"
        )
        return [str(row["blob_key"]) for row in tx.rows(sql, id=artifact_id, now=storage.now_ms())]

    if storage.database.read(_has_original, artifact_id):
        for blob_key in storage.database.write(expire):
            delete(storage, blob_key)


def delete_expired(storage: StorageManager) -> int:
    """Delete what has no time left, some at a time; trouble with one does not keep the others. Returns how many."""
    deleted = 0
    for blob_key in storage.database.read(_expired, storage.now_ms()):
        try:
            deleted += delete(storage, blob_key)
        except StorageError as error:
            log.warning("the bytes at %s could not be deleted: %s", blob_key, error)
    return deleted


def delete(storage: StorageManager, blob_key: str) -> bool:
    """Delete one that has no time left. False: it is gone, needed, or another process is at it."""
    now_ms = storage.now_ms()
    claimed_until_ms = now_ms + CLAIM_MS
    if not storage.database.write(_claim, blob_key, now_ms=now_ms, until_ms=claimed_until_ms):
        return False
    store, key = storage.store_of(blob_key)
    store.delete(key)

    def strike(tx: Transaction) -> bool:
        sql = f"DELETE FROM retired_blobs WHERE blob_key = :key AND expires_at = :until RETURNING {_COLUMNS}"  # noqa: S608
        row = tx.row(sql, key=blob_key, until=claimed_until_ms)
        if row is not None:
            gone = _retired(row)
            storage.quota.free_in(tx, gone.account, gone.counted_bytes, temporary=True)
        return row is not None

    return storage.database.write(strike)


def _claim(tx: Transaction, blob_key: str, *, now_ms: int, until_ms: int) -> bool:
    # As a leftover it can no longer be taken back: nobody deletes what has become a picture again.
    sql = (
        "UPDATE retired_blobs SET reason = 'leftover', expires_at = :until WHERE blob_key = :key AND expires_at <= :now"
    )
    return tx.execute(sql, key=blob_key, now=now_ms, until=until_ms) == 1


def _expired(tx: Transaction, now_ms: int) -> list[str]:
    sql = "SELECT blob_key FROM retired_blobs WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit"
    return [str(row["blob_key"]) for row in tx.rows(sql, now=now_ms, limit=AT_ONCE)]


def _has_original(tx: Transaction, artifact_id: str) -> bool:
    sql = "SELECT blob_key FROM retired_blobs WHERE artifact_id = :id AND reason = 'compressed'"
    return tx.row(sql, id=artifact_id) is not None


def _retired(row: Row) -> RetiredBlob:
    values = {name: value for name, value in row.items() if name != "expires_at"}
    return RetiredBlob(**values, expires_at_ms=row["expires_at"])
