"""The SQL of tokens: one row for each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_core.access.token import ENDED_TOKENS_MAX, LIVE_TOKENS_MAX, Token, TokenState
from abby_core.errors import QuotaExceeded
from abby_core.quota import ledger
from abby_core.quota.meter import token_meter
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction, Value

_TOKEN = "id, account, name, scopes, created_at, expires_at, last_used_at, revoked_at, images_per_day"  # noqa: S105 -- columns
_LIVE = "revoked_at = 0 AND (expires_at = 0 OR expires_at > :now)"


def insert(tx: Transaction, now_ms: int, **row: Value) -> None:
    """Enter a token; may be repeated. Raises QuotaExceeded when the account has too many open ones.

    The oldest of very many ended ones are forgotten, so that making and taking back by the thousand fills no disk.
    """
    account = str(row["account"])
    tx.lock(f"api_tokens:{account}")
    found = tx.row(f"SELECT COUNT(*) AS n FROM api_tokens WHERE account = :account AND id <> :id AND {_LIVE}",  # noqa: S608
                   account=account, id=row["id"], now=now_ms)  # fmt: skip
    live = 0 if found is None else int(found["n"])
    if live >= LIVE_TOKENS_MAX:
        raise QuotaExceeded(
            sentence(
                "There are {live} tokens already; at most {limit} are possible. Revoke some.",
                live=live,
                limit=LIVE_TOKENS_MAX,
            ),
            meter="tokens", limit=LIVE_TOKENS_MAX, used=live, requested=1,
        )  # fmt: skip
    forgotten = tx.rows(
        f"DELETE FROM api_tokens WHERE account = :account AND NOT ({_LIVE}) AND id NOT IN (SELECT id FROM api_tokens "  # noqa: S608
        f"WHERE account = :account AND NOT ({_LIVE}) ORDER BY created_at DESC, id DESC LIMIT :most) RETURNING id",
        account=account, now=now_ms, most=ENDED_TOKENS_MAX,
    )  # fmt: skip
    for each in forgotten:
        ledger.drop(tx, account, token_meter(str(each["id"])))
    columns = ", ".join(row)
    placeholders = ", ".join(f":{column}" for column in row)
    tx.execute(f"INSERT INTO api_tokens ({columns}) VALUES ({placeholders}) ON CONFLICT (id) DO NOTHING", **row)  # noqa: S608


def by_account(tx: Transaction, account: str, now_ms: int) -> tuple[Token, ...]:
    """All of the account's tokens, the newest first; :func:`insert` bounds their number."""
    sql = f"SELECT {_TOKEN} FROM api_tokens WHERE account = :account ORDER BY created_at DESC, id DESC"  # noqa: S608
    return tuple(_counted(tx, _token(row, now_ms), now_ms) for row in tx.rows(sql, account=account))


def by_id(tx: Transaction, account: str, token_id: str, now_ms: int) -> Token | None:
    """One of the account's tokens."""
    sql = f"SELECT {_TOKEN} FROM api_tokens WHERE id = :id AND account = :account"  # noqa: S608
    row = tx.row(sql, id=token_id, account=account)
    return None if row is None else _counted(tx, _token(row, now_ms), now_ms)


def live(tx: Transaction, token_sha256: str, now_ms: int) -> Token | None:
    """The token of that hash, if it is good now."""
    row = tx.row(f"SELECT {_TOKEN} FROM api_tokens WHERE token_sha256 = :hash AND {_LIVE}",  # noqa: S608
                 hash=token_sha256, now=now_ms)  # fmt: skip
    return None if row is None else _token(row, now_ms)


def any_live(tx: Transaction, now_ms: int) -> bool:
    """Whether anybody has a token that is good now."""
    return tx.row(f"SELECT id FROM api_tokens WHERE {_LIVE} LIMIT 1", now=now_ms) is not None  # noqa: S608


def note_use(tx: Transaction, token_id: str, now_ms: int) -> None:
    """Note when it was used; the clock of another process may be ahead."""
    sql = "UPDATE api_tokens SET last_used_at = :now WHERE id = :id AND last_used_at < :now"
    tx.execute(sql, now=now_ms, id=token_id)


def revoke(tx: Transaction, account: str, token_id: str, now_ms: int) -> bool:
    """End a token; again is well. False: the account has none of that id."""
    sql = (
        "UPDATE api_tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN :now ELSE revoked_at END "
        "WHERE id = :id AND account = :account"
    )
    return tx.execute(sql, now=now_ms, id=token_id, account=account) == 1


def _token(row: Row, now_ms: int) -> Token:
    return Token(
        id=row["id"],
        account=row["account"],
        name=row["name"],
        scopes=tuple(json.loads(row["scopes"])),
        state=_state(row, now_ms),
        created_at_ms=row["created_at"],
        expires_at_ms=row["expires_at"],
        last_used_at_ms=row["last_used_at"],
        revoked_at_ms=row["revoked_at"],
        images_per_day=row["images_per_day"],
    )


def _counted(tx: Transaction, token: Token, now_ms: int) -> Token:
    """The token with what it has taken of its own limit, if it has one."""
    if not token.images_per_day:
        return token
    used, _period = ledger.used_in(tx, token.account, token_meter(token.id), now_ms)
    return replace(token, images_today=used)


def _state(row: Row, now_ms: int) -> TokenState:
    if row["revoked_at"]:
        return "revoked"
    return "expired" if row["expires_at"] and row["expires_at"] <= now_ms else "live"
