"""Brush strokes that follow the forms of a picture."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import Colour, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point, path
from abby_core.generation.providers.painter.brushes.washes import resized, scaled, shrunk
from abby_core.generation.providers.painter.styles.plates import details, simplified, unit_of

_STROKE = path("-1,0 -.6,1 .7,1 1,0 .7,-1 -.6,-1")
"""Along and across, as shares of half a stroke's length and width."""
_STROKES_MAX = 9000


def brushed(image: Image.Image, rng: random.Random) -> Image.Image:
    """The picture repainted in three layers of strokes, coarse ones first; details such as eyes stay."""
    unit = unit_of(image)
    canvas = Canvas(*image.size)
    canvas.image = simplified(image, 160)
    _layer(canvas, _Source(image, 8), rng, unit * 0.021)
    _layer(canvas, _Source(image, 4), rng, unit * 0.0105)
    _layer(canvas, _Source(image, 2), rng, unit * 0.0052, only_detail=True)
    canvas.fill(image, scaled(details(image, unit / 130), 0.85))
    return canvas.image


class _Source:
    """What a layer of strokes is painted after: a smaller copy, so that coarse strokes have mixed colours."""

    def __init__(self, image: Image.Image, shrink: int) -> None:
        self.width, self.height = (max(3, side) for side in shrunk(image.size, shrink))
        small = resized(image, (self.width, self.height), Image.Resampling.BOX)
        grey = small.convert("L")
        self._colours = small.tobytes()
        self._light = grey.filter(ImageFilter.GaussianBlur(1.2)).tobytes()
        self._detail = grey.filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(1.5)).tobytes()

    def index(self, x: float, y: float) -> int:
        """The inner pixel at shares of the width and height."""
        column, row = int(x * self.width), int(y * self.height)
        return min(self.height - 2, max(1, row)) * self.width + min(self.width - 2, max(1, column))

    def colour(self, index: int) -> Colour:
        return self._colours[3 * index], self._colours[3 * index + 1], self._colours[3 * index + 2]

    def detail(self, index: int) -> int:
        return self._detail[index]

    def direction(self, index: int) -> float | None:
        """Along the edge that runs through here, in radians; None where the picture is even."""
        light, wide = self._light, self.width
        dx, dy = light[index + 1] - light[index - 1], light[index + wide] - light[index - wide]
        return math.atan2(dx, -dy) if abs(dx) + abs(dy) > 6 else None


def _layer(canvas: Canvas, source: _Source, rng: random.Random, size: float, *, only_detail: bool = False) -> None:
    """Strokes about ``size`` pixels wide."""
    count = min(_STROKES_MAX, round(canvas.width * canvas.height / (size * size * 2.2)))
    with canvas.pen(fineness=1) as pen:
        for _ in range(count):
            x, y = rng.random(), rng.random()
            index = source.index(x, y)
            if only_detail and source.detail(index) < 18 + 23 * rng.random():
                continue
            angle = source.direction(index)
            if angle is None:
                angle = -0.35 + rng.gauss(0, 0.25)
            tint = shifted(source.colour(index), value=rng.uniform(0.94, 1.07), hue=rng.uniform(-0.008, 0.008))
            half = size * rng.uniform(1.1, 2.4), size * 0.42
            pen.polygon(_stroke((x * canvas.width, y * canvas.height), half, angle), tint)


def _stroke(middle: Point, half: Point, angle: float) -> list[Point]:
    cos, sin, (long, wide) = math.cos(angle), math.sin(angle), half
    return [
        (middle[0] + cos * along * long - sin * across * wide, middle[1] + sin * along * long + cos * across * wide)
        for along, across in _STROKE
    ]
