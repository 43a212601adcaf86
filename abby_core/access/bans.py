"""Bans: accounts that may ask for nothing, in one server or in all of Abby.

Whoever has themselves forgotten takes no ban away with it: the row stays under a pseudonym, by which only whoever asks
again is recognised (:mod:`abby_core.gallery.erasing` puts it there).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from abby_core.access import ban_rows
from abby_core.access.ban_rows import EVERYWHERE, Ban
from abby_core.errors import Banned, InvalidRequest, StorageError
from abby_core.security.pseudonyms import Pseudonyms
from abby_core.sentence import sentence
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

REASON_CHARACTERS_MAX = 300
"""A sentence or two: whoever is banned reads it."""
LONGEST_SECONDS = 10 * 365 * 86_400
PAGE_MAX = 100


class Bans:
    """All methods block for a moment. ``server`` is written ``discord:123``; :data:`EVERYWHERE` is all of Abby."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage
        self._database = storage.database
        self._pseudonyms = Pseudonyms(storage.root)

    def ban(self, server: str, account: Account, *, reason: str = "", seconds: float | None = None) -> Ban:
        """Let an account ask for nothing there, for ``seconds`` or (None) until it is lifted.

        A repeated one puts new words and another end in the place of the old. Raises InvalidRequest, QuotaExceeded
        where there are too many, Refused for an account that is being forgotten.
        """
        words = " ".join(reason.split())
        if len(words) > REASON_CHARACTERS_MAX:
            raise InvalidRequest(sentence("A reason has up to {most} characters.", most=REASON_CHARACTERS_MAX))
        if seconds is not None and not 1 <= seconds <= LONGEST_SECONDS:
            raise InvalidRequest(sentence("A ban lasts up to ten years, or until it is lifted."))
        now_ms = self._storage.now_ms()
        ban = Ban(
            server=server,
            account=account.key,
            reason=clean_name(words) if words else "",
            created_at_ms=now_ms,
            ends_at_ms=0 if seconds is None else now_ms + int(seconds * 1000),
        )
        self._database.write(ban_rows.put, ban, now_ms)
        return ban

    def unban(self, server: str, account: Account) -> bool:
        """Lift a ban, also one from before the account was forgotten. False: there was none."""
        return self._database.write(ban_rows.lift, server, account.key, self._pseudonym(account))

    def list(self, server: str, *, limit: int = PAGE_MAX, after: str = "") -> tuple[Ban, ...]:
        """A page of the bans of one server that hold now; ``after``: the ``account`` of the last one seen."""
        limit = min(max(limit, 1), PAGE_MAX)
        return self._database.read(ban_rows.page, server, self._storage.now_ms(), limit, after)

    def find(self, server: str, account: Account) -> Ban | None:
        """What keeps the account from asking there now: a ban everywhere, or the server's own."""
        return self._database.read(self.find_in, server, account)

    def find_in(self, tx: Transaction, server: str, account: Account) -> Ban | None:
        """:meth:`find` inside a transaction."""
        return ban_rows.holding(tx, server, account.key, self._pseudonym(account), self._storage.now_ms())

    def _pseudonym(self, account: Account) -> str:
        try:
            return self._pseudonyms.known(account.key)
        except OSError as error:
            raise StorageError(sentence("The key for pseudonyms cannot be used: {error}", error=str(error))) from error


def refusal(ban: Ban) -> Banned:
    """What whoever is banned is told."""
    until = f"{datetime.fromtimestamp(ban.ends_at_ms / 1000, UTC):%Y-%m-%d %H:%M}" if ban.ends_at_ms else ""
    facts = {"until": until, "reason": ban.reason}
    if ban.server == EVERYWHERE:
        text = {
            (False, False): sentence("You may not ask Abby for pictures."),
            (True, False): sentence("You may not ask Abby for pictures until {until} (UTC).", **facts),
            (False, True): sentence("You may not ask Abby for pictures. The reason given: {reason}", **facts),
            (True, True): sentence(
                "You may not ask Abby for pictures until {until} (UTC). The reason given: {reason}", **facts
            ),
        }
    else:
        text = {
            (False, False): sentence("You may not ask for pictures in this server."),
            (True, False): sentence("You may not ask for pictures in this server until {until} (UTC).", **facts),
            (False, True): sentence("You may not ask for pictures in this server. The reason given: {reason}", **facts),
            (True, True): sentence(
                "You may not ask for pictures in this server until {until} (UTC). The reason given: {reason}", **facts
            ),
        }
    return Banned(text[bool(until), bool(ban.reason)], ends_at_ms=ban.ends_at_ms)
