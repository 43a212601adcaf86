"""Which pictures go first when room is needed: the oldest of an account that it has not marked as favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

COMPRESSED_BYTES_MIN = 64 * 1024
"""Smaller pictures are not worth the work: a thousand of them would free 30 MB."""
COMPRESSIBLE = ("image/png", "image/jpeg")
_UNSTARRED = "FROM artifacts WHERE account = :account AND state = 'kept' AND temporary = 0 AND favourite = 0"
_OLDEST = "ORDER BY created_at, id LIMIT :limit"


def to_archive(tx: Transaction, account: str, *, limit: int) -> list[Artifact]:
    """Pictures at hand; the same ones would be deleted first."""
    return catalogue.select(tx, f"{_UNSTARRED} {_OLDEST}", account=account, limit=limit)


def to_compress(tx: Transaction, account: str, *, after: tuple[int, str], limit: int) -> list[Artifact]:
    """Pictures at hand that compressing may make smaller; ``after`` is (created_at_ms, id) of the last one seen."""
    png, jpeg = COMPRESSIBLE
    at, last_id = after
    return catalogue.select(
        tx,
        f"{_UNSTARRED} AND media_type IN (:png, :jpeg) AND size_bytes >= :size "
        f"AND (created_at, id) > (:at, :id) {_OLDEST}",
        account=account, png=png, jpeg=jpeg, size=COMPRESSED_BYTES_MIN, at=at, id=last_id, limit=limit,
    )  # fmt: skip


def made_before(tx: Transaction, account: str, before_ms: int, *, limit: int) -> list[Artifact]:
    """Pictures made before then, at hand or archived, and not had back from the trash since."""
    return catalogue.select(
        tx,
        f"FROM artifacts WHERE account = :account AND {catalogue.LISTED} AND temporary = 0 AND favourite = 0 "
        f"AND created_at < :before AND state_at < :before {_OLDEST}",
        account=account, before=before_ms, limit=limit,
    )  # fmt: skip
