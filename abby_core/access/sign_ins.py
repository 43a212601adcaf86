"""Links that sign somebody in once: from the command line or a chat to the web pages, without a password.

A link is good for one browser and some minutes. To look at it uses nothing up, so that chats and mail programs that
open links to show what is behind them do no harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.errors import NotFound
from abby_core.quota import erasure
from abby_core.quota.account import Account
from abby_core.security.tokens import TOKEN_CHARACTERS, new_token, token_hash
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

SIGN_IN_SECONDS = 15 * 60
"""How long a link is good: to walk from the chat to the browser, not to be found in a log next week."""
LIVE_SIGN_INS_MAX = 5
"""Links of one account that are open at a time; of more the oldest ends."""
PATH = "/sign-in/link/"
"""What a link begins with, after Abby's own address; its token follows."""


class SignIns:
    """``create`` blocks for a moment; the others are for coroutines."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._database = storage.database

    def create(self, account: Account) -> str:
        """The token of a new link for the account. Raises Refused while the account is being forgotten."""
        text, now_ms = new_token(), self._storage.now_ms()
        self._database.write(_insert, token_hash(text), account.key, now_ms)
        return text

    async def look(self, text: str) -> Account:
        """Whom the link would sign in. Raises NotFound for one that is not good now, for whatever reason."""
        now_ms = self._storage.now_ms()
        found = await self._database.fetch(_live, token_hash(text), now_ms) if len(text) == TOKEN_CHARACTERS else None
        return _account(found)

    async def redeem(self, text: str) -> Account:
        """Use the link up: of two who try at once, one gets the account. Raises NotFound as :meth:`look` does."""
        if len(text) != TOKEN_CHARACTERS:
            return _account(None)
        return _account(await self._database.run(_redeem, token_hash(text), self._storage.now_ms()))


def _account(key: str | None) -> Account:
    if key is None:
        raise NotFound(sentence("This link has been used, or is too old. Ask for a new one."))
    platform, _, user_id = key.partition(":")
    return Account(platform, user_id)


def _insert(tx: Transaction, token_sha256: str, account: str, now_ms: int) -> None:
    """Enter a link; may be repeated. The account's ended ones go, and of too many the oldest."""
    erasure.refuse_writing(tx, account)  # which also lets one come after the other
    tx.execute(
        "INSERT INTO sign_in_links (token_sha256, account, created_at, expires_at) "
        "VALUES (:hash, :account, :now, :expires) ON CONFLICT (token_sha256) DO NOTHING",
        hash=token_sha256, account=account, now=now_ms, expires=now_ms + SIGN_IN_SECONDS * 1000,
    )  # fmt: skip
    tx.execute(
        "DELETE FROM sign_in_links WHERE account = :account AND token_sha256 <> :hash AND token_sha256 NOT IN ("
        "SELECT token_sha256 FROM sign_in_links WHERE account = :account AND token_sha256 <> :hash AND used_at = 0 "
        "AND expires_at > :now ORDER BY created_at DESC, token_sha256 LIMIT :others)",
        account=account, hash=token_sha256, now=now_ms, others=LIVE_SIGN_INS_MAX - 1,
    )  # fmt: skip


def _live(tx: Transaction, token_sha256: str, now_ms: int) -> str | None:
    sql = "SELECT account FROM sign_in_links WHERE token_sha256 = :hash AND used_at = 0 AND expires_at > :now"
    row = tx.row(sql, hash=token_sha256, now=now_ms)
    return None if row is None else str(row["account"])


def _redeem(tx: Transaction, token_sha256: str, now_ms: int) -> str | None:
    """The row is changed by one only: the statement itself says whether it was still unused."""
    row = tx.row(
        "UPDATE sign_in_links SET used_at = :now WHERE token_sha256 = :hash AND used_at = 0 AND expires_at > :now "
        "RETURNING account",
        hash=token_sha256, now=now_ms,
    )  # fmt: skip
    return None if row is None else str(row["account"])
