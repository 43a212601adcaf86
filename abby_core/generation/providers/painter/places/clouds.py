"""Clouds: a high veil, and heaps of them."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour, along, mix, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import (
    Size,
    blurred,
    both,
    falling,
    moved,
    ramped,
    resized,
    scaled,
    shrunk,
    threshold,
)
from abby_core.generation.providers.painter.scene import Scene

_WET = frozenset(("storm", "rain"))


def paint_clouds(scene: Scene) -> None:
    _veil(scene)
    rng, unit = scene.rng("cumuli"), scene.unit
    heavy = bool(scene.brief.weather & {"clouds", "storm"})
    count = 8 if heavy else rng.randint(3, 5)
    for index in range(count):
        depth = 1 - index / count
        width = unit * (0.75 - 0.5 * depth) * rng.uniform(0.8, 1.2) * (1.35 if heavy else 1.0)
        x = scene.width * ((index * 0.618 + rng.uniform(0, 0.25)) % 1.0)
        y = scene.horizon * (0.2 + 0.62 * depth) + rng.uniform(-0.05, 0.05) * unit
        _cumulus(scene, rng, (x, y), width, depth)


def _veil(scene: Scene) -> None:
    """High thin cloud, drawn out sideways and denser towards the horizon."""
    size = scene.width, max(2, round(scene.horizon))
    wisps = fractal(scene.rng("veil"), shrunk(size, 2), (scene.unit * 0.4, scene.unit * 0.055), gain=0.58)
    heavy = scene.brief.weather & {"clouds", *_WET}
    mask = both(threshold(wisps, 90 if heavy else 128, 255), falling(wisps.size, lambda share: 0.27 + 0.6 * share))
    tint = mix(scene.light.disc, scene.light.sky[-1], 0.35)
    if scene.brief.weather & _WET:
        tint = shifted(scene.light.haze, value=0.8)
    strength = 0.4 if scene.light.dark else 0.75
    scene.canvas.fill(tint, resized(scaled(mask, strength), size))


def _cumulus(scene: Scene, rng: random.Random, base: Point, width: float, depth: float) -> None:
    """One heap of cloud standing on ``base``, the middle of its flat foot; ``depth`` 1 is at the horizon."""
    size = max(8, round(width * 0.8)), max(6, round(width * 0.42))
    high = size[1]
    heap = _heap(rng, size).filter(ImageFilter.GaussianBlur(high * 0.06))
    puffs = fractal(rng, size, (high * 0.3, high * 0.3), gain=0.55, billow=True)
    edge = threshold(ImageChops.add(heap, scaled(puffs, 0.55), offset=-70), 70, 150)
    alpha = ImageChops.darker(edge, threshold(blurred(heap, high * 0.05), 12, 90))
    fine = puffs.filter(ImageFilter.GaussianBlur(high * 0.012))
    form = ImageChops.add(scaled(blurred(heap, high * 0.09), 0.7), scaled(fine, 0.3))
    reach = max(1, round(high * 0.05))
    towards = -reach if scene.lamp[0] > base[0] else reach
    slope = ImageChops.subtract(form, moved(form, towards, reach), scale=0.55, offset=150)
    shade = ImageChops.add(slope, falling(size, lambda share: 0.65 - 0.45 * share), offset=-128)
    paint = ramped(shade, _tones(scene, base[1], depth))
    target = max(1, round(width)), max(1, round(width * high / size[0]))
    scene.canvas.fill(
        resized(paint, target),
        resized(scaled(alpha, 0.95 - 0.25 * depth), target),
        (round(base[0] - target[0] / 2), round(base[1] - target[1])),
    )


def _heap(rng: random.Random, size: Size) -> Image.Image:
    """Discs piled up, highest in the middle, on a flat foot."""
    wide, high = size
    heap = Image.new("L", size)
    draw = ImageDraw.Draw(heap)
    for _ in range(16):
        place = min(0.8, max(0.2, rng.gauss(0.5, 0.17)))
        tall = math.exp(-(((place - 0.5) / 0.22) ** 2))
        radius = high * rng.uniform(0.1, 0.2) * (0.45 + 0.7 * tall)
        x, y = wide * place, high * (0.78 - rng.random() * 0.42 * tall)
        draw.ellipse((x - radius * 1.3, y - radius, x + radius * 1.3, y + radius), fill=255)
    draw.rectangle((0, high * 0.86, wide, high), fill=0)
    return heap


def _tones(scene: Scene, y: float, depth: float) -> tuple[Colour, ...]:
    """From the shadow under the cloud to its sunlit head."""
    light, far = scene.light, 0.15 + 0.45 * depth
    around = along(light.sky, y / max(1.0, scene.horizon))
    shade = mix(mix(light.off((250, 246, 255)), around, 0.5), light.haze, far * 0.5)
    sunny = mix(light.on((255, 254, 250)), light.haze, far * 0.35)
    if scene.brief.weather & _WET:
        shade, sunny = shifted(shade, value=0.6), shifted(mix(sunny, light.haze, 0.5), value=0.85)
    return shade, mix(shade, sunny, 0.35), mix(shade, sunny, 0.9), sunny
