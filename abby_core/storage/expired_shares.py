"""Striking shares that ended long ago: until then their owner sees what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.database.database import Database
    from abby_core.database.transaction import Transaction

SHARE_REMEMBERED_MS = 30 * 86_400_000
"""How long a share that expired or was taken back is still listed."""
_LONG_ENDED = "expires_at <= :before OR (revoked_at > 0 AND revoked_at <= :before)"


def purge_shares(database: Database, now_ms: int) -> int:
    """Strike the rows of shares that ended 30 days ago; may be repeated. Returns how many."""
    before_ms = now_ms - SHARE_REMEMBERED_MS
    if not database.read(_any_ended, before_ms):  # nearly always: then nothing is written
        return 0
    return database.write(purge, now_ms)


def purge(tx: Transaction, now_ms: int) -> int:
    """The same within a transaction."""
    return tx.execute(f"DELETE FROM shares WHERE {_LONG_ENDED}", before=now_ms - SHARE_REMEMBERED_MS)  # noqa: S608


def _any_ended(tx: Transaction, before_ms: int) -> bool:
    sql = f"SELECT id FROM shares WHERE {_LONG_ENDED} LIMIT 1"  # noqa: S608
    return tx.row(sql, before=before_ms) is not None
