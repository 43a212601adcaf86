"""A figure: rounded, lit and furry shapes in the figure's own coordinates."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Box, Pen
from abby_core.generation.providers.painter.brushes.colour import Colour, Light, mix, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point, curve, limb, oval, path, tube
from abby_core.generation.providers.painter.brushes.washes import both, coloured, ramped, resized, soft_spot

_RELIEF_PIXELS = 96
"""Shading is worked out on a copy this large: it is soft, and costs the same for every size of figure."""

_HAIRS_MAX = 4000
"""On one body: more cannot be told apart."""
_SHEEN: Colour = (255, 250, 235)
_HAIR_TONES: tuple[Colour, ...] = ((255, 246, 230), (255, 246, 230), (48, 28, 30))

Field = Callable[[float, float], Point]
"""Which way hair lies at a point: a direction, in the figure's coordinates."""
Outline = str | Sequence[Point]
"""Points with straight lines between them; or, written as ``x,y x,y …``, a smooth closed line through them."""
Spine = str | Sequence[tuple[float, float, float]]
"""A middle line with a radius at each point, perhaps written as ``x,y,r x,y,r …``."""


class Figure:
    """Draws one subject. (0, 0) is the middle of its feet, 1 its height, y upwards is negative."""

    def __init__(
        self,
        pen: Pen,
        foot: Point,
        height: float,
        light: Light,
        rng: random.Random,
        *,
        mirrored: bool = False,
        lit_from: int = 1,
        turn: float = 0.0,
        stretch: float = 1.0,
    ) -> None:
        self.pen = pen
        self.foot = foot
        self.height = height
        self.light = light
        self.rng = rng
        self.flip = -1 if mirrored else 1
        self.lit_from = lit_from
        self.stretch = stretch
        self._cos, self._sin = math.cos(turn), math.sin(turn)

    def at(self, point: Point) -> Point:
        """The canvas pixel of a point of the figure."""
        x, y = self.flip * point[0], point[1] + 0.5
        x, y = x * self._cos - y * self._sin, x * self._sin + y * self._cos - 0.5
        return self.foot[0] + x * self.height, self.foot[1] + y * self.height * self.stretch

    def blob(
        self,
        outline: Outline,
        colour: Colour,
        *,
        relief: float = 1.0,
        fur: float = 0.0,
        field: Field | None = None,
        sheen: float = 0.25,
    ) -> None:
        """A rounded body, lit from above and the side.

        ``relief``: how round; negative for hollows. ``fur``: length of the hair, which lies along ``field``.
        ``sheen``: how bright it gets where it faces the light.
        """
        points = [self.pen.at(self.at(point)) for point in _points(outline)]
        left, top = (math.floor(min(p[axis] for p in points)) - 1 for axis in (0, 1))
        right, bottom = (math.ceil(max(p[axis] for p in points)) + 1 for axis in (0, 1))
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
        shade, small_mask = _relief(mask, relief, self.lit_from)
        lit, dim = self.light.on(colour), self.light.off(colour)
        stops = mix(dim, shifted(dim, value=0.55), 0.6), dim, lit, self.light.on(mix(colour, _SHEEN, sheen))
        paint = ramped(shade, stops)
        self.pen.part.paste(resized(paint, mask.size), (left, top), mask)
        if fur:
            self._hairs(paint, small_mask, (left, top, right, bottom), fur, field)

    def oval(
        self,
        centre: Point,
        radii: Point,
        colour: Colour,
        *,
        turn: float = 0.0,
        relief: float = 1.0,
        fur: float = 0.0,
        sheen: float = 0.25,
    ) -> None:
        """A rounded ellipse whose hair points away from its centre and down."""

        def outwards(x: float, y: float) -> Point:
            return x - centre[0], y - centre[1] + 0.5 * radii[1]

        outline = oval(centre, radii, turn=turn)
        self.blob(outline, colour, relief=relief, fur=fur, sheen=sheen, field=outwards)

    def tube(self, spine: Spine, colour: Colour, *, relief: float = 1.0, fur: float = 0.0, sheen: float = 0.25) -> None:
        """A limb, neck or tail."""
        self.blob(tube(limb(spine) if isinstance(spine, str) else spine), colour, relief=relief, fur=fur, sheen=sheen)

    def flat(self, outline: Outline, colour: Colour, alpha: int = 255, *, lit: bool = True) -> None:
        """A plain shape; glowing of itself if not ``lit``."""
        self.pen.polygon([self.at(p) for p in _points(outline)], self.light.on(colour) if lit else colour, alpha)

    def spot(self, centre: Point, radii: Point, colour: Colour, alpha: int = 255, *, lit: bool = True) -> None:
        """A plain ellipse."""
        size = radii[0] * self.height, radii[1] * self.height
        self.pen.ellipse(self.at(centre), size, self.light.on(colour) if lit else colour, alpha)

    def stroke(self, points: Outline, width: float, colour: Colour, alpha: int = 255, *, lit: bool = True) -> None:
        """A line of even width along a smooth curve through the points."""
        line = curve(path(points) if isinstance(points, str) else points, closed=False)
        tone = self.light.on(colour) if lit else colour
        self.pen.line([self.at(p) for p in line], width * self.height, tone, alpha)

    def blush(
        self, centre: Point, radii: Point, colour: Colour, strength: float, *, inside: Outline | None = None
    ) -> None:
        """A soft stain, kept ``inside`` an outline if one is given."""
        box = self._box(centre, radii)
        stain = resized(soft_spot(strength), (box[2] - box[0], box[3] - box[1]))
        if inside is not None:
            clip = Image.new("L", stain.size)
            points = (self.pen.at(self.at(p)) for p in _points(inside))
            ImageDraw.Draw(clip).polygon([(x - box[0], y - box[1]) for x, y in points], fill=255)
            stain = both(stain, clip)
        self.pen.part.paste(self.light.on(colour), box, stain)

    def shine(self, centre: Point, radius: float, colour: Colour, strength: float = 0.8) -> None:
        """Add light around a lamp, a flame or a window."""
        box = self._box(centre, (radius, radius))
        halo = resized(soft_spot(strength, 1.8), (box[2] - box[0], box[3] - box[1]))
        self.pen.part.paste(ImageChops.screen(self.pen.part.crop(box), coloured(halo, colour)), box)

    def _box(self, centre: Point, radii: Point) -> Box:
        """What an ellipse takes up of the enlarged part."""
        x, y = self.pen.at(self.at(centre))
        across, down = (radius * self.height * self.pen.fineness for radius in radii)
        return math.floor(x - across), math.floor(y - down), math.ceil(x + across) + 1, math.ceil(y + down) + 1

    def _local(self, pixel: Point) -> Point:
        """The figure's point under a canvas pixel: the way back from :meth:`at`."""
        x, y = (pixel[0] - self.foot[0]) / self.height, (pixel[1] - self.foot[1]) / self.height / self.stretch + 0.5
        return (x * self._cos + y * self._sin) * self.flip, y * self._cos - x * self._sin - 0.5

    def _hairs(self, paint: Image.Image, mask: Image.Image, box: Box, length: float, field: Field | None) -> None:
        """Short strokes in the colours below them, lower ones over upper ones; at the edge they fray the outline."""
        inside, colours = mask.tobytes(), paint.tobytes()
        width, height = mask.size
        thick = max(0.7, self.height * 0.0042)
        area = (box[2] - box[0]) * (box[3] - box[1]) / self.pen.fineness**2
        places: list[tuple[float, float, Colour]] = []
        for _ in range(min(_HAIRS_MAX, round(area / (thick * max(2.0, length * self.height)) * 2.2))):
            x, y = self.rng.random(), self.rng.random()
            index = int(y * height) * width + int(x * width)
            if inside[index] > 140:
                places.append((y, x, (colours[3 * index], colours[3 * index + 1], colours[3 * index + 2])))
        for y, x, colour in sorted(places):
            part = box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])
            root = self.pen.back(part)
            here = self._local(root)
            dx, dy = field(*here) if field else (here[0], 0.4)
            norm = math.hypot(dx, dy) or 1.0
            dx, dy = dx / norm + self.rng.uniform(-0.3, 0.3), dy / norm + self.rng.uniform(-0.3, 0.3)
            reach = length * self.rng.uniform(0.5, 1.1)
            tip = self.at((here[0] + dx * reach, here[1] + dy * reach))
            tone = mix(colour, self.rng.choice(_HAIR_TONES), self.rng.uniform(0.0, 0.17))
            self.pen.blade(root, tip, thick, tone, thick * 0.8)


