"""Saving a picture that was made elsewhere: a name is found for it, and it counts as one generation."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from abby_core.errors import PictureRejected, StorageError
from abby_core.quota.account import Account
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence
from abby_core.storage import catalogue, picture
from abby_core.storage.artifact import Artifact
from abby_core.storage.blob_store import BlobExists
from abby_core.storage.names import folder_for, safe_name, unique_candidates

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.storage.storage_manager import StorageManager

SAVE_LEASE_SECONDS = 120.0
"""After this time a save that was not finished is taken for dead and undone."""
NAME_CHARACTERS_MAX = 255
"""Longer names are remembered as their file is named: cut, with a hash."""
NAME_TRIES_MAX = 40
KINDS = frozenset({"text_to_image", "image_to_image", "upscale"})


async def save(storage: StorageManager, data: bytes, account: Account, name: object, *, temporary: bool) -> Artifact:
    """Keep ``data`` under ``name`` or the next free one like it. Raises Refused or StorageError, nothing changed."""
    return await asyncio.to_thread(save_now, storage, data, account, name, temporary=temporary)


def new_id() -> str:
    """24 hex digits, later ones larger: pictures kept in one millisecond keep their order."""
    return f"{time.time_ns() // 1000:014x}{secrets.token_hex(5)}"


def clean_name(name: object) -> str:
    """The name as the catalogue remembers it: any text, but one that every database holds."""
    text = str(name if name is not None else "").replace("\0", "\N{SYMBOL FOR NULL}")
    text = text.encode("utf-8", "backslashreplace").decode("utf-8") or "generated.png"
    return text if len(text) <= NAME_CHARACTERS_MAX else safe_name(text)


def save_now(
    storage: StorageManager,
    data: bytes,
    account: Account,
    name: object,
    *,
    temporary: bool = False,
    images: int = 1,
    kind: str = "saved",
) -> Artifact:
    """:func:`save`, blocking. ``images``: how many of the day's generations it counts as."""
    if not isinstance(data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - callers are strangers
        raise PictureRejected(sentence("That is no picture: the bytes of a PNG, JPEG or WebP file are needed."))
    wished = clean_name(name)
    info = picture.verify(data, bytes_max=storage.picture_bytes_max)
    storage.check_free_disk(len(data))
    if wished in KINDS:
        kind = wished
        at = datetime.fromtimestamp(storage.now_ms() / 1000, UTC)
        wished = f"{wished}-{at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}{info.extension}"
    artifact = Artifact(
        id=new_id(),
        account=account.key,
        name=wished,
        blob_key="",
        kind=kind,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=info.media_type,
        width=info.width,
        height=info.height,
        temporary=temporary,
        expires_at_ms=storage.now_ms() + int(storage.cleanup_days * 86_400_000) if temporary else None,
        created_at_ms=storage.now_ms(),
    )
    return save_draft(storage, data, artifact, account, images=images)


def save_draft(
    storage: StorageManager, data: bytes, artifact: Artifact, account: Account, *, images: int = 0
) -> Artifact:
    """Keep ``data``, a picture that was checked before, under the artifact's name or the next free one like it.

    The artifact says everything but its ``blob_key``. One with an ``import_sha256`` that the account holds already, in
    whatever state, is not kept twice: that picture is returned instead. Raises Refused or StorageError, nothing
    changed.
    """
    wished, temporary = artifact.name, artifact.temporary
    folder = "temp" if temporary else f"images/users/{folder_for(account.platform, account.user_id)}"
    for candidate in islice(unique_candidates(wished), NAME_TRIES_MAX):
        named = replace(artifact, name=candidate, blob_key=f"{folder}/{safe_name(candidate)}")
        if storage.database.read(catalogue.name_is_taken, account.key, candidate):
            continue
        if not temporary and storage.database.read(catalogue.blob_is_known, named.blob_key):  # renamed, or trashed
            named = replace(named, blob_key=_beside(named))
        if storage.blobs.size(named.blob_key) is None and _save_as(storage, named, data, images):
            return named
        earlier = storage.database.read(catalogue.imported, account.key, artifact.import_sha256)
        if earlier is not None:
            return earlier
    raise StorageError(sentence("no free name like {wished!r} could be found", wished=wished))


def _beside(artifact: Artifact) -> str:
    """A key for a picture whose name is free, but whose usual place is not."""
    folder, _, name = artifact.blob_key.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}/{stem}-{artifact.id}{dot}{extension}" if dot else f"{artifact.blob_key}-{artifact.id}"


def _save_as(storage: StorageManager, artifact: Artifact, data: bytes, images: int) -> bool:
    """Reserve, write, enter. False: somebody took the name meanwhile, and all is as before."""
    reservation_id = f"save:{artifact.id}:{secrets.token_hex(4)}"
    size_bytes = artifact.counted_bytes
    need = Need(temporary_bytes=size_bytes) if artifact.temporary else Need(images=images, size_bytes=size_bytes)
    storage.database.write(
        storage.quota.reserve_in,
        artifact.account,
        reservation_id,
        need,
        seconds=SAVE_LEASE_SECONDS,
        blob_key=artifact.blob_key,
        blob_sha256=artifact.sha256,
    )

    def enter(tx: Transaction) -> bool:
        if not catalogue.insert(tx, artifact):
            return False
        if not storage.quota.settle_in(tx, reservation_id, share=need, actual=need, close=True):
            raise StorageError(sentence("writing took too long and was given up"))
        return True

    written = False
    try:
        storage.blobs.put(artifact.blob_key, data)
        written = True
        if storage.database.write(enter):
            return True
    except BlobExists:
        pass
    except BaseException:
        if not _undo(storage, artifact, reservation_id, written=written):
            raise
        return True
    return _undo(storage, artifact, reservation_id, written=written)


def _undo(storage: StorageManager, artifact: Artifact, reservation_id: str, *, written: bool) -> bool:
    """Take back what was done. True: the picture was entered after all, by a database that lost its answer."""
    if written:
        if storage.database.read(catalogue.by_id, artifact.id) is not None:
            return True
        storage.blobs.delete(artifact.blob_key)
    storage.database.write(storage.quota.release_in, reservation_id)
    return False
