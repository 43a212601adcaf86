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
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString, cast

import psycopg
import psycopg.conninfo
from psycopg import IsolationLevel
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from abby_core.database.transaction import DatabaseFunction, P, Row, T, Transaction, Value, W
from abby_core.errors import ConfigurationError, DiskFull, StorageError
from abby_core.sentence import sentence

CONNECTIONS_MAX = 4
"""Connections per process. Measured: throughput of the ledger is best at 2 to 4 clients and falls after."""
TRIES_MAX = CONNECTIONS_MAX + 1
"""Once for each connection that a restarted server may have left dead in the pool, and once more."""
CONNECT_TIMEOUT_SECONDS = 10.0
CLOSED = sentence("The database was closed already.")
UNREACHABLE = sentence("The database server cannot be reached. Check DATABASE_URL and that PostgreSQL is running.")
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


@functools.lru_cache(maxsize=1024)
def _psycopg_sql(sql: str) -> LiteralString:
    """``:name`` to psycopg's ``%(name)s``. All SQL is written in this project, none is made of input."""
    return cast("LiteralString", _PLACEHOLDER.sub(r"%(\1)s", sql.replace("%", "%%")))


class PostgreSQLTransaction:
    """:class:`~abby_core.database.transaction.Transaction` over one psycopg connection."""

    def __init__(self, connection: psycopg.Connection[Row], *, read_only: bool = False) -> None:
        self._connection = connection
        self.row_lock = "" if read_only else " FOR UPDATE"

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
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:  # whose text repeats the URL, password and all
            raise ConfigurationError(
                "DATABASE_URL cannot be read. It has the form postgresql://user:password@host/name, with special "
                "characters written as %40 and the like."
            ) from None
        self._url = url
        self._opening = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Row]] | None = None
        self._threads = ThreadPoolExecutor(CONNECTIONS_MAX, "abby-database")
        self._closed = False

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url, connect_timeout=int(CONNECT_TIMEOUT_SECONDS))

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transact(lambda tx: function(tx, *args, **kwargs), read_only=True)

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._transact(lambda tx: function(tx, *args, **kwargs), read_only=False)

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(lambda: self.write(function, *args, **kwargs))

    async def run_after(self, work: Callable[[], W], function: Callable[[Transaction, W], T]) -> T:
        return await self._in_thread(lambda: self.write(function, work()))

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in_thread(lambda: self.read(function, *args, **kwargs))

    async def glance(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.fetch(function, *args, **kwargs)

    def close(self) -> None:
        with self._opening:
            self._closed = True
        self._threads.shutdown()
        with self._opening:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _transact(self, function: Callable[[PostgreSQLTransaction], T], *, read_only: bool) -> T:
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                with _translated(), self._open().connection() as connection:
                    connection.read_only = read_only or None
                    connection.isolation_level = IsolationLevel.REPEATABLE_READ if read_only else None
                    with connection.transaction():
                        return function(PostgreSQLTransaction(connection, read_only=read_only))
            except _RunAgainError as again:
                if not tries_left:
                    raise StorageError(again.text) from again
            except StopIteration as error:  # no future takes it: it would end a coroutine, not fail it (as in PEP 479)
                raise RuntimeError(f"{error!r} in a transaction") from error
        raise AssertionError("unreachable: the last try returns or raises")

    async def _in_thread(self, call: Callable[[], T]) -> T:
        import asyncio

        loop = asyncio.get_running_loop()
        try:
            working = loop.run_in_executor(self._threads, call)
        except RuntimeError as error:  # the threads were shut down
            raise StorageError(CLOSED) from error
        return await asyncio.shield(working)  # a caller who goes does not take a call back that still waits

    def _open(self) -> ConnectionPool[psycopg.Connection[Row]]:
        if self._pool is not None:
            return self._pool
        with self._opening:
            if self._pool is not None:
                return self._pool
            if self._closed:
                raise StorageError(CLOSED)
            self._prepare()
            pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
                self._url,
                connection_class=cast("type[psycopg.Connection[Row]]", psycopg.Connection),
                kwargs={"row_factory": dict_row, "connect_timeout": int(CONNECT_TIMEOUT_SECONDS)},
                min_size=1,
                max_size=CONNECTIONS_MAX,
                timeout=CONNECT_TIMEOUT_SECONDS,
                open=False,
            )
            pool.open()
            self._pool = pool
            return pool

    def _prepare(self) -> None:
        """Bring the schema up to date, over a connection that says at once what is wrong: a pool only times out."""
        from abby_core.database.schema import ensure_schema

        try:
            with _translated(), contextlib.closing(self.connect()) as connection:
                connection.row_factory = dict_row
                ensure_schema(PostgreSQLTransaction(connection), self)
        except _RunAgainError as error:
            raise StorageError(error.text) from error


class _RunAgainError(Exception):
    """The server asked for the transaction to be repeated."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@contextlib.contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise _RunAgainError(sentence("The database is too busy; try again in a moment.")) from error
    except psycopg.errors.DiskFull as error:
        raise DiskFull(sentence("The database server's disk is full.")) from error
    except PoolTimeout as error:
        raise StorageError(UNREACHABLE) from error
    except psycopg.OperationalError as error:  # a connection that died in the pool, or a server restarting
        raise _RunAgainError(
            sentence(
                "The database server cannot be reached. Check DATABASE_URL and that PostgreSQL is running. ({reason})",
                reason=_reason(error),
            )
        ) from error
    except psycopg.Error as error:
        raise StorageError(sentence("The database failed: {reason}.", reason=_reason(error))) from error


def _reason(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0].rstrip(".")
