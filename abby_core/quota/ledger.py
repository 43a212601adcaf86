"""The counters and their SQL: what makes every limit hold.

Each counter is one row. It grows by one conditional upsert that checks and counts in the same statement,
so no two callers, threads, processes or machines can both take the last place. A reservation remembers
what it took (its holds); settling turns a part of it into what was really used, releasing gives the rest
back, and both happen once, because the row is gone afterwards.

All functions take the transaction first and may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from abby_core.errors import Refused
from abby_core.quota.account import HOUSE
from abby_core.quota.erasure import BEING_FORGOTTEN
from abby_core.quota.meter import IMAGES_PER_DAY, METERS, Charge, Hold, is_token_meter, period_of, place_of
from abby_core.quota.refusal import refusal

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction, Value
    from abby_core.errors import QuotaExceeded

_TAKE = """
INSERT INTO counters (account, meter, period, used) VALUES {rows}
ON CONFLICT (account, meter) DO UPDATE SET
    used = excluded.used + CASE WHEN excluded.period > counters.period THEN 0 ELSE counters.used END,
    period = CASE WHEN excluded.period > counters.period THEN excluded.period ELSE counters.period END
WHERE excluded.used + CASE WHEN excluded.period > counters.period THEN 0 ELSE counters.used END <= CASE {limits} END
RETURNING account, meter, period, resets"""
_ROW = "(:account{n}, :meter{n}, :period{n}, :amount{n})"
_LIMIT = "WHEN excluded.account = :account{n} AND excluded.meter = :meter{n} THEN :most{n}"

_CHANGE = """
UPDATE counters SET used = used + :change
WHERE account = :account AND meter = :meter AND period = :period AND resets = :resets"""

_HOLD = """
UPDATE reservations SET holds = :holds
WHERE id = :id AND NOT EXISTS (SELECT account FROM erasures WHERE account = :account)"""

_COUNTER = "SELECT period, used FROM counters WHERE account = :account AND meter = :meter"


@dataclass(frozen=True, kw_only=True)
class Spent:
    """How one counter of a reservation is settled: ``share`` of the hold becomes ``actual`` use."""

    share: int
    actual: int


Counter = tuple[bool, str]
"""A counter as seen from a reservation: is it the house's (not the account's own), and its meter."""
_NOTHING = Spent(share=0, actual=0)


def reserve(
    tx: Transaction,
    *,
    reservation_id: str,
    account: str,
    charges: Iterable[Charge],
    now_ms: int,
    expires_at_ms: int,
    blob_key: str = "",
    blob_sha256: str = "",
) -> bool:
    """Set all charges aside, or raise QuotaExceeded and set nothing aside. False: it was reserved before.

    Raises Refused for an account that is being forgotten: asked in the last statement, when all is counted
    (:func:`abby_core.quota.erasure.begin` waits for that).
    """
    inserted = tx.execute(
        "INSERT INTO reservations (id, account, blob_key, blob_sha256, created_at, expires_at) "
        "VALUES (:id, :account, :blob_key, :blob_sha256, :now, :expires) ON CONFLICT (id) DO NOTHING",
        id=reservation_id, account=account, blob_key=blob_key, blob_sha256=blob_sha256,
        now=now_ms, expires=expires_at_ms,
    )  # fmt: skip
    if not inserted:
        return False
    holds = take(tx, charges, now_ms)
    if not tx.execute(_HOLD, id=reservation_id, account=account, holds=_as_json(holds)):
        raise Refused(BEING_FORGOTTEN)
    return True


def extend(tx: Transaction, reservation_id: str, charges: Iterable[Charge], now_ms: int) -> bool:
    """Set more aside for an open reservation, or raise QuotaExceeded. False: it is open no more."""
    holds = _holds(tx, reservation_id)
    if holds is None:
        return False
    more = {(hold.account, hold.meter): hold for hold in take(tx, charges, now_ms)}
    grown = [
        hold._replace(amount=hold.amount + more.pop((hold.account, hold.meter)).amount)
        if _same_period(hold, more.get((hold.account, hold.meter)))
        else hold
        for hold in holds
    ]
    _write_holds(tx, reservation_id, [*grown, *more.values()])
    return True


def settle(tx: Transaction, reservation_id: str, spent: Mapping[Counter, Spent], *, close: bool) -> bool:
    """Turn a share of each hold into what was really used; ``close`` also gives back what is left of it.

    What was really used is counted even where it is more than the share: the caller made room before
    (:func:`extend`), or it is money that is gone. False: the reservation is open no more.
    """
    holds = _removed_holds(tx, reservation_id) if close else _holds(tx, reservation_id)
    if holds is None:
        return False
    left: list[Hold] = []
    for hold, share, actual in _spread(holds, spent):
        remaining = hold.amount - share
        _change(tx, hold, actual - share - (remaining if close else 0))
        if not close:
            left.append(hold._replace(amount=remaining))
    if not close:
        _write_holds(tx, reservation_id, left)
    return True


def release(tx: Transaction, reservation_id: str) -> bool:
    """Give everything back that is still set aside. False: there was nothing."""
    return settle(tx, reservation_id, {}, close=True)


def is_open(tx: Transaction, reservation_id: str) -> bool:
    """Whether the reservation still sets something aside."""
    return tx.row("SELECT id FROM reservations WHERE id = :id", id=reservation_id) is not None


def take(tx: Transaction, charges: Iterable[Charge], now_ms: int) -> list[Hold]:
    """Count the charges, each of another counter, if all of them fit; else raises QuotaExceeded for the first that
    does not.

    The transaction has to be undone then: those that do fit are counted in it.
    """
    asked = in_touching_order(charges)
    if not asked:
        return []
    if any(charge.amount > charge.limit for charge in asked):
        raise _refused(tx, asked, now_ms)  # a first charge would insert a row, which nothing compares with a limit
    sql, names = _taking(len(asked))
    values: list[Value] = []
    for charge in asked:
        values += charge.account, charge.meter, period_of(charge.meter, now_ms), charge.amount, charge.limit
    taken = {(row["account"], row["meter"]): row for row in tx.rows(sql, **dict(zip(names, values, strict=True)))}
    if len(taken) < len(asked):
        raise _refused(tx, [each for each in asked if (each.account, each.meter) not in taken], now_ms)
    holds: list[Hold] = []
    for account, meter, amount, _ in asked:
        row = taken[account, meter]
        holds.append(Hold(account, meter, int(row["period"]), int(row["resets"]), amount))
    return holds


@cache
def _taking(count: int) -> tuple[str, list[str]]:
    """One statement for so many counters, which are touched in the order of its rows; and the names of its values."""
    rows = ", ".join(_ROW.format(n=n) for n in range(count))
    limits = " ".join(_LIMIT.format(n=n) for n in range(count))
    names = [f"{name}{n}" for n in range(count) for name in ("account", "meter", "period", "amount", "most")]
    return _TAKE.format(rows=rows, limits=limits), names


def _refused(tx: Transaction, charges: Sequence[Charge], now_ms: int) -> QuotaExceeded:
    """Why the charges, of which none is counted, cannot be: by the first that does not fit."""
    looked_at = [(charge, *used_in(tx, charge.account, charge.meter, now_ms)) for charge in charges]
    full = (each for each in looked_at if each[1] + each[0].amount > each[0].limit)
    charge, used, period = next(full, looked_at[0])  # where none is: a place became free a moment ago
    return refusal(charge, used=used, period=period, now_ms=now_ms)


def give_back(tx: Transaction, account: str, meter: str, amount: int) -> None:
    """Lower a counter without periods (bytes) by what was removed."""
    _change(tx, Hold(account, meter, 0, 0, amount), -amount)


def used_in(tx: Transaction, account: str, meter: str, now_ms: int) -> tuple[int, int]:
    """What is used now, and the number of the period that counts (never an earlier one than was seen)."""
    now_period = period_of(meter, now_ms)
    row = tx.row(_COUNTER, account=account, meter=meter)
    if row is None or int(row["period"]) < now_period:
        return 0, now_period
    return int(row["used"]), int(row["period"])


def all_used_in(tx: Transaction, account: str, now_ms: int) -> dict[tuple[str, str], tuple[int, int]]:
    """:func:`used_in` of every meter of an account and of the house, with one statement."""
    rows = tx.rows("SELECT account, meter, period, used FROM counters WHERE account IN (:account, '')", account=account)
    counted = {(str(row["account"]), str(row["meter"])): (int(row["used"]), int(row["period"])) for row in rows}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for owner in (account, HOUSE):
        for meter in METERS:
            now_period = period_of(meter, now_ms)
            used, period = counted.get((owner, meter), (0, now_period))
            found[owner, meter] = (used, period) if period >= now_period else (0, now_period)
    return found


def reset(tx: Transaction, account: str, meter: str, now_ms: int) -> None:
    """Start the current period anew, as of the present clock. Reservations made before give nothing back."""
    tx.execute(
        "UPDATE counters SET used = 0, resets = resets + 1, period = :period "
        "WHERE account = :account AND meter = :meter",
        account=account, meter=meter, period=period_of(meter, now_ms),
    )  # fmt: skip


def drop(tx: Transaction, account: str, meter: str) -> None:
    """Forget the counter of a meter that nobody asks for any more, such as a token's that is gone."""
    tx.execute("DELETE FROM counters WHERE account = :account AND meter = :meter", account=account, meter=meter)


