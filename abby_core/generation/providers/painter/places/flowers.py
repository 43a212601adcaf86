"""Flowers on their stems, from dots far away to blooms at our feet."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import Colour, Light, Tones, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point, path

COMMON = ("buttercup", "cornflower", "cosmos", "daisy", "lavender", "poppy")
"""What grows where no flower is named."""

_PETAL = path("0,0 .55,1 .93,.5 1,0 .93,-.5 .55,-1")
"""Along and across, as shares of a petal's length and half its width."""


@dataclass(frozen=True, kw_only=True)
class _Bloom:
    """A round flower. Sizes are shares of its radius."""

    petals: int
    long: float
    wide: float
    heart: Colour
    core: float = 0.3


_COLOURS: dict[str, tuple[Colour, ...]] = {
    "daisy": rgbs("ffffff fffaf0"),
    "poppy": rgbs("e8402c f0553a d92f2a"),
    "cornflower": rgbs("4f6fe0 6a8af0 7a5fd6"),
    "buttercup": rgbs("ffd84a ffc928"),
    "cosmos": rgbs("f48fc0 e86fae ffc0dc"),
    "lavender": rgbs("a48be6 8d6fd8"),
    "sunflower": rgbs("fcc62e f8b822"),
    "tulip": rgbs("e8405a f4a83a f7d84f e87ab0"),
}
_BLOOMS = {
    "daisy": _Bloom(petals=13, long=1.0, wide=0.2, heart=rgb("f5bd2e")),
    "poppy": _Bloom(petals=5, long=0.95, wide=0.62, heart=rgb("2b2030")),
    "cornflower": _Bloom(petals=9, long=1.0, wide=0.26, heart=rgb("33307a")),
    "buttercup": _Bloom(petals=5, long=0.85, wide=0.46, heart=rgb("e09a1a")),
    "cosmos": _Bloom(petals=8, long=1.0, wide=0.36, heart=rgb("f2c230")),
    "sunflower": _Bloom(petals=16, long=1.25, wide=0.2, heart=rgb("6a4426"), core=0.55),
}


@dataclass(frozen=True, kw_only=True)
class Florist:
    """Draws flowers with one pen in one light."""

    pen: Pen
    light: Light
    rng: random.Random

    def flower(self, kind: str, foot: Point, size: float, *, haze: float = 0.0) -> None:
        """One flower; ``size`` is the radius of its head in pixels, ``haze`` how far away it looks."""
        rng = self.rng
        head = foot[0] + rng.uniform(-0.8, 0.8) * size, foot[1] - size * rng.uniform(2.8, 4.6)
        colour = rng.choice(_COLOURS[kind])
        self._stem(foot, head, size, haze)
        tones = self.light.on(colour, haze), self.light.off(shifted(colour, value=0.95), haze)
        if kind == "lavender":
            self._lavender(head, size, tones)
        elif kind == "tulip":
            self._tulip(head, size, tones)
        elif size < 3:
            self.pen.ellipse(head, (size * 0.9, size * 0.75), tones[0])
            self.pen.ellipse(head, (size * 0.35, size * 0.3), self.light.on(_BLOOMS[kind].heart, haze))
        else:
            self._bloom(_BLOOMS[kind], head, size, tones, haze)

    def _stem(self, foot: Point, head: Point, size: float, haze: float) -> None:
        green, leaf = self.light.on(rgb("5f9440"), haze), self.light.on(rgb("6aa548"), haze)
        self.pen.blade(foot, head, max(0.8, size * 0.22), green, self.rng.uniform(-0.4, 0.4) * size)
        if size > 5:
            side, x, y = self.rng.choice((-1, 1)), (foot[0] + head[0]) / 2, (foot[1] + head[1]) / 2
            self.pen.blade((x, y), (x + side * size * 1.1, y - size * 0.7), size * 0.4, leaf, side * size * 0.2)

    def _bloom(self, bloom: _Bloom, head: Point, size: float, tones: Tones, haze: float) -> None:
        """A wheel of petals, tilted a little towards us."""
        rng, (lit, dim), (x, y) = self.rng, tones, head
        tilt, start = rng.uniform(0.62, 0.85), rng.uniform(0, 6.28)
        angles = sorted((start + index * 2 * math.pi / bloom.petals for index in range(bloom.petals)), key=math.sin)
        for angle in angles:
            cos, sin = math.cos(angle), math.sin(angle)
            long, half = size * bloom.long * rng.uniform(0.9, 1.08), size * bloom.wide
            petal = [
                (x + cos * along * long - sin * across * half, y + (sin * along * long + cos * across * half) * tilt)
                for along, across in _PETAL
            ]
            self.pen.polygon(petal, mix(lit, dim, 0.33 + 0.17 * sin + rng.uniform(-0.12, 0.12)))
        core = size * bloom.core
        self.pen.ellipse(head, (core, core * tilt), self.light.on(bloom.heart, haze))
        bright = self.light.on(mix(bloom.heart, (255, 240, 200), 0.4), haze)
        self.pen.ellipse((x - size * 0.07, y - size * 0.07), (core * 0.5, core * 0.5 * tilt), bright)

    def _lavender(self, head: Point, size: float, tones: Tones) -> None:
        (x, y), (lit, dim) = head, tones
        for step in range(9):
            wide = 0.1 + 0.16 * step / 8
            for side in (-wide, wide, 0.0):
                at = x + side * size, y + size * 0.3 * (step - 4)
                self.pen.ellipse(at, (size * 0.16, size * 0.19), mix(lit, dim, self.rng.random()))

    def _tulip(self, head: Point, size: float, tones: Tones) -> None:
        (x, y), (lit, dim) = head, tones
        for side, tone in ((-0.42, dim), (0.42, dim), (0.0, lit)):
            self.pen.ellipse((x + side * size, y - abs(side) * size * 0.3), (size * 0.42, size * 0.85), tone)
