"""Which of an account's pictures are meant: by name, an album's, or all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest
from abby_core.gallery import albums
from abby_core.gallery.download import PICTURES_MAX, check_count
from abby_core.gallery.gallery import Gallery
from abby_core.sentence import sentence
from abby_core.storage import catalogue

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager


def select(
    storage: StorageManager, account: Account, *, names: Sequence[str] = (), album: str = "", everything: bool = False
) -> list[Artifact]:
    """The pictures of these names (or ids), of an album in its order, or all of them, the newest first; each once.

    Raises NotFound for a name or an album that the account has not, InvalidRequest where it is not said which, or in
    two ways, or where they are more than one download may have.
    """
    if bool(names) + bool(album) + everything != 1:
        raise InvalidRequest(sentence("Say which pictures: some names, an album, or all."))
    gallery = Gallery(storage)
    check_count(len(names))
    if names:
        chosen = [gallery.find(account, name) for name in names]
        return list({artifact.id: artifact for artifact in chosen}.values())
    found = storage.database.read(_of_album, account.key, album) if album else list(_all(gallery, account))
    check_count(len(found))
    return found


def _all(gallery: Gallery, account: Account) -> Iterator[Artifact]:
    before: tuple[int, str] | None = None
    for _ in range(PICTURES_MAX // catalogue.PAGE_MAX + 1):
        page = gallery.page(account, limit=catalogue.PAGE_MAX, before=before)
        yield from page.artifacts
        before = page.next
        if before is None:
            return


def _of_album(tx: Transaction, account: str, reference: str) -> list[Artifact]:
    return albums.pictures(tx, albums.find(tx, account, reference), limit=PICTURES_MAX + 1)
