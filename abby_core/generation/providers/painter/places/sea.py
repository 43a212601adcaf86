"""The open sea, with a beach at our feet when somebody needs to stand on it."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point, path
from abby_core.generation.providers.painter.brushes.washes import both, falling, mapped, scaled, vertical
from abby_core.generation.providers.painter.places.air import sunbeams
from abby_core.generation.providers.painter.places.rock import paint_range, table_rock
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.places.skylines import Land, below, jagged, rolling
from abby_core.generation.providers.painter.places.water import paint_water
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots

_SAND, _WET_SAND = rgbs("ecd3a0 b08f6a")


def _behind(scene: Scene) -> None:
    paint_sky(scene)
    rng, storm = scene.rng("coast"), "storm" in scene.brief.weather
    if rng.random() < 0.7 and scene.brief.wants("hills"):
        _headland(scene, rng)
    deep, shore = _deep(scene, rng), scene.horizon
    if "built" in scene.habits:
        shore += scene.unit * 0.065
        paint_water(scene, (scene.horizon, shore), deep)
        rock = table_rock(scene, rng, _rock(scene), half=scene.unit * 0.15, foot=shore + 4)
        paint_range(scene, rng, rock, foot=shore + 4, distance=0.12, rock=rgb("8a8078"))
    rough = 1.35 if scene.brief.weather & {"storm", "rain"} else 1.0
    paint_water(scene, (shore, scene.height), deep, calm=0.55, waves=rough)
    if storm:
        for row in range(9):
            _billow(scene, rng, row / 8)
    if "ground" in scene.habits:
        _beach(scene)


def _headland(scene: Scene, rng: random.Random) -> None:
    """Hilly land far away on one side."""
    x, y, unit = scene.width * rng.choice((0.12, 0.88)), scene.horizon, scene.unit
    shape = path("-.5,0 -.12,-.1 .1,-.06 .5,0")
    anchors = [(x + across * unit, y + 4 + up * unit) for across, up in shape]
    ridge = jagged(rng, anchors, rough=0.12, smallest=unit * 0.01)
    paint_range(scene, rng, ridge, foot=y + 6, distance=0.6, rock=rgb("6f8a78"))


def _deep(scene: Scene, rng: random.Random) -> Colour:
    """The colour of the water itself."""
    deep = rng.choice(rgbs("2a86a8 2f7fb0 2a97a0"))
    if scene.brief.tint:
        deep = mix(deep, scene.brief.tint, 0.4)
    if scene.brief.time in {"sunset", "dusk", "dawn", "golden"}:
        deep = mix(deep, rgb("5a6ab8"), 0.55)
    return deep


def _rock(scene: Scene) -> Point:
    """The top of the rock that buildings stand on."""
    return scene.width * scene.rng("rock").uniform(0.3, 0.7), scene.horizon - scene.unit * 0.05


def _billow(scene: Scene, rng: random.Random, near: float) -> None:
    """A storm wave: a dark slope with a torn white crest; ``near`` 1 is at our feet."""
    unit, light = scene.unit, scene.light
    level, tall = scene.horizon + scene.depth * (0.03 + 0.93 * near**1.3), unit * (0.006 + 0.045 * near)
    swell, chop = rolling(rng, level, tall, unit * (0.14 + 0.4 * near)), unit * (0.05 + 0.13 * near)
    line: list[Point] = [
        (x, swell(x) - tall * 0.5 * abs(math.sin(x / chop + near * 8))) for x in range(-4, scene.width + 8, 3)
    ]
    land = below(scene, line, level + tall * 4)
    if land is None:
        return
    crest = mix(light.on(rgb("4f8f98")), light.haze, 0.3 * (1 - near))
    body = vertical(land.size, (crest, light.on(rgb("2f6478")), light.off(rgb("24506a"))))
    fade = falling(land.size, lambda share: 1.6 * (1 - share))
    Land(mask=both(land.mask, fade), top=land.top).fill(scene, body)
    foam = mix(light.haze, WHITE, 0.75)
    with scene.canvas.pen((0, land.top - tall, scene.width, level + tall * 3)) as pen:
        for x, y in line:
            if rng.random() < 0.5 and swell(x) < level - tall * 0.12:
                size = tall * rng.uniform(0.08, 0.3), tall * rng.uniform(0.05, 0.14)
                pen.ellipse((x, y + rng.uniform(0, 0.35) * tall), size, foam, rng.randint(120, 230))


def _beach(scene: Scene) -> None:
    """A line of foam, wet sand, dry sand."""
    rng, unit, light, size = scene.rng("beach"), scene.unit, scene.light, scene.canvas.size
    edge = rolling(rng, scene.horizon + scene.depth * 0.5, unit * 0.035, unit * 1.2)
    grains = fractal(rng, size, (unit * 0.12, unit * 0.03), octaves=6, gain=0.7)
    grains = mapped(grains, lambda level: 150 + level // 2)

    def shore(lift: float) -> Image.Image:
        line = [
            (x, edge(x) + unit * (lift + 0.006 * math.sin(x / unit * 23 + lift * 90)))
            for x in range(-4, size[0] + 8, 4)
        ]
        return scene.canvas.silhouette([*line, (size[0] + 8, size[1] + 2), (-4, size[1] + 2)])

    for lift, strength in ((-0.02, 0.35), (-0.008, 0.92)):
        scene.canvas.fill(light.on(WHITE), scaled(shore(lift), strength))
    for lift, colour, soft in (
        (0.006, _WET_SAND, 0.0),
        (0.05, mix(_WET_SAND, _SAND, 0.6), 0.012),
        (0.075, _SAND, 0.012),
    ):
        lit, dim = (Image.new("RGB", size, tone) for tone in light.both(colour))
        mask = shore(lift).filter(ImageFilter.GaussianBlur(unit * soft))
        scene.canvas.fill(Image.composite(lit, dim, grains), mask)


def _spots(scene: Scene) -> Spots:
    (x, y), unit = _rock(scene), scene.unit
    middle = scene.width * (0.5 + scene.rng("spots").uniform(-0.1, 0.1))
    return Spots(
        ground=Spot(x=middle, y=scene.height - scene.depth * 0.16, height=unit * 0.52),
        built=Spot(x=x, y=y + unit * 0.01, height=unit * 0.44),
        air=Spot(x=scene.width / 2, y=scene.horizon * 0.86, height=unit * 0.5),
        water=Spot(x=middle, y=scene.horizon + scene.depth * 0.3, height=unit * 0.5),
    )


def _before(scene: Scene) -> None:
    sunbeams(scene, 0.14)


SEA = Place(horizon=0.56, behind=_behind, spots=_spots, before=_before)
