"""Hills and the plain before them."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour, Tones, mix, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.washes import Size, mapped, moved, resized, scaled, vertical
from abby_core.generation.providers.painter.places.skylines import Profile, below, line_of, rolling
from abby_core.generation.providers.painter.places.trees import round_tree
from abby_core.generation.providers.painter.scene import Scene


def paint_hills(scene: Scene, greens: tuple[Colour, Colour]) -> None:
    """Three rows of hills that fade with distance, with groves on them."""
    rng, unit = scene.rng("hills"), scene.unit
    for row in range(3):
        distance, base = 0.66 - 0.24 * row, scene.horizon - unit * (0.13 - 0.05 * row)
        profile = rolling(rng, base, unit * (0.05 - 0.008 * row), unit * (0.9 - 0.1 * row))
        green = mix(greens[0], greens[1], rng.random())
        paint_hill(scene, profile, green, distance)
        if scene.brief.wants("trees"):
            leaves = scene.light.both(shifted(green, value=0.72, saturation=1.25), distance)
            _groves(scene, rng, profile, leaves, unit * (0.012 + 0.011 * row))


def paint_hill(scene: Scene, profile: Profile, colour: Colour, distance: float) -> None:
    """One hill, bright along its crest and misty at its foot."""
    line, light = line_of(scene, profile), scene.light
    land = below(scene, line, max(y for _, y in line) + scene.unit * 0.2)
    if land is None:
        return
    lit, dim = light.both(colour, distance)
    crest, foot = light.on(shifted(colour, value=1.12), distance * 0.9), light.on(colour, min(1.0, distance + 0.22))
    paint = vertical(land.size, (crest, lit, mix(dim, lit, 0.6), foot))
    lower = moved(land.mask, 0, max(1, round(scene.unit * 0.012)))
    rim = ImageChops.subtract(land.mask, lower).filter(ImageFilter.GaussianBlur(scene.unit * 0.006))
    paint.paste(light.on(shifted(colour, value=1.35), distance * 0.8), (0, 0), scaled(rim, 0.6))
    land.fill(scene, paint)


def _groves(scene: Scene, rng: random.Random, profile: Profile, leaves: Tones, size: float) -> None:
    box = 0, scene.horizon - scene.unit * 0.3, scene.width, scene.horizon + scene.unit * 0.1
    with scene.canvas.pen(box) as pen:
        for _ in range(rng.randint(5, 8)):
            middle = rng.uniform(0, scene.width)
            for _ in range(rng.randint(2, 9)):
                x = middle + rng.gauss(0, size * 3.2)
                foot = x, profile(x) + size * rng.uniform(0, 1.5)
                round_tree(pen, rng, foot, size * rng.uniform(0.7, 1.3), leaves)


def paint_ground(scene: Scene, stops: tuple[Colour, ...]) -> None:
    """The plain from the horizon to the lower edge, in patches that widen towards us."""
    rng = scene.rng("ground")
    profile = rolling(rng, scene.horizon, scene.unit * 0.012, scene.unit * 1.1)
    land = below(scene, line_of(scene, profile))
    if land is None:
        return
    far = [(1 - index / max(1, len(stops) - 1)) ** 2 for index in range(len(stops))]
    lit = [scene.light.on(colour, 0.4 * distance) for colour, distance in zip(stops, far, strict=True)]
    dim = [scene.light.off(colour, 0.3 * distance) for colour, distance in zip(stops, far, strict=True)]
    patches = mapped(_lying(rng, land.size, scene.unit), lambda level: 110 + level * 0.62)
    land.fill(scene, Image.composite(vertical(land.size, lit), vertical(land.size, dim), patches))


def _lying(rng: random.Random, size: Size, unit: float) -> Image.Image:
    """Noise seen lying on the ground: rows near the top are squeezed."""
    wide, high = size
    flat = fractal(rng, size, (unit * 0.34, unit * 0.2), gain=0.55)
    result, bands = Image.new("L", size), 24
    for band in range(bands):
        top, bottom = (round(high * (edge / bands) ** 1.6) for edge in (band, band + 1))
        if bottom > top:
            rows = 0, high * band / bands, wide, high * (band + 1) / bands
            result.paste(resized(flat, (wide, bottom - top), Image.Resampling.BILINEAR, box=rows), (0, top))
    return result
