"""A ZIP file as a stream of chunks, made while it is being read: of what is in it, one piece is in memory at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime

from abby_core.storage.names import name_key, safe_name, unique_candidates

CHUNK_BYTES = 2**18
"""How much of a file is handed on at a time."""
_TEXTS = (".json", ".txt", ".csv", ".html")
"""Compressed; pictures are already, and would only cost time."""
_EARLIEST, _LATEST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""The moments a ZIP can hold (APPNOTE.TXT 4.4.6)."""
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16
"""Which system the permissions are of (APPNOTE.TXT 4.4.2), and those of a file that its owner may write."""


def zip_chunks(entries: Iterable[tuple[str, datetime, bytes | Iterable[bytes]]]) -> Iterator[bytes]:
    """The ZIP of all entries: (name, when it was made, its bytes, whole or in pieces).

    Each entry is asked for when the one before it is written. Names are the caller's to make safe and different.
    An error while an entry is made passes to the reader; what was read until then is no valid ZIP.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:
        for name, at, data in entries:
            # Pieces may add up to more than 4 GB, which a ZIP has to know beforehand.
            large = not isinstance(data, bytes) or len(data) > zipfile.ZIP64_LIMIT // 2
            with archive.open(_described(name, at), "w", force_zip64=large) as file:
                for piece in _pieces(data):
                    file.write(piece)
                    yield from outbox.take()
            yield from outbox.take()
    yield from outbox.take()


class EntryNames:
    """File names within one ZIP: safe on every system, and different even where upper and lower case are one."""

    def __init__(self, *taken: str) -> None:
        self._taken = set(map(name_key, taken))

    def free(self, wished: str, *, folder: str = "") -> str:
        """The name that was wished for, below ``folder`` (which ends with ``/``), or the next free one like it."""
        candidates = (folder + safe_name(name) for name in unique_candidates(safe_name(wished)))
        name = next(name for name in candidates if name_key(name) not in self._taken)
        self._taken.add(name_key(name))
        return name


def _described(name: str, at: datetime) -> zipfile.ZipInfo:
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    info = zipfile.ZipInfo(name, min(max(moment, _EARLIEST), _LATEST))
    info.create_system, info.external_attr = _UNIX, _PLAIN_FILE
    info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_TEXTS) else zipfile.ZIP_STORED
    return info


def _pieces(data: bytes | Iterable[bytes]) -> Iterator[bytes | memoryview]:
    for whole in (data,) if isinstance(data, bytes) else data:
        view = memoryview(whole)
        for start in range(0, len(view), CHUNK_BYTES):
            yield view[start : start + CHUNK_BYTES]


class _Outbox(io.RawIOBase):
    """Where zipfile writes to: nothing that could be wound back, so that it never tries."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        chunk = bytes(data)  # pyright: ignore[reportArgumentType] - whatever has a buffer
        self._chunks.append(chunk)
        return len(chunk)

    def take(self) -> Iterator[bytes]:
        """What was written since the last time, as one chunk."""
        chunk = b"".join(self._chunks)
        self._chunks.clear()
        if chunk:
            yield chunk
