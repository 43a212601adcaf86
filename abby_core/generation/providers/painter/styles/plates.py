"""What several styles are printed from: flattened colours, ink lines, grades, facets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point, path
from abby_core.generation.providers.painter.brushes.washes import (
    Size,
    blurred,
    looked_up,
    mapped,
    moved,
    ramped,
    resized,
    scaled,
    shrunk,
    soft_spot,
)


def unit_of(image: Image.Image) -> float:
    """The shorter side in pixels: what sizes are shares of."""
    return min(image.size)


def reduced(image: Image.Image, side: int) -> Image.Image:
    """A copy whose longer side has about ``side`` pixels, or the picture itself if it is smaller."""
    shrink = max(1.0, max(image.size) / side)
    size = max(3, round(image.width / shrink)), max(3, round(image.height / shrink))
    return resized(image, size, Image.Resampling.BOX)


def simplified(image: Image.Image, detail: int) -> Image.Image:
    """The picture without texture: about ``detail`` pixels of it survive on the longer side."""
    return resized(reduced(image, detail).filter(ImageFilter.MedianFilter(3)), image.size)


def posterised(image: Image.Image, levels: int) -> Image.Image:
    """Each channel in ``levels`` steps."""
    step = 255 / (levels - 1)
    return mapped(image, lambda level: round(level / step) * step)


def ink(image: Image.Image, weight: float, *, dark: int = 40, bold: float = 1.0) -> Image.Image:
    """A mask of ink lines ``weight`` pixels wide where any colour changes (difference of two blurs).

    ``dark``: what is darker than this is filled with ink. ``bold`` above 1 also draws fainter changes.
    """
    fine, wide = image.filter(ImageFilter.GaussianBlur(weight)), image.filter(ImageFilter.GaussianBlur(weight * 1.7))
    red, green, blue = ImageChops.subtract(wide, fine, scale=0.08 / bold).split()
    lines = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    shadows = mapped(fine.convert("L"), lambda level: 255 if level < dark else 0)
    return ImageChops.lighter(mapped(lines, lambda level: (level - 42) * 2), shadows)


def details(image: Image.Image, reach: float) -> Image.Image:
    """A mask of the places worth keeping sharp: strong edges such as eyes, spread by ``reach`` pixels."""
    shrink = max(1, round(unit_of(image) / 340))
    grey = resized(image.convert("L"), shrunk(image.size, shrink), Image.Resampling.BOX)
    edges = ImageChops.difference(grey.filter(ImageFilter.GaussianBlur(1)), grey.filter(ImageFilter.GaussianBlur(4)))
    edges = edges.filter(ImageFilter.GaussianBlur(max(1.0, reach / shrink)))
    strong = mapped(edges, lambda level: (level - 16) * 9)
    return resized(strong, image.size)


def graded(image: Image.Image, *curves: str) -> Image.Image:
    """The picture through a curve for red, green and blue each, written as ``in,out in,out …`` with 0..1."""
    return looked_up(image, [level for points in curves for level in _table(path(points))])


def duotone(image: Image.Image, stops: Sequence[Colour]) -> Image.Image:
    """The picture's lightness as a ramp of colours."""
    return ramped(image.convert("L"), stops)


def vignette(image: Image.Image, colour: Colour, strength: float) -> Image.Image:
    """Corners fading into a colour."""
    edge = resized(soft_spot(1.0, 0.6), image.size, box=(34, 34, 222, 222))
    mask = scaled(ImageChops.invert(scaled(edge, 1.35)), strength)
    return Image.composite(Image.new("RGB", image.size, colour), image, mask)


def bloom(image: Image.Image, radius: float, strength: float) -> Image.Image:
    """Light spilling over."""
    return ImageChops.screen(image, scaled(blurred(image, radius), strength))


def paper(rng: random.Random, size: Size, tint: Colour, depth: int = 14) -> Image.Image:
    """A sheet of paper: ``tint`` with a faint grain of fibres."""
    grain = resized(fractal(rng, shrunk(size, 2), (7, 7), octaves=3, gain=0.8), size, Image.Resampling.BILINEAR)
    coarse = mapped(grain, lambda level: 255 - depth + round(depth * (level // 32) / 8))
    return ImageChops.multiply(Image.new("RGB", size, tint), coarse.convert("RGB"))


def relief(height: Image.Image, reach: int, strength: float) -> Image.Image:
    """A grey picture of a surface lit from the upper left; 128 where it is level."""
    lit, dim = moved(height, reach, reach), moved(height, -reach, -reach)
    return ImageChops.subtract(dim, lit, scale=1 / strength, offset=128)


def lit_by(image: Image.Image, light: Image.Image) -> Image.Image:
    """The picture under a relief: darker below 128, brighter above."""
    shade = scaled(light, 2)
    shine = mapped(light, lambda level: (level - 128) * 2)
    return ImageChops.screen(ImageChops.multiply(image, shade.convert("RGB")), shine.convert("RGB"))


def _table(points: Sequence[Point]) -> list[int]:
    table: list[int] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        shares = ((level / 255 - x0) / (x1 - x0) for level in range(len(table), round(255 * x1) + 1))
        table.extend(round(255 * min(1.0, max(0.0, y0 + (y1 - y0) * share))) for share in shares)
    return table
