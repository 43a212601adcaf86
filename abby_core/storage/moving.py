"""A picture gets other bytes, or its bytes another place; a crash at any moment loses nothing and leaves nothing.

Compressing, archiving and restoring are one thing: room is set aside under the new key → the new bytes are durable
and were read back → one transaction makes the picture of them and retires the old ones. Until that transaction the
picture is as it was, and mending undoes what lies under the new key; from then on it deletes the old bytes when
their time is over.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, StorageError
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, retired
from abby_core.storage.artifact import Artifact, is_in_archive
from abby_core.storage.blob_store import BlobExists
from abby_core.storage.names import safe_name, unique_candidates

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
LEASE_SECONDS = 300.0
"""After this time a move that was not finished is taken for dead and undone; 20 MB to a slow disk take a minute."""
KEY_TRIES_MAX = 20
Also = Callable[["Transaction"], None]
"""What else happens in the transaction."""


def read_unchanged(storage: StorageManager, artifact: Artifact) -> bytes:
    """The picture's bytes, proven to be those that were kept. Raises StorageError."""
    data = storage.open(artifact)
    if artifact.sha256 and hashlib.sha256(data).hexdigest() != artifact.sha256:
        raise StorageError(
            sentence(
                "The bytes of {name!r} are not the ones that were kept; `abby fsck --deep` tells.", name=artifact.name
            )
        )
    return data


def keys_like(blob_key: str) -> Iterator[str]:
    """That key, then others in the same folder, for when it is taken."""
    folder, _, name = blob_key.rpartition("/")
    return (f"{folder}/{safe_name(candidate)}" for candidate in unique_candidates(name))


def move(
    storage: StorageManager, before: Artifact, candidates: Iterable[Artifact], data: bytes, *, need: Need, also: Also
) -> Artifact:
    """Make the picture of ``data`` from now on, as the first of ``candidates`` whose key and name are free.

    ``candidates`` say all that changes, their keys included. ``need`` is what the new bytes take: set aside before
    they are written, used afterwards. Raises QuotaExceeded, InvalidRequest for a picture that was changed
    meanwhile, StorageError; nothing has changed then.
    """
    for after in islice(candidates, KEY_TRIES_MAX):
        if _move_to(storage, before, after, data, need=need, also=also):
            return after
    raise StorageError(sentence("No free place for the bytes of {name!r} could be found.", name=before.name))


def delete_quietly(storage: StorageManager, blob_key: str) -> None:
    """Delete retired bytes at once; where that fails, mending does it later."""
    try:
        retired.delete(storage, blob_key)
    except StorageError as error:
        log.warning("what a picture left behind could not be deleted yet: %s", error)


def changed_meanwhile(artifact: Artifact) -> InvalidRequest:
    """The refusal for a picture that somebody changed between a look and the act."""
    return InvalidRequest(sentence("{name!r} was changed or removed meanwhile; look at it again.", name=artifact.name))


def _move_to(
    storage: StorageManager, before: Artifact, after: Artifact, data: bytes, *, need: Need, also: Also
) -> bool:
    """False: the key or the name is taken, and all is as before."""
    reservation_id = f"move:{before.id}:{secrets.token_hex(8)}"

    def reserve(tx: Transaction) -> bool:
        tx.lock(after.blob_key)
        if not _is_free(tx, before, after):
            return False
        return storage.quota.reserve_in(
            tx, before.account, reservation_id, need,
            seconds=LEASE_SECONDS, blob_key=after.blob_key, blob_sha256=after.sha256,
        )  # fmt: skip

    def enter(tx: Transaction) -> None:
        if not catalogue.move(tx, before.id, before=before.blob_key, after=after):
            raise changed_meanwhile(before)
        also(tx)
        if not storage.quota.settle_in(tx, reservation_id, share=need, actual=need, close=True):
            raise StorageError(sentence("Writing took too long and was given up."))

    store, key = storage.store_of(after.blob_key)
    if not storage.database.write(reserve):
        return False
    written = False
    try:
        if not is_in_archive(after.blob_key):
            storage.check_free_disk(len(data))
        store.put(key, data)
        written = True
        _require_same(store.open(key), data)
        storage.database.write(enter)
    except BlobExists:
        storage.database.write(storage.quota.release_in, reservation_id)
        return False
    except BaseException:
        if written and storage.database.read(catalogue.blob_is_known, after.blob_key):
            return True  # a database that lost its answer had entered it after all
        if written:
            store.delete(key)
        storage.database.write(storage.quota.release_in, reservation_id)
        raise
    return True


def _require_same(found: bytes, written: bytes) -> None:
    if found != written:
        raise StorageError(sentence("What was written reads back differently; the disk is not to be trusted."))


def _is_free(tx: Transaction, before: Artifact, after: Artifact) -> bool:
    """Whether nobody has that key or writes to it or deletes from it, and nobody has that name."""
    sql = "SELECT id FROM reservations WHERE blob_key = :key"
    if catalogue.blob_is_known(tx, after.blob_key) or tx.row(sql, key=after.blob_key) is not None:
        return False
    return after.name == before.name or not catalogue.name_is_taken(tx, before.account, after.name)
