"""Is the database at the version this code knows? A glance at every start; Alembic only when it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abby_core.errors import ConfigurationError

if TYPE_CHECKING:
    from abby_core.database.database import Database
    from abby_core.database.transaction import Transaction

HEAD = "0004"
"""The newest migration. A test compares it with the folder of migrations."""

_HAS_VERSION_TABLE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT table_name AS name FROM information_schema.tables"
    " WHERE table_schema = current_schema() AND table_name = 'alembic_version'",
}


def ensure_schema(tx: Transaction, database: Database) -> None:
    """Bring the database to :data:`HEAD`. Raises ConfigurationError when it was written by a newer Abby."""
    if version_of(tx, database.dialect) == HEAD:
        return
    from abby_core.database.migrate import upgrade

    upgrade(database)


def version_of(tx: Transaction, dialect: str) -> str | None:
    """The migration the database is at; None for an empty one."""
    if tx.row(_HAS_VERSION_TABLE[dialect]) is None:
        return None
    row = tx.row("SELECT version_num FROM alembic_version")
    if row is None:
        return None
    version = str(row["version_num"])
    if version > HEAD:
        raise ConfigurationError(
            f"The database was written by a newer Abby (its version {version}, this program knows {HEAD}). "
            "Update Abby, or restore the backup copy made before that update."
        )
    return version
