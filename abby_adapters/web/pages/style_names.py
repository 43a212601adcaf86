"""What the styles are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.languages import Language


def style_names(language: Language) -> dict[str, str]:
    """Every style by its name among programs, and what people call it."""
    return {
        "enhance": language.say("Enhanced"),
        "anime": language.say("Anime"),
        "photographic": language.say("Photo"),
        "digital-art": language.say("Digital art"),
        "comic-book": language.say("Comic"),
        "fantasy-art": language.say("Fantasy"),
        "line-art": language.say("Line art"),
        "analog-film": language.say("Analog film"),
        "neon-punk": language.say("Neon punk"),
        "isometric": language.say("Isometric"),
        "low-poly": language.say("Low poly"),
        "origami": language.say("Origami"),
        "modeling-compound": language.say("Clay"),
        "cinematic": language.say("Cinema"),
        "3d-model": language.say("3D model"),
        "pixel-art": language.say("Pixel art"),
        "tile-texture": language.say("Tiles"),
    }
