"""What is counted, and over which time (pure).

A period is numbered so that later ones are larger: hours and days since 1970 (UTC), months since year 0. A counter
only ever moves to a later period, so setting the clock back, or back and forth, grants nothing twice.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

IMAGES_PER_HOUR = "images/hour"
IMAGES_PER_DAY = "images/day"
IMAGES_PER_MONTH = "images/month"
BYTES = "bytes"
CREDITS_PER_DAY = "millicredits/day"
CREDITS_PER_MONTH = "millicredits/month"
METERS: tuple[str, ...] = (
    IMAGES_PER_MONTH, IMAGES_PER_DAY, IMAGES_PER_HOUR, BYTES, CREDITS_PER_DAY, CREDITS_PER_MONTH,
)  # fmt: skip
"""All meters, in the order in which a transaction touches them: one order for everybody, so no deadlocks.

Of images the longest time comes first, because the first limit that is reached is the one people are told: "come
back in 20 minutes" would be a lie on a day that is used up.
"""

TOKEN_IMAGES_PER_DAY = "token images/day"  # noqa: S105 -- no secret
"""What refusals call the meter of a token, whichever token's it is (:func:`token_meter`)."""

NO_LIMIT = 2**62
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Charge(NamedTuple):
    """An amount to be counted on one meter of one account, and the limit it must stay within."""

    account: str
    meter: str
    amount: int
    limit: int


class Hold(NamedTuple):
    """An amount that is counted already, for a reservation. Given back only in the period it was counted in."""

    account: str
    meter: str
    period: int
    resets: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class TokenLimit:
    """Pictures a day through one token of an account; counted beside, and within, what the account may make."""

    token_id: str
    images_per_day: int


def token_meter(token_id: str) -> str:
    """The account's meter that counts the pictures of the day which one of its tokens ordered."""
    return f"token {token_id}/day"


def is_token_meter(meter: str) -> bool:
    """Whether it counts what one token takes."""
    return meter.startswith("token ")


def place_of(meter: str) -> int:
    """Where a meter comes in the order in which a transaction touches an account's: tokens' before all others."""
    return -1 if is_token_meter(meter) else METERS.index(meter)


def period_of(meter: str, at_ms: int) -> int:
    """The number of the period of ``meter`` at that moment; 0 for meters without one."""
    if meter.endswith("/hour"):
        return at_ms // HOUR_MS
    if meter.endswith("/day"):
        return at_ms // DAY_MS
    if meter.endswith("/month"):
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        return at.year * 12 + at.month - 1
    return 0


def period_ends_ms(meter: str, period: int) -> int | None:
    """When that period is over, epoch milliseconds; None for meters without one."""
    if meter.endswith("/hour"):
        return (period + 1) * HOUR_MS
    if meter.endswith("/day"):
        return (period + 1) * DAY_MS
    if meter.endswith("/month"):
        year, month = divmod(period + 1, 12)
        return calendar.timegm((year, month + 1, 1, 0, 0, 0)) * 1000
    return None