def in_touching_order(charges: Iterable[Charge]) -> list[Charge]:
    """Private counters before the house's, meters in one order: callers queue, they never deadlock."""
    return sorted(charges, key=lambda charge: (charge.account == HOUSE, place_of(charge.meter)))


@dataclass(frozen=True, kw_only=True)
class OpenReservation:
    """What is set aside for one order, or for one save. ``order_state`` is empty for a save."""

    id: str
    holds: tuple[Hold, ...]
    order_state: str
    created_at_ms: int
    expires_at_ms: int


def reservations_of(tx: Transaction, account: str, *, limit: int) -> list[OpenReservation]:
    """What an account has set aside, the oldest first."""
    rows = tx.rows(
        "SELECT r.id AS id, r.holds AS holds, COALESCE(o.state, '') AS state, r.created_at AS created_at, "
        "r.expires_at AS expires_at FROM reservations r LEFT JOIN orders o ON o.id = r.id "
        "WHERE r.account = :account ORDER BY r.created_at, r.id LIMIT :limit",
        account=account, limit=limit,
    )  # fmt: skip
    return [
        OpenReservation(
            id=str(row["id"]),
            holds=tuple(_parse(str(row["holds"]))),
            order_state=str(row["state"]),
            created_at_ms=int(row["created_at"]),
            expires_at_ms=int(row["expires_at"]),
        )
        for row in rows
    ]


