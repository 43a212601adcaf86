"""Regular expressions of strangers, searched in time that grows with the text alone (pure).

Discord's AutoMod takes patterns in Rust's dialect, which never goes back in the text. Python's ``re`` does, and a
pattern such as ``(a+)+$`` keeps it busy for years; so these are run here, all possibilities side by side (K. Thompson,
"Regular Expression Search Algorithm", 1968). What people use in such rules is understood: letters, ``.``, classes,
groups, ``|``, ``* + ? {m,n}``, ``^ $ \\b``. Anything else raises :class:`UnknownPattern`, and the rule goes without
that pattern. Upper and lower case are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

PATTERN_CHARACTERS_MAX = 260
"""What Discord takes."""
STATES_MAX = 500
"""Of one pattern, its repetitions written out: more than anybody writes, and a bound on the time each letter takes."""
STEPS_MAX = 1_000_000
"""For all patterns on all prompts of one order: less than a second, in a thread."""
REPETITIONS_MAX = 100

Test: TypeAlias = Callable[[str], bool]
Node: TypeAlias = Callable[["_Program", int], int]
"""Writes itself into a program, to be followed by the state of that number; returns where it begins."""


class UnknownPattern(ValueError):
    """Not a pattern, or one of a kind that is not understood here."""


class TooManySteps(Exception):
    """The patterns take more time than they are given."""


@dataclass
class Budget:
    """How many steps are left."""

    steps: int = STEPS_MAX

    def spend(self, steps: int) -> None:
        """Raise TooManySteps when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooManySteps


@dataclass(frozen=True)
class _Letter:
    """Goes on over one character that fits."""

    fits: Test
    to: int


@dataclass(frozen=True)
class _Fork:
    """Goes on in several ways without a character, where ``where`` (``^ $ b B``, empty: anywhere) holds."""

    to: tuple[int, ...]
    where: str = ""


class Pattern:
    """A pattern, ready to be searched for. Raises UnknownPattern."""

    def __init__(self, written: str) -> None:
        if len(written) > PATTERN_CHARACTERS_MAX:
            raise UnknownPattern("too long")
        program = _Program()
        try:
            self._start = _Reader(written).pattern()(program, 0)
        except RecursionError:
            raise UnknownPattern("too deeply nested") from None
        self._states = tuple(program.states)

    def find(self, text: str, budget: Budget) -> Iterator[tuple[int, int]]:
        """Where it fits, as far to the left as it can begin, for every place where it may end. Raises TooManySteps."""
        active: dict[int, int] = {}
        """By state: where what led to it began."""
        for at in range(len(text) + 1):
            active.setdefault(self._start, at)
            active = self._spread(active, text, at)
            budget.spend(1 + len(active))
            if 0 in active:
                yield active[0], at
            following: dict[int, int] = {}
            for number, begun in active.items():
                state = self._states[number]
                if isinstance(state, _Letter) and at < len(text) and state.fits(text[at]):
                    following[state.to] = min(begun, following.get(state.to, begun))
            active = following

    def _spread(self, active: dict[int, int], text: str, at: int) -> dict[int, int]:
        """All states that are reached without a character, the earliest beginnings first."""
        reached: dict[int, int] = {}
        for number, begun in sorted(active.items(), key=lambda item: item[1]):
            waiting = [number]
            while waiting:
                here = waiting.pop()
                if here in reached:
                    continue
                reached[here] = begun
                state = self._states[here]
                if isinstance(state, _Fork) and _holds(state.where, text, at):
                    waiting.extend(state.to)
        return reached


class _Program:
    """States by number. Number 0 is the end: whatever gets there has fitted."""

    def __init__(self) -> None:
        self.states: list[_Letter | _Fork] = [_Fork(())]
        self._written = 0

    def add(self, state: _Letter | _Fork) -> int:
        self.count()
        self.states.append(state)
        return len(self.states) - 1

    def count(self) -> None:
        """What is written out is bounded, be it empty. Raises UnknownPattern."""
        self._written += 1
        if self._written > STATES_MAX:
            raise UnknownPattern("too large")


# ---------------------------------------------------------------------- what patterns are made of


def _letter(fits: Test) -> Node:
    return lambda program, to: program.add(_Letter(fits, to))


def _assertion(where: str) -> Node:
    return lambda program, to: program.add(_Fork((to,), where))


def _sequence(nodes: list[Node]) -> Node:
    def write(program: _Program, to: int) -> int:
        for node in reversed(nodes):
            to = node(program, to)
        return to

    return write


