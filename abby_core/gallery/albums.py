"""Albums: an account's pictures, put together under a name. A picture may be in many; removing it from one keeps it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import own
from abby_core.gallery.alt_text import one_line
from abby_core.quota import erasure
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

ALBUMS_MAX = 100
"""Albums of one account: their list is one page, each counted."""
PICTURES_MAX = 1000
"""Pictures in one album: counting them all stays a matter of milliseconds."""
NAME_CHARACTERS_MAX = 100
_INSIDE = (
    f"FROM album_pictures JOIN artifacts ON artifacts.id = artifact_id WHERE album_id = :album AND {catalogue.LISTED}"
)


@dataclass(frozen=True, kw_only=True)
class Album:
    """``pictures``: how many are in it, without those in the trash; ``newest``: the one added last."""

    id: str
    name: str
    created_at_ms: int
    pictures: int = 0
    newest: Artifact | None = None


class Albums:
    """The albums of all accounts; each sees its own. An album is meant by its name (upper or lower case) or id."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    def create(self, account: Account, name: str) -> Album:
        """A new, empty album. Raises InvalidRequest for a name that is taken, empty or long, or one album too many.

        Raises Refused, as :meth:`add` does, while the account is being forgotten.
        """
        album = Album(id=secrets.token_hex(12), name=_clean(name), created_at_ms=self._storage.now_ms())
        self._storage.database.write(_create, account.key, album)
        return album

    def list(self, account: Account) -> list[Album]:
        """The account's albums by name, with what is in them."""
        return self._storage.database.read(_list, account.key)

    def find(self, account: Account, album: str) -> Album:
        """One album. Raises NotFound."""
        return self._storage.database.read(lambda tx: _with_pictures(tx, find(tx, account.key, album)))

    def rename(self, account: Account, album: str, new_name: str) -> Album:
        """Give an album another name. Raises NotFound or InvalidRequest."""
        return self._storage.database.write(_rename, account.key, album, _clean(new_name))

    def delete(self, account: Account, album: str) -> Album:
        """Delete an album; the pictures in it stay. Returns what it was. Raises NotFound."""
        return self._storage.database.write(_delete, account.key, album)

    def add(self, account: Account, album: str, *references: str) -> Album:
        """Put pictures into an album, all or none; one that is in it already stays where it is.

        Raises NotFound for an album or picture the account has not, InvalidRequest when the album is full.
        """
        return self._storage.database.write(_add, account.key, album, references, self._storage.now_ms())

    def remove(self, account: Account, album: str, *references: str) -> Album:
        """Take pictures out of an album; they stay in the gallery. Raises NotFound, also for one that is not in it."""
        return self._storage.database.write(_remove, account.key, album, references)


def find(tx: Transaction, account: str, reference: str) -> Album:
    """The account's album of that name or else id, its pictures not counted. Raises NotFound."""
    key = name_key(one_line(reference))
    sql = "SELECT id, name, created_at FROM albums WHERE account = :account AND "
    row = tx.row(sql + "name_key = :key", account=account, key=key) or tx.row(
        sql + "id = :id", account=account, id=one_line(reference)
    )
    if row is None:
        raise NotFound(sentence("You have no album named {name!r}.", name=str(reference)[:200]))
    return _album(row)


def pictures(tx: Transaction, album: Album, *, limit: int) -> list[Artifact]:
    """What is in an album, as it was put in, without what lies in the trash; up to ``limit`` of it."""
    return catalogue.select(tx, f"{_INSIDE} ORDER BY added_at, artifact_id LIMIT :limit", album=album.id, limit=limit)


def _create(tx: Transaction, account: str, album: Album) -> None:
    _lock(tx, account)
    erasure.refuse_writing(tx, account)
    if tx.row("SELECT id FROM albums WHERE id = :id", id=album.id) is not None:
        return  # done already, by a transaction whose end was never heard of
    count = tx.row("SELECT COUNT(*) AS albums FROM albums WHERE account = :account", account=account)
    if count is not None and count["albums"] >= ALBUMS_MAX:
        raise InvalidRequest(
            sentence("You have {limit} albums, which is as many as there can be; delete one first.", limit=ALBUMS_MAX)
        )
    inserted = tx.execute(
        "INSERT INTO albums (id, account, name, name_key, created_at) VALUES (:id, :account, :name, :key, :now) "
        "ON CONFLICT DO NOTHING",
        id=album.id, account=account, name=album.name, key=name_key(album.name), now=album.created_at_ms,
    )  # fmt: skip
    if not inserted:
        raise _taken(album.name)


