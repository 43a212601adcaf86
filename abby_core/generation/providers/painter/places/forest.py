"""Woods: leaves above, trunks fading into light, grass below; in winter pines in the snow."""

from __future__ import annotations

import math
import random

from abby_core.generation.providers.painter.brushes.colour import Colour, mix, rgb, rgbs
from abby_core.generation.providers.painter.brushes.washes import blurred, falling, scaled, vertical
from abby_core.generation.providers.painter.places.air import out_of_focus, sparkles, sunbeams
from abby_core.generation.providers.painter.places.grass import depth_to_pixel, paint_grass
from abby_core.generation.providers.painter.places.land import paint_ground
from abby_core.generation.providers.painter.places.pinewood import paint_pine_row
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.places.skylines import line_of, rolling
from abby_core.generation.providers.painter.places.trees import needles, pine, snow_on
from abby_core.generation.providers.painter.places.trunks import leaves_of, paint_canopy, paint_trunks
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots

_STAND = 0.62
_FLOOR = rgbs("a9bd6a 7f9f4c 557f38 38602f 274726")
_FALLEN = rgbs("d8b070 b8863e 9a6a30 74502a 4f3a24")
_SNOW = rgbs("f4f8ff e8f0fb dfe9f8 eef4fd f8fbff")


def _behind(scene: Scene) -> None:
    rng = scene.rng("forest")
    if "snow" in scene.brief.weather:
        paint_sky(scene)
        _winter(scene, rng)
        return
    _glade(scene)
    for row in range(3):
        distance = 0.74 - 0.22 * row
        foot = scene.horizon + scene.unit * (0.015 + 0.03 * row)
        places = [(index + rng.uniform(0.1, 0.9)) / (13 - 3 * row) for index in range(13 - 3 * row)]
        paint_trunks(scene, rng, places, scene.unit * (0.016 + 0.013 * row), (distance, foot))
        paint_canopy(scene, rng, 0.44 - 0.1 * row, distance)
        _mist(scene, 0.3 - 0.06 * row)
    floor, bloom = _floor(scene), _bloom(scene)
    paint_ground(scene, floor)
    paint_grass(scene, (0.0, 0.3), floor, flowers=bloom)
    frame = [rng.uniform(0.9, 1.02), rng.uniform(-0.02, 0.1), rng.uniform(0.9, 1.02)]
    paint_trunks(scene, rng, frame, scene.unit * 0.075, (0.1, scene.horizon + scene.depth * 0.27))
    paint_grass(scene, (0.3, _STAND), floor, flowers=bloom)
    paint_canopy(scene, rng, 0.16, 0.12)


def _glade(scene: Scene) -> None:
    """The light behind the trees."""
    if scene.light.dark:
        paint_sky(scene)
        return
    lit, dim = scene.light.both(leaves_of(scene)[0])
    glow = mix(scene.light.haze, scene.light.sun, 0.5)
    scene.canvas.image.paste(vertical(scene.canvas.size, (dim, mix(lit, glow, 0.45), glow, glow, lit)))
    centre = scene.lamp[0] * 0.6 + scene.width * 0.2, scene.horizon * 0.6
    scene.canvas.glow(centre, scene.unit * 0.7, scene.light.disc, 0.6)


def _floor(scene: Scene) -> tuple[Colour, ...]:
    return _FALLEN if "autumn" in scene.brief.weather else _FLOOR


def _bloom(scene: Scene) -> float:
    """How many flowers grow here, as a share of a meadow's."""
    return 0.1 if "autumn" in scene.brief.weather else 0.35


def _mist(scene: Scene, strength: float) -> None:
    line = scene.horizon / scene.height
    band = falling(scene.canvas.size, lambda share: math.exp(-(((share - line) / 0.22) ** 2)))
    scene.canvas.fill(mix(scene.light.haze, scene.light.sun, 0.3), scaled(band, strength))