def _points(outline: Outline) -> Sequence[Point]:
    return _smooth(outline) if isinstance(outline, str) else outline


@lru_cache(maxsize=512)
def _smooth(outline: str) -> tuple[Point, ...]:
    return tuple(curve(path(outline)))


def _relief(mask: Image.Image, strength: float, side: int) -> tuple[Image.Image, Image.Image]:
    """How the shape, taken as a cushion, is lit from above and ``side`` (1 right, -1 left).

    Grey, dark where turned away; and the mask at the same small size.
    """
    scale = _RELIEF_PIXELS / max(mask.size)
    size = max(4, round(mask.width * scale)), max(4, round(mask.height * scale))
    small = resized(mask, size, Image.Resampling.BOX)
    radius = 0.16 * min(size)
    margin = math.ceil(2.5 * radius) + 4
    field = Image.new("L", (size[0] + 2 * margin, size[1] + 2 * margin))
    field.paste(small, (margin, margin))
    field = field.filter(ImageFilter.GaussianBlur(radius))
    reach = max(1, round(radius * 0.8))
    lit = ImageChops.offset(field, -reach * side, reach)
    dim = ImageChops.offset(field, reach * side, -reach)
    shade = ImageChops.subtract(dim, lit, scale=1.5 / strength, offset=168)
    return shade.crop((margin, margin, margin + size[0], margin + size[1])), small
