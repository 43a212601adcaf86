"""The one door to the database.

Functions on the database are synchronous and take a transaction first::

    used = database.read(ledger.used, account)          # on the caller's thread
    hold = database.write(ledger.reserve, ...)          # waits until it is committed and durable
    hold = await database.run(ledger.reserve, ...)      # the same from a coroutine, off the event loop

SQLite has one writing thread, which groups whoever is waiting into one commit; PostgreSQL a small pool.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from abby_core.database.transaction import DatabaseFunction, P, T, Transaction, W
from abby_core.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlite3

    import psycopg

DriverConnection: TypeAlias = "sqlite3.Connection | psycopg.Connection[Any]"
SQLITE_FILE = "image_stats.db"


class Database(Protocol):
    """See the module. Raises :class:`~abby_core.errors.StorageError` for trouble with the database itself."""

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    def connect(self) -> DriverConnection:
        """A connection of the driver's own, for migrations and backups; the caller closes it."""
        ...

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function that only reads, on the caller's thread, over one snapshot. What it tries to write fails."""
        ...

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in its own transaction and wait until that is durable."""
        ...

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`write` for coroutines. What was asked for is done even if the caller is cancelled meanwhile."""
        ...

    async def run_after(self, work: Callable[[], W], function: Callable[[Transaction, W], T]) -> T:
        """Do ``work`` on a thread and then :meth:`run` ``function`` with what came of it, straight from that thread.

        Raises what ``work`` raises; then there is no transaction.
        """
        ...

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`read` for coroutines, on one of the database's threads."""
        ...

    async def glance(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """:meth:`fetch` of a function that says one statement, about rows it names by their keys.

        Such a look may be taken at once, on the loop's own thread, where nothing can make it wait.
        """
        ...

    def close(self) -> None:
        """Finish what was begun and let go of all connections. May be called twice."""
        ...


def open_database(url: str, *, root: Path) -> Database:
    """The database named by ``url``; blank means SQLite's file in ``root``. Opens nothing yet.

    Raises ConfigurationError for a URL that cannot work, without repeating it: it may hold a password.
    """
    scheme, _, rest = (url or "sqlite:///").partition("://")
    kind, file = scheme.partition("+")[0].lower(), rest.removeprefix("/")
    if kind in {"postgresql", "postgres"} and rest:
        from abby_core.database.postgresql import PostgreSQLDatabase

        return PostgreSQLDatabase(f"postgresql://{rest}")
    if kind == "sqlite" and rest and not file.startswith(":"):  # ":memory:" would be another one for each connection
        from abby_core.database.sqlite import SQLiteDatabase

        return SQLiteDatabase(Path(file) if file else root / SQLITE_FILE)
    raise ConfigurationError(
        "DATABASE_URL names no database that Abby knows: it starts with postgresql://, or with sqlite:/// and the path "
        "of a file, or is empty."
    )
