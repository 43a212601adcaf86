"""When it will be full, if it goes on like this.

The house's byte counter is noted once a day (in the journal), and a straight line through the last month's notes
(least squares) says how fast it grows. So whatever makes room or takes it is in the figure: deleting, compressing,
archiving, restoring, what waits for its deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression
from typing import TYPE_CHECKING

from abby_core.quota import ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import BYTES, DAY_MS

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

DAYS_LOOKED_BACK = 30
DAYS_MIN = 3
"""Notes of fewer days say nothing about a month."""
DAYS_AHEAD_MAX = 3 * 365
"""What lasts longer than this is not worth a warning, and nobody could know it."""
Note = tuple[int, int]
"""(epoch milliseconds, bytes the house counted then)."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """How fast the pictures grow, and in how many days what is full. None: not within years."""

    bytes_per_day: float
    limit_days: float | None
    """Until MAX_GLOBAL_STORAGE_MB is reached."""
    disk_days: float | None
    """Until the disk has no more free than is left alone."""


def forecast(storage: StorageManager) -> Forecast | None:
    """What the notes say; None while there are too few of them. Raises StorageError."""
    since_ms = storage.now_ms() - DAYS_LOOKED_BACK * DAY_MS
    house = storage.quota.status(Account.local("-")).house_bytes
    free = storage.blobs.free_bytes()
    return foresee(
        storage.database.read(_notes, since_ms),
        limit_left=house.remaining,
        disk_left=None if free is None else max(0, free - storage.free_bytes_min),
    )


def foresee(notes: Sequence[Note], *, limit_left: int, disk_left: int | None) -> Forecast | None:
    """The line through the notes, and where it meets what is left in bytes (pure); None: too few days."""
    by_day = {at_ms // DAY_MS: (at_ms / DAY_MS, used) for at_ms, used in sorted(notes)}
    if len(by_day) < DAYS_MIN:
        return None
    days, used = zip(*by_day.values(), strict=True)
    per_day = linear_regression(days, used).slope
    return Forecast(
        bytes_per_day=per_day,
        limit_days=_days(limit_left, per_day),
        disk_days=None if disk_left is None else _days(disk_left, per_day),
    )


def note_daily(storage: StorageManager) -> None:
    """Note what the house counts, once a day (UTC), unless it is empty. Two processes may note it twice: no harm."""
    now_ms = storage.now_ms()
    if now_ms >= storage.note_at_ms and storage.database.write(_note, now_ms):
        storage.note_at_ms = (now_ms // DAY_MS + 1) * DAY_MS


def _days(left: int, per_day: float) -> float | None:
    days = left / per_day if per_day > 0 else None
    return days if days is not None and days <= DAYS_AHEAD_MAX else None


def _notes(tx: Transaction, since_ms: int) -> list[Note]:
    sql = "SELECT at, size_bytes FROM journal WHERE at >= :since AND event = 'measured' ORDER BY at"
    return [(int(row["at"]), int(row["size_bytes"])) for row in tx.rows(sql, since=since_ms)]


def _note(tx: Transaction, now_ms: int) -> bool:
    """False: there is nothing to note yet."""
    used, _ = ledger.used_in(tx, HOUSE, BYTES, now_ms)
    sql = "SELECT id FROM journal WHERE at >= :today AND event = 'measured' LIMIT 1"
    if used and tx.row(sql, today=now_ms // DAY_MS * DAY_MS) is None:
        tx.execute(
            "INSERT INTO journal (at, event, reason, size_bytes) VALUES (:now, 'measured', :meter, :used)",
            now=now_ms, meter=BYTES, used=used,
        )  # fmt: skip
    return used > 0
