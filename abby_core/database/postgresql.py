"""PostgreSQL through psycopg and its pool: short transactions, a few at a time.

Functions touch rows in one order (private before shared, the house's last), so deadlocks are not
expected; should the server report one, or should a connection turn out to be lost, the function is simply
run again, which it must bear by the rules of the house.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString, cast

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from abby_core.database.transaction import DatabaseFunction, P, Row, T, Value
from abby_core.errors import DiskFull, StorageError

CONNECTIONS_MAX = 4
"""Connections per process. Measured: throughput of the ledger is best at 2 to 4 clients and falls after."""
TRIES_MAX = 4
CONNECT_TIMEOUT_SECONDS = 10.0
UNREACHABLE = "The database server cannot be reached. Check DATABASE_URL and that PostgreSQL is running."
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


@functools.lru_cache(maxsize=1024)
def _psycopg_sql(sql: str) -> LiteralString:
    """``:name`` to psycopg's ``%(name)s``. All SQL is written in this project, none is made of input."""
    return cast("LiteralString", _PLACEHOLDER.sub(r"%(\1)s", sql.replace("%", "%%")))


class PostgreSQLTransaction:
    """:class:`~abby_core.database.transaction.Transaction` over one psycopg connection."""

    row_lock = " FOR UPDATE"

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def execute(self, sql: str, **values: Value) -> int:
        return self._connection.execute(_psycopg_sql(sql), values).rowcount

    def row(self, sql: str, **values: Value) -> Row | None:
        return self._connection.execute(_psycopg_sql(sql), values).fetchone()

    def rows(self, sql: str, **values: Value) -> list[Row]:
        return self._connection.execute(_psycopg_sql(sql), values).fetchall()

    def lock(self, name: str) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"abby:{name}",))


class PostgreSQLDatabase:
    """The door to one PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = url
        self._opening = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Row]] | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    @property
    def url(self) -> str:
        return "postgresql+psycopg://" + self._url.partition("://")[2]

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self.write(function, *args, **kwargs)

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        pool = self._open()
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                with _translated(), pool.connection() as connection, connection.transaction():
                    return function(PostgreSQLTransaction(connection), *args, **kwargs)
            except _RunAgainError as again:
                if not tries_left:
                    raise StorageError(str(again)) from again
        raise AssertionError("unreachable: the last try returns or raises")

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        if self._threads is None:
            self._threads = ThreadPoolExecutor(CONNECTIONS_MAX, "abby-database")
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self.write(function, *args, **kwargs)
        )

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(function, *args, **kwargs)

    def close(self) -> None:
        with self._opening:
            self._closed = True
            pool, self._pool = self._pool, None
        if self._threads is not None:
            self._threads.shutdown()
        if pool is not None:
            pool.close()

    def _open(self) -> ConnectionPool[psycopg.Connection[Row]]:
        if self._pool is not None:
            return self._pool
        with self._opening:
            if self._pool is not None:
                return self._pool
            if self._closed:
                raise StorageError("The database was closed already.")
            from abby_core.database.schema import ensure_schema

            pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
                self._url,
                connection_class=cast("type[psycopg.Connection[Row]]", psycopg.Connection),
                kwargs={"row_factory": dict_row, "connect_timeout": int(CONNECT_TIMEOUT_SECONDS)},
                min_size=1,
                max_size=CONNECTIONS_MAX,
                timeout=CONNECT_TIMEOUT_SECONDS,
                open=False,
            )
            try:
                with _translated():
                    pool.open(wait=True, timeout=CONNECT_TIMEOUT_SECONDS)
                    with pool.connection() as connection:
                        ensure_schema(PostgreSQLTransaction(connection), self)
            except BaseException:
                pool.close()
                raise
            self._pool = pool
            return pool


class _RunAgainError(Exception):
    """The server asked for the transaction to be repeated."""


@contextlib.contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise _RunAgainError("The database is too busy; try again in a moment.") from error
    except psycopg.errors.DiskFull as error:
        raise DiskFull("The database server's disk is full.") from error
    except PoolTimeout as error:
        raise StorageError(UNREACHABLE) from error
    except psycopg.OperationalError as error:  # a connection that died in the pool, or a server restarting
        raise _RunAgainError(UNREACHABLE) from error
    except psycopg.Error as error:
        raise StorageError(f"The database failed: {str(error).partition(chr(10))[0]}.") from error
