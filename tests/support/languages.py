"""Languages that a test makes up: no catalogue has to be full for it."""

from __future__ import annotations

import gettext
from collections.abc import Container, Mapping
from functools import cache

from abby_core.languages import ENGLISH, LANGUAGES, Language, language_of

LONG_CHARACTERS = 180
"""More than Discord takes in any button, list or form."""


class _Words(gettext.NullTranslations):
    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self._words = words

    def gettext(self, message: str) -> str:
        return self._words.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        one_or_many = msgid1 if n == 1 else msgid2
        return self._words.get(one_or_many, one_or_many)


def made_up(words: Mapping[str, str], code: str = "de") -> Language:
    """A language with these words for these sentences (of plurals: for either form), and English for others."""
    assert code in LANGUAGES
    return Language(code, _Words(words))


def only(language: Language, locale: str) -> Language:
    """What a Discord or browser locale leads to where that is the only foreign language: itself, or English."""
    return language if language_of(locale).code == language.code else ENGLISH


class _Long(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return message.ljust(LONG_CHARACTERS, "…")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def long_winded() -> Language:
    """A language that needs so many characters for anything."""
    return Language("de", _Long())


class _Marked(gettext.NullTranslations):
    def __init__(self, known: Container[str]) -> None:
        super().__init__()
        self._known = known

    def gettext(self, message: str) -> str:
        return f"«{message}»" if message in self._known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{msgid1 if n == 1 else msgid2}»" if msgid1 in self._known else msgid2


@cache
def marking() -> Language:
    """A language that says in ``«…»`` what the catalogues hold: outside of these stands what nobody can translate."""
    from abby_core.languages.gathering import gather

    return Language("en", _Marked(gather()))
