"""Files below a folder, or a single one. Links are not followed, hidden files and folders are passed by."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from abby_core.errors import InvalidRequest
from abby_core.gallery.download import LIST_FILE
from abby_core.gallery.import_source import Found, Unreadable, notes
from abby_core.sentence import sentence

FILES_MAX = 100_000
"""Most files that are looked at in one import: the list of them stays in memory."""
FOLDER_DEPTH_MAX = 16
"""Most folders inside each other; people's own collections have three or four."""
_JUNCTION = 0xA0000003
"""Reparse tag of an NTFS junction: a link to a folder that does not look like one."""


class Folder:
    """All files below a folder, whose own path may be a link; those in ``passing_by`` are not looked into."""

    def __init__(self, folder: Path, *, passing_by: Sequence[Path] = ()) -> None:
        self.skipped = 0
        self._folder = folder
        self._passing_by = passing_by
        self._files: list[Path] | None = None

    def count(self) -> int:
        return len(self._listed())

    def found(self) -> Iterator[Found]:
        known = notes(lambda size_bytes: _read(self._folder / LIST_FILE, size_bytes))
        for path in self._listed():
            place = path.relative_to(self._folder).as_posix()
            yield Found(
                place=place, name=path.name, modified_at=_modified_at(path), note=known.get(place, {}),
                read=lambda size_bytes, path=path: _read(path, size_bytes),
            )  # fmt: skip

    def _listed(self) -> list[Path]:
        if self._files is None:
            files = list(islice(self._walk(self._folder, depth=1), FILES_MAX + 1))
            if len(files) > FILES_MAX:
                raise InvalidRequest(
                    sentence(
                        "There are more than {limit} files; import some of the folders at a time.", limit=FILES_MAX
                    )
                )
            self._files = files
        return self._files

    def _walk(self, folder: Path, *, depth: int) -> Iterator[Path]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if depth == 1:
                raise InvalidRequest(
                    sentence("{folder!r} cannot be read: {reason}.", folder=str(folder), reason=error.strerror)
                ) from error
            self.skipped += 1
            return
        for entry in entries:
            hidden = entry.name.startswith(".") or _is_link(entry)
            if not hidden and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif not hidden and depth < FOLDER_DEPTH_MAX and self._is_entered(entry):
                yield from self._walk(Path(entry.path), depth=depth + 1)
            else:  # also pipes and devices
                self.skipped += 1

    def _is_entered(self, entry: os.DirEntry[str]) -> bool:
        return entry.is_dir(follow_symlinks=False) and not any(_is_same(entry, own) for own in self._passing_by)


class SingleFile:
    """One file that somebody named; a link to one will do."""

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


def _is_link(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        return True
    try:
        return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION
    except OSError:
        return True


def _is_same(entry: os.DirEntry[str], folder: Path) -> bool:
    try:
        return Path(entry.path).samefile(folder)
    except OSError:  # one of them is not there
        return False


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
                raise Unreadable(sentence("It is no file."))
            return file.read(size_bytes)
    except OSError as error:
        raise Unreadable(sentence("It cannot be read: {reason}.", reason=error.strerror)) from error
