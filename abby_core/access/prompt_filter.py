"""Which words a prompt may not hold (pure).

A word is written as in Discord's AutoMod (its documentation, "Keyword Matching Strategies"): ``cat`` is that word
alone, ``cat*`` how a word begins, ``*cat`` how it ends, ``*cat*`` stands anywhere; upper and lower case are one. A
phrase of several words is written in the same way.

Both sides are folded before they are compared, so that invisible characters, full-width letters and the like hide
nothing. Letters of other scripts that merely look alike are left as they are: whoever must catch those lists them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from abby_core.access.patterns import Budget, Pattern, TooManySteps

WORD_CHARACTERS_MAX = 60
"""Longest word or phrase: what Discord's AutoMod takes."""
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""The grapheme joiner, fillers and vowels that nobody sees and that are no format characters (Unicode's property
Default_Ignorable_Code_Point)."""
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class WordRule:
    """Words that are forbidden, but for what is ``allowed``.

    ``patterns`` are forbidden besides. Members with one of ``exempt_roles`` and channels among ``exempt_channels``
    are left alone; both hold the platform's ids.
    """

    words: Words
    allowed: Words = field(default_factory=lambda: NO_WORDS)
    patterns: tuple[Pattern, ...] = ()
    exempt_roles: frozenset[str] = frozenset()
    exempt_channels: frozenset[str] = frozenset()

    def forbids(self, folded: str, budget: Budget) -> bool:
        """Whether a prompt, as :func:`fold` makes it, holds what is forbidden. Raises TooManySteps."""
        found = [*self.words.find(folded)]
        found += [span for pattern in self.patterns for span in pattern.find(folded, budget)]
        if not found:
            return False
        allowed = list(self.allowed.find(folded))
        return any(not any(start <= at and until <= end for start, end in allowed) for at, until in found)


@dataclass(frozen=True)
class _Word:
    text: str
    begins_anywhere: bool
    ends_anywhere: bool


class Words:
    """A list of words, ready to be looked for; blank ones are left out."""

    def __init__(self, written: Iterable[str] = ()) -> None:
        self._words = tuple(dict.fromkeys(word for text in written if (word := _read(text)) is not None))

    def __len__(self) -> int:
        return len(self._words)

    def find(self, folded: str) -> Iterator[Span]:
        """Where they stand in a text that :func:`fold` has made; each at least once.

        Takes a search for each word: 5000 words in a long prompt are a few milliseconds.
        """
        for word in self._words:
            at = folded.find(word.text)
            while at >= 0:
                until = at + len(word.text)
                if (word.begins_anywhere or not _joined(folded, at)) and (
                    word.ends_anywhere or not _joined(folded, until)
                ):
                    yield at, until
                at = folded.find(word.text, at + 1)


NO_WORDS = Words()


def fold(text: str) -> str:
    """A text as it is compared: compatible forms alike (NFKC), no case, nothing invisible, blanks single."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_hidden(c))
    return " ".join(unicodedata.normalize("NFKC", shown.casefold()).split())


def words_in(text: str) -> tuple[str, ...]:
    """The words of a list as people write it: one on each line or with commas between; ``#`` begins a remark."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    return tuple(word for line in lines for part in line.split(",") if (word := " ".join(part.split())))


def is_forbidden(prompts: Sequence[str], rules: Sequence[WordRule]) -> bool:
    """Whether any of the rules forbids any of the prompts. What takes too long to tell counts as forbidden."""
    folded = [fold(prompt) for prompt in dict.fromkeys(prompts)]
    budget = Budget()
    try:
        return any(rule.forbids(text, budget) for rule in rules for text in folded)
    except TooManySteps:
        return True


def _read(written: str) -> _Word | None:
    text = written.strip()
    folded = fold(text.strip("*"))
    return _Word(folded, text.startswith("*"), text.endswith("*")) if folded else None


def _joined(text: str, at: int) -> bool:
    """Whether a word goes on over that place."""
    return 0 < at < len(text) and _is_letter(text[at - 1]) and _is_letter(text[at])


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _is_hidden(character: str) -> bool:
    """Whether it is invisible, or a stroke over a letter with which it forms none (after NFKC)."""
    category = unicodedata.category(character)
    return (
        category == "Cf"
        or (category == "Cc" and not character.isspace())
        or character in _INVISIBLE
        or "\N{COMBINING GRAVE ACCENT}" <= character <= "\N{COMBINING LATIN SMALL LETTER X}"
        or "\N{VARIATION SELECTOR-1}" <= character <= "\N{VARIATION SELECTOR-16}"
        or "\N{VARIATION SELECTOR-17}" <= character <= "\N{VARIATION SELECTOR-256}"
    )
