"""A picture from a brief: place, subjects, air, and the last touches."""

from __future__ import annotations

from PIL import Image, ImageChops

from abby_core.generation.providers.painter.brief import Brief
from abby_core.generation.providers.painter.brushes.canvas import Canvas
from abby_core.generation.providers.painter.brushes.washes import blurred, mapped, resized, scaled, soft_spot
from abby_core.generation.providers.painter.cast import habits_of, paint_cast
from abby_core.generation.providers.painter.files import preview
from abby_core.generation.providers.painter.light import light_for
from abby_core.generation.providers.painter.places import PLACES
from abby_core.generation.providers.painter.places.weather import paint_weather
from abby_core.generation.providers.painter.scene import Scene
from abby_core.generation.providers.painter.steps import Steps

_LAMP_HEIGHT = {"dawn": 0.8, "sunset": 0.84, "dusk": 0.92, "golden": 0.42}
"""How far down the sky the sun stands, as a share of the way to the horizon; high up at other times."""


def paint(brief: Brief, width: int, height: int, steps: Steps) -> Image.Image:
    """The finished picture before any style, RGB."""
    place = PLACES[brief.place]
    rng = brief.rng("composition")
    horizon = height * (place.horizon + rng.uniform(-0.025, 0.025))
    side = rng.choice((-1, 1))
    lamp = (
        width * (0.5 + side * rng.uniform(0.24, 0.36)),
        horizon * _LAMP_HEIGHT.get(brief.time, place.moon if brief.time == "night" else 0.22),
    )
    scene = Scene(
        canvas=Canvas(width, height, check=steps.check),
        brief=brief,
        light=light_for(brief),
        horizon=horizon,
        lamp=lamp,
        habits=habits_of(brief),
    )
    place.behind(scene)
    steps.reach(0.4, preview(scene.canvas.image))
    paint_cast(scene, place.spots(scene))
    steps.reach(0.55)
    place.before(scene)
    paint_weather(scene)
    steps.reach(0.7, preview(scene.canvas.image))
    _finish(scene)
    steps.reach(0.75)
    return scene.canvas.image


def _finish(scene: Scene) -> None:
    """Let bright parts bloom a little and the corners fall away."""
    image = scene.canvas.image
    bright = mapped(image, lambda level: max(0, level - 150) * 2)
    soft = blurred(bright, scene.unit * 0.02)
    image = ImageChops.screen(image, scaled(soft, 0.2))
    if scene.brief.wants("vignette"):
        edge = resized(soft_spot(1.0, 0.5), image.size, box=(38, 38, 218, 218))
        dark = scaled(image, 0.8)
        image = Image.composite(image, dark, scaled(edge, 1.45))
    scene.canvas.image = image
