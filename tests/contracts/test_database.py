"""The one door to the database: what callers rely on, over SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, create_engine

from abby_core.database import migrate, schema
from abby_core.database.database import Database, open_database
from abby_core.database.postgresql import CONNECTIONS_MAX
from abby_core.database.sqlite import GROUP_MAX
from abby_core.database.tables import metadata
from abby_core.database.transaction import Row, Transaction, Value
from abby_core.errors import ConfigurationError, StorageError
from tests.services.databases import Place, contents, copy_of
from tests.services.programs import WAIT, run_alone, run_together

OCCUPIERS = CONNECTIONS_MAX
"""Callers that keep every thread of either database busy."""


def count(tx: Transaction) -> int:
    row = tx.row("SELECT COUNT(*) AS n FROM turns")
    assert row is not None
    return int(row["n"])


def add(tx: Transaction, account: str = "alice") -> str:
    tx.execute("INSERT INTO turns (account, served) VALUES (:account, 1)", account=account)
    return account


def add_and_fail(tx: Transaction, account: str) -> None:
    add(tx, account)
    raise ValueError(account)


class Occupied:
    """All threads of a database kept busy, so that whoever comes next has to wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun = threading.Semaphore(0)
        self._go_on = threading.Event()
        self._calls: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Occupied:
        await self._database.fetch(count)  # so that it is open, and all of the following wait for their turn alone
        self._calls = [asyncio.create_task(self._database.run(self._wait)) for _ in range(OCCUPIERS)]
        begun = 1 if self._database.dialect == "sqlite" else OCCUPIERS
        for _ in range(begun):
            await asyncio.to_thread(self._begun.acquire)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._go_on.set()
        await asyncio.gather(*self._calls)

    def _wait(self, tx: Transaction) -> None:
        tx.row("SELECT 1 AS one")
        self._begun.release()
        self._go_on.wait()


# ---------------------------------------------------------------------- transactions


def test_a_write_is_seen_by_everybody_as_soon_as_it_returns(place: Place, database: Database) -> None:
    database.write(add)
    other = place.open()
    assert other.read(count) == 1
    other.close()


def test_a_write_that_returned_survives_kill_9(place: Place, database: Database) -> None:
    program = (
        "import os, sys; from pathlib import Path; from abby_core.database.database import open_database\n"
        "database = open_database(sys.argv[1], root=Path(sys.argv[2]))\n"
        "database.write(lambda tx: tx.execute(\"INSERT INTO turns (account) VALUES ('alice')\"))\n"
        "os._exit(9)"
    )
    assert run_alone(program, place.url, str(place.root)).returncode == 9
    assert database.read(count) == 1


def test_whatever_raises_in_a_transaction_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(ValueError, match="alice"):
        database.write(add_and_fail, "alice")
    assert database.read(count) == 0


async def test_among_waiting_callers_one_that_fails_is_undone_alone(database: Database) -> None:
    async with Occupied(database):
        names = [f"user-{number}" for number in range(2 * GROUP_MAX + 3)]
        calls = [
            asyncio.create_task(database.run(add_and_fail if number % 10 == 3 else add, name))
            for number, name in enumerate(names)
        ]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    for number, (name, answer) in enumerate(zip(names, answers, strict=True)):
        if number % 10 == 3:
            assert isinstance(answer, ValueError)
            assert str(answer) == name
        else:
            assert answer == name
    assert database.read(count) == sum(isinstance(answer, str) for answer in answers)


async def test_sqlite_makes_waiting_callers_durable_in_one_commit(sqlite_template: Place, tmp_path: Path) -> None:
    database = copy_of(sqlite_template, tmp_path).open()

    def inside_and_outside(tx: Transaction) -> tuple[int, int]:
        add(tx, f"user-{count(tx)}")
        return count(tx), database.read(count)

    async with Occupied(database):
        calls = [asyncio.create_task(database.run(inside_and_outside)) for _ in range(5)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*calls) == [(inside, 0) for inside in range(1, 6)]
    assert database.read(count) == 5
    database.close()


