"""Dunes under a big sky, and fields of snow built the same way."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import Colour, mix, rgb, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point, path
from abby_core.generation.providers.painter.brushes.washes import blurred, both, mapped, scaled, vertical
from abby_core.generation.providers.painter.places.air import sparkles, sunbeams
from abby_core.generation.providers.painter.places.rock import paint_range, peaks
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.places.skylines import below, jagged, line_of, rolling
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots

_SAND, _SNOW = rgb("e8b878"), rgb("eef4fc")
_MESA = path("0,0 .025,.85 .035,1")
"""The left flank of a table mountain: units across, share of its height."""


def _desert(scene: Scene) -> None:
    paint_sky(scene)
    rng, unit = scene.rng("mesas"), scene.unit
    ridge = jagged(rng, _mesas(scene, rng), rough=0.06, smallest=unit * 0.012)
    paint_range(scene, rng, ridge, foot=scene.horizon + unit * 0.05, distance=0.52, rock=rgb("b8684a"))
    _dunes(scene, _SAND if scene.brief.tint is None else mix(_SAND, scene.brief.tint, 0.25))


def _mesas(scene: Scene, rng: random.Random) -> list[Point]:
    """The outline of some table mountains on the horizon."""
    unit, y = scene.unit, scene.horizon
    x = rng.uniform(-0.1, 0.2) * unit
    ridge: list[Point] = [(-unit * 0.3, y)]
    while x < scene.width + unit * 0.2:
        tall, wide = unit * rng.uniform(0.05, 0.16), unit * rng.uniform(0.08, 0.24)
        ridge += [(x + across * unit, y - share * tall) for across, share in _MESA]
        ridge += [(x + wide + unit * 0.05 - across * unit, y - share * tall) for across, share in reversed(_MESA)]
        x += wide + unit * rng.uniform(0.15, 0.5)
    return [*ridge, (x + unit, y)]


def _snowfield(scene: Scene) -> None:
    paint_sky(scene)
    rng, unit = scene.rng("ice"), scene.unit
    for tall, distance in ((0.22, 0.62), (0.14, 0.4)):
        ridge = peaks(scene, rng, scene.horizon + unit * 0.03, unit * tall, 4)
        foot = scene.horizon + unit * 0.08
        paint_range(scene, rng, ridge, foot=foot, distance=distance, snow=1.0, rock=rgb("7a8aa8"))
    _dunes(scene, _SNOW)


def _dunes(scene: Scene, colour: Colour) -> None:
    rng = scene.rng("dunes")
    for row in range(5):
        near = row / 4
        level = scene.horizon - scene.unit * 0.02 + scene.depth * 0.72 * near**1.3
        profile = rolling(rng, level, scene.unit * (0.035 + 0.05 * near), scene.unit * rng.uniform(0.9, 1.5))
        _dune(scene, rng, line_of(scene, profile), colour, 0.5 * (1 - near) ** 1.2)


def _dune(scene: Scene, rng: random.Random, line: list[Point], colour: Colour, distance: float) -> None:
    """One dune: a bright windward side with ripples, and a shadowed slip face (in sand)."""
    unit, light = scene.unit, scene.light
    land = below(scene, line, min(float(scene.height), max(y for _, y in line) + unit * 0.3))
    if land is None:
        return
    lit, dark = light.both(colour, distance)
    crest, low = light.on(shifted(colour, value=1.1), distance), light.on(shifted(colour, value=0.94), distance + 0.05)
    sunny, dim = vertical(land.size, (crest, lit, low)), vertical(land.size, (dark, mix(dark, lit, 0.35)))
    ripples = fractal(rng, land.size, (unit * 0.3, unit * (0.008 + 0.012 * (1 - distance))), octaves=2)
    sand = Image.composite(sunny, dim, mapped(ripples, lambda level: 196 + level // 4))
    face = _slip_face(scene, rng, line)
    if face and colour is not _SNOW:
        shadow = scene.canvas.silhouette(face).crop((0, land.top, scene.width, land.top + land.size[1]))
        shadow = both(shadow, blurred(shadow, unit * 0.035)).filter(ImageFilter.GaussianBlur(unit * 0.0015))
        sand.paste(dim, (0, 0), scaled(shadow, 0.7))
    land.fill(scene, sand)


def _slip_face(scene: Scene, rng: random.Random, line: list[Point]) -> list[Point]:
    """What lies below the crest on the side away from the light, down to a curved edge; empty if there is none."""
    summit = min(range(len(line)), key=lambda index: line[index][1])
    run = line[summit::-1] if scene.side > 0 else line[summit:]
    if len(run) < 8:
        return []
    end = next((index for index in range(4, len(run)) if run[index][1] < run[index - 1][1]), len(run) - 1)
    run, reach = run[: max(8, end)], scene.unit * rng.uniform(0.12, 0.24)
    edge: list[Point] = []
    for index, (x, y) in enumerate(run):
        share = index / (len(run) - 1)
        edge.append((x, y + reach * max(0.0, math.sin(math.pi * share)) ** 0.8 * (0.4 + 0.6 * share)))
    return [*((x, y - 2) for x, y in run), *reversed(edge)]


def _spots(scene: Scene) -> Spots:
    middle, unit = scene.width / 2, scene.unit
    shift = scene.rng("spots").uniform(-0.1, 0.1) * scene.width
    return Spots(
        ground=Spot(x=middle + shift, y=scene.height - scene.depth * 0.2, height=unit * 0.54),
        built=Spot(x=middle - shift, y=scene.horizon + scene.depth * 0.28, height=unit * 0.4),
        air=Spot(x=middle, y=scene.horizon * 0.75, height=unit * 0.4),
        water=Spot(x=middle, y=scene.horizon + scene.depth * 0.5, height=unit * 0.4),
    )


def _before(scene: Scene) -> None:
    sunbeams(scene, 0.12)
    if scene.brief.place == "snowfield":
        sparkles(scene, rgb("e8f4ff"), 22, top=0.55)


DESERT = Place(horizon=0.56, behind=_desert, spots=_spots, before=_before)
SNOWFIELD = Place(horizon=0.55, behind=_snowfield, spots=_spots, before=_before)
