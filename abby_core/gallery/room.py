"""Room: what an account could do to have more of it, whether or not a limit stands in the way, and doing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import choices
from abby_core.sentence import sentence
from abby_core.storage import compression, oldest, retired
from abby_core.storage.archive import archive_oldest, restore

if TYPE_CHECKING:
    from abby_core.errors import Choice
    from abby_core.gallery.gallery import Gallery
    from abby_core.quota.account import Account
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

Way = Literal["empty_trash", "compress", "archive", "delete"]
WAYS: tuple[Way, ...] = ("empty_trash", "compress", "archive", "delete")
PICTURES_MAX = choices.LOOKED_AT_MAX
"""Pictures that one call goes through: as many as the choices tell of."""
Progress = Callable[[int], None]
"""Is told how many pictures are done."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What making room has brought."""

    pictures: int
    freed_bytes: int


class Room:
    """All methods block; :meth:`make` for as long as it takes, with compressing half a second for each picture."""

    def __init__(self, storage: StorageManager, gallery: Gallery) -> None:
        self._storage = storage
        self._gallery = gallery

    def ways(self, account: Account, wanted_bytes: int) -> tuple[Choice, ...]:
        """What would free so much, or a part of it, the gentlest first; empty: the account has nothing to give."""
        found = choices.ways(self._storage, account, wanted_bytes)
        return tuple(each for way in WAYS for each in found if each.kind == way)

    def trash(self, account: Account) -> Made:
        """What emptying the account's trash would bring."""
        pictures, held_bytes = self._storage.database.read(choices.trash_held, account.key)
        return Made(pictures=pictures, freed_bytes=held_bytes)

    def make(self, account: Account, way: str, pictures: int, *, progress: Progress = lambda _count: None) -> Made:
        """Do it, to so many pictures (of the trash: to all). Raises InvalidRequest, ConfigurationError without an
        archive, QuotaExceeded where compressing finds no room to begin with, StorageError; what was done stays done.
        """
        if way not in WAYS:
            raise InvalidRequest(sentence("Room is made in one of these ways: {ways}.", ways=", ".join(WAYS)))
        if way != "empty_trash" and not 1 <= pictures <= PICTURES_MAX:
            raise InvalidRequest(sentence("Choose between 1 and {limit} pictures.", limit=PICTURES_MAX))
        match way:
            case "empty_trash":
                emptied = self._gallery.empty_trash(account, progress=progress)
                return Made(pictures=emptied.pictures, freed_bytes=emptied.freed_bytes)
            case "compress":
                return self._compress(account, pictures, progress)
            case "archive":
                return self._archive(account, pictures, progress)
            case _:
                return self._delete(account, pictures, progress)

    def bring_back(self, account: Account, name_or_id: str) -> Artifact:
        """A picture from the archive to where it is at hand; it counts again. Raises as
        :func:`~abby_core.storage.archive.restore`, and NotFound."""
        return restore(self._storage, self._gallery.find(account, name_or_id))

    def original_bytes(self, account: Account, name_or_id: str) -> int:
        """How large the picture was before it was compressed; 0: that cannot be undone (any more). Raises NotFound."""
        artifact = self._gallery.find(account, name_or_id)
        original = self._storage.database.read(retired.original, artifact.id, self._storage.now_ms())
        return 0 if original is None or artifact.in_archive else original.size_bytes

    def undo_compression(self, account: Account, name_or_id: str) -> Artifact:
        """The original again, byte for byte. Raises as :func:`~abby_core.storage.compression.undo_compression`, and
        NotFound."""
        return compression.undo_compression(self._storage, self._gallery.find(account, name_or_id))

    def _compress(self, account: Account, pictures: int, progress: Progress) -> Made:
        looked_at = 0

        def note(_outcome: object) -> None:
            nonlocal looked_at
            looked_at += 1
            progress(looked_at)

        done = compression.compress_oldest(self._storage, account, pictures, progress=note)
        return Made(pictures=len(done), freed_bytes=sum(each.saved_bytes for each in done))

    def _archive(self, account: Account, pictures: int, progress: Progress) -> Made:
        done = 0

        def note(_artifact: object) -> None:
            nonlocal done
            done += 1
            progress(done)

        moved = archive_oldest(self._storage, account, pictures, progress=note)
        return Made(pictures=len(moved), freed_bytes=sum(each.size_bytes for each in moved))

    def _delete(self, account: Account, pictures: int, progress: Progress) -> Made:
        freed_bytes = done = 0
        for artifact in self._storage.database.read(oldest.to_archive, account.key, limit=pictures):
            try:
                self._gallery.delete(account, artifact.id, for_good=True)
            except NotFound:  # another was faster
                continue
            done, freed_bytes = done + 1, freed_bytes + artifact.counted_bytes
            progress(done)
        return Made(pictures=done, freed_bytes=freed_bytes)
