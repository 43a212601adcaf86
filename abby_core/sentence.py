"""Sentences for people that can still be said in another language (pure).

A :class:`Sentence` is its English text, and remembers the words it was made of: :mod:`abby_core.languages` finds the
words in a catalogue and puts the same values into them. It passes everywhere a text does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, cast


class Sentence(str):
    """An English text made of a template and values. ``many``: the template where ``count`` is not one, if it counts.

    Values are put in with ``str.format``; a value may be a sentence itself.
    """

    __slots__ = ("many", "template", "values")
    template: str
    many: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object], *, many: str = "") -> Self:
        chosen = many if many and values["count"] != 1 else template
        made = super().__new__(cls, chosen.format(**values))
        made.template, made.many, made.values = template, many, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str, Mapping[str, object]], dict[str, str]]:
        """How copies are made, which ``dataclasses.asdict`` does of all it finds."""
        return (self.template, self.values), {"many": self.many}


def sentence(template: str, /, **values: object) -> Sentence:
    """``sentence("At most {limit} characters.", limit=10)``. A brace that is meant is written twice, as in formats."""
    return Sentence(template, values)


def plural(one: str, many: str, /, *, count: int, **values: object) -> Sentence:
    """``plural("{count} picture", "{count} pictures", count=n)``: languages differ in which numbers take which."""
    return Sentence(one, {"count": count, **values}, many=many)


def pack(text: str) -> object:
    """The text as JSON can hold it, the words it was made of included."""
    if not isinstance(text, Sentence):
        return text
    values = {name: _packed_value(value) for name, value in text.values.items()}
    return {"one": text.template, "many": text.many, "values": values}


def unpack(packed: object) -> str:
    """The text that :func:`pack` was given."""
    if not isinstance(packed, Mapping):
        return str(packed)
    made = cast("Mapping[str, Any]", packed)
    values = {
        name: value if isinstance(value, int | float) else unpack(value) for name, value in made["values"].items()
    }
    return Sentence(made["one"], values, many=made["many"])


def _packed_value(value: object) -> object:
    if isinstance(value, str):
        return pack(value)
    return value if isinstance(value, int | float) else str(value)
