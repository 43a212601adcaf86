"""A selection of pictures as one ZIP, streamed: at most one picture is in memory, however many there are.

Pictures are stored, not deflated: they are compressed already. Beside them lies ``pictures.json`` with what is known
of each, and ``MISSING.txt`` where a picture could not be read any more: one that is gone does not break the stream.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from abby_core.errors import AbbyError, InvalidRequest
from abby_core.storage import catalogue
from abby_core.storage.names import name_key, safe_name, unique_candidates

if TYPE_CHECKING:
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

PICTURES_MAX = 10_000
"""Most pictures in one download: 20 GB of 2 MB pictures, and a list of contents that any program opens quickly."""
LIST_FILE, MISSING_FILE = "pictures.json", "MISSING.txt"
_EXTENSIONS = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",)}
_EARLIEST_MS, _LATEST_MS = 315_619_200_000, 4_354_732_800_000
"""2 January 1980 and 30 December 2107: what a ZIP can date (APPNOTE.TXT 4.4.6), a day inside for every time zone."""
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16
"""Which system the permissions are of (APPNOTE.TXT 4.4.2), and those of a file that its owner may write."""

Looked = Callable[["Artifact", str], None]
"""Is told of each picture once it is in the ZIP, or with the reason why it is not."""


def zip_stream(
    storage: StorageManager, artifacts: Sequence[Artifact], *, with_metadata: bool = True, looked: Looked | None = None
) -> Iterator[bytes]:
    """The pictures as the bytes of a ZIP, piece by piece, in the order given; whoever calls has chosen the owner's own.

    Each picture is looked up again when its turn comes. The pieces are at most a picture long; asking for the next
    one blocks for a short while. Raises InvalidRequest, before the first piece, for none or too many pictures.
    """
    if not artifacts:
        raise InvalidRequest("There is no picture to download.")
    check_count(len(artifacts))
    return _pieces(storage, artifacts, with_metadata=with_metadata, looked=looked or (lambda _artifact, _reason: None))


def check_count(pictures: int) -> None:
    """Raise InvalidRequest for more pictures than one download may have."""
    if pictures > PICTURES_MAX:
        raise InvalidRequest(f"One download has at most {PICTURES_MAX} pictures; choose some by name, or an album.")


def _pieces(
    storage: StorageManager, artifacts: Sequence[Artifact], *, with_metadata: bool, looked: Looked
) -> Iterator[bytes]:
    outlet, names = _Outlet(), _Names()
    contained: list[tuple[str, Artifact]] = []
    missing: list[tuple[str, str]] = []
    with zipfile.ZipFile(outlet, "w") as archive:
        for artifact in artifacts:
            current, data, reason = _read(storage, artifact)
            if reason:
                missing.append((artifact.name, reason))
            else:
                name = names.name_for(current)
                archive.writestr(_entry(name, current.created_at_ms), data)
                contained.append((name, current))
            del data
            looked(current, reason)
            yield from outlet.taken()
        if missing:
            text = "".join(f"{_one_line(name)}: {reason}\r\n" for name, reason in missing)
            archive.writestr(_entry(MISSING_FILE, storage.now_ms(), packed=True), text)
        if with_metadata:
            with archive.open(_entry(LIST_FILE, storage.now_ms(), packed=True), "w") as file:
                for piece in _list(contained):
                    file.write(piece)
                    yield from outlet.taken()
    yield from outlet.taken()


def _read(storage: StorageManager, artifact: Artifact) -> tuple[Artifact, bytes, str]:
    """The picture as it is now, its bytes, and why there are none: much may have happened since it was chosen."""
    try:
        current = storage.database.read(catalogue.by_id, artifact.id)
        if current is None or current.account != artifact.account:
            return artifact, b"", "It was deleted before its turn came."
        return current, storage.open(current), ""
    except AbbyError as error:
        return artifact, b"", str(error)


class _Outlet:
    """What :mod:`zipfile` writes into: it cannot be sought in, and keeps nothing once it was taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Everything written can be taken at once."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        pieces.reverse()
        while pieces:
            yield pieces.pop()


class _Names:
    """File names within one ZIP: safe on every system, and different even where upper and lower case are one."""

    def __init__(self) -> None:
        self._taken = {name_key(LIST_FILE), name_key(MISSING_FILE)}

    def name_for(self, artifact: Artifact) -> str:
        extensions = _EXTENSIONS.get(artifact.media_type, ("",))
        wished = safe_name(artifact.name)
        if not wished.lower().endswith(extensions):  # else programs would not know what it is
            wished += extensions[0]
        free = (safe_name(name) for name in unique_candidates(wished))
        name = next(name for name in free if name_key(name) not in self._taken)
        self._taken.add(name_key(name))
        return name


def _entry(name: str, at_ms: int, *, packed: bool = False) -> zipfile.ZipInfo:
    at = time.localtime(min(max(at_ms, _EARLIEST_MS), _LATEST_MS) / 1000)
    entry = zipfile.ZipInfo(name, at[:6])
    entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return entry


def _list(contained: Sequence[tuple[str, Artifact]]) -> Iterator[bytes]:
    """``pictures.json``, picture by picture."""
    before = "[\n"
    for name, artifact in contained:
        yield (before + json.dumps(_facts(name, artifact), ensure_ascii=False)).encode()
        before = ",\n"
    yield b"\n]\n" if contained else b"[]\n"


def _facts(name: str, artifact: Artifact) -> dict[str, Any]:
    at = datetime.fromtimestamp(artifact.created_at_ms / 1000, UTC)
    return {
        "file": name,
        "name": artifact.name,
        "id": artifact.id,
        "kind": artifact.kind,
        "prompt": artifact.prompt,
        "negative_prompt": artifact.negative_prompt,
        "style": artifact.style,
        "seed": artifact.seed,
        "provider": artifact.provider,
        "model": artifact.model,
        "parameters": artifact.parameters,
        "alt_text": artifact.alt_text,
        "width": artifact.width,
        "height": artifact.height,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "favourite": artifact.favourite,
        "created_at": at.isoformat(timespec="milliseconds"),
    }


def _one_line(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)
