"""The steps of forgetting an account. Each may be repeated, and finds what an earlier run has left.

As everywhere, bytes go before the row that points at them: what a crash leaves is found again by its row. All of
them stop with :class:`Over` when another run has come to the end meanwhile: the person may be back, with new things.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from abby_core.database.transaction import DatabaseFunction, P, T
from abby_core.errors import StorageError
from abby_core.gallery.personal import FORGOTTEN, PERSONAL, ROWS_AT_ONCE, count, page, remove
from abby_core.quota import erasure
from abby_core.quota.meter import DAY_MS
from abby_core.security.pseudonyms import Pseudonyms
from abby_core.sentence import sentence
from abby_core.storage import catalogue, mending
from abby_core.storage.artifact import ARCHIVE, counted_bytes
from abby_core.storage.names import folder_for

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction
    from abby_core.observability.events import EventLog
    from abby_core.quota.account import Account
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.blob_store import BlobStore
    from abby_core.storage.storage_manager import StorageManager

_ACCOUNT_FIELDS = frozenset({"account", "user", "user_id", "owner"})
"""Fields of events whose whole value may be a bare user id."""
_ORDER_FIELDS = frozenset({"id", "order", "order_id"})
"""Fields that may be an order's id. In others it is chance: whoever chooses ids may call an order ``done``."""
_BLANK_ORDER = (
    "UPDATE orders SET request = '{}', fingerprint = '', source_key = '', source_bytes = 0, source_artifact = '', "
    "notes = '[]', prompts = '[]', failures = '[]', error = '', error_words = '', lease_owner = '' WHERE id = :id"
)
_ANONYMOUS_ORDER = (
    # The day stays, and how long it took; the minute would tell who was there.
    "UPDATE orders SET id = :new, account = :forgotten, created_at = created_at - created_at % :day, not_before = 0, "
    "lease_until = 0, started_at = CASE WHEN started_at > 0 THEN finished_at - finished_at % :day ELSE 0 END, "
    "finished_at = finished_at - finished_at % :day "
    "+ CASE WHEN started_at > 0 THEN (finished_at - started_at) % :day ELSE 0 END WHERE id = :id"
)

_NAMELESS_BAN = (
    # One from before an earlier erasure may be there: what lasts longer holds.
    "INSERT INTO bans (guild, account, reason, created_at, ends_at) "
    "SELECT guild, :pseudonym, '', created_at - created_at % :day, ends_at FROM bans "
    "WHERE account = :account AND (ends_at = 0 OR ends_at > :now) "
    "ON CONFLICT (guild, account) DO UPDATE SET ends_at = CASE WHEN bans.ends_at = 0 OR excluded.ends_at = 0 THEN 0 "
    "WHEN bans.ends_at > excluded.ends_at THEN bans.ends_at ELSE excluded.ends_at END"
)


class Over(Exception):
    """The erasure is not open any more: there is nothing to be removed."""


def counts(tx: Transaction, account: str) -> dict[str, int]:
    """How many rows of each table are the account's, and the ``bytes`` of its pictures; what is none is left out."""
    found = {table: count(tx, table, account) for table in PERSONAL if table != "erasures"}
    sql = "SELECT COALESCE(SUM(size_bytes + thumbnail_bytes), 0) AS size FROM artifacts WHERE account = :account"
    found["bytes"] = sum(int(row["size"]) for row in tx.rows(sql, account=account))
    return {name: number for name, number in found.items() if number}


def unfinished(tx: Transaction, account: str) -> list[str]:
    """The account's orders that wait or run, some at a time. Raises Over."""
    if not erasure.is_being_forgotten(tx, account):
        raise Over
    sql = "SELECT id FROM orders WHERE account = :account AND state IN ('waiting', 'running') ORDER BY id LIMIT :limit"
    return [str(row["id"]) for row in tx.rows(sql, account=account, limit=ROWS_AT_ONCE)]


def remove_rows(storage: StorageManager, account: Account, *tables: str) -> None:
    """Remove the account's rows of these tables."""
    for table in tables:
        while _write(storage, account, partial(remove, table=table, account=account.key)):
            pass