def open_holds(tx: Transaction) -> list[Hold]:
    """All holds of all open reservations: what the counters hold beyond what is kept."""
    rows = tx.rows("SELECT holds FROM reservations")
    return [hold for row in rows for hold in _parse(str(row["holds"]))]


def _spread(holds: list[Hold], spent: Mapping[Counter, Spent]) -> Iterator[tuple[Hold, int, int]]:
    """Each hold with its part of what is settled: (hold, share, actual).

    A reservation extended in a later period has two holds on one counter: the earlier one is settled first, and what
    was used beyond the shares counts in the later period.
    """
    last = {(hold.account, hold.meter): hold for hold in holds}
    if len(last) == len(holds):  # as nearly always: in short
        for hold in holds:
            part = spent.get(_counter_of(hold), _NOTHING)
            yield hold, min(part.share, hold.amount), part.actual
        return
    rest: dict[tuple[str, str], Spent] = {}
    for hold in holds:
        key = (hold.account, hold.meter)
        part = rest.get(key) or spent.get(_counter_of(hold), _NOTHING)
        share = min(part.share, hold.amount)
        actual = part.actual if hold is last[key] else min(part.actual, share)
        rest[key] = Spent(share=part.share - share, actual=part.actual - actual)
        yield hold, share, actual


def _counter_of(hold: Hold) -> Counter:
    return hold.account == HOUSE, IMAGES_PER_DAY if is_token_meter(hold.meter) else hold.meter


def _change(tx: Transaction, hold: Hold, change: int) -> None:
    if change:
        tx.execute(
            _CHANGE,
            change=change,
            account=hold.account,
            meter=hold.meter,
            period=hold.period,
            resets=hold.resets,
        )


def _same_period(hold: Hold, other: Hold | None) -> bool:
    return other is not None and (hold.period, hold.resets) == (other.period, other.resets)


def _holds(tx: Transaction, reservation_id: str) -> list[Hold] | None:
    row = tx.row(f"SELECT holds FROM reservations WHERE id = :id{tx.row_lock}", id=reservation_id)  # noqa: S608
    return None if row is None else _parse(str(row["holds"]))


def _removed_holds(tx: Transaction, reservation_id: str) -> list[Hold] | None:
    row = tx.row("DELETE FROM reservations WHERE id = :id RETURNING holds", id=reservation_id)
    return None if row is None else _parse(str(row["holds"]))


def _write_holds(tx: Transaction, reservation_id: str, holds: list[Hold]) -> None:
    tx.execute(
        "UPDATE reservations SET holds = :holds WHERE id = :id",
        id=reservation_id,
        holds=_as_json(holds),
    )


def _as_json(holds: list[Hold]) -> str:
    return json.dumps(holds)


def _parse(holds: str) -> list[Hold]:
    return [Hold(*fields) for fields in json.loads(holds)]
