"""Passes: whoever was let in to a share need not knock again for a while, and is not counted again.

A pass says until when and is signed; nothing is kept about it. It opens no share that has ended meanwhile.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from abby_core.errors import StorageError
from abby_core.security.signing import SIGNATURE_CHARACTERS, is_signed, load_key, sign
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.storage.storage_manager import StorageManager

PASS_SECONDS = 3600
"""Long enough to look at an album, short enough for a cap on views to mean something."""
KEY_FILE = Path("shares.key")
PASS_CHARACTERS_MAX = SIGNATURE_CHARACTERS + 20


class SharePasses:
    """Both methods block for a moment."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def issue(self, share_id: str) -> str:
        """A pass to that share, for somebody who was let in just now. Raises StorageError."""
        until = str(self._storage.now_ms() // 1000 + PASS_SECONDS)
        return f"{until}.{sign(self._key, f'{share_id}.{until}')}"

    def admits(self, share_id: str, shown: str) -> bool:
        """Whether what was shown is a pass to that share that is good now. Raises StorageError."""
        until, _, signature = shown[:PASS_CHARACTERS_MAX].partition(".")
        return is_signed(self._key, f"{share_id}.{until}", signature) and self._storage.now_ms() < int(until) * 1000

    @cached_property
    def _key(self) -> bytes:
        try:
            return load_key(self._storage.root / KEY_FILE)
        except OSError as error:
            raise StorageError(sentence("The key for shares cannot be used: {error}", error=str(error))) from error
