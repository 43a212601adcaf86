"""Styles put together from pieces: low poly, origami, isometric, tile texture."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Canvas, Pen
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point, box
from abby_core.generation.providers.painter.brushes.washes import resized
from abby_core.generation.providers.painter.styles.plates import details, paper, simplified, unit_of

_SPLIT_LEVELS = 3
"""How often a piece is divided where there is detail."""


class _Swatches:
    """Colours of small areas of a picture, ``step`` pixels wide."""

    def __init__(self, image: Image.Image, step: float) -> None:
        self.width, self.height = max(2, round(image.width / step)), max(2, round(image.height / step))
        self.scale = image.width / self.width, image.height / self.height
        self._colours = resized(image, (self.width, self.height), Image.Resampling.BOX).convert("RGB").tobytes()

    def at(self, x: float, y: float) -> Colour:
        """The colour around a pixel of the picture."""
        column = min(self.width - 1, max(0, int(x / self.scale[0])))
        row = min(self.height - 1, max(0, int(y / self.scale[1])))
        index = 3 * (row * self.width + column)
        return self._colours[index], self._colours[index + 1], self._colours[index + 2]


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """Lays pieces with one pen after one picture."""

    pen: Pen
    rng: random.Random
    swatches: _Swatches
    fine: _Swatches
    """Bright where there is detail."""

    def triangle(self, corners: tuple[Point, Point, Point], level: int = 0) -> None:
        """One triangle, or four smaller ones where there is detail."""
        a, b, c = corners
        x, y = (a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3
        if level < _SPLIT_LEVELS and self.fine.at(x, y)[0] > (20, 90, 170)[level]:
            ab, bc, ca = _middle(a, b), _middle(b, c), _middle(c, a)
            for part in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)):
                self.triangle(part, level + 1)
            return
        tilt = (a[0] - x) * 0.5 - (a[1] - y)
        light = 1 + 0.06 * math.tanh(tilt / 20) + self.rng.uniform(-0.03, 0.03)
        self.pen.polygon(corners, shifted(self.swatches.at(x, y), value=light))

    def square(self, corner: Point, step: float, turned: int, level: int = 0) -> None:
        """One square of folded paper in four facets, or four smaller squares where there is detail."""
        (left, top), half = corner, step / 2
        x, y, right, bottom = left + half, top + half, left + step, top + step
        near = max(self.fine.at(x + dx * half, y + dy * half)[0] for dx in (-0.6, 0, 0.6) for dy in (-0.6, 0, 0.6))
        if level < _SPLIT_LEVELS and near > (12, 80, 170)[level]:
            for index, part in enumerate(((left, top), (x, top), (left, y), (x, y))):
                self.square(part, half, (turned + index) % 2, level + 1)
            return
        fold = self.rng.uniform(0.6, 1.15) * (1.0 if level < 2 else 0.55)
        corners = box(left, top, right, bottom)
        for index, (a, b) in enumerate(zip(corners, [*corners[1:], corners[0]], strict=True)):
            tone = 1 + (0.15, -0.14, 0.04, -0.06)[(index + turned) % 4] * fold
            colour = self.swatches.at((a[0] + b[0] + x) / 3, (a[1] + b[1] + y) / 3)
            self.pen.polygon((a, b, (x, y)), shifted(colour, value=tone, saturation=2 - tone))
        middle, hair = self.swatches.at(x, y), max(0.7, step * 0.02)
        for end in corners:
            self.pen.line(((x, y), end), hair * 0.7, mix(middle, WHITE, 0.5), 110)
        self.pen.line(((left, top), (right, top)), hair, mix(middle, (20, 16, 30), 0.5), 90)
        self.pen.line(((left, top), (left, bottom)), hair, mix(middle, WHITE, 0.6), 130)


def _middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def low_poly(image: Image.Image, rng: random.Random) -> Image.Image:
    """Triangles; corners gather where the picture has edges, and small ones where it has detail."""
    unit = unit_of(image)
    step = max(8.0, unit / 36)
    image = ImageEnhance.Color(image).enhance(1.25)
    corners = _corners(image, rng, step)
    canvas, fine = Canvas(*image.size), _Swatches(details(image, unit / 90), step / 5)
    with canvas.pen() as pen:
        folder = _Folder(pen=pen, rng=rng, swatches=_Swatches(image, step / 6), fine=fine)
        for row, (upper, lower) in enumerate(pairwise(corners)):
            for (a, b), (c, d) in zip(pairwise(upper), pairwise(lower), strict=True):
                for triangle in ((a, b, c), (b, d, c)) if row % 2 == 0 else ((a, b, d), (a, d, c)):
                    folder.triangle(triangle)
    return canvas.image


def _corners(image: Image.Image, rng: random.Random, step: float) -> list[list[Point]]:
    """Rows of points about ``step`` pixels apart, each moved to the strongest edge near it."""
    edges = simplified(image, 360).convert("L").filter(ImageFilter.FIND_EDGES)
    strength = _Swatches(edges.filter(ImageFilter.GaussianBlur(unit_of(image) / 300)), step / 6)
    rows: list[list[Point]] = []
    for row in range(math.ceil(image.height / step) + 2):
        line: list[Point] = []
        for column in range(math.ceil(image.width / step) + 2):
            x, y = (column - 0.5 + 0.5 * (row % 2)) * step, (row - 0.5) * step
            tries = [(x + rng.uniform(-0.45, 0.45) * step, y + rng.uniform(-0.45, 0.45) * step) for _ in range(6)]
            line.append(max(tries, key=lambda point: strength.at(*point)[0]))
        rows.append(line)
    return rows


def origami(image: Image.Image, rng: random.Random) -> Image.Image:
    """Folded from coloured paper: a lattice of creases, finer where there is detail."""
    unit = unit_of(image)
    step = max(12.0, unit / 17)
    image = ImageEnhance.Color(simplified(image, 400)).enhance(1.3)
    canvas, fine = Canvas(*image.size), _Swatches(details(image, unit / 90), step / 6)
    with canvas.pen() as pen:
        folder = _Folder(pen=pen, rng=rng, swatches=_Swatches(image, step / 8), fine=fine)
        for row in range(math.ceil(image.height / step)):
            for column in range(math.ceil(image.width / step)):
                folder.square((column * step, row * step), step, (row + column) % 2)
    return ImageChops.multiply(canvas.image, paper(rng, image.size, rgb("fffcf4"), 16))


def isometric(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Built from little cubes; bright ones stand a little higher."""
    half = max(3.0, unit_of(image) / 108)
    swatches = _Swatches(ImageEnhance.Color(image).enhance(1.3), half * 0.8)
    canvas, wide = Canvas(*image.size), half * 0.866
    canvas.image = simplified(image, 120)
    with canvas.pen() as pen:
        for row in range(-2, math.ceil(image.height / (half * 1.5)) + 3):
            for column in range(math.ceil(image.width / (wide * 2)) + 2):
                x, y = (2 * column - (0 if row % 2 else 1)) * wide, row * half * 1.5
                _cube(pen, (x, y), half, swatches.at(x, y))
    return canvas.image


