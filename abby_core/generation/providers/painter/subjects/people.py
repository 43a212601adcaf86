"""People, and what is built like people: wanderers, wizards, astronauts, snowmen."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, box, oval, path, rounded
from abby_core.generation.providers.painter.subjects.eyes import draw_gaze

_CLOAK = "-.1,-.72 .1,-.72 .17,-.5 .24,-.28 .4,-.16 .24,-.13 .08,-.11 -.08,-.13 -.17,-.12 -.19,-.4"
_HAIR = "-.1,-.86 -.07,-.95 .02,-.98 .09,-.93 .105,-.84 .09,-.75 .02,-.72 -.06,-.73 -.1,-.78"
_BEARD = "-.14,-.6 0,-.56 .14,-.6 .12,-.4 .03,-.22 0,-.18 -.04,-.24 -.12,-.4"
_HAT = "-.135,-.73 -.08,-.86 0,-.94 .1,-.99 .06,-.9 .09,-.83 .135,-.73 0,-.71"
_ROBE = "0,-.62 .14,-.55 .2,-.3 .26,-.02 0,0 -.26,-.02 -.2,-.3 -.14,-.55"


def draw_person(figure: Figure, colour: Colour | None) -> None:
    """Seen from behind, in a cloak that the wind lifts, looking where we look."""
    cloak = colour or figure.rng.choice(rgbs("b8403a 3f5f98 4a7a58 7a4a8a c8863a"))
    hair = figure.rng.choice(rgbs("3a2a24 7a4a2a c89a50 2a2428"))
    for side in SIDES:
        leg = ((0.05, -0.3, 0.04), (0.06, -0.12, 0.034), (0.065, -0.02, 0.03))
        figure.tube([(side * x, y, radius) for x, y, radius in leg], rgb("4a4250"))
        figure.oval((side * 0.075, -0.015), (0.05, 0.024), rgb("3a2c28"))
    figure.blob(_CLOAK, cloak)
    for x, end in ((-0.06, -0.1), (0.0, 0.02), (0.06, 0.16), (0.09, 0.26)):
        figure.stroke([(x * 0.7, -0.64), (x, -0.4), (end, -0.15)], 0.01, shifted(cloak, value=0.72), 130)
    figure.blob("-.12,-.73 0,-.78 .12,-.73 .13,-.66 0,-.63 -.13,-.66", shifted(cloak, value=1.15))
    figure.oval((0, -0.85), (0.085, 0.1), rgb("e8b898"))
    figure.blob(_HAIR, hair, fur=0.03, field=lambda x, _y: (x + 0.3, 0.9))


def draw_wizard(figure: Figure, colour: Colour | None) -> None:
    robe = colour or figure.rng.choice(rgbs("4a4fa8 6a3f98 2f6a7a"))
    skin, white = rgbs("f0c8a8 f2f0ee")
    figure.stroke(".27,0 .26,-.4 .28,-.78", 0.024, rgb("7a5638"))
    figure.blob(_ROBE, robe)
    for x in (-0.12, -0.04, 0.05, 0.13):
        figure.stroke([(x * 0.5, -0.4), (x, -0.04)], 0.008, shifted(robe, value=0.7), 130)
    for side in SIDES:
        sleeve = ((0.13, -0.5, 0.05), (0.22, -0.38, 0.056), (0.25, -0.33, 0.06))
        figure.tube([(side * x, y, radius) for x, y, radius in sleeve], shifted(robe, value=1.08))
        figure.oval((side * 0.262, -0.335), (0.034, 0.034), skin)
    figure.oval((0, -0.62), (0.14, 0.13), skin)
    figure.blob(_BEARD, white, fur=0.04, field=lambda x, _y: (x * 0.8, 1.0))
    draw_gaze(figure, (0.052, -0.635), 0.028, rgb("3f6a98"), blush=0.034)
    for side in SIDES:
        figure.oval((side * 0.055, -0.685), (0.034, 0.012), white, fur=0.014)
    figure.oval((0, -0.6), (0.026, 0.022), rgb("e8a890"))
    figure.blob("-.24,-.7 0,-.66 .24,-.7 .12,-.745 0,-.75 -.12,-.745", shifted(robe, value=0.9))
    figure.blob(_HAT, robe)
    for at, size in zip(
        path("-.04,-.8 .05,-.85 .07,-.77 -.1,-.2 .12,-.14 .02,-.1"), (22, 16, 14, 24, 20, 16), strict=True
    ):
        figure.flat(_star(at, size / 1000), rgb("ffe08a"))
    figure.shine((0.28, -0.82), 0.26, rgb("8ae8ff"), 0.9)
    figure.oval((0.28, -0.82), (0.045, 0.045), rgb("bff4ff"), sheen=0.9)


def _star(centre: Point, size: float) -> list[Point]:
    """Five points."""
    corners = ((step * math.pi / 5, size if step % 2 == 0 else size * 0.42) for step in range(10))
    return [(centre[0] + reach * math.sin(angle), centre[1] - reach * math.cos(angle)) for angle, reach in corners]


def draw_astronaut(figure: Figure, colour: Colour | None) -> None:
    suit, trim = rgb("f0f2f6"), colour or figure.rng.choice(rgbs("f08a3a 4a8ae8 e85a6a"))
    figure.blob(rounded(-0.23, -0.6, 0.23, -0.26, corner=0.08), rgb("b8bec8"))
    for side in SIDES:
        leg = ((0.09, -0.26, 0.085), (0.13, -0.14, 0.075), (0.12, -0.05, 0.07))
        arm = ((0.17, -0.52, 0.075), (0.28, -0.42, 0.066), (0.34, -0.5, 0.06))
        figure.tube([(side * x, y, radius) for x, y, radius in leg], suit)
        figure.oval((side * 0.135, -0.03), (0.095, 0.045), rgb("9aa2b0"))
        figure.tube([(side * x, y, radius) for x, y, radius in arm], suit)
        figure.oval((side * 0.36, -0.535), (0.058, 0.058), trim)
    figure.blob(rounded(-0.19, -0.58, 0.19, -0.2, corner=0.1), suit)
    figure.blob(rounded(-0.11, -0.44, 0.11, -0.3, corner=0.03), rgb("c8ced8"), relief=0.5)
    for x, tone in zip((-0.06, 0.0, 0.06), rgbs("ff6a5a ffd85a 6ad88a"), strict=True):
        figure.spot((x, -0.37), (0.018, 0.018), tone, lit=False)
    figure.oval((0, -0.745), (0.255, 0.235), suit, sheen=0.6)
    visor = oval((0, -0.735), (0.2, 0.17))
    figure.blob(visor, rgb("26365a"), sheen=0.4)
    figure.blush((-0.06, -0.67), (0.14, 0.1), rgb("7a5ad0"), 0.7, inside=visor)
    figure.blush((0.08, -0.78), (0.1, 0.09), rgb("4ac0e8"), 0.6, inside=visor)
    figure.flat("-.15,-.78 -.09,-.86 0,-.885 -.05,-.85 -.11,-.77", WHITE, 170, lit=False)
    figure.spot((0.11, -0.65), (0.02, 0.015), WHITE, 120, lit=False)


def draw_snowman(figure: Figure, colour: Colour | None) -> None:
    scarf, coal, wood = colour or rgb("d8443e"), rgb("2c2a30"), rgb("6a4a34")
    for side in SIDES:
        figure.stroke([(side * 0.17, -0.5), (side * 0.3, -0.58), (side * 0.42, -0.68)], 0.016, wood)
        figure.stroke([(side * 0.34, -0.61), (side * 0.41, -0.6)], 0.011, wood)
    for y, wide, high in ((-0.19, 0.29, 0.21), (-0.47, 0.215, 0.175), (-0.71, 0.165, 0.15)):
        figure.oval((0, y), (wide, high), rgb("f8fafe"))
    for y in (-0.42, -0.5, -0.2):
        figure.oval((0, y), (0.022, 0.022), coal)
    figure.blob("-.17,-.63 0,-.575 .17,-.63 .165,-.575 0,-.52 -.165,-.575", scarf)
    figure.blob(path(".06,-.57 .14,-.585 .17,-.36 .09,-.35"), scarf)
    for y in (-0.41, -0.47):
        figure.flat([(0.08, y), (0.158, y - 0.01), (0.16, y + 0.014), (0.085, y + 0.024)], rgb("f8f0e0"))
    for side in SIDES:
        figure.oval((side * 0.06, -0.755), (0.022, 0.026), coal)
        figure.spot((side * 0.06 - 0.007, -0.763), (0.007, 0.008), WHITE, lit=False)
        figure.blush((side * 0.105, -0.695), (0.045, 0.03), rgb("f48a90"), 0.6)
    figure.blob(path("0,-.73 .15,-.695 0,-.685"), rgb("f08a30"))
    for step in range(5):
        at = -0.06 + 0.03 * step, -0.645 + 0.016 * math.sin(step * math.pi / 4)
        figure.spot(at, (0.009, 0.009), coal)
    figure.blob(rounded(-0.19, -0.85, 0.19, -0.815, corner=0.015), coal)
    figure.blob(rounded(-0.12, -1.0, 0.12, -0.83, corner=0.02), rgb("34323e"))
    figure.flat(box(-0.12, -0.885, 0.12, -0.85), scarf)