def test_a_read_is_of_one_moment(place: Place, database: Database) -> None:
    other = place.open()

    def twice(tx: Transaction) -> tuple[int, int]:
        before = count(tx)
        other.write(add)
        return before, count(tx)

    assert database.read(twice) == (0, 0)
    assert database.read(count) == 1
    other.close()


async def test_a_function_that_only_reads_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        database.read(add)
    with pytest.raises(StorageError):
        await database.fetch(add)
    database.write(add)
    assert database.read(count) == 1


async def test_a_glance_sees_what_is_written_and_writes_nothing(database: Database) -> None:
    assert await database.glance(count) == 0
    await database.run(add)
    assert await database.glance(count) == 1
    with pytest.raises(StorageError):
        await database.glance(add, "bob")
    with pytest.raises(ValueError, match="no"):
        await database.glance(_raise_value_error)
    assert await database.glance(count) == 1


async def test_a_glance_does_not_wait_for_whoever_writes(database: Database) -> None:
    async with Occupied(database):
        if database.dialect == "sqlite":  # PostgreSQL's threads are all busy
            assert await database.glance(count) == 0


def _raise_value_error(_tx: Transaction) -> None:
    raise ValueError("no")


async def test_work_comes_before_its_transaction_which_gets_what_came_of_it(database: Database) -> None:
    where: list[str] = []

    def work() -> str:
        where.append(threading.current_thread().name)
        return "alice"

    assert await database.run_after(work, add) == "alice"
    assert await database.fetch(count) == 1
    assert where != [threading.current_thread().name]


async def test_work_that_fails_is_followed_by_no_transaction(database: Database) -> None:
    def fail() -> str:
        raise ValueError("work")

    with pytest.raises(ValueError, match="work"):
        await database.run_after(fail, add)
    with pytest.raises(ValueError, match="alice"):
        await database.run_after(lambda: "alice", add_and_fail)
    assert await database.fetch(count) == 0


async def test_a_stop_iteration_in_a_transaction_is_an_error_like_any_other(database: Database) -> None:
    def stop(_tx: Transaction) -> int:
        return next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        database.write(stop)
    async with Occupied(database):
        calls = [asyncio.create_task(database.run(function)) for function in (stop, count)]
        await asyncio.sleep(0)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers[0], RuntimeError)
    assert answers[1] == 0


@pytest.mark.parametrize("value", [0, -1, 2**62, 1.5, "", "ä猫🐰 %s %% :name '\"\\", "line\nline", None])
def test_values_come_back_as_they_went_in(database: Database, value: Value) -> None:
    kind = "BIGINT" if isinstance(value, int) else "DOUBLE PRECISION" if isinstance(value, float) else "TEXT"
    row = database.read(lambda tx: tx.row(f"SELECT CAST(:value AS {kind}) AS value, '100 %' AS percent", value=value))
    assert row == {"value": value, "percent": "100 %"}


def test_rows_are_all_rows_and_a_change_says_how_many(database: Database) -> None:
    for name in ("a", "b", "c"):
        database.write(add, name)
    assert database.write(lambda tx: tx.execute("UPDATE turns SET served = 7 WHERE account <> 'b'")) == 2
    assert database.read(lambda tx: tx.rows("SELECT served FROM turns ORDER BY account")) == [
        {"served": 7}, {"served": 1}, {"served": 7},
    ]  # fmt: skip
    assert database.read(lambda tx: tx.row("SELECT served FROM turns WHERE account = 'd'")) is None


def test_a_named_lock_is_held_over_all_processes_until_the_end_of_the_transaction(postgres_place: Place) -> None:
    database = postgres_place.open()
    sql = "SELECT pg_try_advisory_xact_lock(hashtext('abby:claim'))"

    def is_free() -> bool:
        with psycopg.connect(postgres_place.url) as connection:
            row = connection.execute(sql).fetchone()
            return row is not None and row[0]

    def hold(tx: Transaction) -> bool:
        tx.lock("claim")
        return is_free()

    assert (database.write(hold), is_free()) == (False, True)
    database.close()


