"""The species that the plush build knows, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from abby_core.generation.providers.painter.brushes.colour import Colour, rgb, rgbs

Ears = Literal["long", "pointed", "round", "big", "floppy", "side"]
Tail = Literal["puff", "brush", "thin", "none"]
Muzzle = Literal["soft", "wide", "snout", "trunk"]
Extra = Literal[
    "cheeks", "mane", "forelock", "horn", "antlers", "horns", "dapples", "stripes", "spines", "wool", "mask", "patches",
    "blaze", "face",
]  # fmt: skip

_BELLY, _NOSE, _IRIS, _INNER_EAR, _DARK = rgbs("fff6e8 3a2a2c 4a2c1c f2a9a6 4a3630")
_PINK = rgb("e58b8f")


@dataclass(frozen=True, kw_only=True)
class Species:
    """What one species looks like."""

    coats: tuple[Colour, ...]
    """Colours it comes in; the seed picks one unless the prompt names a colour."""
    belly: Colour = _BELLY
    ears: Ears = "round"
    tail: Tail = "none"
    muzzle: Muzzle = "soft"
    nose: Colour = _NOSE
    iris: Colour = _IRIS
    inner_ear: Colour = _INNER_EAR
    dark: Colour = _DARK
    """Markings: stripes, masks, ear tips, antlers."""
    socks: bool = False
    extras: frozenset[Extra] = frozenset()


def _extras(*names: Extra) -> frozenset[Extra]:
    return frozenset(names)


SPECIES: dict[str, Species] = {
    "rabbit": Species(
        coats=rgbs("c79f78 c79f78 d8b088 a8a2a6 f2ece4 b08462"), ears="long", tail="puff", nose=_PINK
    ),
    "cat": Species(
        coats=rgbs("d89850 a7a0a0 e8c89a 5a5460 f0e8e0"), ears="pointed", tail="thin", nose=_PINK,
        iris=rgb("5f8f3a"), dark=rgb("8a5a34"), extras=_extras("stripes"),
    ),
    "tiger": Species(
        coats=rgbs("ee9440"), tail="thin", muzzle="wide", nose=rgb("d8808a"), iris=rgb("b8862a"), dark=rgb("3a2620"),
        extras=_extras("stripes", "cheeks"),
    ),
    "lion": Species(
        coats=rgbs("e2b066"), tail="thin", muzzle="wide", nose=rgb("5a3634"), iris=rgb("8a5a20"), dark=rgb("9a5424"),
        extras=_extras("mane"),
    ),
    "fox": Species(
        coats=rgbs("e07f3a"), ears="pointed", tail="brush", nose=rgb("2c2226"), iris=rgb("8a5420"), dark=rgb("45302c"),
        inner_ear=rgb("f4dcc8"), socks=True, extras=_extras("cheeks"),
    ),
    "redpanda": Species(
        coats=rgbs("c4602e"), belly=rgb("4a2c28"), tail="brush", dark=rgb("f8eee0"), inner_ear=rgb("fff4e6"),
        extras=_extras("cheeks", "mask"),
    ),
    "wolf": Species(
        coats=rgbs("8f95a0 a8a6a4 6c7078"), belly=rgb("f0f0ee"), ears="pointed", tail="brush", iris=rgb("c8922e"),
        dark=rgb("4a4c58"), inner_ear=rgb("d8c4c0"), extras=_extras("cheeks"),
    ),
    "dog": Species(
        coats=rgbs("d8a868 c89058 f0e4d4 8a6248"), ears="floppy", tail="thin", muzzle="wide", dark=rgb("8a5a3a"),
        extras=_extras("blaze"),
    ),
    "bear": Species(
        coats=rgbs("9a6a44 84583a b5824f"), belly=rgb("d8b488"), muzzle="wide", inner_ear=rgb("d8b488")
    ),
    "polarbear": Species(coats=rgbs("f4f2ec"), belly=rgb("ffffff"), muzzle="wide", inner_ear=rgb("e8d8d4")),
    "panda": Species(
        coats=rgbs("f6f2ec"), belly=rgb("ffffff"), muzzle="wide", dark=rgb("2e2a30"), inner_ear=rgb("2e2a30"),
        socks=True, extras=_extras("patches"),
    ),
    "koala": Species(coats=rgbs("a4a6ae"), belly=rgb("f2f0ee"), ears="big", muzzle="wide", inner_ear=rgb("f0d4d8")),
    "mouse": Species(coats=rgbs("b4acaa c8a88a ece6e2"), ears="big", tail="thin", nose=_PINK),
    "squirrel": Species(
        coats=rgbs("b8683a"), ears="pointed", tail="brush", inner_ear=rgb("e8b898"), dark=rgb("7a4024")
    ),
    "hedgehog": Species(coats=rgbs("d8b48c"), dark=rgb("6a4c3a"), extras=_extras("spines")),
    "deer": Species(
        coats=rgbs("b87a4a"), ears="side", tail="puff", muzzle="wide", dark=rgb("6a4a34"), inner_ear=rgb("f4d8c8"),
        extras=_extras("antlers", "dapples"),
    ),
    "pig": Species(
        coats=rgbs("f2a8ac"), belly=rgb("f8c4c4"), ears="side", muzzle="snout", nose=rgb("e88a94"),
        inner_ear=rgb("e88a94"),
    ),
    "cow": Species(
        coats=rgbs("f4efe8"), ears="side", tail="thin", muzzle="snout", nose=rgb("eeb0a8"), dark=rgb("3a3436"),
        extras=_extras("horns", "dapples"),
    ),
    "sheep": Species(
        coats=rgbs("f8f4ec"), ears="side", nose=rgb("5a4440"), dark=rgb("d8c0a8"), inner_ear=rgb("e8c4b8"),
        extras=_extras("wool"),
    ),
    "monkey": Species(
        coats=rgbs("8a5c3c"), belly=rgb("e8c49a"), ears="big", tail="thin", inner_ear=rgb("e8c49a"),
        extras=_extras("face"),
    ),
    "elephant": Species(
        coats=rgbs("a2aab8"), belly=rgb("b8c0cc"), ears="big", muzzle="trunk", inner_ear=rgb("e0b8c0")
    ),
    "unicorn": Species(
        coats=rgbs("f8f4fa"), belly=rgb("fff8fc"), ears="pointed", tail="brush", muzzle="wide", nose=rgb("d8909c"),
        iris=rgb("6a4fb0"), dark=rgb("d88ae0"), extras=_extras("horn", "forelock"),
    ),
}  # fmt: skip
