"""Wiping deleted rows out of the database's file: SQLite only marks their place as free.

What was deleted or changed lives on in free pages, between the rows of used ones, and in the write-ahead log.
Writing the file anew and emptying the log removes it everywhere (sqlite.org/lang_vacuum.html). A PostgreSQL
server keeps its files to itself: there rows are gone when its own vacuum has passed.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from abby_core.errors import DiskFull, StorageError
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.database import Database

BUSY_TIMEOUT_SECONDS = 30
"""How long others' transactions are waited for; they wait meanwhile, too."""
_FILE = "SELECT file FROM pragma_database_list WHERE name = 'main'"


def sweep(database: Database) -> None:
    """Leave nothing deleted in the file. Needs free disk of twice its size; takes a second or two for 100 MB.

    Raises StorageError when others kept it busy or the disk is full: what is deleted stays deleted, and the sweep
    may be repeated.
    """
    if database.dialect != "sqlite":
        return
    try:
        with contextlib.closing(cast("sqlite3.Connection", database.connect())) as connection:
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
            connection.execute("VACUUM")
            is_empty = _empty_log(connection)
    except sqlite3.Error as error:
        kind = DiskFull if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL else StorageError
        raise kind(sentence("The database's file could not be swept: {error}.", error=str(error))) from error
    if not is_empty:
        raise StorageError(sentence("The database's file could not be swept: another program is reading it."))


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and cut it off. SQLite itself does not wait for others who do the same."""
    give_up_at = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        ((busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not busy or time.monotonic() > give_up_at:
            return not busy
        time.sleep(0.01)


def copies(database: Database) -> list[Path]:
    """Copies of the file that were made before a migration: what is deleted here is still in them."""
    if database.dialect != "sqlite":
        return []
    row = database.read(lambda tx: tx.row(_FILE))
    file = Path(str(row["file"])) if row else Path()
    return sorted(file.parent.glob(f"{file.name}.*.bak"))
