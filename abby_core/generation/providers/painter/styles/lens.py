"""Styles of the camera: enhance, photographic, cinematic, analog film, fantasy art, neon punk."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import WHITE, mix, rgb, rgbs
from abby_core.generation.providers.painter.brushes.noise import fractal, grid
from abby_core.generation.providers.painter.brushes.washes import (
    blurred,
    falling,
    mapped,
    ramped,
    resized,
    scaled,
    shrunk,
    threshold,
)
from abby_core.generation.providers.painter.styles.plates import (
    bloom,
    duotone,
    graded,
    ink,
    simplified,
    unit_of,
    vignette,
)


def enhance(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Crisp, clear and a little more colourful."""
    image = ImageEnhance.Color(image).enhance(1.14)
    image = ImageEnhance.Contrast(image).enhance(1.05)
    return image.filter(ImageFilter.UnsharpMask(max(0.6, unit_of(image) / 900), 45, 2))


def photographic(image: Image.Image, _rng: random.Random) -> Image.Image:
    """A lens with a shallow depth of field, natural colours, a soft shoulder."""
    unit = unit_of(image)
    far = falling(image.size, lambda share: abs(share * 2 - 1.12) * 2 - 0.62)
    image = Image.composite(image.filter(ImageFilter.GaussianBlur(unit / 190)), image, far)
    image = ImageEnhance.Color(image).enhance(0.9)
    image = graded(image, "0,0 .25,.19 .75,.83 1,1", "0,0 .25,.2 .75,.81 1,.99", "0,.02 .25,.21 .75,.77 1,.95")
    return vignette(image, rgb("14100e"), 0.45)


def cinematic(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Teal shadows, amber light, a long flare."""
    unit = unit_of(image)
    image = ImageEnhance.Color(image).enhance(0.86)
    image = graded(image, "0,0 .3,.2 .6,.64 1,1", "0,.03 .3,.25 .6,.58 1,.95", "0,.09 .3,.33 .6,.52 1,.82")
    lights = mapped(image.convert("L"), lambda level: (level - 205) * 5)
    narrow = resized(lights, shrunk(image.size, 8), Image.Resampling.BOX)
    streak = resized(narrow.filter(ImageFilter.BoxBlur((unit / 14, 0.6))), image.size)
    flare = Image.merge("RGB", [scaled(streak, share) for share in (0.35, 0.6, 0.9)])
    return vignette(ImageChops.screen(image, flare), rgb("040a10"), 0.7)


def cinema_scope(image: Image.Image, rng: random.Random) -> Image.Image:
    """Cinematic, between black bars: 2.2 times as wide as high, but the bars never take more than a fifth."""
    bar = round(min(image.height * 0.1, max(0.0, (image.height - image.width / 2.2) / 2)))
    framed = cinematic(image, rng)
    draw = ImageDraw.Draw(framed)
    if bar:
        draw.rectangle((0, 0, image.width, bar - 1), fill=rgb("050505"))
        draw.rectangle((0, image.height - bar, image.width, image.height), fill=rgb("050505"))
    return framed


def analog_film(image: Image.Image, rng: random.Random) -> Image.Image:
    """Faded blacks, warm lights, a leak of light, grain."""
    unit = unit_of(image)
    image = ImageEnhance.Color(image.filter(ImageFilter.GaussianBlur(unit / 1400))).enhance(0.72)
    image = graded(image, "0,.14 .5,.57 1,.98", "0,.11 .5,.51 1,.93", "0,.13 .5,.44 1,.78")
    canvas = Canvas(*image.size)
    canvas.image = image
    side = rng.choice((0.0, 1.0))
    canvas.glow((image.width * side, image.height * rng.uniform(0.1, 0.9)), unit * 0.75, rgb("ff5a1e"), 0.6, power=1.6)
    canvas.glow((image.width * side, image.height * rng.uniform(0.1, 0.9)), unit * 0.4, rgb("ffc04a"), 0.5, power=1.6)
    image = vignette(canvas.image, rgb("2a1408"), 0.6)
    coarse = grid(rng, max(2, round(image.width / 1.6)), max(2, round(image.height / 1.6)))
    grain = resized(coarse, image.size, Image.Resampling.BILINEAR)
    grain = mapped(grain, lambda level: 128 + round((level - 128) * 0.2))
    return ImageChops.add(image, grain.convert("RGB"), offset=-128)


def fantasy_art(image: Image.Image, rng: random.Random) -> Image.Image:
    """Glowing, with violet shadows and golden lights, and dust that shines."""
    unit = unit_of(image)
    image = ImageEnhance.Color(image).enhance(1.25)
    image = graded(image, "0,.1 .5,.54 1,1", "0,.02 .5,.46 1,.96", "0,.2 .5,.56 1,.88")
    image = Image.blend(image, ImageChops.soft_light(image, duotone(image, rgbs("2a1060 8a3ab0 ffb0a0 fff2c0"))), 0.75)
    image = bloom(image, unit / 28, 0.34)
    canvas = Canvas(*image.size)
    canvas.image = vignette(image, rgb("1c0838"), 0.8)
    for _ in range(round(46 * image.width * image.height / unit**2)):
        at, size = (rng.uniform(0, image.width), rng.uniform(0, image.height)), unit * rng.uniform(0.004, 0.015)
        tint = rng.choice(rgbs("ffe9a0 ffd0f0 c8f0ff"))
        canvas.glow(at, size, tint, 0.8)
        canvas.glow(at, size * 0.3, WHITE, 1.0, power=0.7)
    return canvas.image


def neon_punk(image: Image.Image, rng: random.Random) -> Image.Image:
    """Night, wet colours, and every outline a glass tube."""
    unit = unit_of(image)
    dark = duotone(ImageEnhance.Contrast(image).enhance(1.25), rgbs("05020f 190a3a 3a1268 7a1a88 d83ab0 ffb0e8"))
    dark = Image.blend(dark, scaled(ImageEnhance.Color(image).enhance(1.7), 0.5), 0.3)
    lines = ink(simplified(image, 420), max(1.0, unit / 420), dark=0)
    lines = scaled(lines, 1.2)
    sweep = fractal(rng, image.size, (unit * 0.6, unit * 0.6), octaves=2)
    colour = ramped(sweep, rgbs("ff2fa8 ff4fd0 8a5aff 2fc8ff 2fffe0"))
    tubes = ImageChops.multiply(colour, lines.convert("RGB"))
    glow = ImageChops.add(blurred(tubes, unit / 120), blurred(tubes, unit / 40))
    image = ImageChops.screen(ImageChops.screen(dark, scaled(glow, 1.25)), tubes)
    core = threshold(lines, 170, 255)
    image.paste(mix(WHITE, rgb("ffd8ff"), 0.5), (0, 0), scaled(core, 0.6))
    scan = Image.frombytes("L", (1, 4), bytes((255, 255, 228, 210)))
    rows = Image.new("L", (1, image.height))
    for y in range(0, image.height, 4):
        rows.paste(scan, (0, y))
    return vignette(ImageChops.multiply(image, resized(rows, image.size).convert("RGB")), rgb("03010a"), 0.8)
