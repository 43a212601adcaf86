"""Blobs as plain files below one folder, each under its key."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from abby_core.errors import DiskFull, StorageError
from abby_core.sentence import sentence
from abby_core.storage.blob_store import BlobExists, BlobInfo, BlobMissing, key_parts
from abby_core.storage.names import name_key

PASSING_BYTES_MIN = 256 * 2**10
"""Blobs from this size on do not stay in the system's memory once they are on the disk. Pictures are seldom looked at
again in their full size, so that memory is better kept for the database and for thumbnails. Memory that is taken and
given back is also quicker than ever new memory: on a virtual machine that was a half of what writing 1.5 MB costs."""
_PART_PREFIX, _PART_SUFFIX = ".abby-", ".part"
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK}
"""What ``link`` says on a file system without hard links (FAT, exFAT, some network shares)."""
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
"""What ``fsync`` says of a folder on a file system that has no such thing."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_JUNCTION = 0xA0000003
"""Reparse tag of an NTFS junction (IO_REPARSE_TAG_MOUNT_POINT): a link to a folder that does not look like one."""


class System(Protocol):
    """The calls that decide whether a write survives; :mod:`os` but in tests, which make them fail."""

    def write(self, fd: int, data: memoryview, /) -> int: ...

    def fsync(self, fd: int, /) -> None: ...

    def link(self, src: Path, dst: Path, /) -> None: ...


class LocalBlobs:
    """Files below ``root``, which need not exist yet; nothing is opened or made before the first ``put``.

    A blob is written to a part file beside its place, synced, and then linked to its name, which fails if the name
    is taken: there is no moment at which half a blob has a name, or one replaces another. Links below the root
    are never followed, whoever made them; the root itself may be one.
    """

    def __init__(self, root: Path, *, system: System = os) -> None:
        self.root = root
        self._system = system

    def put(self, key: str, data: bytes) -> None:
        with _translated(sentence("The picture could not be written")):
            target = self._locate(key)
            changed = _make_folder(target.parent)
            part = target.parent / f"{_PART_PREFIX}{secrets.token_hex(8)}{_PART_SUFFIX}"
            try:
                self._write(part, data)
                self._give_name(part, target)
            finally:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
            try:
                for folder in (target.parent, *changed):
                    self._sync_folder(folder)
            except BaseException:  # it has its name, but perhaps not after a power cut: better none
                with suppress(OSError):
                    target.unlink()
                raise

    def open(self, key: str) -> bytes:
        path = self.path(key)
        if path is None:
            raise BlobMissing(sentence("The picture is not in the store."))
        with _translated(sentence("The picture could not be read")):
            try:
                with open(path, "rb", opener=_open_no_link) as file:
                    return file.read()
            except FileNotFoundError as error:
                raise BlobMissing(sentence("The picture is not in the store.")) from error

    def size(self, key: str) -> int | None:
        with _translated(sentence("The picture could not be looked at")):
            status = _file_status(self._locate(key))
        return None if status is None else status.st_size

    def delete(self, key: str) -> bool:
        path = self.path(key)
        if path is None:
            return False
        with _translated(sentence("The picture could not be removed")):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
        return True

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        folder, slash, _ = prefix.rpartition("/")
        with _translated(sentence("The stored pictures could not be listed")):
            start = self._folder(key_parts(folder)) if slash else self.root
            for key, entry in _files(start, folder + slash):
                if key.startswith(prefix) and _is_key(key):
                    with suppress(FileNotFoundError):  # removed since the folder was read
                        status = entry.stat(follow_symlinks=False)
                        yield BlobInfo(key=key, size_bytes=status.st_size, modified_at=status.st_mtime)

    def path(self, key: str) -> Path | None:
        with _translated(sentence("The picture could not be looked at")):
            path = self._locate(key)
            return None if _file_status(path) is None else path

    def remove_folder(self, folder: str) -> bool:
        with _translated(sentence("An empty folder could not be removed")):
            place = self._folder(key_parts(folder))
            if not place.is_dir():
                return True
            for _, entry in _files(place, "", parts=True):
                Path(entry.path).unlink(missing_ok=True)
            _remove_empty(place)
            return not place.exists()

    def free_bytes(self) -> int | None:
        root = self.root.absolute()
        for folder in (root, *root.parents):
            with suppress(OSError):
                return shutil.disk_usage(folder).free
        return None

    def sweep_parts(self, *, older_than_seconds: float) -> int:
        oldest, swept = time.time() - older_than_seconds, 0
        with _translated(sentence("The remains of interrupted writes could not be removed")):
            for _, entry in _files(self.root, "", parts=True):
                with suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        Path(entry.path).unlink()
                        swept += 1
        return swept

    def _locate(self, key: str) -> Path:
        *folders, name = key_parts(key)
        return self._folder(folders) / name

    def _folder(self, parts: Iterable[str]) -> Path:
        """Where a folder is, or would be. Raises StorageError where a link lies on the way."""
        place = str(self.root)
        for part in parts:
            place = os.path.join(place, part)  # noqa: PTH118 -- each picture passes here, and texts are quick
            try:
                status = os.lstat(place)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if _is_link(status):
                raise StorageError(
                    sentence("{part} is a link, and links are not followed in the picture store.", part=part)
                )
        return Path(place)

    def _write(self, part: Path, data: bytes) -> None:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._system.write(fd, rest) :]
            self._system.fsync(fd)
            if len(data) >= PASSING_BYTES_MIN:
                _let_pass(fd)
        finally:
            os.close(fd)

    def _give_name(self, part: Path, target: Path) -> None:
        try:
            if sys.platform == "win32":
                os.rename(part, target)  # never replaces there  # noqa: PTH104
            else:
                self._system.link(part, target)
        except FileExistsError as error:
            raise BlobExists(sentence("A picture of that name exists already.")) from error
        except OSError as error:
            if sys.platform == "win32" or error.errno not in _NO_LINKS:
                raise
            _rename_alone(part, target)

    def _sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable; Windows does so by itself and cannot be asked."""
        if sys.platform == "win32":
            return
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._system.fsync(fd)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(fd)


def _let_pass(fd: int) -> None:
    """Free the memory in which the system keeps what was just written, where it can be asked to."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _make_folder(folder: Path) -> Sequence[Path]:
    """Make a folder and those above it. Returns the folders that got a new entry."""
    missing: list[Path] = []
    while not folder.is_dir() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        with suppress(FileExistsError):  # another thread was faster; or a file lies there, and writing will say so
            new.mkdir()
    return [new.parent for new in missing]


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those in it, as far as there is nothing else in them. Links are not followed."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False) and not _leads_elsewhere(entry):
                _remove_empty(Path(entry.path))
    with suppress(OSError):  # something lies in it, or another process was faster
        folder.rmdir()


