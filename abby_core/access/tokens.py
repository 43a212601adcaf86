"""Tokens: keys with which programs act for an account.

A token is shown once and kept as its SHA-256 alone: it is random enough that nobody finds one by trying, so it needs
no salt and is found through an index by its hash. Every use looks at the row, so a revoked token is refused at once,
in every process.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING

from abby_core.access import token_rows
from abby_core.access.token import (
    HOSTS_SCOPES,
    IMAGES_PER_DAY_MAX,
    LIFETIME_SECONDS_MAX,
    LIFETIME_SECONDS_MIN,
    NAME_CHARACTERS_MAX,
    PREFIX,
    SCOPES,
    Caller,
    Token,
    looks_like_a_token,
)
from abby_core.errors import InvalidRequest, NotFound, StorageError
from abby_core.quota.account import Account
from abby_core.quota.meter import TokenLimit
from abby_core.security.tokens import new_token, token_hash
from abby_core.sentence import sentence
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
USE_NOTED_MS = 60_000
"""How exactly it is known when a token was last used: a busy program costs one write in a minute, not one a call."""


class Tokens:
    """What people do with their tokens blocks for a moment; :meth:`caller` is for coroutines."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._database = storage.database

    def create(
        self,
        account: Account,
        *,
        name: str = "",
        scopes: Collection[str] = SCOPES,
        expires_in_seconds: float | None = None,
        images_per_day: int = 0,
        by_host: bool = False,
    ) -> tuple[Token, str]:
        """A new token of the account, and its text, this once. ``expires_in_seconds`` None: it lasts until revoked.

        ``images_per_day``: most pictures that may be ordered with it in a day, within what the account may; 0: only
        the account's limits count. ``by_host``: the host makes it, who alone may give out the scopes ``admin`` and
        ``metrics``. Raises InvalidRequest, and QuotaExceeded when the account has too many.
        """
        if len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
            raise InvalidRequest(
                sentence("A token's name is one line of up to {limit} characters.", limit=NAME_CHARACTERS_MAX)
            )
        possible = (*SCOPES, *HOSTS_SCOPES) if by_host else SCOPES
        if not scopes or not set(scopes) <= set(possible):
            raise InvalidRequest(
                sentence("The scopes of a token are {scopes}; name one or more of these.", scopes=", ".join(possible))
            )
        if not 0 <= images_per_day <= IMAGES_PER_DAY_MAX:
            raise InvalidRequest(
                sentence("A token may have up to {most} pictures a day; 0: no limit of its own.",
                         most=IMAGES_PER_DAY_MAX)
            )  # fmt: skip
        if expires_in_seconds is not None and not LIFETIME_SECONDS_MIN <= expires_in_seconds <= LIFETIME_SECONDS_MAX:
            raise InvalidRequest(sentence("A token lasts between a minute and ten years, or until it is revoked."))
        text, token_id, now_ms = PREFIX + new_token(), secrets.token_hex(8), self._storage.now_ms()
        self._database.write(
            token_rows.insert,
            now_ms,
            id=token_id,
            token_sha256=token_hash(text),
            account=account.key,
            name=name,
            scopes=json.dumps([scope for scope in possible if scope in scopes]),
            images_per_day=images_per_day,
            created_at=now_ms,
            expires_at=0 if expires_in_seconds is None else now_ms + int(expires_in_seconds * 1000),
        )
        return self.find(account, token_id), text

    def list(self, account: Account) -> tuple[Token, ...]:
        """The account's tokens, the newest first, those that ended among them."""
        return self._database.read(token_rows.by_account, account.key, self._storage.now_ms())

    def find(self, account: Account, token_id: str) -> Token:
        """The account's token of that id. Raises NotFound."""
        found = self._database.read(token_rows.by_id, account.key, clean_name(token_id), self._storage.now_ms())
        if found is None:
            raise _no_such_token(token_id)
        return found

    def revoke(self, account: Account, token_id: str) -> Token:
        """End a token: from now on it opens nothing. May be repeated. Raises NotFound."""
        if not self._database.write(token_rows.revoke, account.key, clean_name(token_id), self._storage.now_ms()):
            raise _no_such_token(token_id)
        return self.find(account, token_id)

    async def any_live(self) -> bool:
        """Whether anybody has a token that is good now. Raises StorageError."""
        return await self._database.fetch(token_rows.any_live, self._storage.now_ms())

    async def caller(self, text: str) -> Caller | None:
        """Whose token that is; None for any that is not good now, for whatever reason. Raises StorageError."""
        if not looks_like_a_token(text):
            return None
        now_ms = self._storage.now_ms()
        token = await self._database.glance(token_rows.live, token_hash(text), now_ms)
        if token is None:
            return None
        if now_ms - token.last_used_at_ms >= USE_NOTED_MS:
            try:
                await self._database.run(token_rows.note_use, token.id, now_ms)
            except StorageError as error:  # which is no reason to let nobody in
                log.warning("the use of a token could not be noted: %s", error)
        platform, _, user_id = token.account.partition(":")
        limit = TokenLimit(token_id=token.id, images_per_day=token.images_per_day) if token.images_per_day else None
        return Caller(
            token_id=token.id, account=Account(platform, user_id), scopes=frozenset(token.scopes), limit=limit
        )


def _no_such_token(token_id: str) -> NotFound:
    return NotFound(sentence("You have no token {id!r}.", id=token_id[:200]))
