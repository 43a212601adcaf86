"""Words to pixels. ``ImageGenerator`` is loaded when it is first asked for: the command line starts without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abby_core.generation.image_generator import ImageGenerator

__all__ = ["ImageGenerator"]


def __getattr__(name: str) -> object:
    if name == "ImageGenerator":
        from abby_core.generation.image_generator import ImageGenerator

        return ImageGenerator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
