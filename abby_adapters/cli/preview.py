"""A picture in the terminal: half blocks, two pixels to a character."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

COLUMNS_MAX = 64


def can_preview(console: Console) -> bool:
    """Whether half blocks in colour look like anything there."""
    return console.is_terminal and console.color_system in {"truecolor", "256"}


def preview(data: bytes, *, columns: int) -> Text | None:
    """The picture, at most so many characters wide; None for bytes that cannot be drawn."""
    from PIL import Image
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            image.thumbnail((min(columns, COLUMNS_MAX), 2 * COLUMNS_MAX))
            small = image.convert("RGB")
    except Exception:
        return None
    text = Text()
    for top in range(0, small.height - 1, 2):
        for x in range(small.width):
            upper, lower = (small.getpixel((x, y)) for y in (top, top + 1))
            if isinstance(upper, tuple) and isinstance(lower, tuple):
                text.append("▀", Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
        text.append("\n")
    return text
