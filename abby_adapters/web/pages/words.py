"""Dates, sizes and times as people write them in their language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.languages import Language

Filter = Callable[[float], str]
_UNITS = ((2**30, "GB", 1), (2**20, "MB", 1), (2**10, "kB", 0))


def size(language: Language, size_bytes: float) -> str:
    """``1.5 MB``; 1 MB is 2**20 bytes."""
    from babel.numbers import format_decimal

    for unit, name, digits in _UNITS:
        if size_bytes >= unit:
            pattern = "#,##0.#" if digits else "#,##0"
            return f"{format_decimal(size_bytes / unit, pattern, locale=locale_of(language))} {name}"
    return language.plural("{count} byte", "{count} bytes", count=round(size_bytes))


def number(language: Language, value: float) -> str:
    """``1,234``, or ``1.234`` where that is how it is written."""
    from babel.numbers import format_decimal

    return format_decimal(value, locale=locale_of(language))


def percent(language: Language, share: float) -> str:
    """``42%`` of a share 0..1."""
    from babel.numbers import format_percent

    return format_percent(share, locale=locale_of(language))


def date(language: Language, at_ms: float) -> str:
    """The day, in UTC."""
    from babel.dates import format_date

    return format_date(_at(at_ms), "medium", locale=locale_of(language))


def day(language: Language, written: str) -> str:
    """The day that is written as ``2026-11-21``, without its year: where one stands beside others."""
    from babel.dates import format_skeleton

    return format_skeleton("MMMd", datetime.fromisoformat(written), locale=locale_of(language))


def moment(language: Language, at_ms: float) -> str:
    """Day and time, in UTC, and says so."""
    from babel.dates import format_datetime

    return f"{format_datetime(_at(at_ms), 'medium', locale=locale_of(language))} UTC"


def duration(language: Language, seconds: float) -> str:
    """``3 minutes``: the largest unit that fits."""
    from babel.dates import format_timedelta

    return format_timedelta(timedelta(seconds=seconds), locale=locale_of(language), threshold=1.5)


def ago(language: Language, at_ms: float, now_ms: float) -> str:
    """``3 minutes ago``, or ``in 2 hours`` for what is to come."""
    from babel.dates import format_timedelta

    passed = timedelta(milliseconds=at_ms - now_ms)
    return format_timedelta(passed, add_direction=True, locale=locale_of(language), threshold=1.5)


def locale_of(language: Language) -> str:
    """The language as Babel writes it."""
    return language.code.replace("-", "_")


def filters(language: Language, now_ms: float) -> dict[str, Filter]:
    """All of them in one language, for templates."""
    speaking = {
        "size": size, "number": number, "percent": percent, "date": date, "moment": moment, "duration": duration,
    }  # fmt: skip
    return {name: partial(each, language) for name, each in speaking.items()} | {
        "ago": partial(ago, language, now_ms=now_ms)
    }


def _at(at_ms: float) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
