"""A selection of pictures as one ZIP, streamed: at most one picture is in memory, however many there are.

Pictures are stored, not deflated: they are compressed already. Beside them lies ``pictures.json`` with what is known
of each, and ``MISSING.txt`` where a picture could not be read any more: one that is gone does not break the stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from abby_core.errors import AbbyError, InvalidRequest
from abby_core.gallery.alt_text import alt_text
from abby_core.gallery.zip_stream import EntryNames, zip_chunks
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.names import safe_name

if TYPE_CHECKING:
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

PICTURES_MAX = 10_000
"""Most pictures in one download: 20 GB of 2 MB pictures, and a list of contents that any program opens quickly."""
LIST_FILE, MISSING_FILE = "pictures.json", "MISSING.txt"
_EXTENSIONS = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",)}
_EARLIEST_MS, _LATEST_MS = 315_619_200_000, 4_354_732_800_000
"""2 January 1980 and 30 December 2107: what a ZIP can date, a day inside for every time zone."""

Looked = Callable[["Artifact", str], None]
"""Is told of each picture once it is in the ZIP, or with the reason why it is not."""


def zip_stream(
    storage: StorageManager, artifacts: Sequence[Artifact], *, with_metadata: bool = True, looked: Looked | None = None
) -> Iterator[bytes]:
    """The pictures as the bytes of a ZIP, piece by piece, in the order given; whoever calls has chosen the owner's own.

    Each picture is looked up again when its turn comes. Asking for the next piece blocks for a short while.
    Raises InvalidRequest, before the first piece, for none or too many pictures.
    """
    if not artifacts:
        raise InvalidRequest(sentence("There is no picture to download."))
    check_count(len(artifacts))
    looked = looked or (lambda _artifact, _reason: None)
    return zip_chunks(_entries(storage, artifacts, with_metadata=with_metadata, looked=looked))


def check_count(pictures: int) -> None:
    """Raise InvalidRequest for more pictures than one download may have."""
    if pictures > PICTURES_MAX:
        raise InvalidRequest(
            sentence("One download has at most {limit} pictures; choose some by name, or an album.", limit=PICTURES_MAX)
        )


def _entries(
    storage: StorageManager, artifacts: Sequence[Artifact], *, with_metadata: bool, looked: Looked
) -> Iterator[tuple[str, datetime, bytes | Iterator[bytes]]]:
    names = EntryNames(LIST_FILE, MISSING_FILE)
    contained: list[tuple[str, Artifact]] = []
    missing: list[tuple[str, str]] = []
    for artifact in artifacts:
        current, data, reason = _read(storage, artifact)
        if reason:
            missing.append((artifact.name, reason))
        else:
            contained.append((names.free(_wished_name(current)), current))
            yield contained[-1][0], _moment(current.created_at_ms), data
        del data
        looked(current, reason)
    now = _moment(storage.now_ms())
    if missing:
        yield MISSING_FILE, now, "".join(f"{_one_line(name)}: {reason}\r\n" for name, reason in missing).encode()
    if with_metadata:
        yield LIST_FILE, now, _list(contained)


def _read(storage: StorageManager, artifact: Artifact) -> tuple[Artifact, bytes, str]:
    """The picture as it is now, its bytes, and why there are none: much may have happened since it was chosen."""
    try:
        current = storage.database.read(catalogue.by_id, artifact.id)
        if current is None or current.account != artifact.account:
            return artifact, b"", sentence("It was deleted before its turn came.")
        return current, storage.open(current), ""
    except AbbyError as error:
        return artifact, b"", error.text


def _wished_name(artifact: Artifact) -> str:
    """The picture's name, with an ending by which programs know what it is."""
    extensions = _EXTENSIONS.get(artifact.media_type, ("",))
    wished = safe_name(artifact.name)
    return wished if wished.lower().endswith(extensions) else wished + extensions[0]


def _moment(at_ms: int) -> datetime:
    """In this machine's time zone, as the dates of files in a ZIP are."""
    return datetime.fromtimestamp(min(max(at_ms, _EARLIEST_MS), _LATEST_MS) / 1000, UTC).astimezone()


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
        "alt_text": alt_text(artifact),
        "alt_text_written": artifact.alt_text != "",  # by its owner; else Abby made it from what stands here
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
