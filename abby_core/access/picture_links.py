"""Short-lived links to one picture, for programs that fetch a picture by its address and know no token.

The link itself says what it opens and until when, and is signed: nothing is kept about it, and nothing has to be taken
back. What people share with each other are shares (:mod:`abby_core.gallery.shares`).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from abby_core.errors import NotFound, StorageError
from abby_core.security.signing import is_signed, load_key, sign
from abby_core.sentence import sentence
from abby_core.storage import catalogue

if TYPE_CHECKING:
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

LINK_SECONDS = 3600
"""How long a link opens: as long as OpenAI's own links to pictures."""
KEY_FILE = Path("links.key")
LINK_CHARACTERS_MAX = 300
NO_LINK = sentence("There is nothing under this link: it has ended, or never was.")


class PictureLinks:
    """Both methods block for a moment."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def sign(self, artifact: Artifact, remark: str = "") -> str:
        """What a link to that picture ends with. ``remark``: a word without dots that :meth:`open` gives back.

        Raises StorageError.
        """
        expires_at = self._storage.now_ms() // 1000 + LINK_SECONDS
        text = f"{artifact.id}.{remark}.{expires_at}"
        return f"{text}.{sign(self._key, text)}"

    def open(self, link: str) -> tuple[Artifact, str]:
        """The picture a link leads to, and the remark. Raises NotFound for a link that has ended, or never was."""
        text, _, signature = link[:LINK_CHARACTERS_MAX].rpartition(".")
        if not is_signed(self._key, text, signature):
            raise NotFound(NO_LINK)
        picture_id, remark, expires_at = text.split(".")
        artifact = self._storage.database.read(catalogue.by_id, picture_id)
        if artifact is None or self._storage.now_ms() >= int(expires_at) * 1000:
            raise NotFound(NO_LINK)
        return artifact, remark

    @cached_property
    def _key(self) -> bytes:
        try:
            return load_key(self._storage.root / KEY_FILE)
        except OSError as error:
            raise StorageError(sentence("The key for links cannot be used: {error}", error=str(error))) from error
