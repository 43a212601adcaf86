"""fsck: do ledger, catalogue and disk say the same? Names every difference; ``repair`` mends what it can know.

Nothing that Abby did not make is ever deleted: a file that no row points at is named and left where it is.
May run beside a working Abby.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abby_core.quota import ledger
from abby_core.quota.account import HOUSE
from abby_core.quota.meter import BYTES
from abby_core.storage import catalogue, keeping, mending, retired
from abby_core.storage.artifact import ARCHIVE, Artifact, is_in_archive
from abby_core.storage.blob_store import BlobMissing, BlobStore

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

_OWN_THUMBNAIL = re.compile(r"thumbnails/[0-9a-f]{2}/([0-9a-f]{24})\.webp")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One difference. ``code`` is for programs, ``detail`` a sentence for people."""

    code: str
    subject: str
    detail: str
    repaired: bool = False


def check(
    storage: StorageManager,
    *,
    repair: bool = False,
    deep: bool = False,
    progress: Callable[[int], None] | None = None,
) -> list[Finding]:
    """Compare everything; ``deep`` reads every picture and compares its bytes too. ``progress``: pictures looked at.

    Raises StorageError when database or disk cannot be read at all.
    """
    findings = [
        *_archive(storage),
        *_catalogue(storage, repair=repair, deep=deep, progress=progress or (lambda _count: None)),
        *_retired(storage, deep=deep),
        *_extra_blobs(storage),
        *_extra_archived(storage),
        *_extra_thumbnails(storage, repair=repair),
        *_stale_reservations(storage, repair=repair),
    ]
    # The counters last: the repairs above change what they should say.
    return [*findings, *_counters(storage, repair=repair)]


# ---------------------------------------------------------------------- rows without the right bytes


def _catalogue(
    storage: StorageManager, *, repair: bool, deep: bool, progress: Callable[[int], None]
) -> Iterator[Finding]:
    last_id, looked_at = "", 0
    while page := storage.database.read(catalogue.all_after, last_id):
        for artifact in page:
            if artifact.state == "removing":
                yield _half_removed(storage, artifact, repair=repair)
                continue
            yield from _state(storage, artifact, repair=repair)
            yield from _picture(storage, artifact, deep=deep)
            yield from _thumbnail(storage, artifact, repair=repair)
        last_id, looked_at = page[-1].id, looked_at + len(page)
        progress(looked_at)


def _half_removed(storage: StorageManager, artifact: Artifact, *, repair: bool) -> Finding:
    if repair and not (artifact.in_archive and storage.archive is None):
        storage.finish_removal(artifact)
    repaired = storage.database.read(catalogue.one_being_removed, artifact.id) is None
    detail = "Its removal was begun and not finished."
    return Finding(code="half-removed", subject=artifact.blob_key, detail=detail, repaired=repair and repaired)


def _state(storage: StorageManager, artifact: Artifact, *, repair: bool) -> Iterator[Finding]:
    """Whether it is called archived where its bytes are in the archive, and only there."""
    right = "archived" if artifact.in_archive else "kept"
    if artifact.state in {right, "trashed"}:
        return
    if repair:
        sql = "UPDATE artifacts SET state = :right WHERE id = :id AND state = :wrong AND blob_key = :key"
        values = {"right": right, "wrong": artifact.state, "id": artifact.id, "key": artifact.blob_key}
        storage.database.write(lambda tx: tx.execute(sql, **values))
    detail = f"It is called {artifact.state}, and its bytes are where those of {right} pictures are."
    yield Finding(code="wrong-state", subject=artifact.blob_key, detail=detail, repaired=repair)


def _picture(storage: StorageManager, artifact: Artifact, *, deep: bool) -> Iterator[Finding]:
    for finding in _bytes(storage, artifact, deep=deep):
        if finding.code != "missing-blob":
            yield finding
        elif storage.database.read(_has_blob, artifact.id, artifact.blob_key):  # else it moved or went meanwhile
            where = "archive" if artifact.in_archive else "disk"
            whose = f"The catalogue has it for {artifact.account}, the {where} has not."
            detail = f"{whose} `abby delete --for-good` strikes the row."
            yield replace(finding, detail=detail)


def _has_blob(tx: Transaction, artifact_id: str, blob_key: str) -> bool:
    sql = "SELECT id FROM artifacts WHERE id = :id AND blob_key = :key AND state <> 'removing'"
    return tx.row(sql, id=artifact_id, key=blob_key) is not None


