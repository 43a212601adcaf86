"""Another Abby: ``pictures.json`` in the ZIP of a download (:mod:`abby_core.gallery.download`) (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from abby_core.gallery.generation_info import (
    ALT_TEXT_CHARACTERS_MAX,
    NOTHING,
    TOOL_CHARACTERS_MAX,
    VALUE_CHARACTERS_MAX,
    GenerationInfo,
    as_object,
    cleaned,
    plain_text,
)


def from_abby(note: Mapping[str, object]) -> GenerationInfo:
    """One entry of a download's ``pictures.json``."""
    if not note:
        return NOTHING
    info = cleaned(
        tool=plain_text(note.get("provider"), TOOL_CHARACTERS_MAX),
        prompt=note.get("prompt"),
        negative_prompt=note.get("negative_prompt"),
        seed=note.get("seed"),
        model=note.get("model"),
        parameters=as_object(note.get("parameters")),
    )
    written = note.get("alt_text_written", True)  # one that was made from the prompt is made anew
    return replace(
        info,
        style=plain_text(note.get("style"), VALUE_CHARACTERS_MAX),
        alt_text=plain_text(note.get("alt_text"), ALT_TEXT_CHARACTERS_MAX) if written else "",
    )
