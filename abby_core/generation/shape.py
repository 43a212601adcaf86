"""Sizes and shapes as people write them: ``1024x768``, ``16:9`` (pure)."""

from __future__ import annotations

import math
import re

from abby_core.errors import InvalidRequest
from abby_core.generation.request import SIDE_PIXELS_MAX, SIDE_PIXELS_MIN
from abby_core.sentence import sentence

AREA_PIXELS = 1024 * 1024
"""What a picture of a wished shape has, about: every model is at home there."""
ASPECT_MAX = 4
"""Longer shapes than this would pass the longest side at a megapixel."""
GRID_PIXELS = 64
"""Sides that are multiples of this suit every model."""

_SIZE = re.compile(r"([0-9]{1,5})\s*[xX×*]\s*([0-9]{1,5})")
_ASPECT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*[:/xX×]\s*([0-9]{1,4}(?:\.[0-9]{1,4})?)")


def size_of_text(text: str) -> tuple[int, int]:
    """Width and height in pixels of ``1024x768``. Raises InvalidRequest; whether a model can is not asked here."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise InvalidRequest(sentence("--size looks like 1024x768, not {given!r}.", given=text[:40]))
    return int(found[1]), int(found[2])


def size_of_aspect(text: str) -> tuple[int, int]:
    """Width and height in pixels, about a megapixel, of ``16:9``, ``16x9`` or ``1.91:1``. Raises InvalidRequest."""
    found = _ASPECT.fullmatch(text.strip())
    width, height = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    if not width or not height:
        raise InvalidRequest(sentence("--ar looks like 16:9, not {given!r}.", given=text[:40]))
    ratio = width / height
    if not 1 / ASPECT_MAX <= ratio <= ASPECT_MAX:
        raise InvalidRequest(sentence("--ar may be between 1:{limit} and {limit}:1.", limit=ASPECT_MAX))
    return _side(math.sqrt(AREA_PIXELS * ratio)), _side(math.sqrt(AREA_PIXELS / ratio))


def _side(pixels: float) -> int:
    return min(SIDE_PIXELS_MAX, max(SIDE_PIXELS_MIN, round(pixels / GRID_PIXELS) * GRID_PIXELS))
