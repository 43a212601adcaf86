"""The journal: what happened and left no row elsewhere, for statistics and simulations. Refusals, removals.

Another kind of rows (``measured``) is written and read by the forecast alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction


def refused(
    tx: Transaction, *, at_ms: int, account: str, tier: str, reason: str, kind: str, provider: str, model: str,
    pictures: int, size_bytes: int, millicredits: int,
) -> None:  # fmt: skip
    """Note that an order was refused: by a limit (``reason`` is its meter) or a rule (the error's name)."""
    tx.execute(
        "INSERT INTO journal (at, account, tier, event, reason, kind, provider, model, pictures, size_bytes, "
        "millicredits) VALUES (:at, :account, :tier, 'refused', :reason, :kind, :provider, :model, :pictures, "
        ":size_bytes, :millicredits)",
        at=at_ms, account=account, tier=tier, reason=reason, kind=kind, provider=provider, model=model,
        pictures=pictures, size_bytes=size_bytes, millicredits=millicredits,
    )  # fmt: skip


def removed(tx: Transaction, *, at_ms: int, account: str, reason: str, pictures: int, size_bytes: int) -> None:
    """Note, in the transaction that stops counting them, bytes an account no longer uses."""
    tx.execute(
        "INSERT INTO journal (at, account, event, reason, pictures, size_bytes) "
        "VALUES (:at, :account, 'removed', :reason, :pictures, :size_bytes)",
        at=at_ms, account=account, reason=reason, pictures=pictures, size_bytes=size_bytes,
    )  # fmt: skip
