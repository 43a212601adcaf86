"""Shares: links to one picture or one album, for whoever holds the token.

The token is shown once and kept as its SHA-256 alone. A share that expired, was taken back, is used up, shows
something that is gone, or never was: all answer with the same :data:`NO_SHARE`, after the same look into one index,
so a guesser learns nothing, not even that a token was good once. Only to a token that opens now is it said that a
password is missing or wrong, and only such a password costs the time of a hash: whoever holds a working token knows
already that the share is there.
"""

from __future__ import annotations

import secrets
import threading
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from abby_core.errors import InvalidRequest, NotFound, PasswordNeeded
from abby_core.gallery import albums, share_rows
from abby_core.gallery.share import (
    EXPIRES_SECONDS_DEFAULT,
    EXPIRES_SECONDS_MAX,
    EXPIRES_SECONDS_MIN,
    SHOWN,
    VIEWS_MAX,
    Door,
    Share,
    SharedAlbum,
    SharedFile,
    SharedPage,
    SharedPicture,
)
from abby_core.gallery.share_passes import SharePasses
from abby_core.security.passwords import PasswordGate, password_hash
from abby_core.security.tokens import new_token, token_hash
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction
    from abby_core.gallery.gallery import Gallery
    from abby_core.quota.account import Account
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

NO_SHARE = sentence("There is nothing under this link: it has ended, was taken back, or never was.")
PAGE_DEFAULT = 50
FILES_AT_ONCE_MAX = 2
"""Files that are made ready at the same time: one of 50 megapixels that has to be made anew takes up to 0.9 GB."""
_START = (-1, "")
T = TypeVar("T")


