"""Notices after something was done: a short name in the address, its sentence here.

No text comes from the address, so nobody can have Abby say something to somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from abby_core.languages import Language

Said = Callable[[Language, int], str]
"""The sentence, in that language and for so many."""
COUNT_MAX = 1_000_000


@dataclass(frozen=True)
class Notice:
    """A sentence that is shown once. ``undo``: where a form may be sent that takes it back; empty: nowhere."""

    text: str


class Notices:
    """Every notice by its name; page modules add theirs."""

    def __init__(self) -> None:
        self._said: dict[str, Said] = {}

    def add(self, said: Mapping[str, Said]) -> None:
        """Add notices: ``{"deleted": lambda language, n: language.plural("One", "{count}", count=n)}``."""
        self._said.update(said)

    def of(self, language: Language, code: str, count: str) -> Notice | None:
        """The notice that an address names; None for none of ours."""
        said = self._said.get(code)
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 8 else 1
        return None if said is None else Notice(said(language, min(number, COUNT_MAX)))


def with_notice(path: str, code: str, count: int | None = None) -> str:
    """The path with a notice on it."""
    said = {"said": code} | ({} if count is None else {"n": str(count)})
    return f"{path}{'&' if '?' in path else '?'}{urlencode(said)}"
