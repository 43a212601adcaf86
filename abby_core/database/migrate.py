"""Bring a database to the newest version with Alembic. Imported only when there is something to do."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from abby_core.database.schema import HEAD
from abby_core.errors import StorageError

if TYPE_CHECKING:
    from abby_core.database.database import Database

log = logging.getLogger(__name__)
MIGRATIONS = Path(__file__).parent / "migrations"
ENGINES = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}


def upgrade(database: Database, revision: str = HEAD, *, migrations: Path = MIGRATIONS) -> None:
    """Run the missing migrations in one transaction; another process doing the same is waited for.

    A SQLite file that holds data is copied first, to ``<file>.<old version>.bak``. Foreign keys are off while
    tables are rebuilt and checked before the commit. Raises StorageError, the database as it was before.
    """
    # The driver connects, not SQLAlchemy by a URL: there is no URL for a file with a ? or a % in its path.
    engine = create_engine(ENGINES[database.dialect], creator=database.connect, poolclass=NullPool)
    if database.dialect == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begin)
    try:
        with engine.begin() as connection:
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('abby:migration'))"))
            version = _version(connection)
            if version == revision:
                return
            if database.dialect == "sqlite" and version is not None:
                _copy_first(connection, version)
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", migrations.as_posix().replace("%", "%%"))
            command.upgrade(config, revision)
            if database.dialect == "sqlite":
                broken = connection.execute(text("PRAGMA foreign_key_check")).all()
                if broken:
                    raise StorageError(f"The migration would break {len(broken)} references; nothing was changed.")
            if version is not None:
                log.info("database brought from version %s to %s", version, revision)
    except DBAPIError as error:
        raise StorageError(f"The database could not be prepared: {error.orig}.") from error
    except (CommandError, OSError) as error:
        raise StorageError(f"The database could not be brought to version {revision}: {error}") from error
    finally:
        engine.dispose()


def _sqlite_connected(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # else the driver commits before each change of a table
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=FULL")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _copy_first(connection: Connection, version: str) -> None:
    """Copy the file as it stands; we hold the write lock, so nobody changes it meanwhile."""
    path = Path(str(connection.execute(text("SELECT file FROM pragma_database_list WHERE name = 'main'")).scalar()))
    copy = path.with_name(f"{path.name}.{version}.bak")
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    if shutil.disk_usage(path.parent).free < 2 * path.stat().st_size:
        raise StorageError(f"Not enough free disk to copy {path.name} before changing it; free some and start again.")
    source, target = sqlite3.connect(path), sqlite3.connect(part)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    part.replace(copy)
