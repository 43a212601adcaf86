"""Castles, cottages, lighthouses and windmills."""

from __future__ import annotations

import math
from dataclasses import dataclass

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, mix, rgb, rgbs, shifted
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, box, oval, path

_LAMP, _GLASS, _FRAME, _TIMBER, _IRON = rgbs("ffd98a 46506c 5a5060 8a6248 4a4450")
_WALL, _PLASTER = rgbs("cfc4b8 f0e4d0")


def _evening(figure: Figure) -> bool:
    """Whether lamps are lit: at night, and when the sun is red."""
    return figure.light.dark or max(figure.light.sun) - min(figure.light.sun) > 60


def _arch(x: float, top: float, half: float, bottom: float) -> list[Point]:
    """A door or window with a round head that starts at ``top``."""
    head = [point for point in oval((x, top), (half, half * 1.1), steps=16) if point[1] <= top]
    return [(x - half, bottom), (x - half, top), *sorted(head), (x + half, top), (x + half, bottom)]


def _window(figure: Figure, x: float, y: float, size: float, *, arched: bool = True) -> None:
    """A window ``size`` high below ``y``, lit in the evening."""
    shape = box(x - size * 0.45, y - size * 0.4, x + size * 0.45, y + size)
    if arched:
        shape = _arch(x, y - size * 0.4, size * 0.45, y + size)
    figure.flat([(x + (px - x) * 1.35, y + (py - y) * 1.25) for px, py in shape], _FRAME)
    lit = _evening(figure)
    figure.flat(shape, _LAMP if lit else _GLASS, lit=not lit)
    if lit:
        figure.shine((x, y), size * 3.2, rgb("ffb84a"), 0.4)


def _masonry(figure: Figure, wall: list[Point], colour: Colour, *, relief: float = 1.0) -> None:
    """A wall (a box) with some of its stones showing."""
    figure.blob(wall, colour, relief=relief)
    (left, top), (right, bottom), rng = wall[0], wall[2], figure.rng
    for _ in range(min(140, round((right - left) * (bottom - top) * 900))):
        x, y = rng.uniform(left, right - 0.016), rng.uniform(top, bottom - 0.01)
        stone = box(x, y, x + rng.uniform(0.01, 0.02), y + 0.008)
        figure.flat(stone, shifted(colour, value=rng.choice((0.82, 0.9, 1.12))), 130)


@dataclass(frozen=True, kw_only=True)
class _Tower:
    """A round tower: its middle, half its width, the levels of its wall, the height of its roof in half widths."""

    x: float
    half: float
    top: float
    bottom: float
    spire: float
    flag: bool = True

    def draw(self, figure: Figure, wall: Colour, roof: Colour) -> None:
        x, half, top = self.x, self.half, self.top
        _masonry(figure, box(x - half, top, x + half, self.bottom), wall)
        figure.blob(
            box(x - half * 1.22, top - half * 0.3, x + half * 1.22, top + half * 0.35), shifted(wall, value=1.04)
        )
        for step in range(4):
            left = x - half * (1.22 - 0.7 * step)
            figure.flat(box(left, top - half * 0.62, left + half * 0.34, top - half * 0.25), wall)
        peak = top - half * self.spire
        if self.flag:
            figure.stroke([(x, peak + 0.01), (x, peak - 0.075)], 0.005, _IRON)
            cloth = path("0,-.075 .06,-.06 .045,-.05 .062,-.034 0,-.04")
            figure.blob([(x + dx, peak + dy) for dx, dy in cloth], rgb("e8b83e"))
        eaves, waist = top - half * 0.3, top - half * self.spire * 0.52
        figure.blob(
            [
                (x - half * 1.3, eaves),
                (x - half * 0.5, waist),
                (x, peak),
                (x + half * 0.5, waist),
                (x + half * 1.3, eaves),
            ],
            roof,
        )
        for step in range(4):
            y, reach = top - half * (0.6 + 0.62 * step), half * 1.1 * (1 - step / 4.6)
            figure.stroke([(x - reach, y), (x, y + half * 0.16), (x + reach, y)], 0.004, shifted(roof, value=0.72), 170)
        for level in range(max(1, round((self.bottom - top) / 0.16))):
            _window(figure, x, top + 0.07 + level * 0.15, half * 0.34)


