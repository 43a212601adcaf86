"""Small animals of the garden: frogs, butterflies, bees."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, curve, oval, path, sided
from abby_core.generation.providers.painter.subjects.eyes import draw_eye

_UPPER_WING = path(".03,-.5 .2,-.86 .42,-.92 .47,-.74 .36,-.54 .12,-.46")
_LOWER_WING = path(".03,-.46 .24,-.46 .37,-.36 .34,-.18 .22,-.1 .09,-.26")


def draw_frog(figure: Figure, colour: Colour | None) -> None:
    coat = colour or rgb("6fb84a")
    for side in SIDES:
        figure.oval((side * 0.25, -0.14), (0.13, 0.13), shifted(coat, value=0.9), turn=side * 0.4)
        figure.oval((side * 0.27, -0.03), (0.12, 0.034), coat)
    figure.oval((0, -0.28), (0.27, 0.25), coat)
    figure.oval((0, -0.22), (0.19, 0.18), mix(coat, rgb("fff6c8"), 0.7), relief=0.5)
    figure.oval((0, -0.47), (0.3, 0.2), coat)
    for side in SIDES:
        figure.oval((side * 0.16, -0.66), (0.11, 0.11), coat)
        draw_eye(figure, (side * 0.165, -0.67), 0.075, rgb("d8a02c"))
        figure.blush((side * 0.21, -0.43), (0.07, 0.045), rgb("f48a80"), 0.6)
        figure.tube([(side * 0.12, -0.28, 0.045), (side * 0.14, -0.14, 0.036), (side * 0.1, -0.03, 0.032)], coat)
        figure.oval((side * 0.1, -0.02), (0.06, 0.022), coat)
        figure.spot((side * 0.03, -0.53), (0.008, 0.006), shifted(coat, value=0.4))
    figure.stroke("-.2,-.44 -.1,-.4 0,-.39 .1,-.4 .2,-.44", 0.009, shifted(coat, value=0.42))


def draw_butterfly(figure: Figure, colour: Colour | None) -> None:
    coat = colour or figure.rng.choice(rgbs("f08a3a 5a9ae8 e86a9a f4cf4a 9a7ae8"))
    edge = shifted(coat, value=0.3, hue=-0.04)
    for side in SIDES:
        _wing(figure, side, _UPPER_WING, (0.27, -0.68), (coat, edge))
        _wing(figure, side, _LOWER_WING, (0.22, -0.31), (coat, edge))
        figure.stroke([(side * 0.01, -0.62), (side * 0.06, -0.76), (side * 0.12, -0.8)], 0.008, edge)
    figure.tube("0,-.66,.028 0,-.52,.036 0,-.34,.026 0,-.2,.012", edge, fur=0.012)


def _wing(figure: Figure, side: int, outline: list[Point], heart: Point, tones: tuple[Colour, Colour]) -> None:
    """A wing around its ``heart``, in the ``tones`` of its face and its spotted edge."""
    (coat, edge), (cx, cy) = tones, heart

    def towards(point: Point, share: float) -> Point:
        return cx + (point[0] - cx) * share, cy + (point[1] - cy) * share

    figure.blob(sided(outline, side), edge, relief=0.4)
    figure.blob(sided([towards(point, 0.82) for point in outline], side), coat, relief=0.6, sheen=0.5)
    figure.blob(oval((side * cx, cy), (0.06, 0.05)), mix(coat, WHITE, 0.6), relief=0.3)
    for vein in (0.2, 0.4, 0.6):
        end = side * (cx + 0.12 * (vein - 0.3)), cy - 0.1 * vein
        figure.stroke([(side * 0.04, -0.48), end], 0.006, edge, 150)
    for point in curve(outline, steps=2)[2:9]:
        x, y = towards(point, 0.91)
        figure.spot((side * x, y), (0.012, 0.012), WHITE, 210)


def draw_bee(figure: Figure, colour: Colour | None) -> None:
    coat, dark = colour or rgb("f6c838"), rgb("3a2c2a")
    for turn in (-0.5, 0.25):
        figure.flat(oval((-0.02 + turn * 0.24, -0.72), (0.13, 0.24), turn=turn), rgb("e8f6ff"), 170, lit=False)
    figure.oval((0, -0.38), (0.32, 0.23), coat, fur=0.03)
    for x, half in ((-0.2, 0.17), (-0.05, 0.225), (0.1, 0.215)):
        figure.oval((x, -0.38), (0.036, half), dark, relief=0.6, fur=0.02)
    figure.oval((0.27, -0.42), (0.14, 0.14), mix(coat, rgb("5a4020"), 0.15), fur=0.02)
    for x in (0.25, 0.36):
        draw_eye(figure, (x, -0.45), 0.036, rgb("3a2418"))
        figure.stroke([(x - 0.02, -0.54), (x, -0.66), (x + 0.04, -0.68)], 0.01, dark)
    figure.stroke(".28,-.37 .31,-.35 .34,-.37", 0.008, dark)
    figure.blush((0.2, -0.38), (0.04, 0.03), rgb("f48a80"), 0.6)
