"""A lake between mountains."""

from __future__ import annotations

from dataclasses import replace

from abby_core.generation.providers.painter.brushes.colour import rgb, rgbs
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.places.air import sunbeams
from abby_core.generation.providers.painter.places.grass import GRASS, paint_grass
from abby_core.generation.providers.painter.places.land import paint_ground
from abby_core.generation.providers.painter.places.pinewood import paint_pine_slope
from abby_core.generation.providers.painter.places.rock import paint_range, peaks, table_rock
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.places.skylines import rolling
from abby_core.generation.providers.painter.places.water import paint_water
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots

_SNOW = rgbs("eef3fb e0e9f6 f2f6fc")
_LEDGE = 0.84
"""Where the meadow begins that subjects stand on, as a share of the height."""


def _behind(scene: Scene) -> None:
    paint_sky(scene)
    rng, unit, horizon = scene.rng("mountains"), scene.unit, scene.horizon
    snow = 0.95 if "snow" in scene.brief.weather else rng.uniform(0.4, 0.75)
    for tall, distance in ((0.44, 0.6), (0.36, 0.34)):
        ridge = peaks(scene, rng, horizon + unit * 0.05, unit * tall, 3)
        paint_range(scene, rng, ridge, foot=horizon + unit * 0.13, distance=distance, snow=snow)
    if scene.brief.wants("water"):
        lake = horizon - unit * 0.012, horizon + unit * 0.24
        paint_water(scene, lake, rgb("3f7f98"), calm=0.75, waves=0.5)
    if "built" in scene.habits:
        foot = horizon + unit * 0.3
        crag = table_rock(scene, rng, _crag(scene), half=unit * 0.18, foot=foot)
        paint_range(scene, rng, crag, foot=foot, distance=0.14, snow=0.45 if snow > 0.9 else 0.0, rock=rgb("857a80"))
    for row in range(3):
        profile = rolling(rng, horizon + unit * (0.17 + 0.09 * row), unit * 0.05, unit * 0.9)
        paint_pine_slope(scene, rng, profile, unit * (0.055 + 0.04 * row), 0.36 - 0.15 * row)
    if "ground" in scene.habits:
        snowy = "snow" in scene.brief.weather
        paint_ground(_ledge(scene), _SNOW if snowy else GRASS[2:])
        if not snowy:
            paint_grass(_ledge(scene), (0.0, 0.5), GRASS[1:], flowers=0.8)


def _crag(scene: Scene) -> Point:
    """The top of the rock that buildings stand on."""
    return scene.width * scene.rng("crag").uniform(0.4, 0.6), scene.horizon - scene.unit * 0.09


def _ledge(scene: Scene) -> Scene:
    """The same scene as the meadow at our feet sees it."""
    return replace(scene, horizon=scene.height * _LEDGE)


def _spots(scene: Scene) -> Spots:
    (x, y), unit, middle = _crag(scene), scene.unit, scene.width / 2
    return Spots(
        ground=Spot(x=middle, y=scene.height * 0.92, height=unit * 0.5),
        built=Spot(x=x, y=y + unit * 0.02, height=unit * 0.4),
        air=Spot(x=middle, y=scene.horizon * 0.78, height=unit * 0.42),
        water=Spot(x=middle, y=scene.horizon + unit * 0.14, height=unit * 0.2),
    )


def _before(scene: Scene) -> None:
    if "ground" in scene.habits and "snow" not in scene.brief.weather:
        paint_grass(_ledge(scene), (0.5, 1.1), GRASS[1:], flowers=0.5, clear=(scene.width / 2, 0.6))
    sunbeams(scene, 0.16)


MOUNTAIN = Place(horizon=0.6, behind=_behind, spots=_spots, before=_before)
