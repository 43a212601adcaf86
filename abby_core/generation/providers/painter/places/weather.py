"""Rain, lightning, snow, fog, petals and rainbows, over the finished place."""

from __future__ import annotations

import math

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.outlines import oval
from abby_core.generation.providers.painter.brushes.washes import both, falling, mapped, resized, scaled, shrunk
from abby_core.generation.providers.painter.places.air import out_of_focus, sparkles
from abby_core.generation.providers.painter.scene import Scene

_RAINBOW = rgbs("ff4a4a ff9a3a ffe85a 5ae07a 4aa0ff 7a5aff b04af0")
_BLOSSOM = rgbs("ffd0e2 ffb8d2 fff0f4")
_LEAVES = rgbs("e08a2e c8502a f0b840")


def paint_weather(scene: Scene) -> None:
    """Whatever the brief says falls, drifts or glows."""
    kinds, place = scene.brief.weather, scene.brief.place
    if "rainbow" in kinds:
        _rainbow(scene)
    if "fog" in kinds:
        _fog(scene)
    if kinds & {"rain", "storm"}:
        _rain(scene)
    if "storm" in kinds:
        _lightning(scene)
    if "snow" in kinds and place not in {"depths", "space"}:
        _snowfall(scene)
    if "petals" in kinds:
        _petals(scene, _BLOSSOM)
    if "autumn" in kinds:
        _petals(scene, _LEAVES)
    if "fireflies" in kinds:
        sparkles(scene, rgb("9af0ff" if place == "depths" else "ffe68a"), 60, top=0.1)


def _rainbow(scene: Scene) -> None:
    layer = Image.new("RGB", shrunk(scene.canvas.size, 2))
    draw = ImageDraw.Draw(layer)
    unit, x, y = scene.unit / 2, layer.width * (0.5 - 0.2 * scene.side), (scene.horizon + scene.unit * 0.1) / 2
    for step, colour in enumerate((*_RAINBOW, (0, 0, 0))):
        radius = unit * (0.62 - 0.014 * step)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    draw.rectangle((0, scene.horizon / 2, *layer.size), fill=0)
    soft = resized(layer.filter(ImageFilter.GaussianBlur(unit * 0.006)), scene.canvas.size)
    scene.canvas.image = ImageChops.screen(scene.canvas.image, scaled(soft, 0.42))


def _fog(scene: Scene) -> None:
    """Banks of fog, thickest at the horizon."""
    half = shrunk(scene.canvas.size, 2)
    line = scene.horizon / scene.height + 0.06
    band = falling(half, lambda share: 0.92 * math.exp(-(((share - line) / 0.2) ** 2)) + 0.08)
    banks = fractal(scene.rng("fog"), half, (scene.unit * 0.3, scene.unit * 0.07), octaves=4)
    mask = both(band, mapped(banks, lambda level: 90 + level))
    pale = scene.light.haze if scene.light.dark else mix(scene.light.haze, WHITE, 0.35)
    scene.canvas.fill(pale, resized(scaled(mask, 0.8), scene.canvas.size))


def _rain(scene: Scene) -> None:
    rng, unit = scene.rng("rain"), scene.unit
    slant = rng.choice((-1, 1)) * rng.uniform(0.08, 0.2)
    colour = mix(scene.light.haze, WHITE, 0.55)
    with scene.canvas.pen() as pen:
        for _ in range(round(900 * scene.area)):
            x, y = rng.uniform(-0.1, 1.1) * scene.width, rng.uniform(-0.05, 1.0) * scene.height
            near = rng.random() ** 3
            long, thick = unit * (0.02 + 0.06 * near), unit * (0.0006 + 0.0011 * near)
            pen.line([(x, y), (x + slant * long, y + long)], thick, colour, round(45 + 60 * near))


def _lightning(scene: Scene) -> None:
    rng, unit = scene.rng("lightning"), scene.unit
    x, y = scene.width * rng.choice((rng.uniform(0.15, 0.35), rng.uniform(0.65, 0.85))), 0.0
    bolt = [(x, y)]
    while y < scene.horizon:
        x, y = x + rng.gauss(0, 1) * unit * 0.03, y + unit * rng.uniform(0.02, 0.05)
        bolt.append((x, y))
    for joint in bolt[::2]:
        scene.canvas.glow(joint, unit * 0.14, rgb("a8b8ff"), 0.16)
    with scene.canvas.pen() as pen:
        pen.line(bolt, unit * 0.006, rgb("c8d4ff"), 160)
        pen.line(bolt, unit * 0.003, WHITE)
        for start in range(2, len(bolt) - 3, 4):
            fork = [bolt[start]]
            for _ in range(4):
                fork.append((fork[-1][0] + rng.uniform(-0.2, 1.0) * unit * 0.03, fork[-1][1] + unit * 0.025))
            pen.line(fork, unit * 0.0016, rgb("f0f4ff"), 210)


def _snowfall(scene: Scene) -> None:
    rng, unit = scene.rng("snowfall"), scene.unit
    white = mix(scene.light.on(WHITE), WHITE, 0.5)
    with scene.canvas.pen() as pen:
        for _ in range(round(520 * scene.area)):
            size = unit * rng.choice((0.0012, 0.0016, 0.002, 0.003))
            pen.ellipse(scene.anywhere(rng), (size, size), white, rng.randint(120, 235))
    with out_of_focus(scene, unit * 0.006) as pen:
        for _ in range(round(34 * scene.area)):
            size = unit * rng.uniform(0.005, 0.012)
            pen.ellipse(scene.anywhere(rng), (size, size), white, 210)


def _petals(scene: Scene, colours: tuple[Colour, ...]) -> None:
    rng, unit = scene.rng("petals"), scene.unit
    with scene.canvas.pen() as pen:
        for _ in range(round(70 * scene.area)):
            at, size, angle = scene.anywhere(rng), unit * rng.uniform(0.006, 0.013), rng.uniform(0, math.pi)
            lit, dim = scene.light.both(rng.choice(colours))
            pen.polygon(oval(at, (size, size * rng.uniform(0.3, 0.6)), steps=12, turn=angle), lit)
            tip = at[0] + math.cos(angle) * size * 1.3, at[1] + math.sin(angle) * size * 1.3
            pen.blade(at, tip, size * 0.5, dim)