def _cube(pen: Pen, middle: Point, half: float, colour: Colour) -> None:
    """A cube seen from above its nearest edge; ``half``: the length of its edges in pixels."""
    x, y = middle[0], middle[1] - half * 0.5 * (sum(colour) / 765 - 0.5)
    left, right, up, down = x - half * 0.866, x + half * 0.866, y - half * 0.5, y + half * 0.5
    pen.polygon([(x, y - half), (right, up), (x, y), (left, up)], shifted(colour, value=1.14, saturation=0.92))
    pen.polygon([(left, up), (x, y), (x, y + half), (left, down)], shifted(colour, value=0.94))
    pen.polygon([(right, up), (x, y), (x, y + half), (right, down)], shifted(colour, value=0.72, saturation=1.1))


def mosaic(image: Image.Image, rng: random.Random) -> Image.Image:
    """Little glazed stones set in mortar."""
    step = max(5.0, unit_of(image) / 84)
    swatches = _Swatches(ImageEnhance.Color(image).enhance(1.35), step)
    canvas, (wide, high) = Canvas(*image.size), swatches.scale
    canvas.image = Image.new("RGB", image.size, rgb("d8d0c4"))
    gap, bevel = step * 0.06, step * 0.13
    with canvas.pen() as pen:
        for row in range(swatches.height):
            for column in range(swatches.width):
                left, top = column * wide + gap, row * high + gap
                right, bottom = left + wide - 2 * gap, top + high - 2 * gap
                colour = swatches.at(left + wide / 2, top + high / 2)
                colour = shifted(colour, value=rng.uniform(0.92, 1.08), hue=rng.uniform(-0.008, 0.008))
                pen.polygon(box(left, top, right, bottom), shifted(colour, value=0.76))
                pen.polygon(box(left, top, right - bevel, bottom - bevel), mix(colour, WHITE, 0.28))
                pen.polygon(box(left + bevel, top + bevel, right - bevel, bottom - bevel), colour)
    return canvas.image


def seamless(image: Image.Image, rng: random.Random) -> Image.Image:
    """A mosaic that can be laid edge to edge: the picture and its three mirror images."""
    width, height = image.size
    right, low = width // 2, height // 2
    quarter = resized(image, (width - right, height - low), Image.Resampling.LANCZOS)
    flipped = quarter.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    tile = Image.new("RGB", image.size)
    tile.paste(quarter, (0, 0))
    tile.paste(flipped, (right, 0))
    tile.paste(quarter.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, low))
    tile.paste(flipped.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (right, low))
    return mosaic(tile, rng)
