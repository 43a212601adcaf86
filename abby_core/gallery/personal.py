"""What Abby knows of a person: for every table, which of its rows belong to an account.

Both an export and forgetting go by :data:`PERSONAL`, so what the one shows the other removes. A test compares it
with the schema: a table that is neither here nor in :data:`IMPERSONAL` breaks the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction

ROWS_AT_ONCE = 200
"""Rows that are read, changed or removed in one transaction: others wait for milliseconds, not for all of it."""
FORGOTTEN = "forgotten"
"""The account of rows that were kept for the sums and name nobody. No real account has it: those hold a colon."""


@dataclass(frozen=True, kw_only=True)
class Personal:
    """How the rows of one table belong to an account."""

    means: str
    """What they are, for whoever reads an export."""
    key: tuple[str, ...]
    """The primary key: rows are read and removed in its order, some at a time."""
    owner: str = "account = :account"
    """SQL that is true of the account's rows."""
    hidden: frozenset[str] = frozenset()
    """Columns that are in no export: one could open something with them, or they are about the house's machines."""
    anonymised: bool = False
    """Forgetting keeps the rows for the house's sums, without a word about whom they were."""
    pseudonymous: bool = False
    """Forgetting keeps the rows under the account's pseudonym; an export shows those of an earlier time as well."""


PERSONAL: Mapping[str, Personal] = {
    "shares": Personal(
        means="your links to pictures and albums, without the links themselves",
        key=("id",),
        hidden=frozenset({"token_sha256", "password"}),
    ),
    "api_tokens": Personal(
        means="your keys for programs, without the keys themselves",
        key=("id",),
        hidden=frozenset({"token_sha256"}),
    ),
    "sessions": Personal(
        means="where you are signed in, without what signs you in",
        key=("id",),
        hidden=frozenset({"token_sha256"}),
    ),
    "sign_in_links": Personal(
        means="links that could sign you in once, without the links themselves",
        key=("token_sha256",),
        hidden=frozenset({"token_sha256"}),
    ),
    "posts": Personal(means="messages that hold your pictures", key=("kind", "address")),
    "bans": Personal(means="where you may ask for nothing", key=("guild", "account"), pseudonymous=True),
    "presets": Personal(means="your named settings", key=("owner", "name_key"), owner="owner = :account"),
    "standings": Personal(means="what your platform told Abby of you: roles, level and so on", key=("account",)),
    "album_pictures": Personal(
        means="which picture is in which album",
        key=("album_id", "artifact_id"),
        owner="album_id IN (SELECT id FROM albums WHERE account = :account)",
    ),
    "albums": Personal(means="your albums", key=("id",)),
    "retired_blobs": Personal(means="former files of pictures that were compressed or archived", key=("blob_key",)),
    "artifacts": Personal(means="your pictures, and how each was made", key=("id",)),
    "reservations": Personal(means="what is set aside for orders and saves that have not ended", key=("id",)),
    "deliveries": Personal(
        means="whom Abby was to tell how an order ended",
        key=("id",),
        owner="order_id IN (SELECT id FROM orders WHERE account = :account)",
    ),
    "orders": Personal(
        means="what you asked for, and what became of it",
        key=("id",),
        hidden=frozenset({"lease_owner"}),
        anonymised=True,
    ),
    "journal": Personal(means="refusals and removals, for statistics", key=("id",), anonymised=True),
    "turns": Personal(means="when it was last your turn", key=("account",)),
    "limits": Personal(means="limits an administrator set for you", key=("account", "meter")),
    "counters": Personal(means="what is counted for you: pictures, bytes, credits", key=("account", "meter")),
    "erasures": Personal(means="whether you are being forgotten just now", key=("account",)),
}
"""In the order in which forgetting goes through them: what hangs on other rows before those."""

IMPERSONAL: Mapping[str, str] = {
    "guilds": "what a server's managers decided for all of it",
}
"""Tables without a word about anybody, each with the reason why it has none."""


def count(tx: Transaction, table: str, account: str) -> int:
    """How many rows of a table are the account's."""
    row = tx.row(f"SELECT COUNT(*) AS n FROM {table} WHERE {PERSONAL[table].owner}", account=account)  # noqa: S608
    return int(row["n"]) if row else 0


def page(tx: Transaction, table: str, account: str, after: Row | None) -> list[Row]:
    """The account's next rows of a table, by its key; ``after`` is the last one seen, None at the start."""
    personal = PERSONAL[table]
    key = ", ".join(personal.key)
    beyond = f" AND ({key}) > ({', '.join(f':after_{column}' for column in personal.key)})" if after else ""
    sql = f"SELECT * FROM {table} WHERE ({personal.owner}){beyond} ORDER BY {key} LIMIT :limit"  # noqa: S608
    last = {f"after_{column}": after[column] for column in personal.key} if after else {}
    return tx.rows(sql, account=account, limit=ROWS_AT_ONCE, **last)


def remove(tx: Transaction, table: str, account: str) -> int:
    """Remove some of the account's rows; returns how many, 0 when none is left."""
    personal = PERSONAL[table]
    key = ", ".join(personal.key)
    some = f"SELECT {key} FROM {table} WHERE {personal.owner} ORDER BY {key} LIMIT :limit"  # noqa: S608
    return tx.execute(f"DELETE FROM {table} WHERE ({key}) IN ({some})", account=account, limit=ROWS_AT_ONCE)  # noqa: S608
