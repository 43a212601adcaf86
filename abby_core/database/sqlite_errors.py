"""What SQLite's errors mean: sentences a host can act on."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import cast

from abby_core.errors import DiskFull, StorageError
from abby_core.sentence import sentence


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Raise the driver's errors as StorageError, DiskFull among them."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _told(path: Path, error: sqlite3.Error) -> StorageError:
    code, reason = cast("int", getattr(error, "sqlite_errorcode", 0)) & 0xFF, str(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(sentence("The disk is full: the database {path} could not be written.", path=path))
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        text = sentence(
            "The database file {path} is damaged ({reason}). Stop Abby, move it aside, put the newest "
            "backup copy (image_stats.db.*.bak) in its place and run `abby fsck --repair`.",
            path=path,
            reason=reason,
        )
    elif code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        text = sentence("The database {path} is busy: another program holds it. Try again.", path=path)
    elif code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        text = sentence(
            "The database {path} cannot be opened for writing ({reason}). Check the folder's permissions.",
            path=path,
            reason=reason,
        )
    else:
        text = sentence("The database {path} failed: {reason}.", path=path, reason=reason)
    return StorageError(text)
