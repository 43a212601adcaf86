"""What Abby says to its database, written down and said again by hand: the floor of every figure about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from abby_core.database.database import Database
from abby_core.database.transaction import DatabaseFunction, P, Row, T, Transaction, Value, W

if TYPE_CHECKING:
    from abby_core.database.database import DriverConnection


@dataclass(frozen=True)
class Statement:
    """One SQL statement and its values."""

    sql: str
    values: dict[str, Value]

    def renamed(self, names: Mapping[str, str]) -> Statement:
        """The same statement about something else: each name in its texts is replaced by another."""
        values = dict(self.values)
        for old, new in names.items():
            values = {key: _replaced(value, old, new) for key, value in values.items()}
        return Statement(self.sql, values)


def _replaced(value: Value, old: str, new: str) -> Value:
    return value.replace(old, new) if isinstance(value, str) else value


class RecordingTransaction:
    """A transaction that writes down its statements."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.statements: list[Statement] = []

    @property
    def row_lock(self) -> str:
        return self._tx.row_lock

    def execute(self, sql: str, **values: Value) -> int:
        self.statements.append(Statement(sql, values))
        return self._tx.execute(sql, **values)

    def row(self, sql: str, **values: Value) -> Row | None:
        self.statements.append(Statement(sql, values))
        return self._tx.row(sql, **values)

    def rows(self, sql: str, **values: Value) -> list[Row]:
        self.statements.append(Statement(sql, values))
        return self._tx.rows(sql, **values)

    def lock(self, name: str) -> None:
        self._tx.lock(name)


class RecordingDatabase:
    """A database that writes down what its writing transactions say. ``functions`` names who said it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.functions: list[str] = []
        self.transactions: list[list[Statement]] = []

    @property
    def dialect(self) -> str:
        return self._database.dialect

    def connect(self) -> DriverConnection:
        return self._database.connect()

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._database.read(function, *args, **kwargs)

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self._database.write(self._recorded(function), *args, **kwargs)

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.run(self._recorded(function), *args, **kwargs)

    async def run_after(self, work: Callable[[], W], function: Callable[[Transaction, W], T]) -> T:
        return await self._database.run_after(work, self._recorded(function))

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.fetch(function, *args, **kwargs)

    async def glance(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.glance(function, *args, **kwargs)

    def close(self) -> None:
        self._database.close()

    def forget(self) -> None:
        """Begin a new record."""
        self.functions.clear()
        self.transactions.clear()

    def _recorded(self, function: DatabaseFunction[P, T]) -> DatabaseFunction[P, T]:
        def recorded(tx: Transaction, *args: P.args, **kwargs: P.kwargs) -> T:
            recording = RecordingTransaction(tx)
            result = function(recording, *args, **kwargs)
            named = function.func if isinstance(function, partial) else function
            self.functions.append(getattr(named, "__qualname__", repr(named)))
            self.transactions.append(recording.statements)
            return result

        return recorded


class RawDriver(Protocol):
    """The bare driver, as durable as Abby's own database."""

    def transaction(self, statements: Sequence[Statement]) -> None:
        """Say the statements, read all answers, commit."""
        ...

    def close(self) -> None: ...


class RawSQLite:
    """sqlite3 with WAL and ``synchronous=FULL``."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")

    def transaction(self, statements: Sequence[Statement]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for statement in statements:
            execute(statement.sql, statement.values).fetchall()
        execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


class RawPostgreSQL:
    """psycopg, one connection."""

    def __init__(self, url: str) -> None:
        import psycopg

        from abby_core.database.postgresql import _psycopg_sql

        self._connection = psycopg.connect(url)
        self._sql = _psycopg_sql

    def transaction(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            answer = self._connection.execute(self._sql(statement.sql), statement.values)
            if answer.description is not None:
                answer.fetchall()
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()
