"""The trash: pictures their owner deleted and may have back for a week.

They keep their bytes and count as before, but nobody finds them. Every step is one conditional UPDATE, so of two
who do different things with one picture at once, one wins and the other is told that there is no such picture::

    kept, archived ──put──► trashed ──take back──► kept, archived
                               └───remove───► removing ──► gone, and its space is free

Its name is free for others at once: its row gets a ``name_key`` that no name has, since keys are case-folded and this
one begins with capitals. Behind them stand the moment, the id and where it was, so that the unique index of names also
lists each account's trash in order of time.
"""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING

from abby_core.errors import NotFound, StorageError
from abby_core.quota import journal
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key, unique_candidates
from abby_core.storage.renaming import NAME_TRIES_MAX, claim
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

log = logging.getLogger(__name__)
UNDO_DAYS = 7
"""How long a deleted picture can be had back: long enough to notice, short enough for it not to fill the house."""
UNDO_MS = UNDO_DAYS * 86_400_000
PURGED_AT_ONCE_MAX = 200
"""Pictures that one round of mending removes; the next round takes the next."""
_MARK = "TRASHED:"
_LAST_MS = 10**15 - 1
"""The latest moment the key has digits for (the year 33658)."""
_OWN = f"account = :account AND state = 'trashed' AND name_key > '{_MARK}0' AND name_key < :before"


def put(tx: Transaction, artifact: Artifact, now_ms: int) -> Artifact:
    """Put a picture into the trash. Raises NotFound when it is no more where ``artifact`` says."""
    moved = catalogue.change(
        tx,
        "state = 'trashed', state_at = :now, name_key = :mark || id || ':' || state "
        f"WHERE id = :id AND account = :account AND {catalogue.LISTED}",
        id=artifact.id, account=artifact.account, now=now_ms, mark=f"{_MARK}{now_ms:015d}:",
    )  # fmt: skip
    return _one(moved, artifact)


def take_back(tx: Transaction, artifact: Artifact, now_ms: int) -> Artifact:
    """Put a picture back where it was, under its name or, if that is taken meanwhile, the next like it.

    Raises NotFound when it is not in the trash any more.
    """
    for candidate in islice(unique_candidates(artifact.name), NAME_TRIES_MAX):
        name = clean_name(candidate)
        if not claim(tx, artifact.account, name):
            continue
        back = catalogue.change(
            tx,
            "state = CASE WHEN name_key LIKE '%archived' THEN 'archived' ELSE 'kept' END, "
            "state_at = :now, name = :name, name_key = :key "
            "WHERE id = :id AND account = :account AND state = 'trashed'",
            id=artifact.id, account=artifact.account, now=now_ms, name=name, key=name_key(name),
        )  # fmt: skip
        return _one(back, artifact)
    raise StorageError(sentence("no free name like {name!r} could be found", name=artifact.name))


def find(tx: Transaction, account: str, name_or_id: str) -> Artifact | None:
    """The account's trashed picture of that name (the one deleted last) or id."""
    by_name = f"FROM artifacts WHERE {_OWN} AND name = :name ORDER BY name_key DESC LIMIT 1"
    by_id = "FROM artifacts WHERE id = :id AND account = :account AND state = 'trashed'"
    found = catalogue.select(tx, by_name, account=account, before=_key_before(None), name=name_or_id)
    found = found or catalogue.select(tx, by_id, account=account, id=name_or_id)
    return found[0] if found else None


def newest(tx: Transaction, account: str, *, limit: int, before: tuple[int, str] | None = None) -> list[Artifact]:
    """What the account deleted, the latest first; ``before`` is (state_at_ms, id) of the last one seen."""
    sql = f"FROM artifacts WHERE {_OWN} ORDER BY name_key DESC LIMIT :limit"
    return catalogue.select(tx, sql, account=account, before=_key_before(before), limit=limit)


def remove(storage: StorageManager, artifact: Artifact) -> None:
    """Remove a trashed picture for good; its space is free afterwards.

    Raises NotFound when it is no more in the trash as ``artifact`` says, StorageError when its bytes cannot be
    removed just now: mending goes on with it.
    """
    storage.database.write(_begin_removal, artifact)
    storage.finish_removal(artifact)


def purge(storage: StorageManager) -> int:
    """Remove pictures that were trashed longer ago than they can be had back, some at a time; returns how many."""
    purged = 0
    for artifact in storage.database.read(_overdue, storage.now_ms() - UNDO_MS):
        try:
            remove(storage, artifact)
        except NotFound:  # had back, or removed by another process
            continue
        except StorageError as error:
            log.warning("picture %s could not be removed from the trash: %s", artifact.id, error)
            continue
        purged += 1
    return purged


def forget(tx: Transaction, gone: Artifact, *, now_ms: int) -> None:
    """What else happens where a removed picture's row is struck: albums lose it, the journal notes it."""
    tx.execute("DELETE FROM album_pictures WHERE artifact_id = :id", id=gone.id)
    if not gone.temporary:
        journal.removed(
            tx, at_ms=now_ms, account=gone.account, reason="deleted", pictures=1, size_bytes=gone.counted_bytes
        )


def _begin_removal(tx: Transaction, artifact: Artifact) -> None:
    sql = "state = 'removing' WHERE id = :id AND state = 'trashed' AND state_at = :since"
    _one(catalogue.change(tx, sql, id=artifact.id, since=artifact.state_at_ms), artifact)


def _overdue(tx: Transaction, before_ms: int) -> list[Artifact]:
    sql = "FROM artifacts WHERE state = 'trashed' AND state_at <= :before ORDER BY state_at LIMIT :limit"
    return catalogue.select(tx, sql, before=before_ms, limit=PURGED_AT_ONCE_MAX)


def _key_before(position: tuple[int, str] | None) -> str:
    """The key below which older ones lie; it is the beginning of the position's own key, so less than that."""
    at_ms, last_id = position or (_LAST_MS, "")
    return f"{_MARK}{min(max(at_ms, 0), _LAST_MS):015d}:{last_id}"


def _one(changed: list[Artifact], artifact: Artifact) -> Artifact:
    if not changed:
        raise NotFound(sentence("There is no picture named {name!r} any more.", name=artifact.name))
    return changed[0]
