"""What light does in the air: sunbeams, sparks, and the blur of things very near."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from abby_core.generation.providers.painter.brushes.canvas import Pen
from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix
from abby_core.generation.providers.painter.brushes.washes import both, coloured, falling, resized, shrunk
from abby_core.generation.providers.painter.scene import Scene


@contextmanager
def out_of_focus(scene: Scene, radius: float) -> Generator[Pen]:
    """Draw things so near that they blur (``radius`` in pixels)."""
    layer = Image.new("RGBA", shrunk(scene.canvas.size, 2))
    yield Pen(layer, 0.5, (0, 0))
    soft = layer.convert("RGBa").filter(ImageFilter.GaussianBlur(radius / 2)).convert("RGBA")
    soft = resized(soft, scene.canvas.size)
    scene.canvas.fill(soft.convert("RGB"), soft.getchannel("A"))


def shine_through(scene: Scene, beams: Image.Image, strength: float) -> None:
    """Add a small picture of beams, blurred and fading downwards, in the colour of the light."""
    fade = falling(beams.size, lambda share: 1 - 0.9 * share)
    soft = both(beams.filter(ImageFilter.GaussianBlur(scene.unit / 160)), fade)
    soft = resized(soft, scene.canvas.size)
    scene.canvas.image = ImageChops.screen(scene.canvas.image, coloured(soft, scene.light.disc, strength))


def sunbeams(scene: Scene, strength: float = 0.22) -> None:
    """Slanting light from the sun, through gaps in cloud or leaves."""
    if scene.light.dark or not scene.brief.wants("rays"):
        return
    rng = scene.rng("beams")
    beams = Image.new("L", shrunk(scene.canvas.size, 4))
    draw = ImageDraw.Draw(beams)
    x, y = scene.lamp[0] / 4, scene.lamp[1] / 4
    reach = math.hypot(*beams.size) * 1.2
    for _ in range(9):
        angle, half = math.pi / 2 + scene.side * 0.55 + rng.gauss(0, 0.45), rng.uniform(0.008, 0.05)
        ends = ((x + reach * math.cos(a), y + reach * math.sin(a)) for a in (angle - half, angle + half))
        draw.polygon([(x, y), *ends], fill=rng.randint(60, 190))
    shine_through(scene, beams, strength)


def sparkles(scene: Scene, colour: Colour, count: int, *, top: float = 0.3) -> None:
    """Glowing specks: pollen in the sun, fireflies at night."""
    if not scene.brief.wants("sparkles"):
        return
    rng = scene.rng("sparkles")
    for _ in range(round(count * scene.across)):
        at, size = scene.anywhere(rng, top=top), scene.unit * rng.choice((0.004, 0.006, 0.006, 0.009, 0.014))
        scene.canvas.glow(at, size * 2.4, colour, rng.uniform(0.25, 0.55))
        scene.canvas.glow(at, size * 0.7, mix(colour, WHITE, 0.6), rng.uniform(0.5, 1.0), power=1.0)
