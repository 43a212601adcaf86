"""``{red, green} bird``: the texts that alternatives in braces stand for (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

NESTING_MAX = 10
"""Groups inside groups; nobody needs more, and walking through them must not exhaust the stack."""

ESCAPED = re.compile(r"\\([{},—-])")
_TOKEN = re.compile(r"\\[{},—-]|[{},]")


@dataclass(frozen=True)
class Group:
    """Alternatives, at least two."""

    alternatives: tuple[Sequence, ...]


Sequence = tuple["str | Group", ...]
"""Texts and groups one after another."""


@dataclass(frozen=True, kw_only=True)
class Braces:
    """Where the braces of a text stand: ``partners`` from each opened one to the one that closes it."""

    partners: dict[int, int]
    lonely: bool
    """Whether there is one without a partner; it is text."""

    @property
    def outermost(self) -> Iterator[tuple[int, int]]:
        """The outermost pairs, from left to right."""
        end = -1
        for opened, closed in sorted(self.partners.items()):
            if opened > end:
                end = closed
                yield opened, closed


def braces_of(text: str) -> Braces:
    """Which braces belong together."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    lonely = False
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}" and opened:
            partners[opened.pop()] = token.start()
        elif token[0] == "}":
            lonely = True
    return Braces(partners=partners, lonely=lonely or bool(opened))


def parse(text: str, braces: Braces) -> Sequence:
    """The text as texts and groups, escapes resolved. Raises InvalidRequest for groups nested too deep."""
    closing = set(braces.partners.values())
    open_groups: list[list[list[str | Group]]] = [[[]]]  # of each group its alternatives so far; the text itself first
    at = 0
    for token in _TOKEN.finditer(text):
        here = open_groups[-1]
        here[-1].append(text[at : token.start()])
        at = token.end()
        if token.start() in braces.partners:
            open_groups.append([[]])
            if len(open_groups) > NESTING_MAX + 1:
                raise InvalidRequest(
                    sentence(
                        "Braces stand inside braces more than {limit} deep; write it with fewer.", limit=NESTING_MAX
                    )
                )
        elif token.start() in closing:
            open_groups.pop()
            open_groups[-1][-1].extend(_closed(here))
        elif token[0] == "," and len(open_groups) > 1:
            here.append([])
        else:
            here[-1].append(token[0].removeprefix("\\"))
    open_groups[-1][-1].append(text[at:])
    return tuple(open_groups[0][0])


def count(sequence: Sequence) -> int:
    """How many texts that stands for, without making them: there may be very many."""
    return math.prod(sum(map(count, group.alternatives)) for group in _groups(sequence))


def expand(sequence: Sequence) -> list[str]:
    """The texts that stands for, in the order of writing, the last group varying fastest."""
    pieces = [[piece] if isinstance(piece, str) else _alternatives(piece) for piece in sequence]
    return ["".join(parts) for parts in product(*pieces)]


def _closed(alternatives: list[list[str | Group]]) -> Iterable[str | Group]:
    """A group that ends; a single alternative is text in braces."""
    if len(alternatives) == 1:
        return ("{", *alternatives[0], "}")
    return (Group(tuple(map(tuple, alternatives))),)


def _alternatives(group: Group) -> list[str]:
    return [text.strip() for alternative in group.alternatives for text in expand(alternative)]


def _groups(sequence: Sequence) -> Iterator[Group]:
    return (piece for piece in sequence if isinstance(piece, Group))
