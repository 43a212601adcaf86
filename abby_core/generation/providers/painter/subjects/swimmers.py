"""What swims: fish, sharks, whales, jellyfish, octopuses, turtles."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import path, symmetric
from abby_core.generation.providers.painter.subjects.eyes import draw_eye, draw_gaze

_JELLY_DOME = (
    "-.33,-.58 -.32,-.76 -.2,-.92 0,-.98 .2,-.92 .32,-.76 .33,-.58 .22,-.62 .11,-.57 0,-.62 -.11,-.57 -.22,-.62"
)
_OCTOPUS_HEAD = symmetric(path("0,-.98 .2,-.92 .29,-.74 .24,-.5 .16,-.36 0,-.32"))
_SHELL_PLATES = (
    (0.0, -0.58, 0.1), (0.19, -0.56, 0.075), (-0.19, -0.55, 0.085), (0.09, -0.43, 0.07), (-0.1, -0.42, 0.075),
    (0.1, -0.69, 0.05), (-0.1, -0.69, 0.055), (-0.31, -0.46, 0.055), (0.27, -0.45, 0.05),
)  # fmt: skip


def draw_fish(figure: Figure, colour: Colour | None) -> None:
    coat = colour or figure.rng.choice(rgbs("ff8a3a ffc83a 4f9af0 f0609a 5ad0b8 e8563a"))
    fin = shifted(coat, hue=-0.04, value=0.88)
    striped = figure.rng.random() < 0.5
    figure.blob("-.34,-.5 -.6,-.74 -.66,-.66 -.56,-.5 -.66,-.34 -.6,-.26", fin, relief=0.7, sheen=0.5)
    for tip in (-0.68, -0.58, -0.5, -0.42, -0.32):
        figure.stroke([(-0.36, -0.5), (-0.58, tip)], 0.006, shifted(fin, value=0.75), 160)
    figure.blob("-.2,-.72 -.14,-.88 .1,-.9 .24,-.74 0,-.68", fin, relief=0.7, sheen=0.5)
    figure.blob("-.16,-.28 -.2,-.12 -.06,-.14 .08,-.27", fin, relief=0.7, sheen=0.5)
    figure.blob(".46,-.5 .36,-.65 .12,-.76 -.16,-.7 -.38,-.54 -.38,-.46 -.16,-.3 .12,-.24 .36,-.35", coat, sheen=0.5)
    belly = mix(coat, rgb("fff4d8"), 0.55)
    figure.blob(".42,-.46 .2,-.4 -.1,-.42 -.3,-.48 -.12,-.31 .12,-.255 .34,-.36", belly, relief=0.4)
    if striped:
        for x, half in ((0.2, 0.235), (-0.06, 0.225), (-0.28, 0.11)):
            figure.oval((x, -0.5), (0.042, half), rgb("fffaf2"), relief=0.7)
    else:
        _fish_scales(figure, shifted(coat, value=0.78))
    figure.blob(".06,-.5 -.06,-.42 -.16,-.3 0,-.32 .12,-.42", fin, relief=0.8, sheen=0.5)
    draw_eye(figure, (0.29, -0.56), 0.058, mix(rgb("3a2a1c"), coat, 0.2))
    figure.stroke(".43,-.46 .39,-.435 .35,-.44", 0.01, shifted(coat, value=0.45))
    figure.blush((0.27, -0.46), (0.05, 0.036), rgb("ff7a80"), 0.5)


def _fish_scales(figure: Figure, colour: Colour) -> None:
    for row in range(5):
        for column in range(6):
            x, y = 0.16 - column * 0.085 + (row % 2) * 0.042, -0.64 + row * 0.07
            if ((x + 0.02) / 0.34) ** 2 + ((y + 0.5) / 0.22) ** 2 < 0.8:
                figure.stroke([(x + 0.02, y - 0.026), (x - 0.014, y), (x + 0.02, y + 0.026)], 0.007, colour, 170)


def draw_shark(figure: Figure, colour: Colour | None) -> None:
    coat = colour or rgb("7890a8")
    figure.blob("-.5,-.46 -.74,-.76 -.68,-.5 -.76,-.3 -.5,-.42", shifted(coat, value=0.9))
    figure.blob(path("-.06,-.6 -.12,-.84 -.06,-.84 .14,-.6"), coat)
    figure.tube("-.6,-.44,.02 -.4,-.46,.07 -.1,-.48,.14 .2,-.48,.15 .44,-.47,.1 .58,-.47,.03", coat)
    figure.blob("-.4,-.42 0,-.4 .34,-.4 .55,-.44 .4,-.36 .1,-.33 -.2,-.36", rgb("f2f6f8"), relief=0.5)
    figure.blob(".1,-.4 -.08,-.2 -.02,-.19 .22,-.38", shifted(coat, value=0.85))
    draw_eye(figure, (0.42, -0.52), 0.026, rgb("2a3440"))
    figure.stroke(".53,-.425 .44,-.39 .36,-.4", 0.008, rgb("3a4858"))
    for x in (0.2, 0.235, 0.27):
        figure.stroke([(x, -0.53), (x - 0.02, -0.48), (x, -0.43)], 0.006, shifted(coat, value=0.6))


def draw_whale(figure: Figure, colour: Colour | None) -> None:
    coat, rng = colour or rgb("4f7aa8"), figure.rng
    figure.blob("-.62,-.52 -.86,-.74 -.9,-.62 -.74,-.52 -.88,-.4 -.8,-.36 -.62,-.46", coat)
    figure.tube("-.7,-.5,.03 -.5,-.48,.08 -.2,-.46,.19 .12,-.45,.26 .4,-.44,.25 .6,-.42,.14 .66,-.41,.06", coat)
    figure.blob("-.4,-.4 0,-.36 .4,-.36 .66,-.4 .55,-.27 .3,-.2 0,-.22 -.24,-.32", rgb("e8eff2"), relief=0.5)
    for step in range(6):
        y = -0.35 + 0.022 * step
        groove = [(-0.2 + 0.03 * step, y), (0.2, y + 0.02), (0.58 - 0.04 * step, y - 0.005)]
        figure.stroke(groove, 0.005, rgb("9ab0c0"), 200)
    figure.blob(".16,-.34 0,-.12 -.08,-.08 -.02,-.22 .04,-.34", shifted(coat, value=0.85))
    draw_eye(figure, (0.45, -0.44), 0.03, rgb("2a2420"))
    figure.stroke(".66,-.4 .54,-.385 .42,-.4", 0.008, shifted(coat, value=0.6))
    for _ in range(16):
        at = rng.uniform(-0.3, 0.45), rng.uniform(-0.64, -0.5)
        figure.spot(at, (0.008, 0.006), mix(coat, WHITE, 0.5), 150)


def draw_jellyfish(figure: Figure, colour: Colour | None) -> None:
    rng = figure.rng
    coat = colour or rng.choice(rgbs("f08ad0 8ac8ff b49aff ffb08a"))
    figure.shine((0, -0.72), 0.6, coat, 0.5)
    for index in range(11):
        x, sway, long, phase = (index - 5) * 0.055, rng.uniform(0.02, 0.06), rng.uniform(0.35, 0.62), rng.uniform(0, 6)
        line = [(x + sway * math.sin(phase + step * 1.1) * step / 4, -0.58 + long * step / 6) for step in range(7)]
        figure.stroke(line, 0.009 if index % 2 else 0.018, mix(coat, WHITE, 0.2 if index % 2 else 0.5), 150)
    figure.blob(_JELLY_DOME, coat, sheen=0.7)
    figure.blob("-.22,-.7 -.12,-.86 0,-.9 .12,-.86 .22,-.7 0,-.66", mix(coat, WHITE, 0.35), relief=0.6, sheen=0.7)
    draw_gaze(figure, (0.1, -0.7), 0.036, rgb("3a2a50"), blush=0.045)
    figure.stroke("-.03,-.665 0,-.65 .03,-.665", 0.008, rgb("4a3060"))
    figure.shine((-0.12, -0.86), 0.12, WHITE, 0.7)


def draw_octopus(figure: Figure, colour: Colour | None) -> None:
    coat = colour or figure.rng.choice(rgbs("e8705a d86a9a 9a78d8 f09a4a"))
    for spread in (1.0, 0.71, 0.43, 0.14):
        for side in (-1, 1):
            _tentacle(figure, coat, side, spread)
    figure.blob(_OCTOPUS_HEAD, coat, sheen=0.5)
    for x, y, size in ((-0.14, -0.84, 0.04), (0.12, -0.88, 0.03), (0.19, -0.76, 0.024), (-0.02, -0.9, 0.022)):
        figure.oval((x, y), (size, size * 0.8), mix(coat, WHITE, 0.3), relief=0.4)
    draw_gaze(figure, (0.105, -0.56), 0.062, rgb("4a2c1c"), blush=0.06)
    figure.stroke("-.045,-.465 0,-.44 .045,-.465", 0.009, shifted(coat, value=0.45))


def _tentacle(figure: Figure, coat: Colour, side: int, spread: float) -> None:
    """One of eight; ``spread`` is how far out it reaches, 0..1."""
    lift = figure.rng.uniform(-0.05, 0.03)
    end = 0.03 + 0.5 * spread
    bones = (
        (0.03 + 0.14 * spread, -0.4, 0.07),
        (0.1 + 0.26 * spread, -0.2, 0.056),
        (end, -0.05 + lift, 0.042),
        (end + 0.1, -0.1 + lift, 0.026),
        (end + 0.08, -0.19 + lift, 0.01),
    )
    figure.tube([(side * x, y, radius) for x, y, radius in bones], shifted(coat, value=1.0 - 0.14 * spread))
    for share in (0.1, 0.35, 0.6, 0.85):
        x = bones[1][0] + (end - bones[1][0]) * share
        figure.spot((side * x, -0.2 + (0.15 + lift) * share), (0.014, 0.012), mix(coat, WHITE, 0.55), 200)


def draw_turtle(figure: Figure, colour: Colour | None) -> None:
    skin, shell, rng = rgb("8ab87a"), colour or rgb("7a8a4a"), figure.rng
    figure.tube(".2,-.42,.07 .34,-.22,.055 .3,-.04,.012", skin)
    figure.tube("-.26,-.36,.06 -.42,-.22,.05 -.52,-.16,.01", skin)
    figure.tube(".14,-.6,.06 .18,-.82,.05 .08,-.94,.01", skin)
    figure.tube(".3,-.52,.07 .42,-.56,.075", skin)
    figure.oval((0.52, -0.58), (0.115, 0.095), skin)
    figure.blob(".38,-.46 .3,-.68 .04,-.78 -.24,-.7 -.42,-.46 -.2,-.34 .14,-.34", shell, sheen=0.5)
    for x, y, size in _SHELL_PLATES:
        corners = (step * math.pi / 3 for step in range(6))
        plate = [(x + size * math.cos(angle), y + size * 0.8 * math.sin(angle)) for angle in corners]
        figure.blob(plate, mix(shell, rgb("d8c878"), 0.45), relief=0.7)
    draw_eye(figure, (0.56, -0.61), 0.034, rgb("3a2a18"))
    figure.stroke(".62,-.55 .57,-.53 .52,-.54", 0.008, shifted(skin, value=0.5))
    for x, y in ((0.33, -0.2), (-0.4, -0.24), (0.17, -0.82)):
        for _ in range(6):
            at = x + rng.gauss(0, 0.025), y + rng.gauss(0, 0.035)
            figure.spot(at, (0.012, 0.01), shifted(skin, value=0.72), 160)
