"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import math
import re
from typing import Annotated

import typer

from abby_core.errors import InvalidRequest
from abby_core.generation.request import SIDE_PIXELS_MAX, SIDE_PIXELS_MIN

User = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="Whose pictures: a name, or discord:123. Default: you.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Name = Annotated[str, typer.Argument(help="The picture's name or id, as `abby gallery` shows it.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names or ids, as `abby gallery` shows them.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Style = Annotated[str, typer.Option("--style", help="One of the styles that `abby styles` lists.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed and words make the same picture; 0 chooses one.")]
Negative = Annotated[str, typer.Option("--negative", help="What should not be in the picture.")]
Steps = Annotated[int | None, typer.Option("--steps", help="How thoroughly, where the model can be told.")]
Cfg = Annotated[float | None, typer.Option("--cfg", help="How literally, where the model can be told.")]
Provider = Annotated[str | None, typer.Option("--provider", help="stability or painter; default: the host's.")]
Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Also write the picture there; never over another file.")
]

AREA_PIXELS = 1024 * 1024
ASPECT_MAX = 4
"""Longer shapes than this would pass the longest side at a megapixel."""
GRID_PIXELS = 64
"""Sides that are multiples of this suit every model."""


def size_of(size: str | None, aspect: str | None) -> tuple[int, int]:
    """Width and height in pixels of ``--size 1024x768`` or ``--ar 16:9``. Raises InvalidRequest."""
    if size and aspect:
        raise InvalidRequest("Give --size or --ar, not both.")
    if size:
        found = re.fullmatch(r"(\d{1,5})\s*[xX×*]\s*(\d{1,5})", size.strip())
        if not found:
            raise InvalidRequest(f"--size looks like 1024x768, not {size[:40]!r}.")
        return int(found[1]), int(found[2])
    if not aspect:
        return 1024, 1024
    found = re.fullmatch(r"(\d{1,3})\s*[:/]\s*(\d{1,3})", aspect.strip())
    if not found or 0 in (int(found[1]), int(found[2])):
        raise InvalidRequest(f"--ar looks like 16:9, not {aspect[:40]!r}.")
    ratio = int(found[1]) / int(found[2])
    if not 1 / ASPECT_MAX <= ratio <= ASPECT_MAX:
        raise InvalidRequest(f"--ar may be between 1:{ASPECT_MAX} and {ASPECT_MAX}:1.")
    return _side(math.sqrt(AREA_PIXELS * ratio)), _side(math.sqrt(AREA_PIXELS / ratio))


def _side(pixels: float) -> int:
    return min(SIDE_PIXELS_MAX, max(SIDE_PIXELS_MIN, round(pixels / GRID_PIXELS) * GRID_PIXELS))
