"""The past as the database tells it: orders that ended, refusals, removals; replayed under other rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from abby_core.quota import ledger
from abby_core.quota.allowances import Allowances
from abby_core.quota.meter import BYTES, DAY_MS, IMAGES_PER_MONTH, period_ends_ms, period_of
from abby_core.quota.simulation import Asked, Event, Removed, Simulation, simulate

if TYPE_CHECKING:
    from abby_core.database.database import Database
    from abby_core.database.transaction import Row, Transaction

PAGE = 2000
"""Rows read at once."""

_ORDERS = """
SELECT id, account, provider, model, pictures, millicredits_each, bytes_each, pictures_kept, bytes_kept, created_at,
    finished_at, request FROM orders
WHERE finished_at > 0 AND finished_at >= :at AND (finished_at, id) > (:at, :id) AND finished_at < :until
ORDER BY finished_at, id LIMIT :limit"""

_JOURNAL = """
SELECT id, at, account, event, reason, provider, model, pictures, size_bytes, millicredits FROM journal
WHERE at >= :at AND (at, id) > (:at, :id) AND at < :until AND event IN ('refused', 'removed')
ORDER BY at, id LIMIT :limit"""

_MADE_SINCE = """
SELECT account, SUM(bytes_kept) AS size FROM orders WHERE finished_at > 0 AND finished_at >= :since GROUP BY account"""

_REMOVED_SINCE = """
SELECT account, SUM(size_bytes) AS size FROM journal WHERE at >= :since AND event = 'removed' GROUP BY account"""


def replay(
    database: Database,
    allowances: Allowances,
    *,
    days: int,
    now_ms: int,
    progress: Callable[[int], None] | None = None,
) -> Simulation:
    """The last ``days`` under other rules. ``progress``: how many events were looked at, every thousand."""
    counted_from_ms = now_ms - days * DAY_MS
    month = period_of(IMAGES_PER_MONTH, counted_from_ms)
    since_ms = period_ends_ms(IMAGES_PER_MONTH, month - 1) or 0  # so that the first month's meters are filled
    replays = simulate(
        _watched(events(database, since_ms, now_ms), progress),
        lambda account: database.read(allowances.bounds_in, account),
        bytes_before=database.read(bytes_before_in, since_ms),
        counted_from_ms=counted_from_ms,
        ended_ms=now_ms,
    )
    return Simulation(days=days, replays=tuple(replays))


def _watched(events: Iterator[Event], progress: Callable[[int], None] | None) -> Iterator[Event]:
    for number, event in enumerate(events, 1):
        if progress is not None and number % 1000 == 0:
            progress(number)
        yield event


def events(database: Database, since_ms: int, until_ms: int) -> Iterator[Event]:
    """What happened from ``since_ms`` up to ``until_ms``, a day in memory at a time.

    In the order of time; but an order belongs to the day on which it ended, because that is what the database can
    look up, so one that waited over midnight comes first on the next day.
    """
    for day_ms in range(since_ms - since_ms % DAY_MS, until_ms, DAY_MS):
        begins_ms, ends_ms = max(since_ms, day_ms), min(until_ms, day_ms + DAY_MS)
        orders = _pages(database, _ORDERS, ("finished_at", begins_ms), ("id", ""), ends_ms)
        journal = _pages(database, _JOURNAL, ("at", begins_ms), ("id", 0), ends_ms)
        day: list[Event] = [*map(_order, orders), *map(_journalled, journal)]
        day.sort(key=attrgetter("at_ms"))
        yield from day


def bytes_before_in(tx: Transaction, since_ms: int) -> dict[str, int]:
    """What every account and the house used then: what is kept now, less what came since, and what went."""
    rows = tx.rows("SELECT account, used FROM counters WHERE meter = :meter", meter=BYTES)
    used = {str(row["account"]): int(row["used"]) for row in rows}
    for hold in ledger.open_holds(tx):
        if hold.meter == BYTES:
            used[hold.account] = used.get(hold.account, 0) - hold.amount
    made = tx.rows(_MADE_SINCE, since=since_ms)
    removed = tx.rows(_REMOVED_SINCE, since=since_ms)
    for sign, changes in ((-1, made), (1, removed)):
        for row in changes:
            for account in (str(row["account"]), ""):
                used[account] = used.get(account, 0) + sign * int(row["size"])
    return {account: max(0, size_bytes) for account, size_bytes in used.items()}


def _pages(
    database: Database, sql: str, time: tuple[str, int], key: tuple[str, str | int], until_ms: int
) -> Iterator[Row]:
    """All rows between two moments, some at a time; ``time`` and ``key`` are columns and where they begin."""
    (time_column, at), (key_column, last) = time, key
    while rows := database.read(_page, sql, at, last, until_ms):
        yield from rows
        at, last = rows[-1][time_column], rows[-1][key_column]


def _page(tx: Transaction, sql: str, at: int, last: str | int, until: int) -> list[Row]:
    return tx.rows(sql, at=at, id=last, until=until, limit=PAGE)


def _order(row: Row) -> Asked:
    width, height = _size(str(row["request"]))
    return Asked(
        at_ms=row["created_at"],
        account=row["account"],
        provider=row["provider"],
        model=row["model"],
        pictures=row["pictures"],
        size_bytes=row["pictures"] * row["bytes_each"],
        millicredits=row["pictures"] * row["millicredits_each"],
        width=width,
        height=height,
        pictures_kept=row["pictures_kept"],
        bytes_kept=row["bytes_kept"],
        millicredits_spent=row["pictures_kept"] * row["millicredits_each"],
    )


def _journalled(row: Row) -> Event:
    if row["event"] == "removed":
        return Removed(
            at_ms=row["at"], account=row["account"], size_bytes=row["size_bytes"], expired=row["reason"] == "expired"
        )
    return Asked(
        at_ms=row["at"],
        account=row["account"],
        provider=row["provider"],
        model=row["model"],
        pictures=row["pictures"],
        size_bytes=row["size_bytes"],
        millicredits=row["millicredits"],
        refused_by=row["reason"] or "refused",
    )


def _size(request: str) -> tuple[int, int]:
    """Width and height that an order named; 0 where it named none."""
    values: dict[str, Any] = json.loads(request)
    width, height = values.get("width"), values.get("height")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)
