"""Letting go of old pictures where a tier keeps them for so many days only: they go to the trash, favourites never."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from abby_core.storage import oldest, trash

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
EVERY_MS = 3_600_000
"""How often it is looked for: a picture that goes after days may go an hour late."""
AT_ONCE_MAX = 1000
"""How many pictures one look lets go of; the next one goes on."""
_BATCH = 100
"""Pictures of one transaction: it stays short."""
KeepDays = Callable[[str], int]
"""For how many days the pictures of an account (its key) are kept; 0: for good."""


def retire_hourly(storage: StorageManager) -> int:
    """:func:`retire` where the host has rules for it, at most once an hour in this process."""
    now_ms = storage.now_ms()
    if storage.keep_days_of is None or now_ms < storage.retire_at_ms:
        return 0
    storage.retire_at_ms = now_ms + EVERY_MS
    return retire(storage, storage.keep_days_of)


def retire(storage: StorageManager, keep_days_of: KeepDays) -> int:
    """Put pictures into the trash that are older than their account's tier keeps them; returns how many.

    Their owner finds them there for as long as anything that was deleted. May be repeated, and run in several
    processes at once.
    """
    retired = 0
    for account in _accounts(storage):
        days = keep_days_of(account)
        if days <= 0:
            continue
        before_ms = storage.now_ms() - days * 86_400_000
        while trashed := storage.database.write(_trash_some, account, before_ms, storage.now_ms()):
            retired += trashed
            if retired >= AT_ONCE_MAX:
                return retired
    if retired:
        log.info("pictures that were kept long enough went to the trash: %s", retired)
    return retired


def _accounts(storage: StorageManager) -> Iterator[str]:
    """All accounts that have pictures: one look into an index for each, however many pictures there are."""
    sql = "SELECT account FROM artifacts WHERE account > :last ORDER BY account LIMIT 1"
    last = ""
    while (row := storage.database.read(_one, sql, last)) is not None:
        last = row
        yield last


def _one(tx: Transaction, sql: str, last: str) -> str | None:
    row = tx.row(sql, last=last)
    return None if row is None else str(row["account"])


def _trash_some(tx: Transaction, account: str, before_ms: int, now_ms: int) -> int:
    due = oldest.made_before(tx, account, before_ms, limit=_BATCH)
    return len([trash.put(tx, artifact, now_ms) for artifact in due])
