"""Deliveries: telling whoever asked how an order ended, however often Abby is restarted.

A delivery is a row that is written with its order. An adapter registers how its kind is delivered; what it
cannot deliver now is tried again with growing pauses. Nobody waits for a slow one: neither orders nor recovery.
Each try is noted before it is made, so a crash leads to a second try, and kinds that must not say a thing twice
use the delivery's id as their own idempotency key.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from abby_core.errors import AbbyError, StorageError
from abby_core.storage import catalogue
from abby_core.studio import order_book
from abby_core.studio.order import Creation
from abby_core.studio.pictures import is_demo

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.generation.image_generator import ImageGenerator
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)

TRIES_MAX = 12
"""After the last one (about a day and a half after the first) a delivery is given up; the picture stays kept."""
FIRST_PAUSE_SECONDS = 30
PAUSE_SECONDS_MAX = 6 * 3600
TIMEOUT_SECONDS = 120
CLAIM_SECONDS = TIMEOUT_SECONDS + 60
"""Nobody else tries a delivery for so long after a try was begun: longer than any try can take."""
AT_ONCE_MAX = 20
ERROR_CHARACTERS_MAX = 500
PROMISED_MAX = 1000
"""Of one account's open deliveries: as many as the queue takes orders by default, from all accounts together."""


class NoWay(Exception):
    """A deliverer's last word: no way is left to whoever asked, and none will open. The text says why."""


class Deliverer(Protocol):
    """How one kind of delivery is made. Raises to be asked again later, or NoWay to be asked no more."""

    async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None: ...


@dataclass(frozen=True)
class _Due:
    id: int
    order_id: str
    kind: str
    address: str
    attempts: int


class Deliveries:
    """The registered deliverers and the rows they work off."""

    def __init__(self, storage: StorageManager, generator: ImageGenerator) -> None:
        self._storage = storage
        self._database = storage.database
        self._generator = generator
        self._deliverers: dict[str, Deliverer] = {}
        self._rounds: set[asyncio.Task[None]] = set()

    def register(self, kind: str, deliverer: Deliverer) -> None:
        """Let ``deliverer`` make the deliveries of that kind. Rows of other kinds wait for their own process."""
        self._deliverers[kind] = deliverer

    async def promised(self, kind: str, account_key: str) -> list[tuple[str, str]]:
        """Order and address of the account's deliveries of that kind which are not made yet."""
        return await self._database.fetch(_promised, kind, account_key)

    async def readdress(self, order_id: str, kind: str, address: str) -> None:
        """Write another address into the order's deliveries of that kind: more is known, or a secret shall go."""
        await self._database.run(_set_address, order_id, kind, address)

    def begin(self) -> None:
        """Start a round of :meth:`work_off` in the background."""

        async def work_off() -> None:
            try:
                await self.work_off()
            except StorageError as error:
                log.warning("deliveries wait for the database: %s", error)

        if self._deliverers:
            task = asyncio.create_task(work_off())
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)

    async def close(self, *, grace_seconds: float) -> None:
        """Let rounds finish for a while; what is cut off is tried again by whoever comes next."""
        if self._rounds:
            _, late = await asyncio.wait(self._rounds, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def work_off(self) -> int:
        """Try everything that is due now, all at once; returns how many were delivered."""
        due: list[_Due] = []
        for kind in tuple(self._deliverers):
            due += await self._database.run(_take_due, kind, self._storage.now_ms())
        return sum(await asyncio.gather(*map(self._try, due)))

    async def _try(self, due: _Due) -> bool:
        view = await self._database.fetch(order_book.view, due.order_id)
        artifacts = await self._database.fetch(catalogue.of_order, due.order_id)
        if view is None:
            return False
        creation = Creation(order=view, artifacts=tuple(artifacts), demo=is_demo(self._generator, view.provider))
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._deliverers[due.kind].deliver(due.id, due.address, creation)
        except NoWay as error:
            log.warning("the delivery of order %s is given up: %s", due.order_id, error)
            await self._database.run(_set_state, due.id, "given_up", str(error)[:ERROR_CHARACTERS_MAX])
            return False
        except (AbbyError, OSError, TimeoutError) as error:
            await self._note_failure(due, str(error) or type(error).__name__)
            return False
        except Exception:
            log.exception("the delivery of order %s failed unexpectedly", due.order_id)
            await self._note_failure(due, "unexpected error")
            return False
        await self._database.run(_set_state, due.id, "delivered", "")
        return True

    async def _note_failure(self, due: _Due, error: str) -> None:
        state = "given_up" if due.attempts >= TRIES_MAX else "pending"
        log.warning("order %s could not be delivered (try %d): %s", due.order_id, due.attempts, error)
        await self._database.run(_set_state, due.id, state, error[:ERROR_CHARACTERS_MAX])


def _take_due(tx: Transaction, kind: str, now_ms: int) -> list[_Due]:
    """Due deliveries of ended orders; each one's next try is noted before this one is made."""
    tx.lock("deliveries")
    rows = tx.rows(
        "SELECT d.id AS id, d.order_id AS order_id, d.kind AS kind, d.address AS address, d.attempts + 1 AS attempts "
        "FROM deliveries d JOIN orders o ON o.id = d.order_id WHERE d.state = 'pending' AND d.kind = :kind "
        "AND d.due_at <= :now AND o.state IN ('done', 'failed', 'cancelled') ORDER BY d.due_at, d.id LIMIT :limit",
        kind=kind, now=now_ms, limit=AT_ONCE_MAX,
    )  # fmt: skip
    for row in rows:
        pause_seconds = max(CLAIM_SECONDS, min(PAUSE_SECONDS_MAX, FIRST_PAUSE_SECONDS * 4 ** (row["attempts"] - 1)))
        tx.execute(
            "UPDATE deliveries SET attempts = :attempts, due_at = :due WHERE id = :id",
            attempts=row["attempts"], due=now_ms + pause_seconds * 1000, id=row["id"],
        )  # fmt: skip
    return [_Due(**row) for row in rows]


def _promised(tx: Transaction, kind: str, account: str) -> list[tuple[str, str]]:
    rows = tx.rows(
        "SELECT d.order_id AS order_id, d.address AS address FROM deliveries d JOIN orders o ON o.id = d.order_id "
        "WHERE o.account = :account AND d.kind = :kind AND d.state = 'pending' ORDER BY d.id LIMIT :limit",
        account=account, kind=kind, limit=PROMISED_MAX,
    )  # fmt: skip
    return [(str(row["order_id"]), str(row["address"])) for row in rows]


def _set_state(tx: Transaction, delivery_id: int, state: str, error: str) -> None:
    tx.execute(
        "UPDATE deliveries SET state = :state, error = :error WHERE id = :id", state=state, error=error, id=delivery_id
    )


def _set_address(tx: Transaction, order_id: str, kind: str, address: str) -> None:
    tx.execute(
        "UPDATE deliveries SET address = :address WHERE order_id = :order AND kind = :kind",
        address=address, order=order_id, kind=kind,
    )  # fmt: skip
