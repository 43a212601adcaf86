"""The sentences of a refusal: which limit, how much is used, when it frees up (pure)."""

from __future__ import annotations

from abby_core.errors import QuotaExceeded
from abby_core.quota.account import HOUSE
from abby_core.quota.meter import (
    BYTES,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    NO_LIMIT,
    TOKEN_IMAGES_PER_DAY,
    Charge,
    is_token_meter,
    period_ends_ms,
)
from abby_core.sentence import sentence

_IMAGES = {
    IMAGES_PER_HOUR: ("Hourly", "this hour"),
    IMAGES_PER_DAY: ("Daily", "today"),
    IMAGES_PER_MONTH: ("Monthly", "this month"),
}


def refusal(charge: Charge, *, used: int, period: int, now_ms: int) -> QuotaExceeded:
    """The error for a charge that does not fit beside what is used already."""
    ends_ms = period_ends_ms(charge.meter, period)
    retry_after_seconds = None if ends_ms is None else max(0.0, (ends_ms - now_ms) / 1000)
    return QuotaExceeded(
        _sentence(charge, used, retry_after_seconds),
        meter=TOKEN_IMAGES_PER_DAY if is_token_meter(charge.meter) else charge.meter,
        limit=charge.limit,
        used=used,
        requested=charge.amount,
        retry_after_seconds=retry_after_seconds,
    )


def _sentence(charge: Charge, used: int, retry_after_seconds: float | None) -> str:
    when = "" if retry_after_seconds is None else f" It resets in {duration(retry_after_seconds)}."
    if is_token_meter(charge.meter):
        return sentence(
            "This token's own daily limit is reached: {used} of {limit} pictures used today. It starts anew at "
            "midnight (UTC); the account's limits are another matter.", used=used, limit=charge.limit,
        )  # fmt: skip
    if charge.meter in _IMAGES:
        which, span = _IMAGES[charge.meter]
        return f"{which} generation limit reached: {used} of {charge.limit} used {span}.{when}"
    if charge.meter == BYTES:
        whose = "Server storage is full" if charge.account == HOUSE else "Your storage quota is full"
        remedy = (
            "Ask the host to free some space."
            if charge.account == HOUSE
            else "Empty your trash or delete some pictures for good to make room."
        )
        return f"{whose}: {megabytes(used)} of {megabytes(charge.limit)} MB used. {remedy}"
    span = "today" if charge.meter.endswith("/day") else "this month"
    whose = "The host's" if charge.account == HOUSE else "Your"
    return f"{whose} spending limit is reached: {used / 1000:g} of {charge.limit / 1000:g} credits used {span}.{when}"


def megabytes(size_bytes: int) -> str:
    """``12.3`` for people; 1 MB is 2**20 bytes everywhere."""
    return "unlimited" if size_bytes >= NO_LIMIT else f"{size_bytes / 2**20:.1f}"


def duration(seconds: float) -> str:
    """``7 hours``, ``25 minutes``, ``3 days``: rounded up, one unit, for people."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds > size or size == 1:
            count = max(1, -int(-seconds // size))
            return f"{count} {unit}" + ("" if count == 1 else "s")
    raise AssertionError("unreachable: seconds are the smallest unit")
