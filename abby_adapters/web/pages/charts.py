"""The geometry of small charts, drawn as SVG by templates (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160
"""In the chart's own units; it is drawn as wide as its place."""
_GAP = 0.25
"""The share of a bar's place that is left free."""
_SEEN = 3.0
"""Height of the smallest bar: whatever is more than nothing can be seen."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar, y down; ``title`` says in words what it shows, ``label`` under which it stands."""

    x: float
    y: float
    width: float
    height: float
    title: str
    label: str


def bars(values: Sequence[int], labels: Sequence[str], titles: Sequence[str]) -> list[Bar]:
    """Bars side by side; the highest fills the chart."""
    most, place = max(values, default=0), WIDTH / max(1, len(values))
    heights = [max(_SEEN, value / most * HEIGHT) if value else 0.0 for value in values]
    return [
        Bar(
            x=round(index * place + place * _GAP / 2, 2),
            y=round(HEIGHT - height, 2),
            width=round(place * (1 - _GAP), 2),
            height=round(height, 2),
            title=title,
            label=label,
        )
        for index, (height, label, title) in enumerate(zip(heights, labels, titles, strict=True))
    ]