def remove_pictures(storage: StorageManager, account: Account, progress: Callable[[int], None]) -> Iterator[str]:
    """Remove every picture, in whatever state; yields a sentence for each that could not be removed."""
    last: Artifact | None = None
    removed = 0
    while artifacts := storage.database.read(catalogue.all_of, account.key, last):
        _write(storage, account, partial(_begin_removal, artifact_ids=[artifact.id for artifact in artifacts]))
        for artifact in artifacts:
            try:
                storage.finish_removal(artifact)
            except StorageError as error:
                yield sentence("Picture {id} could not be removed: {error}", id=artifact.id, error=error.text)
            else:
                removed += 1
                progress(removed)
        last = artifacts[-1]


def remove_retired(storage: StorageManager, account: Account) -> None:
    """Remove former files of pictures that were compressed or archived."""
    while rows := _read(storage, account, "retired_blobs", None):
        for row in rows:
            store, key = storage.store_of(str(row["blob_key"]))
            store.delete(key)
            storage.database.write(_strike_retired, storage, str(row["blob_key"]))


def undo_saves(storage: StorageManager, account: Account) -> None:
    """Give back what is set aside; saves that still go on fail then, and remove what they wrote."""
    while rows := _read(storage, account, "reservations", None):
        for row in rows:
            mending.undo_save(storage, str(row["id"]), str(row["blob_key"]), str(row["blob_sha256"]))


def blank_orders(storage: StorageManager, account: Account) -> None:
    """Remove what the account's orders say: prompts, uploaded pictures, notes and errors."""
    last: Row | None = None
    while rows := _read(storage, account, "orders", last):
        for row in rows:
            if row["source_key"]:
                storage.blobs.delete(str(row["source_key"]))
        _write(storage, account, partial(_each, sql=_BLANK_ORDER, rows=[{"id": row["id"]} for row in rows]))
        last = rows[-1]


def anonymise_orders(storage: StorageManager, account: Account) -> None:
    """Give the orders to nobody, under new ids; deliveries of theirs are gone before."""
    fixed = {"forgotten": FORGOTTEN, "day": DAY_MS}
    while rows := _read(storage, account, "orders", None):
        renamed = [{"id": row["id"], "new": nameless(), **fixed} for row in rows]
        _write(storage, account, partial(_each, sql=_ANONYMOUS_ORDER, rows=renamed))


def keep_bans(storage: StorageManager, account: Account) -> None:
    """Let the account's bans hold without its name: under its pseudonym, to the day, without the reason.

    Else whoever is banned would only have to ask to be forgotten.
    """

    def keep(tx: Transaction) -> None:
        if tx.row("SELECT guild FROM bans WHERE account = :account LIMIT 1", account=account.key) is not None:
            values = {"account": account.key, "pseudonym": pseudonyms.of(account.key), "day": DAY_MS}
            tx.execute(_NAMELESS_BAN, now=storage.now_ms(), **values)
            tx.execute("DELETE FROM bans WHERE account = :account", account=account.key)

    pseudonyms = Pseudonyms(storage.root)
    try:
        _write(storage, account, keep)
    except OSError as error:
        raise StorageError(sentence("The key for pseudonyms cannot be used: {error}", error=str(error))) from error


def anonymise_journal(storage: StorageManager, account: Account) -> None:
    """Give the journal's rows to nobody; the day stays, the minute goes."""
    sql = (
        "UPDATE journal SET account = :forgotten, at = at - at % :day WHERE id IN "
        "(SELECT id FROM journal WHERE account = :account ORDER BY id LIMIT :limit)"
    )
    values = {"account": account.key, "forgotten": FORGOTTEN, "day": DAY_MS, "limit": ROWS_AT_ONCE}
    while _write(storage, account, lambda tx: tx.execute(sql, **values)):
        pass


def remove_folders(storage: StorageManager, account: Account) -> Iterator[str]:
    """Remove the folders named after the account and all in them; yields a sentence for each that stays."""
    folder = folder_for(account.platform, account.user_id)
    folders = [f"images/users/{folder}"]
    if account.platform == "local" and folder == account.user_id:
        folders.append(f"users/{folder}")  # of the older layout, see adoption
    for store, prefix in _stores(storage):
        for name in folders:
            for blob in list(store.list(f"{name}/")):
                if _read_open(storage, account, _is_stray, prefix + blob.key):
                    store.delete(blob.key)
            if not store.remove_folder(name):
                yield sentence(
                    "The folder {folder} holds files that Abby did not make; remove it by hand.", folder=prefix + name
                )


