"""The seventeen style presets."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from abby_core.generation.providers.painter.styles import drawn, facets, lens, moulded

Step = Callable[[Image.Image, random.Random], Image.Image]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a picture is rendered in one style."""

    render: Step
    """Keeps everything where it is: used on pictures people bring, too."""
    present: Step | None = None
    """Used instead on pictures made from words where the style also moves or covers parts: bars, stands, tiles."""
    signed: bool = True
    """Whether a signature would not disturb it."""


STYLES: dict[str, Style] = {
    "enhance": Style(render=lens.enhance),
    "anime": Style(render=drawn.anime),
    "photographic": Style(render=lens.photographic),
    "digital-art": Style(render=drawn.digital_art),
    "comic-book": Style(render=drawn.comic_book),
    "fantasy-art": Style(render=lens.fantasy_art),
    "line-art": Style(render=drawn.line_art),
    "analog-film": Style(render=lens.analog_film),
    "neon-punk": Style(render=lens.neon_punk),
    "isometric": Style(render=facets.isometric),
    "low-poly": Style(render=facets.low_poly),
    "origami": Style(render=facets.origami),
    "modeling-compound": Style(render=moulded.modeling_compound),
    "cinematic": Style(render=lens.cinematic, present=lens.cinema_scope),
    "3d-model": Style(render=moulded.model_3d, present=moulded.on_a_stand),
    "pixel-art": Style(render=drawn.pixel_art),
    "tile-texture": Style(render=facets.mosaic, present=facets.seamless, signed=False),
}
"""By the names in ``request.STYLES``."""
