"""Between the stars."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brief import Wish
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.washes import (
    both,
    coloured,
    mapped,
    resized,
    scaled,
    shrunk,
    threshold,
)
from abby_core.generation.providers.painter.places.planets import paint_planet
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots

_NEBULAE = (
    "ff4fa0 7a3cf0 1f5fd0",
    "2fd8d0 2f6ff0 7a2fd8",
    "ff8a3a e03f7a 5a2fb0",
    "5ae0a0 2f8fd8 4a3fd0",
    "f0c05a d0507a 3f3fb8",
)


def _behind(scene: Scene) -> None:
    rng, canvas = scene.rng("space"), scene.canvas
    canvas.image.paste(rgb("05060f"), (0, 0, *canvas.size))
    colours = rgbs(rng.choice(_NEBULAE))
    if scene.brief.tint:
        colours = (shifted(scene.brief.tint, value=1.2), *colours[1:])
    _nebula(scene, rng, colours)
    if scene.brief.wants("stars"):
        _stars(scene, rng)
    wish = _planet(scene)
    if wish is None:
        _backdrop(scene, rng)
    else:
        _worlds(scene, rng, wish)


def _planet(scene: Scene) -> Wish | None:
    return next((wish for wish in scene.brief.wishes if wish.kind == "planet"), None)


def _planet_side(scene: Scene) -> float:
    """Where the wished-for planet stands, as a share of the width."""
    return 0.5 if len(scene.brief.wishes) == 1 else scene.rng("planet side").choice((0.31, 0.69))


def _backdrop(scene: Scene, rng: random.Random) -> None:
    """A small world far away, and a large one below whoever floats here."""
    unit, side = scene.unit, rng.choice((0.16, 0.84))
    far = scene.width * side, scene.height * rng.uniform(0.2, 0.32)
    paint_planet(scene, rng, far, unit * rng.uniform(0.08, 0.15), ringed=rng.random() < 0.4)
    if scene.brief.wishes:
        near = scene.width * (1 - side) + unit * 0.1, scene.height * 1.08
        paint_planet(scene, rng, near, unit * 0.46, ringed=False)


def _worlds(scene: Scene, rng: random.Random, wish: Wish) -> None:
    """The wished-for planet, and its moons or sisters."""
    unit, side = scene.unit, _planet_side(scene)
    radius = unit * (0.27 if len(scene.brief.wishes) == 1 else 0.24)
    centre = scene.width * side, scene.height * 0.42
    paint_planet(scene, rng, centre, radius, ringed=scene.brief.wants("rings"), colour=wish.colour)
    for index in range(max(1, wish.count - 1)):
        across = 0.14 + 0.72 * ((index * 0.62 + (0.95 if side < 0.5 else 0.05)) % 1)
        at = scene.width * across, scene.height * rng.uniform(0.1, 0.24)
        paint_planet(scene, rng, at, unit * rng.uniform(0.03, 0.07), ringed=False)


def _nebula(scene: Scene, rng: random.Random, colours: tuple[Colour, ...]) -> None:
    """Glowing gas along a band across the picture, and dark dust in it."""
    canvas, unit, half = scene.canvas, scene.unit, shrunk(scene.canvas.size, 2)
    band, slope = Image.new("L", (64, 64)), rng.uniform(-0.8, 0.8)
    ImageDraw.Draw(band).line([(-8, 32 - 40 * slope), (72, 32 + 40 * slope)], fill=255, width=26)
    band = resized(band.filter(ImageFilter.GaussianBlur(10)), half)
    around = mapped(band, lambda level: 50 + level)
    for index, colour in enumerate(colours):
        gas = fractal(rng, half, (unit * 0.22, unit * 0.2), octaves=6, gain=0.58, billow=index != 1)
        soft = resized(both(threshold(gas, 60, 250), around), canvas.size)
        canvas.image = ImageChops.screen(canvas.image, coloured(soft, colour, 0.62))
    dust = fractal(rng, half, (unit * 0.16, unit * 0.12), octaves=6, gain=0.6, billow=True)
    mask = both(threshold(ImageChops.invert(dust), 150, 255), band)
    canvas.fill(rgb("07060f"), resized(scaled(mask, 0.6), canvas.size))


def _stars(scene: Scene, rng: random.Random) -> None:
    unit, canvas = scene.unit, scene.canvas
    with canvas.pen() as pen:
        for _ in range(round(900 * scene.area)):
            size = unit * rng.choice((0.0005, 0.0006, 0.0008, 0.0012))
            pen.ellipse(
                scene.anywhere(rng), (size, size), rng.choice(rgbs("ffffff cfe0ff fff0d8 ffdce8")), rng.randint(90, 255)
            )
    for _ in range(round(26 * scene.area)):
        (x, y), tint = scene.anywhere(rng), rng.choice(rgbs("cfe0ff fff0d8 ffd0e4 ffffff"))
        size = unit * rng.uniform(0.006, 0.018)
        canvas.glow((x, y), size, tint, 0.8)
        canvas.glow((x, y), size * 0.25, WHITE, 1.0, power=0.6)
        if size > unit * 0.013:
            reach = size * 1.8
            with canvas.pen((x - size * 2, y - size * 2, x + size * 2, y + size * 2)) as pen:
                for tip in ((x + reach, y), (x - reach, y), (x, y + reach), (x, y - reach)):
                    pen.blade((x, y), tip, size * 0.1, tint)


def _spots(scene: Scene) -> Spots:
    x, share, y = 0.5 + scene.rng("spots").uniform(-0.06, 0.06), 0.52, 0.76
    if _planet(scene):
        x, share, y = 1 - _planet_side(scene), 0.44, 0.86
    spot = Spot(x=scene.width * x, y=scene.height * y, height=scene.unit * share)
    return Spots(ground=spot, built=spot, air=spot, water=spot)


def _before(scene: Scene) -> None:
    """Nothing stands between us and the stars."""


SPACE = Place(horizon=0.95, behind=_behind, spots=_spots, before=_before)
