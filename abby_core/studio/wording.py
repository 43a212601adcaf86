"""What people write into a prompt besides words: ``{red, green} bird --ar 16:9 --no trees`` (pure).

    text      = words and groups, then parameters
    group     = { alternative , alternative … }    one prompt of each; several groups multiply; groups may be nested
    parameter = --name value                       a telephone may have made — of the two dashes

``\\{`` ``\\,`` ``\\}`` ``\\-`` ``\\—`` are the bare characters. A brace without its partner, and ``{one}`` without a
comma, are text like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import NOTHING_CHOSEN, Choices, check_choices
from abby_core.sentence import Sentence, sentence
from abby_core.studio.braces import Braces, braces_of, count, expand, parse
from abby_core.studio.order import PICTURES_MAX
from abby_core.studio.parameters import MARKER, read_parameters

WORDING_CHARACTERS_MAX = 10_000
"""Longest text that is read: alternatives for as many pictures as an order has, each with a good deal of words."""
COUNT_SHOWN_MAX = 1_000_000
"""Larger numbers of pictures are not spelled out."""

_SPECIAL = re.compile(r"[{},—]|-(?=-)|(?<=\\)-")
_MARKER_IN_GROUP = re.compile(r"(?<![^\s{,])--[A-Za-z][\w-]*")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A text that was read. ``prompts``: one, or one for each combination, in the order of writing.

    ``choices``: what the parameters chose; ``notes``: sentences about what may have been meant otherwise.
    """

    prompts: tuple[str, ...]
    choices: Choices = NOTHING_CHOSEN
    notes: tuple[str, ...] = ()


def read(text: str) -> Wording:
    """Read what somebody wrote. Raises InvalidRequest, in words that say what to change.

    Text without groups, parameters and escapes comes back stripped and otherwise as it was.
    """
    if len(text) > WORDING_CHARACTERS_MAX:
        raise InvalidRequest(
            sentence(
                "The prompt has {count:,} characters; at most {limit:,} are read.",
                count=len(text),
                limit=WORDING_CHARACTERS_MAX,
            )
        )
    braces = braces_of(text)
    words, parameters = _split(text, braces)
    choices = read_parameters(parameters)
    check_choices(choices, count_max=PICTURES_MAX)
    sequence = parse(words, braces)
    check_count(count(sequence), choices.count or 1)
    prompts = tuple(prompt.strip() for prompt in expand(sequence))
    if len(prompts) > 1 and not all(prompts):
        raise InvalidRequest(sentence("One of the prompts that the braces make is empty; put words around them."))
    notes = (sentence("A brace without its partner was taken as text."),) if braces.lonely else ()
    return Wording(prompts=prompts, choices=choices, notes=notes)


def literal(text: str) -> str:
    """The text written so that :func:`read` takes every character of it as it is."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)


def check_count(prompts: int, each: int) -> None:
    """Raise InvalidRequest if one order may not have so many pictures of each of so many prompts."""
    if not 1 <= each <= PICTURES_MAX:
        raise InvalidRequest(sentence("Ask for 1 to {limit} pictures at a time.", limit=PICTURES_MAX))
    pictures = prompts * each
    if pictures > PICTURES_MAX:
        raise InvalidRequest(_too_many(pictures, each))


def _too_many(pictures: int, each: int) -> Sentence:
    more_than = pictures > COUNT_SHOWN_MAX
    pictures = min(pictures, COUNT_SHOWN_MAX)
    counted = (
        sentence("more than {pictures:,}", pictures=pictures)
        if more_than
        else sentence("{pictures:,}", pictures=pictures)
    )
    if each == 1:
        return sentence(
            "The braces ask for {counted} pictures; one order makes at most {limit}. "
            "Leave some alternatives out, or write \\{{ where a brace is meant.",
            counted=counted,
            limit=PICTURES_MAX,
        )
    return sentence(
        "The braces ask for {counted} pictures ({each} of each prompt); one order makes at most {limit}. "
        "Leave some alternatives out, or write \\{{ where a brace is meant.",
        counted=counted,
        each=each,
        limit=PICTURES_MAX,
    )


def _split(text: str, braces: Braces) -> tuple[str, str]:
    """The words, and the parameters behind them. Raises InvalidRequest where braces hold or follow a parameter."""
    groups = list(braces.outermost)
    for found in _MARKER_IN_GROUP.finditer(text):
        if any(opened < found.start() < closed for opened, closed in groups):
            raise _shared_by_all(found[0])
    first = MARKER.search(text)
    start = len(text) if first is None else first.start()
    if first is not None and any(closed > start for _, closed in groups):
        raise _shared_by_all(first[0])
    return text[:start], text[start:]


def _shared_by_all(parameter: str) -> InvalidRequest:
    return InvalidRequest(
        sentence(
            "Parameters are the same for all pictures of one order: keep {parameter} and braces apart, "
            "or give one order for each.",
            parameter=parameter[:40],
        )
    )
