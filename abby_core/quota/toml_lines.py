"""On which line of a TOML file each key stands: ``tomllib`` does not say (pure).

For text that ``tomllib`` has read already, so nothing here judges the syntax. A key inside an inline table or
an array has the line of the key that table or array belongs to.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, cast

KeyPath = tuple[str, ...]
"""A key with the tables around it, outermost first."""

_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}\n]"
    r"|[^\"'\#\[\]{}\n]+",
    re.DOTALL,
)
_KEY = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'=])+""")


class Lines:
    """The lines of one file, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for line, statement in _statements(text):
            if statement.startswith("["):
                table = _path(statement.strip("[]"))
                self._note(table, line)
            else:
                key = _KEY.match(statement)
                self._note((*table, *_path(key[0] if key else "")), line)

    def of(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest thing around it that has one."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path)):
            self._lines.setdefault(path[:length], line)
        self._lines[path] = line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each ``[table]`` and ``key = value`` without its comments, and the line it begins on."""
    line, began, depth = 1, 1, 0
    statement = ""
    for piece in _PIECE.findall(text):
        if piece == "\n" and depth == 0:
            if statement.strip():
                yield began, statement.strip()
            statement = ""
        elif not piece.startswith("#"):
            if not statement.strip():
                began = line
            depth += (piece in "[{") - (piece in "]}") if len(piece) == 1 else 0
            statement += piece
        line += piece.count("\n")
    if statement.strip():
        yield began, statement.strip()


def _path(key: str) -> KeyPath:
    """The parts of a dotted key; TOML's own reader knows what quotes and escapes mean."""
    parts: list[str] = []
    value: Any = tomllib.loads(f"{key.strip()} = 0")
    while isinstance(value, dict):
        ((part, value),) = cast("dict[str, Any]", value).items()
        parts.append(part)
    return tuple(parts)
