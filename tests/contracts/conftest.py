"""The databases that the contract suites run on: SQLite and PostgreSQL, migrated once."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from abby_core.database.database import Database
from tests.services.databases import Place, copy_of, empty, migrate
from tests.services.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A migrated, empty SQLite database, to be copied."""
    return migrate(Place(url="", root=tmp_path_factory.mktemp("sqlite")))


@pytest.fixture(scope="session")
def postgres_place(postgres_server: PostgresServer) -> Generator[Place]:
    """A migrated PostgreSQL database, shared: :func:`place` empties it."""
    with postgres_server.database() as url:
        yield migrate(Place(url=url, root=Path()))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A migrated database without a row."""
    if request.param == "sqlite":
        return copy_of(request.getfixturevalue("sqlite_template"), tmp_path)
    shared: Place = request.getfixturevalue("postgres_place")
    database = shared.open()
    empty(database)
    database.close()
    return Place(url=shared.url, root=tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A database in which nothing is yet, not even a table."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Place(url=url, root=tmp_path)


@pytest.fixture
def database(place: Place) -> Generator[Database]:
    """The door to :func:`place`."""
    database = place.open()
    yield database
    database.close()