def draw_castle(figure: Figure, colour: Colour | None) -> None:
    roof = colour or figure.rng.choice(rgbs("4f6aa8 a84a4a 5a8a8a 7a5aa0"))
    _Tower(x=0.0, half=0.062, top=-0.74, bottom=0.0, spire=3.6).draw(figure, shifted(_WALL, value=0.92), roof)
    for side in SIDES:
        inner = _Tower(x=side * 0.16, half=0.05, top=-0.6, bottom=0.0, spire=3.4)
        inner.draw(figure, shifted(_WALL, value=0.94), roof)
    _masonry(figure, box(-0.2, -0.44, 0.2, 0.01), _WALL, relief=0.5)
    _battlements(figure, -0.21, 9, -0.475)
    for x in (-0.11, 0.0, 0.11):
        _window(figure, x, -0.34, 0.024)
    for side in SIDES:
        middle = side * 0.3
        _masonry(figure, box(middle - 0.1, -0.2, middle + 0.1, 0.02), shifted(_WALL, value=0.95), relief=0.4)
        _battlements(figure, middle - 0.09, 4, -0.235)
        _Tower(x=side * 0.23, half=0.058, top=-0.4, bottom=0.02, spire=3.0, flag=False).draw(figure, _WALL, roof)
        _Tower(x=side * 0.41, half=0.052, top=-0.3, bottom=0.03, spire=3.0, flag=side > 0).draw(figure, _WALL, roof)
    figure.blob(_arch(0, -0.12, 0.078, 0.01), shifted(_WALL, value=0.85))
    figure.flat(_arch(0, -0.11, 0.062, 0.01), rgb("4a3428"))
    for x in (-0.03, 0.0, 0.03):
        figure.stroke([(x, -0.16), (x, 0.005)], 0.005, rgb("2c2020"))


def _battlements(figure: Figure, left: float, count: int, top: float) -> None:
    for step in range(count):
        x = left + step * 0.049
        figure.flat(box(x, top, x + 0.028, top + 0.045), _WALL)


def draw_house(figure: Figure, colour: Colour | None) -> None:
    """A half-timbered cottage with smoke over its chimney and flowers at its windows."""
    roof = colour or figure.rng.choice(rgbs("b8583e 8a5a40 5a6f8a 7a8a4a"))
    figure.blob(box(0.16, -0.86, 0.25, -0.5), rgb("a86a5a"))
    for puff in range(5):
        at = 0.2 + 0.035 * puff + 0.01 * math.sin(puff), -0.92 - 0.055 * puff
        figure.spot(at, (0.026 + 0.01 * puff, 0.022 + 0.009 * puff), rgb("f4f2f0"), 120 - 18 * puff)
    figure.blob(box(-0.36, -0.44, 0.36, 0.0), rgb("f4e8d4"), relief=0.5)
    for x in (-0.36, -0.12, 0.12, 0.345):
        figure.flat(box(x, -0.44, x + 0.018, 0.0), _TIMBER)
    figure.flat(box(-0.36, -0.24, 0.36, -0.222), _TIMBER)
    figure.blob(path("-.46,-.4 -.3,-.62 -.2,-.78 .2,-.78 .3,-.62 .46,-.4 .2,-.42 -.2,-.42"), roof, relief=0.8)
    for row in range(6):
        y, reach = -0.73 + 0.055 * row, 0.22 + 0.038 * row
        for step in range(9):
            x = -reach + 2 * reach * step / 9 + (row % 2) * 0.02
            tone = shifted(roof, value=figure.rng.choice((0.72, 1.2)))
            figure.stroke([(x, y), (x + 0.02, y + 0.018), (x + 0.042, y)], 0.006, tone, 170)
    for x in (-0.24, 0.24):
        _window_box(figure, x)
    _window(figure, 0.0, -0.58, 0.055)
    figure.flat(_arch(0, -0.22, 0.09, 0.0), _TIMBER)
    figure.blob(_arch(0, -0.22, 0.075, 0.0), rgb("5f8a6a"), relief=0.6)
    figure.spot((0.045, -0.12), (0.009, 0.009), rgb("f0d070"))


