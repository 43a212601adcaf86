"""Tails, ears and antlers of the sitting animals."""

from __future__ import annotations

from abby_core.generation.providers.painter.brushes.colour import rgb, shifted
from abby_core.generation.providers.painter.brushes.figure import Field
from abby_core.generation.providers.painter.brushes.outlines import SIDES, Point, curve, limb, oval, path, sided
from abby_core.generation.providers.painter.subjects.animal import Animal

_BRUSH = curve(path(".1,-.05 .25,-.02 .38,-.08 .44,-.22 .42,-.37 .36,-.44 .31,-.36 .29,-.24 .22,-.16"))
_BRUSH_TIP = curve(path(".42,-.37 .36,-.44 .31,-.36 .33,-.3 .4,-.3"))
_THIN = limb(".12,-.05,.03 .27,-.04,.03 .34,-.13,.028 .31,-.25,.026 .35,-.35,.018 .36,-.37,.004")

_LONG = path(".03,-.62 .03,-.78 .05,-.91 .105,-.995 .15,-.93 .155,-.8 .135,-.64")
_LONG_INNER = path(".065,-.66 .065,-.79 .08,-.895 .108,-.945 .127,-.9 .123,-.79 .108,-.67")
_POINTED = path(".05,-.69 .085,-.79 .15,-.88 .195,-.92 .215,-.87 .222,-.76 .215,-.6")
_POINTED_TIP = path(".12,-.83 .195,-.925 .218,-.85 .215,-.8 .17,-.82")
_POINTED_INNER = path(".09,-.69 .115,-.77 .165,-.84 .19,-.85 .195,-.77 .19,-.64")
_FLOPPY = path(".11,-.705 .19,-.72 .26,-.63 .29,-.5 .265,-.41 .225,-.43 .2,-.53 .16,-.62")
_SIDE = path(".17,-.62 .24,-.7 .36,-.73 .39,-.7 .34,-.62 .22,-.56")
_SIDE_INNER = path(".21,-.625 .26,-.67 .345,-.7 .36,-.685 .315,-.63 .23,-.6")
_ANTLER = (
    path(".08,-.7 .11,-.83 .18,-.93 .19,-1.02"),
    path(".12,-.85 .09,-.93 .1,-.99"),
    path(".16,-.91 .25,-.95 .28,-1"),
)


def paint_tail(animal: Animal) -> None:
    figure, kind = animal.figure, animal.kind
    if kind.tail == "puff":
        figure.oval((0.235, -0.1), (0.075, 0.07), kind.belly, fur=0.035)
    elif kind.tail == "brush":
        _brush(animal)
    elif kind.tail == "thin":
        figure.tube(_THIN, animal.coat, fur=0.018)
        if animal.has("mane"):
            figure.oval((0.35, -0.37), (0.05, 0.06), kind.dark, fur=0.04)


def _brush(animal: Animal) -> None:
    """A bushy tail with a pale tip; in rings for red pandas, in rainbow colours for unicorns."""
    figure, kind = animal.figure, animal.kind
    colour, tip = animal.coat, rgb("fff4e6")
    if animal.has("forelock"):
        colour, tip = kind.dark, shifted(kind.dark, hue=0.12)
    figure.blob(_BRUSH, colour, fur=0.05, field=lambda x, y: (x - 0.2, -0.6 if y < -0.15 else 0.1))
    figure.blob(_BRUSH_TIP, tip, fur=0.05, field=lambda x, _y: (x - 0.36, -0.7))
    if animal.has("mask"):
        for step in range(3):
            ring = oval((0.36 + 0.02 * step, -0.13 - 0.08 * step), (0.075, 0.022), turn=-0.5)
            figure.blob(ring, kind.dark, relief=0.5, fur=0.03)


def paint_ears(animal: Animal) -> None:
    for side in SIDES:
        match animal.kind.ears:
            case "long":
                lean = 0.05 if side > 0 else -0.01
                _ear(animal, side, _leaning(_LONG, lean), _leaning(_LONG_INNER, lean))
            case "pointed":
                _ear(animal, side, _POINTED, _POINTED_INNER)
            case "side":
                _ear(animal, side, _SIDE, _SIDE_INNER, field=lambda x, _y: (x, -0.1))
            case "floppy":
                animal.figure.blob(sided(_FLOPPY, side), animal.kind.dark, fur=0.026, field=lambda _x, _y: (0.0, 1.0))
            case "round":
                _round_ear(animal, side, (0.165, -0.705), 0.078, 0.6)
            case "big":
                wide = 1.35 if animal.kind.muzzle == "trunk" else 1.0
                _round_ear(animal, side, (0.25 + 0.1 * (wide - 1), -0.64), 0.13 * wide, 0.68)


def _up(x: float, _y: float) -> Point:
    return x * 1.2, -1.0


def _ear(animal: Animal, side: int, outer: list[Point], inner: list[Point], *, field: Field = _up) -> None:
    figure, kind = animal.figure, animal.kind
    figure.blob(sided(outer, side), animal.face, fur=0.02, field=field)
    if kind.ears == "pointed" and animal.has("cheeks"):
        figure.blob(sided(_POINTED_TIP, side), kind.dark, fur=0.02, field=field)
    figure.blob(sided(inner, side), kind.inner_ear, relief=-0.5, fur=0.016, field=field)


def _round_ear(animal: Animal, side: int, centre: Point, radius: float, inner: float) -> None:
    """``inner``: the radius of what is inside, as a share."""
    figure, kind = animal.figure, animal.kind
    coat = kind.dark if animal.has("patches") else animal.coat
    at = side * centre[0], centre[1]
    figure.oval(at, (radius, radius * 1.05), coat, fur=0.023)
    figure.oval(at, (radius * inner, radius * inner * 1.05), kind.inner_ear, relief=-0.5, fur=0.014)


def _leaning(points: list[Point], lean: float) -> list[Point]:
    """A long ear bent outwards, more towards its tip."""
    return [(x + lean * min(1.0, max(0.0, (-0.62 - y) / 0.3)), y) for x, y in points]


def paint_antlers(animal: Animal) -> None:
    for side in SIDES:
        for line in _ANTLER:
            for width, tone in ((0.028, 0.8), (0.016, 1.35)):
                animal.figure.stroke([(side * x, y) for x, y in line], width, shifted(animal.kind.dark, value=tone))
