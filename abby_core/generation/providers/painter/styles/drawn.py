"""Styles of the hand: digital art, anime, comic book, line art, pixel art."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import WHITE, mix, rgb
from abby_core.generation.providers.painter.brushes.washes import Size, both, mapped, resized, scaled, threshold
from abby_core.generation.providers.painter.styles.brushwork import brushed
from abby_core.generation.providers.painter.styles.plates import (
    bloom,
    ink,
    paper,
    posterised,
    reduced,
    simplified,
    unit_of,
)

_INK, _SHEET = rgb("22283c"), rgb("fbf7ee")


def digital_art(image: Image.Image, rng: random.Random) -> Image.Image:
    """Strong colours in brush strokes that follow the forms."""
    return ImageEnhance.Contrast(brushed(ImageEnhance.Color(image).enhance(1.28), rng)).enhance(1.06)


def anime(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Clean cels: few tones, strong colours, thin brown outlines, a soft light over all."""
    unit, levels = unit_of(image), 7
    flat = simplified(image, 520)
    soft = flat.convert("L").filter(ImageFilter.GaussianBlur(unit / 500))
    cel = mapped(soft, lambda level: (level * levels // 256 + 0.5) * 255 / levels)
    shade = ImageChops.subtract(cel, soft, scale=1.25, offset=128)
    image = ImageChops.add(flat, shade.convert("RGB"), offset=-128)
    image = ImageEnhance.Brightness(ImageEnhance.Color(image).enhance(1.5)).enhance(1.08)
    lines = ink(simplified(flat, 640), max(0.8, unit / 760), dark=12)
    image.paste(rgb("3a2030"), (0, 0), scaled(lines, 0.9))
    return bloom(image, unit / 36, 0.12)


def comic_book(image: Image.Image, rng: random.Random) -> Image.Image:
    """Four-colour print: flat tones, bold ink, dots in the half shadows."""
    unit = unit_of(image)
    flat = ImageEnhance.Color(simplified(image, 480)).enhance(1.55)
    tones = posterised(ImageEnhance.Contrast(flat).enhance(1.2), 5)
    dots = _halftone(flat.convert("L").filter(ImageFilter.GaussianBlur(unit / 300)), max(4, round(unit / 110)))
    violet = ImageChops.multiply(tones, Image.new("RGB", tones.size, rgb("b8a0c8")))
    tones = Image.composite(tones, violet, dots)
    tones.paste(rgb("120c16"), (0, 0), ink(simplified(image, 420), max(1.0, unit / 430), dark=44))
    return ImageChops.multiply(tones, paper(rng, image.size, rgb("fff6dc"), 8))


def _halftone(grey: Image.Image, pitch: int) -> Image.Image:
    """White with dots that grow where the picture is darker, on a screen turned by 45 degrees."""
    turn = 2 * math.pi / pitch
    waves = (math.cos(turn * (x + y)) + math.cos(turn * (x - y)) for y in range(pitch) for x in range(pitch))
    cell = Image.frombytes("L", (pitch, pitch), bytes(round(127.5 + 63.7 * wave) for wave in waves))
    screen = Image.new("L", grey.size)
    for x in range(0, grey.width, pitch):
        screen.paste(cell, (x, 0))
    row = screen.crop((0, 0, grey.width, pitch))
    for y in range(pitch, grey.height, pitch):
        screen.paste(row, (0, y))
    lifted = mapped(grey, lambda level: level * 0.72 + 78)
    return ImageChops.subtract(lifted, screen, scale=0.12, offset=128)


def line_art(image: Image.Image, rng: random.Random) -> Image.Image:
    """Ink on paper: outlines, and hatching where it is dark."""
    unit = unit_of(image)
    sheet = paper(rng, image.size, _SHEET, 10)
    fine = simplified(image, 560)
    tones = fine.convert("L").filter(ImageFilter.GaussianBlur(unit / 160))
    for angle, limit, pitch in ((0.72, 132, 0.0085), (-0.72, 88, 0.0085), (0.1, 52, 0.007)):
        dark = ImageChops.invert(threshold(tones, limit - 42, limit))
        sheet.paste(mix(_INK, _SHEET, 0.3), (0, 0), both(_hatching(rng, image.size, unit * pitch, angle), dark))
    sheet.paste(mix(_INK, _SHEET, 0.3), (0, 0), ink(fine, max(0.8, unit / 760), dark=30, bold=1.1))
    sheet.paste(_INK, (0, 0), ink(simplified(image, 300), max(1.0, unit / 420), dark=20, bold=2.2))
    return sheet


def _hatching(rng: random.Random, size: Size, pitch: float, angle: float) -> Image.Image:
    """A mask of slanted lines ``pitch`` pixels apart, drawn by a hand that is not quite steady."""
    canvas, reach = Canvas(*size), math.hypot(*size)
    cos, sin, offset = math.cos(angle), math.sin(angle), -reach / 2
    with canvas.pen() as pen:
        while offset < reach / 2:
            x, y = size[0] / 2 - sin * offset, size[1] / 2 + cos * offset
            steps = (along * reach / 12 for along in range(-7, 8))
            line = [(x + cos * s, y + sin * s + rng.gauss(0, 0.12) * pitch) for s in steps]
            pen.line(line, max(0.7, pitch * 0.16), WHITE, rng.randint(170, 255))
            offset += pitch * rng.uniform(0.85, 1.15)
    return canvas.image.getchannel("R")


def pixel_art(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Large square pixels in a small palette."""
    small = ImageEnhance.Color(reduced(image, 144)).enhance(1.35)
    small = ImageEnhance.Contrast(small).enhance(1.12).filter(ImageFilter.UnsharpMask(1.2, 80, 2))
    palette = small.quantize(40, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return resized(palette.convert("RGB"), image.size, Image.Resampling.NEAREST)
