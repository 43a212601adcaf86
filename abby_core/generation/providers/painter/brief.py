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


_SAME_IN_PLURAL = frozenset(("fish", "koi", "salmon", "sheep", "goldfish", "jellyfish"))
_ADJUNCTS = frozenset(("flower", "tree", "mushroom", "cactus", "heart"))
"""Subjects that before a place only say what kind of place it is: a tulip field, a mushroom forest."""
_SEASONAL: dict[str, Colour] = {"petals": rgb("f0a8c0"), "autumn": rgb("e0923a")}
"""What the seasons do to a tree."""
_SINGULAR = frozenset(("a", "an", "one", "my", "the"))


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
    place = _place(places, wishes, spoken, weather)
    usual = ("day", "day", "golden", "golden", "dawn", "sunset")
    return Brief(
        key=key,
        place=place,
        time=times[0] if times else _random(key, "time").choice(usual),
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
    tables = (words.PLACES, words.TIMES, words.WEATHER, words.SUBJECTS, words.PARTS)
    return {meaning for table in tables if (meaning := _known(word, table))}


def _found(spoken: list[str], table: dict[str, str], left_out: frozenset[str]) -> list[str]:
    meanings = (_known(word, table) for word in spoken)
    return [meaning for meaning in meanings if meaning and meaning not in left_out]


def _wishes(spoken: list[str], left_out: frozenset[str]) -> tuple[tuple[Wish, ...], Colour | None]:
    """The subjects with their colours and numbers, and the colour that belongs to none of them."""
    wishes: list[Wish] = []
    colour: Colour | None = None
    colour_at, number, number_at = -9, 1, -9
    tint: Colour | None = None
    for place, word in enumerate(spoken):
        if word in words.COLOURS:
            colour, colour_at = words.COLOURS[word], place
            tint = tint or colour
            continue
        if word in words.NUMBERS:
            number, number_at = words.NUMBERS[word], place
        kind = _known(word, words.SUBJECTS)
        if kind is None or kind in left_out or any(wish.kind == kind for wish in wishes):
            continue
        if kind in _ADJUNCTS and place + 1 < len(spoken) and _known(spoken[place + 1], words.PLACES):
            continue
        own = colour if place - colour_at <= 3 else None
        if own is not None and tint == own:
            tint = None
        plural = word not in words.SUBJECTS or word in ("puppies", "ponies", "bunnies", "mice", "wolves", "butterflies")
        if word in _SAME_IN_PLURAL and not _SINGULAR.intersection(spoken[max(0, place - 3) : place]):
            plural = True
        many = 6 if kind == "fish" else 3
        count = number if place - number_at <= 3 else many if plural else 1
        wishes.append(Wish(kind=kind, colour=own or _own_colour(word), count=min(_COUNT_MAX, count)))
        colour_at = number_at = -9
    return tuple(wishes[:_SUBJECT_KINDS_MAX]), tint


def _own_colour(word: str) -> Colour | None:
    return words.OWN_COLOURS.get(word) or words.OWN_COLOURS.get(word.removesuffix("s"))


def _place(places: list[str], wishes: tuple[Wish, ...], spoken: list[str], weather: frozenset[str]) -> str:
    """The place named first; else where the first subject lives; else somewhere for the weather, or a dream."""
    if wishes and "studio" in places and len(places) > 1:
        places = [place for place in places if place != "studio"]
    if places:
        return places[0]
    if wishes:
        return words.HOMES.get(wishes[0].kind, "meadow")
    if "snow" in weather:
        return "forest"
    known = weather or any(_known(word, words.TIMES) for word in spoken)
    return "mountain" if known else "dream"
