"""A PostgreSQL server for the tests: the machine's own programs, a folder and a socket that nobody else knows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier

DEBIAN_FOLDER = Path("/usr/lib/postgresql")
SETTINGS = {
    "listen_addresses": "",  # the socket only
    "max_connections": "60",
    "shared_buffers": "32MB",
}
"""Small, but as durable as anybody's server: fsync stays on."""


class PostgresServer:
    """A running server. Its URLs are for psycopg: user ``abby``, no password, over the socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = psycopg.connect(self.url("postgres"), autocommit=True)

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?user=abby&host={quote(str(self._folder), safe='')}"

    @contextmanager
    def database(self) -> Generator[str]:
        """The URL of an empty database, which is removed afterwards whoever is still connected."""
        name = f"abby_{uuid.uuid4().hex}"
        self._connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield self.url(name)
        finally:
            self._connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def close(self) -> None:
        self._connection.close()


def find_programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``: on the PATH, or where Debian hides the newest; None if absent."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    programs = [path for path in DEBIAN_FOLDER.glob("*/bin") if (path / "initdb").exists()]
    return max(programs, key=_version, default=None)


def _version(programs: Path) -> int:
    digits = re.match(r"\d+", programs.parent.name)
    return int(digits[0]) if digits else 0


@contextmanager
def running_postgres(programs: Path) -> Generator[PostgresServer]:
    """Make a server and remove it with all its data afterwards. Needs no rights beyond the caller's."""
    folder = Path(tempfile.mkdtemp(prefix="abby-pg-"))  # a short path: a socket's may have about 100 characters
    data = folder / "data"
    user = _user_for(folder)
    options = " ".join(f"-c {name}={value!r}" for name, value in SETTINGS.items())
    pg_ctl = [str(programs / "pg_ctl"), "--silent", "--wait", "--pgdata", str(data)]
    try:
        initdb = [str(programs / "initdb"), "--pgdata", str(data), "--username=abby", "--auth=trust"]
        _run([*initdb, "--encoding=UTF8", "--no-locale", "--no-sync"], user)
        _run([*pg_ctl, "--log", str(folder / "log"), "--options", f"-k '{folder}' {options}", "start"], user)
        try:
            server = PostgresServer(folder)
            yield server
            server.close()
        finally:
            _run([*pg_ctl, "--mode=immediate", "stop"], user)
    finally:
        shutil.rmtree(folder)


def _user_for(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: for root, whose it shall be. The folder is theirs afterwards."""
    if os.name == "nt" or os.getuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return user


def _run(command: list[str], user: str | None) -> None:
    """Run a program of PostgreSQL's to its end; what it said is in the error if it fails."""
    with tempfile.TemporaryFile() as log:  # not a pipe: the server would inherit it and hold it open
        done = subprocess.run(
            command,
            check=False,
            user=user,
            extra_groups=None if user is None else (),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            log.seek(0)
            raise RuntimeError(f"{command[0]} failed:\n{log.read().decode(errors='replace')}")
