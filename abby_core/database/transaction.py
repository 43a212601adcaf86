"""What a function on the database may do: run SQL that SQLite and PostgreSQL understand alike.

SQL is written once, as text with ``:name`` placeholders, in the common part of both dialects
(``INSERT … ON CONFLICT … RETURNING`` included). Values are int, float, str or None; times are epoch
milliseconds, truth is 0 or 1, structures are JSON text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

Value = int | float | str | None
Row = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")
W = TypeVar("W")


class Transaction(Protocol):
    """One open transaction. Whatever raises inside it undoes all of it."""

    @property
    def row_lock(self) -> str:
        """What to append to a SELECT whose rows will be changed (nothing where writers are serial anyway)."""
        ...

    def execute(self, sql: str, **values: Value) -> int:
        """Run one statement; returns the number of rows it changed."""
        ...

    def row(self, sql: str, **values: Value) -> Row | None:
        """The first row of the answer, or None."""
        ...

    def rows(self, sql: str, **values: Value) -> list[Row]:
        """All rows of the answer. The SQL bounds their number."""
        ...

    def lock(self, name: str) -> None:
        """Hold the lock of that name until the end of the transaction, over all processes."""
        ...


DatabaseFunction = Callable[Concatenate[Transaction, P], T]
"""A short function on the database: its first argument is the transaction. It may be repeated safely."""
