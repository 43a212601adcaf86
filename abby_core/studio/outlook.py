"""Where an order stands: its place in the fair order, and the time left by what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.studio.failure import error_of
from abby_core.studio.order import Progress
from abby_core.studio.order_book import QueueLimits, running_by_account

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction

TIMED_ORDERS = 20
"""How many finished orders the expected duration is averaged over."""


def progress(tx: Transaction, order_id: str, account: str, limits: QueueLimits, now_ms: int) -> Progress | None:
    """Where the order stands now: its place in the fair order, and the time left by what was measured."""
    row = tx.row(
        "SELECT account, state, kind, provider, pictures, percent, priority, created_at, started_at, "
        "error_code, error, error_words FROM orders WHERE id = :id",
        id=order_id,
    )
    if row is None or row["account"] != account:
        return None
    state = row["state"]
    position = _position(tx, row, order_id) if state == "waiting" else None
    eta_seconds = None
    if state in {"waiting", "running"} and (each_ms := _duration_ms(tx, row["provider"], row["kind"])) is not None:
        rounds = 1 + (sum(running_by_account(tx).values()) + position - 1) // limits.running_max if position else 1
        spent_ms = now_ms - row["started_at"] if state == "running" else 0
        eta_seconds = max(0.0, (rounds * row["pictures"] * each_ms - spent_ms) / 1000)
    return Progress(
        state=state,
        percent=row["percent"],
        position=position,
        eta_seconds=eta_seconds,
        error_code=row["error_code"],
        error=error_of(row),
    )


def _position(tx: Transaction, mine: Row, order_id: str) -> int:
    """1 for the next: accounts take turns, so of each other account at most as many go first as of one's own."""
    ahead = tx.row(
        "SELECT COUNT(*) AS n FROM orders WHERE state = 'waiting' AND account = :account AND (priority > :priority OR "
        "(priority = :priority AND (created_at < :at OR (created_at = :at AND id < :id))))",
        account=mine["account"], priority=mine["priority"], at=mine["created_at"], id=order_id,
    )  # fmt: skip
    own = int(ahead["n"]) if ahead else 0
    queues = {
        row["account"]: (int(row["n"]), (int(row["served"]), int(row["oldest"])))
        for row in tx.rows(
            "SELECT o.account AS account, COUNT(*) AS n, MIN(o.created_at) AS oldest, "
            "COALESCE(MAX(t.served), 0) AS served FROM orders o LEFT JOIN turns t ON t.account = o.account "
            "WHERE o.state = 'waiting' GROUP BY o.account"
        )
    }
    my_turn = queues.get(mine["account"], (0, (0, 0)))[1]
    others = (queue for account, queue in queues.items() if account != mine["account"])
    return 1 + own + sum(min(n, own + (1 if turn < my_turn else 0)) for n, turn in others)


def _duration_ms(tx: Transaction, provider: str, kind: str) -> float | None:
    row = tx.row(
        "SELECT AVG(each) AS each FROM (SELECT (finished_at - started_at) * 1.0 / pictures AS each FROM orders "
        "WHERE state = 'done' AND provider = :provider AND kind = :kind ORDER BY finished_at DESC LIMIT :n) AS timed",
        provider=provider, kind=kind, n=TIMED_ORDERS,
    )  # fmt: skip
    return None if row is None or row["each"] is None else float(row["each"])
