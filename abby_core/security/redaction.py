"""Keeping secrets out of texts that came from outside, before they are shown or logged (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

REDACTED = "[redacted]"


def redact(text: str, secrets: Iterable[str], *, characters_max: int = 300) -> str:
    """``text`` on one line, without control characters and secrets, at most ``characters_max`` long.

    A secret is found whatever its case, percent-encoded, or broken up by line ends and invisible characters:
    an answer that quotes a key may also wrap or escape it. Blank secrets are ignored.
    """
    line = _one_line(text)
    for secret in sorted(secrets, key=len, reverse=True):
        for form in (secret, quote(secret, safe="")):
            characters = [re.escape(character) for character in form if not character.isspace()]
            if characters:
                line = re.sub(" ?".join(characters), REDACTED, line, flags=re.IGNORECASE)
    # Shortened last: a cut before the search could leave half a secret that no longer matches.
    return line if len(line) <= characters_max else line[: characters_max - 1].rstrip() + "…"


def _one_line(text: str) -> str:
    """Every run of white space as one space; control, format and unassigned characters dropped."""
    spaced = " ".join(text.split())
    if spaced.isprintable():
        return spaced
    return "".join(c for c in spaced if c == " " or not unicodedata.category(c).startswith("C")).strip()
