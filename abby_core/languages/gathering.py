"""Brings the catalogues up to date with the source: ``python -m abby_core.languages.gathering``.

Sentences that are new come into every catalogue without words, those that are gone leave it; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from abby_core.languages.language import CATALOGUES, LANGUAGES

KEYWORDS: dict[str, Any] = {
    "say": None,
    "sentence": None,
    "plural": (1, 2),
    "locale_str": None,
    "_": None,
    "ngettext": (1, 2),
}
"""The functions whose first texts are sentences for people; ``_`` and ``ngettext`` are those of page templates."""
METHODS = [
    ("**.py", "abby_core.languages.extracting:sentences"),
    ("**.html", "jinja2.ext:babel_extract"),
    ("**.txt", "jinja2.ext:babel_extract"),
]
PACKAGES = ("abby_core", "abby_adapters/discord", "abby_adapters/web")
"""The command line speaks English: its words are names that scripts and its documentation use."""
PROJECT = Path(__file__).parents[2]


def gather() -> Catalog:
    """Every sentence in the source."""
    catalogue = Catalog(charset="utf-8")
    for message in _messages():
        catalogue.add(message)
    return catalogue


def load(code: str) -> Catalog:
    """The catalogue of a language as it is written; an empty one where there is none yet."""
    file = CATALOGUES / f"{code}.po"
    locale = code.replace("-", "_")
    if not file.exists():
        return Catalog(locale=locale, charset="utf-8")
    with file.open("rb") as written:
        return read_po(written, locale=locale)


def bring_up_to_date() -> dict[str, int]:
    """Rewrite every catalogue; returns how many sentences wait for their words, by language."""
    gathered = gather()
    waiting: dict[str, int] = {}
    for code in LANGUAGES:
        if code == "en":
            continue
        catalogue = load(code)
        catalogue.update(gathered, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with (CATALOGUES / f"{code}.po").open("wb") as file:
            write_po(
                file, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True
            )
        waiting[code] = sum(1 for message in catalogue if message.id and not is_said(message.string))
    return waiting


def is_said(words: object) -> bool:
    """Whether there are words, in every form of a plural."""
    return all(cast("tuple[str, ...]", words)) if isinstance(words, tuple | list) else bool(words)


def _messages() -> Iterator[Any]:
    for package in PACKAGES:
        for _file, _line, message, *_ in extract_from_dir(PROJECT / package, METHODS, keywords=KEYWORDS):
            yield message


if __name__ == "__main__":
    for _code, _count in bring_up_to_date().items():
        print(f"{_code}: {_count} without words")
