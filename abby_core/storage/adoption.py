"""Adoption: taking pictures into the catalogue that lie in the root but that Abby did not put there.

Two places are looked at: the older layout ``users/<user_id>/<kind>/``, whose files move to where pictures lie
now, and files dropped by hand into ``images/users/<folder>/``, which stay where they are. Adopted pictures
count against storage, not against anybody's day; what does not fit stays untouched and is named.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from abby_core.errors import AbbyError, StorageError
from abby_core.quota.account import Account
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, mending, picture, saving
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import folder_for

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.blob_store import BlobInfo
    from abby_core.storage.storage_manager import StorageManager

KINDS: tuple[str, ...] = ("text_to_image", "image_to_image", "upscale")


@dataclass(frozen=True, kw_only=True)
class AdoptionReport:
    """What was taken in, and what was not: (key, reason) each."""

    adopted: int
    skipped: tuple[tuple[str, str], ...]


def adopt_layout(storage: StorageManager, *, progress: Callable[[int], None] | None = None) -> AdoptionReport:
    """Take in what lies there; may be repeated, also after a crash. Raises StorageError if nothing can be read."""
    adopted, skipped = 0, list[tuple[str, str]]()
    for blob, account, kind, moves in [*_older_layout(storage), *_dropped(storage)]:
        try:
            data = storage.blobs.open(blob.key)
            picture.verify(data, bytes_max=storage.picture_bytes_max)
            if moves:
                _move(storage, blob, data, account, kind)
            else:
                _enter(storage, blob, data, account, kind)
        except AbbyError as error:
            skipped.append((blob.key, str(error)))
        else:
            adopted += 1
            if progress is not None:
                progress(adopted)
    return AdoptionReport(adopted=adopted, skipped=tuple(skipped))


def _older_layout(storage: StorageManager) -> Iterator[tuple[BlobInfo, Account, str, bool]]:
    for blob in storage.blobs.list("users/"):
        parts = PurePosixPath(blob.key).parts
        if len(parts) == 4 and parts[2] in KINDS:
            yield blob, Account.local(parts[1]), parts[2], True


def _dropped(storage: StorageManager) -> Iterator[tuple[BlobInfo, Account, str, bool]]:
    in_flight = mending.in_flight_after(storage)
    for blob in storage.blobs.list("images/users/"):
        if blob.modified_at > in_flight:
            continue
        parts = PurePosixPath(blob.key).parts
        account = _account_of(parts[2]) if len(parts) == 4 else None
        if account is not None and not storage.database.read(catalogue.blob_is_known, blob.key):
            yield blob, account, "saved", False


def _account_of(folder: str) -> Account | None:
    """Whose folder it is; None where the name does not tell."""
    platform, at, user_id = folder.partition("@")
    account = Account(platform, user_id) if at else Account.local(folder)
    return account if folder_for(account.platform, account.user_id) == folder else None


def _move(storage: StorageManager, blob: BlobInfo, data: bytes, account: Account, kind: str) -> None:
    """Keep a copy where pictures lie now, then remove the old file; after a crash between, only the removal."""
    if not _is_kept(storage, account, data):
        name = PurePosixPath(blob.key).name
        saving.save_now(storage, data, account, name, images=0, kind=kind)
    storage.blobs.delete(blob.key)


def _enter(storage: StorageManager, blob: BlobInfo, data: bytes, account: Account, kind: str) -> None:
    """Enter a file where it lies: reserve, row and settlement in one transaction."""
    info = picture.inspect(data, bytes_max=storage.picture_bytes_max)
    artifact = Artifact(
        id=secrets.token_hex(12),
        account=account.key,
        name=PurePosixPath(blob.key).name,
        blob_key=blob.key,
        kind=kind,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=info.media_type,
        width=info.width,
        height=info.height,
        created_at_ms=int(blob.modified_at * 1000),
    )
    need = Need(size_bytes=artifact.size_bytes)

    def enter(tx: Transaction) -> None:
        storage.quota.reserve_in(tx, account.key, artifact.id, need, seconds=0)
        storage.quota.settle_in(tx, artifact.id, share=need, actual=need, close=True)
        if not catalogue.insert(tx, artifact):
            raise StorageError(sentence("A picture of this name is kept already; rename the file."))

    storage.database.write(enter)


def _is_kept(storage: StorageManager, account: Account, data: bytes) -> bool:
    sha256 = hashlib.sha256(data).hexdigest()
    sql = "SELECT id FROM artifacts WHERE account = :account AND sha256 = :sha256 AND state = 'kept' AND temporary = 0"
    return storage.database.read(lambda tx: tx.row(sql, account=account.key, sha256=sha256)) is not None
