"""Pages of pictures, newest first, at a cost that does not grow with the catalogue.

Every page walks along an index from where the last one ended: a :class:`_Shelf` is pictures that stand side by side
in one. No more than ``LOOKED_AT_MAX`` rows are looked at for one page. Where a filter (or the trash) leaves few of them
it may be short or even empty, and the next one goes on after the last row that was looked at.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest
from abby_core.gallery.cursor import NEWEST, OLDEST, Position
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.catalogue import PAGE_MAX
from abby_core.storage.names import name_key

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction, Value

LOOKED_AT_MAX = 2000
"""Rows looked at for one page and shelf: some milliseconds, and enough that most filters fill a page at once."""
_GROWTH = 4
"""The first look takes in as many rows as the page has places, each further one so many times more."""
TEXT_CHARACTERS_MAX = 2000
_EXACT = ("kind", "style", "provider", "visibility")
GUILDS_MAX = 200
"""Servers one viewer may be on at once: what Discord allows its paying members."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which pictures; blank and None mean any. ``text`` stands in the prompt, upper and lower case being one."""

    kind: str = ""
    style: str = ""
    provider: str = ""
    favourite: bool | None = None
    album: str = ""
    """The name or id of an album; its pages begin with what was added last."""
    text: str = ""
    visibility: str = ""


EVERYTHING = Filter()


@dataclass(frozen=True, kw_only=True)
class Page:
    """Pictures newest first; ``next`` is handed back as ``before`` to get the following page, None at the end."""

    artifacts: tuple[Artifact, ...]
    next: Position | None

    @property
    def searched_until_ms(self) -> int:
        """How far back was looked, epoch milliseconds; 0 for to the end."""
        return 0 if self.next is None else self.next[0]


@dataclass(frozen=True, kw_only=True)
class _Shelf:
    """Rows in the order of an index. ``ends`` finds positions in it, ``pictures`` the pictures; both begin at FROM."""

    ends: str
    pictures: str
    values: dict[str, Value]
    at: str = "created_at"
    id: str = "id"


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What was found on a shelf, and where looking ended: None at the shelf's end."""

    found: list[Artifact]
    end: Position | None

    def page(self) -> Page:
        return Page(artifacts=tuple(self.found), next=self.end)


def own(tx: Transaction, account: str, wanted: Filter, *, limit: int, before: Position | None) -> Page:
    """A page of an account's own pictures that are kept or archived."""
    place = "FROM artifacts WHERE account = :account" + (" AND favourite = 1" if wanted.favourite else "")
    shelf = _Shelf(ends=place, pictures=place, values={"account": account})
    return _look(tx, shelf, wanted, limit, before).page()


def of_album(tx: Transaction, album_id: str, wanted: Filter, *, limit: int, before: Position | None) -> Page:
    """A page of an album's pictures, what was added last first; positions are (added_at_ms, id)."""
    shelf = _Shelf(
        ends="FROM album_pictures WHERE album_id = :album",
        pictures="FROM album_pictures JOIN artifacts ON artifacts.id = artifact_id WHERE album_id = :album",
        values={"album": album_id},
        at="added_at",
        id="artifact_id",
    )
    return _look(tx, shelf, wanted, limit, before).page()


def shown(
    tx: Transaction, guilds: Collection[str], wanted: Filter, *, limit: int, before: Position | None, viewer: str
) -> Page:
    """A page of what is visible to everybody or to these servers, except the viewer's own."""
    if len(guilds) > GUILDS_MAX:
        raise InvalidRequest(sentence("One can look at up to {limit} servers at once.", limit=GUILDS_MAX))
    scopes = [("public", ""), *(("server", guild) for guild in sorted(set(map(clean, guilds))) if guild)]
    place = "FROM artifacts WHERE visibility = :scope AND guild = :guild AND visibility <> 'private'"
    looks: list[_Look] = []
    for scope, guild in scopes:
        values: dict[str, Value] = {"scope": scope, "guild": guild, "viewer": viewer}
        shelf = _Shelf(ends=place, pictures=f"{place} AND account <> :viewer", values=values)
        looks.append(_look(tx, shelf, wanted, limit, before))
    return _merged(looks, max(1, min(limit, PAGE_MAX)))


def _merged(looks: list[_Look], limit: int) -> Page:
    """What was found on several shelves as one page; it goes only as far back as was looked on all of them."""
    horizon = max((look.end for look in looks if look.end is not None), default=None)
    merged = heapq.merge(*(look.found for look in looks), key=_position, reverse=True)
    page = list(islice((each for each in merged if horizon is None or _position(each) >= horizon), limit))
    return Page(artifacts=tuple(page), next=_position(page[-1]) if len(page) == limit else horizon)


