"""Many pines: on hillsides and in rows."""

from __future__ import annotations

import random

from abby_core.generation.providers.painter.brushes.colour import rgb, shifted
from abby_core.generation.providers.painter.places.land import paint_hill
from abby_core.generation.providers.painter.places.skylines import Profile
from abby_core.generation.providers.painter.places.trees import PINE, needles, pine, snow_on
from abby_core.generation.providers.painter.scene import Scene


def paint_pine_slope(scene: Scene, rng: random.Random, profile: Profile, size: float, distance: float) -> None:
    """A hillside covered with pines about ``size`` pixels tall."""
    snow = snow_on(scene, distance)
    paint_hill(scene, profile, shifted(PINE, value=0.95) if snow is None else rgb("dfe8f4"), distance)
    if not scene.brief.wants("trees"):
        return
    levels = [profile(x) for x in range(0, scene.width, 8)]
    box = 0, min(levels) - size * 1.5, scene.width, max(levels) + size * 2.2
    places = sorted((rng.random() ** 1.5, rng.uniform(-0.02, 1.02)) for _ in range(round(scene.width / size * 6)))
    with scene.canvas.pen(box) as pen:
        for down, across in places:
            x = across * scene.width
            tones = needles(scene, rng, min(1.0, distance + 0.06 * rng.random()))
            foot, tall = (x, profile(x) + size * (0.15 + 1.4 * down)), size * rng.uniform(0.7, 1.2)
            pine(pen, rng, foot, tall, tones, snow=snow, side=scene.side)


def paint_pine_row(scene: Scene, rng: random.Random, count: int, size: float, distance: float) -> None:
    """A row of pines at the horizon; nearer rows stand a little lower."""
    foot = scene.horizon + scene.unit * 0.1 * (0.9 - distance)
    with scene.canvas.pen() as pen:
        for index in range(count):
            at = scene.width * (index + rng.random()) / count, foot + rng.uniform(0, 0.02) * scene.unit
            tones, tall = needles(scene, rng, distance), size * rng.uniform(0.6, 1.15)
            pine(pen, rng, at, tall, tones, snow=snow_on(scene, distance), side=scene.side)