def _winter(scene: Scene, rng: random.Random) -> None:
    for row in range(4):
        count = round((30 - 6 * row) * scene.across)
        paint_pine_row(scene, rng, count, scene.unit * (0.2 + 0.1 * row), 0.8 - 0.19 * row)
        _mist(scene, 0.22)
    paint_ground(scene, _SNOW)
    _drifts(scene)
    frame = ((0.0, 0.1, 0.35), (0.9, 1.0, 0.42), (0.12, 0.22, 0.16), (0.78, 0.88, 0.2))
    with scene.canvas.pen() as pen:
        for left, right, reach in frame:
            foot = rng.uniform(left, right) * scene.width, scene.horizon + scene.depth * reach
            tall = scene.unit * (0.45 + reach * 0.9)
            pine(pen, rng, foot, tall, needles(scene, rng, 0.0), snow=snow_on(scene, 0.0), side=scene.side)


def _drifts(scene: Scene) -> None:
    """Soft waves of snow with blue hollows."""
    rng, (lit, _), unit = scene.rng("drifts"), scene.light.both(_SNOW[4]), scene.unit
    hollow = scene.light.off(rgb("c4d4ee"))
    for row in range(5):
        level = scene.horizon + scene.depth * (0.12 + 0.2 * row)
        line = line_of(scene, rolling(rng, level, unit * 0.008 * (1 + row), unit * (0.5 + 0.2 * row)))
        for colour, top, bottom, soft, strength in (
            (lit, 0.0, 0.02 * (1 + row), 0.003 + 0.002 * row, 0.75),
            (hollow, 0.03 + 0.02 * row, 0.06 + 0.03 * row, 0.008 + 0.004 * row, 0.45),
        ):
            upper = ((x, y + unit * top) for x, y in line)
            lower = ((x, y + unit * bottom) for x, y in reversed(line))
            mask = scene.canvas.silhouette([*upper, *lower])
            scene.canvas.fill(colour, scaled(blurred(mask, unit * soft), strength))


def _spots(scene: Scene) -> Spots:
    foot, middle = depth_to_pixel(scene, _STAND), scene.width / 2
    shift = scene.rng("spots").uniform(-0.05, 0.05) * scene.width
    return Spots(
        ground=Spot(x=middle + shift, y=foot, height=scene.unit * 0.56),
        built=Spot(x=middle - shift, y=scene.horizon + scene.depth * 0.25, height=scene.unit * 0.45),
        air=Spot(x=middle, y=scene.horizon * 0.8, height=scene.unit * 0.34),
        water=Spot(x=middle, y=foot, height=scene.unit * 0.4),
    )


def _before(scene: Scene) -> None:
    snowy = "snow" in scene.brief.weather
    if not snowy:
        clear = (_spots(scene).ground.x, _STAND + 0.12) if "ground" in scene.habits else None
        paint_grass(scene, (_STAND, 1.12), _floor(scene), flowers=_bloom(scene), clear=clear)
        sunbeams(scene, 0.34)
        sparkles(scene, rgb("ffe98a") if scene.light.dark else scene.light.disc, 30)
    leaves, rng = rgbs("dfe8f4 4a6a5a") if snowy else leaves_of(scene), scene.rng("foreground")
    with out_of_focus(scene, scene.unit * 0.014) as pen:
        for _ in range(round(60 * scene.across)):
            aside, size = abs(rng.gauss(0, 0.1)), scene.unit * rng.uniform(0.015, 0.035)
            x, y = scene.width * rng.choice((aside, 1 - aside)), abs(rng.gauss(0, 0.1)) * scene.height
            tip = x + rng.gauss(0, 1) * size, y + size * 1.6
            pen.blade((x, y), tip, size, scene.light.off(rng.choice(leaves)), size * 0.3)


FOREST = Place(horizon=0.55, moon=0.56, behind=_behind, spots=_spots, before=_before)
