"""The tests' own PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.services import postgres


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_database_of_its_own(postgres_url: str, turn: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE pictures (id integer)")


def test_a_connection_left_open_does_not_stop_the_clearing_away(postgres_server: postgres.PostgresServer) -> None:
    with postgres_server.database() as url:
        left_open = psycopg.connect(url)
    left_open.close()


def test_the_server_is_as_durable_as_a_hosts(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_debians_newest_programs_are_found_without_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(postgres, "DEBIAN_FOLDER", tmp_path)
    assert postgres.find_programs() is None
    for version in ("9.6", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    assert postgres.find_programs() == tmp_path / "17" / "bin"
