"""One language: the same sentences in its words.

What is written in English in the source is the key; ``catalogues/<code>.po`` holds the words. A sentence that a
catalogue does not have is said in English.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from abby_core.errors import AbbyError
from abby_core.sentence import Sentence

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "pt-BR": "Português (Brasil)",
    "ja": "日本語",
}
"""By code, what each calls itself."""
CATALOGUES = Path(__file__).parent / "catalogues"
_CODES = {code.casefold(): code for code in LANGUAGES} | {"pt": "pt-BR"}


class Language:
    """A language people read. ``code``: one of :data:`LANGUAGES`, as HTML and Discord write it."""

    def __init__(self, code: str, words: gettext.NullTranslations) -> None:
        self.code = code
        self._words = words
        self._format = _Numbers(code)

    def say(self, template: str, /, **values: object) -> str:
        """The template in this language, with the values in it. Values that are sentences are translated too."""
        return self._fill(self._words.gettext(template) if template else "", values)

    def plural(self, one: str, many: str, /, *, count: int, **values: object) -> str:
        """The form this language has for so many."""
        return self._fill(self._words.ngettext(one, many, count), {"count": count, **values})

    def translate(self, text: str) -> str:
        """A text from the core in this language; what is no sentence of ours stays as it is."""
        if not isinstance(text, Sentence):
            return self._words.gettext(text) if text else ""
        if text.many:
            values = {name: value for name, value in text.values.items() if name != "count"}
            return self.plural(text.template, text.many, count=_whole(text.values["count"]), **values)
        return self.say(text.template, **text.values)

    def told(self, error: BaseException) -> str:
        """What an error says, in this language."""
        return self.translate(error.text if isinstance(error, AbbyError) else str(error))

    def _fill(self, template: str, values: Mapping[str, object]) -> str:
        said = {name: self.translate(value) if isinstance(value, Sentence) else value for name, value in values.items()}
        return self._format.vformat(template, (), said)


class _Numbers(Formatter):
    """Writes numbers with the separators of a language: ``{size:.1f}`` is 1.5 or 1,5."""

    def __init__(self, code: str) -> None:
        self._code = code

    def format_field(self, value: object, format_spec: str) -> str:
        text: str = super().format_field(value, format_spec)
        if self._code == "en" or not isinstance(value, int | float):
            return text
        point, group = _separators(self._code)
        return text.translate({ord("."): point, ord(","): group})


@cache
def _separators(code: str) -> tuple[str, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = code.replace("-", "_")
    return get_decimal_symbol(locale), get_group_symbol(locale)


@cache
def _language(code: str) -> Language:
    if code == "en":
        return ENGLISH
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with (CATALOGUES / f"{code}.po").open("rb") as written:
        write_mo(compiled, read_po(written, locale=code.replace("-", "_")))
    compiled.seek(0)
    return Language(code, gettext.GNUTranslations(compiled))


def language_of(*wanted: str | None) -> Language:
    """The first of these that Abby speaks, by codes such as ``de-AT`` or ``pt_BR``; English where there is none."""
    for name in wanted:
        code = (name or "").replace("_", "-").casefold()[:20]
        found = _CODES.get(code) or _CODES.get(code.partition("-")[0])
        if found:
            return _language(found)
    return ENGLISH


def read_catalogues() -> None:
    """Read every language now, which takes a moment: an event loop has none when the first member asks."""
    for code in LANGUAGES:
        _language(code)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


ENGLISH = Language("en", gettext.NullTranslations())
