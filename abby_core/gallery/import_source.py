"""Port: where pictures to import come from. One implementation per file in ``import_sources/``.

Nothing that lies there is trusted, and nothing is unpacked to disk. A source hands out :class:`Found` files one by one;
whoever takes one decides how much of it is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

NOTES_BYTES_MAX = 16 * 2**20
"""Longest list of pictures that is read: that of a full download with long prompts has half of it."""
Notes = Mapping[str, Mapping[str, object]]
"""What a download's own list says of each of its files, by the file's place."""


class Unreadable(Exception):
    """A file cannot be read; the text says why, for people."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that may be a picture. ``place`` is for people, ``name`` its last part; ``modified_at`` as time.time()."""

    place: str
    name: str
    modified_at: float
    read: Callable[[int], bytes]
    """The first so many bytes at most. Raises :class:`Unreadable`."""
    note: Mapping[str, object] = field(default_factory=dict[str, object])
    """What the list beside it says of it, where an Abby wrote one; unchecked."""


class Source(Protocol):
    """Files to import. All of it blocks."""

    @property
    def skipped(self) -> int:
        """How many files were passed by so far: hidden ones, links, folders too deep."""
        ...

    def count(self) -> int:
        """How many files :meth:`found` will hand out. Raises InvalidRequest."""
        ...

    def found(self) -> Iterator[Found]:
        """The files, in an order that stays the same. Raises InvalidRequest."""
        ...


def notes(read: Callable[[int], bytes]) -> Notes:
    """The entries of a ``pictures.json``; none where it makes no sense."""
    try:
        data = read(NOTES_BYTES_MAX + 1)
        entries: object = json.loads(data) if len(data) <= NOTES_BYTES_MAX else None
    except (Unreadable, ValueError, RecursionError):
        return {}
    if not isinstance(entries, list):
        return {}
    known = (cast("dict[str, Any]", entry) for entry in cast("list[object]", entries) if isinstance(entry, dict))
    return {str(entry["file"]): entry for entry in known if isinstance(entry.get("file"), str)}
