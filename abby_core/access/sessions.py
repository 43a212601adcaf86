"""Sessions: who is signed in to the web pages.

The browser keeps the secret in a cookie, Abby its SHA-256 alone. Every request looks at the row, so a session that was
ended opens nothing from that moment on, in every process.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from abby_core.access import session_rows
from abby_core.access.session import DEVICE_CHARACTERS_MAX, IDLE_SECONDS, LIFETIME_SECONDS, Session
from abby_core.errors import NotFound, StorageError
from abby_core.security.tokens import TOKEN_CHARACTERS, new_token, token_hash
from abby_core.sentence import sentence
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
USE_NOTED_MS = 60_000
"""How exactly it is known when a session was last used: a page with its pictures costs one write in a minute."""


class Sessions:
    """For coroutines, all of it."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._database = storage.database

    async def begin(self, account: Account, *, device: str = "") -> tuple[Session, str]:
        """Sign the account in; returns the session and its secret, this once.

        Always a new one: a secret that somebody planted in a browser beforehand is worth nothing afterwards.
        Raises Refused while the account is being forgotten.
        """
        text, session_id, now_ms = new_token(), secrets.token_hex(8), self._storage.now_ms()
        device = "".join(each for each in device if each.isprintable())[:DEVICE_CHARACTERS_MAX]
        session = Session(
            id=session_id, account=account, device=device, created_at_ms=now_ms, last_used_at_ms=now_ms,
            expires_at_ms=now_ms + LIFETIME_SECONDS * 1000,
        )  # fmt: skip
        await self._database.run(
            session_rows.insert, now_ms, _unused_since(now_ms), id=session_id, token_sha256=token_hash(text),
            account=account.key, device=device, created_at=now_ms, last_used_at=now_ms,
            expires_at=session.expires_at_ms,
        )  # fmt: skip
        return session, text

    async def find(self, text: str) -> Session | None:
        """Whose secret that is; None for any that is not good now, for whatever reason. Raises StorageError."""
        if len(text) != TOKEN_CHARACTERS:
            return None
        now_ms = self._storage.now_ms()
        session = await self._database.glance(session_rows.live, token_hash(text), now_ms, _unused_since(now_ms))
        if session is not None and now_ms - session.last_used_at_ms >= USE_NOTED_MS:
            try:
                await self._database.run(session_rows.note_use, session.id, now_ms)
            except StorageError as error:  # which is no reason to let nobody in
                log.warning("the use of a session could not be noted: %s", error)
        return session

    async def list(self, account: Account) -> tuple[Session, ...]:
        """Where the account is signed in, the last used first."""
        now_ms = self._storage.now_ms()
        return await self._database.fetch(session_rows.by_account, account.key, now_ms, _unused_since(now_ms))

    async def end(self, account: Account, session_id: str) -> None:
        """Sign out there, at once. May be repeated. Raises NotFound."""
        now_ms = self._storage.now_ms()
        if not await self._database.run(session_rows.end, account.key, clean_name(session_id), now_ms):
            raise NotFound(sentence("You are not signed in there."))

    async def end_others(self, account: Account, kept: Session) -> int:
        """Sign out everywhere else; returns in how many places."""
        return await self._database.run(session_rows.end_others, account.key, kept.id, self._storage.now_ms())


def _unused_since(now_ms: int) -> int:
    return now_ms - IDLE_SECONDS * 1000
