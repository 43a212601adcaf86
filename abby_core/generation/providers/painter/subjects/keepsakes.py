"""Things to keep: mushrooms, cacti, trees, flowers, hearts, cakes."""

from __future__ import annotations

import math

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, curve, limb, path, rounded, sided
from abby_core.generation.providers.painter.subjects.eyes import draw_gaze

_STEM = path("-.09,-.5 .09,-.5 .1,-.25 .15,-.02 0,0 -.15,-.02 -.1,-.25")
_CAP = path("-.36,-.5 -.34,-.68 -.2,-.88 0,-.95 .2,-.88 .34,-.68 .36,-.5 .18,-.53 0,-.54 -.18,-.53")
_CAP_SPOTS = limb(
    "-.2,-.66,.045 0,-.78,.055 .2,-.68,.045 -.08,-.6,.03 .1,-.59,.034 -.12,-.84,.03 .3,-.57,.024 -.3,-.55,.026"
)
_CROWN = limb("0,-.8,.2 -.22,-.68,.16 .22,-.68,.16 -.1,-.6,.15 .12,-.6,.15 -.32,-.54,.12 .33,-.54,.12 0,-.5,.12")
_HEART = curve(path("0,-.72 .1,-.88 .26,-.93 .41,-.84 .46,-.66 .38,-.46 .2,-.24 0,-.06"), closed=False)


def draw_mushroom(figure: Figure, colour: Colour | None) -> None:
    """A family of three; the largest looks at us."""
    cap = colour or figure.rng.choice(rgbs("d8403a d8403a c8783a 8a5ac0"))
    for x, scale in ((0.27, 0.45), (-0.3, 0.36), (0.0, 1.0)):
        _toadstool(figure, cap, x, scale)
    draw_gaze(figure, (0.045, -0.33), 0.026, rgb("4a2c1c"), blush=0.034)
    figure.stroke("-.018,-.29 0,-.28 .018,-.29", 0.007, rgb("6a4438"))


def _toadstool(figure: Figure, cap: Colour, x: float, scale: float) -> None:
    def at(point: Point) -> Point:
        return x + point[0] * scale, point[1] * scale

    figure.blob(curve([at(point) for point in _STEM]), rgb("f8ecd8"))
    figure.oval(at((0, -0.49)), (0.3 * scale, 0.07 * scale), rgb("e8d4b8"), relief=-0.5)
    for step in range(13):
        cos, sin = math.cos(math.pi * step / 12), math.sin(math.pi * step / 12)
        gill = [at((-0.08 * cos, -0.49 + 0.02 * sin)), at((-0.28 * cos, -0.49 + 0.055 * sin))]
        figure.stroke(gill, 0.004, rgb("b89a7a"), 160)
    figure.blob(curve([at(point) for point in _CAP]), cap, sheen=0.5)
    for px, py, size in _CAP_SPOTS:
        figure.oval(at((px, py)), (size * scale, size * 0.8 * scale), rgb("fff8ee"), relief=0.6)


def draw_cactus(figure: Figure, colour: Colour | None) -> None:
    green = colour or rgb("5a9a5a")
    for arm in (
        ".1,-.38,.06 .26,-.38,.065 .29,-.52,.065 .29,-.68,.06 .29,-.74,.02",
        "-.1,-.5,.055 -.24,-.5,.058 -.26,-.62,.055 -.26,-.74,.05 -.26,-.79,.018",
        "0,0,.12 0,-.4,.13 0,-.8,.12 0,-.93,.05",
    ):
        figure.tube(arm, green)
        for offset in (-0.5, 0.0, 0.5):
            rib = [(x + offset * radius, y) for x, y, radius in limb(arm) if radius > 0.04]
            figure.stroke(rib, 0.008, shifted(green, value=0.72), 170)
            for x, y in curve(rib, closed=False, steps=3):
                figure.stroke([(x - 0.014, y - 0.008), (x + 0.014, y + 0.006)], 0.003, rgb("f8f4d8"), 220)
    for x, y in ((0.0, -0.97), (0.29, -0.77), (-0.26, -0.82)):
        for petal in range(6):
            angle = petal * math.pi / 3
            at = x + 0.028 * math.cos(angle), y + 0.02 * math.sin(angle)
            figure.oval(at, (0.026, 0.02), rgb("f06a9a"), turn=angle)
        figure.oval((x, y), (0.015, 0.012), rgb("f8d860"))


def draw_tree(figure: Figure, colour: Colour | None) -> None:
    """One great old tree."""
    leaf = colour or figure.rng.choice(rgbs("6aa84a 7ab84e 5a9a58 f0a8c0 e0923a"))
    bark = rgb("7a5a44")
    for side in SIDES:
        branch = ((0.02, -0.3, 0.05), (0.14, -0.45, 0.034), (0.26, -0.56, 0.016))
        figure.tube([(side * x, y, radius) for x, y, radius in branch], bark)
    trunk = "-.16,0 -.075,-.08 -.06,-.3 -.09,-.52 .09,-.52 .06,-.3 .075,-.08 .16,0 0,-.02"
    figure.blob(trunk, bark, fur=0.02, field=lambda _x, _y: (0.05, -1.0))
    for x, y, radius in _CROWN:
        figure.oval((x, y), (radius, radius * 0.85), shifted(leaf, value=figure.rng.uniform(0.86, 1.08)), fur=0.035)


