"""The one door to the database.

Functions on the database are synchronous and take a transaction first::

    used = database.read(ledger.used, account)          # on the caller's thread
    hold = database.write(ledger.reserve, ...)          # waits until it is committed and durable
    hold = await database.run(ledger.reserve, ...)      # the same from a coroutine, off the event loop

SQLite has one writing thread, which groups whoever is waiting into one commit; PostgreSQL a small pool.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from abby_core.database.transaction import DatabaseFunction, P, T
from abby_core.errors import ConfigurationError

SQLITE_FILE = "image_stats.db"


class Database(Protocol):
    """See the module. Raises :class:`~abby_core.errors.StorageError` for trouble with the database itself."""

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of it. Holds the password: never show it."""
        ...

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that only reads, on the caller's thread, over one snapshot."""
        ...

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in its own transaction and wait until that is durable."""
        ...

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`write` for coroutines."""
        ...

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`read` for coroutines, on one of the database's threads."""
        ...

    def close(self) -> None:
        """Finish what was begun and let go of all connections. May be called twice."""
        ...


def open_database(url: str, *, root: Path) -> Database:
    """The database named by ``url``; blank means SQLite's file in ``root``. Opens nothing yet."""
    if not url:
        from abby_core.database.sqlite import SQLiteDatabase

        return SQLiteDatabase(root / SQLITE_FILE)
    scheme = url.partition("://")[0].partition("+")[0]
    if scheme in {"postgresql", "postgres"}:
        from abby_core.database.postgresql import PostgreSQLDatabase

        return PostgreSQLDatabase("postgresql://" + url.partition("://")[2])
    if scheme == "sqlite":
        from abby_core.database.sqlite import SQLiteDatabase

        return SQLiteDatabase(Path(url.partition("://")[2].removeprefix("/") or root / SQLITE_FILE))
    raise ConfigurationError(
        f"DATABASE_URL starts with {scheme!r}; Abby knows postgresql:// and sqlite:///, or leave it empty."
    )
