"""Pictures from pictures: repainting what somebody brought, and enlarging it."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from abby_core.generation.providers.painter.brief import Brief, read
from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.colour import mix, shifted
from abby_core.generation.providers.painter.brushes.washes import resized, scaled
from abby_core.generation.providers.painter.cast import habits_of, paint_cast
from abby_core.generation.providers.painter.light import light_for
from abby_core.generation.providers.painter.places.air import sunbeams
from abby_core.generation.providers.painter.places.weather import paint_weather
from abby_core.generation.providers.painter.scene import Scene, Spot, Spots
from abby_core.generation.providers.painter.steps import Steps
from abby_core.generation.providers.painter.styles import STYLES
from abby_core.generation.providers.painter.styles.brushwork import brushed
from abby_core.generation.providers.painter.styles.plates import duotone
from abby_core.generation.request import ImageToImage

_NEWCOMER_FROM, _NEWCOMER_FULL = 0.55, 0.64
"""How much of the picture must be given up before the prompt's subject steps into it, and is all there."""


def repaint(source: Image.Image, request: ImageToImage, seed: int, steps: Steps) -> Image.Image:
    """The source on its way to a repainting, as far as ``image_strength`` lets it go. RGB in, RGB out.

    Every pixel moves on a straight line from the source to the repainting, so a smaller strength never leaves
    it closer to the source. Late on that way the prompt's subject steps into the picture.
    """
    brief = read(request.prompt, request.negative_prompt, seed)
    render, given_up = STYLES[request.style].render, 1.0 - request.image_strength
    canvas = Canvas(*source.size, check=steps.check)
    canvas.image = brushed(_in_the_light_of(source, brief), brief.rng("brush"))
    steps.reach(0.35)
    scene = _scene(canvas, brief)
    sunbeams(scene, 0.2)
    paint_weather(scene)
    steps.reach(0.5)
    backdrop = canvas.image.copy()
    result = Image.blend(source, render(backdrop, brief.rng("style")), given_up)
    steps.reach(0.65)
    here = (given_up - _NEWCOMER_FROM) / (_NEWCOMER_FULL - _NEWCOMER_FROM)
    if here > 0 and scene.habits:
        paint_cast(scene, _spots(scene))
        steps.reach(0.8)
        newcomer = scaled(_changed(backdrop, canvas.image), min(1.0, here))
        result.paste(render(canvas.image, brief.rng("style")), (0, 0), newcomer)
    steps.reach(0.9)
    return result


def enlarge(source: Image.Image, width: int, height: int) -> Image.Image:
    """The same picture with more pixels, sharpened a little; RGB or RGBA."""
    large = resized(source, (width, height), Image.Resampling.LANCZOS)
    factor = width / source.width
    if factor <= 1.0:
        return large
    sharp = large.filter(ImageFilter.UnsharpMask(radius=0.45 * factor + 0.4, percent=45, threshold=2))
    if large.mode == "RGBA":
        sharp.putalpha(large.getchannel("A"))
    return sharp


def _in_the_light_of(source: Image.Image, brief: Brief) -> Image.Image:
    """The source in the colours of the brief's time and place; its forms stay where they are."""
    light = light_for(brief)
    middle = light.sky[len(light.sky) // 2]
    bright = mix(light.haze, light.disc, 0.35 if light.dark else 1.0)
    deep = shifted(light.off((70, 66, 84)), value=0.7)
    ramp = (deep, mix(light.shade, middle, 0.4), mix(middle, light.sun, 0.5), light.haze, bright)
    toned = duotone(source, ramp)
    _, blue, red = Image.blend(source, toned, 0.62).convert("YCbCr").split()
    grey = Image.blend(source.convert("L"), toned.convert("L"), 0.8 if light.dark else 0.3)
    return Image.merge("YCbCr", (grey, blue, red)).convert("RGB")


def _scene(canvas: Canvas, brief: Brief) -> Scene:
    rng = brief.rng("composition")
    lamp = canvas.width * rng.choice((0.16, 0.84)), canvas.height * 0.1
    return Scene(
        canvas=canvas,
        brief=brief,
        light=light_for(brief),
        horizon=canvas.height * 0.55,
        lamp=lamp,
        habits=habits_of(brief),
    )


def _spots(scene: Scene) -> Spots:
    """The subject steps in at the side, so that what the picture shows stays in sight."""
    side = scene.rng("spots").choice((0.24, 0.76))
    stand = Spot(x=scene.width * side, y=scene.height * 0.95, height=scene.unit * 0.42)
    fly = Spot(x=scene.width * side, y=scene.height * 0.42, height=scene.unit * 0.3)
    return Spots(ground=stand, built=stand, air=fly, water=stand)


def _changed(before: Image.Image, after: Image.Image) -> Image.Image:
    """A mask of what was painted in between."""
    red, green, blue = ImageChops.difference(before, after).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return scaled(most, 24).filter(ImageFilter.GaussianBlur(0.8))
