"""Statistics: what was made, refused and spent, added up by the database.

From the orders that have ended and the journal of refusals. Days are UTC calendar days, as the daily limit's. The same
SQL on both databases: moments are numbers, and a day is the number of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

from abby_core.errors import InvalidRequest
from abby_core.quota.meter import DAY_MS
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction
    from abby_core.storage.storage_manager import StorageManager

By = Literal["day", "provider", "account", "tier", "reason"]
DAYS_MAX = 3660
"""Ten years: a line for each day is still a page that a browser shows."""
LINES_MAX = 1000
"""Lines of a report; what is beyond is in its total."""
SETTLED_MS = 3_600_000
"""Nothing is entered any more under a time so long ago, however far the clocks of several computers are apart."""
NO_END_MS = 2**62

_KEYS: dict[By, tuple[str, str]] = {
    # What an order counts under, and what a refusal does.
    "day": (f"finished_at / {DAY_MS}", f"at / {DAY_MS}"),
    "provider": ("provider", "provider"),
    "account": ("account", "account"),
    "tier": ("tier", "tier"),
    "reason": ("CASE WHEN state = 'failed' THEN error_code WHEN state = 'cancelled' THEN 'cancelled' ELSE '' END",
               "reason"),
}  # fmt: skip
_SUMS = (
    "COALESCE(SUM(orders), 0) AS orders, COALESCE(SUM(pictures), 0) AS pictures, COALESCE(SUM(failed), 0) AS failed, "
    "COALESCE(SUM(cancelled), 0) AS cancelled, COALESCE(SUM(refused), 0) AS refused, "
    "COALESCE(SUM(millicredits), 0) AS millicredits, COALESCE(SUM(maybe_billed), 0) AS maybe_billed, "
    "COALESCE(SUM(size_bytes), 0) AS size_bytes, COALESCE(SUM(started), 0) AS started, "
    "COALESCE(SUM(working_ms), 0) AS working_ms"
)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was counted under one label (a day as ``2026-03-31``, a provider, …); the total's is empty."""

    label: str = ""
    orders: int = 0
    """Orders that ended, in whatever way."""
    pictures: int = 0
    """Pictures that were kept."""
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    """Orders that were refused before they were accepted."""
    millicredits: int = 0
    """What the pictures cost at the provider's prices."""
    maybe_billed: int = 0
    """Orders for which the provider may have charged something although nothing arrived."""
    size_bytes: int = 0
    started: int = 0
    """Orders that were begun: what ``working_ms`` is the sum of."""
    working_ms: int = 0
    """From an order's first beginning to its end, milliseconds; pauses before further attempts included."""

    @property
    def seconds_each(self) -> float:
        """How long an order took on average, once it was begun."""
        return self.working_ms / self.started / 1000 if self.started else 0.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """Lines by day in order of time, without gaps; by reason the most frequent first, what went well left out; others
    with most pictures first. Times are epoch milliseconds."""

    by: By
    since_ms: int
    until_ms: int
    lines: tuple[Figures, ...]
    total: Figures
    """Of everything in that time, also of what found no place in ``lines``."""

    @property
    def empty(self) -> bool:
        return not (self.total.orders or self.total.refused)


@dataclass(frozen=True)
class Ever:
    """Since there is this Abby, of everybody. No figure ever falls: whoever is forgotten stays counted, unnamed."""

    total: Figures
    refused: Counter[str]
    """Refusals by meter, or the error's name."""


