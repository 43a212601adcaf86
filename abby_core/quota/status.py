"""How full everything is, as values for people and programs (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from abby_core.quota.meter import DAY_MS, NO_LIMIT
from abby_core.quota.tier import DEFAULT_TIER

Level = Literal["OK", "WARNING", "CRITICAL"]
WARNING_ABOVE = 0.80
CRITICAL_ABOVE = 0.95


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One meter: ``used`` of ``limit``, and whether ``one_more`` (in the same unit) would fit."""

    used: int
    limit: int
    one_more: int
    resets_at_ms: int | None = None
    """When counting starts anew; None: never."""

    @property
    def share(self) -> float:
        """0.0 .. 1.0 and beyond; a limit of 0 is full."""
        return self.used / self.limit if self.limit > 0 else 1.0

    @property
    def level(self) -> Level:
        if self.share > CRITICAL_ABOVE:
            return "CRITICAL"
        return "WARNING" if self.share > WARNING_ABOVE else "OK"

    @property
    def allowed(self) -> bool:
        return self.limit > 0 and self.used + self.one_more <= self.limit

    @property
    def unlimited(self) -> bool:
        return self.limit >= NO_LIMIT

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, kw_only=True)
class QuotaStatus:
    """Where an account stands. ``images`` counts today's pictures, ``hour`` and ``month`` those of the UTC hour and
    calendar month (None: not limited), the others bytes.
    """

    house_bytes: Usage
    bytes: Usage
    images: Usage
    resets_at_ms: int
    now_ms: int
    hour: Usage | None = None
    month: Usage | None = None
    tier: str = DEFAULT_TIER
    """The tiers that apply besides the default one: ``gold+booster``."""

    @property
    def full(self) -> Usage | None:
        """Of the limits on pictures that allow no more, the one that lasts longest; None: one more may be made."""
        return next((usage for usage in (self.month, self.images, self.hour) if usage and not usage.allowed), None)

    @property
    def reset_hours(self) -> int:
        """Hours left of the day that counts, rounded up."""
        return max(0, -((self.now_ms - self.resets_at_ms) // (DAY_MS // 24)))

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """The shape the founding API fixes; ``storage`` and ``global_storage`` are second names.

        Beyond it, where there are such: ``hourly`` and ``monthly`` limits, and the ``tier`` that applies.
        """
        house = {"total_mb": _mb(self.house_bytes.limit), **_storage(self.house_bytes)}
        user = _storage(self.bytes)
        daily = {**_images(self.images), "reset_hours": self.reset_hours, "resets_at": _iso(self.resets_at_ms)}
        status = {"global": house, "user": user, "daily": daily, "storage": user, "global_storage": house}
        for name, usage in (("hourly", self.hour), ("monthly", self.month)):
            if usage is not None:
                status[name] = {**_images(usage), "resets_at": _iso(usage.resets_at_ms or self.now_ms)}
        if self.tier != DEFAULT_TIER:
            status["tier"] = {"name": self.tier}
        return status


def _images(usage: Usage) -> dict[str, Any]:
    return {"used": usage.used, "limit": usage.limit, "remaining": usage.remaining, "allowed": usage.allowed}


def _storage(usage: Usage) -> dict[str, Any]:
    return {
        "used_mb": _mb(usage.used),
        "limit_mb": _mb(usage.limit),
        "percentage": round(usage.share * 100, 1),
        "status": usage.level,
        "allowed": usage.allowed,
    }


def _mb(size_bytes: int) -> float:
    """To the byte (a millionth of an MB is about one): the smallest picture shows."""
    return round(size_bytes / 2**20, 6)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
