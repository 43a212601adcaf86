"""Where an order's result belongs, as it is written into the delivery's row (pure)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace

KIND = "discord"
"""The kind of our deliveries."""
TOKEN_LIFE_SECONDS = 15 * 60
"""How long an interaction's token edits its answer (Discord's documentation, "Receiving and Responding")."""
FILE_BYTES_MAX = 10 * 2**20
"""Largest attachment where Discord names no other limit: that of a server without boosts."""
NONCE_CHARACTERS_MAX = 25


@dataclass(frozen=True, kw_only=True)
class Address:
    """One interaction and the message that answers it; 0 and blank for what is not known (any more).

    ``private``: only the person who asked sees the answer. ``bytes_max``: the largest attachment that fits there.
    ``spoiler``: the pictures are posted covered. ``locale``: that of the person who asked, as Discord writes it.
    ``rung``: it was said by a message of its own that the answer is finished, or was about to be when Abby stopped.
    """

    interaction: int
    application: int
    token: str = ""
    channel: int = 0
    message: int = 0
    user: int
    private: bool = False
    bytes_max: int = FILE_BYTES_MAX
    spoiler: bool = False
    locale: str = ""
    rung: bool = False

    def to_text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> Address:
        """What was written, by this version or another: what only one of them knows is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})

    def token_lives(self, now_ms: int, *, asked_at_ms: int) -> bool:
        """Whether the answer may still be edited with the token, by Abby's own clock; Discord has the last word."""
        return bool(self.token) and now_ms < asked_at_ms + TOKEN_LIFE_SECONDS * 1000

    def without_token(self) -> Address:
        return replace(self, token="")


def nonce(order_id: str) -> str:
    """What makes Discord take a message for the one it has already: the order's id, which is an interaction's."""
    return order_id[-NONCE_CHARACTERS_MAX:]
