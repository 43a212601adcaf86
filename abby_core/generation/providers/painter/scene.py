"""What every painter of a part of the picture is handed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from abby_core.generation.providers.painter.brief import Brief
from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import Light
from abby_core.generation.providers.painter.brushes.outlines import Point

_CROWD_MAX = 5.0
"""Keeps the cost of a picture of 2048 x 64 pixels in bounds, at the price of sparser grass."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture in the making."""

    canvas: Canvas
    brief: Brief
    light: Light
    horizon: float
    """Pixels from the top."""
    lamp: Point
    """Where the sun or moon stands, in pixels; it may lie outside the picture."""
    habits: frozenset[str]
    """How the wished-for subjects live: places make room for those on the ground, put rocks under buildings."""

    @property
    def width(self) -> int:
        return self.canvas.width

    @property
    def height(self) -> int:
        return self.canvas.height

    @property
    def unit(self) -> float:
        """The shorter side in pixels, a little more for long formats: what sizes are shares of."""
        short, long = sorted(self.canvas.size)
        return min(1.25 * short, short**0.8 * long**0.2)

    @property
    def across(self) -> float:
        """How many units wide the picture is: the number of most things grows with it, up to a bound."""
        return min(_CROWD_MAX, self.width / self.unit)

    @property
    def area(self) -> float:
        """Square units, up to a bound."""
        return min(_CROWD_MAX, self.width * self.height / self.unit**2)

    @property
    def fineness(self) -> float:
        """How much of what is very fine can be seen at this size, 0..1."""
        return min(1.0, self.unit / 600)

    @property
    def depth(self) -> float:
        """Pixels from the horizon down to the lower edge."""
        return self.height - self.horizon

    @property
    def side(self) -> int:
        """Where the light comes from: 1 right, -1 left."""
        return 1 if self.lamp[0] > self.width / 2 else -1

    def anywhere(self, rng: random.Random, *, top: float = 0.0, bottom: float = 1.0) -> Point:
        """A point between two heights, given as shares."""
        return rng.uniform(0, self.width), self.height * rng.uniform(top, bottom)

    def rng(self, purpose: str) -> random.Random:
        """Random numbers of their own for each part, so that parts do not disturb each other."""
        return self.brief.rng(purpose)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Room for a subject: where its feet are, and how tall it stands, in pixels."""

    x: float
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Spots:
    """Where a place puts its subjects."""

    ground: Spot
    built: Spot
    air: Spot
    water: Spot


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place: what lies behind the subjects, where they are, and what lies before them."""

    horizon: float
    """Share of the height."""
    moon: float = 0.22
    """Where the moon stands at night, as a share of the way from the top to the horizon."""
    behind: Callable[[Scene], None]
    spots: Callable[[Scene], Spots]
    before: Callable[[Scene], None]
