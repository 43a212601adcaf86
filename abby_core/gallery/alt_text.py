"""What a picture shows, in words, for people who do not see it (pure)."""

from __future__ import annotations

import unicodedata

from abby_core.sentence import Sentence, sentence
from abby_core.storage.artifact import Artifact

ALT_TEXT_CHARACTERS_MAX = 1000
"""Longest text: what screen readers and most platforms still take as one."""
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Invisible, but letters of Persian and Hindi and many emoji are not themselves without them."""


def alt_text(artifact: Artifact) -> str:
    """The owner's text, else ``Picture: a cute rabbit…`` made from the prompt or, without one, from the name.

    At most :data:`ALT_TEXT_CHARACTERS_MAX` characters; in other languages a few more.
    """
    if artifact.alt_text:
        return one_line(artifact.alt_text)
    room = ALT_TEXT_CHARACTERS_MAX - len(_of_prompt(artifact.kind, ""))
    prompt = one_line(artifact.prompt, room)
    return _of_prompt(artifact.kind, prompt) if prompt else _of_name(artifact.kind, one_line(artifact.name, room))


def _of_prompt(kind: str, prompt: str) -> Sentence:
    if kind == "image_to_image":
        return sentence("Picture made from another one: {prompt}", prompt=prompt)
    if kind == "upscale":
        return sentence("Enlarged picture: {prompt}", prompt=prompt)
    return sentence("Picture: {prompt}", prompt=prompt)


def _of_name(kind: str, name: str) -> Sentence:
    if kind == "image_to_image":
        return sentence("Picture made from another one named {name}", name=name)
    if kind == "upscale":
        return sentence("Enlarged picture named {name}", name=name)
    return sentence("Picture named {name}", name=name)


def one_line(text: str, characters_max: int = ALT_TEXT_CHARACTERS_MAX) -> str:
    """A text without line breaks and control characters, cut where it is too long."""
    line = " ".join(text.split())
    visible = "".join(c for c in line if c in _JOINERS or not unicodedata.category(c).startswith("C"))
    if len(visible) <= characters_max:
        return visible
    return visible[: characters_max - 1].rstrip() + "…"
