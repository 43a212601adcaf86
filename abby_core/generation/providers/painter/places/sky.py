"""Skies: sun, moon, stars and northern lights."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import BLACK, WHITE, Colour, along, mix, rgb, rgbs
from abby_core.generation.providers.painter.brushes.noise import fractal
from abby_core.generation.providers.painter.brushes.washes import both, resized, scaled, vertical
from abby_core.generation.providers.painter.places.clouds import paint_clouds
from abby_core.generation.providers.painter.places.planets import paint_planet
from abby_core.generation.providers.painter.scene import Scene

_CRATERS = ((-0.3, -0.2, 0.28), (0.25, 0.3, 0.2), (0.2, -0.4, 0.14), (-0.25, 0.42, 0.12))
_CURTAINS = (rgbs("3dffa8 2f7bd6"), rgbs("6dffc0 8a4be0"), rgbs("46f0c8 d04bb0"))
"""Northern lights: colours at the foot and at the top."""


def paint_sky(scene: Scene) -> None:
    """Everything above the horizon that is not land."""
    brief, canvas = scene.brief, scene.canvas
    canvas.image.paste(scene.light.sky[-1], (0, 0, *canvas.size))
    canvas.image.paste(vertical((scene.width, max(1, math.ceil(scene.horizon))), scene.light.sky))
    if scene.light.dark and brief.wants("stars"):
        _stars(scene)
    if "aurora" in brief.weather:
        _aurora(scene)
    if brief.wants("moon" if scene.light.dark else "sun") and "storm" not in brief.weather:
        _moon(scene) if scene.light.dark else _sun(scene)
    for wish in brief.wishes:
        if wish.kind == "planet":
            centre = scene.width - scene.lamp[0], scene.horizon * 0.36
            ringed = brief.wants("rings")
            paint_planet(scene, scene.rng("planet"), centre, scene.unit * 0.13, ringed=ringed, colour=wish.colour)
    if brief.wants("clouds"):
        paint_clouds(scene)


def _sun(scene: Scene) -> None:
    canvas, unit, disc = scene.canvas, scene.unit, scene.light.disc
    if "rain" in scene.brief.weather:
        canvas.glow(scene.lamp, unit * 0.8, disc, 0.35)
        return
    canvas.glow(scene.lamp, unit * 0.95, disc, 0.55, power=2.6)
    canvas.glow(scene.lamp, unit * 0.3, disc, 0.7, power=2.0)
    canvas.glow(scene.lamp, unit * 0.12, mix(disc, WHITE, 0.7), 1.0, power=0.9)


def _moon(scene: Scene) -> None:
    canvas, unit, disc = scene.canvas, scene.unit, scene.light.disc
    (x, y), radius = scene.lamp, unit * 0.055
    canvas.glow(scene.lamp, unit * 0.5, disc, 0.35, power=2.2)
    canvas.glow(scene.lamp, unit * 0.16, disc, 0.5, power=1.6)
    with canvas.pen((x - radius * 1.5, y - radius * 1.5, x + radius * 1.5, y + radius * 1.5)) as pen:
        pen.ellipse(scene.lamp, (radius, radius), disc)
        for dx, dy, size in _CRATERS:
            crater = mix(disc, rgb("8f97b3"), 0.35)
            pen.ellipse((x + dx * radius, y + dy * radius), (size * radius, size * radius), crater)


def _stars(scene: Scene) -> None:
    """A milky way, many small stars, a few bright ones."""
    rng, canvas, unit = scene.rng("stars"), scene.canvas, scene.unit
    band, slope = Image.new("L", (64, 64)), rng.uniform(-0.6, 0.6)
    ImageDraw.Draw(band).line([(-8, 30 - 36 * slope), (72, 26 + 36 * slope)], fill=200, width=16)
    band = resized(band.filter(ImageFilter.GaussianBlur(7)), canvas.size)
    milky = both(band, fractal(rng, canvas.size, (unit / 4, unit / 6)))
    canvas.image = ImageChops.screen(canvas.image, Image.merge("RGB", [scaled(milky, f) for f in (0.26, 0.24, 0.4)]))
    count = round(scene.across * scene.horizon / unit * 420)
    tones = [mix(along(scene.light.sky, 0.2), WHITE, share) for share in (0.3, 0.55, 0.9)]
    with canvas.pen((0, 0, scene.width, scene.horizon)) as pen:
        for _ in range(count):
            at = rng.uniform(0, scene.width), scene.horizon * rng.random() ** 1.3
            size = unit * rng.choice((0.0005, 0.0007, 0.0007, 0.001, 0.0014))
            pen.ellipse(at, (size, size), rng.choice(tones))
    for _ in range(count // 30):
        at = rng.uniform(0, scene.width), scene.horizon * rng.random() ** 1.3
        canvas.glow(at, unit * rng.uniform(0.006, 0.014), rng.choice(rgbs("cfe0ff fff0d0 ffd8e6")), 0.9)
        canvas.glow(at, unit * 0.003, WHITE, 1.0, power=0.6)


def _aurora(scene: Scene) -> None:
    """Curtains of vertical rays that rise from a winding lower edge."""
    rng, curtains = scene.rng("aurora"), Image.new("RGB", (320, 240))
    for tints in _CURTAINS:
        curtains = ImageChops.screen(curtains, _curtain(rng, curtains.width, curtains.height, tints))
    size = scene.width, max(1, round(scene.horizon))
    soft = resized(curtains.filter(ImageFilter.GaussianBlur(2.2)), size)
    sky = scene.canvas.image.crop((0, 0, *size))
    scene.canvas.image.paste(ImageChops.screen(sky, soft), (0, 0))


def _curtain(rng: random.Random, wide: int, high: int, tints: tuple[Colour, ...]) -> Image.Image:
    base, phase, swing = rng.uniform(0.55, 0.9), rng.uniform(0, 6), rng.uniform(0.06, 0.14)
    rays = fractal(rng, (wide, 1), (26, 1), octaves=4).tobytes()
    layer = Image.new("RGB", (wide, high))
    draw = ImageDraw.Draw(layer)
    for x, ray in enumerate(rays):
        turn = x / wide * 2 * math.pi
        foot = high * (base + swing * (math.sin(turn * 1.3 + phase) + 0.5 * math.sin(turn * 3.1 + phase)))
        tall, power = high * (0.25 + 0.4 * ray / 255), 0.2 + 0.8 * ray / 255
        for step in range(16):
            y = foot - tall * step / 16
            colour = mix(BLACK, along(tints, step / 14), power * (1 - step / 16) ** 1.5)
            draw.line([(x, y), (x, y - tall / 16)], fill=colour)
    return layer
