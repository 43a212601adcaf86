"""``--ar 16:9 --no trees, people --seed 7``: what may stand behind a prompt (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from abby_core.errors import InvalidRequest
from abby_core.generation.choices import Choices, check_style, nearest
from abby_core.generation.shape import size_of_aspect, size_of_text
from abby_core.sentence import sentence
from abby_core.studio.braces import ESCAPED

IMAGE_WEIGHT_MAX = 3
"""Midjourney's scale of ``--iw``: 0 to 3, 1 unasked (docs.midjourney.com, "Image Prompts"). A third of it is our
``image_strength``, so that 1 means about the same in both: ours is 0.35 unasked."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """How one parameter is read. ``example`` is a value, for people."""

    names: tuple[str, ...]
    read: Callable[[str], dict[str, Any]]
    """From the value to :class:`Choices` by name; raises InvalidRequest."""
    example: str


def read_parameters(text: str) -> Choices:
    """The choices of a text that is empty or begins with a parameter. Raises InvalidRequest.

    Only the form of a value is looked at; :func:`~abby_core.generation.choices.check_choices` knows the bounds.
    """
    found = list(MARKER.finditer(text))
    starts = [marker.start() for marker in found]
    chosen: dict[str, Any] = {}
    for marker, end in zip(found, [*starts[1:], len(text)], strict=False):
        parameter = _named(marker[1] or marker[2])
        value = ESCAPED.sub(r"\1", text[marker.end() : end]).strip()
        if not value:
            raise InvalidRequest(
                sentence(
                    "--{name} needs a value, such as --{name} {example}.",
                    name=parameter.names[0],
                    example=parameter.example,
                )
            )
        read = parameter.read(value)
        if chosen.keys() & read.keys():
            raise InvalidRequest(
                sentence("--{name} says what was said before; leave one of them out.", name=parameter.names[0])
            )
        chosen |= read
    return Choices(**chosen)


def _named(name: str) -> Parameter:
    for parameter in PARAMETERS:
        if name.casefold() in parameter.names:
            return parameter
    near, asked = nearest(name, tuple(_KNOWN)), name[:40]
    known = ", ".join(f"--{parameter.names[0]}" for parameter in PARAMETERS)
    if not near:
        raise InvalidRequest(
            sentence(
                "There is no parameter --{name}. There are: {known}. For the words themselves write \\--{name}.",
                name=asked,
                known=known,
            )
        )
    raise InvalidRequest(
        sentence(
            "There is no parameter --{name}. Did you mean {near}? There are: {known}. "
            "For the words themselves write \\--{name}.",
            name=asked,
            near=near,
            known=known,
        )
    )


def _word(name: str, value: str) -> str:
    """The value of a parameter that takes one word."""
    first, *rest = value.split(maxsplit=1)
    if rest:
        raise InvalidRequest(
            sentence("Parameters stand at the end: put {words!r} before --{name}.", words=rest[0][:60], name=name)
        )
    return first


def _shape(value: str) -> dict[str, Any]:
    width, height = size_of_aspect(_word("ar", value))
    return {"width": width, "height": height}


def _size(value: str) -> dict[str, Any]:
    width, height = size_of_text(_word("size", value))
    return {"width": width, "height": height}


def _style(value: str) -> dict[str, Any]:
    style = _word("style", value).casefold()
    check_style(style)
    return {"style": style}


def _whole(name: str, field: str) -> Callable[[str], dict[str, Any]]:
    def read(value: str) -> dict[str, Any]:
        word = _word(name, value)
        if not re.fullmatch(r"[0-9]{1,12}", word):
            raise InvalidRequest(sentence("--{name} takes a whole number, not {given!r}.", name=name, given=word[:40]))
        return {field: int(word)}

    return read


def _number(name: str, value: str) -> float:
    word = _word(name, value)
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?|\.[0-9]{1,6}", word):
        raise InvalidRequest(sentence("--{name} takes a number, not {given!r}.", name=name, given=word[:40]))
    return float(word)


def _image_weight(value: str) -> dict[str, Any]:
    weight = _number("iw", value)
    if weight > IMAGE_WEIGHT_MAX:
        raise InvalidRequest(sentence("--iw has to be a number from 0 to {limit}.", limit=IMAGE_WEIGHT_MAX))
    return {"image_strength": weight / IMAGE_WEIGHT_MAX}


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(names=("ar", "aspect"), read=_shape, example="16:9"),
    Parameter(names=("size",), read=_size, example="1024x768"),
    Parameter(names=("no", "negative"), read=lambda value: {"negative_prompt": value}, example="trees, people"),
    Parameter(names=("seed",), read=_whole("seed", "seed"), example="7"),
    Parameter(names=("style",), read=_style, example="anime"),
    Parameter(names=("n", "repeat", "r"), read=_whole("n", "count"), example="4"),
    Parameter(names=("cfg",), read=lambda value: {"cfg_scale": _number("cfg", value)}, example="7"),
    Parameter(names=("steps",), read=_whole("steps", "steps"), example="30"),
    Parameter(names=("iw",), read=_image_weight, example="1"),
)
_KNOWN = [name for parameter in PARAMETERS for name in parameter.names]
MARKER = re.compile(rf"(?<!\S)(?:--([A-Za-z][\w-]*)|—({'|'.join(_KNOWN)})(?![\w-]))", re.IGNORECASE)
"""Where a parameter begins: ``--`` before any name, ``—`` before one there is; else that is a dash between words."""
