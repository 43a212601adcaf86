"""Trees: round ones far away, and pines."""

from __future__ import annotations

import math
import random

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import Colour, Tones, mix, rgb, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.scene import Scene

PINE = rgb("3f6b52")
_SNOW = rgb("f4f7ff")


def round_tree(pen: Pen, rng: random.Random, foot: Point, size: float, leaves: Tones) -> None:
    """A round crown on a short trunk."""
    (x, y), (lit, dim) = foot, leaves
    pen.line([(x, y), (x, y - size)], max(0.6, size * 0.12), mix(dim, (50, 36, 30), 0.5))
    clumps = sorted((rng.uniform(-1.75, -0.7), rng.gauss(0, 0.3)) for _ in range(26 if size > 8 else 9))
    for down, sideways in clumps:
        limit = 0.62 * math.sqrt(max(0.0, 1 - ((down + 1.2) / 0.62) ** 2))
        across = max(-limit, min(limit, sideways * 1.3))
        share = 0.5 + 0.5 * (across * 0.8 - (down + 1.2)) / 1.1 + rng.uniform(-0.2, 0.2)
        pen.ellipse((x + across * size, y + down * size), (size * 0.25, size * 0.22), mix(dim, lit, share))


def needles(scene: Scene, rng: random.Random, distance: float) -> Tones:
    """The colours of one pine at a distance: every tree a little different, brown in autumn."""
    green = rgb("9a6a3a") if "autumn" in scene.brief.weather else PINE
    tone = shifted(green, hue=rng.uniform(-0.03, 0.03), value=rng.uniform(0.85, 1.15))
    return scene.light.on(tone, distance), scene.light.off(shifted(tone, value=0.8), distance)


def snow_on(scene: Scene, distance: float) -> Colour | None:
    """The colour of snow on branches, if there is any."""
    return scene.light.on(_SNOW, distance) if "snow" in scene.brief.weather else None


def pine(
    pen: Pen, rng: random.Random, foot: Point, size: float, tones: Tones, *, snow: Colour | None, side: int
) -> None:
    """A pine ``size`` pixels tall, in tiers of hanging branches lit from one side."""
    (x, y), (lit, dim) = foot, tones
    pen.line([(x, y), (x, y - size * 0.9)], max(0.6, size * 0.035), mix(dim, (40, 28, 26), 0.5))
    tiers, wide = max(4, min(9, round(size / 12))), rng.uniform(0.2, 0.27)
    drop = size * 0.9 / tiers
    for tier in range(tiers):
        share = tier / tiers
        level = y - size * (0.05 + 0.9 * share)
        half = size * wide * (1 - share) ** 0.85 + size * 0.012
        _branches(pen, rng, (x, level), (half, drop), dim)
        sunny = x + side * half * 0.2, level - drop * 0.1
        _branches(pen, rng, sunny, (half * 0.78, drop * 0.7), mix(dim, lit, 0.35 + 0.65 * rng.random()))
        if snow is not None:
            heavy = x + side * half * 0.1, level - drop * 0.22
            _branches(pen, rng, heavy, (half * 0.84, drop * 0.5), mix(snow, dim, rng.uniform(0, 0.18)))
    if snow is not None:
        pen.ellipse(foot, (size * 0.05, size * 0.018), snow)


def _branches(pen: Pen, rng: random.Random, middle: Point, size: Point, colour: Colour) -> None:
    """One tier: a tent with a ragged hem; ``size``: half its width, and its height."""
    (x, level), (half, drop) = middle, size
    hem: list[Point] = []
    for tooth in range(11):
        share = tooth / 5 - 1
        sag = drop * 0.35 * abs(share) + (0 if tooth % 2 else drop * rng.uniform(0.12, 0.32))
        hem.append((x + share * half * rng.uniform(0.9, 1.08), level + sag))
    pen.polygon([(x, level - drop * 1.1), *reversed(hem)], colour)
