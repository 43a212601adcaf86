"""Somebody who is signed in to the web pages, in one browser (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from abby_core.quota.account import Account

IDLE_SECONDS = 14 * 86_400
"""A session that nobody used for so long ends: a forgotten browser on somebody else's machine."""
LIFETIME_SECONDS = 90 * 86_400
"""However much it is used, after so long somebody has to sign in anew."""
LIVE_SESSIONS_MAX = 20
"""Browsers in which one account is signed in; of more, the one that is longest unused is signed out."""
DEVICE_CHARACTERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session without its secret. Times are epoch milliseconds."""

    id: str
    account: Account
    device: str
    """What the browser called itself when it signed in, cut."""
    created_at_ms: int
    last_used_at_ms: int
    """To the minute."""
    expires_at_ms: int
    """When it ends even if it is used."""
