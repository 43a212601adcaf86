"""A meadow in bloom before hills."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import rgb
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.places.air import out_of_focus, sparkles, sunbeams
from abby_core.generation.providers.painter.places.flowers import Florist
from abby_core.generation.providers.painter.places.grass import GRASS, depth_to_pixel, paint_grass
from abby_core.generation.providers.painter.places.land import paint_ground, paint_hills
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots
from abby_core.generation.providers.painter.subjects.garden import draw_butterfly

_STAND = 0.66
"""The depth at which subjects stand."""


def _behind(scene: Scene) -> None:
    paint_sky(scene)
    if scene.brief.wants("hills"):
        paint_hills(scene, (rgb("8db85a"), rgb("6ea35a")))
    paint_ground(scene, GRASS)
    if scene.brief.wants("grass"):
        paint_grass(scene, (0.0, _STAND), GRASS)
    _butterflies(scene)


def _spots(scene: Scene) -> Spots:
    foot, middle = depth_to_pixel(scene, _STAND), scene.width / 2
    shift = scene.rng("spots").uniform(-0.06, 0.06) * scene.width
    return Spots(
        ground=Spot(x=middle + shift, y=foot, height=scene.unit * 0.58),
        built=Spot(x=middle - shift * 2, y=scene.horizon + scene.depth * 0.16, height=scene.unit * 0.4),
        air=Spot(x=middle, y=scene.horizon * 0.62, height=scene.unit * 0.3),
        water=Spot(x=middle, y=foot, height=scene.unit * 0.4),
    )


def _before(scene: Scene) -> None:
    clear = (_spots(scene).ground.x, _STAND + 0.12) if "ground" in scene.habits else None
    if scene.brief.wants("grass"):
        paint_grass(scene, (_STAND, 1.12), GRASS, flowers=0.8, clear=clear)
    _blurred_foreground(scene)
    sunbeams(scene)
    sparkles(scene, rgb("ffe98a") if scene.light.dark else scene.light.disc, 26)


def _butterflies(scene: Scene) -> None:
    if scene.light.dark or not scene.brief.wants("butterflies"):
        return
    rng = scene.rng("butterflies")
    for _ in range(rng.randint(2, 4)):
        size = scene.unit * rng.uniform(0.035, 0.055)
        x = scene.width * rng.choice((rng.uniform(0.06, 0.3), rng.uniform(0.7, 0.94)))
        y = scene.horizon + scene.depth * rng.uniform(0.0, 0.6)
        with scene.canvas.pen((x - size, y - size * 1.3, x + size, y + size * 0.4), fineness=4) as pen:
            draw_butterfly(Figure(pen, (x, y), size, scene.light, rng, turn=rng.uniform(-0.7, 0.7)), None)


def _blurred_foreground(scene: Scene) -> None:
    """Grass and flowers in the lower corners, so near that they blur."""
    rng, unit = scene.rng("foreground"), scene.unit
    with out_of_focus(scene, unit * 0.011) as pen:
        for _ in range(round(22 * scene.across) if scene.brief.wants("grass") else 0):
            x = scene.width * rng.choice((rng.uniform(-0.02, 0.24), rng.uniform(0.76, 1.02)))
            y, tall = scene.height + unit * 0.03, unit * rng.uniform(0.06, 0.2)
            tip = x + rng.gauss(0, 0.3) * tall, y - tall
            pen.blade((x, y), tip, unit * 0.014, scene.light.off(rng.choice(GRASS[2:])), tall * 0.1)
        florist = Florist(pen=pen, light=scene.light, rng=rng)
        for _ in range(round(5 * scene.across) if scene.brief.wants("flowers") else 0):
            x = scene.width * rng.choice((rng.uniform(-0.02, 0.2), rng.uniform(0.8, 1.02)))
            kind = rng.choice(scene.brief.flora or ("cosmos", "poppy", "daisy"))
            florist.flower(kind, (x, scene.height + unit * rng.uniform(0.02, 0.14)), unit * rng.uniform(0.03, 0.05))


MEADOW = Place(horizon=0.47, behind=_behind, spots=_spots, before=_before)
