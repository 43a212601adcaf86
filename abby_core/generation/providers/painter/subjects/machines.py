"""Robots, spaceships, balloons and boats."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, curve, oval, path, rounded, sided, symmetric

_STEEL, _SCREEN = rgbs("7a8492 1c2434")
_ROCKET = symmetric(path("0,-.98 .07,-.88 .13,-.68 .145,-.45 .125,-.24 .09,-.13 0,-.12"))
_ROCKET_NOSE = symmetric(path("0,-.985 .055,-.91 .1,-.79 0,-.77"))
_ENVELOPE = symmetric(path("0,-.99 .2,-.95 .33,-.8 .34,-.62 .24,-.44 .11,-.3 0,-.28"))


def draw_robot(figure: Figure, colour: Colour | None) -> None:
    """Friendly, with a screen for a face and a glowing heart."""
    shell = colour or figure.rng.choice(rgbs("d8dee6 8fb8c8 f0c060 e89a7a a8c8a0"))
    glow = figure.rng.choice(rgbs("5ff0ff ffd85a 8affb0 ff9ad0"))
    for side in SIDES:
        _robot_limbs(figure, shell, side)
    figure.tube("0,-.55,.05 0,-.46,.055", _STEEL, sheen=0.6)
    figure.blob(rounded(-0.2, -0.5, 0.2, -0.16, corner=0.08), shell, sheen=0.7)
    figure.blob(rounded(-0.12, -0.43, 0.12, -0.27, corner=0.04), shifted(shell, value=0.75), relief=-0.5)
    figure.spot((0, -0.35), (0.045, 0.045), _SCREEN)
    figure.spot((0, -0.35), (0.034, 0.034), glow, lit=False)
    figure.shine((0, -0.35), 0.14, glow, 0.7)
    for (x, y), tone in zip(path("-.085,-.31 -.085,-.36 .085,-.31"), rgbs("ff6a5a ffd85a 6adf8a"), strict=True):
        figure.spot((x, y), (0.012, 0.012), tone, lit=False)
    figure.stroke("-.09,-.235 .09,-.235", 0.006, shifted(shell, value=0.6))
    _robot_head(figure, shell, glow)


def _robot_limbs(figure: Figure, shell: Colour, side: int) -> None:
    figure.tube([(side * 0.1, -0.2, 0.034), (side * 0.11, -0.08, 0.034)], _STEEL, sheen=0.6)
    figure.blob(rounded(side * 0.12 - 0.08, -0.09, side * 0.12 + 0.08, 0.0, corner=0.035), shell, sheen=0.7)
    arm = ((0.2, -0.42, 0.038), (0.28, -0.34, 0.034), (0.285, -0.24, 0.034))
    figure.tube([(side * x, y, radius) for x, y, radius in arm], _STEEL, sheen=0.6)
    figure.oval((side * 0.215, -0.43), (0.06, 0.06), shell, sheen=0.7)
    figure.blob(rounded(side * 0.285 - 0.05, -0.3, side * 0.285 + 0.05, -0.17, corner=0.04), shell, sheen=0.7)
    figure.oval((side * 0.285, -0.165), (0.034, 0.03), _STEEL, sheen=0.6)


def _robot_head(figure: Figure, shell: Colour, glow: Colour) -> None:
    for side in SIDES:
        figure.blob(rounded(side * 0.265 - 0.035, -0.79, side * 0.265 + 0.035, -0.65, corner=0.03), _STEEL, sheen=0.6)
    figure.stroke("0,-.9 0,-.97", 0.014, _STEEL)
    figure.oval((0, -0.975), (0.03, 0.03), glow, sheen=0.8)
    figure.shine((0, -0.975), 0.1, glow, 0.8)
    figure.blob(rounded(-0.255, -0.91, 0.255, -0.54, corner=0.13), shell, sheen=0.7)
    figure.blob(rounded(-0.205, -0.85, 0.205, -0.6, corner=0.09), _SCREEN, relief=0.5)
    for side in SIDES:
        x = side * 0.095
        figure.spot((x, -0.735), (0.048, 0.056), glow, lit=False)
        figure.spot((x - 0.014, -0.755), (0.014, 0.016), WHITE, lit=False)
        figure.shine((x, -0.735), 0.13, glow, 0.55)
        figure.spot((side * 0.225, -0.875), (0.008, 0.008), shifted(shell, value=0.6))
    figure.stroke("-.05,-.66 -.025,-.642 0,-.637 .025,-.642 .05,-.66", 0.014, glow, lit=False)
    figure.flat(path("-.19,-.8 -.1,-.845 -.02,-.845 -.16,-.68"), WHITE, 26, lit=False)


def draw_rocket(figure: Figure, colour: Colour | None) -> None:
    """Under way, with its engine burning."""
    trim = colour or figure.rng.choice(rgbs("e8504a 3f8ad8 f0a030 8a5ad0"))
    figure.shine((0, 0.02), 0.34, rgb("ff8a3a"), 0.9)
    for tone, size in zip(rgbs("ff6a2a ffb040 fff0b0"), (1.0, 0.68, 0.36), strict=True):
        half = [(0, -0.14), (0.075 * size, -0.12), (0.06 * size, 0.04 * size), (0, 0.24 * size - 0.05)]
        figure.flat(symmetric(half), tone, 235, lit=False)
    for side in SIDES:
        figure.blob(sided(path(".1,-.36 .24,-.2 .26,-.03 .12,-.13"), side), trim, sheen=0.6)
    figure.blob(_ROCKET, rgb("f2f2f4"), sheen=0.8)
    figure.blob(_ROCKET_NOSE, trim, sheen=0.6)
    figure.blob(path("-.085,-.14 .085,-.14 .07,-.09 -.07,-.09"), rgb("6a7080"))
    for y, size in ((-0.62, 0.07), (-0.42, 0.045)):
        figure.oval((0, y), (size * 1.25, size * 1.25), rgb("8a93a4"), sheen=0.6)
        figure.oval((0, y), (size, size), rgb("2f5f98"), relief=0.8, sheen=0.4)
        figure.spot((-size * 0.3, y - size * 0.35), (size * 0.3, size * 0.22), WHITE, 190, lit=False)
    figure.blob("-.012,-.34 0,-.4 .012,-.34 .012,-.04 -.012,-.04", trim)


def draw_ufo(figure: Figure, colour: Colour | None) -> None:
    metal = colour or rgb("b8c4d8")
    figure.flat(path("-.12,-.44 .12,-.44 .42,.06 -.42,.06"), rgb("a8ffe0"), 60, lit=False)
    figure.shine((0, -0.36), 0.3, rgb("8affd8"), 0.6)
    figure.oval((0, -0.62), (0.2, 0.19), rgb("9ad8f0"), sheen=0.8)
    figure.oval((0, -0.6), (0.075, 0.095), rgb("8ad85a"))
    for x in (-0.03, 0.03):
        figure.spot((x, -0.625), (0.02, 0.028), rgb("14201a"))
        figure.spot((x - 0.006, -0.635), (0.006, 0.008), WHITE, lit=False)
    figure.flat(oval((-0.06, -0.7), (0.07, 0.05), turn=-0.5), WHITE, 110, lit=False)
    figure.oval((0, -0.45), (0.5, 0.13), metal, sheen=0.8)
    figure.oval((0, -0.49), (0.34, 0.07), shifted(metal, value=1.12), relief=0.5, sheen=0.8)
    for step in range(9):
        angle = math.pi * (step + 0.5) / 9
        x, y = -0.44 * math.cos(angle), -0.435 + 0.075 * math.sin(angle)
        tone = rgbs("ffd85a ff7a9a 7affd8")[step % 3]
        figure.spot((x, y), (0.022, 0.017), tone, lit=False)
        figure.shine((x, y), 0.06, tone, 0.7)


def draw_balloon(figure: Figure, colour: Colour | None) -> None:
    """A hot-air balloon with its burner lit."""
    first = colour or figure.rng.choice(rgbs("e8504a f0a030 3f8ad8 8a5ad0 3fae8a"))
    second = mix(shifted(first, hue=figure.rng.choice((0.1, 0.5, -0.12))), rgb("fff2d0"), 0.45)
    for wide, tone in ((1.0, first), (0.78, second), (0.5, first), (0.2, second)):
        figure.blob([(x * wide, y) for x, y in _ENVELOPE], tone, sheen=0.5, relief=0.8)
    for x in (-0.085, -0.03, 0.03, 0.085):
        figure.stroke([(x * 1.1, -0.3), (x * 0.85, -0.13)], 0.004, rgb("5a4638"))
    figure.shine((0, -0.24), 0.1, rgb("ffb04a"), 0.9)
    figure.blob(rounded(-0.085, -0.14, 0.085, 0.0, corner=0.025), rgb("a8743e"))
    for row in range(4):
        for step in range(6):
            x, y = -0.068 + 0.026 * step + 0.013 * (row % 2), -0.105 + 0.028 * row
            figure.stroke([(x - 0.01, y), (x + 0.01, y)], 0.006, rgb("6a4424"), 190)
    figure.blob(rounded(-0.093, -0.15, 0.093, -0.125, corner=0.012), rgb("8a5a30"))


def draw_boat(figure: Figure, colour: Colour | None) -> None:
    """A small sailing boat."""
    hull = colour or figure.rng.choice(rgbs("a8583a 3f6a98 c8483e 5a4a44"))
    sail, trim = rgb("fbf4e4"), rgb("f4e6cc")
    figure.stroke("0,-.12 0,-.98", 0.016, rgb("7a5a40"))
    figure.blob(curve(path(".02,-.95 .13,-.72 .28,-.42 .38,-.21 .2,-.19 .02,-.2"), closed=False), sail, sheen=0.5)
    figure.blob(path("-.02,-.9 -.08,-.66 -.17,-.42 -.3,-.22 -.14,-.2 -.02,-.2"), shifted(sail, value=0.95), sheen=0.5)
    for share in (0.3, 0.5, 0.7):
        seam = [(0.02, -0.95 + 0.75 * share), (0.34 * share + 0.03, -0.95 + 0.74 * share)]
        figure.stroke(seam, 0.004, rgb("c8b898"), 180)
    figure.blob(path(".02,-.94 .2,-.91 .15,-.885 .2,-.86 .02,-.87"), colour or rgb("e8504a"))
    figure.blob("-.42,-.17 -.2,-.14 .2,-.14 .46,-.19 .36,-.05 .25,0 -.25,0 -.34,-.05", hull, sheen=0.4)
    figure.stroke("-.4,-.15 -.2,-.125 .2,-.125 .43,-.165", 0.016, trim)
    for x in (-0.16, 0.0, 0.16):
        figure.spot((x, -0.075), (0.018, 0.018), trim)
        figure.spot((x, -0.075), (0.012, 0.012), rgb("2c3a48"))
