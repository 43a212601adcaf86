"""Erasures: accounts that are being forgotten. While one is open, nothing new is set aside for the account.

An erasure is a row, so that it outlives every crash: whoever comes next goes on with it until nothing is left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from abby_core.errors import Refused
from abby_core.quota.account import HOUSE
from abby_core.quota.meter import BYTES
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

BEING_FORGOTTEN = sentence("Everything about this account is being removed just now. Try again when that is done.")


def begin(tx: Transaction, account: str, counts: Mapping[str, int], now_ms: int) -> Mapping[str, int]:
    """Open the account's erasure, once; returns the counts it was first opened with."""
    # Whoever writes about the account holds this lock until it is committed (:func:`refuse_writing`). All that takes
    # room counts it on the house's row, holds that instead, and asks for erasures afterwards (:func:`refuse`). So it
    # either sees this one, or was there before it began, and is found by what comes next.
    tx.lock(_lock(account))
    tx.execute(
        "INSERT INTO counters (account, meter) VALUES (:house, :bytes) "
        "ON CONFLICT (account, meter) DO UPDATE SET used = counters.used",
        house=HOUSE, bytes=BYTES,
    )  # fmt: skip
    tx.execute(
        "INSERT INTO erasures (account, counts, started_at) VALUES (:account, :counts, :now) "
        "ON CONFLICT (account) DO NOTHING",
        account=account, counts=json.dumps(counts), now=now_ms,
    )  # fmt: skip
    return counts_of(tx, account) or counts


def counts_of(tx: Transaction, account: str) -> Mapping[str, int] | None:
    """The counts the account's erasure was opened with; None: none is open."""
    row = tx.row("SELECT counts FROM erasures WHERE account = :account", account=account)
    return None if row is None else json.loads(row["counts"])


def is_being_forgotten(tx: Transaction, account: str) -> bool:
    """Whether the account's erasure is open."""
    return tx.row("SELECT account FROM erasures WHERE account = :account", account=account) is not None


def hold(tx: Transaction, account: str) -> bool:
    """:func:`is_being_forgotten`; if it is, it stays so until the end of the transaction."""
    sql = f"SELECT account FROM erasures WHERE account = :account{tx.row_lock}"  # noqa: S608
    return tx.row(sql, account=account) is not None


def refuse(tx: Transaction, account: str) -> None:
    """Raise Refused while the account is being forgotten. Ask after counting what is set aside, not before."""
    if is_being_forgotten(tx, account):
        raise Refused(BEING_FORGOTTEN)


def refuse_writing(tx: Transaction, account: str) -> None:
    """The same for what writes about the account and counts nothing: no erasure begins before the transaction ends.

    Ask before anything is counted in that transaction: :func:`begin` takes the two in this order.
    """
    tx.lock(_lock(account))
    refuse(tx, account)


def begun(tx: Transaction) -> list[str]:
    """The accounts whose erasure is open, and nameless ones (see :func:`make_nameless`), the oldest first."""
    return [str(row["account"]) for row in tx.rows("SELECT account FROM erasures ORDER BY started_at, account")]


def make_nameless(tx: Transaction, account: str, nameless: str) -> None:
    """Nothing of the account is left but this row: let it be a mere reminder that the file is not swept yet."""
    tx.execute(
        "UPDATE erasures SET account = :nameless, counts = '{}' WHERE account = :account",
        nameless=nameless,
        account=account,
    )


def close(tx: Transaction, nameless: str) -> None:
    """Strike the reminder: nothing is left to be done."""
    tx.execute("DELETE FROM erasures WHERE account = :nameless", nameless=nameless)


def _lock(account: str) -> str:
    return f"erasure:{account}"
