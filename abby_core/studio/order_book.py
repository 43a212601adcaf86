"""The orders' rows and their SQL: submit, claim fairly, finish, cancel. The row is the job.

Whoever runs an order holds a lease on its row. ``fence`` grows each time the lease changes hands, and every
write of a runner names the fence it was given: once somebody else has taken over, its writes change nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.dispatch.dispatcher import Claim
from abby_core.errors import OrderConflict, QueueFull
from abby_core.sentence import pack, plural, sentence, unpack
from abby_core.studio.failure import error_of
from abby_core.studio.order import OrderView, PictureFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from abby_core.database.transaction import Row, Transaction, Value
    from abby_core.studio.order import DeliveryAddress

_VIEW = (
    "id, account, kind, request, state, pictures, provider, model, percent, notes, failures, tier, error_code, error, "
    "error_words, maybe_billed, created_at, started_at, finished_at"
)
_CLAIM = (
    "id, account, request, source_key, source_bytes, source_artifact, pictures, provider, model, millicredits_each, "
    "bytes_each, images_each, prompts, attempt, attempts_max, fence, calls_started, cancel_requested, created_at, "
    "started_at"
)
_ONE_MORE = "pictures_kept = pictures_kept + 1, bytes_kept = bytes_kept + :size"
_COUNTED = (
    "pictures_kept = (SELECT COUNT(*) FROM artifacts WHERE order_id = orders.id), bytes_kept = "
    "(SELECT COALESCE(SUM(size_bytes + thumbnail_bytes), 0) FROM artifacts WHERE order_id = orders.id)"
)
"""What is kept, counted anew: for the rarer ends, in which pictures may have been entered by other hands."""


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """An order somebody holds the lease of."""

    id: str
    account: str
    request: str
    source_key: str
    source_bytes: int
    source_artifact: str
    pictures: int
    provider: str
    model: str
    millicredits_each: int
    bytes_each: int
    images_each: int
    prompts: str
    attempt: int
    attempts_max: int
    fence: int
    calls_started: int
    cancel_requested: int
    created_at: int
    started_at: int


@dataclass(frozen=True, kw_only=True)
class QueueLimits:
    """How many orders may run and wait in all, over all processes; an account's own limits are its allowance's."""

    running_max: int = 2
    waiting_max: int = 1000


def insert(
    tx: Transaction, limits: QueueLimits, deliveries: tuple[DeliveryAddress, ...], *, waiting_max: int, **row: Value
) -> bool:
    """Enter an order of an account that may have so many waiting. False: the same one was submitted before.

    Raises OrderConflict when the id stands for another order, QueueFull when too many wait.
    """
    columns = ", ".join(row)
    placeholders = ", ".join(f":{column}" for column in row)
    sql = f"INSERT INTO orders ({columns}) VALUES ({placeholders}) ON CONFLICT (id) DO NOTHING"  # noqa: S608
    if not tx.execute(sql, **row):
        check_same(tx, str(row["id"]), str(row["account"]), str(row["fingerprint"]))
        return False
    _check_queue(tx, limits, str(row["account"]), waiting_max)
    for delivery in deliveries:
        tx.execute(
            "INSERT INTO deliveries (order_id, kind, address, due_at, created_at) "
            "VALUES (:order, :kind, :address, 0, :now)",
            order=row["id"], kind=delivery.kind, address=delivery.address, now=row["created_at"],
        )  # fmt: skip
    return True


def check_same(tx: Transaction, order_id: str, account: str, fingerprint: str) -> bool:
    """Whether the order exists. Raises OrderConflict when its id stands for something else."""
    row = tx.row("SELECT account, fingerprint FROM orders WHERE id = :id", id=order_id)
    if row is not None and (row["account"], row["fingerprint"]) != (account, fingerprint):
        raise OrderConflict(sentence("This order id was used before for another request; use a new id."))
    return row is not None


def claim(tx: Transaction, limits: QueueLimits, *, owner: str, now_ms: int, lease_ms: int) -> Claim[Claimed]:
    """Take the fairest waiting order, where one may be run.

    First by priority; then the account with the fewest orders running; then the one that was served longest
    ago, so one member's hundred orders delay another's first by at most one; within an account the oldest.
    """
    tx.lock("claim")
    running = running_by_account(tx)
    if sum(running.values()) >= limits.running_max:
        return Claim(None, others_wait=True)  # for all one knows
    waiting = tx.rows(
        "SELECT o.account AS account, COUNT(*) AS n, MAX(o.priority) AS priority, MIN(o.created_at) AS oldest, "
        "MAX(o.running_max) AS running_max, "
        "COALESCE(MAX(t.served), 0) AS served FROM orders o LEFT JOIN turns t ON t.account = o.account "
        "WHERE o.state = 'waiting' AND o.not_before <= :now GROUP BY o.account",
        now=now_ms,
    )
    candidates = [
        (-row["priority"], running.get(row["account"], 0), row["served"], row["oldest"], row["account"])
        for row in waiting
        if running.get(row["account"], 0) < row["running_max"]
    ]
    if not candidates:
        return Claim(None, others_wait=bool(waiting))
    account = min(candidates)[-1]
    row = tx.row(
        "UPDATE orders SET state = 'running', attempt = attempt + 1, fence = fence + 1, "  # noqa: S608
        "calls_started = pictures_kept + 1, "
        "percent = 0, lease_owner = :owner, lease_until = :until, "
        "started_at = CASE WHEN started_at = 0 THEN :now ELSE started_at END "
        "WHERE id = (SELECT id FROM orders WHERE state = 'waiting' AND account = :account AND not_before <= :now "
        f"ORDER BY priority DESC, created_at, id LIMIT 1) AND state = 'waiting' RETURNING {_CLAIM}",
        owner=owner,
        until=now_ms + lease_ms,
        now=now_ms,
        account=account,
    )
    tx.execute(
        "INSERT INTO turns (account, served) "
        "SELECT :account, COALESCE(MAX(served), 0) + 1 FROM turns WHERE served >= 0 "
        "ON CONFLICT (account) DO UPDATE SET served = excluded.served",
        account=account,
    )
    claimed = None if row is None else Claimed(**row)
    return Claim(claimed, others_wait=sum(each["n"] for each in waiting) > 1)


def take_over(tx: Transaction, *, owner: str, now_ms: int, lease_ms: int) -> Claimed | None:
    """Take a running order whose lease ran out; its former runner's writes no longer count."""
    tx.lock("claim")
    row = tx.row(
        "UPDATE orders SET fence = fence + 1, lease_owner = :owner, lease_until = :until "  # noqa: S608
        "WHERE id = (SELECT id FROM orders WHERE state = 'running' AND lease_until <= :now "
        "ORDER BY lease_until LIMIT 1) "
        f"AND state = 'running' AND lease_until <= :now RETURNING {_CLAIM}",
        owner=owner,
        until=now_ms + lease_ms,
        now=now_ms,
    )
    return None if row is None else Claimed(**row)


