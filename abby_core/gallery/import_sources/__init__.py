"""The places pictures are imported from, and which of them a path is."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from abby_core.errors import InvalidRequest
from abby_core.gallery.import_source import Found, Source
from abby_core.gallery.import_sources.folder import Folder, SingleFile
from abby_core.gallery.import_sources.zip_file import ZipFile
from abby_core.sentence import sentence

__all__ = ["Folder", "SingleFile", "Together", "ZipFile", "source_of"]


def source_of(path: Path, *, passing_by: Sequence[Path] = ()) -> Source:
    """A folder, a ZIP or a file, whichever lies there. Raises InvalidRequest.

    ``passing_by``: Abby's own folders, which are not looked into wherever they lie.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            sentence("{path!r} cannot be read: there is no such file or folder.", path=str(path))
        ) from error
    if any(path.resolve().is_relative_to(own.resolve()) for own in passing_by):
        raise InvalidRequest(
            sentence("{path!r} lies in Abby's own folder: its pictures are there already.", path=str(path))
        )
    if stat.S_ISDIR(status.st_mode):
        return Folder(path, passing_by=passing_by)
    if not stat.S_ISREG(status.st_mode):
        raise InvalidRequest(sentence("{path!r} is neither a file nor a folder.", path=str(path)))
    return ZipFile(path) if path.suffix.lower() == ".zip" else SingleFile(path)


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
