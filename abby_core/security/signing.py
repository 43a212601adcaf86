"""Signing what is handed out and comes back: with a key that never leaves this Abby's folder."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32
"""As long as the hash (RFC 2104, section 3): a longer key gains nothing."""
SIGNATURE_CHARACTERS = 40
"""160 bits in hex digits: nobody finds one by trying, and a link stays short."""


def load_key(path: Path) -> bytes:
    """The key in that file, which only its owner may read; made when it is first asked for. Raises OSError.

    Several processes that ask at once get the same one.
    """
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(file, secrets.token_bytes(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        with contextlib.suppress(FileExistsError):  # another process was faster: its key is the one
            os.link(part, path)
    finally:
        part.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise OSError(f"{path.name} holds no key; remove it, and a new one is made")
    return key


def sign(key: bytes, text: str) -> str:
    """The signature of a text, in hex digits."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:SIGNATURE_CHARACTERS]


def is_signed(key: bytes, text: str, signature: str) -> bool:
    """Whether that is the text's signature; takes as long for a wrong one as for the right one."""
    given = signature.encode("utf-8", "surrogatepass")
    return hmac.compare_digest(sign(key, text).encode(), given)