class Shares:
    """All methods block for a short while (those with passwords and bytes for up to a second): use a thread."""

    def __init__(self, storage: StorageManager, gallery: Gallery) -> None:
        self._storage = storage
        self._database = storage.database
        self._gallery = gallery
        self._gate = PasswordGate()
        self._files = threading.BoundedSemaphore(FILES_AT_ONCE_MAX)

    # ------------------------------------------------------------------ for owners

    def create(
        self,
        account: Account,
        *,
        picture: str = "",
        album: str = "",
        expires_in_seconds: float = EXPIRES_SECONDS_DEFAULT,
        password: str | None = None,
        views_max: int = 0,
        metadata: str = "none",
    ) -> tuple[Share, str]:
        """Share the account's picture or album, by name or id; returns the share and its token, this once.

        ``views_max`` 0: no cap; ``metadata``: one of :data:`~abby_core.gallery.share.Shown`. Raises InvalidRequest,
        NotFound for what is not the account's, and QuotaExceeded when too many shares are open.
        """
        if bool(picture) == bool(album):
            raise InvalidRequest(sentence("Share one picture or one album."))
        if not EXPIRES_SECONDS_MIN <= expires_in_seconds <= EXPIRES_SECONDS_MAX:  # also what is not a number
            raise InvalidRequest(sentence("A share lasts between a minute and 365 days."))
        if not 0 <= views_max <= VIEWS_MAX:
            raise InvalidRequest(sentence("The number of views is 1 to {limit:,}, or 0 for no cap.", limit=VIEWS_MAX))
        if metadata not in SHOWN:
            raise InvalidRequest(
                sentence(
                    "What is told about a picture may be {shown}, not {given!r}.",
                    shown=", ".join(SHOWN),
                    given=metadata[:40],
                )
            )
        token, share_id, now_ms = new_token(), secrets.token_hex(8), self._storage.now_ms()
        self._database.write(
            share_rows.insert,
            now_ms,
            id=share_id,
            token_sha256=token_hash(token),
            account=account.key,
            artifact_id=self._gallery.find(account, picture).id if picture else "",
            album_id=self._database.read(albums.find, account.key, album).id if album else "",
            metadata=metadata,
            password="" if password is None else password_hash(password),
            views_max=views_max,
            expires_at=now_ms + int(expires_in_seconds * 1000),
            created_at=now_ms,
        )
        return self.find(account, share_id), token

    def list(self, account: Account) -> tuple[Share, ...]:
        """The account's shares, the newest first; those that ended stay for 30 days."""
        return self._database.read(share_rows.by_account, account.key, self._storage.now_ms())

    def find(self, account: Account, share_id: str) -> Share:
        """The account's share of that id. Raises NotFound."""
        now_ms = self._storage.now_ms()
        share = self._database.read(share_rows.by_id, account.key, clean_name(share_id), now_ms)
        if share is None:
            raise _no_such_share(share_id)
        return share

    def revoke(self, account: Account, share_id: str) -> Share:
        """Take a share back: from now on its token opens nothing. May be repeated. Raises NotFound."""
        if not self._database.write(share_rows.revoke, account.key, clean_name(share_id), self._storage.now_ms()):
            raise _no_such_share(share_id)
        return self.find(account, share_id)

    # ------------------------------------------------------------------ for whoever holds a token

    @cached_property
    def passes(self) -> SharePasses:
        """What those who were let in are handed, so that they need not knock for each picture."""
        return SharePasses(self._storage)

    def look(self, token: str) -> Door:
        """What the token opens needs, without opening it: counts no view. Raises NotFound."""
        found = _there(self._database.read(share_rows.opened_by, token_hash(token), self._storage.now_ms()))
        return _door(found)

    def door(self, token: str) -> Door:
        """The same of a share that has not ended, also when its last view was counted: for those with a pass.

        Raises NotFound.
        """
        return _door(_there(self._database.read(share_rows.live, token_hash(token), self._storage.now_ms())))

    def open(self, token: str, password: str | None = None) -> SharedPicture | SharedAlbum:
        """What the token leads to; counts one view. Raises NotFound, or PasswordNeeded and counts none."""
        now_ms = self._storage.now_ms()
        found = self._database.read(share_rows.opened_by, token_hash(token), now_ms)
        if found is None:
            raise NotFound(NO_SHARE)
        if found["password"]:
            self._check_password(str(found["id"]), password, str(found["password"]), now_ms)
        return self._database.write(_enter, str(found["id"]), now_ms)

    def again(self, share_id: str) -> SharedPicture | SharedAlbum:
        """What a share shows, without counting a view: for somebody whom :meth:`open` let in a moment ago.

        A share's id is no key: whoever calls this has let the person in before, or takes the id from something that
        it signed itself. The same goes for :meth:`page`, :meth:`read` and :meth:`thumbnail`. Raises NotFound when the
        share has ended meanwhile.
        """
        return _there(self._database.read(share_rows.shown, share_id, self._storage.now_ms()))

    def page(self, share_id: str, *, limit: int = PAGE_DEFAULT, after: tuple[int, str] | None = None) -> SharedPage:
        """Pictures of a shared album, as they were put in; only those that are kept. Raises NotFound."""
        now_ms = self._storage.now_ms()
        pictures, place = _there(self._database.read(share_rows.page, share_id, after or _START, limit, now_ms))
        return SharedPage(pictures=tuple(pictures), next=place)

    def picture(self, share_id: str, picture_id: str) -> SharedPicture:
        """One picture of a share. Raises NotFound, also for one that is not in it."""
        now_ms = self._storage.now_ms()
        return _there(self._database.read(share_rows.picture, share_id, clean_name(picture_id), now_ms))

    def read(self, share_id: str, picture_id: str) -> SharedFile:
        """A shared picture's bytes, without what its file may tell besides. Raises NotFound or StorageError."""
        from abby_core.storage.bare_picture import bare_picture

        artifact = self._artifact(share_id, picture_id)
        with self._files:
            data, info = bare_picture(self._gallery.open(artifact))
        return SharedFile(data=data, media_type=info.media_type, extension=info.extension)

    def thumbnail(self, share_id: str, picture_id: str) -> bytes | None:
        """A small WebP of a shared picture; None while there is none. Raises NotFound."""
        return self._gallery.thumbnail(self._artifact(share_id, picture_id))

    # ------------------------------------------------------------------ inside

    def _check_password(self, share_id: str, password: str | None, kept: str, now_ms: int) -> None:
        """Raise PasswordNeeded; NotFound once too many were wrong, whatever is given then."""
        if self._gate.is_closed(share_id, now_ms):
            raise NotFound(NO_SHARE)
        if password is None:
            raise PasswordNeeded(sentence("This share opens with its password only."))
        right = self._gate.check(share_id, password, kept, now_ms)
        if right is None:
            raise NotFound(NO_SHARE)
        if not right:
            raise PasswordNeeded(sentence("That is not the share's password."))

    def _artifact(self, share_id: str, picture_id: str) -> Artifact:
        seen = self.picture(share_id, picture_id)
        return _there(self._database.read(catalogue.by_id, seen.picture_id))


def _enter(tx: Transaction, share_id: str, now_ms: int) -> SharedPicture | SharedAlbum:
    """Count a view and look; both or neither."""
    if not share_rows.count_view(tx, share_id, now_ms):
        raise NotFound(NO_SHARE)
    return _there(share_rows.shown(tx, share_id, now_ms))


def _there(found: T | None) -> T:
    if found is None:
        raise NotFound(NO_SHARE)
    return found


def _door(row: Row) -> Door:
    return Door(
        share_id=row["id"],
        has_password=bool(row["password"]),
        has_cap=row["views_max"] > 0,
        expires_at_ms=row["expires_at"],
    )


def _no_such_share(share_id: str) -> NotFound:
    return NotFound(sentence("You have no share {id!r}.", id=share_id[:200]))
