"""Where a page of pictures ends, as text that people can read and type (pure).

``2026-11-21T10:15:30.123Z/3f9a1c20…``: a moment and a picture's id.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

Position = tuple[int, str]
"""A moment (epoch milliseconds) and the id of a picture: pages go on with what is older, or as old with a lesser id."""
NEWEST: Position = (2**62, "")
OLDEST: Position = (-1, "")
ID_CHARACTERS_MAX = 64


def write(position: Position) -> str:
    """The cursor of a position."""
    at_ms, last_id = position
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{moment}Z/{last_id}"


def read(text: str) -> Position:
    """The position of a cursor, or of a date or time alone (in UTC, if it names no other). Raises InvalidRequest."""
    moment, _, last_id = text.strip().partition("/")
    try:
        at = datetime.fromisoformat(moment)
        at_ms = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidRequest(
            sentence(
                "{text!r} is no place in a gallery: type a date such as 2026-11-21, or what the page before said.",
                text=text[:80],
            )
        ) from error
    if at_ms < 0 or not re.fullmatch(rf"[0-9A-Za-z-]{{0,{ID_CHARACTERS_MAX}}}", last_id):
        raise InvalidRequest(
            sentence("{text!r} is no place in a gallery: copy it whole from the page before.", text=text[:80])
        )
    return at_ms, last_id
