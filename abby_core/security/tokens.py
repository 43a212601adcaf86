"""Secrets in links: made here, kept by whoever is given them, known to Abby only by their hash."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Letters and digits of which no two look alike; safe in any URL, file name and command line."""
TOKEN_CHARACTERS = 40
"""31**40 > 2**198: nobody finds one by trying."""


def new_token() -> str:
    """A token nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_CHARACTERS))


def token_hash(token: str) -> str:
    """SHA-256 in hex digits. The token is random enough that no salt is needed, and can be looked up by it.

    However a stranger's text looks, it has a hash; spaces around a token and capitals make no difference.
    """
    written = token.strip().lower()[: 2 * TOKEN_CHARACTERS]
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
