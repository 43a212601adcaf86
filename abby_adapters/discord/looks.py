"""Which of one's pictures a page of the gallery shows, as a button's id can hold it (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from abby_adapters.discord.memory import Memory
from abby_core.gallery import Filter

Position = tuple[int, str]
PAGE = r"abby:gallery:(?P<at>[0-9a-z]{0,12}):(?P<last>[0-9A-Za-z-]{0,60}):(?P<look>.{0,90})"
ID_CHARACTERS_MAX = 100
_SEPARATOR = "|"
_REMEMBERED = "~"
_STAR = "s"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, kw_only=True)
class Look:
    """A filter of the gallery."""

    starred: bool = False
    album: str = ""
    style: str = ""
    provider: str = ""
    text: str = ""

    @property
    def filter(self) -> Filter:
        return Filter(
            favourite=True if self.starred else None,
            album=self.album,
            style=self.style,
            provider=self.provider,
            text=self.text,
        )

    @property
    def is_filtered(self) -> bool:
        return self != Look(starred=self.starred)


def page_id(look: Look, position: Position | None, memory: Memory) -> str:
    """The id of a button that shows the page behind a position. What does not fit has to be remembered."""
    at_ms, last = position or (0, "")
    start = f"abby:gallery:{_base36(at_ms) if position else ''}:{last}:"
    flags = _STAR if look.starred else ""
    parts = (flags, look.album, look.style, look.provider, look.text)
    packed = _SEPARATOR.join(part.replace(_SEPARATOR, " ") for part in parts[:-1]) + _SEPARATOR + look.text
    if len(start) + len(packed) > ID_CHARACTERS_MAX or "\n" in packed:
        packed = _REMEMBERED + memory.keep(look)
    return start + packed


def look_in(packed: str, memory: Memory) -> Look:
    """What :func:`page_id` packed. Raises NotFound for what was remembered and is forgotten."""
    if packed.startswith(_REMEMBERED):
        return memory.find(packed[1:], Look)
    flags, album, style, provider, text = packed.split(_SEPARATOR, 4)
    return Look(starred=_STAR in flags, album=album, style=style, provider=provider, text=text)


def position_in(at: str, last: str) -> Position | None:
    """The position of an id; None for the first page."""
    return (int(at, 36), last) if at else None


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
