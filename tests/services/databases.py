"""Databases for the tests: where one is, opened as often as a test likes, and emptied quickly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from abby_core.database.database import SQLITE_FILE, Database, open_database
from abby_core.database.transaction import Row, Transaction

TABLES = (
    "artifacts",
    "counters",
    "deliveries",
    "journal",
    "limits",
    "orders",
    "reservations",
    "retired_blobs",
    "turns",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a database is. Blank ``url``: the SQLite file in ``root``."""

    url: str
    root: Path

    def open(self) -> Database:
        """A new door to it, as another process would have."""
        return open_database(self.url, root=self.root)

    @property
    def file(self) -> Path:
        return self.root / SQLITE_FILE


def migrate(place: Place) -> Place:
    """Bring the database there to the newest version."""
    database = place.open()
    database.read(lambda tx: tx.row("SELECT 1 AS one"))
    database.close()
    return place


def copy_of(template: Place, root: Path) -> Place:
    """A copy of a SQLite database that nobody has open."""
    root.mkdir(parents=True, exist_ok=True)
    copy = Place(url="", root=root)
    copy.file.write_bytes(template.file.read_bytes())
    return copy


def empty(database: Database) -> None:
    """Remove every row."""

    def delete(tx: Transaction) -> None:
        for table in TABLES:
            tx.execute(f"DELETE FROM {table}")

    database.write(delete)


def contents(database: Database) -> dict[str, list[Row]]:
    """Every row of every table, to compare before and after."""

    def read(tx: Transaction) -> dict[str, list[Row]]:
        found = {table: tx.rows(f"SELECT * FROM {table}") for table in TABLES}
        return {table: sorted(rows, key=repr) for table, rows in found.items()}

    return database.read(read)
