"""The houses of a skyline."""

from __future__ import annotations

import random
from dataclasses import dataclass

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.outlines import box
from abby_core.generation.providers.painter.scene import Scene

LAMPS = rgbs("ffd98a ffe6b0 ffc76a fff2cc a8d8ff")
SIGNS = rgbs("ff4f9a 3fd8ff ffb03a a86bff 5affa8")
_WALLS = rgbs("8f98ac a89c98 7d8a9c b4a494 98a4a8")


def lamps_lit(scene: Scene) -> bool:
    """Whether people have switched their lights on."""
    return scene.brief.time in {"night", "dusk", "sunset"} or "storm" in scene.brief.weather


@dataclass(frozen=True, kw_only=True)
class House:
    """One house: pixels from the left, its width, the rows of its roof and its foot, and how far away it is."""

    x: float
    wide: float
    top: float
    foot: float
    distance: float

    def draw(self, pen: Pen, scene: Scene, rng: random.Random) -> None:
        light, unit = scene.light, scene.unit
        wall = shifted(rng.choice(_WALLS), value=rng.uniform(0.75, 1.05))
        if light.dark:
            wall = mix(wall, rgb("2c3458"), 0.55)
        bright, dim = light.on(wall, self.distance), light.off(shifted(wall, value=0.75), self.distance)
        base = mix(bright, dim, 0.75 if light.dark else 0.45)
        x, wide, top, foot, middle = self.x, self.wide, self.top, self.foot, self.x + self.wide / 2
        pen.polygon(box(x, top, x + wide, foot), base)
        lit, far = wide * rng.uniform(0.22, 0.4), wide * 0.18
        near, away = (x + wide - lit, x) if scene.side > 0 else (x, x + wide - far)
        pen.polygon(box(near, top, near + lit, foot), mix(bright, base, 0.25))
        pen.polygon(box(away, top, away + far, foot), mix(dim, base, 0.4))
        kind = rng.random()
        if kind < 0.3:
            for level in (1, 2):
                inset = wide * 0.154 * level
                pen.polygon(box(x + inset, top - unit * 0.016 * level, x + wide - inset, top), base)
        elif kind < 0.45:
            peak = middle, top - wide * 0.8
            pen.polygon([(x + wide * 0.1, top), peak, (x + wide * 0.9, top)], base)
            pen.polygon([(middle, top), peak, (middle + scene.side * wide * 0.4, top)], bright)
        if rng.random() < 0.3:
            pen.line([(middle, top), (middle, top - unit * 0.07)], unit * 0.0022, dim)
            if lamps_lit(scene):
                pen.ellipse((middle, top - unit * 0.07), (unit * 0.003, unit * 0.003), rgb("ff5a4a"))
        if scene.brief.wants("lights"):
            self._windows(pen, scene, rng, base)
            if lamps_lit(scene) and self.distance < 0.4 and rng.random() < 0.45:
                self._sign(pen, scene, rng)

    def _windows(self, pen: Pen, scene: Scene, rng: random.Random, wall: Colour) -> None:
        light = scene.light
        across = max(scene.unit * 0.007, self.wide / rng.randint(5, 8))
        down, lamp = across * rng.uniform(1.2, 1.8), rng.choice(LAMPS)
        share = rng.uniform(0.25, 0.62) if lamps_lit(scene) else 0.06
        glass = mix(wall, rgb("0a1028"), 0.5) if light.dark else mix(light.sky[len(light.sky) // 2], wall, 0.55)
        for row in range(int((self.foot - self.top) / down - 1.3)):
            y = self.top + down * (0.6 + row)
            for column in range(int(self.wide / across - 0.3)):
                left = self.x + across * (0.5 + column)
                colour = glass
                if rng.random() < share:
                    colour = mix(shifted(lamp, value=rng.uniform(0.75, 1.0)), light.haze, self.distance * 0.45)
                pen.polygon(box(left, y, left + across * 0.55, y + down * 0.58), colour)

    def _sign(self, pen: Pen, scene: Scene, rng: random.Random) -> None:
        """A neon sign hanging at the front."""
        colour, wide, rim = rng.choice(SIGNS), self.wide * 0.22, self.wide * 0.03
        x, tall = self.x + self.wide * rng.uniform(0.1, 0.7), scene.unit * rng.uniform(0.03, 0.08)
        y = self.top + (self.foot - self.top) * rng.uniform(0.15, 0.5)
        pen.polygon(box(x, y, x + wide, y + tall), colour)
        pen.polygon(box(x + rim, y + rim, x + wide - rim, y + tall - rim), mix(colour, WHITE, 0.5))
