"""The catalogue's SQL: one row for every picture Abby keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction, Value

_COLUMNS = (
    "id, account, name, blob_key, kind, size_bytes, sha256, media_type, width, height, thumbnail_key, thumbnail_bytes, "
    "temporary, expires_at, order_id, order_index, source_artifact, prompt, negative_prompt, style, seed, provider, "
    "model, parameters, millicredits, created_at, state, state_at, favourite, visibility, guild, alt_text, "
    "import_sha256"
)
LISTED = "state IN ('kept', 'archived')"
"""Of pictures their owner finds: what is in the trash or going is not among them."""
COUNTED = "CASE WHEN substr(blob_key, 1, 8) = 'archive/' THEN 0 ELSE size_bytes END"
"""What a picture's own bytes count, or retired ones: :func:`abby_core.storage.artifact.counted_bytes` in SQL."""
_INSERT = (
    f"INSERT INTO artifacts ({_COLUMNS}, name_key) VALUES ("  # noqa: S608 - the columns above, no input
    + ", ".join(f":{column.strip()}" for column in _COLUMNS.split(","))
    + ", :name_key) ON CONFLICT DO NOTHING"
)
_SELECT = f"SELECT {_COLUMNS} FROM artifacts WHERE "  # noqa: S608
PAGE_MAX = 200


def select(tx: Transaction, of: str, **values: Value) -> list[Artifact]:
    """Pictures, by the SQL behind the columns (``FROM artifacts WHERE …``): written in code, never input."""
    return [_artifact(row) for row in tx.rows(f"SELECT {_COLUMNS} {of}", **values)]


def change(tx: Transaction, how: str, **values: Value) -> list[Artifact]:
    """Pictures as one conditional UPDATE has left them; ``how`` is what stands behind its SET, written in code."""
    sql = f"UPDATE artifacts SET {how} RETURNING {_COLUMNS}"  # noqa: S608
    return [_artifact(row) for row in tx.rows(sql, **values)]


def insert(tx: Transaction, artifact: Artifact) -> bool:
    """Enter a picture. False: its name, its blob, its place in the order or the file it came from is taken already."""
    return tx.execute(_INSERT, **_values(artifact)) == 1


def by_name(tx: Transaction, account: str, name: str) -> Artifact | None:
    """The account's picture of exactly this name, kept or archived."""
    return _first(
        tx,
        _SELECT + f"account = :account AND name_key = :key AND name = :name AND {LISTED}",
        account=account,
        key=name_key(name),
        name=name,
    )


def by_id(tx: Transaction, artifact_id: str) -> Artifact | None:
    """A picture by its id, kept or archived, whoever owns it."""
    return _first(tx, _SELECT + f"id = :id AND {LISTED}", id=artifact_id)


def imported(tx: Transaction, account: str, sha256: str) -> Artifact | None:
    """The account's picture that came from a file with that SHA-256, in whatever state; None also for no SHA-256."""
    sql = "account = :account AND import_sha256 = :sha256 AND import_sha256 <> ''"
    return _first(tx, _SELECT + sql, account=account, sha256=sha256)


def name_is_taken(tx: Transaction, account: str, name: str) -> bool:
    """Whether a new picture of that name would collide, upper and lower case being one."""
    sql = "SELECT id FROM artifacts WHERE account = :account AND name_key = :key"
    return tx.row(sql, account=account, key=name_key(name)) is not None


def of_order(tx: Transaction, order_id: str) -> list[Artifact]:
    """What an order has brought so far, by index; also what its owner put into the trash meanwhile."""
    sql = _SELECT + "order_id = :order AND state <> 'removing' ORDER BY order_index"
    return [_artifact(row) for row in tx.rows(sql, order=order_id)]


def newest(tx: Transaction, account: str, *, limit: int = 50, before: tuple[int, str] | None = None) -> list[Artifact]:
    """A page of kept and archived pictures, newest first; ``before`` is (created_at_ms, id) of the last one seen."""
    at, last_id = before or (2**62, "")
    sql = (
        _SELECT + f"account = :account AND (created_at, id) < (:at, :id) AND {LISTED} AND temporary = 0 "
        "ORDER BY created_at DESC, id DESC LIMIT :limit"
    )
    rows = tx.rows(sql, account=account, at=at, id=last_id, limit=min(limit, PAGE_MAX))
    return [_artifact(row) for row in rows]


