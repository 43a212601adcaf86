"""A dragon on the wing."""

from __future__ import annotations

import itertools
import math

from abby_core.generation.providers.painter.brushes.colour import Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import Point, curve, limb, path, tube

_SPINE = limb(
    "-.86,-.3,.006 -.76,-.2,.018 -.6,-.19,.034 -.44,-.27,.05 -.28,-.3,.075 -.08,-.31,.115 "
    ".1,-.35,.115 .22,-.45,.075 .27,-.57,.056 .35,-.66,.05 .45,-.68,.05"
)
"""From the tip of the tail to the back of the head."""
_HORN = rgb("f2e6c8")


def draw_dragon(figure: Figure, colour: Colour | None) -> None:
    """Seen from the side, wings raised."""
    coat = colour or figure.rng.choice(rgbs("c8383a 4f9a5a 5a6fc0 8a4fb0 d08a34"))
    _wing(figure, coat, far=True)
    for hip in ((-0.21, -0.22), (0.07, -0.25)):
        _leg(figure, shifted(coat, value=0.72), hip)
    _spikes(figure, shifted(coat, value=0.62))
    figure.tube(_SPINE, coat)
    _belly(figure, mix(coat, rgb("ffe2a8"), 0.62))
    _scales(figure, coat)
    figure.blob(path("-.82,-.3 -.96,-.42 -.93,-.28 -.98,-.2 -.84,-.24"), shifted(coat, value=0.75))
    for hip in ((-0.12, -0.22), (0.16, -0.25)):
        _leg(figure, coat, hip)
    _head(figure, coat)
    _wing(figure, coat, far=False)


def _wing(figure: Figure, coat: Colour, *, far: bool) -> None:
    """Skin between fingers; the far wing is darker and leans forward."""
    if far:
        root, elbow, wrist = path(".12,-.43 .22,-.715 .2,-1")
        tips = path(".6,-1.12 .66,-.9 .56,-.74 .4,-.62")
        skin, bone = shifted(coat, value=0.6), shifted(coat, value=0.5)
    else:
        root, elbow, wrist = path(".04,-.4 .02,-.72 -.06,-1.04")
        tips = path("-.52,-1.12 -.66,-.86 -.58,-.62 -.36,-.44")
        skin, bone = mix(coat, rgb("ffb070"), 0.28), shifted(coat, value=0.9)
    figure.blob([elbow, wrist, *_scalloped(tips, wrist), root], skin, relief=0.8, sheen=0.45)
    for tip in tips:
        knuckle = (wrist[0] + tip[0]) / 2, (wrist[1] + tip[1]) / 2 - 0.02
        figure.tube([(*wrist, 0.016), (*knuckle, 0.012), (*tip, 0.003)], bone)
    figure.tube([(*root, 0.045), (*elbow, 0.034), (*wrist, 0.02)], bone)
    x, y = wrist
    figure.blob([(x - 0.012, y), (x + 0.01, y - 0.075), (x + 0.022, y)], _HORN)


def _scalloped(tips: list[Point], wrist: Point) -> list[Point]:
    """The hem of the skin: sharp tips, and round bays between them that are drawn towards the wrist."""
    hem = [tips[0]]
    for (ax, ay), (cx, cy) in itertools.pairwise(tips):
        bx, by = (ax + cx) / 2, (ay + cy) / 2
        bx, by = bx + (wrist[0] - bx) * 0.26, by + (wrist[1] - by) * 0.26
        for step in range(1, 7):
            t = step / 6
            before, middle, after = (1 - t) ** 2, 2 * t * (1 - t), t * t
            hem.append((before * ax + middle * bx + after * cx, before * ay + middle * by + after * cy))
    return hem


def _leg(figure: Figure, coat: Colour, hip: Point) -> None:
    x, y = hip
    bones = ((0.0, -0.04, 0.06), (-0.05, 0.06, 0.042), (0.0, 0.12, 0.026), (0.05, 0.13, 0.022))
    figure.tube([(x + dx, y + dy, radius) for dx, dy, radius in bones], coat)
    for claw in (0.04, 0.06, 0.08):
        figure.blob([(x + claw, y + 0.12), (x + claw + 0.035, y + 0.17), (x + claw + 0.02, y + 0.115)], _HORN)


