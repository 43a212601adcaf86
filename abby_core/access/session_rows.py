"""The SQL of sessions: one row for each. Those that have ended are of no use to anybody, and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.access.session import LIVE_SESSIONS_MAX, Session
from abby_core.quota import erasure
from abby_core.quota.account import Account

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction, Value

_SESSION = "id, account, device, created_at, last_used_at, expires_at"
_LIVE = "revoked_at = 0 AND expires_at > :now AND last_used_at > :unused_since"


def insert(tx: Transaction, now_ms: int, unused_since_ms: int, **row: Value) -> None:
    """Enter a session; may be repeated. The account's ended ones go, and of too many the longest unused.

    Raises Refused while the account is being forgotten.
    """
    account = str(row["account"])
    erasure.refuse_writing(tx, account)  # which also lets one come after the other
    tx.execute(
        f"DELETE FROM sessions WHERE account = :account AND NOT ({_LIVE})",  # noqa: S608
        account=account, now=now_ms, unused_since=unused_since_ms,
    )  # fmt: skip
    columns = ", ".join(row)
    placeholders = ", ".join(f":{column}" for column in row)
    tx.execute(f"INSERT INTO sessions ({columns}) VALUES ({placeholders}) ON CONFLICT (id) DO NOTHING", **row)  # noqa: S608
    tx.execute(
        "DELETE FROM sessions WHERE account = :account AND id <> :id AND id NOT IN (SELECT id FROM sessions "
        "WHERE account = :account AND id <> :id ORDER BY last_used_at DESC, id DESC LIMIT :others)",
        account=account, id=row["id"], others=LIVE_SESSIONS_MAX - 1,
    )  # fmt: skip


def live(tx: Transaction, token_sha256: str, now_ms: int, unused_since_ms: int) -> Session | None:
    """The session of that hash, if it is good now."""
    row = tx.row(
        f"SELECT {_SESSION} FROM sessions WHERE token_sha256 = :hash AND {_LIVE}",  # noqa: S608
        hash=token_sha256, now=now_ms, unused_since=unused_since_ms,
    )  # fmt: skip
    return None if row is None else _session(row)


def by_account(tx: Transaction, account: str, now_ms: int, unused_since_ms: int) -> tuple[Session, ...]:
    """The account's sessions that are good now, the last used first; :func:`insert` bounds their number."""
    rows = tx.rows(
        f"SELECT {_SESSION} FROM sessions WHERE account = :account AND {_LIVE} "  # noqa: S608
        "ORDER BY last_used_at DESC, id DESC",
        account=account, now=now_ms, unused_since=unused_since_ms,
    )  # fmt: skip
    return tuple(map(_session, rows))


def note_use(tx: Transaction, session_id: str, now_ms: int) -> None:
    """Note when it was used; the clock of another process may be ahead."""
    sql = "UPDATE sessions SET last_used_at = :now WHERE id = :id AND last_used_at < :now"
    tx.execute(sql, now=now_ms, id=session_id)


def end(tx: Transaction, account: str, session_id: str, now_ms: int) -> bool:
    """End a session; again is well. False: the account has none of that id."""
    sql = (
        "UPDATE sessions SET revoked_at = CASE WHEN revoked_at = 0 THEN :now ELSE revoked_at END "
        "WHERE id = :id AND account = :account"
    )
    return tx.execute(sql, now=now_ms, id=session_id, account=account) == 1


def end_others(tx: Transaction, account: str, kept_id: str, now_ms: int) -> int:
    """End all of the account's sessions but one; returns how many."""
    sql = "UPDATE sessions SET revoked_at = :now WHERE account = :account AND id <> :kept AND revoked_at = 0"
    return tx.execute(sql, now=now_ms, account=account, kept=kept_id)


def _session(row: Row) -> Session:
    platform, _, user_id = str(row["account"]).partition(":")
    return Session(
        id=row["id"],
        account=Account(platform, user_id),
        device=row["device"],
        created_at_ms=row["created_at"],
        last_used_at_ms=row["last_used_at"],
        expires_at_ms=row["expires_at"],
    )
