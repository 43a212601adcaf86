"""What tells the sitting animals apart: stripes, cheeks, patches, spines, wool, horns."""

from __future__ import annotations

import math
from collections.abc import Callable

from abby_core.generation.providers.painter.brushes.colour import rgb, shifted
from abby_core.generation.providers.painter.brushes.outlines import SIDES, oval, path, sided
from abby_core.generation.providers.painter.subjects.animal import Animal
from abby_core.generation.providers.painter.subjects.species import Extra

_CREAM = rgb("fff8ee")
_CHEEK = path("0,-.47 .07,-.5 .17,-.485 .265,-.46 .2,-.395 .1,-.355 0,-.35")
_HORN = path(".09,-.71 .13,-.78 .2,-.82 .17,-.74 .15,-.68")


def paint_markings(animal: Animal) -> None:
    """Everything that lies on the coat, below the face."""
    for extra, paint in _MARKINGS:
        if animal.has(extra):
            paint(animal)


def _dapples(animal: Animal) -> None:
    """Small pale spots on a deer, large dark ones on a cow."""
    cow = animal.has("horns")
    tone, scale = (animal.kind.dark, 1.5) if cow else (rgb("fff0dc"), 0.7)
    for x, y, size in ((-0.15, -0.2, 0.034), (0.16, -0.15, 0.04), (-0.18, -0.1, 0.026), (0.13, -0.27, 0.026)):
        animal.figure.oval((x, y), (size * scale, size * scale), tone, relief=0.3, fur=0.012)
    if cow:
        animal.figure.oval((0.13, -0.58), (0.1, 0.11), tone, relief=0.4, fur=0.02)


def _stripes(animal: Animal) -> None:
    bold = 1.5 if animal.kind.muzzle == "wide" else 1.0
    stripes = [oval((x, -0.675 + abs(x) * 0.3), (0.014 * bold, 0.05), turn=x * 3) for x in (-0.06, 0.0, 0.06)]
    for side in SIDES:
        stripes += [oval((side * 0.212, y), (0.034, 0.011 * bold), turn=side * 0.25) for y in (-0.5, -0.44)]
        stripes += [oval((side * 0.17, y), (0.05, 0.014 * bold), turn=side * 0.35) for y in (-0.27, -0.19, -0.11)]
    for stripe in stripes:
        animal.figure.blob(stripe, animal.kind.dark, relief=0.4, fur=0.016)


def _cheeks(animal: Animal) -> None:
    for side in SIDES:
        animal.figure.blob(sided(_CHEEK, side), _CREAM, relief=0.6, fur=0.034, field=lambda x, _y: (x * 2.2, 0.35))
        animal.figure.oval((side * 0.1, -0.625), (0.036, 0.02), _CREAM, relief=0.3, fur=0.012)


def _patches(animal: Animal) -> None:
    for side in SIDES:
        animal.figure.oval(
            (side * 0.125, -0.535), (0.075, 0.085), animal.kind.dark, turn=side * 0.5, relief=0.4, fur=0.018
        )


def _blaze(animal: Animal) -> None:
    animal.figure.oval((0, -0.58), (0.045, 0.14), _CREAM, relief=0.3, fur=0.02)


def _face(animal: Animal) -> None:
    for side in SIDES:
        animal.figure.oval((side * 0.085, -0.555), (0.105, 0.1), animal.kind.belly, relief=0.3, fur=0.012)


def _spines(animal: Animal) -> None:
    """A crown of spines above the forehead."""
    for step in range(26):
        x = -0.22 + 0.44 * step / 25
        y = -0.66 - 0.05 * math.cos(x * 6)
        tone = shifted(animal.kind.dark, value=0.9 + 0.25 * (step % 3))
        animal.figure.flat([(x - 0.016, y + 0.02), (x * 1.25, y - 0.1), (x + 0.016, y + 0.02)], tone)


def _wool(animal: Animal) -> None:
    for x, y, size in (
        (0, -0.74, 0.09),
        (-0.1, -0.72, 0.075),
        (0.1, -0.72, 0.075),
        (-0.05, -0.68, 0.06),
        (0.05, -0.68, 0.06),
    ):
        animal.figure.oval((x, y), (size, size * 0.85), animal.coat, fur=0.018)


def _horns(animal: Animal) -> None:
    for side in SIDES:
        animal.figure.blob(sided(_HORN, side), rgb("efe2c8"))


_MARKINGS: tuple[tuple[Extra, Callable[[Animal], None]], ...] = (
    ("dapples", _dapples),
    ("stripes", _stripes),
    ("cheeks", _cheeks),
    ("patches", _patches),
    ("blaze", _blaze),
    ("face", _face),
    ("spines", _spines),
    ("wool", _wool),
    ("horns", _horns),
)
"""In the order in which they are painted."""