def _either(nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    return lambda program, to: program.add(_Fork(tuple(node(program, to) for node in nodes)))


def _repeated(node: Node, least: int, most: int | None) -> Node:
    def write(program: _Program, to: int) -> int:
        if most is None:
            loop = program.add(_Fork(()))
            program.states[loop] = _Fork((node(program, loop), to))
            to = loop
        for _ in range((most or least) - least):
            program.count()
            to = program.add(_Fork((node(program, to), to)))
        for _ in range(least):
            program.count()
            to = node(program, to)
        return to

    return write


def _holds(where: str, text: str, at: int) -> bool:
    if where == "^":
        return at == 0
    if where == "$":
        return at == len(text)
    if not where:
        return True
    before = at > 0 and _is_word(text[at - 1])
    after = at < len(text) and _is_word(text[at])
    return (before != after) is (where == "b")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_CLASSES: dict[str, Test] = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_GROUP = re.compile(r"\((?:\?(?:i?:|P?<[A-Za-z_]\w*>))?")
_TIMES = re.compile(r"\{(\d{1,3})(?:(,)(\d{1,3})?)?\}")


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, written: str) -> None:
        self._text = written.removeprefix("(?i)")
        self._at = 0

    def pattern(self) -> Node:
        found = self._alternatives()
        if self._at < len(self._text):
            raise UnknownPattern("a bracket too many")
        return found

    def _alternatives(self) -> Node:
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        return _either(ways)

    def _sequence(self) -> Node:
        nodes: list[Node] = []
        while (following := self._text[self._at : self._at + 1]) and following not in "|)":
            nodes.append(self._repetitions(self._one()))
        return _sequence(nodes)

    def _one(self) -> Node:
        if group := _GROUP.match(self._text, self._at):
            self._at = group.end()
            inner = self._alternatives()
            if not self._take(")"):
                raise UnknownPattern("an open bracket")
            return inner
        character = self._next()
        if character == "[":
            return _letter(self._class())
        if character == "\\":
            return self._escaped()
        if character in "^$":
            return _assertion(character)
        if character in "*+?{":
            raise UnknownPattern("nothing to repeat")
        return _letter(_any if character == "." else _same(character))

    def _repetitions(self, node: Node) -> Node:
        while (following := self._text[self._at : self._at + 1]) and following in "*+?{":
            if times := _TIMES.match(self._text, self._at):
                self._at = times.end()
                least = int(times[1])
                most = int(times[3]) if times[3] else None if times[2] else least
            elif following == "{":
                raise UnknownPattern("repetitions without a number")
            else:
                self._at += 1
                least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[following]
            if max(least, most or 0) > REPETITIONS_MAX or (most is not None and most < least):
                raise UnknownPattern("too many repetitions")
            self._take("?")  # as few as possible: it fits all the same
            node = _repeated(node, least, most)
        return node

    def _escaped(self) -> Node:
        character = self._next()
        if character in "bB":
            return _assertion(character)
        if character in "Az":
            return _assertion("^" if character == "A" else "$")
        return _letter(self._meant(character))

    def _meant(self, character: str) -> Test:
        """What stands after a backslash."""
        if character in _CLASSES:
            return _CLASSES[character]
        if character.lower() in _CLASSES:
            inner = _CLASSES[character.lower()]
            return lambda each: not inner(each)
        if character in _CONTROLS:
            return _same(_CONTROLS[character])
        if character.isalnum():
            raise UnknownPattern("an escape that is not known here")
        return _same(character)

    def _class(self) -> Test:
        is_negated = self._take("^")
        tests = [_same("]")] if self._take("]") else []  # as the first one it means itself
        while not self._take("]"):
            tests.append(self._member())
        return lambda each: any(test(each) for test in tests) is not is_negated

    def _member(self) -> Test:
        """One character, range or class between square brackets."""
        character = self._next()
        if character == "[" or (character in "&-~" and self._text.startswith(character, self._at)):
            raise UnknownPattern("a class within a class")
        if character == "\\":
            return self._meant(self._next())
        if self._text.startswith("-", self._at) and not self._text.startswith("-]", self._at):
            self._at += 1
            return _between(character, self._next())
        return _same(character)

    def _take(self, character: str) -> bool:
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def _next(self) -> str:
        if self._at >= len(self._text):
            raise UnknownPattern("it ends too early")
        self._at += 1
        return self._text[self._at - 1]


def _any(character: str) -> bool:
    return character != "\n"


def _same(character: str) -> Test:
    folded = character.casefold()
    return lambda each: each in (character, folded)


def _between(first: str, last: str) -> Test:
    if first > last or "\\" in (first, last):
        raise UnknownPattern("a range that is none")
    return lambda each: first <= each <= last or first <= each.upper() <= last
