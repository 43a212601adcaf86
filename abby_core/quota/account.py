"""Who it counts against (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

USER_ID_BYTES_MAX = 512
"""Longer ids are cut and carry a hash: with a picture's name they must fit an index (PostgreSQL: about 2700 bytes)."""
HOUSE = ""
"""The account of what is counted over everybody."""


@dataclass(frozen=True)
class Account:
    """A person on a platform. ``platform`` is ours (``local``, ``discord``…); ``user_id`` may be anything."""

    platform: str
    user_id: str

    @property
    def key(self) -> str:
        """How the account is written in the database: ``local:alice``."""
        return f"{self.platform}:{self.user_id}"

    @classmethod
    def local(cls, user_id: object) -> Account:
        """The account of a user id that comes without a platform. Numbers are ids too."""
        return cls("local", _clean(user_id))

    @classmethod
    def parse(cls, text: str) -> Account:
        """``discord:123`` or plain ``alice`` (platform ``local``), as typed on a command line."""
        platform, colon, user_id = text.partition(":")
        if colon and user_id and platform.isascii() and platform.isidentifier() and platform.islower():
            return cls(platform, _clean(user_id))
        return cls.local(text)


def _clean(user_id: object) -> str:
    """Text that every database holds: no NUL, no lone surrogate, not too long. Raises InvalidRequest for none."""
    if user_id is None or user_id == "":
        raise InvalidRequest(sentence("A user id is needed."))
    text = str(user_id).replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "backslashreplace")
    if len(text) > USER_ID_BYTES_MAX:
        fingerprint = b"~" + blake2b(text, digest_size=16).hexdigest().encode()
        text = text[: USER_ID_BYTES_MAX - len(fingerprint)] + fingerprint
    return text.decode("utf-8", "ignore")
