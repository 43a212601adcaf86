"""A file of lines that several processes append to, and that is moved aside before it grows too long."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

ROTATION_SECONDS_MAX = 60
"""Age at which a lock for renaming files was left behind by a process that died."""


class RotatingFile:
    """``path``, and the older files ``<path>.1``, ``<path>.2`` …: ``files_max`` in all.

    None grows beyond ``bytes_max``, unless one line alone does or another process is renaming them just then.
    The file is opened for each write only, so that it can be renamed on Windows too.
    """

    def __init__(self, path: Path, *, bytes_max: int, files_max: int) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._generations = [path, *(Path(f"{path}.{number}") for number in range(1, files_max))]
        self._lock = Path(f"{path}.lock")
        self._line_is_torn = False

    def append(self, lines: list[bytes]) -> None:
        """Append whole lines, each with its line end; what is in the file is removed from ``lines``.

        Raises OSError; the lines that are left are not in the file then.
        """
        while lines:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            chunk = self._fitting(lines)
            if self._is_full(len(chunk)):
                self._rotate(len(chunk))
            written = self._write(chunk)
            del lines[: chunk[:written].count(b"\n")]
            if written < len(chunk):
                self._line_is_torn = chunk[written - 1 : written] != b"\n"
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def blank(self, matches: Callable[[bytes], bool]) -> int:
        """Overwrite every line that matches with ``{}`` and spaces; returns how many. Raises OSError.

        No line moves, so others may append and rename files meanwhile. From the newest file to the oldest: one that
        is renamed moves on to where we have not been yet.
        """
        return sum(_blank(path, matches) for path in self._generations)

    def _fitting(self, lines: list[bytes]) -> bytes:
        """The first line, and as many more as one file takes."""
        count, size_bytes = 1, len(lines[0])
        while count < len(lines) and size_bytes + len(lines[count]) <= self._bytes_max:
            size_bytes += len(lines[count])
            count += 1
        return b"".join(lines[:count])

    def _write(self, chunk: bytes) -> int:
        """One write at the end of the file, so that lines of several processes never mix."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        file = os.open(self._path, flags, 0o600)
        try:
            if self._line_is_torn:
                os.write(file, b"\n")
                self._line_is_torn = False
            return os.write(file, chunk)
        finally:
            os.close(file)

    def _is_full(self, more_bytes: int) -> bool:
        try:
            size_bytes = self._path.stat().st_size
        except FileNotFoundError:
            return False
        return size_bytes > 0 and size_bytes + more_bytes > self._bytes_max

    def _rotate(self, more_bytes: int) -> None:
        """Move every file on by one; whoever finds the lock taken leaves it to the other process."""
        try:
            os.close(os.open(self._lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            self._remove_stale_lock()
            return
        try:
            if self._is_full(more_bytes):  # still: another process may have been quicker
                self._generations[-1].unlink(missing_ok=True)
                for older, newer in zip(self._generations[:0:-1], self._generations[-2::-1], strict=True):
                    with contextlib.suppress(FileNotFoundError):
                        newer.replace(older)
        finally:
            self._lock.unlink(missing_ok=True)

    def _remove_stale_lock(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - self._lock.stat().st_mtime > ROTATION_SECONDS_MAX:
                self._lock.unlink()


def _blank(path: Path, matches: Callable[[bytes], bool]) -> int:
    blanked = 0
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        end = 0
        while line := file.readline():
            end += len(line)
            text = line.rstrip(b"\n")
            if len(text) >= 2 and matches(text):
                file.seek(end - len(line))
                file.write(b"{}".ljust(len(text)))
                file.seek(end)
                blanked += 1
        file.flush()
        os.fsync(file.fileno())
    return blanked
