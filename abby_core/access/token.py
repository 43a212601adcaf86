"""A token for programs, as its owner may see it, and what it may be used for (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from abby_core.quota.account import Account
from abby_core.quota.meter import TokenLimit
from abby_core.security.tokens import ALPHABET, TOKEN_CHARACTERS

Scope = Literal["make", "look", "change", "admin", "metrics"]
SCOPES: tuple[Scope, ...] = ("make", "look", "change")
"""``make``: order pictures and cancel orders. ``look``: see the gallery. ``change``: favourites, deleting, undoing."""
HOSTS_SCOPES: tuple[Scope, ...] = ("admin", "metrics")
"""What only the host gives out: ``admin``: everybody's limits and usage. ``metrics``: the figures for monitoring."""
TokenState = Literal["live", "expired", "revoked"]

PREFIX = "abby_"
"""Begins every token, so that people and programs that look for leaked secrets know what they have found."""
NAME_CHARACTERS_MAX = 60
LIVE_TOKENS_MAX = 50
"""Open tokens of one account: one for each of a person's programs, and a bound on the table."""
ENDED_TOKENS_MAX = 50
"""Ended tokens that are remembered for each account; of more the longest ended are forgotten."""
IMAGES_PER_DAY_MAX = 1_000_000
"""A larger limit limits nothing."""
LIFETIME_SECONDS_MIN, LIFETIME_SECONDS_MAX = 60, 10 * 365 * 86_400

_TOKEN = re.compile(rf"{PREFIX}[{ALPHABET}]{{{TOKEN_CHARACTERS}}}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token without its secret. Times are epoch milliseconds, 0 for never."""

    id: str
    account: str
    name: str
    scopes: tuple[Scope, ...]
    state: TokenState
    created_at_ms: int
    expires_at_ms: int
    last_used_at_ms: int
    """To the minute."""
    revoked_at_ms: int
    images_per_day: int = 0
    """Pictures that may be ordered with it on one day (UTC), within what the account may; 0: no limit of its own."""
    images_today: int = 0
    """How many were, or are being made; counted where there is a limit."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever showed a token that is good now."""

    token_id: str
    account: Account
    scopes: frozenset[Scope]
    limit: TokenLimit | None = None
    """The token's own, if it has one: put into the orders that come with it."""


def looks_like_a_token(text: str) -> bool:
    """Whether it could be one at all: what could not need not be looked up."""
    return _TOKEN.fullmatch(text.strip()) is not None
