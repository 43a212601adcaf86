"""SQLite: WAL, ``synchronous=FULL``, one writing thread that groups waiting callers into one commit.

More than one writer on one file is allowed (the command line beside a server) but slow: each waits for the
other's commit. Within a process the writing thread makes that a queue: whoever waits while a commit is
being made durable shares the next one. One caller's error undoes only that caller's work: where one is raised,
the group is run again, each behind a savepoint of its own.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from abby_core.database.transaction import DatabaseFunction, P, Row, T, Transaction, Value, W
from abby_core.errors import DiskFull, StorageError
from abby_core.sentence import sentence

if TYPE_CHECKING:
    import asyncio

GROUP_MAX = 64
"""Callers in one commit: bounds how long the last of them waits for the others' statements."""
BUSY_TIMEOUT_SECONDS = 30
"""How long a writer waits for another process's transaction."""
READERS_MAX = 4
WORKERS_MAX = 6
"""Pieces of work at a time that are done before a transaction: they wait for the disk, or compute without Python."""
CLOSED = sentence("The database was closed already.")


class SQLiteTransaction:
    """:class:`~abby_core.database.transaction.Transaction` over one sqlite3 connection."""

    row_lock = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, **values: Value) -> int:
        return self._connection.execute(sql, values).rowcount

    def row(self, sql: str, **values: Value) -> Row | None:
        rows = self.rows(sql, **values)
        return rows[0] if rows else None

    def rows(self, sql: str, **values: Value) -> list[Row]:
        # fetchall in any case: a RETURNING statement is only complete once it is read to its end.
        cursor = self._connection.execute(sql, values)
        found = cursor.fetchall()
        if not found:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def lock(self, name: str) -> None:
        """Nothing to do: a writing transaction holds the whole file."""


