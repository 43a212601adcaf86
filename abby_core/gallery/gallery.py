"""Gallery: an account's own kept pictures. Another's picture answers exactly like one that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abby_core.errors import NotFound
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.blob_store import BlobMissing
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

PAGE_DEFAULT = 50


@dataclass(frozen=True, kw_only=True)
class Page:
    """Pictures newest first; ``next`` is handed back as ``before`` to get the following page, None at the end."""

    artifacts: tuple[Artifact, ...]
    next: tuple[int, str] | None


class Gallery:
    """All methods block for a short while; coroutines call them in a thread."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def page(self, account: Account, *, limit: int = PAGE_DEFAULT, before: tuple[int, str] | None = None) -> Page:
        """A page of the account's pictures; its cost does not depend on how many there are."""
        artifacts = self._storage.database.read(catalogue.newest, account.key, limit=limit, before=before)
        full = len(artifacts) == min(limit, catalogue.PAGE_MAX)
        last = artifacts[-1] if artifacts and full else None
        return Page(artifacts=tuple(artifacts), next=None if last is None else (last.created_at_ms, last.id))

    def find(self, account: Account, name_or_id: str) -> Artifact:
        """The account's picture of that name or id; temporary ones too while they last. Raises NotFound."""
        try:
            return self._storage.find(account, name_or_id)
        except NotFound:
            artifact = self._storage.database.read(catalogue.by_id, clean_name(name_or_id))
            if artifact is None or artifact.account != account.key:
                raise
            return artifact

    def of_order(self, account: Account, order_id: str) -> list[Artifact]:
        """What one of the account's orders has brought so far, by index."""
        found = self._storage.database.read(catalogue.of_order, order_id)
        return [artifact for artifact in found if artifact.account == account.key]

    def open(self, artifact: Artifact) -> bytes:
        """The picture's bytes, exactly as they were made. Raises StorageError."""
        return self._storage.open(artifact)

    def thumbnail(self, artifact: Artifact) -> bytes | None:
        """A small WebP of it; None while there is none."""
        if not artifact.thumbnail_key:
            return None
        try:
            return self._storage.blobs.open(artifact.thumbnail_key)
        except BlobMissing:
            return None

    def path(self, artifact: Artifact) -> Path | None:
        """Where the picture lies as a file; None where it is not on this machine."""
        return self._storage.path(artifact)

    def delete(self, account: Account, name_or_id: str) -> Artifact:
        """Remove the account's picture for good; its space is free at once. Raises NotFound or StorageError."""
        artifact = self.find(account, name_or_id)
        self._storage.remove(artifact)
        return artifact
