"""Animals that sit and look at you: one build, many species. Sizes are shares of the animal's height."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, curve, path, sided, symmetric
from abby_core.generation.providers.painter.subjects.animal import Animal
from abby_core.generation.providers.painter.subjects.markings import paint_markings
from abby_core.generation.providers.painter.subjects.species import SPECIES
from abby_core.generation.providers.painter.subjects.tails_and_ears import paint_antlers, paint_ears, paint_tail

_TORSO = symmetric(path("0,-.42 .1,-.38 .165,-.27 .19,-.14 .15,-.03 0,-.01"))
_HEAD = symmetric(path("0,-.735 .12,-.715 .205,-.63 .235,-.51 .18,-.4 0,-.36"))
_ARM = path(".09,-.31 .125,-.2 .1,-.075 .055,-.05 .02,-.075 .04,-.2")
_NOSE = path("-.028,-.483 0,-.49 .028,-.483 .015,-.464 0,-.457 -.015,-.464")
_TRUNK = path("-.06,-.5 .06,-.5 .065,-.38 .06,-.25 .1,-.18 .15,-.19 .15,-.13 .08,-.11 0,-.17 -.03,-.3")
_CREAM = rgb("fff8ee")


def draw_animal(figure: Figure, species: str, colour: Colour | None) -> None:
    """Paint the animal, tail first and whiskers last."""
    kind = SPECIES[species]
    animal = Animal(figure=figure, kind=kind, coat=colour or figure.rng.choice(kind.coats))
    paint_tail(animal)
    _back(animal)
    _body(animal)
    _arms(animal)
    if kind.ears != "floppy":
        paint_ears(animal)
    _head(animal)
    paint_markings(animal)
    if kind.ears == "floppy":
        paint_ears(animal)
    _face(animal)


def _back(animal: Animal) -> None:
    """What shows around the body from behind: spines or wool."""
    figure, dark = animal.figure, animal.kind.dark
    if animal.has("spines"):
        figure.oval((0, -0.36), (0.33, 0.36), dark, fur=0.075, sheen=0.1)
        figure.oval((0, -0.4), (0.29, 0.33), shifted(dark, value=1.35), fur=0.07, sheen=0.1)
    if animal.has("wool"):
        for step in range(14):
            angle = math.pi * 2 * step / 14
            figure.oval((0.17 * math.cos(angle), -0.2 + 0.16 * math.sin(angle)), (0.085, 0.08), animal.coat, fur=0.02)


def _body(animal: Animal) -> None:
    """Haunches, torso, belly and hind feet."""
    figure, kind, coat = animal.figure, animal.kind, animal.coat
    for side in SIDES:
        figure.oval((side * 0.165, -0.125), (0.1, 0.125), shifted(coat, value=0.95), turn=side * 0.25, fur=0.026)
    figure.blob(_TORSO, coat, fur=0.03, field=lambda x, _y: (x * 1.5, 0.35))
    figure.oval((0, -0.2), (0.105, 0.165), kind.belly, relief=0.4, fur=0.034)
    foot = kind.dark if kind.socks else animal.pale
    for side in SIDES:
        figure.oval((side * 0.145, -0.036), (0.095, 0.046), foot, turn=side * 0.1, fur=0.016)
        for toe in (-0.03, 0.004, 0.036):
            x = side * 0.17 + toe
            figure.stroke([(x, -0.036), (x + 0.003, -0.012)], 0.005, shifted(foot, value=0.6), 130)


def _arms(animal: Animal) -> None:
    figure, kind = animal.figure, animal.kind
    sleeve = kind.dark if animal.has("patches") else mix(animal.coat, animal.pale, 0.4)
    paw = kind.dark if kind.socks else animal.pale
    for side in SIDES:
        figure.blob(sided(_ARM, side), sleeve, fur=0.022, field=lambda _x, _y: (0.0, 1.0))
        figure.oval((side * 0.058, -0.072), (0.043, 0.05 if kind.socks else 0.036), paw, fur=0.012)
        for toe in (-0.012, 0.012):
            x = side * 0.058 + toe
            figure.stroke([(x, -0.058), (x, -0.04)], 0.004, shifted(paw, value=0.6), 130)


def _head(animal: Animal) -> None:
    figure, dark = animal.figure, animal.kind.dark
    figure.blush((0, -0.36), (0.22, 0.1), rgb("3a2630"), 0.6, inside=_TORSO)
    if animal.has("mane"):
        figure.oval((0, -0.53), (0.33, 0.3), dark, fur=0.085, sheen=0.2)
        figure.oval((0, -0.54), (0.28, 0.25), shifted(dark, value=1.25), fur=0.07)
        for side in SIDES:
            figure.oval((side * 0.175, -0.72), (0.065, 0.06), animal.coat, fur=0.02)
    if animal.has("antlers"):
        paint_antlers(animal)
    figure.blob(_HEAD, animal.face, fur=0.026, field=lambda x, y: (x * 1.6, y + 0.62))


def _face(animal: Animal) -> None:
    figure, kind = animal.figure, animal.kind
    if not animal.has("cheeks") and not animal.has("face"):
        for side in SIDES:
            if not animal.has("patches"):
                figure.blush((side * 0.12, -0.55), (0.115, 0.12), kind.belly, 0.5)
            cheek = mix(animal.face, kind.belly, 0.5)
            figure.oval((side * 0.15, -0.445), (0.07, 0.052), cheek, relief=0.3, fur=0.022)
    _muzzle(animal)
    for side in SIDES:
        figure.blush((side * 0.158, -0.46), (0.062, 0.042), rgb("f47f86"), 0.6)
        _eye(figure, (side * 0.122, -0.54), 0.052, kind.iris)
    _nose_and_mouth(animal)
    if animal.has("forelock"):
        for x, turn, hue in ((-0.05, 0.5, 0.0), (0.04, -0.3, 0.08), (0.0, 0.1, -0.1)):
            figure.oval((x, -0.69), (0.05, 0.11), shifted(kind.dark, hue=hue), turn=turn, fur=0.03)
    if animal.has("horn"):
        figure.blob(path("-.036,-.74 0,-1.02 .036,-.74 0,-.73"), rgb("f6d878"), sheen=0.7)
        for step in range(4):
            y, half = -0.77 - 0.055 * step, 0.03 * (1 - step / 5)
            figure.stroke([(-half, y), (0, y + 0.01), (half, y - 0.014)], 0.006, rgb("c89a3a"))


def _muzzle(animal: Animal) -> None:
    figure, kind = animal.figure, animal.kind
    if kind.muzzle == "snout":
        figure.oval((0, -0.445), (0.105, 0.072), kind.nose, fur=0.006)
        for side in SIDES:
            figure.spot((side * 0.036, -0.452), (0.013, 0.02), shifted(kind.nose, value=0.5))
    elif kind.muzzle == "trunk":
        figure.blob(curve(_TRUNK), animal.coat, fur=0.01)
        for step in range(5):
            y = -0.43 + 0.05 * step
            figure.stroke([(-0.04, y), (0.01, y + 0.012), (0.05, y)], 0.004, shifted(animal.coat, value=0.7), 170)
    else:
        wide = 1.35 if kind.muzzle == "wide" else 1.0
        tone = mix(_CREAM, kind.belly, 0.4) if kind.muzzle == "wide" else _CREAM
        for side in SIDES:
            figure.oval((side * 0.04 * wide, -0.44), (0.058 * wide, 0.045 * wide), tone, relief=0.5, fur=0.012)
        figure.oval((0, -0.402), (0.034 * wide, 0.024 * wide), tone, relief=0.5, fur=0.008)


def _nose_and_mouth(animal: Animal) -> None:
    figure, kind = animal.figure, animal.kind
    if kind.muzzle == "trunk":
        return
    dark, drop = shifted(kind.nose, value=0.5), 0.0
    if kind.muzzle == "snout":
        drop = 0.052
    else:
        scale = 1.45 if kind.muzzle == "wide" else 1.0
        figure.blob(curve([(x * scale, -0.457 + (y + 0.457) * scale) for x, y in _NOSE]), kind.nose, sheen=0.6)
        figure.stroke([(0, -0.457), (0, -0.436)], 0.005, dark)
    for side in SIDES:
        figure.stroke([(0, -0.436 + drop), (side * 0.018, -0.423 + drop), (side * 0.04, -0.43 + drop)], 0.005, dark)
        if kind.muzzle == "soft":
            _whiskers(figure, side)


def _whiskers(figure: Figure, side: int) -> None:
    for lift in (-0.02, 0.0, 0.02):
        hair = [(0.075, -0.437 + lift * 0.5), (0.15, -0.442 + lift), (0.24, -0.43 + lift * 1.8)]
        figure.stroke([(side * x, y) for x, y in hair], 0.0026, rgb("fffaf0"), 170)


def _eye(figure: Figure, centre: Point, radius: float, iris: Colour) -> None:
    """Dark and large, with a warm glow below and two highlights."""
    x, y = centre
    figure.spot((x, y), (radius * 1.06, radius * 1.2), mix(iris, (20, 12, 14), 0.8))
    figure.spot((x, y + radius * 0.1), (radius * 0.9, radius), mix(iris, (20, 12, 14), 0.3))
    figure.blush((x, y + radius * 0.5), (radius * 0.85, radius * 0.6), mix(iris, rgb("ffb36b"), 0.65), 0.9)
    figure.spot((x, y), (radius * 0.6, radius * 0.74), (16, 10, 14))
    figure.spot((x - radius * 0.3, y - radius * 0.42), (radius * 0.32, radius * 0.36), WHITE, lit=False)
    figure.spot((x + radius * 0.36, y + radius * 0.42), (radius * 0.15, radius * 0.16), WHITE, 220, lit=False)