def _list(tx: Transaction, account: str) -> list[Album]:
    sql = "SELECT id, name, created_at FROM albums WHERE account = :account ORDER BY name_key LIMIT :limit"
    return [_with_pictures(tx, _album(row)) for row in tx.rows(sql, account=account, limit=ALBUMS_MAX)]


def _rename(tx: Transaction, account: str, reference: str, new_name: str) -> Album:
    _lock(tx, account)
    album = find(tx, account, reference)
    key = name_key(new_name)
    sql = "SELECT id FROM albums WHERE account = :account AND name_key = :key AND id <> :id"
    if tx.row(sql, account=account, key=key, id=album.id) is not None:
        raise _taken(new_name)
    tx.execute("UPDATE albums SET name = :name, name_key = :key WHERE id = :id", name=new_name, key=key, id=album.id)
    return _with_pictures(tx, find(tx, account, album.id))


def _delete(tx: Transaction, account: str, reference: str) -> Album:
    _lock(tx, account)
    album = _with_pictures(tx, find(tx, account, reference))
    tx.execute("DELETE FROM album_pictures WHERE album_id = :album", album=album.id)
    tx.execute("DELETE FROM albums WHERE id = :album", album=album.id)
    return album


def _add(tx: Transaction, account: str, reference: str, references: tuple[str, ...], now_ms: int) -> Album:
    _lock(tx, account)
    erasure.refuse_writing(tx, account)
    album = find(tx, account, reference)
    for picture in own.each(own.picture, tx, account, references):
        # Locked, so that it is not removed meanwhile and leaves its place in the album behind.
        locked = f"SELECT id FROM artifacts WHERE id = :id AND {catalogue.LISTED} AND temporary = 0{tx.row_lock}"  # noqa: S608
        if tx.row(locked, id=picture.id) is None:
            raise InvalidRequest(
                sentence("{name!r} is not kept for good, so it cannot be in an album.", name=picture.name)
            )
        tx.execute(
            "INSERT INTO album_pictures (album_id, artifact_id, added_at) VALUES (:album, :id, :now) "
            "ON CONFLICT DO NOTHING",
            album=album.id, id=picture.id, now=now_ms,
        )  # fmt: skip
    count = tx.row("SELECT COUNT(*) AS pictures FROM album_pictures WHERE album_id = :album", album=album.id)
    if count is not None and count["pictures"] > PICTURES_MAX:
        raise InvalidRequest(
            sentence(
                "An album holds up to {limit} pictures (what lies in the trash counts): begin another one.",
                limit=PICTURES_MAX,
            )
        )
    return _with_pictures(tx, album)


def _remove(tx: Transaction, account: str, reference: str, references: tuple[str, ...]) -> Album:
    _lock(tx, account)
    album = find(tx, account, reference)
    for picture in own.each(own.picture, tx, account, references):
        sql = "DELETE FROM album_pictures WHERE album_id = :album AND artifact_id = :id"
        if not tx.execute(sql, album=album.id, id=picture.id):
            raise NotFound(
                sentence("The album {album!r} has no picture named {name!r}.", album=album.name, name=picture.name)
            )
    return _with_pictures(tx, album)


def _with_pictures(tx: Transaction, album: Album) -> Album:
    count = tx.row(f"SELECT COUNT(*) AS pictures {_INSIDE}", album=album.id)
    newest = catalogue.select(tx, f"{_INSIDE} ORDER BY added_at DESC, artifact_id DESC LIMIT 1", album=album.id)
    return Album(
        id=album.id,
        name=album.name,
        created_at_ms=album.created_at_ms,
        pictures=int(count["pictures"]) if count else 0,
        newest=newest[0] if newest else None,
    )


def _lock(tx: Transaction, account: str) -> None:
    """One after the other: limits and names of an account's albums are looked at before they are written."""
    tx.lock(f"albums:{account}")


def _album(row: Row) -> Album:
    return Album(id=str(row["id"]), name=str(row["name"]), created_at_ms=int(row["created_at"]))


def _clean(name: str) -> str:
    cleaned = one_line(name).strip()
    if not cleaned or len(cleaned) > NAME_CHARACTERS_MAX:
        raise InvalidRequest(sentence("An album's name has 1 to {limit} characters.", limit=NAME_CHARACTERS_MAX))
    return cleaned


def _taken(name: str) -> InvalidRequest:
    return InvalidRequest(sentence("You have an album named {name!r} already; choose another name.", name=name))
