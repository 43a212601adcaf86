"""The sentences of a refusal: which limit, how much is used, when it frees up (pure)."""

from __future__ import annotations

from abby_core.errors import QuotaExceeded
from abby_core.quota.account import HOUSE
from abby_core.quota.meter import (
    BYTES,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    TOKEN_IMAGES_PER_DAY,
    Charge,
    is_token_meter,
    period_ends_ms,
)
from abby_core.sentence import Sentence, plural, sentence

_IMAGES = {IMAGES_PER_HOUR, IMAGES_PER_DAY, IMAGES_PER_MONTH}
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def refusal(charge: Charge, *, used: int, period: int, now_ms: int) -> QuotaExceeded:
    """The error for a charge that does not fit beside what is used already."""
    ends_ms = period_ends_ms(charge.meter, period)
    retry_after_seconds = None if ends_ms is None else max(0.0, (ends_ms - now_ms) / 1000)
    return QuotaExceeded(
        _text(charge, used, retry_after_seconds),
        meter=TOKEN_IMAGES_PER_DAY if is_token_meter(charge.meter) else charge.meter,
        limit=charge.limit,
        used=used,
        requested=charge.amount,
        retry_after_seconds=retry_after_seconds,
    )


def _text(charge: Charge, used: int, retry_after_seconds: float | None) -> Sentence:
    if is_token_meter(charge.meter):
        return sentence(
            "This token's own daily limit is reached: {used} of {limit} pictures used today. It starts anew at "
            "midnight (UTC); the account's limits are another matter.", used=used, limit=charge.limit,
        )  # fmt: skip
    if charge.meter == BYTES:
        return _bytes_text(charge, used)
    reached = _images_text(charge, used) if charge.meter in _IMAGES else _credits_text(charge, used)
    if retry_after_seconds is None:
        return reached
    return sentence("{reached} It resets in {time}.", reached=reached, time=duration(retry_after_seconds))


def _images_text(charge: Charge, used: int) -> Sentence:
    limit = charge.limit
    if charge.meter == IMAGES_PER_HOUR:
        return sentence("Hourly generation limit reached: {used} of {limit} used this hour.", used=used, limit=limit)
    if charge.meter == IMAGES_PER_DAY:
        return sentence("Daily generation limit reached: {used} of {limit} used today.", used=used, limit=limit)
    return sentence("Monthly generation limit reached: {used} of {limit} used this month.", used=used, limit=limit)


def _bytes_text(charge: Charge, used: int) -> Sentence:
    amounts = {"used": used / 2**20, "limit": charge.limit / 2**20}
    if charge.account == HOUSE:
        return sentence(
            "Server storage is full: {used:.1f} of {limit:.1f} MB used. Ask the host to free some space.", **amounts
        )
    return sentence(
        "Your storage quota is full: {used:.1f} of {limit:.1f} MB used. "
        "Empty your trash or delete some pictures for good to make room.",
        **amounts,
    )


def _credits_text(charge: Charge, used: int) -> Sentence:
    amounts = {"used": used / 1000, "limit": charge.limit / 1000}
    match charge.account == HOUSE, charge.meter.endswith("/day"):
        case True, True:
            return sentence(
                "The host's spending limit is reached: {used:g} of {limit:g} credits used today.", **amounts
            )
        case True, False:
            return sentence(
                "The host's spending limit is reached: {used:g} of {limit:g} credits used this month.", **amounts
            )
        case False, True:
            return sentence("Your spending limit is reached: {used:g} of {limit:g} credits used today.", **amounts)
        case _:
            return sentence("Your spending limit is reached: {used:g} of {limit:g} credits used this month.", **amounts)


def duration(seconds: float) -> Sentence:
    """``7 hours``, ``25 minutes``, ``3 days``: rounded up, one unit, for people."""
    for size in (_DAY, _HOUR, _MINUTE, 1):
        if seconds > size:
            break
    count = max(1, -int(-seconds // size))
    if size == _DAY:
        return plural("{count} day", "{count} days", count=count)
    if size == _HOUR:
        return plural("{count} hour", "{count} hours", count=count)
    if size == _MINUTE:
        return plural("{count} minute", "{count} minutes", count=count)
    return plural("{count} second", "{count} seconds", count=count)