def renew(tx: Transaction, order_id: str, fence: int, *, until_ms: int, percent: int) -> bool | None:
    """Hold on to the lease. None: it is lost; True: the owner wants the order cancelled."""
    row = tx.row(
        "UPDATE orders SET lease_until = :until, percent = :percent "
        "WHERE id = :id AND fence = :fence AND state = 'running' RETURNING cancel_requested",
        until=until_ms, percent=percent, id=order_id, fence=fence,
    )  # fmt: skip
    return None if row is None else bool(row["cancel_requested"])


def is_held(tx: Transaction, order_id: str, fence: int) -> bool:
    """Whether the lease is still held under that fence."""
    sql = "SELECT id FROM orders WHERE id = :id AND fence = :fence AND state = 'running'"
    return tx.row(sql, id=order_id, fence=fence) is not None


def start_call(tx: Transaction, order_id: str, fence: int, calls_started: int) -> bool:
    """Note, before they are asked for, how many pictures the provider may be billing. False: the lease is lost."""
    return _fenced(tx, "calls_started = :calls", order_id, fence, calls=calls_started)


def kept(tx: Transaction, order_id: str, fence: int, size_bytes: int) -> bool:
    """Note that one more picture is kept, and others are to come. False: the lease is lost."""
    return _fenced(tx, _ONE_MORE, order_id, fence, size=size_bytes)


