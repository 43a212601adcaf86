"""What a picture file says about itself, read without decoding a pixel (pure values)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from abby_core.errors import PictureRejected
from abby_core.sentence import sentence

PARTS_MAX = 65_536
"""Most chunks or segments in one file. A 20 MB PNG in the usual 8 KiB chunks has 2560; more only cost time to walk."""

PROFILE_BYTES_MAX = 2**20
"""Largest ICC profile, unpacked, that is looked at; printers' profiles reach half of it."""


class Part(NamedTuple):
    """One chunk or segment: its kind as the format spells it, and where its payload lies in the file."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A file whose structure is sound, from its first byte to ``end``; the pixels are not proven yet."""

    width: int
    height: int
    parts: tuple[Part, ...] = field(repr=False)
    end: int
    """Offset just behind the picture; what follows in the file does not belong to it."""
    animated: bool = False


@dataclass(frozen=True, kw_only=True)
class Stripped:
    """A picture without its metadata: what a decoder is given, so that it never meets a stranger's metadata."""

    pixels: bytes = field(repr=False)
    """A file of the same format with the first frame alone and only what its pixels are made of."""
    colour_profile: bytes = field(default=b"", repr=False)
    """ICC profile, unchecked; empty: none, or one larger than Abby reads."""
    exif: bytes = field(default=b"", repr=False)
    """EXIF block from its byte order mark on, unchecked; empty: none."""


def rejected(what: str) -> PictureRejected:
    """The error for ``what`` is wrong, with what would be right."""
    return PictureRejected(sentence("{what}. Abby takes complete PNG, JPEG and WebP pictures.", what=what))
