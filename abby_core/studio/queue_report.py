"""How busy the house is: what waits, what runs, what is still to be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.studio import order_book
from abby_core.studio.order import OrderView

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

LISTED_MAX = 200
"""Orders that a report names; all of them are counted."""


@dataclass(frozen=True, kw_only=True)
class QueueReport:
    """Counts of everybody's orders and deliveries that have not ended."""

    waiting: int
    running: int
    deliveries: int
    oldest_at_ms: int
    """When the oldest order that waits came in, epoch milliseconds; 0: none waits."""
    orders: tuple[OrderView, ...] = ()
    """Those that run, then those that wait, the oldest of each first."""


def queue_report(tx: Transaction, *, listed: int) -> QueueReport:
    """The report, with up to ``listed`` orders of either state. Costs what waits and runs, not what ever was."""
    waiting = tx.row("SELECT COUNT(*) AS n, COALESCE(MIN(created_at), 0) AS oldest FROM orders WHERE state = 'waiting'")
    running = tx.row("SELECT COUNT(*) AS n FROM orders WHERE state = 'running'")
    deliveries = tx.row("SELECT COUNT(*) AS n FROM deliveries WHERE state = 'pending'")
    return QueueReport(
        waiting=int(waiting["n"]) if waiting else 0,
        running=int(running["n"]) if running else 0,
        deliveries=int(deliveries["n"]) if deliveries else 0,
        oldest_at_ms=int(waiting["oldest"]) if waiting else 0,
        orders=tuple(unfinished(tx, listed)) if listed else (),
    )


def unfinished(tx: Transaction, limit: int) -> list[OrderView]:
    """Orders that run, then those that wait, the oldest of each first; up to ``limit`` of either."""
    running = order_book.selected(tx, "state = 'running' ORDER BY created_at, id", limit=limit)
    return running + order_book.selected(tx, "state = 'waiting' ORDER BY created_at, id", limit=limit)
