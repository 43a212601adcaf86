"""Water that mirrors what stands above it."""

from __future__ import annotations

import math

from PIL import Image, ImageFilter

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, along, mix, rgb
from abby_core.generation.providers.painter.brushes.outlines import path
from abby_core.generation.providers.painter.brushes.washes import resized, vertical
from abby_core.generation.providers.painter.scene import Scene

_LENS = path("-1,0 -.3,-.5 .4,-.4 1,0 .3,.5 -.4,.6")
"""A ripple, in half lengths and thicknesses."""


def paint_water(
    scene: Scene, rows: tuple[float, float], deep: Colour, *, calm: float = 0.5, waves: float = 1.0
) -> None:
    """Water between two heights in pixels. ``calm`` 1 is a mirror, 0 shows only the colour of the water."""
    first, last = max(1, round(rows[0])), min(scene.height, round(rows[1]))
    if last - first < 2:
        return
    size, light = (scene.width, last - first), scene.light
    tone = mix(light.on(deep), deep, 0.0 if light.dark else 0.4)
    far, near = mix(tone, light.sky[-1], 0.5), mix(tone, light.off(deep), 0.6)
    body = vertical(size, (far, tone, near))
    scene.canvas.image.paste(Image.blend(body, mirror(scene, first, size[1]), calm), (0, first))
    _ripples(scene, (first, last), deep, waves)
    dull = scene.brief.weather & {"storm", "rain"} or not scene.brief.wants("moon" if light.dark else "sun")
    if not dull:
        _glitter(scene, (first, last), waves)


def mirror(scene: Scene, first: int, high: int) -> Image.Image:
    """The picture above the row ``first``, upside down and broken into shifted rows."""
    above = scene.canvas.image.crop((0, max(0, first - high), scene.width, first))
    above = resized(above.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (scene.width, high), Image.Resampling.BILINEAR)
    above = above.filter(ImageFilter.BoxBlur((scene.unit * 0.001, scene.unit * 0.004)))
    rng, result, y = scene.rng("mirror"), above.copy(), 0
    while y < high:
        depth = y / high
        thick = max(1, round(scene.unit * (0.0012 + 0.007 * depth)))
        shift = round(rng.gauss(0, 1) * scene.unit * (0.0015 + 0.012 * depth))
        result.paste(above.crop((0, y, scene.width, min(high, y + thick))), (shift, y))
        y += thick
    return result


def _ripples(scene: Scene, rows: tuple[int, int], deep: Colour, waves: float) -> None:
    """Lens-shaped light and dark strokes that grow towards us."""
    (first, last), light, unit = rows, scene.light, scene.unit
    rng, high = scene.rng(f"ripples {first}"), last - first
    bright, dark = mix(light.on(deep), along(light.sky, 0.45), 0.55), light.off(mix(deep, rgb("0b2140"), 0.35))
    tall = max(0.25, min(1.0, high / (unit * 0.4)))
    with scene.canvas.pen((0, first, scene.width, last)) as pen:
        for depth in sorted(rng.random() ** 0.8 for _ in range(round(620 * waves * scene.across))):
            x, y = rng.uniform(-0.05, 1.05) * scene.width, first + high * depth
            half = unit * (0.006 + 0.075 * depth**1.2 * tall) * rng.uniform(0.5, 1.3)
            thick = unit * (0.0006 + 0.0075 * depth**1.4 * tall) * rng.uniform(0.6, 1.2)
            lens = [(x + px * half, y + py * thick) for px, py in _LENS]
            pen.polygon(lens, rng.choice((bright, dark)), rng.randint(40, 105))


def _glitter(scene: Scene, rows: tuple[int, int], waves: float) -> None:
    """The path of light under the sun or moon."""
    (first, last), unit = rows, scene.unit
    rng, colour = scene.rng(f"glitter {first}"), mix(scene.light.disc, WHITE, 0.35)
    with scene.canvas.pen((0, first, scene.width, last)) as pen:
        for _ in range(round(260 * waves)):
            depth = rng.random() ** 1.2
            spread, aside = unit * (0.03 + 0.14 * depth), rng.gauss(0, 0.5)
            at = scene.lamp[0] + aside * spread, first + (last - first) * depth
            size = unit * (0.004 + 0.022 * depth) * rng.uniform(0.4, 1.2), unit * (0.0007 + 0.0024 * depth)
            pen.ellipse(at, size, colour, round(200 * math.exp(-(aside**2)) * (1 - 0.45 * depth)))
