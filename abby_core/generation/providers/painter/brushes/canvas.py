"""The canvas: fills, glows and smooth-edged pens over one RGB picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from PIL import Image, ImageChops, ImageDraw

from abby_core.generation.providers.painter.brushes.colour import Colour
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import coloured, resized, soft_spot

Box = tuple[int, int, int, int]


class Canvas:
    """An RGB picture being painted. Coordinates are pixels, y downwards."""

    def __init__(self, width: int, height: int, *, check: Callable[[], None] = lambda: None) -> None:
        self.image = Image.new("RGB", (width, height))
        self.check = check
        """Called before every larger piece of work; may raise to end it all."""

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    def fill(self, paint: Image.Image | Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Lay ``paint`` over the picture where ``mask`` (grey) is bright."""
        self.check()
        box = (at[0], at[1], at[0] + mask.width, at[1] + mask.height)
        self.image.paste(paint, box, mask)

    def silhouette(self, points: Sequence[Point]) -> Image.Image:
        """A mask of the whole canvas with a smooth-edged polygon."""
        self.check()
        mask = Image.new("L", (self.width * 2, self.height * 2))
        ImageDraw.Draw(mask).polygon([(x * 2, y * 2) for x, y in points], fill=255)
        return mask.reduce(2)

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float = 1.0, *, power: float = 2.0) -> None:
        """Add light that fades with distance; ``power`` above 1 gathers it at the centre."""
        spot = self._spot(soft_spot(strength, power), centre, (radius, radius))
        if spot is not None:
            halo, box = spot
            self.image.paste(ImageChops.screen(self.image.crop(box), coloured(halo, colour)), box)

    def shade(self, centre: Point, radii: Point, colour: Colour, strength: float) -> None:
        """A soft elliptical stain: cast shadows, blush on cheeks."""
        spot = self._spot(soft_spot(strength), centre, radii)
        if spot is not None:
            stain, box = spot
            self.image.paste(colour, box, stain)

    @contextmanager
    def pen(self, box: tuple[float, float, float, float] | None = None, *, fineness: int = 2) -> Generator[Pen]:
        """Draw smooth-edged inside ``box``.

        The part is enlarged without smoothing and averaged back afterwards, so untouched pixels
        come back exactly as they were.
        """
        self.check()
        clipped = self._clip(box or (0, 0, self.width, self.height)) or (0, 0, 1, 1)
        part = self.image.crop(clipped)
        part = resized(part, (part.width * fineness, part.height * fineness), Image.Resampling.NEAREST)
        yield Pen(part, fineness, (clipped[0], clipped[1]))
        self.image.paste(part.reduce(fineness), clipped)

    def _spot(self, spot: Image.Image, centre: Point, radii: Point) -> tuple[Image.Image, Box] | None:
        """The part of a soft spot that falls into the picture, and where; None if it lies outside."""
        left, top = centre[0] - radii[0], centre[1] - radii[1]
        box = self._clip((left, top, centre[0] + radii[0], centre[1] + radii[1]))
        if box is None:
            return None
        across, down = 128 / radii[0], 128 / radii[1]
        from_left, from_top = (
            min(254.0, max(0.0, (box[0] - left) * across)),
            min(254.0, max(0.0, (box[1] - top) * down)),
        )
        to_right = max(from_left + 1, min(256.0, (box[2] - left) * across))
        to_bottom = max(from_top + 1, min(256.0, (box[3] - top) * down))
        size = box[2] - box[0], box[3] - box[1]
        return resized(spot, size, box=(from_left, from_top, to_right, to_bottom)), box

    def _clip(self, box: tuple[float, float, float, float]) -> Box | None:
        left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
        right, bottom = min(self.width, math.ceil(box[2])), min(self.height, math.ceil(box[3]))
        return (left, top, right, bottom) if right > left and bottom > top else None


class Pen:
    """Draws on an enlarged part of a canvas, in the canvas's own coordinates."""

    def __init__(self, part: Image.Image, fineness: float, origin: tuple[int, int]) -> None:
        self.part = part
        self.fineness = fineness
        self.origin = origin
        self._draw = ImageDraw.Draw(part, "RGBA")

    def at(self, point: Point) -> Point:
        """The point in the enlarged part's pixels."""
        return (point[0] - self.origin[0]) * self.fineness, (point[1] - self.origin[1]) * self.fineness

    def back(self, pixel: Point) -> Point:
        """The canvas point of a pixel of the enlarged part."""
        return pixel[0] / self.fineness + self.origin[0], pixel[1] / self.fineness + self.origin[1]

    def polygon(self, points: Sequence[Point], colour: Colour, alpha: int = 255) -> None:
        if len(points) > 2:
            self._draw.polygon([self.at(point) for point in points], fill=(*colour, alpha))

    def ellipse(self, centre: Point, radii: Point, colour: Colour, alpha: int = 255) -> None:
        x, y = self.at(centre)
        rx, ry = radii[0] * self.fineness, radii[1] * self.fineness
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=(*colour, alpha))

    def line(self, points: Sequence[Point], width: float, colour: Colour, alpha: int = 255) -> None:
        self._draw.line(
            [self.at(point) for point in points],
            fill=(*colour, alpha),
            width=max(1, round(width * self.fineness)),
            joint="curve",
        )

    def blade(self, root: Point, tip: Point, width: float, colour: Colour, bend: float = 0.0) -> None:
        """A tapering leaf or hair from ``root`` to ``tip``; ``bend`` (pixels) bows its middle sideways."""
        (x0, y0), (x1, y1) = root, tip
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        across, down = -(y1 - y0) / length, (x1 - x0) / length
        half = width / 2
        mx, my = (x0 + x1) / 2 + across * bend, (y0 + y1) / 2 + down * bend
        self.polygon(
            [
                (x0 - across * half, y0 - down * half),
                (mx - across * half * 0.7, my - down * half * 0.7),
                (x1, y1),
                (mx + across * half * 0.7, my + down * half * 0.7),
                (x0 + across * half, y0 + down * half),
            ],
            colour,
        )
