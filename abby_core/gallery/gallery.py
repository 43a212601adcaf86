"""Gallery: an account's own kept pictures. Another's picture answers exactly like one that does not exist.

Pictures are meant by name or id. What takes several of them is one transaction: all or none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import albums, alt_text, history, lineage, naming, neighbours, own
from abby_core.gallery.albums import Albums
from abby_core.gallery.history import EVERYTHING, Filter, Page
from abby_core.sentence import sentence
from abby_core.storage import catalogue, oldest, trash
from abby_core.storage.artifact import Artifact, Visibility
from abby_core.storage.blob_store import BlobMissing

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction, Value
    from abby_core.gallery.cursor import Position
    from abby_core.gallery.lineage import Lineage
    from abby_core.gallery.neighbours import Neighbours
    from abby_core.quota.account import Account
    from abby_core.storage.storage_manager import StorageManager

PAGE_DEFAULT = 50
GUILD_CHARACTERS_MAX = 100


@dataclass(frozen=True, kw_only=True)
class Emptied:
    """What emptying the trash has removed."""

    pictures: int
    freed_bytes: int


class Gallery:
    """All methods block for a short while; coroutines call them in a thread."""

    def __init__(self, storage: StorageManager) -> None:
        self._storage = storage

    @cached_property
    def albums(self) -> Albums:
        """Pictures put together under a name."""
        return Albums(self._storage)

    # ------------------------------------------------------------------ looking

    def page(
        self,
        account: Account,
        filter: Filter = EVERYTHING,  # noqa: A002 - the word for it
        *,
        limit: int = PAGE_DEFAULT,
        before: Position | None = None,
    ) -> Page:
        """A page of the account's pictures, newest first; its cost does not depend on how many there are.

        With a filter a page may be short or empty although more follow: go on while ``next`` is not None. Raises
        NotFound for an album the account has not.
        """

        def read(tx: Transaction) -> Page:
            if not filter.album:
                return history.own(tx, account.key, filter, limit=limit, before=before)
            album = albums.find(tx, account.key, filter.album)
            return history.of_album(tx, album.id, filter, limit=limit, before=before)

        return self._storage.database.read(read)

    def shown(
        self,
        viewer_guilds: Collection[str] = (),
        filter: Filter = EVERYTHING,  # noqa: A002
        *,
        viewer: Account | None = None,
        limit: int = PAGE_DEFAULT,
        before: Position | None = None,
    ) -> Page:
        """A page of what people made visible to everybody or to one of these servers; not the viewer's own.

        ``album`` and ``favourite`` are others' own business and not looked at.
        """
        wanted = replace(filter, album="", favourite=None)
        key = "" if viewer is None else viewer.key
        return self._storage.database.read(history.shown, viewer_guilds, wanted, limit=limit, before=before, viewer=key)

    def find(self, account: Account, name_or_id: str) -> Artifact:
        """The account's picture of that name or id; temporary ones too while they last. Raises NotFound."""
        return self._storage.database.read(own.picture, account.key, name_or_id)

    def find_anywhere(self, account: Account, name_or_id: str) -> Artifact:
        """The same, also where it lies in the trash. Raises NotFound."""
        return self._storage.database.read(own.anywhere, account.key, name_or_id)

    def of_order(self, account: Account, order_id: str) -> list[Artifact]:
        """What one of the account's orders has brought so far, by index; also what is in the trash now."""
        found = self._storage.database.read(catalogue.of_order, order_id)
        return [artifact for artifact in found if artifact.account == account.key]

    def lineage(self, account: Account, name_or_id: str, viewer_guilds: Collection[str] = ()) -> Lineage:
        """What a picture was made from and what was made from it, as far as the account may see it. Raises NotFound."""

        def read(tx: Transaction) -> Lineage:
            picture = own.picture(tx, account.key, name_or_id)
            return lineage.lineage(tx, picture, account.key, viewer_guilds)

        return self._storage.database.read(read)

    def neighbours(self, account: Account, name_or_id: str) -> Neighbours:
        """The account's next newer and next older picture. Raises NotFound."""

        def read(tx: Transaction) -> Neighbours:
            return neighbours.neighbours(tx, own.picture(tx, account.key, name_or_id))

        return self._storage.database.read(read)

    def open(self, artifact: Artifact) -> bytes:
        """The picture's bytes, exactly as they were made. Raises StorageError."""
        return self._storage.open(artifact)

    def thumbnail(self, artifact: Artifact) -> bytes | None:
        """A small WebP of it; None while there is none."""
        if not artifact.thumbnail_key:
            return None
        try:
            return self._storage.blobs.open(artifact.thumbnail_key)
        except BlobMissing:
            return None

    def path(self, artifact: Artifact) -> Path | None:
        """Where the picture lies as a file; None where it is not on this machine."""
        return self._storage.path(artifact)

    # ------------------------------------------------------------------ what is said about pictures

    def favourite(self, account: Account, *names_or_ids: str, on: bool = True) -> tuple[Artifact, ...]:
        """Mark pictures as favourites, or (``on`` False) no more. Raises NotFound, nothing changed."""
        return self._set(account, names_or_ids, "favourite = :favourite", favourite=int(on))

    def rename(self, account: Account, name_or_id: str, new_name: str) -> Artifact:
        """Call a picture something else; its ending stays, and so does the place of its bytes.

        Raises NotFound, and InvalidRequest (with a name that is free) where the account has one of that name already.
        """
        return self._storage.database.write(naming.rename, account.key, name_or_id, new_name)

    def set_visibility(
        self, account: Account, *names_or_ids: str, visibility: Visibility, guild: str = ""
    ) -> tuple[Artifact, ...]:
        """Who may see pictures: only their owner, the members of the server ``guild``, or everybody.

        Raises InvalidRequest for a server that is not named, NotFound; then nothing changed.
        """
        server = history.clean(guild.strip())
        if visibility not in {"private", "server", "public"}:  # callers are strangers
            raise InvalidRequest(sentence("A picture is visible as private, server or public."))
        if visibility != "server":
            server = ""
        elif not 0 < len(server) <= GUILD_CHARACTERS_MAX:
            raise InvalidRequest(sentence("To show a picture to a server, say to which one."))
        return self._set(
            account, names_or_ids, "visibility = :visibility, guild = :guild", visibility=visibility, guild=server
        )

    def alt_text(self, artifact: Artifact) -> str:
        """What it shows, in up to 1000 characters on one line: as its owner wrote it, else made from the prompt."""
        return alt_text.alt_text(artifact)

    def set_alt_text(self, account: Account, name_or_id: str, text: str) -> Artifact:
        """Describe a picture for those who do not see it; an empty text takes the description back.

        Raises InvalidRequest for a text that is too long, NotFound.
        """
        line = alt_text.one_line(text)
        if len(" ".join(text.split())) > alt_text.ALT_TEXT_CHARACTERS_MAX:
            raise InvalidRequest(
                sentence("A description may have up to {limit} characters.", limit=alt_text.ALT_TEXT_CHARACTERS_MAX)
            )
        return self._set(account, (name_or_id,), "alt_text = :alt_text", alt_text=line)[0]

    # ------------------------------------------------------------------ the trash

    def delete(self, account: Account, *names_or_ids: str, for_good: bool = False) -> tuple[Artifact, ...]:
        """Put pictures into the trash, from where :meth:`undo` brings them back for ``UNDO_DAYS``; they still count.

        ``for_good`` also takes pictures that are in the trash, and removes all of them at once: their space is free,
        and their state says ``removing``. So are temporary pictures. Raises NotFound, nothing changed; StorageError
        where bytes could not be removed: mending goes on with them.
        """
        find = own.anywhere if for_good else own.picture

        def put(tx: Transaction) -> list[Artifact]:
            now_ms = self._storage.now_ms()
            found = own.each(find, tx, account.key, names_or_ids)
            return [each if each.state == "trashed" else trash.put(tx, each, now_ms) for each in found]

        return tuple(
            self._remove(each) if for_good or each.temporary else each for each in self._storage.database.write(put)
        )

    def undo(self, account: Account, *names_or_ids: str) -> tuple[Artifact, ...]:
        """Bring pictures back from the trash, under their names or, where those are taken, the next like them.

        Raises NotFound, nothing changed.
        """

        def take_back(tx: Transaction) -> list[Artifact]:
            now_ms = self._storage.now_ms()
            found = own.each(own.in_trash, tx, account.key, names_or_ids)
            return [trash.take_back(tx, each, now_ms) for each in found]

        return tuple(self._storage.database.write(take_back))

    def trash(self, account: Account, *, limit: int = PAGE_DEFAULT, before: Position | None = None) -> Page:
        """What the account deleted and may have back, the latest first; positions are (state_at_ms, id)."""
        limit = max(1, min(limit, catalogue.PAGE_MAX))
        found = self._storage.database.read(trash.newest, account.key, limit=limit, before=before)
        last = found[-1] if len(found) == limit else None
        return Page(artifacts=tuple(found), next=None if last is None else (last.state_at_ms, last.id))

    def oldest(self, account: Account, count: int) -> tuple[Artifact, ...]:
        """So many of the account's oldest pictures at hand without a star: those that would have to go first."""
        limit = max(1, min(count, own.REFERENCES_MAX))
        return tuple(self._storage.database.read(oldest.to_archive, account.key, limit=limit))

    def empty_trash(self, account: Account, *, progress: Callable[[int], None] = lambda _count: None) -> Emptied:
        """Remove for good all that is in the account's trash; its space is free. ``progress``: pictures removed.

        What goes there meanwhile stays. Raises StorageError; what was removed until then is gone.
        """
        pictures = freed_bytes = 0
        before: Position | None = (self._storage.now_ms() + 1, "")
        while before is not None:
            page = self.trash(account, limit=catalogue.PAGE_MAX, before=before)
            for each in page.artifacts:
                try:
                    trash.remove(self._storage, each)
                except NotFound:  # another was faster, or had it back
                    continue
                pictures, freed_bytes = pictures + 1, freed_bytes + each.counted_bytes
                progress(pictures)
            before = page.next
        return Emptied(pictures=pictures, freed_bytes=freed_bytes)

    # ------------------------------------------------------------------ inside

    def _remove(self, artifact: Artifact) -> Artifact:
        trash.remove(self._storage, artifact)
        return replace(artifact, state="removing")

    def _set(
        self, account: Account, references: tuple[str, ...], assignments: str, **values: Value
    ) -> tuple[Artifact, ...]:
        def write(tx: Transaction) -> list[Artifact]:
            where = f"WHERE id = :id AND account = :account AND {catalogue.LISTED}"
            changed: list[Artifact] = []
            for each in own.each(own.picture, tx, account.key, references):
                found = catalogue.change(tx, f"{assignments} {where}", id=each.id, account=account.key, **values)
                if not found:  # deleted by somebody else between the two statements
                    raise own.missing(each.name)
                changed += found
            return changed

        return tuple(self._storage.database.write(write))
