"""Corals and weeds."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, Light, mix, rgbs, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point, curve
from abby_core.generation.providers.painter.scene import Scene

_CORALS = rgbs("ff6f7d ff9a56 f7c548 e05fa8 9b6be0 ff8fa8 58d0b8")
_WEEDS = rgbs("3fa86a 5fbf5a 2f8f78")


def paint_reef(scene: Scene, rng: random.Random, count: int, far: float) -> None:
    """``count`` growths, crowded at the edges, from the distance ``far`` up to us."""
    with scene.canvas.pen((0, scene.height * 0.3, scene.width, scene.height)) as pen:
        for distance in sorted((rng.uniform(0.0, far) for _ in range(count)), reverse=True):
            aside = abs(rng.gauss(0, 0.2))
            foot = scene.width * rng.choice((aside, 1 - aside)), scene.height * (1.02 - 0.2 * distance)
            size = scene.unit * rng.uniform(0.08, 0.17) * (1.15 - distance)
            grower = Growth(pen=pen, rng=rng, light=scene.light, distance=distance)
            kind, colour = rng.random(), rng.choice(_CORALS)
            if kind < 0.3:
                grower.branches(foot, size, -math.pi / 2, size * 0.13, colour)
            elif kind < 0.5:
                grower.fan(foot, size, colour)
            elif kind < 0.65:
                grower.tubes(foot, size * 0.8, colour)
            else:
                grower.weed(foot, size * 1.9, rng.choice(_WEEDS))


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Draws what grows at one distance."""

    pen: Pen
    rng: random.Random
    light: Light
    distance: float

    def branches(self, foot: Point, long: float, angle: float, thick: float, colour: Colour, level: int = 0) -> None:  # noqa: PLR0917
        """A coral that forks five times."""
        tip = foot[0] + math.cos(angle) * long * 0.5, foot[1] + math.sin(angle) * long * 0.5
        lit, dim = self.light.both(colour, self.distance)
        self.pen.line([foot, tip], thick, dim)
        self.pen.line([(foot[0] - thick * 0.15, foot[1]), (tip[0] - thick * 0.15, tip[1])], thick * 0.5, lit)
        self.pen.ellipse(tip, (thick * 0.5, thick * 0.5), mix(lit, WHITE, 0.25 if level > 2 else 0))
        if level < 4:
            for side in (1, -1):
                turn, shorter = side * self.rng.uniform(0.2, 0.6), long * self.rng.uniform(0.66, 0.82)
                self.branches(tip, shorter, angle + turn, thick * 0.78, colour, level + 1)

    def fan(self, foot: Point, size: float, colour: Colour) -> None:
        lit, dim = self.light.both(colour, self.distance)
        bright = self.light.on(shifted(colour, value=1.15), self.distance)
        for step in range(-7, 8):
            angle = -math.pi / 2 + step * 0.13
            long = size * (1.15 - 0.012 * step**2) * self.rng.uniform(0.9, 1.05)
            reach = math.cos(angle) * long, math.sin(angle) * long
            tip = foot[0] + reach[0], foot[1] + reach[1]
            self.pen.blade(foot, tip, size * 0.16, mix(dim, lit, 0.65 + 0.05 * step), size * 0.05)
            for share in (0.5, 0.7, 0.9):
                spot = foot[0] + reach[0] * share, foot[1] + reach[1] * share
                self.pen.ellipse(spot, (size * 0.05 * share, size * 0.04), bright)

    def tubes(self, foot: Point, size: float, colour: Colour) -> None:
        lit, dim = self.light.both(colour, self.distance)
        rim = self.light.on(shifted(colour, value=1.2), self.distance)
        dark = self.light.off(shifted(colour, value=0.5), self.distance)
        for _ in range(5):
            x, y = foot[0] + self.rng.gauss(0, 0.35) * size, foot[1]
            top, wide = y - size * self.rng.uniform(0.5, 1.1), size * self.rng.uniform(0.1, 0.16)
            self.pen.polygon([(x - wide * 0.7, y), (x - wide, top), (x + wide, top), (x + wide * 0.7, y)], dim)
            self.pen.polygon([(x - wide * 0.55, y), (x - wide * 0.8, top), (x + wide * 0.1, top), (x, y)], lit)
            self.pen.ellipse((x, top), (wide, wide * 0.42), rim)
            self.pen.ellipse((x, top), (wide * 0.68, wide * 0.26), dark)

    def weed(self, foot: Point, tall: float, colour: Colour) -> None:
        rng, wide = self.rng, tall * 0.022
        for _ in range(6):
            x, sway, phase = foot[0] + rng.gauss(0, 0.06) * tall, tall * rng.uniform(0.03, 0.08), rng.uniform(0, 6)
            high = tall * rng.uniform(0.55, 1.0)
            spine = [
                (x + sway * math.sin(phase + s * 0.7) * s / 6, foot[1] - high * s / 10, wide * (1 - s / 10.5))
                for s in range(11)
            ]
            left, right = [(px - w, py) for px, py, w in spine], [(px + w, py) for px, py, w in spine]
            tone = shifted(colour, hue=rng.uniform(-0.03, 0.03), value=rng.uniform(0.75, 1.1))
            lit, dim = self.light.both(tone, self.distance)
            self.pen.polygon(curve([*left, *reversed(right)], steps=3), mix(dim, lit, rng.random()))