# ---------------------------------------------------------------------- callers


def test_threads_and_event_loops_may_share_one_door(database: Database) -> None:
    threads, each = 8, 10

    async def work(thread: int) -> int:
        names = [f"{thread}-{number}" for number in range(each)]
        await asyncio.gather(*(database.run(add, name) for name in names))
        return await database.fetch(count)

    def one_thread(thread: int) -> int:
        database.write(add, f"{thread}-synchronous")
        return asyncio.run(work(thread))

    with ThreadPoolExecutor(threads) as pool:
        counted = list(pool.map(one_thread, range(threads)))
    assert all(each < one <= threads * (each + 1) for one in counted)
    assert database.read(count) == threads * (each + 1)


async def test_what_a_cancelled_caller_asked_for_is_done_once_all_the_same(place: Place, database: Database) -> None:
    async with Occupied(database):
        left = asyncio.create_task(database.run(add, "left"))
        stayed = asyncio.create_task(database.run(add, "stayed"))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
    assert await stayed == "stayed"
    await asyncio.to_thread(database.close)  # which waits for what was begun
    other = place.open()
    assert other.read(count) == 2
    other.close()


async def test_a_cancelled_caller_whose_work_fails_disturbs_nobody(database: Database) -> None:
    async with Occupied(database):
        left = asyncio.create_task(database.run(add_and_fail, "left"))
        stayed = asyncio.create_task(database.run(add, "stayed"))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
    assert await stayed == "stayed"
    assert await database.fetch(count) == 1


def test_a_caller_whose_event_loop_was_closed_disturbs_nobody(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(_tx: Transaction) -> None:
        begun.set()
        go_on.wait()

    async def leave() -> None:
        working = asyncio.create_task(database.run(wait))
        await asyncio.to_thread(begun.wait)
        working.cancel()
        await asyncio.wait([working])

    asyncio.run(leave())
    go_on.set()
    assert database.write(add) == "alice"


# ---------------------------------------------------------------------- opening and closing


def test_a_door_that_nobody_goes_through_makes_no_file(tmp_path: Path) -> None:
    database = open_database("", root=tmp_path / "root")
    database.close()
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("used", [False, True])
async def test_after_closing_every_way_in_says_so(place: Place, used: bool) -> None:
    database = place.open()
    if used:
        database.write(add)
        await database.fetch(count)
    database.close()
    database.close()
    for way_in in (database.read, database.write):
        with pytest.raises(StorageError, match="closed"):
            way_in(count)
    for coroutine in (database.run, database.fetch, database.glance):
        with pytest.raises(StorageError, match="closed"):
            await coroutine(count)
    with pytest.raises(StorageError, match="closed"):
        await database.run_after(lambda: "alice", add)


async def test_closing_first_finishes_what_was_begun(place: Place) -> None:
    database = place.open()
    async with Occupied(database):
        calls = [asyncio.create_task(database.run(add, f"user-{number}")) for number in range(10)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(database.close))
    await asyncio.gather(closing, *calls, return_exceptions=True)
    done = sum(call.exception() is None for call in calls)
    other = place.open()
    assert other.read(count) == done == 10
    other.close()


@pytest.mark.parametrize("folder", ["a b", "a%20b", "50%", "what?", "a?mode=ro", "a#b", "ünï 猫"])
def test_a_folder_may_be_named_anything_that_its_disk_allows(tmp_path: Path, folder: str) -> None:
    try:
        (tmp_path / folder).mkdir()
    except OSError:
        pytest.skip("this disk does not allow it")
    database = open_database("", root=tmp_path / folder)
    database.write(add)
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == [folder]
    assert (tmp_path / folder / "image_stats.db").is_file()


@pytest.mark.parametrize(
    ("url", "file"),
    [("", "image_stats.db"), ("sqlite:///{root}/other.db", "other.db"), ("SQLite:///", "image_stats.db")],
)
def test_sqlite_is_the_file_in_the_root_or_the_one_that_is_named(tmp_path: Path, url: str, file: str) -> None:
    database = open_database(url.format(root=tmp_path.as_posix()), root=tmp_path)
    database.write(add)
    assert (tmp_path / file).is_file()
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://abby:geheim@host/abby",
        "abby:geheim@host/abby",
        "postgresql",
        "postgresql://",
        "postgresql://abby:geheim@[::1/abby",
        "postgresql://abby:ge heim@host/abby",
        "postgresql:///abby?pasword=geheim",
        "sqlite",
        "sqlite:///:memory:",
    ],
)
def test_a_url_that_cannot_work_is_refused_without_telling_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as refused:
        open_database(url, root=tmp_path)
    assert "geheim" not in str(refused.value)


