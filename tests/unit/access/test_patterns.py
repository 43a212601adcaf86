"""Strangers' regular expressions: what they find, and that none of them takes long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.access.patterns import (
    PATTERN_CHARACTERS_MAX,
    Budget,
    Pattern,
    TooManySteps,
    UnknownPattern,
)


def found(pattern: str, text: str) -> bool:
    return any(True for _ in Pattern(pattern).find(text, Budget()))


PATTERNS = (
    "a", "ab|cd", "f+u+n+y*", "^a.c$", r"\bcat\b", r"\Bat\b", "[^a-c]x", "(a|b){2,3}c", "(?:a?){5}b", "[]x]y", "a|",
    r"\d{2}\s\w", "(?P<name>a)(?<other>b)", r"a\.b", "[a-c-]+d", r"[\d_]x", "a{0}b", "a{2,}b", "a+?b", r"\Aab\z", "x*",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text(alphabet="abcdfunyxt .-_1\n]", max_size=12))
def test_it_finds_what_python_finds(pattern: str, text: str) -> None:
    in_python = pattern.replace("(?<", "(?P<").replace(r"\z", r"\Z").replace("[]x]", r"[\]x]")
    in_python = in_python if not in_python.endswith("$") else in_python[:-1] + r"\Z"  # ours is the very end
    assert found(pattern, text) is bool(re.search(in_python, text))


@given(pattern=st.text(alphabet="ab|()*+?{}12,[]^-\\.$d", max_size=14), text=st.text(alphabet="ab1-", max_size=10))
def test_whatever_is_understood_agrees_with_python(pattern: str, text: str) -> None:
    try:
        ours = found(pattern, text)
    except UnknownPattern:
        return
    try:
        theirs = re.search(re.sub(r"(?<!\\)\$", r"(?!\n)\\Z", pattern), text)
    except (re.error, FutureWarning):  # what Python reads otherwise
        return
    if not re.search(r"[*+?}][*+?{]", pattern):  # Python reads ``a*+`` as possessive
        assert ours is bool(theirs)


def test_upper_and_lower_case_are_one() -> None:
    assert found("(?i)ABC", "xabc")
    assert found("[A-Z]{3}", "abc")


def test_it_says_where_as_far_to_the_left_as_it_begins() -> None:
    assert list(Pattern("a+b").find("xaab", Budget())) == [(1, 4)]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a?){100}b", "(.*a){20}", "([ab]+)*c", "a?" * 60 + "a" * 60])
def test_what_keeps_others_busy_for_years_ends_after_its_steps(pattern: str) -> None:
    budget = Budget()
    try:
        searching = Pattern(pattern).find("a" * 6000 + "!", budget)
        assert len(list(searching)) <= 6002
    except TooManySteps:
        assert budget.steps < 0


@pytest.mark.parametrize(
    "pattern",
    ["(", "a)", "*", "[a", "a{2", "(?=x)", "(?!x)", r"\p{L}", "[[:alpha:]]", "[a&&b]", "(){100}{100}{100}",
     "a{100}{100}", "a{3,2}", "a{999}", "[z-a]", "\\", r"\x41", "(?s).", "(" * 255,
     "x" * (PATTERN_CHARACTERS_MAX + 1)],
)  # fmt: skip
def test_what_is_not_understood_is_named_as_that(pattern: str) -> None:
    with pytest.raises(UnknownPattern):
        Pattern(pattern)
