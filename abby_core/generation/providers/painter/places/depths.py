"""Under the sea: light from above, rocks and a reef below."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw

from abby_core.generation.providers.painter.brushes.colour import WHITE, mix, rgb
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import both, falling, scaled, shrunk, threshold, vertical
from abby_core.generation.providers.painter.places.air import out_of_focus, shine_through
from abby_core.generation.providers.painter.places.reef import Growth, paint_reef
from abby_core.generation.providers.painter.places.rock import paint_range
from abby_core.generation.providers.painter.places.skylines import below, jagged, line_of, rolling
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots


def _behind(scene: Scene) -> None:
    rng, canvas = scene.rng("depths"), scene.canvas
    canvas.image.paste(vertical(canvas.size, scene.light.sky))
    canvas.glow((scene.lamp[0], -scene.unit * 0.05), scene.unit * 0.95, scene.light.disc, 0.75, power=2.2)
    _surface(scene, rng)
    _shafts(scene, rng)
    for row in range(3):
        _rocks(scene, rng, row)
    _seabed(scene, rng)
    paint_reef(scene, rng, round(26 * scene.across), 0.55)


def _surface(scene: Scene, rng: random.Random) -> None:
    """The underside of the waves."""
    size = scene.width, max(2, round(scene.height * 0.2))
    net = fractal(rng, size, (scene.unit * 0.16, scene.unit * 0.022), octaves=3, billow=True)
    bright = both(threshold(ImageChops.invert(net), 205, 255), falling(size, lambda share: 1 - share))
    scene.canvas.fill(mix(scene.light.disc, WHITE, 0.3), scaled(bright, 0.6))


def _shafts(scene: Scene, rng: random.Random) -> None:
    """Light that falls through the waves."""
    layer = Image.new("L", shrunk(scene.canvas.size, 4))
    draw, (across, down) = ImageDraw.Draw(layer), layer.size
    for _ in range(12):
        x, wide = scene.lamp[0] / 4 + rng.gauss(0, 0.35) * across, across * rng.uniform(0.01, 0.05)
        end = x + (x - scene.lamp[0] / 4) * 0.7
        shaft = [(x - wide * 0.3, -2), (x + wide * 0.3, -2), (end + wide, down * 0.95), (end - wide, down * 0.95)]
        draw.polygon(shaft, fill=rng.randint(50, 170))
    shine_through(scene, layer, 0.34)


def _rocks(scene: Scene, rng: random.Random, row: int) -> None:
    unit, level = scene.unit, scene.height * (0.74 + 0.07 * row)
    anchors: list[Point] = []
    x = -unit * 0.3
    while x < scene.width + unit * 0.5:
        anchors.append((x, level - unit * rng.uniform(-0.03, 0.24 - 0.04 * row)))
        x += unit * rng.uniform(0.14, 0.34)
    ridge = jagged(rng, anchors, rough=0.16, smallest=unit * 0.01)
    paint_range(scene, rng, ridge, foot=scene.height + unit * 0.2, distance=0.82 - 0.24 * row, rock=rgb("5f7f9a"))


def _seabed(scene: Scene, rng: random.Random) -> None:
    """Sand with a net of light on it."""
    unit, light = scene.unit, scene.light
    land = below(scene, line_of(scene, rolling(rng, scene.height * 0.88, unit * 0.02, unit * 0.9)))
    if land is None:
        return
    sand = vertical(land.size, (light.on(rgb("d8d0a8"), 0.45), light.on(rgb("c8b890"), 0.15), light.off(rgb("b8a888"))))
    net = fractal(rng, land.size, (unit * 0.12, unit * 0.035), octaves=2, billow=True)
    sand.paste(mix(light.disc, rgb("e8ffe8"), 0.5), (0, 0), scaled(threshold(ImageChops.invert(net), 190, 255), 0.3))
    land.fill(scene, sand)


def _spots(scene: Scene) -> Spots:
    x, unit = scene.width * (0.5 + scene.rng("spots").uniform(-0.06, 0.06)), scene.unit
    swim = Spot(x=x, y=scene.height * 0.62, height=unit * 0.42)
    return Spots(
        ground=Spot(x=x, y=scene.height * 0.93, height=unit * 0.5),
        built=Spot(x=x, y=scene.height * 0.9, height=unit * 0.5),
        air=swim,
        water=swim,
    )


def _before(scene: Scene) -> None:
    rng, unit = scene.rng("bubbles"), scene.unit
    paint_reef(scene, scene.rng("near reef"), round(12 * scene.across), 0.1)
    if scene.brief.wants("bubbles"):
        for _ in range(7):
            _bubbles(scene, rng)
    for _ in range(round(60 * scene.across)):
        size = unit * rng.choice((0.003, 0.004, 0.008))
        scene.canvas.glow(scene.anywhere(rng), size, rgb("c8f4ff"), rng.uniform(0.2, 0.5))
    with out_of_focus(scene, unit * 0.012) as pen:
        growth = Growth(pen=pen, rng=rng, light=scene.light, distance=0.0)
        for _ in range(8):
            x = rng.choice((rng.uniform(-0.04, 0.1), rng.uniform(0.9, 1.04))) * scene.width
            growth.weed((x, scene.height * 1.05), unit * rng.uniform(0.3, 0.5), rgb("1f5f6a"))


def _bubbles(scene: Scene, rng: random.Random) -> None:
    """A string of them, rising."""
    unit, (x, y) = scene.unit, scene.anywhere(rng, top=0.5, bottom=0.95)
    with scene.canvas.pen((x - unit * 0.1, y - unit * 0.6, x + unit * 0.1, y + unit * 0.05)) as pen:
        for step in range(rng.randint(4, 9)):
            size = unit * rng.uniform(0.003, 0.012)
            cx, cy = x + rng.gauss(0, 0.012) * unit, y - step * unit * rng.uniform(0.03, 0.05)
            pen.ellipse((cx, cy), (size, size), rgb("d8f6ff"), 70)
            pen.ellipse((cx - size * 0.3, cy - size * 0.3), (size * 0.3, size * 0.3), WHITE, 220)


DEPTHS = Place(horizon=0.9, behind=_behind, spots=_spots, before=_before)
