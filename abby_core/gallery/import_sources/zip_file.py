"""The files in a ZIP. Its headers may lie: what counts is what is really read."""

from __future__ import annotations

import struct
import time
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from abby_core.errors import InvalidRequest
from abby_core.gallery.download import LIST_FILE
from abby_core.gallery.import_source import Found, Notes, Unreadable, notes
from abby_core.sentence import sentence

ENTRIES_MAX = 20_000
"""Most entries of one ZIP: twice what the largest download has."""
DIRECTORY_BYTES_MAX = 8 * 2**20
"""Largest list of contents of a ZIP: it is read whole. 20 000 entries with long names have half of it."""
READ_BYTES_MAX = 16 * 2**30
"""Most bytes that are unpacked from one ZIP; one with more real pictures can be split."""
_STEP_BYTES = 2**18
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""All that usual programs write. Others may ask for gigabytes before the first byte comes."""
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError, ValueError,
)  # fmt: skip
"""What zipfile raises for a file that is cut, damaged or made to harm."""


class ZipFile:
    """The files in a ZIP, given as a path or as an open file that can be sought in. Nested ones are not looked into."""

    def __init__(self, file: Path | BinaryIO) -> None:
        self.skipped = 0
        self._file = file
        self._left_bytes = READ_BYTES_MAX

    def count(self) -> int:
        with self._opened() as archive:
            return sum(1 for entry in archive.infolist() if not _is_passed_by(entry))

    def found(self) -> Iterator[Found]:
        self.skipped = 0
        with self._opened() as archive:
            known = self._notes(archive)
            for entry in archive.infolist():
                if _is_passed_by(entry):
                    self.skipped += not _is_folder(entry)
                    continue
                yield Found(
                    place=entry.filename, name=_path(entry).name, modified_at=_dated(entry),
                    note=known.get(entry.filename, {}),
                    read=lambda size_bytes, entry=entry: self._read(archive, entry, size_bytes),
                )  # fmt: skip

    def _notes(self, archive: zipfile.ZipFile) -> Notes:
        listed = archive.NameToInfo.get(LIST_FILE)
        return {} if listed is None else notes(lambda size_bytes: self._read(archive, listed, size_bytes))

    @contextmanager
    def _opened(self) -> Generator[zipfile.ZipFile]:
        try:
            file = self._file.open("rb") if isinstance(self._file, Path) else self._file
        except OSError as error:
            raise InvalidRequest(sentence("This ZIP cannot be read: {reason}.", reason=error.strerror)) from error
        try:
            with self._archive(file) as archive:
                yield archive
        finally:
            if isinstance(self._file, Path):
                file.close()

    @staticmethod
    def _archive(file: BinaryIO) -> zipfile.ZipFile:
        try:
            archive = zipfile.ZipFile(_Wary(file))
        except _BROKEN as error:
            raise InvalidRequest(
                sentence(
                    "This ZIP cannot be read ({reason}). Make it anew, or import the folder.", reason=_reason(error)
                )
            ) from error
        if len(archive.infolist()) > ENTRIES_MAX:
            raise InvalidRequest(sentence("This ZIP has more than {limit} entries; split it.", limit=ENTRIES_MAX))
        return archive

    def _read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size_bytes: int) -> bytes:
        """Whatever the headers say about sizes: no more is unpacked than asked for."""
        if entry.flag_bits & _ENCRYPTED:
            raise Unreadable(sentence("It is encrypted; unpack the ZIP and import the folder."))
        if entry.compress_type not in _METHODS:
            raise Unreadable(sentence("It is compressed in a rare way; unpack the ZIP and import the folder."))
        try:
            with archive.open(entry) as file:
                return self._taken(file, size_bytes)
        except _BROKEN as error:
            raise Unreadable(sentence("The ZIP is damaged here.")) from error

    def _taken(self, file: IO[bytes], size_bytes: int) -> bytes:
        pieces: list[bytes] = []
        while size_bytes > 0 and (piece := file.read(min(size_bytes, _STEP_BYTES))):
            pieces.append(piece)
            size_bytes -= len(piece)
            self._left_bytes -= len(piece)
            if self._left_bytes < 0:
                raise InvalidRequest(
                    sentence(
                        "More than {limit} GB would be unpacked from this ZIP; split it.", limit=READ_BYTES_MAX // 2**30
                    )
                )
        return b"".join(pieces)


class _Wary:
    """A file that hands out only so much at once: zipfile reads a list of contents whole, of whatever size it says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size_bytes: int = -1) -> bytes:
        piece = self._file.read(size_bytes if 0 <= size_bytes <= DIRECTORY_BYTES_MAX else DIRECTORY_BYTES_MAX)
        if len(piece) == DIRECTORY_BYTES_MAX:
            raise zipfile.BadZipFile(sentence("its list of contents is too long"))
        return piece

    def seekable(self) -> bool:
        return True


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/")  # unlike is_dir, also for an entry without any name


def _is_passed_by(entry: zipfile.ZipInfo) -> bool:
    """Folders, hidden files, and what macOS puts beside files. ``..`` is hidden too; names lead nowhere anyway."""
    path = _path(entry)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return hidden or not path.name or _is_folder(entry)


def _dated(entry: zipfile.ZipInfo) -> float:
    """A ZIP's dates are in the local time of whoever made it, without a zone; 0 for one that is none."""
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


def _reason(error: Exception) -> str:
    """What :mod:`zipfile` says, or what we said through it."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