def forget_events(storage: StorageManager, events: EventLog, account: Account) -> int:
    """Blank the events about the account and its orders; returns how many."""
    orders: set[str] = set()
    last: Row | None = None
    while rows := _read(storage, account, "orders", last):
        orders.update(str(row["id"]) for row in rows)
        last = rows[-1]
    try:
        return events.forget(_Mention(account, orders))
    except OSError as error:
        raise StorageError(
            sentence("The event log could not be changed: {reason}.", reason=error.strerror or str(error))
        ) from error


def nameless() -> str:
    """An id that says nothing of anybody. No account has it: those hold a colon."""
    return f"{FORGOTTEN}-{secrets.token_hex(12)}"


# ---------------------------------------------------------------------- inside


def _stores(storage: StorageManager) -> list[tuple[BlobStore, str]]:
    """Where pictures' bytes may lie, and how the keys of what lies there begin in the catalogue."""
    at_hand: list[tuple[BlobStore, str]] = [(storage.blobs, "")]
    return at_hand if storage.archive is None else [*at_hand, (storage.archive, ARCHIVE)]


def _begin_removal(tx: Transaction, artifact_ids: list[str]) -> None:
    for artifact_id in artifact_ids:
        tx.execute("UPDATE artifacts SET state = 'removing' WHERE id = :id", id=artifact_id)


def _strike_retired(tx: Transaction, storage: StorageManager, blob_key: str) -> None:
    row = tx.row("DELETE FROM retired_blobs WHERE blob_key = :key RETURNING account, size_bytes", key=blob_key)
    if row is not None:  # they are the house's to count, not their owner's
        counted = counted_bytes(blob_key, int(row["size_bytes"]))
        storage.quota.free_in(tx, str(row["account"]), counted, temporary=True)


def _each(tx: Transaction, sql: str, rows: list[dict[str, Any]]) -> None:
    for values in rows:
        tx.execute(sql, **values)


def _is_stray(tx: Transaction, blob_key: str) -> bool:
    """Whether no row points at the blob, nor will in a moment."""
    reserved = tx.row("SELECT id FROM reservations WHERE blob_key = :key", key=blob_key)
    return reserved is None and not catalogue.blob_is_known(tx, blob_key)


def _write(storage: StorageManager, account: Account, function: Callable[[Transaction], T]) -> T:
    """Run a function in its own transaction, in which the erasure is open. Raises Over."""

    def guarded(tx: Transaction) -> T:
        if not erasure.hold(tx, account.key):
            raise Over
        return function(tx)

    return storage.database.write(guarded)


def _read(storage: StorageManager, account: Account, table: str, last: Row | None) -> list[Row]:
    """A page of the account's rows, while the erasure is open. Raises Over."""
    return _read_open(storage, account, page, table, account.key, last)


def _read_open(
    storage: StorageManager, account: Account, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    def guarded(tx: Transaction) -> T:
        if not erasure.is_being_forgotten(tx, account.key):
            raise Over
        return function(tx, *args, **kwargs)

    return storage.database.read(guarded)


class _Mention:
    """Whether a line of the event log is about the account: its key, its user id, or one of its orders."""

    def __init__(self, account: Account, orders: set[str]) -> None:
        self._account = account
        self._orders = orders
        self._key = re.compile(rf"(?<!\w){re.escape(account.key)}(?!\w)")

    def __call__(self, line: bytes) -> bool:
        try:
            event = json.loads(line)
        except ValueError:  # a line that a full disk has torn
            text = line.decode("ascii", "replace")
            return any(name in text for name in (*self._orders, json.dumps(self._account.user_id)[1:-1]))
        return isinstance(event, dict) and any(map(self._is_about, event.items()))  # pyright: ignore[reportUnknownArgumentType]

    def _is_about(self, field: tuple[str, Any]) -> bool:
        name, value = field
        return isinstance(value, str) and (
            (name in _ORDER_FIELDS and value in self._orders)
            or (name in _ACCOUNT_FIELDS and value == self._account.user_id)
            or self._key.search(value) is not None
        )
