"""StorageManager: keeping pictures.

Two faces over one mechanism. The founding API (:meth:`StorageManager.save_image` and its neighbours) answers with
``(success, message, …)`` and never raises for what a user can cause; ``keep``, ``open`` and ``remove`` are for the
studio: typed, raising :mod:`abby_core.errors`.

Keeping is always: set aside in the ledger → bytes durable on disk → one transaction that enters the row and
settles. Removing is the reverse. A crash between two steps leaves either an open reservation or a row marked
as being removed, and :mod:`abby_core.storage.mending` finishes both.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from abby_core.database.database import Database, open_database
from abby_core.errors import AbbyError, DiskFull, NotFound, Refused, StorageError
from abby_core.quota.account import Account
from abby_core.quota.quota_manager import Clock, Defaults, QuotaManager
from abby_core.sentence import sentence
from abby_core.storage import catalogue, keeping, mending, retired, saving, trash
from abby_core.storage.artifact import ARCHIVE, Artifact, is_in_archive
from abby_core.storage.blob_store import BlobMissing, BlobStore
from abby_core.storage.blob_stores.local import LocalBlobs

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.quota_manager import Need

log = logging.getLogger(__name__)
MEGABYTE = 2**20
LOOK_AGAIN_SECONDS = 1.0
AMPLE_BYTES = 2**30
"""While so much more than the floor is free, the disk is looked at once in a second, not for every order."""
T = TypeVar("T")


class SaveResult(NamedTuple):
    """What :meth:`StorageManager.save_image` answers."""

    success: bool
    message: str
    path: Path | None


class DeleteResult(NamedTuple):
    """What :meth:`StorageManager.delete_image` answers."""

    success: bool
    message: str


class CleanupResult(NamedTuple):
    """What :meth:`StorageManager.cleanup_old_files` answers."""

    deleted: int
    freed_mb: float


class StorageManager:
    """Keeps pictures under quota. Making one opens nothing: a root that cannot be used shows when saving.

    The keywords after ``cleanup_days`` are for :mod:`abby_core.bootstrap` and tests: the largest picture that is
    stored and the estimate for one more (MB), the platform of bare user ids, free disk that is left alone (MB),
    where archived pictures lie, and for how many days an account's pictures are kept (0: for good).
    """

    def __init__(
        self,
        storage_root: Path | str = Path("shared"),
        max_global_storage_mb: float = 5000,
        max_user_storage_mb: float = 500,
        max_user_daily_gens: int = 5,
        cleanup_days: float = 7,
        *,
        image_size_max_mb: float = 20,
        image_size_estimate_mb: float = 1.5,
        platform: str = "local",
        min_free_disk_mb: float = 0,
        database: Database | None = None,
        quota: QuotaManager | None = None,
        blobs: BlobStore | None = None,
        archive: BlobStore | None = None,
        keep_days_of: Callable[[str], int] | None = None,
        clock: Clock = time.time,
    ) -> None:
        self.root = Path(storage_root)
        self.cleanup_days = cleanup_days
        self.picture_bytes_max = int(image_size_max_mb * MEGABYTE)
        self.free_bytes_min = int(min_free_disk_mb * MEGABYTE)
        self.database = database or open_database("", root=self.root)
        defaults = Defaults(
            images_per_day=int(max_user_daily_gens),
            account_bytes=int(max_user_storage_mb * MEGABYTE),
            house_bytes=int(max_global_storage_mb * MEGABYTE),
            picture_bytes=int(image_size_estimate_mb * MEGABYTE),
        )
        self.quota = quota or QuotaManager(self.database, defaults, clock=clock, platform=platform)
        self.blobs: BlobStore = blobs or LocalBlobs(self.root)
        self._seen_free: tuple[float, int | None] = (-math.inf, None)
        self.archive = archive
        self.keep_days_of = keep_days_of
        self.retire_at_ms = self.note_at_ms = self.sweep_at_ms = 0
        """When this process looks again for pictures that go by age, and notes again how full the house is."""

    # ------------------------------------------------------------------ the founding API

    async def save_image(
        self, image_data: bytes, user_id: object, image_name: str = "generated.png", is_temp: bool = False
    ) -> SaveResult:
        """Keep a picture that was made elsewhere, as one generation of the user's day.

        The file holds exactly ``image_data`` (a complete PNG, JPEG or WebP); an existing name is never
        overwritten. ``text_to_image``, ``image_to_image`` and ``upscale`` as name make a unique one.
        ``is_temp`` writes under ``temp/``: counted against the server's storage only.
        """
        try:
            account = self.quota.account(user_id)
            artifact = await self.uninterrupted(saving.save(self, image_data, account, image_name, temporary=is_temp))
        except StorageError as error:
            log.warning("a picture could not be saved: %s", error)
            return SaveResult(False, sentence("Error saving image: {error}", error=error.text), None)
        except AbbyError as error:
            return SaveResult(False, error.text, None)
        return SaveResult(
            True, sentence("Image saved as {name}", name=artifact.name), self.blobs.path(artifact.blob_key)
        )

    def get_quota_status(self, user_id: object) -> dict[str, dict[str, Any]]:
        """Where the user and the server stand; see :class:`~abby_core.quota.status.QuotaStatus`."""
        return self.quota.get_quota_status(user_id)

    def get_global_usage(self) -> dict[str, Any]:
        """The server's storage alone, as in :meth:`get_quota_status`."""
        return self.quota.status(Account.local("-")).as_dict()["global"]

    def get_user_images(self, user_id: object) -> list[str]:
        """The names of the user's pictures, oldest first."""
        try:
            return self.database.read(catalogue.names, self.quota.account(user_id).key)
        except Refused:
            return []

    def get_image_path(self, user_id: object, image_name: str) -> Path | None:
        """Where the user's picture of that name lies; None when there is none."""
        try:
            artifact = self.find(self.quota.account(user_id), image_name)
        except Refused:
            return None
        return self.path(artifact)

    def delete_image(self, user_id: object, image_name: str) -> DeleteResult:
        """Remove the user's picture of that name; its space is free at once."""
        try:
            self.remove(self.find(self.quota.account(user_id), image_name))
        except StorageError as error:
            return DeleteResult(False, sentence("Error deleting image: {error}", error=error.text))
        except AbbyError as error:
            return DeleteResult(False, error.text)
        return DeleteResult(True, f"Deleted {image_name}")

    def cleanup_old_files(self) -> CleanupResult:
        """Remove temporary files older than ``cleanup_days``. Users' own pictures are never touched."""
        deleted, freed_bytes = mending.clean_up(self)
        return CleanupResult(deleted, freed_bytes / MEGABYTE)

    # ------------------------------------------------------------------ for the studio

    async def keep(
        self,
        data: bytes,
        draft: Artifact,
        *,
        reservation_id: str,
        share: Need,
        close: bool,
        also: Callable[[Transaction, keeping.Kept], None],
    ) -> keeping.Kept:
        """Keep a picture for which room is reserved; see :func:`abby_core.storage.keeping.keep`."""
        return await self.uninterrupted(
            keeping.keep(self, data, draft, reservation_id=reservation_id, share=share, close=close, also=also)
        )

    async def adopt(self, blob_key: str, data: bytes, draft: Artifact, *, reservation_id: str, share: Need) -> Artifact:
        """Enter a picture whose bytes lie there already; see :func:`abby_core.storage.keeping.adopt`."""
        return await self.uninterrupted(
            keeping.adopt(self, blob_key, data, draft, reservation_id=reservation_id, share=share)
        )

    def find(self, account: Account, name: object) -> Artifact:
        """The account's picture of that name. Raises NotFound, also for another's."""
        artifact = self.database.read(catalogue.by_name, account.key, saving.clean_name(name))
        if artifact is None:
            raise NotFound(sentence("You have no picture named {name!r}.", name=str(name)[:200]))
        return artifact

    def open(self, artifact: Artifact) -> bytes:
        """The picture's bytes, as they were kept. Raises StorageError."""
        try:
            return self._read(artifact.blob_key)
        except BlobMissing:  # compressed, archived or restored since somebody looked
            now = self.database.read(catalogue.by_id, artifact.id)
            if now is None or now.blob_key == artifact.blob_key:
                raise
            return self._read(now.blob_key)

    def path(self, artifact: Artifact) -> Path | None:
        """Where the picture lies as a file; None where it is not on this machine."""
        if is_in_archive(artifact.blob_key) and self.archive is None:
            return None
        store, key = self.store_of(artifact.blob_key)
        return store.path(key)

    def store_of(self, blob_key: str) -> tuple[BlobStore, str]:
        """Where bytes lie, and their key there. Raises StorageError when that is the archive, and there is none."""
        if not is_in_archive(blob_key):
            return self.blobs, blob_key
        if self.archive is None:
            raise StorageError(
                sentence("The picture is in the archive, and none is connected; the host sets ARCHIVE_ROOT.")
            )
        return self.archive, blob_key.removeprefix(ARCHIVE)

    def _read(self, blob_key: str) -> bytes:
        store, key = self.store_of(blob_key)
        return store.open(key)

    def remove(self, artifact: Artifact) -> None:
        """Remove a picture, its thumbnail and its row, and stop counting it. Raises NotFound or StorageError."""
        if not self.database.write(catalogue.begin_removal, artifact.id):
            raise NotFound(sentence("There is no picture named {name!r} any more.", name=artifact.name))
        try:
            self.finish_removal(artifact)
        except StorageError:
            if not self._is_gone(artifact.blob_key):  # else only the row is left, and mending strikes it
                self.database.write(catalogue.undo_removal, artifact.id)
            raise

    def finish_removal(self, artifact: Artifact) -> None:
        """The second half of :meth:`remove`; may be repeated after a crash."""
        going = self.database.read(catalogue.one_being_removed, artifact.id)
        if going is None:
            return
        if going.thumbnail_bytes:
            self.blobs.delete(keeping.thumbnail_key(going.id))
        retired.delete_of(self, going.id)
        store, key = self.store_of(going.blob_key)
        store.delete(key)

        def strike(tx: Transaction) -> None:
            gone = catalogue.finish_removal(tx, going.id)
            if gone is not None:
                self.quota.free_in(tx, gone.account, gone.counted_bytes, temporary=gone.temporary)
                trash.forget(tx, gone, now_ms=self.now_ms())

        self.database.write(strike)

    def _is_gone(self, blob_key: str) -> bool:
        try:
            store, key = self.store_of(blob_key)
            return store.size(key) is None
        except StorageError:
            return False

    def check_free_disk(self, needed_bytes: int) -> None:
        """Raise DiskFull when the disk would have less free than the floor after taking ``needed_bytes``."""
        free = self.blobs.free_bytes()
        self._seen_free = (time.monotonic(), free)
        if free is not None and free - needed_bytes < self.free_bytes_min:
            raise DiskFull(
                sentence(
                    "The server's disk is nearly full ({free} MB free, {floor} MB are kept free). "
                    "Nothing was made or charged; please tell the host.",
                    free=free // MEGABYTE,
                    floor=self.free_bytes_min // MEGABYTE,
                )
            )

    def had_ample_room(self, needed_bytes: int) -> bool:
        """Whether the disk had so much room a moment ago that it need not be looked at again. Never blocks."""
        looked_at, free = self._seen_free
        if time.monotonic() - looked_at > LOOK_AGAIN_SECONDS:
            return False
        return free is None or free - needed_bytes - self.free_bytes_min > AMPLE_BYTES

    def now_ms(self) -> int:
        return self.quota.now_ms()

    @staticmethod
    async def uninterrupted(work: Awaitable[T]) -> T:
        """Await ``work`` to its end even if the caller is cancelled meanwhile; then the cancellation goes on."""
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                await asyncio.wait([task])
            raise

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()
