"""Birds, sitting and flying."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, curve, path, sided, symmetric
from abby_core.generation.providers.painter.subjects.eyes import draw_eye, draw_gaze

_OWL_BODY = symmetric(path("0,-.9 .2,-.84 .28,-.66 .29,-.35 .2,-.08 0,-.02"))
_OWL_WING = path(".22,-.62 .33,-.45 .33,-.2 .24,-.06 .2,-.3")
_PENGUIN_BODY = symmetric(path("0,-.92 .17,-.86 .23,-.68 .24,-.5 .29,-.28 .2,-.06 0,-.02"))
_PENGUIN_BELLY = symmetric(path("0,-.78 .1,-.82 .18,-.72 .15,-.56 .2,-.3 .13,-.08 0,-.06"))
_PENGUIN_WING = path(".22,-.58 .32,-.45 .4,-.24 .34,-.22 .25,-.34")
_DUCK_WING = path(".2,-.36 .36,-.3 .4,-.18 .28,-.12 .2,-.2")
_FEATHER = path("0,.4 .5,1 .9,.7 1,0 .85,-.7 .4,-.9 0,-.4")
"""Along and across, as shares of a feather's length and half its width."""


def _down(x: float, _y: float) -> Point:
    return x, 0.8


def draw_owl(figure: Figure, colour: Colour | None) -> None:
    coat = colour or figure.rng.choice(rgbs("9a7450 8a8078 b08a5c"))
    pale = mix(coat, rgb("fff4e0"), 0.65)
    for side in SIDES:
        tuft = sided(path(".08,-.78 .2,-.98 .26,-.78"), side)
        figure.blob(tuft, coat, fur=0.04, field=lambda x, _y: (x, -1.0))
    figure.blob(_OWL_BODY, coat, fur=0.04, field=_down)
    figure.oval((0, -0.32), (0.19, 0.25), pale, relief=0.5, fur=0.03)
    for row in range(5):
        for column in range(-2 + row % 2, 3):
            x, y = column * 0.075 - 0.037 * (row % 2), -0.46 + row * 0.075
            figure.flat([(x - 0.022, y), (x, y + 0.034), (x + 0.022, y), (x, y + 0.012)], shifted(coat, value=0.8))
    for side in SIDES:
        figure.blob(sided(_OWL_WING, side), shifted(coat, value=0.82), fur=0.045, field=lambda _x, _y: (0.0, 1.0))
        figure.oval((side * 0.125, -0.68), (0.135, 0.135), pale, relief=0.5, fur=0.03)
        draw_eye(figure, (side * 0.122, -0.68), 0.082, rgb("f0a82c"))
        for toe in (-0.035, 0.0, 0.035):
            figure.oval((side * 0.1 + toe, -0.015), (0.018, 0.026), rgb("e0a040"))
    figure.blob("-.034,-.64 .034,-.64 0,-.54", rgb("e8a838"), sheen=0.5)


def draw_penguin(figure: Figure, colour: Colour | None) -> None:
    coat = colour or rgb("3a4356")
    for side in SIDES:
        figure.oval((side * 0.13, -0.03), (0.11, 0.042), rgb("f0a038"), turn=side * 0.15)
    figure.blob(_PENGUIN_BODY, coat, fur=0.018, field=_down)
    figure.blob(_PENGUIN_BELLY, rgb("fbfaf6"), relief=0.5, fur=0.018, field=_down)
    for side in SIDES:
        figure.blob(sided(_PENGUIN_WING, side), shifted(coat, value=0.9), fur=0.016)
    draw_gaze(figure, (0.1, -0.7), 0.046, rgb("3a2a20"))
    figure.blush((0, -0.54), (0.17, 0.08), rgb("f6c650"), 0.8)
    figure.blob("-.052,-.645 0,-.675 .052,-.645 0,-.6", rgb("f2a23a"), sheen=0.5)