def _bytes(storage: StorageManager, expected: Artifact | retired.RetiredBlob, *, deep: bool) -> Iterator[Finding]:
    """Whether bytes are where a row says, and the ones it says."""
    if is_in_archive(expected.blob_key) and storage.archive is None:
        return  # :func:`_archive` says so
    store, key = storage.store_of(expected.blob_key)
    size = store.size(key)
    if size is None:
        yield Finding(code="missing-blob", subject=expected.blob_key, detail="It is missing.")
    elif size != expected.size_bytes:
        detail = f"It has {size} bytes on disk and {expected.size_bytes} in the catalogue; restore it from a backup."
        yield Finding(code="wrong-size", subject=expected.blob_key, detail=detail)
    elif deep and expected.sha256 and _sha256(store, key) not in {expected.sha256, ""}:
        detail = "Its bytes are not the ones that were kept; restore it from a backup."
        yield Finding(code="wrong-bytes", subject=expected.blob_key, detail=detail)


def _sha256(store: BlobStore, key: str) -> str:
    """Of the bytes under a key; empty: they went since their size was asked for."""
    try:
        return hashlib.sha256(store.open(key)).hexdigest()
    except BlobMissing:
        return ""


def _archive(storage: StorageManager) -> Iterator[Finding]:
    """Pictures in an archive that is not connected: nothing else can be said of them."""
    if storage.archive is not None:
        return
    sql = f"SELECT COUNT(*) AS many FROM artifacts WHERE substr(blob_key, 1, 8) = '{ARCHIVE}'"  # noqa: S608
    row = storage.database.read(lambda tx: tx.row(sql))
    if row is not None and row["many"]:
        detail = f"Pictures in the archive: {row['many']}. None is connected; set ARCHIVE_ROOT to where it is."
        yield Finding(code="no-archive", subject="ARCHIVE_ROOT", detail=detail)


def _retired(storage: StorageManager, *, deep: bool) -> Iterator[Finding]:
    """Bytes that wait for their deletion; what has no time left may be gone already."""
    last_key = ""
    while page := storage.database.read(retired.all_after, last_key):
        for blob in page:
            for finding in _bytes(storage, blob, deep=deep):
                if blob.reason == "compressed" and storage.database.read(retired.is_retired, blob.blob_key):
                    yield replace(
                        finding, code=f"retired-{finding.code}",
                        detail=f"The original of a picture that was compressed cannot be had back. {finding.detail}",
                    )  # fmt: skip
        last_key = page[-1].blob_key


def _thumbnail(storage: StorageManager, artifact: Artifact, *, repair: bool) -> Iterator[Finding]:
    if not artifact.thumbnail_key or storage.blobs.size(artifact.thumbnail_key) == artifact.thumbnail_bytes:
        return
    repaired = repair and _remake_thumbnail(storage, artifact)
    detail = f"The thumbnail of {artifact.blob_key} is missing or of another size."
    yield Finding(code="missing-thumbnail", subject=artifact.thumbnail_key, detail=detail, repaired=repaired)


def _remake_thumbnail(storage: StorageManager, artifact: Artifact) -> bool:
    def forget(tx: Transaction) -> None:
        tx.execute("UPDATE artifacts SET thumbnail_key = '' WHERE id = :id", id=artifact.id)

    storage.database.write(forget)
    try:
        keeping.make_thumbnail(storage, replace(artifact, thumbnail_key=""))
    except BlobMissing:
        return False
    return True


# ---------------------------------------------------------------------- bytes without a row


def _extra_blobs(storage: StorageManager) -> Iterator[Finding]:
    in_flight = mending.in_flight_after(storage)
    for prefix in ("images/", "temp/"):
        for blob in storage.blobs.list(prefix):
            if blob.modified_at > in_flight or storage.database.read(_is_known, blob.key):
                continue
            remedy = (
                "`abby cleanup` removes it in time" if prefix == "temp/" else "`abby admin adopt-layout` takes it in"
            )
            detail = f"No picture of the catalogue; it is not counted. {remedy}, or move it away."
            yield Finding(code="extra-blob", subject=blob.key, detail=detail)


