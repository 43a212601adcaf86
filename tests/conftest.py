"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import NoReturn

import pytest

from tests.services.postgres import PostgresServer, find_programs, running_postgres


def pytest_configure() -> None:
    """Ctrl-C does what it does in a terminal, for the programs that tests start too: a shell's background job
    inherits that it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test printed may be no UTF-8, on purpose; the report travels between processes as UTF-8 (pytest-xdist)."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def absent(service: str) -> NoReturn:
    """A service that a test needs is not on this machine: skipped for people, an error where CI runs."""
    if os.environ.get("CI"):
        pytest.fail(f"{service} is not installed, and CI runs every test", pytrace=False)
    pytest.skip(f"{service} is not installed")


@pytest.fixture(scope="session")
def postgres_server() -> Generator[PostgresServer]:
    """A server for the whole session, started by the first test that needs it."""
    programs = find_programs()
    if programs is None:
        absent("PostgreSQL")
    with running_postgres(programs) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Generator[str]:
    """The ``postgresql://`` URL of an empty database of the test's own."""
    with postgres_server.database() as url:
        yield url