def names(tx: Transaction, account: str) -> list[str]:
    """The names of all of an account's pictures that are kept or archived, oldest first."""
    sql = f"SELECT name FROM artifacts WHERE account = :account AND {LISTED} AND temporary = 0 ORDER BY created_at, id"  # noqa: S608
    return [str(row["name"]) for row in tx.rows(sql, account=account)]


def expired(tx: Transaction, now_ms: int, *, limit: int = PAGE_MAX) -> list[Artifact]:
    """Temporary pictures whose time is over, some at a time."""
    sql = _SELECT + "expires_at IS NOT NULL AND expires_at <= :now AND state = 'kept' ORDER BY expires_at LIMIT :limit"
    return [_artifact(row) for row in tx.rows(sql, now=now_ms, limit=limit)]


def being_removed(tx: Transaction, *, limit: int = PAGE_MAX) -> list[Artifact]:
    """Pictures whose removal was begun and not finished."""
    return [
        _artifact(row) for row in tx.rows(_SELECT + "state = 'removing' ORDER BY created_at LIMIT :limit", limit=limit)
    ]


def thumbnails_due(tx: Transaction, *, before_ms: int, limit: int = 50) -> list[Artifact]:
    """Pictures kept before then that have no thumbnail yet."""
    sql = (
        _SELECT + "thumbnail_key = '' AND thumbnail_bytes > 0 AND state = 'kept' AND created_at < :before "
        "ORDER BY created_at LIMIT :limit"
    )
    return [_artifact(row) for row in tx.rows(sql, before=before_ms, limit=limit)]


def all_after(tx: Transaction, last_id: str, *, limit: int = 1000) -> list[Artifact]:
    """The whole catalogue in steps, by id, in whatever state."""
    sql = f"SELECT {_COLUMNS} FROM artifacts WHERE id > :last ORDER BY id LIMIT :limit"  # noqa: S608
    return [_artifact(row) for row in tx.rows(sql, last=last_id, limit=limit)]


def chosen(tx: Transaction, condition: str, **values: Value) -> list[Artifact]:
    """The pictures that a condition chooses: SQL text of ours, never input, its order and its limit included."""
    return [_artifact(row) for row in tx.rows(_SELECT + condition, **values)]


def all_of(tx: Transaction, account: str, last: Artifact | None, *, limit: int = PAGE_MAX) -> list[Artifact]:
    """All of an account's pictures in steps, oldest first, in whatever state; ``last`` is the last one seen."""
    at, last_id = (-1, "") if last is None else (last.created_at_ms, last.id)
    sql = _SELECT + "account = :account AND (created_at, id) > (:at, :id) ORDER BY created_at, id LIMIT :limit"
    return [_artifact(row) for row in tx.rows(sql, account=account, at=at, id=last_id, limit=limit)]


def blob_is_known(tx: Transaction, blob_key: str) -> bool:
    """Whether a row points at that blob: a picture's, or one that waits for its deletion."""
    sql = (
        "SELECT blob_key FROM artifacts WHERE blob_key = :key "
        "UNION ALL SELECT blob_key FROM retired_blobs WHERE blob_key = :key"
    )
    return tx.row(sql, key=blob_key) is not None


def begin_removal(tx: Transaction, artifact_id: str) -> bool:
    """Stop showing a picture, before its bytes go. False: it is not there (any more)."""
    return bool(change(tx, f"state = 'removing' WHERE id = :id AND {LISTED}", id=artifact_id))


def undo_removal(tx: Transaction, artifact_id: str) -> None:
    """The bytes could not be removed: show the picture again."""
    tx.execute(
        "UPDATE artifacts SET state = CASE WHEN substr(blob_key, 1, 8) = 'archive/' THEN 'archived' ELSE 'kept' END "
        "WHERE id = :id AND state = 'removing'",
        id=artifact_id,
    )


def one_being_removed(tx: Transaction, artifact_id: str) -> Artifact | None:
    """A picture whose removal was begun, as it is now: nothing moves its bytes any more."""
    return _first(tx, _SELECT + "id = :id AND state = 'removing'", id=artifact_id)