def _position(artifact: Artifact) -> Position:
    return artifact.created_at_ms, artifact.id


def _look(tx: Transaction, shelf: _Shelf, wanted: Filter, limit: int, before: Position | None) -> _Look:
    """Walk along a shelf until ``limit`` pictures are found, enough rows were looked at, or it ends."""
    found: list[Artifact] = []
    limit = max(1, min(limit, PAGE_MAX))
    position = before or NEWEST
    window, looked_at = limit, 0
    while looked_at < LOOKED_AT_MAX:
        window = min(window, LOOKED_AT_MAX - looked_at)
        end = _end_of_window(tx, shelf, position, window)
        found += _within(tx, shelf, wanted, (position, end or OLDEST), limit - len(found))
        if len(found) == limit:
            return _Look(found=found, end=_position_on(tx, shelf, found[-1]))
        if end is None:
            return _Look(found=found, end=None)
        position, looked_at, window = end, looked_at + window, window * _GROWTH
    return _Look(found=found, end=position)


def _end_of_window(tx: Transaction, shelf: _Shelf, start: Position, rows: int) -> Position | None:
    """The position of the row that many rows on; None where the shelf ends before."""
    sql = (
        f"SELECT {shelf.at} AS at, {shelf.id} AS id {shelf.ends} AND ({shelf.at}, {shelf.id}) < (:at, :last) "
        f"ORDER BY {shelf.at} DESC, {shelf.id} DESC LIMIT 1 OFFSET :skipped"
    )
    row = tx.row(sql, **shelf.values, at=start[0], last=start[1], skipped=rows - 1)
    return None if row is None else (int(row["at"]), str(row["id"]))


def _within(
    tx: Transaction, shelf: _Shelf, wanted: Filter, window: tuple[Position, Position], most: int
) -> list[Artifact]:
    """The pictures of a window that the filter wants: below its first position, down to and with its last."""
    (at, last), (end_at, end_id) = window
    conditions, values = _conditions(wanted)
    sql = (
        f"{shelf.pictures} AND ({shelf.at}, {shelf.id}) < (:at, :last) "
        f"AND ({shelf.at}, {shelf.id}) >= (:end_at, :end_id) AND {catalogue.LISTED} AND temporary = 0{conditions} "
        f"ORDER BY {shelf.at} DESC, {shelf.id} DESC LIMIT :most"
    )
    values |= {**shelf.values, "at": at, "last": last, "end_at": end_at, "end_id": end_id}
    if wanted.text.isascii():
        return catalogue.select(tx, sql, **values, most=most)
    text = name_key(wanted.text)
    looked_at = catalogue.select(tx, sql, **values, most=LOOKED_AT_MAX)
    return [artifact for artifact in looked_at if text in name_key(artifact.prompt)][:most]


def _position_on(tx: Transaction, shelf: _Shelf, artifact: Artifact) -> Position:
    if shelf.at == "created_at":
        return _position(artifact)
    row = tx.row(f"SELECT {shelf.at} AS at {shelf.ends} AND {shelf.id} = :id", **shelf.values, id=artifact.id)
    return (int(row["at"]) if row else 0), artifact.id


def _conditions(wanted: Filter) -> tuple[str, dict[str, Value]]:
    """A filter as SQL, except what the shelf stands for already (``album``, and ``favourite`` where it is wanted)."""
    values: dict[str, Value] = {name: clean(getattr(wanted, name)) for name in _EXACT if getattr(wanted, name)}
    conditions = [f"{name} = :{name}" for name in values]
    if wanted.favourite is not None:
        conditions.append("favourite = 1" if wanted.favourite else "favourite = 0")
    if wanted.text:
        conditions.append("LOWER(prompt) LIKE :text ESCAPE '!'")
        values["text"] = _pattern(wanted.text)
    return "".join(f" AND {condition}" for condition in conditions), values


def _pattern(text: str) -> str:
    """A LIKE pattern for a text that is meant literally.

    SQLite knows upper and lower case of ASCII alone: any other letter that has both matches whatever one character,
    and Python looks once more.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise InvalidRequest(
            sentence("The text to look for may have up to {limit} characters.", limit=TEXT_CHARACTERS_MAX)
        )
    return f"%{''.join(map(_literal, clean(text)))}%"


def _literal(character: str) -> str:
    if not character.isascii() and character.lower() != character.upper():
        return "_"
    return f"!{character}" if character in "!%_" else character.lower()


def clean(text: str) -> str:
    """Text that every database takes as a value."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "backslashreplace").decode("utf-8")
