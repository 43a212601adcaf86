"""Everything Abby keeps of an account, as one ZIP: its pictures, and every row about it as JSON.

Which rows those are is said once, in :mod:`abby_core.gallery.personal`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from abby_core.errors import StorageError
from abby_core.gallery.personal import PERSONAL, page
from abby_core.gallery.zip_stream import EntryNames, zip_chunks
from abby_core.security.pseudonyms import Pseudonyms
from abby_core.sentence import sentence
from abby_core.storage import catalogue

if TYPE_CHECKING:
    from abby_core.database.transaction import Row
    from abby_core.quota.account import Account
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

JSON_COLUMNS = frozenset(
    {"holds", "request", "notes", "prompts", "failures", "parameters", "choices", "standing", "counts", "scopes"}
)
"""Columns whose text is JSON: in the export it is read, not quoted."""
FOLDERS = {"kept": "pictures", "archived": "archived", "trashed": "trash", "removing": "trash"}
ORIGINALS = "originals"
LATEST_MS = 4_102_444_800_000
"""The year 2100: files say when they were made, which is whatever somebody once wrote into a row."""
Progress = Callable[[int], None]
Entry = tuple[str, datetime, bytes | Iterator[bytes]]


def export(storage: StorageManager, account: Account, *, progress: Progress = lambda _: None) -> Iterator[bytes]:
    """The ZIP as a stream of chunks. Blocks while it reads: coroutines ask for each chunk in a thread.

    Holds one picture, one page of rows and the names of the files in memory. ``progress`` is called with the number
    of pictures packed so far. A picture that cannot be read is left out and named in ``left-out.txt``. Raises
    StorageError when the database cannot be read.
    """
    return zip_chunks(_entries(storage, account, progress))


def _entries(storage: StorageManager, account: Account, progress: Progress) -> Iterator[Entry]:
    now = _moment(storage.now_ms())
    yield "README.txt", now, _readme(account, now).encode()
    for table in PERSONAL:
        yield f"data/{table}.json", now, _rows_json(storage, account, table)
    left_out: list[str] = []
    packed = 0
    for name, at_ms, read in _pictures(storage, account):
        try:
            data = read()
        except StorageError as error:
            left_out.append(f"{name}: {error}\n")
            continue
        yield name, _moment(at_ms), data
        packed += 1
        progress(packed)
    if left_out:
        yield "left-out.txt", now, "".join(left_out).encode()


# ---------------------------------------------------------------------- pictures


def _pictures(storage: StorageManager, account: Account) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Where each picture goes in the ZIP, when it was made, and how to read it."""
    last: Artifact | None = None
    names = EntryNames()  # two pictures in the trash may have one name
    while artifacts := storage.database.read(catalogue.all_of, account.key, last):
        for artifact in artifacts:
            folder = "temporary" if artifact.temporary else FOLDERS[artifact.state]
            yield names.free(artifact.name, folder=f"{folder}/"), artifact.created_at_ms, _reader(storage, artifact)
        last = artifacts[-1]
    row: Row | None = None
    while rows := storage.database.read(page, "retired_blobs", account.key, row):
        for row in rows:
            if row["reason"] == "compressed":  # what else is in there is a leftover of a picture that is packed above
                name = names.free(str(row["name"]), folder=f"{ORIGINALS}/")
                yield name, storage.now_ms(), _original_reader(storage, str(row["blob_key"]))
        row = rows[-1]


def _reader(storage: StorageManager, artifact: Artifact) -> Callable[[], bytes]:
    return lambda: storage.open(artifact)


def _original_reader(storage: StorageManager, blob_key: str) -> Callable[[], bytes]:
    return lambda: storage.blobs.open(blob_key)


# ---------------------------------------------------------------------- rows


def _rows_json(storage: StorageManager, account: Account, table: str) -> Iterator[bytes]:
    """A table's rows as a JSON array, a page at a time."""
    before = "[\n"
    for owner in _owners(storage, account, table):
        last: Row | None = None
        while rows := storage.database.read(page, table, owner, last):
            lines = (json.dumps(_shown(table, row), ensure_ascii=False, indent=1) for row in rows)
            yield before.encode() + ",\n".join(lines).encode("utf-8", "backslashreplace")
            before, last = ",\n", rows[-1]
    yield b"]\n" if before == ",\n" else b"[]\n"


def _owners(storage: StorageManager, account: Account, table: str) -> list[str]:
    """Under which names the account's rows may stand."""
    try:
        pseudonym = Pseudonyms(storage.root).known(account.key) if PERSONAL[table].pseudonymous else ""
    except OSError as error:
        raise StorageError(sentence("The key for pseudonyms cannot be used: {error}", error=str(error))) from error
    return [account.key, pseudonym] if pseudonym else [account.key]


def _shown(table: str, row: Row) -> dict[str, Any]:
    hidden = PERSONAL[table].hidden
    return {
        column: _read_json(value) if column in JSON_COLUMNS else value
        for column, value in row.items()
        if column not in hidden
    }


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # then it is shown as it is written
        return text


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(min(max(at_ms, 0), LATEST_MS) / 1000, UTC)


def _readme(account: Account, now: datetime) -> str:
    tables = "\n".join(f"  data/{table + '.json':<21} {personal.means}" for table, personal in PERSONAL.items())
    return f"""Everything Abby keeps of {account.key}
as of {now:%Y-%m-%d %H:%M} UTC

Pictures, exactly as they are kept:
  pictures/    your pictures
  archived/    pictures in the archive
  trash/       pictures in the trash, and such as are being removed
  temporary/   pictures that go by themselves
  originals/   pictures as they were before they were compressed, while that can be undone

What is written about you, one file for each table of the database:
{tables}

Times in these files are milliseconds since 1970-01-01 UTC, sizes are bytes, prices are thousandths of
a credit, 0 and 1 mean no and yes. A file that holds only [] says that nothing is kept there.
If a picture could not be read, left-out.txt names it and says why.
"""
