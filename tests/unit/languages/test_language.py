from __future__ import annotations

import pytest

from abby_core.errors import InvalidRequest
from abby_core.languages import ENGLISH, LANGUAGES, Language, language_of
from abby_core.sentence import plural, sentence


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt-BR"),
        ("pt", "pt-BR"),
        ("es-419", "es"),
        ("JA", "ja"),
        ("en-GB", "en"),
    ],
)
def test_a_locale_leads_to_the_language_it_belongs_to(wanted: str, code: str) -> None:
    assert language_of(wanted).code == code


@pytest.mark.parametrize("wanted", [None, "", "tlh", "../de", "de" * 5000])
def test_whoever_speaks_something_else_reads_english(wanted: str | None) -> None:
    assert language_of(wanted) is ENGLISH


def test_the_first_language_that_abby_speaks_is_taken() -> None:
    assert language_of("tlh", None, "fr-CA", "de").code == "fr"


def test_every_language_has_a_catalogue() -> None:
    assert [language_of(code).code for code in LANGUAGES] == list(LANGUAGES)


def test_a_sentence_without_words_is_said_in_english() -> None:
    assert language_of("de").say("Never written {where}.", where="anywhere") == "Never written anywhere."
    assert language_of("de").translate("{no} template") == "{no} template"


def test_numbers_have_the_separators_of_the_language() -> None:
    assert language_of("de").say("{size:,.1f} xyz", size=1234.5) == "1.234,5 xyz"
    assert ENGLISH.say("{size:,.1f} xyz", size=1234.5) == "1,234.5 xyz"


def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    class Shouting:
        def gettext(self, text: str) -> str:
            return text.replace("in", "IN").replace("resets", "RESETS")

        def ngettext(self, one: str, many: str, count: int) -> str:
            return one.upper().replace("COUNT", "count") if count == 1 else many.upper().replace("COUNT", "count")

    loud = Language("en", Shouting())  # pyright: ignore[reportArgumentType]
    text = sentence("It resets in {span}.", span=plural("{count} hour", "{count} hours", count=2))
    assert loud.translate(text) == "It RESETS IN 2 HOURS."
    assert loud.told(InvalidRequest(text)) == "It RESETS IN 2 HOURS."
