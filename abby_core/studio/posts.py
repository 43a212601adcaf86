"""Posts: where an adapter has put an account's pictures outside of Abby, so that forgetting can take them back.

A crash may come between putting something there and noting it. So the place is entered before (``address`` says
roughly where), and changed to the exact one afterwards: a row that still says "roughly" is looked after by whoever
comes next. While an account is being forgotten, nothing can be entered for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.quota import erasure

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

ACCOUNT_POSTS_MAX = 10_000
"""Posts that are remembered of one account and kind; beyond, the oldest are not: taking so many back takes hours."""
READ_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Post:
    """Something that holds pictures of ``account``; ``address`` is for its adapter to understand."""

    kind: str
    address: str
    account: str
    order_id: str


class Posts:
    """The rows. Every operation may be repeated."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._database = storage.database

    async def enter(self, post: Post) -> bool:
        """Note that something is posted, or about to be; whether that was new.

        Raises Refused while the account is being forgotten.
        """
        return await self._database.run(_enter, post, self._storage.now_ms())

    async def settle(self, post: Post, address: str) -> bool:
        """Note where exactly it is. False: it was taken back meanwhile, and what came there has to go as well."""
        return await self._database.run(_settle, post, address)

    async def strike(self, kind: str, address: str) -> None:
        """It is there no more."""
        await self._database.run(_strike, kind, address)

    async def of_order(self, kind: str, order_id: str, account_key: str) -> list[Post]:
        """Where an order's pictures were put, the earliest first."""
        return await self._database.fetch(_of_order, kind, order_id, account_key)

    async def of_account(self, kind: str, account_key: str, *, after: str = "") -> list[Post]:
        """Some of an account's posts, by address; ``after`` is the last address seen."""
        return await self._database.fetch(_of_account, kind, account_key, after)


def _enter(tx: Transaction, post: Post, now_ms: int) -> bool:
    erasure.refuse_writing(tx, post.account)
    entered = tx.execute(
        "INSERT INTO posts (kind, address, account, order_id, created_at) "
        "VALUES (:kind, :address, :account, :order, :now) ON CONFLICT (kind, address) DO NOTHING",
        kind=post.kind, address=post.address, account=post.account, order=post.order_id, now=now_ms,
    )  # fmt: skip
    if entered:
        tx.execute(
            "DELETE FROM posts WHERE account = :account AND kind = :kind AND address IN (SELECT address FROM posts "
            "WHERE account = :account AND kind = :kind ORDER BY created_at DESC, address DESC LIMIT 1 OFFSET :most)",
            account=post.account, kind=post.kind, most=ACCOUNT_POSTS_MAX,
        )  # fmt: skip
    return bool(entered)


def _settle(tx: Transaction, post: Post, address: str) -> bool:
    # Nothing is asked about erasures here: the row that is changed is one that forgetting knows of or has removed.
    values = {"kind": post.kind, "account": post.account}
    row = tx.row(
        "DELETE FROM posts WHERE kind = :kind AND address = :address AND account = :account "
        "RETURNING order_id, created_at",
        address=post.address, **values,
    )  # fmt: skip
    if row is None:  # it was settled before, or taken back
        sql = "SELECT address FROM posts WHERE kind = :kind AND address = :address AND account = :account"
        return tx.row(sql, address=address, **values) is not None
    tx.execute(
        "INSERT INTO posts (kind, address, account, order_id, created_at) "
        "VALUES (:kind, :address, :account, :order, :at) ON CONFLICT (kind, address) DO NOTHING",
        address=address, order=row["order_id"], at=row["created_at"], **values,
    )  # fmt: skip
    return True


def _strike(tx: Transaction, kind: str, address: str) -> None:
    tx.execute("DELETE FROM posts WHERE kind = :kind AND address = :address", kind=kind, address=address)


def _of_order(tx: Transaction, kind: str, order_id: str, account: str) -> list[Post]:
    sql = (
        "SELECT kind, address, account, order_id FROM posts WHERE account = :account AND kind = :kind "
        "AND order_id = :order ORDER BY created_at, address LIMIT :limit"
    )
    return [Post(**row) for row in tx.rows(sql, account=account, kind=kind, order=order_id, limit=READ_AT_ONCE)]


def _of_account(tx: Transaction, kind: str, account: str, after: str) -> list[Post]:
    sql = (
        "SELECT kind, address, account, order_id FROM posts WHERE account = :account AND kind = :kind "
        "AND address > :after ORDER BY address LIMIT :limit"
    )
    return [Post(**row) for row in tx.rows(sql, account=account, kind=kind, after=after, limit=READ_AT_ONCE)]
