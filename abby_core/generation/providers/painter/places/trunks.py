"""Broad-leaved trees seen from among them: trunks and a canopy of leaves."""

from __future__ import annotations

import random

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import Colour, Tones, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point, oval
from abby_core.generation.providers.painter.scene import Scene

_LEAVES = {
    "summer": rgbs("8fb84a 6fa042 4f8a3c a8c85a"),
    "autumn": rgbs("e0902e c8602a e8b83e b8482a d8a030"),
    "petals": rgbs("ffc4da f8a8c8 ffe0ea f090b8"),
}


def leaves_of(scene: Scene) -> tuple[Colour, ...]:
    """Their colours in this season."""
    return _LEAVES[next((season for season in ("autumn", "petals") if season in scene.brief.weather), "summer")]


def paint_trunks(
    scene: Scene, rng: random.Random, places: list[float], wide: float, stand: tuple[float, float]
) -> None:
    """Trunks at ``places`` across (0..1), about ``wide`` pixels thick.

    ``stand``: how far away they are (0..1), and the row of their feet.
    """
    distance, foot = stand
    bark = rgb("7a6250") if rng.random() < 0.7 else rgb("cfc6ba")
    tones = scene.light.on(bark, distance), scene.light.off(shifted(bark, value=0.8), distance)
    with scene.canvas.pen() as pen:
        for place in places:
            x, y = scene.width * place, foot + rng.uniform(-0.01, 0.05) * scene.unit
            half, lean = wide * rng.uniform(0.6, 1.25) / 2, rng.gauss(0, 0.05) * scene.unit
            _trunk(pen, rng, (x, y), (half, lean * scene.side), (tones, scene.side))
            for _ in range(rng.randint(1, 3)):
                level, way = y * rng.uniform(0.1, 0.65), rng.choice((-1, 1))
                root = x + lean * scene.side * (1 - level / y), level
                reach = scene.unit * rng.uniform(0.05, 0.14), scene.unit * rng.uniform(0.04, 0.13)
                tip = root[0] + way * reach[0], level - reach[1]
                pen.blade(root, tip, half * 0.8, scene.light.off(bark, distance), way * scene.unit * 0.015)


def _trunk(pen: Pen, rng: random.Random, foot: Point, shape: tuple[float, float], shading: tuple[Tones, int]) -> None:
    """From its foot out of the picture.

    ``shape``: half its width, and how far its top leans. ``shading``: its tones, and the lit side.
    """
    (x, y), (half, lean), ((lit, dim), side) = foot, shape, shading
    rings: list[tuple[float, float, float]] = []
    for step in range(9):
        share = step / 8
        swell = 1.5 if step == 0 else 1.15 if step == 1 else 1.0 - 0.35 * share
        rings.append((x + lean * share + rng.gauss(0, 0.12) * half, y * (1 - share) - 4 * share, half * swell))
    for start, end, tone in ((-1.0, 1.0, 0.3), (0.1, 1.0, 0.8), (-1.0, -0.5, 0.0)):
        left = [(cx + side * radius * start, cy) for cx, cy, radius in rings]
        right = [(cx + side * radius * end, cy) for cx, cy, radius in rings]
        pen.polygon([*left, *reversed(right)], mix(dim, lit, tone))
    for _ in range(round(10 + half * 1.6)):
        share, across = rng.random(), rng.uniform(-0.85, 0.85)
        root = x + lean * share + across * half * 0.8, y * (1 - share)
        tip = root[0] + rng.gauss(0, 0.1) * half, root[1] - half * rng.uniform(0.8, 2.4)
        tone = mix(dim, lit, 0.5 + 0.6 * across * side + rng.uniform(-0.35, 0.25))
        pen.blade(root, tip, max(0.7, half * 0.13), tone)


def paint_canopy(scene: Scene, rng: random.Random, reach: float, distance: float) -> None:
    """Leaves hanging in from above in clumps, down to about ``reach`` of the height, lower at the sides."""
    if not scene.brief.wants("trees"):
        return
    light, colours = scene.light, leaves_of(scene)
    clumps = fractal(rng, (64, 64), (13, 13), octaves=3).tobytes()
    size = scene.unit * (0.006 + 0.012 * (1 - distance))
    with scene.canvas.pen((0, 0, scene.width, scene.height * min(1.0, reach * 1.7 + 0.1))) as pen:
        for _ in range(round((1900 + 900 * distance) * scene.across * scene.fineness**0.5)):
            across, down = rng.random(), rng.random()
            thick = clumps[int(down * 63) * 64 + int(across * 63)] / 255
            middle = 1 - (2 * abs(across - 0.5)) ** 2
            if down > 0.35 + 0.9 * thick - 0.35 * middle:
                continue
            at = across * scene.width, down * scene.height * reach * 1.5
            radii = size * rng.uniform(0.7, 1.1), size * rng.uniform(0.35, 0.6)
            colour = shifted(rng.choice(colours), value=rng.uniform(0.75, 1.15))
            sunny = rng.random() < 0.3 + 0.5 * thick
            tone = light.on(colour, distance) if sunny else light.off(colour, distance * 0.8)
            pen.polygon(oval(at, radii, steps=9, turn=rng.uniform(0.3, 2.6)), tone)
