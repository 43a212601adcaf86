"""The SQL of bans. A row's account is an account's key, or the pseudonym of one that was forgotten since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.errors import QuotaExceeded
from abby_core.quota import erasure
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction

EVERYWHERE = ""
"""The server that stands for all of Abby."""
BANS_MAX = 5000
"""Of one server: who bans more wants a list of who may ask. It bounds the table."""
_BAN = "guild, account, reason, created_at, ends_at"
_HOLDS = "(ends_at = 0 OR ends_at > :now)"


@dataclass(frozen=True, kw_only=True)
class Ban:
    """Somebody who may ask for nothing. Times are epoch milliseconds; ``ends_at_ms`` 0: until it is lifted."""

    server: str
    """Where; :data:`EVERYWHERE` is all of Abby."""
    account: str
    """The account's key; a pseudonym where it was forgotten since: then nobody can say who that was."""
    reason: str
    created_at_ms: int
    ends_at_ms: int

    @property
    def is_nameless(self) -> bool:
        return ":" not in self.account


def put(tx: Transaction, ban: Ban, now_ms: int) -> None:
    """Enter a ban in place of the account's earlier one there; those that have ended go. Raises QuotaExceeded.

    Raises Refused for an account that is being forgotten.
    """
    erasure.refuse_writing(tx, ban.account)
    tx.lock(f"bans:{ban.server}")
    tx.execute("DELETE FROM bans WHERE ends_at > 0 AND ends_at <= :now", now=now_ms)
    found = tx.row("SELECT COUNT(*) AS n FROM bans WHERE guild = :server AND account <> :account",
                   server=ban.server, account=ban.account)  # fmt: skip
    if found and int(found["n"]) >= BANS_MAX:
        raise QuotaExceeded(
            sentence("At most {most} accounts can be banned here; lift some bans.", most=BANS_MAX),
            meter="bans", limit=BANS_MAX, used=int(found["n"]), requested=1,
        )  # fmt: skip
    tx.execute(
        f"INSERT INTO bans ({_BAN}) VALUES (:server, :account, :reason, :created_at, :ends_at) "  # noqa: S608
        "ON CONFLICT (guild, account) DO UPDATE SET reason = excluded.reason, created_at = excluded.created_at, "
        "ends_at = excluded.ends_at",
        server=ban.server, account=ban.account, reason=ban.reason, created_at=ban.created_at_ms,
        ends_at=ban.ends_at_ms,
    )  # fmt: skip


def lift(tx: Transaction, server: str, account: str, pseudonym: str) -> bool:
    """End an account's ban, also one from before it was forgotten; False: there was none."""
    sql = "DELETE FROM bans WHERE guild = :server AND account IN (:account, :pseudonym)"
    return tx.execute(sql, server=server, account=account, pseudonym=pseudonym) > 0


def holding(tx: Transaction, server: str, account: str, pseudonym: str, now_ms: int) -> Ban | None:
    """What keeps the account from asking there now: a ban everywhere, or the server's own."""
    sql = (
        f"SELECT {_BAN} FROM bans WHERE guild IN ('', :server) AND account IN (:account, :pseudonym) AND {_HOLDS} "  # noqa: S608
        "ORDER BY guild, CASE WHEN ends_at = 0 THEN 0 ELSE 1 END, ends_at DESC LIMIT 1"
    )
    row = tx.row(sql, server=server, account=account, pseudonym=pseudonym, now=now_ms)
    return None if row is None else _ban(row)


def page(tx: Transaction, server: str, now_ms: int, limit: int, after: str) -> tuple[Ban, ...]:
    """The server's next bans that hold now, by account; ``after``: the last account seen, empty at the start."""
    sql = (
        f"SELECT {_BAN} FROM bans WHERE guild = :server AND account > :after AND {_HOLDS} "  # noqa: S608
        "ORDER BY account LIMIT :limit"
    )
    return tuple(_ban(row) for row in tx.rows(sql, server=server, after=after, now=now_ms, limit=limit))


def _ban(row: Row) -> Ban:
    return Ban(
        server=row["guild"],
        account=row["account"],
        reason=row["reason"],
        created_at_ms=row["created_at"],
        ends_at_ms=row["ends_at"],
    )