def _extra_archived(storage: StorageManager) -> Iterator[Finding]:
    if storage.archive is None:
        return
    in_flight = mending.in_flight_after(storage)
    for blob in storage.archive.list("images/"):
        if blob.modified_at > in_flight or storage.database.read(catalogue.blob_is_known, ARCHIVE + blob.key):
            continue
        detail = "No picture of the catalogue has its bytes in this file of the archive; move it away."
        yield Finding(code="extra-archived", subject=ARCHIVE + blob.key, detail=detail)


def _is_known(tx: Transaction, key: str) -> bool:
    return catalogue.blob_is_known(tx, key) or (key.startswith("temp/") and mending.is_source(tx, key))


def _extra_thumbnails(storage: StorageManager, *, repair: bool) -> Iterator[Finding]:
    for blob in storage.blobs.list("thumbnails/"):
        own = _OWN_THUMBNAIL.fullmatch(blob.key)
        if own and storage.database.read(_has_row, own[1]):
            continue
        repaired = bool(repair and own and storage.blobs.delete(blob.key))
        detail = "The thumbnail of no picture." if own else "A file that is not Abby's lies among the thumbnails."
        yield Finding(code="extra-thumbnail", subject=blob.key, detail=detail, repaired=repaired)


def _has_row(tx: Transaction, artifact_id: str) -> bool:
    """Whether there is such a picture, one that is being removed included."""
    return tx.row("SELECT id FROM artifacts WHERE id = :id", id=artifact_id) is not None


# ---------------------------------------------------------------------- the ledger


def _stale_reservations(storage: StorageManager, *, repair: bool) -> Iterator[Finding]:
    def stale(tx: Transaction) -> list[str]:
        sql = (
            "SELECT r.id AS id FROM reservations r JOIN orders o ON o.id = r.id "
            "WHERE o.state IN ('done', 'failed', 'cancelled')"
        )
        return [str(row["id"]) for row in tx.rows(sql)]

    for reservation_id in storage.database.read(stale):
        if repair:
            storage.database.write(storage.quota.release_in, reservation_id)
        detail = "Its order has ended, but still has quota set aside."
        yield Finding(code="stale-reservation", subject=reservation_id, detail=detail, repaired=repair)


def _counters(storage: StorageManager, *, repair: bool) -> list[Finding]:
    def compare(tx: Transaction) -> list[Finding]:
        found: list[Finding] = []
        right = _right_bytes(tx)
        rows = tx.rows(f"SELECT account, used FROM counters WHERE meter = :meter{tx.row_lock}", meter=BYTES)  # noqa: S608
        counted = {str(row["account"]): int(row["used"]) for row in rows}
        for account in sorted(right.keys() | counted.keys()):
            used, should = counted.get(account, 0), right.get(account, 0)
            if used == should:
                continue
            if repair:
                _set_counter(tx, account, should)
            whose = "everybody" if account == HOUSE else account
            detail = f"{used} bytes are counted for {whose}, {should} are kept or set aside."
            found.append(Finding(code="wrong-counter", subject=whose, detail=detail, repaired=repair))
        return found

    return storage.database.write(compare) if repair else storage.database.read(compare)


def _right_bytes(tx: Transaction) -> dict[str, int]:
    """What the byte counters must say: all that is kept, and all that is set aside."""
    right: dict[str, int] = {HOUSE: 0}
    rows = tx.rows(
        f"SELECT account, temporary, SUM({catalogue.COUNTED} + thumbnail_bytes) AS kept FROM artifacts "  # noqa: S608
        "GROUP BY account, temporary"
    )
    waiting = tx.row(f"SELECT COALESCE(SUM({catalogue.COUNTED}), 0) AS bytes FROM retired_blobs")  # noqa: S608
    right[HOUSE] += int(waiting["bytes"]) if waiting is not None else 0
    for row in rows:
        right[HOUSE] += int(row["kept"])
        if not row["temporary"]:
            right[row["account"]] = right.get(row["account"], 0) + int(row["kept"])
    for hold in ledger.open_holds(tx):
        if hold.meter == BYTES:
            right[hold.account] = right.get(hold.account, 0) + hold.amount
    return right


def _set_counter(tx: Transaction, account: str, used: int) -> None:
    tx.execute(
        "INSERT INTO counters (account, meter, used) VALUES (:account, :meter, :used) "
        "ON CONFLICT (account, meter) DO UPDATE SET used = excluded.used",
        account=account, meter=BYTES, used=used,
    )  # fmt: skip
