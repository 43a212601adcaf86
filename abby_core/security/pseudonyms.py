"""Pseudonyms: names that stand for a text and cannot be read back without a key that never leaves Abby's folder."""

from __future__ import annotations

import threading
from pathlib import Path

from abby_core.security.signing import load_key, sign

KEY_FILE = Path("pseudonyms.key")
_PREFIX = "banned-"
"""No account is written so: in theirs there is a colon."""


class Pseudonyms:
    """The same text has the same pseudonym for as long as the key lies in ``folder``. Both methods block a moment."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / KEY_FILE
        self._key = b""
        self._lock = threading.Lock()

    def of(self, text: str) -> str:
        """The text's pseudonym; the key is made when it is first needed. Raises OSError."""
        with self._lock:
            self._key = self._key or load_key(self._path)
            return _PREFIX + sign(self._key, text)

    def known(self, text: str) -> str:
        """The same, but empty while there is no key: then nothing can be written under a pseudonym. Raises OSError."""
        return self.of(text) if self._key or self._path.exists() else ""