class _Job:
    """A waiting caller: what to run, and whom to tell."""

    __slots__ = ("error", "future", "loop", "result", "run")

    def __init__(
        self,
        run: Callable[[SQLiteTransaction], Any],
        future: Future[Any] | asyncio.Future[Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.run = run
        self.future = future
        self.loop = loop
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        if self.future.done():  # the caller was cancelled meanwhile; what it asked for is done all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class SQLiteDatabase:
    """The door to one SQLite file."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._reading_threads = ThreadPoolExecutor(READERS_MAX, "abby-database-read")
        self._working_threads = ThreadPoolExecutor(WORKERS_MAX, "abby-database-work")
        self._opening = threading.Lock()
        self._ready = False
        self._closed = False

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    # ------------------------------------------------------------------ the door

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._open()
        with _translated(self.path), self._reader() as connection:
            connection.execute("BEGIN")
            try:
                return function(SQLiteTransaction(connection), *args, **kwargs)
            finally:
                connection.execute("ROLLBACK")

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._open()
        future: Future[T] = Future()
        self._submit(_Job(lambda tx: function(tx, *args, **kwargs), future, None))
        return future.result()

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        loop = asyncio.get_running_loop()
        if not self._ready:
            await loop.run_in_executor(None, self._open)
        future: asyncio.Future[T] = loop.create_future()
        self._submit(_Job(lambda tx: function(tx, *args, **kwargs), future, loop))
        return await future

    async def run_after(self, work: Callable[[], W], function: Callable[[Transaction, W], T]) -> T:
        def prepare(job: _Job) -> None:
            self._open()
            job.run = partial(_with, function, work())
            self._submit(job)

        return await self._in_thread(self._working_threads, prepare)

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def read(job: _Job) -> None:
            job.result = self.read(function, *args, **kwargs)
            _tell([job])

        return await self._in_thread(self._reading_threads, read)

    def close(self) -> None:
        with self._opening:
            self._closed = True
            writer, self._writer = self._writer, None
        self._reading_threads.shutdown()
        self._working_threads.shutdown()
        if writer is not None:
            self._jobs.put(None)
            writer.join()
        self._ready = False
        while True:
            try:
                self._readers.get_nowait().close()
            except queue.Empty:
                return

    # ------------------------------------------------------------------ inside

    def _open(self) -> None:
        if self._ready:
            return
        with self._opening:
            if self._ready:
                return
            self._refuse_if_closed()
            from abby_core.database.schema import ensure_schema

            with _translated(self.path):
                try:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise StorageError(
                        sentence(
                            "The folder {folder} cannot be used: {reason}.",
                            folder=self.path.parent,
                            reason=error.strerror or str(error),
                        )
                    ) from error
                connection = self._connect()
                try:
                    ensure_schema(SQLiteTransaction(connection), self)
                except BaseException:
                    connection.close()
                    raise
            self._writer = threading.Thread(
                target=self._write_loop, args=(connection,), name="abby-database-write", daemon=True
            )
            self._writer.start()
            self._ready = True

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,  # transactions are begun and ended by us alone
            check_same_thread=False,  # each connection is used by one thread at a time
            cached_statements=512,
        )
        try:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _reader(self) -> Generator[sqlite3.Connection]:
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
        try:
            yield connection
        finally:
            if self._closed or self._readers.qsize() >= READERS_MAX:
                connection.close()
            else:
                self._readers.put(connection)

    @staticmethod
    async def _in_thread(threads: ThreadPoolExecutor, take_on: Callable[[_Job], None]) -> Any:
        """Have a job taken on by one of the threads, and wait for it. Quicker than the loop's own way to threads."""
        import asyncio

        loop = asyncio.get_running_loop()
        job = _Job(_nothing, loop.create_future(), loop)

        def taken_on() -> None:
            try:
                take_on(job)
            except BaseException as error:
                job.error = _fit_for_futures(error)
                _tell([job])

        try:
            threads.submit(taken_on)
        except RuntimeError as error:  # the threads were shut down
            raise StorageError(CLOSED) from error
        return await cast("asyncio.Future[Any]", job.future)

    def _submit(self, job: _Job) -> None:
        with self._opening:
            self._refuse_if_closed()
            self._jobs.put(job)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StorageError(CLOSED)

    def _write_loop(self, connection: sqlite3.Connection) -> None:
        tx = SQLiteTransaction(connection)
        stopping = False
        while not stopping:
            job = self._jobs.get()
            group: list[_Job] = []
            while job is not None and len(group) < GROUP_MAX:
                group.append(job)
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            else:
                if job is None:
                    stopping = True
                else:  # one more than a group holds: it cannot be put back at the front
                    group.append(job)
            if group:
                self._commit(tx, connection, group)
                _tell(group)
        connection.close()

    def _commit(self, tx: SQLiteTransaction, connection: sqlite3.Connection, group: list[_Job]) -> None:
        try:
            with _translated(self.path):
                connection.execute("BEGIN IMMEDIATE")
                if len(group) == 1 or not self._run_together(tx, connection, group):
                    for job in group:
                        self._run_job(tx, connection, job, alone=len(group) == 1)
                connection.execute("COMMIT")
        except BaseException as error:  # the whole group is undone: nobody may believe otherwise
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            for job in group:
                job.error = job.error or error

    def _run_together(self, tx: SQLiteTransaction, connection: sqlite3.Connection, group: list[_Job]) -> bool:
        """Run the group behind one savepoint: most raise nothing. False: one did, and nothing has happened yet.

        They may be run again then, each behind a savepoint of its own: what is run here may be repeated.
        """
        connection.execute("SAVEPOINT callers")
        try:
            for job in group:
                job.result = job.run(tx)
        except BaseException:
            if not connection.in_transaction:  # what happened has ended it: a full disk, say
                connection.execute("BEGIN IMMEDIATE")
            else:
                connection.execute("ROLLBACK TO callers")
            return False
        return True

    def _run_job(self, tx: SQLiteTransaction, connection: sqlite3.Connection, job: _Job, *, alone: bool) -> None:
        """Run one caller's function. Its own errors are kept for it; errors that end the transaction pass."""
        if not alone:
            connection.execute("SAVEPOINT caller")
        try:
            with _translated(self.path):
                job.result = job.run(tx)
        except BaseException as error:
            job.error = _fit_for_futures(error)
            if alone or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO caller")
        if not alone:
            connection.execute("RELEASE caller")


def _with(function: Callable[[Transaction, W], T], done: W, tx: Transaction) -> T:
    return function(tx, done)


def _nothing(_tx: SQLiteTransaction) -> None:
    """What a job runs that is no transaction yet, or none at all."""


def _fit_for_futures(error: BaseException) -> BaseException:
    """No future takes a StopIteration: it would end a coroutine, not fail it (as in PEP 479)."""
    return RuntimeError(f"{error!r} in a transaction") if isinstance(error, StopIteration) else error


def _tell(group: list[_Job]) -> None:
    """Wake all callers of a group, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        if job.loop is None:
            job.tell()
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # that loop was closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_all, jobs)


def _tell_all(jobs: list[_Job]) -> None:
    for job in jobs:
        job.tell()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Change to the write-ahead log. SQLite itself does not wait here while another process does the same."""
    give_up_at = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(0.01)
        else:
            return


@contextlib.contextmanager
def _translated(path: Path) -> Generator[None]:
    """Turn the driver's errors into sentences a host can act on."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _told(path: Path, error: sqlite3.Error) -> StorageError:
    code, reason = cast("int", getattr(error, "sqlite_errorcode", 0)) & 0xFF, str(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(sentence("The disk is full: the database {path} could not be written.", path=path))
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        text = sentence(
            "The database file {path} is damaged ({reason}). Stop Abby, move it aside, put the newest "
            "backup copy (image_stats.db.*.bak) in its place and run `abby fsck --repair`.",
            path=path,
            reason=reason,
        )
    elif code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        text = sentence("The database {path} is busy: another program holds it. Try again.", path=path)
    elif code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        text = sentence(
            "The database {path} cannot be opened for writing ({reason}). Check the folder's permissions.",
            path=path,
            reason=reason,
        )
    else:
        text = sentence("The database {path} failed: {reason}.", path=path, reason=reason)
    return StorageError(text)
