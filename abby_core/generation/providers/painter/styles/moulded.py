"""Styles one could touch: modelling compound and 3D model."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import rgb, rgbs
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import Size, blurred, mapped, resized, scaled, vertical
from abby_core.generation.providers.painter.styles.plates import (
    lit_by,
    reduced,
    relief,
    simplified,
    unit_of,
    vignette,
)


def modeling_compound(image: Image.Image, rng: random.Random) -> Image.Image:
    """Rolled and pressed from clay: rounded patches of plain colour with thumb marks."""
    unit, size = unit_of(image), image.size
    flat = ImageEnhance.Color(simplified(image, 300)).enhance(1.4)
    few = reduced(flat, 420).quantize(26, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    patches = few.filter(ImageFilter.ModeFilter(5))
    seams = scaled(patches.convert("L").filter(ImageFilter.FIND_EDGES), 4)
    ImageDraw.Draw(seams).rectangle((0, 0, seams.width - 1, seams.height - 1), outline=0)
    clay = Image.blend(resized(patches, size), flat, 0.3)
    dough = resized(ImageChops.invert(seams), size)
    dough = dough.filter(ImageFilter.GaussianBlur(unit / 150))
    thumbs = fractal(rng, size, (unit * 0.05, unit * 0.05), octaves=2)
    form = Image.blend(dough, Image.blend(thumbs, flat.convert("L"), 0.55), 0.42)
    form = form.filter(ImageFilter.GaussianBlur(unit / 320))
    return lit_by(clay, relief(form, max(1, round(unit / 300)), 2.0))


def model_3d(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Smooth plastic: broad shading, dark creases, a clear coat."""
    unit = unit_of(image)
    smooth = ImageEnhance.Color(simplified(image, 380)).enhance(1.1)
    grey = smooth.convert("L")
    lit = relief(grey.filter(ImageFilter.GaussianBlur(unit / 110)), max(1, round(unit / 170)), 1.5)
    creases = ImageChops.subtract(blurred(grey, unit / 40), grey)
    smooth = ImageChops.subtract(smooth, scaled(creases, 0.55).convert("RGB"))
    coat = mapped(lit, lambda level: (level - 168) * 5)
    coat = scaled(coat.filter(ImageFilter.GaussianBlur(unit / 500)), 0.55)
    return ImageChops.screen(lit_by(smooth, lit), coat.convert("RGB"))


def on_a_stand(image: Image.Image, rng: random.Random) -> Image.Image:
    """The model as a thick slab in a studio, seen a little from the side."""
    (width, height), unit = image.size, unit_of(image)
    stage = Canvas(width, height)
    stage.image = vertical(image.size, rgbs("dfe4ec c4ccd8 9aa4b4 c8cfda e4e8ee"))
    left, right, top, bottom = width * 0.13, width * 0.9, height * 0.07, height * 0.88
    lean, depth = height * 0.045, unit * 0.045
    face: list[Point] = [(left, top), (right, top + lean), (right, bottom - lean * 0.6), (left, bottom + lean * 0.5)]
    back: list[Point] = [(left - depth, top + depth * 0.55), (left - depth, bottom + lean * 0.3)]
    front: list[Point] = [(right, bottom - lean), (right + depth * 1.6, bottom + lean * 0.6)]
    shadow = stage.silhouette([back[1], *front, (left + depth, bottom + lean * 2)])
    stage.fill(rgb("4a5468"), scaled(blurred(shadow, unit * 0.025), 0.75))
    with stage.pen() as pen:
        pen.polygon([face[0], *back, face[3]], rgb("6a7488"))
        pen.line([back[0], face[0], face[1]], unit * 0.003, rgb("f4f6fa"))
    matrix = _perspective(face, image.size)
    slab = model_3d(image, rng).transform(image.size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC)
    stage.fill(slab, stage.silhouette(face))
    return vignette(stage.image, rgb("5a6478"), 0.3)


def _perspective(face: list[Point], size: Size) -> list[float]:
    """The eight coefficients that map the face's corners back to the picture's (Gaussian elimination)."""
    targets: list[Point] = [(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])]
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(face, targets, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for index in range(8):
        pivot = max(range(index, 8), key=lambda row: abs(rows[row][index]))
        rows[index], rows[pivot] = rows[pivot], rows[index]
        for row in range(8):
            if row != index:
                factor = rows[row][index] / rows[index][index]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[index], strict=True)]
    return [rows[index][8] / rows[index][index] for index in range(8)]
