"""Where pictures to import come from: a folder, a ZIP, single files. Nothing is trusted, nothing is unpacked to disk.

A source hands out :class:`Found` files one by one; whoever takes them reads each at most once, and never more than it
asks for. Links are not followed, hidden files and whole folders of them are passed by.
"""

from __future__ import annotations

import os
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Protocol

from abby_core.errors import InvalidRequest

FILES_MAX = 100_000
"""Most files that are looked at in one import: the list of them stays in memory."""
FOLDER_DEPTH_MAX = 16
"""Most folders inside each other; people's own collections have three or four."""
ZIP_ENTRIES_MAX = 20_000
ZIP_DIRECTORY_BYTES_MAX = 8 * 2**20
"""Largest list of contents of a ZIP: it is read whole. 20 000 entries with long names have half of it."""
ZIP_READ_BYTES_MAX = 16 * 2**30
"""Most bytes that are unpacked from one ZIP; one with more real pictures can be split."""
_STEP_BYTES = 2**18
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""All that usual programs write. Others may ask for gigabytes before the first byte comes."""
_ENCRYPTED = 0x1
_JUNCTION = 0xA0000003
"""Reparse tag of an NTFS junction: a link to a folder that does not look like one."""


class Unreadable(Exception):
    """A file cannot be read; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file that may be a picture. ``place`` is for people; ``name`` its last part; ``modified_at`` as time.time()."""

    place: str
    name: str
    modified_at: float
    read: Callable[[int], bytes]
    """The first so many bytes at most. Raises :class:`Unreadable`."""


class Source(Protocol):
    """Files to import. All of it blocks."""

    @property
    def skipped(self) -> int:
        """How many files were passed by so far."""
        ...

    def count(self) -> int:
        """How many files :meth:`found` will hand out. Raises InvalidRequest."""
        ...

    def found(self) -> Iterator[Found]:
        """The files, in an order that stays the same. Raises InvalidRequest."""
        ...


def source_of(path: Path) -> Source:
    """A folder, a ZIP or a file, whichever lies there. Raises InvalidRequest."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{str(path)!r} cannot be read: there is no such file or folder.") from error
    if stat.S_ISDIR(status.st_mode):
        return Folder(path)
    if not stat.S_ISREG(status.st_mode):
        raise InvalidRequest(f"{str(path)!r} is neither a file nor a folder.")
    return Zip(path) if path.suffix.lower() == ".zip" else SingleFile(path)


# ---------------------------------------------------------------------- folders and files


class Folder:
    """All files below a folder, whose own path may be a link."""

    def __init__(self, folder: Path) -> None:
        self.skipped = 0
        self._folder = folder
        self._files: list[Path] | None = None

    def count(self) -> int:
        return len(self._listed())

    def found(self) -> Iterator[Found]:
        for path in self._listed():
            place = path.relative_to(self._folder).as_posix()
            yield Found(place=place, name=path.name, modified_at=_modified_at(path), read=lambda n, p=path: _read(p, n))

    def _listed(self) -> list[Path]:
        if self._files is None:
            files = list(islice(self._walk(self._folder, depth=1), FILES_MAX + 1))
            if len(files) > FILES_MAX:
                raise InvalidRequest(f"There are more than {FILES_MAX} files; import some of the folders at a time.")
            self._files = files
        return self._files

    def _walk(self, folder: Path, *, depth: int) -> Iterator[Path]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if depth == 1:
                raise InvalidRequest(f"{str(folder)!r} cannot be read: {error.strerror}.") from error
            self.skipped += 1
            return
        for entry in entries:
            hidden = entry.name.startswith(".") or _is_link(entry)
            if not hidden and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif not hidden and entry.is_dir(follow_symlinks=False) and depth < FOLDER_DEPTH_MAX:
                yield from self._walk(Path(entry.path), depth=depth + 1)
            else:  # also pipes and devices
                self.skipped += 1


class SingleFile:
    """One file that somebody named."""

    def __init__(self, path: Path) -> None:
        self.skipped = 0
        self._path = path

    def count(self) -> int:
        return 1

    def found(self) -> Iterator[Found]:
        path = self._path
        yield Found(
            place=str(path), name=path.name, modified_at=_modified_at(path),
            read=lambda size_bytes: _read(path, size_bytes, follow=True),
        )  # fmt: skip


