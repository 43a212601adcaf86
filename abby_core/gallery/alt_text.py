"""What a picture shows, in words, for people who do not see it (pure)."""

from __future__ import annotations

import unicodedata

from abby_core.storage.artifact import Artifact

ALT_TEXT_CHARACTERS_MAX = 1000
"""Longest text: what screen readers and most platforms still take as one."""
_BEGINNINGS = {
    "text_to_image": "Picture",
    "image_to_image": "Picture made from another one",
    "upscale": "Enlarged picture",
}
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Invisible, but letters of Persian and Hindi and many emoji are not themselves without them."""


def alt_text(artifact: Artifact) -> str:
    """The owner's text, else ``Picture: a cute rabbit…`` made from the prompt or, without one, from the name."""
    if artifact.alt_text:
        return one_line(artifact.alt_text)
    beginning = _BEGINNINGS.get(artifact.kind, "Picture")
    prompt = one_line(artifact.prompt)
    return one_line(f"{beginning}: {prompt}" if prompt else f"{beginning} named {artifact.name}")


def one_line(text: str) -> str:
    """A text without line breaks and control characters, cut where it is too long."""
    line = " ".join(text.split())
    visible = "".join(c for c in line if c in _JOINERS or not unicodedata.category(c).startswith("C"))
    if len(visible) <= ALT_TEXT_CHARACTERS_MAX:
        return visible
    return visible[: ALT_TEXT_CHARACTERS_MAX - 1].rstrip() + "…"