def test_an_unreachable_server_is_named_at_once_and_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(f"postgresql://abby:geheim@/abby?host={tmp_path.as_posix()}", root=tmp_path)
    with pytest.raises(StorageError, match="cannot be reached") as refused:
        database.read(count)
    assert "geheim" not in str(refused.value) + caplog.text
    database.close()


def test_a_database_that_is_not_there_is_named(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url.replace("/abby_", "/nobodys_"), root=tmp_path)
    with pytest.raises(StorageError, match="does not exist"):
        database.read(count)
    database.close()


def test_connections_that_a_restarted_server_has_forgotten_are_replaced(postgres_place: Place) -> None:
    database = postgres_place.open()
    together = threading.Barrier(OCCUPIERS)

    def meet(tx: Transaction) -> None:
        tx.row("SELECT 1 AS one")
        together.wait()

    with ThreadPoolExecutor(OCCUPIERS) as pool:
        list(pool.map(lambda _: database.write(meet), range(OCCUPIERS)))
    with psycopg.connect(postgres_place.url) as connection:
        others = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row = connection.execute(f"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity {others}").fetchone()
        assert row == (OCCUPIERS,)
    assert database.write(lambda tx: tx.row("SELECT 1 AS one")) == {"one": 1}
    database.close()


# ---------------------------------------------------------------------- trouble


def with_text(file: Path) -> None:
    file.write_text("This is a letter to my grandmother, and no database. " * 100)


