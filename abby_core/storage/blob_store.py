"""Port: where the bytes of pictures lie. One implementation per file in ``blob_stores/``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from abby_core.errors import StorageError
from abby_core.sentence import sentence
from abby_core.storage.names import opens_device

KEY_BYTES_MAX = 1024
"""Longest key, in bytes of UTF-8: what S3 takes."""


class BlobExists(StorageError):
    """The key is taken; what lies there was not touched."""


class BlobMissing(StorageError):
    """Nothing lies under the key."""


@dataclass(frozen=True, kw_only=True)
class BlobInfo:
    """One blob in a listing. ``modified_at`` in seconds since the epoch."""

    key: str
    size_bytes: int
    modified_at: float


class BlobStore(Protocol):
    """Immutable bytes under keys such as ``images/users/alice/cat.png``.

    All methods block and may be called from any thread; all raise :class:`~abby_core.errors.StorageError` for
    trouble with the store, and for a key that :func:`key_parts` refuses.
    """

    def put(self, key: str, data: bytes) -> None:
        """Create a blob; it is durable when this returns, and either whole or not there if it does not.

        Raises :class:`BlobExists` when the key is taken, :class:`~abby_core.errors.DiskFull` when there is no room.
        """
        ...

    def open(self, key: str) -> bytes:
        """All bytes of a blob. Raises :class:`BlobMissing`."""
        ...

    def size(self, key: str) -> int | None:
        """Size in bytes; None: nothing there."""
        ...

    def delete(self, key: str) -> bool:
        """Remove a blob. False: nothing was there."""
        ...

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """The blobs whose keys start with ``prefix``, in no order. One that comes or goes meanwhile may be missed."""
        ...

    def path(self, key: str) -> Path | None:
        """Where an existing blob lies as a file; None: nothing there, or not on this machine."""
        ...

    def remove_folder(self, folder: str) -> bool:
        """Remove what is left of a folder that holds no blobs: folders in it, remains of interrupted ``put`` calls.

        False: something else lies in there, and stays. A store without folders has nothing to do.
        """
        ...

    def free_bytes(self) -> int | None:
        """Room left, in bytes; None: not known, or no end to it."""
        ...

    def sweep_parts(self, *, older_than_seconds: float) -> int:
        """Remove what interrupted ``put`` calls left behind that long ago. Returns how many were removed."""
        ...


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of a key between its slashes, each a plain name on every system.

    Callers make keys of safe names; this is the second lock on the same door. Raises
    :class:`~abby_core.errors.StorageError`.
    """
    parts = tuple(key.split("/"))
    if not all(map(_is_plain, parts)) or len(key.encode()) > KEY_BYTES_MAX:
        raise StorageError(sentence("{key!a} cannot be the key of a stored picture.", key=key[:100]))
    return parts


def _is_plain(part: str) -> bool:
    return (
        part != ""
        and part.isprintable()
        and not set(part) & set('\\:*?"<>|')
        and part[0] != "."  # "..", and the stores' own files
        and part[-1] not in ". "  # Windows drops them
        and unicodedata.is_normalized("NFC", part)
        and not opens_device(part)
    )
