"""Seeded noise, made by enlarging small random grids: Pillow's own noise cannot be seeded."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageOps

from abby_core.generation.providers.painter.brushes.washes import Size, looked_up, resized

_FOLD = [min(255, 2 * abs(level - 128)) for level in range(256)]


def grid(rng: random.Random, columns: int, rows: int) -> Image.Image:
    """A grey picture of ``columns`` x ``rows`` independent random pixels."""
    return Image.frombytes("L", (columns, rows), rng.randbytes(columns * rows))


def fractal(
    rng: random.Random,
    size: Size,
    cell: tuple[float, float],
    *,
    octaves: int = 5,
    gain: float = 0.5,
    billow: bool = False,
) -> Image.Image:
    """Octaves of value noise, each twice as fine and ``gain`` as strong, stretched to 0..255.

    ``billow`` folds each octave at its middle, which turns hills into cauliflower: clouds.
    """
    total = Image.new("L", size)
    weight, sum_of_weights = 1.0, 0.0
    across, down = cell
    for _ in range(octaves):
        octave = _smooth(rng, size, (across, down))
        sum_of_weights += weight
        total = Image.blend(total, looked_up(octave, _FOLD) if billow else octave, weight / sum_of_weights)
        weight *= gain
        across, down = across / 2, down / 2
        if max(across, down) < 1.5:
            break
    return ImageOps.autocontrast(total, cutoff=1)


def _smooth(rng: random.Random, size: Size, cell: tuple[float, float]) -> Image.Image:
    """Value noise: random values ``cell`` pixels apart (across, down), smoothly joined.

    The grid is laid at an angle where its cells are about as wide as high, so that no rows and columns show.
    """
    width, height = size
    turn = rng.uniform(0.3, 1.2) if 0.5 < cell[0] / cell[1] < 2 else 0.0
    cos, sin = math.cos(turn), math.sin(turn)
    columns = max(2, round((width * cos + height * sin) / cell[0]) + 4)
    rows = max(2, round((width * sin + height * cos) / cell[1]) + 4)
    values = grid(rng, columns, rows)
    if not turn:
        return resized(values, size, box=(1.5, 1.5, 1.5 + width / cell[0], 1.5 + height / cell[1]))
    across, down = cos / cell[0], sin / cell[0]
    matrix = (across, down, 2.0, -sin / cell[1], cos / cell[1], 2.0 + width * sin / cell[1])
    return values.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
