"""A photographer's backdrop, for portraits."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import WHITE, along, mix
from abby_core.generation.providers.painter.brushes.washes import vertical
from abby_core.generation.providers.painter.places.air import out_of_focus
from abby_core.generation.providers.painter.places.dream import motes
from abby_core.generation.providers.painter.places.harmony import harmony
from abby_core.generation.providers.painter.scene import Place, Scene, Spot, Spots


def _behind(scene: Scene) -> None:
    """Soft colour with circles of light."""
    colours, rng, unit = harmony(scene), scene.rng("studio"), scene.unit
    ramp = mix(colours[0], colours[1], 0.5), colours[1], mix(colours[1], colours[2], 0.5)
    scene.canvas.image.paste(vertical(scene.canvas.size, ramp))
    scene.canvas.glow((scene.width * 0.5, scene.height * 0.42), unit * 0.95, colours[3], 0.7, power=1.5)
    with out_of_focus(scene, unit * 0.004) as pen:
        for _ in range(round(44 * scene.area)):
            at, size = scene.anywhere(rng), unit * rng.uniform(0.015, 0.06)
            tone = mix(rng.choice(colours[2:]), WHITE, rng.uniform(0, 0.4))
            ground = along(colours[1:3], at[1] / scene.height)
            pen.ellipse(at, (size, size), mix(ground, tone, 0.45))
            pen.ellipse(at, (size * 0.9, size * 0.9), mix(ground, tone, 0.3))


def _spots(scene: Scene) -> Spots:
    x, middle, unit = scene.width / 2, scene.height / 2, scene.unit
    fly = Spot(x=x, y=middle + unit * 0.3, height=unit * 0.6)
    return Spots(
        ground=Spot(x=x, y=middle + unit * 0.62, height=unit),
        built=Spot(x=x, y=scene.height * 0.9, height=unit * 0.7),
        air=fly,
        water=fly,
    )


STUDIO = Place(horizon=0.8, behind=_behind, spots=_spots, before=motes)
