"""How full everything is, as values for people and programs (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from abby_core.quota.meter import DAY_MS

Level = Literal["OK", "WARNING", "CRITICAL"]
WARNING_ABOVE = 0.80
CRITICAL_ABOVE = 0.95


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One meter: ``used`` of ``limit``, and whether ``one_more`` (in the same unit) would fit."""

    used: int
    limit: int
    one_more: int

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
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, kw_only=True)
class QuotaStatus:
    """Where an account stands. ``images`` counts today's pictures, the others bytes."""

    house_bytes: Usage
    bytes: Usage
    images: Usage
    resets_at_ms: int
    now_ms: int

    @property
    def reset_hours(self) -> int:
        """Hours left of the day that counts, rounded up."""
        return max(0, -((self.now_ms - self.resets_at_ms) // (DAY_MS // 24)))

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """The shape the founding API fixes; ``storage`` and ``global_storage`` are second names."""
        house = {"total_mb": _mb(self.house_bytes.limit), **_storage(self.house_bytes)}
        user = _storage(self.bytes)
        daily = {
            "used": self.images.used,
            "limit": self.images.limit,
            "remaining": self.images.remaining,
            "allowed": self.images.allowed,
            "reset_hours": self.reset_hours,
            "resets_at": datetime.fromtimestamp(self.resets_at_ms / 1000, UTC).isoformat(),
        }
        return {"global": house, "user": user, "daily": daily, "storage": user, "global_storage": house}


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
