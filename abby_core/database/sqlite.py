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
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from abby_core.database.sqlite_errors import translated
from abby_core.database.sqlite_jobs import Job, no_transaction, tell
from abby_core.database.transaction import DatabaseFunction, P, Row, T, Transaction, Value, W
from abby_core.errors import StorageError
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


class SQLiteDatabase:
    """The door to one SQLite file."""

    dialect = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._reading_threads = ThreadPoolExecutor(READERS_MAX, "abby-database-read")
        self._working_threads = ThreadPoolExecutor(WORKERS_MAX, "abby-database-work")
        self._opening = threading.Lock()
        self._glancing = threading.Lock()
        self._glance: sqlite3.Connection | None = None
        """The connection for glances, which waits for nothing; used by whoever holds that lock."""
        self._ready = False
        self._closed = False

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    # ------------------------------------------------------------------ the door

    def read(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._open()
        with translated(self.path), self._reader() as connection:
            connection.execute("BEGIN")
            try:
                return function(SQLiteTransaction(connection), *args, **kwargs)
            finally:
                connection.execute("ROLLBACK")

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._open()
        future: Future[T] = Future()
        self._submit(Job(lambda tx: function(tx, *args, **kwargs), future, None))
        return future.result()

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        import asyncio

        loop = asyncio.get_running_loop()
        if not self._ready:
            await loop.run_in_executor(None, self._open)
        future: asyncio.Future[T] = loop.create_future()
        self._submit(Job(lambda tx: function(tx, *args, **kwargs), future, loop))
        return await future

    async def run_after(self, work: Callable[[], W], function: Callable[[Transaction, W], T]) -> T:
        def prepare(job: Job) -> None:
            self._open()
            done = work()

            def transact(tx: Transaction) -> T:
                return function(tx, done)

            job.run = transact
            self._submit(job)

        return await self._in_thread(self._working_threads, prepare)

    async def fetch(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def read(job: Job) -> None:
            job.result = self.read(function, *args, **kwargs)
            tell([job])

        return await self._in_thread(self._reading_threads, read)

    async def glance(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """At once: in WAL mode who reads waits for nobody. In a thread where that is not so for a moment."""
        if self._glancing.acquire(blocking=False):
            try:
                if self._glance is not None:
                    return function(SQLiteTransaction(self._glance), *args, **kwargs)
            except sqlite3.Error:
                pass  # a thread may wait, and knows what to say
            finally:
                self._glancing.release()
        return await self.fetch(function, *args, **kwargs)

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
        with self._glancing:
            if self._glance is not None:
                self._glance.close()
                self._glance = None
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

            with translated(self.path):
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
                    self._glance = self._connect_to_read()
                    self._glance.execute("PRAGMA busy_timeout=0")
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

    def _connect_to_read(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only=ON")
        return connection

    @contextlib.contextmanager
    def _reader(self) -> Generator[sqlite3.Connection]:
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect_to_read()
        try:
            yield connection
        finally:
            if self._closed or self._readers.qsize() >= READERS_MAX:
                connection.close()
            else:
                self._readers.put(connection)

    @staticmethod
    async def _in_thread(threads: ThreadPoolExecutor, take_on: Callable[[Job], None]) -> Any:
        """Have a job taken on by one of the threads, and wait for it. Quicker than the loop's own way to threads."""
        import asyncio

        loop = asyncio.get_running_loop()
        job = Job(no_transaction, loop.create_future(), loop)

        def taken_on() -> None:
            try:
                take_on(job)
            except BaseException as error:
                job.fail(error)
                tell([job])

        try:
            threads.submit(taken_on)
        except RuntimeError as error:  # the threads were shut down
            raise StorageError(CLOSED) from error
        return await cast("asyncio.Future[Any]", job.future)

    def _submit(self, job: Job) -> None:
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
            group: list[Job] = []
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
                tell(group)
        connection.close()

    def _commit(self, tx: SQLiteTransaction, connection: sqlite3.Connection, group: list[Job]) -> None:
        try:
            with translated(self.path):
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

    def _run_together(self, tx: SQLiteTransaction, connection: sqlite3.Connection, group: list[Job]) -> bool:
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

    def _run_job(self, tx: SQLiteTransaction, connection: sqlite3.Connection, job: Job, *, alone: bool) -> None:
        """Run one caller's function. Its own errors are kept for it; errors that end the transaction pass."""
        if not alone:
            connection.execute("SAVEPOINT caller")
        try:
            with translated(self.path):
                job.result = job.run(tx)
        except BaseException as error:
            job.fail(error)
            if alone or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO caller")
        if not alone:
            connection.execute("RELEASE caller")


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
