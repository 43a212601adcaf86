"""A figure, its aim and its line on the screen (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number. ``value`` None: it could not be measured here, and ``detail`` says why.

    ``unit`` is ``×`` for ratios or ``ms``; ``bound`` says on which side of ``aim`` is good.
    """

    key: str
    title: str
    value: float | None
    bound: Literal["≤", "≥"]
    aim: float
    unit: Literal["×", "ms"] = "×"
    detail: str = ""

    @property
    def mark(self) -> Literal["pass", "miss", "none"]:
        if self.value is None:
            return "none"
        within = self.value <= self.aim if self.bound == "≤" else self.value >= self.aim
        return "pass" if within else "miss"

    def line(self) -> str:
        """``pass  b  reserve + settle, SQLite   0.62 × (≥ 0.5 ×)   2,000/s, raw 3,200/s``"""
        value = "     –" if self.value is None else f"{self.value:6.2f}"
        aim = f"({self.bound} {self.aim:g} {self.unit})"
        return f"{self.mark}  {self.key}  {self.title:<52} {value} {self.unit:<2} {aim:<10}  {self.detail}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "value": self.value,
            "unit": self.unit,
            "bound": self.bound,
            "aim": self.aim,
            "mark": self.mark,
            "detail": self.detail,
        }


def milliseconds(seconds: float) -> str:
    """``1.23 ms`` or ``45 µs``, for details."""
    return f"{seconds * 1000:.2f} ms" if seconds >= 0.001 else f"{seconds * 1_000_000:.0f} µs"
