"""Rock: ranges with sunlit and shaded flanks, crags and snow."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour, mix, rgb, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import falling, moved, ramped, resized, scaled, threshold
from abby_core.generation.providers.painter.places.skylines import Land, below, jagged
from abby_core.generation.providers.painter.scene import Scene

ROCK = rgb("7c7688")
_SNOW = rgb("f6f8ff")
_DEPTH_STEPS = 40


def peaks(scene: Scene, rng: random.Random, base: float, tall: float, count: int) -> list[Point]:
    """A ridge of about ``count`` summits up to ``tall`` pixels over ``base``, with saddles between."""
    step = scene.width / max(2, round(count * scene.across))
    x = -step * rng.uniform(0.2, 0.9)
    anchors: list[Point] = [(x - step, base)]
    while x < scene.width + step:
        anchors.append((x, base - tall * rng.uniform(0.55, 1.0)))
        anchors.append((x + step * rng.uniform(0.4, 0.6), base - tall * rng.uniform(0.12, 0.4)))
        x += step * rng.uniform(0.8, 1.2)
    anchors.append((x + step, base))
    return jagged(rng, anchors, rough=0.22, smallest=scene.unit * 0.007)


def table_rock(scene: Scene, rng: random.Random, top: Point, *, half: float, foot: float) -> list[Point]:
    """The ridge of a rock with a level top, ``half`` pixels to each side of ``top``, falling to ``foot``."""
    (x, y), tall = top, foot - top[1]
    left = [(x - half - tall * 0.85, foot), (x - half - tall * 0.3, y + tall * 0.45), (x - half, y)]
    right = [(x + half, y), (x + half + tall * 0.25, y + tall * 0.38), (x + half + tall * 0.8, foot)]
    smallest = scene.unit * 0.008
    return [*jagged(rng, left, rough=0.22, smallest=smallest), *jagged(rng, right, rough=0.22, smallest=smallest)]


def paint_range(
    scene: Scene, rng: random.Random, ridge: list[Point], *, foot: float, distance: float, snow: float = 0.0,
    rock: Colour = ROCK,
) -> None:  # fmt: skip
    """A range of rock under its ridge, in mist at its ``foot``; ``snow`` is the share of its height that is white."""
    land = below(scene, ridge, foot)
    if land is None:
        return
    unit = scene.unit
    depth = _below_ridge(ridge, land)
    crags = fractal(rng, land.size, (unit * 0.16, unit * 0.22), octaves=6, gain=0.62, billow=True)
    form = Image.blend(crags, depth, 0.25)
    reach = max(1, round(unit * 0.006))
    towards, away = moved(form, reach * scene.side, 0), moved(form, -reach * scene.side, -reach)
    slope = scaled(ImageChops.subtract(towards, away, scale=0.34, offset=120), 0.55)
    slope = ImageChops.add(slope, _flanks(scene, rng, ridge, land), offset=-70)
    slope = slope.filter(ImageFilter.GaussianBlur(max(0.5, unit * 0.0008)))
    stone = ramped(slope, _tones(scene, rock, distance))
    if snow > 0:
        edge = round(155 * snow)
        bare = threshold(ImageChops.add(scaled(depth, 0.72), scaled(crags, 0.3)), edge - 16, edge + 16)
        stone = Image.composite(stone, ramped(slope, _tones(scene, _SNOW, distance * 0.85)), bare)
    mist = threshold(falling(land.size, lambda share: share), 90, 255)
    stone.paste(scene.light.haze, (0, 0), scaled(mist, 0.35 + 0.5 * distance))
    land.fill(scene, stone)


def _tones(scene: Scene, colour: Colour, distance: float) -> tuple[Colour, ...]:
    """From what is turned away to what faces the light."""
    lit, dim = scene.light.both(colour, distance)
    deep = scene.light.off(shifted(colour, value=0.72), distance)
    bright = scene.light.on(mix(colour, (255, 250, 240), 0.4), distance * 0.9)
    return deep, dim, lit, bright


def _flanks(scene: Scene, rng: random.Random, ridge: list[Point], land: Land) -> Image.Image:
    """Which flank each pixel lies on: bright where the rock falls towards the light.

    The flanks of the ridge are carried down the mountain in rows that wander sideways, so that the edge
    between light and shadow zigzags like a real spur.
    """
    total, unit, (wide, high) = Image.new("L", land.size, 128), scene.unit, land.size
    for step, wander in ((unit * 0.07, 0.008), (unit * 0.022, 0.005)):
        heights = [_height_at(ridge, x * step) for x in range(-2, math.ceil(wide / step) + 4)]
        tones = (round(128 + scene.side * 150 * (b - a) / step) for a, b in pairwise(heights))
        row = bytes(max(0, min(255, tone)) for tone in tones)
        flank = resized(
            Image.frombytes("L", (len(row), 1), row), (round(len(row) * step), 1), Image.Resampling.BILINEAR
        )
        band, shift, image = max(1, round(unit * 0.005)), 0.0, Image.new("L", land.size)
        for y in range(0, high, band):
            shift = (shift + rng.gauss(0, 1) * unit * wander) * 0.97
            image.paste(resized(flank, (flank.width, band)), (round(-2 * step + shift), y))
        total = Image.blend(total, image, 1.0 if wander > 0.006 else 0.45)
    return total


def _height_at(ridge: list[Point], x: float) -> float:
    index = bisect_right(ridge, (x, math.inf))
    if index in {0, len(ridge)}:
        return ridge[min(index, len(ridge) - 1)][1]
    a, b = ridge[index - 1], ridge[index]
    return a[1] + (b[1] - a[1]) * (x - a[0]) / max(1e-6, b[0] - a[0])


def _below_ridge(ridge: list[Point], land: Land) -> Image.Image:
    """How far below the ridge each pixel lies: 0 at the ridge, 255 from the range's own height down."""
    image, (_, high) = Image.new("L", land.size), land.size
    draw = ImageDraw.Draw(image)
    for step in range(_DEPTH_STEPS):
        drop = high * step / _DEPTH_STEPS - land.top
        lower = [(x, y + drop) for x, y in ridge]
        draw.polygon([*lower, (ridge[-1][0], high * 3), (ridge[0][0], high * 3)], fill=255 * (step + 1) // _DEPTH_STEPS)
    return image.filter(ImageFilter.GaussianBlur(high / _DEPTH_STEPS / 2))