def _window_box(figure: Figure, x: float) -> None:
    _window(figure, x, -0.17, 0.075, arched=False)
    figure.flat(box(x - 0.004, -0.2, x + 0.004, -0.095), rgb("f4e8d4"))
    figure.flat(box(x - 0.055, -0.08, x + 0.055, -0.055), _TIMBER)
    for bloom in range(7):
        at = x - 0.05 + 0.0165 * bloom, -0.088 + 0.008 * (bloom % 2)
        figure.spot(at, (0.014, 0.014), figure.rng.choice(rgbs("e8505a f48fb0 f5cf3d ffffff")))


def draw_lighthouse(figure: Figure, colour: Colour | None) -> None:
    stripe = colour or rgb("d8463e")
    edges = path(".15,0 .125,-.2 .108,-.4 .094,-.6 .082,-.76")
    figure.blob([*edges, *((-x, y) for x, y in reversed(edges))], rgb("f8f4ec"))
    for (ax, ay), (bx, by) in ((edges[0], edges[1]), (edges[2], edges[3])):
        figure.blob([(ax, ay), (bx, by), (-bx, by), (-ax, ay)], stripe)
    for y in (-0.5, -0.28):
        _window(figure, 0.0, y, 0.026)
    figure.blob(box(-0.12, -0.785, 0.12, -0.755), _IRON)
    figure.flat(box(-0.06, -0.88, 0.06, -0.785), rgb("ffe6a0"), lit=False)
    for x in (-0.06, -0.02, 0.02, 0.06):
        figure.stroke([(x, -0.88), (x, -0.785)], 0.006, _IRON)
    figure.blob(path("-.085,-.875 -.05,-.94 0,-.985 .05,-.94 .085,-.875"), stripe)
    figure.shine((0, -0.83), 0.3, rgb("ffe08a"), 0.8)
    if _evening(figure):
        for side in SIDES:
            for step in range(1, 13):
                long, wide = side * 1.25 * step / 12, 0.15 * step / 12
                beam = [(0, -0.84), (long, -0.83 - wide), (long, -0.83 + wide), (0, -0.82)]
                figure.flat(beam, rgb("fff0b8"), 8, lit=False)
    figure.blob(box(-0.04, -0.12, 0.04, 0.0), rgb("6a4a38"))


def draw_windmill(figure: Figure, colour: Colour | None) -> None:
    edges = path(".2,0 .17,-.2 .145,-.4 .125,-.56")
    figure.blob([*edges, *((-x, y) for x, y in reversed(edges))], _PLASTER)
    figure.blob("-.15,-.54 -.12,-.66 0,-.73 .12,-.66 .15,-.54", colour or rgb("a8584a"))
    for y in (-0.4, -0.24):
        _window(figure, 0.0, y, 0.032)
    figure.blob(box(-0.05, -0.13, 0.05, 0.0), rgb("6a4a38"))
    start = figure.rng.uniform(0.2, 1.2)
    for arm in range(4):
        _sail(figure, start + arm * math.pi / 2)
    figure.oval((0, -0.62), (0.03, 0.03), mix(rgb("7a5a44"), WHITE, 0.2))


def _sail(figure: Figure, angle: float) -> None:
    cos, sin = math.cos(angle), math.sin(angle)

    def turned(along: float, across: float) -> Point:
        return cos * along - sin * across, -0.62 + sin * along + cos * across

    cloth = [turned(0.08, 0.0), turned(0.08, 0.085), turned(0.44, 0.085), turned(0.44, 0.0)]
    figure.blob(cloth, rgb("faf4e6"), relief=0.4)
    for step in range(6):
        along = 0.1 + 0.066 * step
        figure.stroke([turned(along, 0.0), turned(along, 0.085)], 0.004, rgb("8a6a50"))
    figure.stroke([(0, -0.62), turned(0.45, 0.0)], 0.012, rgb("7a5a44"))
