"""A skyline across wet ground."""

from __future__ import annotations

import random

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import mix, rgb
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import box
from abby_core.generation.providers.painter.brushes.washes import falling, resized, scaled
from abby_core.generation.providers.painter.places.air import sunbeams
from abby_core.generation.providers.painter.places.houses import LAMPS, SIGNS, House, lamps_lit
from abby_core.generation.providers.painter.places.sky import paint_sky
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots


def _behind(scene: Scene) -> None:
    paint_sky(scene)
    rng, lit = scene.rng("city"), lamps_lit(scene)
    if lit:
        glow = mix(rgb("ffb060"), scene.light.haze, 0.4)
        scene.canvas.glow((scene.width / 2, scene.horizon), scene.unit * 1.1, glow, 0.5, power=1.6)
    for row in range(4):
        _row(scene, rng, row)
        _smog(scene, 0.34 - 0.08 * row)
    _wet_ground(scene)
    _quay(scene)
    if lit and scene.brief.wants("lights"):
        _street_glow(scene)


def _row(scene: Scene, rng: random.Random, row: int) -> None:
    """One row of houses, taller in the middle of the picture; row 0 is the farthest."""
    unit, x = scene.unit, -scene.unit * rng.uniform(0.0, 0.08)
    with scene.canvas.pen((0, 0, scene.width, scene.horizon + unit * 0.03)) as pen:
        while x < scene.width:
            wide = unit * rng.uniform(0.05, 0.11) * (0.75 + 0.2 * row)
            middle = 1 - abs((x + wide / 2) / scene.width - 0.5)
            tall = unit * rng.uniform(0.16, 0.36) * (1.25 - 0.22 * row) * (0.6 + 0.75 * middle)
            if rng.random() < 0.1:
                tall *= 1.35
            foot = scene.horizon + 2
            House(x=x, wide=wide, top=foot - tall, foot=foot, distance=0.78 - 0.22 * row).draw(pen, scene, rng)
            x += wide + unit * rng.choice((0.0, 0.0, 0.006, 0.02))


def _smog(scene: Scene, strength: float) -> None:
    """Haze between the rows, lit by the streets."""
    size = scene.width, max(2, round(scene.horizon))
    colour = mix(scene.light.haze, rgb("ffb070"), 0.35) if lamps_lit(scene) else scene.light.haze
    scene.canvas.fill(colour, scaled(falling(size, lambda share: (share - 0.47) * 1.88), strength))


def _wet_ground(scene: Scene) -> None:
    """The city upside down, smeared downwards, brighter in puddles."""
    unit, first = scene.unit, round(scene.horizon)
    size = scene.width, scene.height - first
    if size[1] < 2:
        return
    above = scene.canvas.image.crop((0, max(0, first - round(size[1] * 1.15)), scene.width, first))
    mirror = resized(above.transpose(Image.Transpose.FLIP_TOP_BOTTOM), size, Image.Resampling.BILINEAR)
    mirror = mirror.filter(ImageFilter.BoxBlur((unit * 0.0022, unit * 0.028)))
    wet = scene.brief.weather & {"rain", "storm"} or scene.light.dark
    stone = Image.new("RGB", size, mix(scene.light.off(rgb("5a6070")), scene.light.haze, 0.15))
    puddles = fractal(scene.rng("street"), size, (unit * 0.4, unit * 0.05), octaves=4)
    dull, shiny = Image.blend(mirror, stone, 0.5 if wet else 0.78), Image.blend(mirror, stone, 0.12 if wet else 0.45)
    scene.canvas.image.paste(Image.composite(shiny, dull, puddles), (0, first))


def _quay(scene: Scene) -> None:
    """A wall along the foot of the houses, with lamps on it in the evening."""
    rng, unit, y = scene.rng("quay"), scene.unit, scene.horizon
    with scene.canvas.pen((0, y - unit * 0.02, scene.width, y + unit * 0.03)) as pen:
        pen.polygon(box(0, y - unit * 0.004, scene.width, y + unit * 0.006), scene.light.off(rgb("3c4254")))
        x = rng.uniform(0, 0.06) * unit
        while x < scene.width and lamps_lit(scene) and scene.brief.wants("lights"):
            pen.ellipse((x, y - unit * 0.006), (unit * 0.004, unit * 0.004), rng.choice(LAMPS[:3]))
            x += unit * rng.uniform(0.05, 0.08)


def _street_glow(scene: Scene) -> None:
    rng, unit = scene.rng("glow"), scene.unit
    for _ in range(round(24 * scene.across)):
        at = rng.uniform(0, scene.width), scene.horizon - unit * rng.uniform(-0.005, 0.16)
        scene.canvas.glow(at, unit * rng.uniform(0.02, 0.06), rng.choice((*LAMPS, *SIGNS[:3])), 0.32)


def _spots(scene: Scene) -> Spots:
    x, unit = scene.width * (0.5 + scene.rng("spots").uniform(-0.06, 0.06)), scene.unit
    return Spots(
        ground=Spot(x=x, y=scene.height - scene.depth * 0.16, height=unit * 0.58),
        built=Spot(x=x, y=scene.horizon + unit * 0.02, height=unit * 0.4),
        air=Spot(x=x, y=scene.horizon * 0.6, height=unit * 0.36),
        water=Spot(x=x, y=scene.horizon + scene.depth * 0.4, height=unit * 0.4),
    )


def _before(scene: Scene) -> None:
    sunbeams(scene, 0.12)


CITY = Place(horizon=0.68, behind=_behind, spots=_spots, before=_before)
