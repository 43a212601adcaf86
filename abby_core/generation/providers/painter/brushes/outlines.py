"""Outlines: lists of points, and the few ways to make them (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
SIDES = (-1, 1)
"""Left and right."""


def path(points: str) -> list[Point]:
    """Points written as ``x,y x,y …``, as in SVG."""
    pairs = (point.split(",") for point in points.split())
    return [(float(x), float(y)) for x, y in pairs]


def limb(points: str) -> list[tuple[float, float, float]]:
    """Points with a radius each, written as ``x,y,r x,y,r …``."""
    triples = (point.split(",") for point in points.split())
    return [(float(x), float(y), float(radius)) for x, y, radius in triples]


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = 8) -> list[Point]:
    """A smooth line through the points (Catmull-Rom spline)."""
    count = len(points)
    line: list[Point] = []
    for index in range(count if closed else count - 1):
        near = (index - 1, index, index + 1, index + 2)
        a, b, c, d = (points[i % count if closed else min(count - 1, max(0, i))] for i in near)
        for step in range(steps):
            t = step / steps
            line.append((_spline((a[0], b[0], c[0], d[0]), t), _spline((a[1], b[1], c[1], d[1]), t)))
    return line if closed else [*line, points[-1]]


def sided(points: Sequence[Point], side: int) -> list[Point]:
    """A smooth outline through the points, mirrored to the left where ``side`` is -1."""
    return curve([(side * x, y) for x, y in points])


def symmetric(half: Sequence[Point]) -> list[Point]:
    """A smooth outline from its right half; the first and the last point lie on the middle line."""
    return curve([*half, *((-x, y) for x, y in reversed(half[1:-1]))])


def oval(centre: Point, radii: Point, *, steps: int = 40, turn: float = 0.0) -> list[Point]:
    """The outline of an ellipse, turned by ``turn`` radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    outline: list[Point] = []
    for step in range(steps):
        angle = 2 * math.pi * step / steps
        x, y = radii[0] * math.cos(angle), radii[1] * math.sin(angle)
        outline.append((centre[0] + x * cos - y * sin, centre[1] + x * sin + y * cos))
    return outline


def tube(spine: Sequence[tuple[float, float, float]]) -> list[Point]:
    """The outline of a limb: first all of one side, then all of the other, backwards."""
    line = curve([(x, y) for x, y, _ in spine], closed=False, steps=6)
    radii = [radius for _, radius in curve([(0.0, radius) for _, _, radius in spine], closed=False, steps=6)]
    left: list[Point] = []
    right: list[Point] = []
    for index, ((x, y), radius) in enumerate(zip(line, radii, strict=True)):
        (ax, ay), (bx, by) = line[max(0, index - 1)], line[min(len(line) - 1, index + 1)]
        norm = math.hypot(bx - ax, by - ay) or 1.0
        across, down = -(by - ay) / norm * radius, (bx - ax) / norm * radius
        left.append((x + across, y + down))
        right.append((x - across, y - down))
    return [*left, *reversed(right)]


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """A rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def rounded(left: float, top: float, right: float, bottom: float, *, corner: float) -> list[Point]:
    """A rectangle with round corners of radius ``corner``."""
    centres = (
        (right - corner, bottom - corner, 0.0),
        (left + corner, bottom - corner, 0.5),
        (left + corner, top + corner, 1.0),
        (right - corner, top + corner, 1.5),
    )
    outline: list[Point] = []
    for x, y, start in centres:
        for step in range(7):
            angle = math.pi * (start + step / 12)
            outline.append((x + corner * math.cos(angle), y + corner * math.sin(angle)))
    return outline


def _spline(values: tuple[float, float, float, float], t: float) -> float:
    a, b, c, d = values
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * (b - c) + d - a) * t**3)
