"""How a picture was made elsewhere, and how strangers' words about it become harmless (pure).

All of it is bounded, without control characters, with numbers in range. What makes no sense is no info. Who writes what
into files is in :mod:`abby_core.gallery.generation_readers`.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

PROMPT_CHARACTERS_MAX = 8000
"""Other programs take longer prompts than Abby does; this is ten times what any of their models reads."""
ALT_TEXT_CHARACTERS_MAX = 1000
VALUE_CHARACTERS_MAX = 300
TOOL_CHARACTERS_MAX = 40
PARAMETERS_MAX = 32
SEED_MAX = 2**63 - 1
"""Largest seed the catalogue holds; ComfyUI's go up to twice that, and then stand among the parameters."""
JSON_CHARACTERS_MAX = 2**20

Parameters = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class GenerationInfo:
    """What is known of how a picture was made; empty texts and None for what is not."""

    tool: str = ""
    """``automatic1111``, ``comfyui``, ``novelai``, ``midjourney``; from another Abby, the provider it used."""
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    model: str = ""
    style: str = ""
    alt_text: str = ""
    parameters: Parameters = field(default_factory=Parameters)


NOTHING = GenerationInfo()


def cleaned(
    *,
    tool: str,
    prompt: object = "",
    negative_prompt: object = "",
    seed: object = None,
    model: object = "",
    parameters: Mapping[str, object],
) -> GenerationInfo:
    """What was read, bounded and cleaned, whatever its types."""
    number = _whole(seed)
    info = GenerationInfo(
        tool=tool,
        prompt=plain_text(prompt, PROMPT_CHARACTERS_MAX),
        negative_prompt=plain_text(negative_prompt, PROMPT_CHARACTERS_MAX),
        model=plain_text(model, VALUE_CHARACTERS_MAX),
        parameters=dict(_plain(parameters)),
    )
    if number is not None and 0 <= number <= SEED_MAX:
        return replace(info, seed=number)
    return replace(info, parameters={**info.parameters, "seed": str(number)}) if number is not None else info


def plain_text(value: object, characters_max: int) -> str:
    """A text without control characters but line breaks, and without what no database holds."""
    if not isinstance(value, str):
        return ""
    cut = value[: 2 * characters_max].replace("\r\n", "\n").replace("\t", " ")
    plain = "".join(c for c in cut if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return plain.strip()[:characters_max].rstrip()


def _whole(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value.strip()):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**64 else None


def _plain(parameters: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Numbers as numbers, short texts as they are; nothing else."""
    for name, value in list(parameters.items())[:PARAMETERS_MAX]:
        key = plain_text(name, VALUE_CHARACTERS_MAX)
        plain = _number(value) if not isinstance(value, bool) else value
        plain = plain_text(value, VALUE_CHARACTERS_MAX) if plain is None else plain
        if key and plain != "":
            yield key, plain


def _number(value: object) -> int | float | None:
    """None also for digits that are no number to keep as one, such as a hash or the version 1.10."""
    if isinstance(value, str):
        if re.fullmatch(r"-?[0-9]{1,15}", value):
            return int(value) if str(int(value)) == value else None
        if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,15}", value):
            return float(value) if str(float(value)) == value else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and abs(value) <= SEED_MAX else None


def from_json(text: str) -> object:
    """The value; None for what is no JSON. Digits without end and brackets without end are no JSON either."""
    if len(text) > JSON_CHARACTERS_MAX:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
