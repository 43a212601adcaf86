"""The databases to measure: a new SQLite file, or a database of a PostgreSQL server started for the purpose."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from abby_core.database.database import Database, open_database
from benchmarks.recording import RawDriver, RawPostgreSQL, RawSQLite


@dataclass(frozen=True)
class Engine:
    """``new_url`` makes an empty database that lives as long as the engine; ``raw`` opens its bare driver."""

    name: str
    new_url: Callable[[], str]
    raw: Callable[[str], RawDriver]

    def open(self, url: str) -> Database:
        """Abby's door to that database, its tables made."""
        database = open_database(url, root=Path())
        database.read(lambda tx: tx.row("SELECT 1 AS one"))
        return database


@contextmanager
def sqlite_engine() -> Generator[Engine]:
    """SQLite in a folder of its own, on the disk where temporary files lie."""
    numbers = itertools.count()
    with tempfile.TemporaryDirectory(prefix="abby-bench-") as folder:
        yield Engine(
            "SQLite",
            lambda: f"sqlite:///{Path(folder).as_posix()}/{next(numbers)}.db",
            lambda url: RawSQLite(Path(url.removeprefix("sqlite:///"))),
        )


@contextmanager
def postgresql_engine() -> Generator[Engine | None]:
    """A PostgreSQL server as durable as anybody's; None where its programs are not installed."""
    from tests.services.postgres import find_programs, running_postgres

    programs = find_programs()
    if programs is None:
        yield None
        return
    with running_postgres(programs) as server, ExitStack() as stack:
        yield Engine("PostgreSQL", lambda: stack.enter_context(server.database()), RawPostgreSQL)