def _spikes(figure: Figure, colour: Colour) -> None:
    """Along the back, tallest in the middle, leaning backwards."""
    line = curve([(x, y - radius * 0.8) for x, y, radius in _SPINE], closed=False, steps=4)
    for index in range(2, len(line) - 2, 2):
        (x, y), (nx, ny) = line[index], line[index + 1]
        norm = math.hypot(nx - x, ny - y) or 1.0
        ux, uy = (nx - x) / norm * 0.025, (ny - y) / norm * 0.025
        tall = 1.4 + 1.2 * math.sin(math.pi * index / len(line))
        tip = x + uy * tall - ux * 1.2, y - ux * tall - uy * 1.2
        figure.blob([(x - ux, y - uy), tip, (x + ux, y + uy)], colour)


def _belly(figure: Figure, colour: Colour) -> None:
    outline = tube([(x + r * 0.25, y + r * 0.62, r * 0.36) for x, y, r in _SPINE[3:]])
    figure.blob(outline, colour, relief=0.6)
    for index in range(3, len(outline) // 2 - 2, 2):
        figure.stroke([outline[index], outline[-index - 1]], 0.005, shifted(colour, value=0.7), 190)


def _scales(figure: Figure, coat: Colour) -> None:
    rng = figure.rng
    for start, end in itertools.pairwise(_SPINE):
        for step in range(30):
            share = step / 30
            x, y, radius = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            x, y = x + rng.uniform(-0.4, 0.4) * radius, y + rng.uniform(-0.85, 0.35) * radius
            size = 0.011 + radius * 0.05
            scale = [(x - size, y), (x, y + size), (x + size, y), (x, y - size * 0.4)]
            figure.flat(scale, shifted(coat, value=rng.choice((0.8, 1.18))), 120)


def _head(figure: Figure, coat: Colour) -> None:
    for x in (0.46, 0.425):
        figure.tube([(x, -0.725, 0.022), (x - 0.07, -0.8, 0.016), (x - 0.17, -0.83, 0.003)], _HORN)
    figure.blob(path(".43,-.69 .32,-.72 .42,-.64"), shifted(coat, value=0.8))
    figure.blob(".45,-.65 .56,-.63 .66,-.615 .67,-.595 .56,-.585 .46,-.6", shifted(coat, value=0.8))
    for x in (0.57, 0.61, 0.65):
        figure.flat([(x - 0.01, -0.628), (x, -0.6), (x + 0.01, -0.628)], rgb("fffbea"))
    figure.blob(".4,-.68 .45,-.745 .52,-.745 .58,-.7 .67,-.69 .71,-.655 .69,-.63 .58,-.635 .48,-.61 .41,-.63", coat)
    figure.spot((0.685, -0.67), (0.009, 0.007), shifted(coat, value=0.35))
    figure.blob(".475,-.715 .52,-.735 .555,-.7 .5,-.692", rgb("ffd23a"), relief=0.3)
    figure.spot((0.52, -0.71), (0.007, 0.017), rgb("1a1010"))
    figure.stroke(".465,-.73 .52,-.745 .565,-.71", 0.012, shifted(coat, value=0.6))
    if figure.rng.random() < 0.75:
        _fire(figure)


def _fire(figure: Figure) -> None:
    figure.shine((0.92, -0.58), 0.36, rgb("ff7a2a"), 0.7)
    for tone, size in zip(rgbs("ff5a1e ff9a2a ffd85a fff6d0"), (1.0, 0.74, 0.48, 0.24), strict=True):
        for _ in range(7):
            share = figure.rng.random()
            x = 0.7 + 0.36 * share * (0.6 + 0.4 * size)
            y = -0.615 + 0.09 * share + figure.rng.gauss(0, 0.03) * share
            figure.spot((x, y), (0.055 * size * (0.35 + share), 0.045 * size * (0.3 + share)), tone, 190, lit=False)
