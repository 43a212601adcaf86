"""Server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import json
from typing import Any

PAUSE = b": still at it\n\n"
"""A comment, which nobody reads: it only keeps the connection in use."""


def event(name: str, data: dict[str, Any], event_id: str = "") -> bytes:
    """One event; its data is one line of JSON."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()