def draw_duck(figure: Figure, colour: Colour | None) -> None:
    coat = colour or figure.rng.choice(rgbs("f8d858 f6f2ea f4cc4a"))
    for side in SIDES:
        figure.oval((side * 0.1, -0.025), (0.085, 0.034), rgb("f0963a"), turn=side * 0.15)
    figure.oval((0, -0.24), (0.31, 0.22), coat, fur=0.04)
    for side in SIDES:
        figure.blob(sided(_DUCK_WING, side), shifted(coat, value=0.94), fur=0.04, field=_down)
    figure.oval((0, -0.6), (0.225, 0.215), coat, fur=0.032)
    for tuft in (-0.05, 0.0, 0.05):
        figure.blob(curve([(tuft - 0.012, -0.79), (tuft * 2, -0.9), (tuft + 0.016, -0.79)]), coat, fur=0.02)
    draw_gaze(figure, (0.1, -0.63), 0.046, rgb("3a2418"))
    figure.blob("-.085,-.56 0,-.6 .085,-.56 .05,-.52 0,-.51 -.05,-.52", rgb("f2963a"), sheen=0.5)
    figure.stroke("-.075,-.552 0,-.54 .075,-.552", 0.007, rgb("b8642a"))


def draw_bird(figure: Figure, colour: Colour | None) -> None:
    """In flight, seen from the side."""
    coat = colour or figure.rng.choice(rgbs("4f86d8 e0604a f2b840 5aa886 f4f2ee 7a6ad0"))
    dark, pale = shifted(coat, value=0.55, hue=-0.03), mix(coat, WHITE, 0.7)
    far = shifted(coat, value=0.75), shifted(dark, value=0.8)
    _wing(figure, ((0.12, -0.48), (0.26, -0.72)), (-1.15, -2.75), far)
    for spread in (-0.05, 0.02, 0.09):
        feather = curve([(-0.26, -0.4), (-0.56, -0.36 + spread), (-0.55, -0.31 + spread), (-0.26, -0.34)])
        figure.blob(feather, mix(coat, dark, 0.5), relief=0.6)
    figure.tube("-.32,-.37,.04 -.16,-.38,.1 .04,-.4,.135 .2,-.45,.1 .3,-.5,.085", coat, fur=0.022)
    figure.blob("-.14,-.32 .05,-.29 .22,-.36 .3,-.42 .12,-.38 -.04,-.36", pale, relief=0.5, fur=0.02)
    figure.oval((0.32, -0.53), (0.115, 0.105), coat, fur=0.02)
    figure.oval((0.37, -0.5), (0.06, 0.05), pale, relief=0.4, fur=0.012)
    figure.blob(path(".415,-.555 .53,-.515 .415,-.49"), rgb("f0a83a"), sheen=0.5)
    draw_eye(figure, (0.355, -0.55), 0.03, rgb("3a2418"))
    _wing(figure, ((0.04, -0.44), (-0.04, -0.7)), (-1.9, -3.3), (coat, dark))


def _wing(figure: Figure, arm: tuple[Point, Point], fan: tuple[float, float], tones: tuple[Colour, Colour]) -> None:
    """A spread wing: long flight feathers fanned out from the arm, shorter ones over them.

    ``arm``: shoulder and wrist. ``fan``: directions of the first and the last feather, in radians.
    ``tones``: of the arm and of the feathers' tips.
    """
    (shoulder, wrist), (coat, tip) = arm, tones
    for row, (count, long, tone) in enumerate(((11, 1.0, tip), (9, 0.62, mix(tip, coat, 0.6)), (7, 0.36, coat))):
        for index in range(count):
            share = index / (count - 1)
            up = min(1.0, 1.6 * (1 - share))
            root = shoulder[0] + (wrist[0] - shoulder[0]) * up, shoulder[1] + (wrist[1] - shoulder[1]) * up
            angle = fan[0] + (fan[1] - fan[0]) * (share if row == 0 else share * 0.92 + 0.04)
            size = (0.5 - 0.2 * share) * long, 0.034 + 0.006 * row
            figure.blob(_feather(root, angle, size), mix(tone, coat, 0.35 * share), relief=0.5)
    elbow = (shoulder[0] + wrist[0]) / 2, (shoulder[1] + wrist[1]) / 2
    figure.tube([(*shoulder, 0.07), (*elbow, 0.052), (*wrist, 0.026)], coat, fur=0.016)


def _feather(root: Point, angle: float, size: Point) -> list[Point]:
    cos, sin, (long, wide) = math.cos(angle), math.sin(angle), size
    outline = [
        (root[0] + cos * along * long - sin * across * wide, root[1] + sin * along * long + cos * across * wide)
        for along, across in _FEATHER
    ]
    return curve(outline, steps=4)
