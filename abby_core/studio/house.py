"""The whole house, for whoever runs it: what is waited for, who its members are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.quota.account import Account
from abby_core.studio.queue_report import unfinished

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.status import QuotaStatus
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.order import OrderView

QUEUE_SHOWN_MAX = 200
"""Orders of the queue that are looked at together: more are a number, not a list."""
MEMBERS_SHOWN_MAX = 200
SEARCH_CHARACTERS_MAX = 200


class House:
    """Names people: whoever asks has to be the host. All methods block for a moment."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def queue(self, *, limit: int = QUEUE_SHOWN_MAX) -> list[OrderView]:
        """Everybody's orders that run or wait, the running ones first, then in the order in which they came."""
        limit = max(1, min(limit, QUEUE_SHOWN_MAX))
        return self._storage.database.read(unfinished, limit)[:limit]

    def members(self, search: str = "", *, limit: int = 50) -> list[tuple[Account, QuotaStatus]]:
        """Accounts that have made something and whose key has that text in it, those with most bytes first."""
        limit = max(1, min(limit, MEMBERS_SHOWN_MAX))
        keys = self._storage.database.read(_keys, search[:SEARCH_CHARACTERS_MAX], limit)
        accounts = [Account(*key.split(":", 1)) for key in keys]
        return [(account, self._storage.quota.status(account)) for account in accounts]


def _keys(tx: Transaction, search: str, limit: int) -> list[str]:
    # Every character is meant literally.
    literal = "".join(f"!{character}" if character in "!%_" else character for character in search.replace("\0", ""))
    rows = tx.rows(
        "SELECT account, MAX(CASE WHEN meter = 'bytes' THEN used ELSE 0 END) AS used FROM counters "
        "WHERE account <> '' AND LOWER(account) LIKE LOWER(:pattern) ESCAPE '!' "
        "GROUP BY account ORDER BY used DESC, account LIMIT :limit",
        pattern=f"%{literal.encode('utf-8', 'replace').decode()}%", limit=limit,
    )  # fmt: skip
    return [str(row["account"]) for row in rows]
