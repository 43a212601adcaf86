"""Worlds in bands and storms, with or without rings."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import mapped, ramped, resized
from abby_core.generation.providers.painter.scene import Scene

_WORLDS = (
    "e8b878 d08a5a f4dcb0 a8603f",
    "7ab8e8 4a7fd0 d8f0ff 2f5aa8",
    "e88a8a c05a8a ffd0c0 803f6f",
    "9ae0b8 4fa890 e0ffe8 2f6f78",
    "c8a8f0 8a6fd8 f0e0ff 5a3fa0",
)
_RING_STEPS = 34
_FLATNESS = 0.26
"""How narrow a ring looks, seen almost from its side."""


def paint_planet(
    scene: Scene, rng: random.Random, centre: Point, radius: float, *, ringed: bool, colour: Colour | None = None
) -> None:
    """A world lit from the lamp's side, in the given colour or one of its own."""
    tones = rgbs(rng.choice(_WORLDS))
    if colour is not None:
        tones = (colour, shifted(colour, value=0.7), mix(colour, WHITE, 0.5), shifted(colour, hue=0.04, value=0.5))
    tilt = rng.uniform(-0.45, 0.45)
    wide = max(8, round(radius * 2))
    skin = _skin(rng, wide, tones).rotate(math.degrees(tilt), Image.Resampling.BICUBIC, fillcolor=tones[0])
    # The lit side: a soft spot larger than the planet, moved towards the light.
    spot = mapped(Image.radial_gradient("L"), lambda level: 300 - level * 1.75)
    left = 42 - scene.side * 34
    lit = resized(spot, (wide, wide), box=(left, 60, left + 172, 232))
    world = Image.composite(skin, Image.new("RGB", skin.size, rgb("070818")), lit)
    disc = Image.new("L", (wide * 2, wide * 2))
    ImageDraw.Draw(disc).ellipse((2, 2, wide * 2 - 3, wide * 2 - 3), fill=255)
    scene.canvas.glow(centre, radius * 1.35, mix(tones[2], rgb("a0c8ff"), 0.4), 0.45, power=1.4)
    if ringed:
        _rings(scene, (centre, radius, tilt), tones, start=math.pi)
    scene.canvas.fill(world, disc.reduce(2), (round(centre[0] - radius), round(centre[1] - radius)))
    if ringed:
        _rings(scene, (centre, radius, tilt), tones, start=0.0)


def _skin(rng: random.Random, wide: int, tones: tuple[Colour, ...]) -> Image.Image:
    bands = fractal(rng, (wide, wide), (wide * 0.9, wide * 0.09), octaves=4, gain=0.55)
    storms = fractal(rng, (wide, wide), (wide * 0.3, wide * 0.2))
    mixed = Image.blend(bands, storms, rng.choice((0.2, 0.25, 0.75)))
    return ramped(mixed, (tones[3], tones[1], tones[0], tones[2]))


def _rings(scene: Scene, orbit: tuple[Point, float, float], tones: tuple[Colour, ...], *, start: float) -> None:
    """Half of the rings, from the angle ``start`` on: the far half before the planet is painted, the near one after.

    ``orbit``: centre, radius and tilt of the planet.
    """
    (x, y), radius, tilt = orbit
    rng, cos, sin = scene.rng("rings"), math.cos(tilt), math.sin(tilt)
    angles = [start + math.pi * step / 32 for step in range(33)]
    with scene.canvas.pen((x - radius * 2.5, y - radius * 2, x + radius * 2.5, y + radius * 2)) as pen:
        for step in range(_RING_STEPS):
            share = step / _RING_STEPS
            tone = mix(tones[2], tones[rng.randrange(4)], rng.uniform(0.1, 0.6))
            alpha = round((150 + rng.uniform(-60, 70)) * (1 - 0.35 * share))
            if 0.52 < share < 0.6:
                continue  # the gap that Saturn's rings have
            reach = radius * (1.3 + 0.95 * share)
            flat = ((reach * math.cos(angle), reach * _FLATNESS * math.sin(angle)) for angle in angles)
            arc = [(x + px * cos + py * sin, y - px * sin + py * cos) for px, py in flat]
            pen.line(arc, radius / _RING_STEPS, tone, alpha)
