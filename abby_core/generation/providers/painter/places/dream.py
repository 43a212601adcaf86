"""Where words lead that nobody taught the painter: landscapes, hollows and flowers of cut paper."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, along, mix, shifted
from abby_core.generation.providers.painter.brushes.outlines import Point
from abby_core.generation.providers.painter.brushes.washes import blurred, moved, scaled, vertical
from abby_core.generation.providers.painter.places.harmony import Harmony, harmony
from abby_core.generation.providers.painter.places.skylines import Profile
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots


def _behind(scene: Scene) -> None:
    rng = scene.rng("dream")
    rng.choice((_landscape, _landscape, _hollow, _mandala))(scene, rng, harmony(scene))


def _sheet(scene: Scene, mask: Image.Image, colour: Colour) -> None:
    """One sheet of paper: its shadow on what lies below, its face, its bright edge."""
    unit, size = scene.unit, scene.canvas.size
    shadow = blurred(moved(mask, 0, round(unit * 0.012)), unit * 0.018)
    scene.canvas.fill(shifted(colour, value=0.35), scaled(shadow, 0.5))
    scene.canvas.fill(vertical(size, (mix(colour, WHITE, 0.12), colour, shifted(colour, value=0.85))), mask)
    rim = ImageChops.subtract(mask, moved(mask, 0, max(1, round(unit * 0.0035))))
    scene.canvas.fill(mix(colour, WHITE, 0.5), scaled(rim, 0.55))


def _landscape(scene: Scene, rng: random.Random, colours: Harmony) -> None:
    """Waves of paper under a glowing orb."""
    canvas, size = scene.canvas, scene.canvas.size
    canvas.image.paste(vertical(size, colours[2:]))
    _orb(scene, rng, (scene.lamp[0], scene.height * rng.uniform(0.24, 0.36)), mix(colours[4], WHITE, 0.5))
    count, wave, tilt = rng.randint(6, 8), scene.unit * rng.uniform(0.7, 1.4), rng.uniform(-0.09, 0.09)
    sharp = rng.random() < 0.4
    for sheet in range(count):
        share = sheet / (count - 1)
        crest = _crest(rng, wave, scene.unit * (0.07 - 0.02 * share), sharp=sharp)
        level = scene.height * (0.42 + 0.52 * share**0.9) - tilt * scene.width / 2
        line = [(x, level + tilt * x + crest(x)) for x in range(-8, size[0] + 12, 4)]
        mask = canvas.silhouette([*line, (size[0] + 12, size[1] + 4), (-8, size[1] + 4)])
        _sheet(scene, mask, along(colours[::-1], 0.22 + 0.75 * share))


def _crest(rng: random.Random, wave: float, swing: float, *, sharp: bool) -> Profile:
    """A wave around 0, ``swing`` pixels high; folded like paper if ``sharp``."""
    first, second, third = (rng.uniform(0, 6.28) for _ in range(3))

    def height(x: float) -> float:
        a, b = math.sin(x / wave * 6.28 + first), math.sin(x / wave * 11.3 + second)
        if sharp:
            a, b = 2 / math.pi * math.asin(a), 2 / math.pi * math.asin(b)
        return swing * (a + 0.5 * b + 0.3 * math.sin(x / wave * 2.9 + third))

    return height


def _orb(scene: Scene, rng: random.Random, centre: Point, colour: Colour) -> None:
    canvas, radius = scene.canvas, scene.unit * rng.uniform(0.11, 0.17)
    canvas.glow(centre, radius * 4, colour, 0.6)
    with canvas.pen() as pen:
        for ring, alpha in ((2.02, 26), (1.68, 26), (1.34, 26), (1.0, 255)):
            pen.ellipse(centre, (radius * ring, radius * ring), colour, alpha)
    for _ in range(14):
        canvas.glow(
            scene.anywhere(rng, bottom=0.5), scene.unit * rng.uniform(0.005, 0.02), WHITE, rng.uniform(0.3, 0.8)
        )


def _hollow(scene: Scene, rng: random.Random, colours: Harmony) -> None:
    """Sheets with ever smaller holes, opening onto a light."""
    canvas, unit = scene.canvas, scene.unit
    x, y = scene.width * rng.uniform(0.44, 0.56), scene.height * rng.uniform(0.44, 0.54)
    canvas.image.paste(mix(colours[4], WHITE, 0.6), (0, 0, *canvas.size))
    canvas.glow((x, y), unit * 0.5, WHITE, 0.8)
    lobes, across, down = rng.randint(3, 6), (scene.width / unit) ** 0.8, (scene.height / unit) ** 0.8
    for sheet in range(8):
        share, phase = sheet / 7, rng.uniform(0, 6.28)
        hole: list[Point] = []
        for step in range(180):
            angle = math.pi * step / 90
            wobble = 1 + 0.09 * math.sin(lobes * angle + phase) + 0.05 * math.sin((lobes + 2) * angle + 2 * phase)
            reach = unit * (0.17 + 0.46 * share) * wobble
            hole.append((x + across * reach * math.cos(angle), y + down * reach * math.sin(angle)))
        _sheet(scene, ImageChops.invert(canvas.silhouette(hole)), along(colours[::-1], 0.12 + 0.88 * share))


def _mandala(scene: Scene, rng: random.Random, colours: Harmony) -> None:
    """A flower, ring behind ring."""
    canvas, unit, (x, y) = scene.canvas, scene.unit, (scene.width / 2, scene.height / 2)
    canvas.image.paste(vertical(canvas.size, (colours[0], mix(colours[0], colours[1], 0.6), colours[0])))
    canvas.glow((x, y), unit * 0.85, colours[2], 0.8)
    petals = rng.choice((8, 10, 12, 14))
    for ring in range(6):
        share, round_tips = ring / 5, (0.5, 1.4, 0.8)[ring % 3]
        reach, turn = unit * (0.54 - 0.42 * share), (ring % 2) * math.pi / petals + rng.uniform(-0.04, 0.04)
        outline: list[Point] = []
        for step in range(petals * 24):
            angle = math.pi * step / (petals * 12)
            radius = reach * (0.66 + 0.34 * abs(math.cos(petals * angle / 2)) ** round_tips)
            outline.append((x + radius * math.cos(angle + turn), y + radius * math.sin(angle + turn)))
        _sheet(scene, canvas.silhouette(outline), along(colours, 0.2 + 0.8 * share))
    canvas.glow((x, y), unit * 0.2, WHITE, 0.8)


def _spots(scene: Scene) -> Spots:
    x, unit = scene.width * (0.5 + scene.rng("spots").uniform(-0.05, 0.05)), scene.unit
    stand = Spot(x=x, y=scene.height * 0.86, height=unit * 0.52)
    fly = Spot(x=x, y=scene.height * 0.66, height=unit * 0.46)
    return Spots(ground=stand, built=stand, air=fly, water=fly)


def motes(scene: Scene) -> None:
    """Dust in the light."""
    rng = scene.rng("motes")
    for _ in range(26 if scene.brief.wants("sparkles") else 0):
        size = scene.unit * rng.uniform(0.004, 0.016)
        scene.canvas.glow(scene.anywhere(rng, top=0.2), size, WHITE, rng.uniform(0.25, 0.7))


DREAM = Place(horizon=0.7, behind=_behind, spots=_spots, before=motes)