def draw_flower(figure: Figure, colour: Colour | None) -> None:
    """One large flower."""
    petal = colour or figure.rng.choice(rgbs("f06a8a f8c83a e8503e a87ae0 f8f4f0 6a9af0"))
    figure.tube(".03,0,.018 -.02,-.25,.018 0,-.6,.018", rgb("5a9a48"))
    for side, y in ((1, -0.18), (-1, -0.28)):
        leaf = [(px, y + py) for px, py in path("0,0 .12,-.12 .28,-.16 .22,-.03 .1,.03")]
        figure.blob(sided(leaf, side), rgb("62a84e"))
        figure.stroke([(0, y), (side * 0.14, y - 0.07), (side * 0.26, y - 0.15)], 0.006, rgb("3f7a38"), 170)
    rings = ((13, 0.2, 0.061, 0.86), (11, 0.16, 0.054, 1.0), (8, 0.11, 0.043, 1.1))
    for ring, (count, reach, wide, tone) in enumerate(rings):
        for index in range(count):
            angle = 2 * math.pi * (index + 0.5 * ring) / count
            centre = reach * math.cos(angle), -0.68 + reach * math.sin(angle)
            figure.oval(centre, (reach * 0.62, wide), shifted(petal, value=tone), turn=angle, sheen=0.4)
    yellow = petal[0] > 220 and petal[1] > 170
    heart = rgb("6a4426") if yellow else rgb("f4c23a")
    figure.oval((0, -0.68), (0.1, 0.1), heart)
    for index in range(44):
        angle, reach = index * 2.4, 0.088 * math.sqrt(index / 44)  # 2.4 radians: the golden angle of sunflowers
        at = reach * math.cos(angle), -0.68 + reach * math.sin(angle)
        figure.spot(at, (0.009, 0.009), shifted(heart, value=1.25 if index % 2 else 0.75))


def draw_heart(figure: Figure, colour: Colour | None) -> None:
    tone = colour or rgb("e8384f")
    figure.shine((0, -0.52), 0.75, mix(tone, WHITE, 0.3), 0.5)
    figure.blob([*_HEART, *((-x, y) for x, y in reversed(_HEART))], tone, relief=0.8, sheen=0.3)
    figure.flat("-.34,-.72 -.3,-.81 -.2,-.855 -.13,-.84 -.24,-.79 -.3,-.69", WHITE, 190, lit=False)
    figure.spot((-0.335, -0.64), (0.022, 0.028), WHITE, 170, lit=False)


def draw_cake(figure: Figure, colour: Colour | None) -> None:
    """Two tiers and three candles."""
    icing = colour or figure.rng.choice(rgbs("f8a8c0 a8d8f0 c8a8f0 fff0d8"))
    figure.oval((0, -0.03), (0.46, 0.06), rgb("f4f2f4"), sheen=0.6)
    _tier(figure, 0.36, (-0.38, -0.03), icing)
    _tier(figure, 0.24, (-0.62, -0.36), icing)
    for x in (-0.12, 0.0, 0.12):
        figure.blob(rounded(x - 0.014, -0.82, x + 0.014, -0.6, corner=0.008), rgb("7ac0f0"))
        figure.shine((x, -0.86), 0.16, rgb("ffb84a"), 0.9)
        flame = curve([(x, -0.93), (x + 0.022, -0.86), (x, -0.825), (x - 0.022, -0.86)])
        figure.flat(flame, rgb("ffd85a"), lit=False)


def _tier(figure: Figure, half: float, levels: Point, icing: Colour) -> None:
    """Sponge between two ``levels``, with icing that drips and sprinkles on top."""
    rng, (top, bottom) = figure.rng, levels
    figure.blob(rounded(-half, top, half, bottom, corner=0.05), rgb("f0d0a0"))
    rim: list[Point] = [(-half, top + 0.02), (0, top - 0.03), (half, top + 0.02)]
    drips = (top + (0.14 if step % 2 else 0.06) + rng.uniform(0, 0.03) for step in range(10))
    figure.blob(curve([*rim, *((half - step * 2 * half / 9, y) for step, y in enumerate(drips))]), icing, sheen=0.6)
    for _ in range(34):
        at = rng.uniform(-half, half) * 0.9, top + rng.uniform(0.0, 0.055)
        figure.spot(at, (0.012, 0.007), rng.choice(rgbs("ff5a7a ffd84a 5ac8f0 8ad86a ffffff")))
