"""Passwords: kept as salted scrypt, compared in constant time, tried a few times only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import unicodedata
from collections import OrderedDict

from abby_core.errors import InvalidRequest
from abby_core.sentence import sentence

PASSWORD_CHARACTERS_MIN = 6
"""With :data:`WRONG_PASSWORDS_PER_HOUR_MAX`, six digits take longer to find than any share lives."""
PASSWORD_CHARACTERS_MAX = 200
"""A sentence; more would only cost time."""
WRONG_PASSWORDS_PER_HOUR_MAX = 10
"""Wrong passwords that one secret takes in one hour of the clock: people mistype thrice, machines a thousand times."""
WATCHED_MAX = 10_000
"""Secrets whose wrong passwords are counted at a time (about 2 MB); the longest unasked is forgotten first."""
CHECKS_AT_ONCE_MAX = 2
"""Checks that run at the same time: each takes 16 MB and a core."""

_N, _R, _P = 2**14, 8, 5
"""scrypt's cost (OWASP, "Password Storage Cheat Sheet"): 16 MB and about 0.2 s."""
_SALT_BYTES = 16
_HOUR_MS = 3_600_000


def password_hash(password: str) -> str:
    """``scrypt$n$r$p$salt$hash``, to be kept. Raises InvalidRequest for a password that is too short or too long."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidRequest(
            sentence(
                "A password has {least} to {limit} characters.",
                least=PASSWORD_CHARACTERS_MIN,
                limit=PASSWORD_CHARACTERS_MAX,
            )
        )
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def password_is(password: str, kept: str) -> bool:
    """Whether that is the password of a kept hash. Takes as long for a wrong one as for the right one."""
    _, n, r, p, salt, expected = kept.split("$")
    found = _scrypt(password[:PASSWORD_CHARACTERS_MAX], bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(expected))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # Two keyboards may write the same letter differently.
    written = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    memory_bytes = 128 * r * (n + p + 2)  # RFC 7914: the table, a block for each run, and working space
    return hashlib.scrypt(written, salt=salt, n=n, r=r, p=p, maxmem=2 * memory_bytes, dklen=32)


class PasswordGate:
    """Lets the right password through and counts the wrong ones, in this process and until it ends.

    Several processes count for themselves: all together let through at most as many times more.
    """

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(CHECKS_AT_ONCE_MAX)
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, int]] = OrderedDict()
        """Of each secret the hour, and how many passwords were wrong in it, or are being checked."""

    def is_closed(self, secret_id: str, now_ms: int) -> bool:
        """Whether this hour's wrong passwords are used up."""
        with self._lock:
            return self._count(secret_id, now_ms) >= WRONG_PASSWORDS_PER_HOUR_MAX

    def check(self, secret_id: str, password: str, kept: str, now_ms: int) -> bool | None:
        """Whether the password is right; None: too many were wrong, and this one was not even looked at."""
        with self._places:
            if not self._begin(secret_id, now_ms):
                return None
            right = password_is(password, kept)
            if right:
                self._take_back(secret_id, now_ms)
            return right

    def _begin(self, secret_id: str, now_ms: int) -> bool:
        """Count a password as wrong before it is known: so many at once never pass the limit."""
        with self._lock:
            count = self._count(secret_id, now_ms)
            if count >= WRONG_PASSWORDS_PER_HOUR_MAX:
                return False
            self._wrong[secret_id] = (now_ms // _HOUR_MS, count + 1)
            self._wrong.move_to_end(secret_id)
            if len(self._wrong) > WATCHED_MAX:
                self._wrong.popitem(last=False)
            return True

    def _take_back(self, secret_id: str, now_ms: int) -> None:
        with self._lock:
            count = self._count(secret_id, now_ms) - 1
            if count > 0:
                self._wrong[secret_id] = (now_ms // _HOUR_MS, count)
            else:
                self._wrong.pop(secret_id, None)

    def _count(self, secret_id: str, now_ms: int) -> int:
        hour, count = self._wrong.get(secret_id, (0, 0))
        return count if hour == now_ms // _HOUR_MS else 0
