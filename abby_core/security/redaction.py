"""Keeping secrets out of texts that came from outside, before they are shown or logged (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

REDACTED = "[redacted]"


def redact(text: str, secrets: Iterable[str], *, characters_max: int = 300) -> str:
    """``text`` on one line, without control characters and secrets, at most ``characters_max`` long.

    A secret is found whatever its case, percent-encoded, or broken up by line ends and invisible characters:
    an answer that quotes a key may also wrap or escape it. Blank secrets are ignored.
    """
    line = _one_line(text)
    for pattern in _patterns(tuple(secrets)):
        line = pattern.sub(REDACTED, line)
    # Shortened last: a cut before the search could leave half a secret that no longer matches.
    return line if len(line) <= characters_max else line[: characters_max - 1].rstrip() + "…"


@lru_cache(maxsize=16)
def _patterns(secrets: tuple[str, ...]) -> list[re.Pattern[str]]:
    """What finds the secrets, the longest first. A process has few, and logs a lot."""
    patterns: list[re.Pattern[str]] = []
    for secret in sorted(secrets, key=len, reverse=True):
        for form in dict.fromkeys((secret, quote(secret, safe=""))):
            characters = [re.escape(character) for character in form if not character.isspace()]
            if characters:
                patterns.append(re.compile(" ?".join(characters), re.IGNORECASE))
    return patterns


def _one_line(text: str) -> str:
    """Every run of white space as one space; control, format and unassigned characters dropped."""
    spaced = " ".join(text.split())
    if spaced.isprintable():
        return spaced
    return "".join(c for c in spaced if c == " " or not unicodedata.category(c).startswith("C")).strip()
