"""From the words of a prompt to what will be painted (pure, and the same every time)."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from hashlib import blake2b

from abby_core.generation.providers.painter import words
from abby_core.generation.providers.painter.brushes.colour import Colour, rgb

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_SUBJECT_KINDS_MAX = 3
"""More kinds of subject in one picture only hide each other."""
_COUNT_MAX = 9
_REACH = 3
"""How many words a colour or a number may stand before its subject."""
_USUAL_TIMES = ("day", "day", "golden", "golden", "dawn", "sunset")
"""What a picture shows if the prompt names no time."""
_SAME_IN_PLURAL = frozenset(("fish", "koi", "salmon", "sheep", "goldfish", "jellyfish"))
_PLURALS = frozenset(("puppies", "ponies", "bunnies", "mice", "wolves", "butterflies", "people"))
"""Plurals that the tables list as words of their own."""
_SINGULAR = frozenset(("a", "an", "one", "my", "the"))
_ADJUNCTS = frozenset(("flower", "tree", "mushroom", "cactus", "heart"))
"""Subjects that before a place only say what kind of place it is: a tulip field, a mushroom forest."""
_SEASONAL: dict[str, Colour] = {"petals": rgb("f0a8c0"), "autumn": rgb("e0923a")}
"""What the seasons do to a tree."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One subject somebody wished for."""

    kind: str
    colour: Colour | None = None
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What to paint."""

    key: str
    """What all random numbers of this picture come from: the words kept and the seed, so that leaving
    something out changes nothing else."""
    place: str
    time: str
    weather: frozenset[str]
    wishes: tuple[Wish, ...]
    tint: Colour | None
    """A colour named for no subject in particular: the picture leans to it."""
    left_out: frozenset[str]
    """Meanings the negative prompt forbids."""
    flora: tuple[str, ...]
    """The flowers named, as meadows know them."""

    def rng(self, purpose: str) -> random.Random:
        """Random numbers that depend on the prompt, the seed and the purpose alone."""
        return _random(self.key, purpose)

    def wants(self, part: str) -> bool:
        """Whether this part of a picture may be shown."""
        return part not in self.left_out


def read(prompt: str, negative_prompt: str, seed: int) -> Brief:
    """Understand a prompt. Words that nobody taught the painter still choose colours and composition."""
    spoken, unwanted = _split(_words(prompt))
    left_out = frozenset(meaning for word in [*unwanted, *_words(negative_prompt)] for meaning in _meanings(word))
    places = _found(spoken, words.PLACES, left_out)
    times = _found(spoken, words.TIMES, left_out)
    weather = frozenset(_found(spoken, words.WEATHER, left_out))
    wishes, tint = _wishes(spoken, left_out)
    leaves = next((colour for season, colour in _SEASONAL.items() if season in weather), None)
    wishes = tuple(replace(wish, colour=wish.colour or leaves) if wish.kind == "tree" else wish for wish in wishes)
    key = f"{' '.join(spoken)}|{seed}"
    return Brief(
        key=key,
        place=_place(places, wishes, known=bool(times or weather), snowy="snow" in weather),
        time=times[0] if times else _random(key, "time").choice(_USUAL_TIMES),
        weather=weather,
        wishes=wishes,
        tint=tint,
        left_out=left_out,
        flora=tuple(dict.fromkeys(_found(spoken, words.FLORA, left_out))),
    )


def _random(key: str, purpose: str) -> random.Random:
    digest = blake2b(f"{key}\n{purpose}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311  (pictures, not secrets)


def _words(text: str) -> list[str]:
    text = " ".join(text.casefold().split())
    for phrase, word in words.PHRASES.items():
        text = re.sub(rf"\b{re.escape(phrase)}\b", word, text)
    return _WORD.findall(text)


def _split(spoken: list[str]) -> tuple[list[str], list[str]]:
    """The words, and apart from them those after ``no`` or ``without``."""
    kept: list[str] = []
    unwanted: list[str] = []
    refuse = False
    for word in spoken:
        if word in ("no", "without"):
            refuse = True
        elif refuse and word not in ("a", "an", "the", "any"):
            unwanted.append(word)
            refuse = False
        else:
            kept.append(word)
    return kept, unwanted


def _known(word: str, table: dict[str, str]) -> str | None:
    """The meaning of a word or of its singular."""
    for candidate in (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word)):
        if candidate in table:
            return table[candidate]
    return None


def _meanings(word: str) -> set[str]:
    """All a word of the negative prompt may mean. Parts win over times: without a moon it may still be night."""
    circumstances = () if _known(word, words.PARTS) else (words.TIMES, words.WEATHER)
    tables = (words.PLACES, words.SUBJECTS, words.PARTS, *circumstances)
    return {meaning for table in tables if (meaning := _known(word, table))}


def _found(spoken: list[str], table: dict[str, str], left_out: frozenset[str]) -> list[str]:
    meanings = (_known(word, table) for word in spoken)
    return [meaning for meaning in meanings if meaning and meaning not in left_out]


def _wishes(spoken: list[str], left_out: frozenset[str]) -> tuple[tuple[Wish, ...], Colour | None]:
    """The subjects with their colours and numbers, and the colour that belongs to none of them."""
    wishes: list[Wish] = []
    tint: Colour | None = None
    waiting: Colour | None = None
    waiting_at = 0
    for at, word in enumerate(spoken):
        if word in words.COLOURS:
            waiting, waiting_at = words.COLOURS[word], at
            tint = tint or waiting
        kind = _subject(spoken, at)
        if kind is None or kind in left_out or any(wish.kind == kind for wish in wishes):
            continue
        own = waiting if at - waiting_at <= _REACH else None
        if own is not None:
            tint, waiting = None if tint == own else tint, None
        wishes.append(Wish(kind=kind, colour=own or _own_colour(word), count=_count(spoken, at, kind)))
    return tuple(wishes[:_SUBJECT_KINDS_MAX]), tint


def _subject(spoken: list[str], at: int) -> str | None:
    """What a word wishes for; flowers in the plural are no subject but what a meadow is full of."""
    kind = _known(spoken[at], words.SUBJECTS)
    if kind == "flower" and spoken[at] not in words.SUBJECTS:
        return None
    if kind in _ADJUNCTS and at + 1 < len(spoken) and _known(spoken[at + 1], words.PLACES):
        return None
    return kind


def _count(spoken: list[str], at: int, kind: str) -> int:
    word, before = spoken[at], spoken[max(0, at - _REACH) : at]
    numbers = [words.NUMBERS[other] for other in before if other in words.NUMBERS]
    if numbers:
        return min(_COUNT_MAX, numbers[-1])
    plural = word not in words.SUBJECTS or word in _PLURALS
    if word in _SAME_IN_PLURAL:
        plural = _SINGULAR.isdisjoint(before)
    return 1 if not plural else 6 if kind == "fish" else 3


def _own_colour(word: str) -> Colour | None:
    return words.OWN_COLOURS.get(word) or words.OWN_COLOURS.get(word.removesuffix("s"))


def _place(places: list[str], wishes: tuple[Wish, ...], *, known: bool, snowy: bool) -> str:
    """The place named first; else where the first subject lives; else somewhere for the weather, or a dream."""
    if len(places) > 1:
        places = [place for place in places if place != "studio"]
    if places:
        return places[0]
    if wishes:
        return words.HOMES.get(wishes[0].kind, "meadow")
    if snowy:
        return "forest"
    return "mountain" if known else "dream"