def with_torn_pages(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(data)


def with_a_format_that_may_only_be_read(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[18] = 3  # "write version" above what SQLite knows: it must not be written (sqlite.org/fileformat2.html)
    file.write_bytes(data)


def with_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (with_text, "is damaged"),
        (with_torn_pages, "is damaged"),
        (with_a_format_that_may_only_be_read, "cannot be opened for writing"),
        (with_a_folder, "cannot be opened for writing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_left_alone(
    sqlite_template: Place, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    place = copy_of(sqlite_template, tmp_path)
    spoil(place.file)
    before = place.file.read_bytes() if place.file.is_file() else None
    database = place.open()
    for _ in range(2):
        with pytest.raises(StorageError, match=says) as error:
            database.write(add)
        assert str(place.file) in str(error.value)
    database.close()
    assert (place.file.read_bytes() if place.file.is_file() else None) == before


def test_a_root_that_is_a_file_is_named_and_works_once_it_is_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.write_text("no folder")
    database = open_database("", root=root)
    with pytest.raises(StorageError, match="cannot be used"):
        database.write(add)
    root.unlink()
    database.write(add)
    assert database.read(count) == 1
    database.close()


async def test_what_the_database_itself_refuses_is_a_storage_error(database: Database) -> None:
    def below_zero(tx: Transaction) -> None:
        tx.execute("INSERT INTO counters (account, meter, used) VALUES ('alice', 'bytes', -1)")

    for function in (below_zero, lambda tx: tx.row("SELECT nonsense FROM nowhere")):
        with pytest.raises(StorageError, match="failed"):
            database.write(function)
        with pytest.raises(StorageError, match="failed"):
            await database.run(function)
    database.write(add)
    assert database.read(count) == 1


def test_a_database_of_a_newer_abby_is_left_alone(place: Place, database: Database) -> None:
    database.write(lambda tx: tx.execute("UPDATE alembic_version SET version_num = '9999'"))
    before = contents(database)
    newer = place.open()
    with pytest.raises(ConfigurationError, match="newer Abby"):
        newer.write(add)
    newer.close()
    assert contents(database) == before
    database.write(lambda tx: tx.execute(f"UPDATE alembic_version SET version_num = '{schema.HEAD}'"))


# ---------------------------------------------------------------------- migrations


def test_the_newest_migration_is_the_one_the_program_knows() -> None:
    files = sorted(path.name for path in (migrate.MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert files[-1].partition("_")[0] == schema.HEAD


def default_differs(
    _context: object, _found: object, wanted: Column[Any], found_default: str | None, *_: object
) -> bool:
    """Alembic's own comparison takes an empty text for a change: SQLite writes it in parentheses."""
    wanted_default = None if wanted.server_default is None else str(getattr(wanted.server_default, "arg", ""))
    found = None if found_default is None else found_default.partition("::")[0].strip("()'")
    return wanted.autoincrement is not True and found != wanted_default


def test_the_migrations_lead_exactly_to_the_tables(database: Database) -> None:
    engine = create_engine(migrate.ENGINES[database.dialect], creator=database.connect)
    options = {"compare_type": True, "compare_server_default": default_differs}
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_processes_that_prepare_one_fresh_database_at_once_all_succeed(fresh_place: Place) -> None:
    program = (
        "import sys; from pathlib import Path; from abby_core.database.database import open_database\n"
        + WAIT
        + "database = open_database(sys.argv[1], root=Path(sys.argv[2]))\n"
        "database.write(lambda tx: tx.execute('INSERT INTO deliveries (order_id) VALUES (:id)', id='x'))\n"
        "database.close()"
    )
    run_together(program, fresh_place.url, str(fresh_place.root), count=3)
    database = fresh_place.open()
    assert len(database.read(lambda tx: tx.rows("SELECT id FROM deliveries"))) == 3
    database.close()


def test_a_database_of_the_first_version_keeps_its_rows(fresh_place: Place) -> None:
    database = fresh_place.open()
    migrate.upgrade(database, "0001")
    connection = database.connect()
    connection.execute("INSERT INTO artifacts (id, account, name, name_key, blob_key) VALUES ('a', 'b', 'c', 'c', 'd')")
    connection.execute("INSERT INTO orders (id, account, state) VALUES ('o', 'b', 'waiting')")
    connection.commit()
    connection.close()
    picture = database.read(lambda tx: tx.row("SELECT name, state, visibility, favourite FROM artifacts"))
    order = database.read(lambda tx: tx.row("SELECT state, prompts, images_each, running_max FROM orders"))
    assert picture == {"name": "c", "state": "kept", "visibility": "private", "favourite": 0}
    assert order == {"state": "waiting", "prompts": "[]", "images_each": 1, "running_max": 1}
    database.close()


def test_a_start_without_a_migration_does_not_load_sqlalchemy(place: Place) -> None:
    program = (
        "import json, sys; from pathlib import Path; from abby_core.database.database import open_database\n"
        "database = open_database(sys.argv[1], root=Path(sys.argv[2]))\n"
        "database.read(lambda tx: tx.row('SELECT COUNT(*) FROM turns'))\n"
        "database.close()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = run_alone(program, place.url, str(place.root))
    assert done.returncode == 0, done.stderr
    assert not {"sqlalchemy", "alembic"} & set(json.loads(done.stdout))


ADDS_A_COLUMN = 'op.add_column("turns", sa.Column("mood", sa.Text(), server_default="fine"))'
ADDS_A_COLUMN_AND_FAILS = f'{ADDS_A_COLUMN}; op.execute("INSERT INTO nowhere VALUES (1)")'


def with_one_more(folder: Path, body: str) -> Path:
    """Abby's migrations and one that comes after them."""
    migrations = Path(shutil.copytree(migrate.MIGRATIONS, folder / "migrations"))
    (migrations / "versions" / "9000_one_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9000', '{schema.HEAD}'\ndef upgrade():\n    {body}\n"
    )
    return migrations


def version(database: Database) -> list[Row]:
    return database.read(lambda tx: tx.rows("SELECT version_num FROM alembic_version"))


def test_a_database_with_rows_is_brought_to_the_next_version(place: Place, tmp_path: Path) -> None:
    migrations = with_one_more(tmp_path / "code", ADDS_A_COLUMN)
    database = place.open()
    try:
        database.write(add)
        migrate.upgrade(database, "9000", migrations=migrations)
        assert database.read(lambda tx: tx.rows("SELECT account, served, mood FROM turns")) == [
            {"account": "alice", "served": 1, "mood": "fine"}
        ]
        assert version(database) == [{"version_num": "9000"}]
        migrate.upgrade(database, "9000", migrations=migrations)
    finally:
        if database.dialect == "postgresql":  # which other tests use after this one
            database.write(lambda tx: tx.execute("ALTER TABLE turns DROP COLUMN mood"))
            database.write(lambda tx: tx.execute(f"UPDATE alembic_version SET version_num = '{schema.HEAD}'"))
        database.close()


def test_a_file_is_copied_before_it_is_changed(sqlite_template: Place, tmp_path: Path) -> None:
    place = copy_of(sqlite_template, tmp_path / "50% off?")
    database = place.open()
    database.write(add)
    migrate.upgrade(database, "9000", migrations=with_one_more(tmp_path, ADDS_A_COLUMN))
    database.close()
    restored = Place(url="", root=tmp_path)
    place.file.with_name(f"image_stats.db.{schema.HEAD}.bak").replace(restored.file)
    old = restored.open()
    assert (old.read(count), version(old)) == (1, [{"version_num": schema.HEAD}])
    old.close()


def test_a_migration_that_fails_changes_nothing(place: Place, database: Database, tmp_path: Path) -> None:
    database.write(add)
    before = contents(database)
    with pytest.raises(StorageError, match="could not be prepared"):
        migrate.upgrade(database, "9000", migrations=with_one_more(tmp_path / "code", ADDS_A_COLUMN_AND_FAILS))
    assert contents(database) == before
    assert version(database) == [{"version_num": schema.HEAD}]


def test_a_version_that_nobody_knows_is_named_and_left_alone(place: Place, database: Database) -> None:
    database.write(lambda tx: tx.execute("UPDATE alembic_version SET version_num = '0000'"))
    unknown = place.open()
    with pytest.raises(StorageError, match="0000"):
        unknown.read(count)
    unknown.close()
    assert version(database) == [{"version_num": "0000"}]
    database.write(lambda tx: tx.execute(f"UPDATE alembic_version SET version_num = '{schema.HEAD}'"))


def test_without_a_copy_nothing_is_migrated(sqlite_template: Place, tmp_path: Path) -> None:
    place = copy_of(sqlite_template, tmp_path / "root")
    place.file.with_name(f"image_stats.db.{schema.HEAD}.bak.part").mkdir()
    database = place.open()
    with pytest.raises(StorageError, match="could not be brought"):
        migrate.upgrade(database, "9000", migrations=with_one_more(tmp_path, ADDS_A_COLUMN))
    assert version(database) == [{"version_num": schema.HEAD}]
    database.close()
    with sqlite3.connect(place.file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM turns").fetchone() == (0,)
    connection.close()
