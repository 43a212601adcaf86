"""What translators wrote fits: a place that is missing or misspelt would break an answer when somebody waits for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from babel.messages.catalog import Catalog

from abby_core.languages import LANGUAGES
from abby_core.languages.gathering import gather, is_said, load

PLACE = re.compile(r"(?<!\{)\{(\w+)(?:[!:][^{}]*)?\}")
COMMAND = re.compile(r"(?<![\w/.:])/[a-z_]{3,32}\b")
NAME = re.compile(r"[-_\w]{1,32}")
TRANSLATED = sorted(set(LANGUAGES) - {"en"})


@cache
def said(code: str) -> tuple[tuple[str, str], ...]:
    """Each English text with its words; of plurals the form for many with each of theirs."""
    return tuple(_said(code))


def _said(code: str) -> Iterator[tuple[str, str]]:
    for message in load(code):
        if not message.id or not is_said(message.string):
            continue
        if isinstance(message.id, str):
            yield message.id, str(message.string)
        else:
            for form in message.string or ():
                yield str(message.id[-1]), form


def places(text: str) -> set[str]:
    return set(PLACE.findall(text))


def names(code: str, pattern: str) -> dict[str, str]:
    """The names of commands or of options, and what they are called."""
    return {english: text for english, text in said(code) if re.fullmatch(pattern, english)}


@cache
def sentences() -> frozenset[tuple[str, ...]]:
    """Everything in the source that people read."""
    return frozenset(ids(gather()))


def ids(catalogue: Catalog) -> Iterator[tuple[str, ...]]:
    """The English of each sentence: of plurals both forms."""
    for message in catalogue:
        if message.id:
            yield (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_there_is_something_to_say() -> None:
    assert len(sentences()) > 1000


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_holds_every_sentence_and_no_other(code: str) -> None:
    assert set(ids(load(code))) == sentences()


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_has_its_words(code: str) -> None:
    assert [each.id for each in load(code) if each.id and (each.fuzzy or not is_said(each.string))] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_words_have_the_places_of_their_sentence(code: str) -> None:
    assert [text for english, text in said(code) if places(text) - {"count"} != places(english) - {"count"}] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_words_can_be_filled_in(code: str) -> None:
    """Braces are closed, and numbers are written as numbers."""
    for english, text in said(code):
        if places(english):
            values = {name: 1.5 if re.search(rf"\{{{name}:[^}}]*[fg%]\}}", english) else 3 for name in places(english)}
            text.format(**{"count": 3} | values)


@pytest.mark.parametrize("code", TRANSLATED)
def test_names_of_commands_and_options_are_taken_by_discord(code: str) -> None:
    commands, options = names(code, r"/[a-z_]+"), names(code, r"[a-z_]+:")
    wrong = [text for text in commands.values() if not text.startswith("/")]
    wrong += [text for text in options.values() if not text.endswith((":", "："))]
    for text in [*commands.values(), *options.values()]:
        name = text.strip("/:：")
        if not NAME.fullmatch(name) or name != name.lower():
            wrong.append(text)
    assert wrong == []
    assert len(set(commands.values())) == len(commands)


@pytest.mark.parametrize("code", TRANSLATED)
def test_sentences_call_commands_what_they_are_called(code: str) -> None:
    called = names(code, r"/[a-z_]+")
    assert [
        text
        for english, text in said(code)
        for command in COMMAND.findall(english)
        if command in called and not re.search(rf"{re.escape(called[command])}(?![\w-])", text)
    ] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_sentences_call_options_what_they_are_called(code: str) -> None:
    called = names(code, r"[a-z_]+:")
    assert [
        text
        for english, text in said(code)
        for command in re.findall(r"/[a-z]+ (?:[a-z_]+:\S*\s?)+", english)
        for option in re.findall(r"[a-z_]+:", command)
        if option in called and called[option] not in text
    ] == []
