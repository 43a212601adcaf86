"""Skylines: soft ones of hills, jagged ones of rock, and the land below them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image

from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import Size
from abby_core.generation.providers.painter.scene import Scene

Profile = Callable[[float], float]
"""The height of a skyline, in pixels from the top, at a distance from the left."""


def rolling(rng: random.Random, base: float, swing: float, wave: float) -> Profile:
    """A soft skyline around ``base``: waves about ``wave`` pixels long, ``swing`` pixels up and down."""
    waves = [
        (swing / (1 + index * 0.9), 2 * math.pi / wave * (0.55 + index * 0.75), rng.uniform(0, 2 * math.pi))
        for index in range(4)
    ]
    return lambda x: base + sum(tall * math.sin(x * turns + phase) for tall, turns, phase in waves) * 0.6


def line_of(scene: Scene, profile: Profile) -> list[Point]:
    """The skyline as points from edge to edge."""
    return [(x, profile(x)) for x in range(-4, scene.width + 8, 4)]


def jagged(rng: random.Random, anchors: list[Point], *, rough: float, smallest: float) -> list[Point]:
    """A ridge through the anchors, broken up by midpoint displacement into pieces of ``smallest`` pixels."""
    points = anchors
    while max(b[0] - a[0] for a, b in pairwise(points)) > smallest:
        finer = [points[0]]
        for a, b in pairwise(points):
            gap = b[0] - a[0]
            if gap > smallest:
                share = rng.uniform(0.38, 0.62)
                finer.append((a[0] + gap * share, a[1] + (b[1] - a[1]) * share + rng.uniform(-1, 1) * gap * rough))
            finer.append(b)
        points = finer
    return points


@dataclass(frozen=True, kw_only=True)
class Land:
    """Everything below a skyline: a mask as wide as the picture that begins at a row of it."""

    mask: Image.Image
    top: int

    @property
    def size(self) -> Size:
        return self.mask.size

    def fill(self, scene: Scene, paint: Image.Image) -> None:
        """Lay a picture of the mask's size over it."""
        scene.canvas.fill(paint, self.mask, (0, self.top))


def below(scene: Scene, line: list[Point], foot: float | None = None) -> Land | None:
    """The land under a skyline, down to ``foot`` or the lower edge; None if nothing of it is in the picture."""
    foot = scene.height + 2 if foot is None else foot
    top = max(0, math.floor(min(y for _, y in line)))
    bottom = min(scene.height, math.ceil(foot))
    if bottom - top < 2:
        return None
    mask = scene.canvas.silhouette([*line, (line[-1][0], foot), (line[0][0], foot)])
    return Land(mask=mask.crop((0, top, scene.width, bottom)), top=top)