def _rename_alone(part: Path, target: Path) -> None:
    """Give a part its name on a disk without links, where renaming would replace what is there.

    Only who made the lock file may look and then rename. A crash leaves the lock, which reads as "taken" until it
    is swept like any part.
    """
    digest = blake2b(name_key(target.name).encode(), digest_size=8).hexdigest()
    lock = target.parent / f"{_PART_PREFIX}{digest}{_PART_SUFFIX}"
    try:
        lock.touch(exist_ok=False)
    except FileExistsError as error:
        raise BlobExists(sentence("A picture of that name is being written already.")) from error
    try:
        if os.path.lexists(target):
            raise BlobExists(sentence("A picture of that name exists already."))
        part.rename(target)
    finally:
        with suppress(OSError):
            lock.unlink()


def _files(folder: Path, prefix: str, *, parts: bool = False) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every file below a folder, with its key: either the blobs or the part files. Links, hidden folders: passed by."""
    waiting = [(folder, prefix)]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = os.scandir(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            if parts:  # lost+found, say: whoever may not look in never wrote there
                continue
            raise
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name[0] != "." and not _leads_elsewhere(entry):
                        waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                elif entry.is_file(follow_symlinks=False) and _is_part(entry.name) == parts:
                    yield prefix + entry.name, entry


def _is_part(name: str) -> bool:
    return name.startswith(_PART_PREFIX) and name.endswith(_PART_SUFFIX)


def _is_key(key: str) -> bool:
    """False for files of other origin whose names no key has."""
    try:
        key_parts(key)
    except StorageError:
        return False
    return True


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _file_status(path: Path) -> os.stat_result | None:
    status = _status(path)
    return status if status is not None and stat.S_ISREG(status.st_mode) else None


def _is_link(status: os.stat_result) -> bool:
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


def _leads_elsewhere(folder: os.DirEntry[str]) -> bool:
    """Whether a folder is a link after all, or was removed since it was listed: then there is nothing to look at."""
    try:
        return _is_link(folder.stat(follow_symlinks=False))
    except FileNotFoundError:
        return True


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


@contextmanager
def _translated(what: str) -> Generator[None]:
    """Disk trouble as Abby's own errors: ``what``, and why. No key or path is in the text: members see it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if error.errno in _NO_ROOM:
            raise DiskFull(sentence("The disk is full. {what}: {reason}.", what=what, reason=reason)) from error
        raise StorageError(sentence("{what}: {reason}.", what=what, reason=reason)) from error
