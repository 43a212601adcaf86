"""Round eyes and faces that several subjects share."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import WHITE, Colour, rgb
from abby_core.generation.providers.painter.brushes.figure import Figure
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point


def draw_eye(figure: Figure, centre: Point, radius: float, iris: Colour) -> None:
    """A large round eye with two highlights."""
    x, y = centre
    figure.spot((x, y), (radius * 1.08, radius * 1.12), rgb("1c1418"))
    figure.spot((x, y), (radius * 0.94, radius * 0.98), iris)
    figure.spot((x, y), (radius * 0.66, radius * 0.72), rgb("120c10"))
    figure.spot((x - radius * 0.28, y - radius * 0.34), (radius * 0.28, radius * 0.3), WHITE, lit=False)
    figure.spot((x + radius * 0.3, y + radius * 0.34), (radius * 0.13, radius * 0.13), WHITE, 220, lit=False)


def draw_gaze(figure: Figure, apart: Point, radius: float, iris: Colour, *, blush: float = 0.05) -> None:
    """Two eyes ``apart[0]`` to the left and right at height ``apart[1]``, and red cheeks below them."""
    x, y = apart
    for side in SIDES:
        draw_eye(figure, (side * x, y), radius, iris)
        figure.blush((side * (x + blush), y + radius * 1.6), (blush * 1.15, blush * 0.8), rgb("f4808a"), 0.6)