def complete(
    tx: Transaction, order_id: str, fence: int, *, now_ms: int, notes: list[str], size_bytes: int
) -> Row | None:
    """running → done, with the order's last picture, of that many bytes. None: the lease is lost.

    Returns what :func:`as_view` makes a view of.
    """
    sql = (
        f"UPDATE orders SET state = 'done', percent = 100, finished_at = :now, notes = :notes, {_ONE_MORE} "  # noqa: S608
        f"WHERE id = :id AND fence = :fence AND state = 'running' RETURNING {_VIEW}"
    )
    packed = json.dumps([pack(note) for note in notes]) if notes else "[]"
    return tx.row(sql, id=order_id, fence=fence, now=now_ms, notes=packed, size=size_bytes)


def finish(
    tx: Transaction,
    order_id: str,
    fence: int,
    *,
    now_ms: int,
    notes: list[str],
    failures: Sequence[PictureFailure] = (),
    maybe_billed: bool = False,
) -> bool:
    """running → done, with the pictures there are. False: the lease is lost.

    ``maybe_billed``: for a picture that is not among those kept.
    """
    return _fenced(
        tx,
        f"state = 'done', percent = 100, finished_at = :now, notes = :notes, failures = :failures, "
        f"maybe_billed = :billed, {_COUNTED}",
        order_id,
        fence,
        now=now_ms,
        notes=json.dumps([pack(note) for note in notes]),
        failures=json.dumps([{**vars(failure), "error": pack(failure.error)} for failure in failures]),
        billed=int(maybe_billed),
    )


def fail(tx: Transaction, order_id: str, fence: int, *, now_ms: int, code: str, error: str, maybe_billed: bool) -> bool:
    """running → failed. False: the lease is lost."""
    return _fenced(
        tx,
        "state = 'failed', finished_at = :now, error_code = :code, error = :error, error_words = :words, "
        "maybe_billed = :billed",
        order_id,
        fence,
        now=now_ms,
        code=code,
        error=error,
        words="" if isinstance(pack(error), str) else json.dumps(pack(error)),
        billed=int(maybe_billed),
    )


def retry(tx: Transaction, order_id: str, fence: int, *, not_before_ms: int) -> bool:
    """running → waiting. False: the lease is lost."""
    changes = f"state = 'waiting', percent = 0, not_before = :at, {_COUNTED}"
    return _fenced(tx, changes, order_id, fence, at=not_before_ms)


def cancelled(tx: Transaction, order_id: str, fence: int, *, now_ms: int, maybe_billed: bool) -> bool:
    """running → cancelled. False: the lease is lost."""
    return _fenced(
        tx,
        f"state = 'cancelled', finished_at = :now, maybe_billed = :billed, {_COUNTED}",
        order_id,
        fence,
        now=now_ms,
        billed=int(maybe_billed),
    )


def request_cancel(tx: Transaction, order_id: str, account: str, now_ms: int) -> str | None:
    """Cancel one's own order: returns its state afterwards (``running``: its runner was asked to stop)."""
    row = tx.row(
        "UPDATE orders SET cancel_requested = 1, "
        "finished_at = CASE WHEN state = 'waiting' THEN :now ELSE finished_at END, "
        "state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END "
        "WHERE id = :id AND account = :account AND state IN ('waiting', 'running') RETURNING state",
        id=order_id, account=account, now=now_ms,
    )  # fmt: skip
    if row is None:
        row = tx.row("SELECT state FROM orders WHERE id = :id AND account = :account", id=order_id, account=account)
    return None if row is None else str(row["state"])


def view(tx: Transaction, order_id: str, account: str | None = None) -> OrderView | None:
    """An order, if it is that account's (None: whoever's)."""
    sql = f"SELECT {_VIEW} FROM orders WHERE id = :id"  # noqa: S608
    row = tx.row(sql, id=order_id)
    return None if row is None or account not in {None, row["account"]} else as_view(row)