class Statistics:
    """Blocks for a moment: coroutines ask in a thread."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._settled: tuple[int, Ever] = (0, Ever(Figures(), Counter()))
        """All that happened before that moment: what is long over is added up once."""

    def ever(self) -> Ever:
        """Everything up to now."""
        settled_ms, before = self._settled
        day = (self._storage.now_ms() - SETTLED_MS) // DAY_MS  # whole ones: forgetting leaves of a time only its day
        until_ms = max(settled_ms, day * DAY_MS)
        read = self._storage.database.read
        before = _added(before, *read(_read, "reason", settled_ms, until_ms, None))
        self._settled = until_ms, before
        return _added(before, *read(_read, "reason", until_ms, NO_END_MS, None))

    def report(self, days: int = 30, by: By = "day", *, account: str | None = None) -> Report:
        """The last ``days`` UTC days, today included; of one account (its key) or of everybody.

        ``reason`` is the meter that refused, the name of the error that refused or failed, or ``cancelled``. Raises
        InvalidRequest.
        """
        if by not in get_args(By):
            raise InvalidRequest(
                sentence(
                    "Statistics can be had by {kinds}, not by {given!r}.", kinds=", ".join(get_args(By)), given=by[:40]
                )
            )
        if not 1 <= days <= DAYS_MAX:
            raise InvalidRequest(sentence("Statistics cover 1 to {limit} days.", limit=DAYS_MAX))
        today = self._storage.now_ms() // DAY_MS
        first = today - days + 1
        rows, total = self._storage.database.read(_read, by, first * DAY_MS, (today + 1) * DAY_MS, account)
        lines = map(_figures, rows)
        return Report(
            by=by,
            since_ms=first * DAY_MS,
            until_ms=(today + 1) * DAY_MS,
            lines=tuple(_every_day(lines, first, today) if by == "day" else lines),
            total=_figures(total),
        )


def _read(tx: Transaction, by: By, since: int, until: int, account: str | None) -> tuple[list[Row], Row]:
    """The lines and the total, over one snapshot."""
    facts = _facts(by, account)
    where, ranked = {
        "day": ("", "label"),
        "reason": ("WHERE label <> ''", "orders + refused DESC, label"),
    }.get(by, ("", "pictures DESC, orders DESC, refused DESC, label"))
    values = {"since": since, "until": until} | ({} if account is None else {"account": account})
    lines = tx.rows(
        f"SELECT * FROM (SELECT label, {_SUMS} FROM ({facts}) AS facts {where} GROUP BY label) AS lines "  # noqa: S608
        f"ORDER BY {ranked} LIMIT :limit",
        limit=DAYS_MAX if by == "day" else LINES_MAX,
        **values,
    )
    total = tx.row(f"SELECT '' AS label, {_SUMS} FROM ({facts}) AS facts", **values)  # noqa: S608
    return lines, total or {}


def _facts(by: By, account: str | None) -> str:
    """SQL of one row for each order that ended and each refusal from ``:since`` to ``:until``."""
    order_key, journal_key = _KEYS[by]
    whose = "" if account is None else " AND account = :account"
    return (
        f"SELECT {order_key} AS label, 1 AS orders, pictures_kept AS pictures, "  # noqa: S608 - our own words, no input
        "CASE WHEN state = 'failed' THEN 1 ELSE 0 END AS failed, "
        "CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END AS cancelled, 0 AS refused, "
        "pictures_kept * millicredits_each AS millicredits, maybe_billed AS maybe_billed, bytes_kept AS size_bytes, "
        "CASE WHEN started_at > 0 THEN 1 ELSE 0 END AS started, "
        "CASE WHEN started_at > 0 THEN finished_at - started_at ELSE 0 END AS working_ms "
        f"FROM orders WHERE finished_at > 0 AND finished_at >= :since AND finished_at < :until{whose} "
        f"UNION ALL SELECT {journal_key}, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0 "
        f"FROM journal WHERE event = 'refused' AND at >= :since AND at < :until{whose}"
    )


def _added(before: Ever, rows: list[Row], total: Row) -> Ever:
    more = _figures(total)
    sums = {each.name: getattr(before.total, each.name) + getattr(more, each.name) for each in fields(Figures)}
    refused = Counter({str(row["label"]): int(row["refused"]) for row in rows if row["refused"]})
    return Ever(Figures(**sums), before.refused + refused)


def _figures(row: Row) -> Figures:
    # PostgreSQL adds whole numbers up to a Decimal.
    return Figures(label=str(row["label"]), **{name: int(value) for name, value in row.items() if name != "label"})


def _every_day(lines: Iterable[Figures], first: int, last: int) -> Iterable[Figures]:
    """A line for each day, also for those on which nothing happened; numbers of days become dates."""
    found = {int(line.label): line for line in lines}
    for day in range(first, last + 1):
        yield replace(found.get(day, Figures()), label=_date(day).isoformat())


def _date(day: int) -> date:
    return (datetime.fromtimestamp(0, UTC) + timedelta(days=day)).date()
