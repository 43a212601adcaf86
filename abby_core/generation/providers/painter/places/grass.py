"""Grass with flowers in it, between two depths."""

from __future__ import annotations

import random

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import Colour, along, rgbs, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.places.flowers import COMMON, Florist
from abby_core.generation.providers.painter.scene import Scene

GRASS = rgbs("b9cf6e 93bd4e 6fa53c 4d8a34 336b2e")
"""From the horizon to our feet."""
_TUFTS = 6400
_FLOWERS = 1250
"""How many there would be in a square unit if all of it were meadow."""


def depth_to_pixel(scene: Scene, depth: float) -> float:
    """The row of a depth (0 at the horizon, 1 at the lower edge): near ground takes up more of the picture."""
    return scene.horizon + scene.depth * depth**1.15


def paint_grass(
    scene: Scene, span: tuple[float, float], stops: tuple[Colour, ...], *, flowers: float = 1.0,
    clear: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    """Grass and flowers from the far to the near depth of ``span``, far ones first.

    ``stops``: the grass from the horizon to our feet. ``clear``: a point (pixel across, depth) around which no
    flower hides what stands there.
    """
    far, near = span
    rng = scene.rng(f"grass {far:.2f}")
    growth = [
        (far + (near - far) * rng.random() ** 0.75, rng.random(), "")
        for _ in range(round(_TUFTS * scene.across * scene.fineness * (near - far) ** 0.9))
    ]
    if scene.brief.wants("flowers"):
        growth += _flowers(scene, rng, span, flowers, clear)
    top = scene.horizon + scene.depth * far - scene.unit * 0.2
    with scene.canvas.pen((0, top, scene.width, scene.height)) as pen:
        florist = Florist(pen=pen, light=scene.light, rng=rng)
        for depth, across, kind in sorted(growth):
            foot = (across * 1.04 - 0.02) * scene.width, depth_to_pixel(scene, depth)
            if kind:
                size = scene.unit * (0.0035 + 0.021 * depth**1.3) * rng.uniform(0.75, 1.2)
                florist.flower(kind, foot, size, haze=0.35 * max(0.0, 1 - depth) ** 2)
            else:
                _tuft(pen, scene, rng, foot, (depth, along(stops, 0.15 + 0.85 * depth)))


def _flowers(
    scene: Scene, rng: random.Random, span: tuple[float, float], share: float, clear: tuple[float, float] | None
) -> list[tuple[float, float, str]]:
    """Depth, place across (0..1) and kind of each flower; each kind keeps to its own drifts."""
    far, near = span
    kinds = scene.brief.flora or tuple(rng.sample(COMMON, 4))
    sparse = 70 if scene.brief.flora else 135
    drifts = [fractal(rng, (64, 64), (14, 14), octaves=3).tobytes() for _ in kinds]
    grown: list[tuple[float, float, str]] = []
    for _ in range(round(_FLOWERS * scene.across * share * (near - far))):
        depth, across = far + (near - far) * rng.random() ** 1.25, rng.random()
        cell = min(63, int(depth * 64)) * 64 + min(63, int(across * 64))
        thickest = max(range(len(kinds)), key=lambda kind: drifts[kind][cell])
        if drifts[thickest][cell] <= sparse:
            continue
        if clear and _near(scene, across * scene.width, depth, clear):
            continue
        grown.append((depth, across, kinds[thickest]))
    return grown


def _near(scene: Scene, x: float, depth: float, clear: tuple[float, float]) -> bool:
    return ((x - clear[0]) / (scene.unit * 0.3)) ** 2 + ((depth - clear[1]) / 0.36) ** 2 < 1


def _tuft(pen: Pen, scene: Scene, rng: random.Random, foot: Point, at: tuple[float, Colour]) -> None:
    """One or two blades; ``at``: their depth and the colour grass has there."""
    depth, base = at
    size = scene.unit * (0.006 + 0.06 * depth**1.4) * rng.uniform(0.5, 1.15)
    haze = 0.3 * max(0.0, 1 - depth) ** 2
    for _ in range(2 if depth > 0.25 else 1):
        tint = shifted(base, hue=rng.uniform(-0.025, 0.03), value=rng.uniform(0.8, 1.25))
        colour = scene.light.on(tint, haze) if rng.random() < 0.72 else scene.light.off(tint)
        lean, x = rng.gauss(0, 0.28) * size, foot[0] + rng.uniform(-0.2, 0.2) * size
        pen.blade((x, foot[1]), (x + lean, foot[1] - size), max(0.7, size * 0.075), colour, lean * 0.25)