def source_key(tx: Transaction, order_id: str) -> str:
    """Where the picture lies that was uploaded for an order; empty: there is none."""
    row = tx.row("SELECT source_key FROM orders WHERE id = :id", id=order_id)
    return str(row["source_key"]) if row else ""


def views(tx: Transaction, account: str | None, *, limit: int = 50) -> list[OrderView]:
    """The newest orders, newest first: of one account, or of everybody (None)."""
    where = "account = :account" if account is not None else ":account = ''"
    return selected(tx, f"{where} ORDER BY created_at DESC, id DESC", account=account or "", limit=limit)


def selected(tx: Transaction, condition: str, *, limit: int, **values: Value) -> list[OrderView]:
    """The orders of which that SQL is true, in its order."""
    rows = tx.rows(f"SELECT {_VIEW} FROM orders WHERE {condition} LIMIT :limit", limit=limit, **values)  # noqa: S608
    return [as_view(row) for row in rows]


def running_by_account(tx: Transaction) -> dict[str, int]:
    """How many orders run, for each account that has any."""
    # Counted here: to group them by account, SQLite would walk over all orders there ever were.
    return Counter(str(row["account"]) for row in tx.rows("SELECT account FROM orders WHERE state = 'running'"))


def _check_queue(tx: Transaction, limits: QueueLimits, account: str, waiting_max: int) -> None:
    row = tx.row(
        "SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN account = :account THEN 1 ELSE 0 END), 0) AS own "
        "FROM orders WHERE state = 'waiting'",
        account=account,
    )
    if row is not None and row["own"] > waiting_max:
        raise QueueFull(
            plural(
                "You have {count} order waiting already; let it finish first.",
                "You have {count} orders waiting already; let some finish first.",
                count=waiting_max,
            )
        )
    if row is not None and row["n"] > limits.waiting_max:
        raise QueueFull(sentence("The queue is full; try again in a few minutes."))


def _fenced(tx: Transaction, changes: str, order_id: str, fence: int, **values: Value) -> bool:
    sql = f"UPDATE orders SET {changes} WHERE id = :id AND fence = :fence AND state = 'running'"  # noqa: S608
    return tx.execute(sql, id=order_id, fence=fence, **values) == 1


def entered(row: Mapping[str, Value], prompt: str, *, claimed: Claimed | None) -> OrderView:
    """What :func:`view` says of an order that was inserted with that row, and perhaps claimed, just now."""
    return OrderView(
        id=str(row["id"]),
        account=str(row["account"]),
        kind=str(row["kind"]),
        prompt=prompt,
        state="running" if claimed else "waiting",
        pictures=int(row["pictures"] or 0),
        provider=str(row["provider"]),
        model=str(row["model"]),
        percent=0,
        notes=(),
        error_code="",
        error="",
        maybe_billed=False,
        created_at_ms=int(row["created_at"] or 0),
        started_at_ms=claimed.started_at if claimed else 0,
        finished_at_ms=0,
        tier=str(row["tier"]),
    )


def as_view(row: Row) -> OrderView:
    """The order in a row of the columns that a view needs."""
    return OrderView(
        id=row["id"],
        account=row["account"],
        kind=row["kind"],
        prompt=json.loads(row["request"]).get("prompt", ""),
        state=row["state"],
        pictures=row["pictures"],
        provider=row["provider"],
        model=row["model"],
        percent=row["percent"],
        notes=tuple(unpack(note) for note in json.loads(row["notes"])),
        error_code=row["error_code"],
        error=error_of(row),
        maybe_billed=bool(row["maybe_billed"]),
        tier=row["tier"],
        failures=tuple(
            PictureFailure(each["index"], each["code"], unpack(each["error"])) for each in json.loads(row["failures"])
        ),
        created_at_ms=row["created_at"],
        started_at_ms=row["started_at"],
        finished_at_ms=row["finished_at"],
    )