class Together:
    """Several sources, one after the other."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    @property
    def skipped(self) -> int:
        return sum(source.skipped for source in self._sources)

    def count(self) -> int:
        return sum(source.count() for source in self._sources)

    def found(self) -> Iterator[Found]:
        for source in self._sources:
            yield from source.found()


def _is_link(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        return True
    try:
        return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION
    except OSError:
        return True


def _modified_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path, size_bytes: int, *, follow: bool = False) -> bytes:
    """The start of a file, and of nothing else that may lie there by now: no link, no pipe that never ends."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        fd = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise Unreadable("It is no file.")
            return file.read(size_bytes)
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.") from error


# ---------------------------------------------------------------------- ZIP


class Zip:
    """The files in a ZIP, given as a path or as an open file that can be sought in. Nested ones are not looked into."""

    def __init__(self, file: Path | BinaryIO) -> None:
        self.skipped = 0
        self._file = file
        self._left_bytes = ZIP_READ_BYTES_MAX

    def count(self) -> int:
        with self._opened() as archive:
            return sum(1 for entry in archive.infolist() if not _is_passed_by(entry))

    def found(self) -> Iterator[Found]:
        self.skipped = 0
        with self._opened() as archive:
            for entry in archive.infolist():
                if _is_passed_by(entry):
                    self.skipped += not entry.is_dir()
                    continue
                yield Found(
                    place=entry.filename, name=_parts(entry)[-1], modified_at=_dated(entry),
                    read=lambda size_bytes, entry=entry: self._read(archive, entry, size_bytes),
                )  # fmt: skip

    @contextmanager
    def _opened(self) -> Generator[zipfile.ZipFile]:
        try:
            file = self._file.open("rb") if isinstance(self._file, Path) else self._file
        except OSError as error:
            raise InvalidRequest(f"This ZIP cannot be read: {error.strerror}.") from error
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
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InvalidRequest(f"This ZIP cannot be read ({error}). Make it anew, or import the folder.") from error
        if len(archive.infolist()) > ZIP_ENTRIES_MAX:
            raise InvalidRequest(f"This ZIP has more than {ZIP_ENTRIES_MAX} entries; split it.")
        return archive

    def _read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size_bytes: int) -> bytes:
        """Whatever the headers say about sizes: no more is unpacked than asked for."""
        if entry.flag_bits & _ENCRYPTED:
            raise Unreadable("It is encrypted; unpack the ZIP and import the folder.")
        if entry.compress_type not in _METHODS:
            raise Unreadable("It is compressed in a rare way; unpack the ZIP and import the folder.")
        try:
            with archive.open(entry) as file:
                return self._taken(file, size_bytes)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise Unreadable("The ZIP is damaged here.") from error

    def _taken(self, file: IO[bytes], size_bytes: int) -> bytes:
        pieces: list[bytes] = []
        while size_bytes > 0 and (piece := file.read(min(size_bytes, _STEP_BYTES))):
            pieces.append(piece)
            size_bytes -= len(piece)
            self._left_bytes -= len(piece)
            if self._left_bytes < 0:
                raise InvalidRequest(
                    f"More than {ZIP_READ_BYTES_MAX // 2**30} GB would be unpacked from this ZIP; split it."
                )
        return b"".join(pieces)


class _Wary:
    """A file that hands out only so much at once: zipfile reads a list of contents whole, of whatever size it says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size_bytes: int = -1) -> bytes:
        piece = self._file.read(size_bytes if 0 <= size_bytes <= ZIP_DIRECTORY_BYTES_MAX else ZIP_DIRECTORY_BYTES_MAX)
        if len(piece) == ZIP_DIRECTORY_BYTES_MAX:
            raise zipfile.BadZipFile("its list of contents is too long")
        return piece

    def seekable(self) -> bool:
        return True


def _parts(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(entry.filename.replace("\\", "/")).parts


def _is_passed_by(entry: zipfile.ZipInfo) -> bool:
    """Folders, hidden files, and what macOS puts beside files. ``..`` is hidden too; names lead nowhere anyway."""
    parts = _parts(entry)
    return entry.is_dir() or not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _dated(entry: zipfile.ZipInfo) -> float:
    """A ZIP's dates are in the local time of whoever made it, without a zone; 0 for one that is none."""
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0