def finish_removal(tx: Transaction, artifact_id: str) -> Artifact | None:
    """Strike the row of a picture whose bytes are gone; returns what it said, once."""
    sql = f"DELETE FROM artifacts WHERE id = :id AND state = 'removing' RETURNING {_COLUMNS}"  # noqa: S608
    return _first(tx, sql, id=artifact_id)


def move(tx: Transaction, artifact_id: str, *, before: str, after: Artifact) -> bool:
    """The picture is made of other bytes from now on, perhaps under another name. False: it is not as it was.

    ``before``: the key of the bytes it must still have, kept or archived. Raises StorageError for a name that was
    taken meanwhile.
    """
    moved = change(
        tx,
        "name = :name, name_key = :name_key, blob_key = :blob_key, size_bytes = :size_bytes, sha256 = :sha256, "
        "media_type = :media_type, width = :width, height = :height, state = :state, state_at = :state_at "
        f"WHERE id = :id AND blob_key = :before AND {LISTED}",
        id=artifact_id, before=before, name=after.name, name_key=name_key(after.name), blob_key=after.blob_key,
        size_bytes=after.size_bytes, sha256=after.sha256, media_type=after.media_type, width=after.width,
        height=after.height, state=after.state, state_at=after.state_at_ms,
    )  # fmt: skip
    return bool(moved)


def set_thumbnail(tx: Transaction, artifact_id: str, *, key: str, size_bytes: int) -> Artifact | None:
    """Note a thumbnail that was made (or, with no key and 0 bytes, cannot be); returns the row as it was before.

    None: there is no such picture, or another maker was faster. Of two at once only one is told the row.
    """
    before = by_id(tx, artifact_id)
    if before is None or before.thumbnail_key or not before.thumbnail_bytes:
        return None
    noted = tx.execute(
        "UPDATE artifacts SET thumbnail_key = :key, thumbnail_bytes = :size "
        "WHERE id = :id AND thumbnail_key = '' AND thumbnail_bytes > 0",
        key=key, size=size_bytes, id=artifact_id,
    )  # fmt: skip
    return before if noted else None


def _values(artifact: Artifact) -> dict[str, Value]:
    return {
        "id": artifact.id,
        "account": artifact.account,
        "name": artifact.name,
        "name_key": name_key(artifact.name),
        "blob_key": artifact.blob_key,
        "kind": artifact.kind,
        "size_bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "media_type": artifact.media_type,
        "width": artifact.width,
        "height": artifact.height,
        "thumbnail_key": artifact.thumbnail_key,
        "thumbnail_bytes": artifact.thumbnail_bytes,
        "temporary": int(artifact.temporary),
        "expires_at": artifact.expires_at_ms,
        "order_id": artifact.order_id,
        "order_index": artifact.order_index,
        "source_artifact": artifact.source_artifact,
        "prompt": artifact.prompt,
        "negative_prompt": artifact.negative_prompt,
        "style": artifact.style,
        "seed": artifact.seed,
        "provider": artifact.provider,
        "model": artifact.model,
        "parameters": json.dumps(artifact.parameters),
        "millicredits": artifact.millicredits,
        "created_at": artifact.created_at_ms,
        "state": artifact.state,
        "state_at": artifact.state_at_ms,
        "favourite": int(artifact.favourite),
        "visibility": artifact.visibility,
        "guild": artifact.guild,
        "alt_text": artifact.alt_text,
        "import_sha256": artifact.import_sha256,
    }


def _artifact(row: Row) -> Artifact:
    values: dict[str, Any] = {
        name: value for name, value in row.items() if name not in {"expires_at", "created_at", "state_at"}
    }
    values["temporary"] = bool(row["temporary"])
    values["favourite"] = bool(row["favourite"])
    values["parameters"] = json.loads(row["parameters"])
    return Artifact(
        **values, expires_at_ms=row["expires_at"], created_at_ms=row["created_at"], state_at_ms=row["state_at"]
    )


def _first(tx: Transaction, sql: str, **values: Value) -> Artifact | None:
    row = tx.row(sql, **values)
    return None if row is None else _artifact(row)
