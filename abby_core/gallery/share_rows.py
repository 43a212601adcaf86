"""The SQL of shares: one row for each link, and what may be seen through it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_core.errors import QuotaExceeded
from abby_core.gallery.share import ENDED_SHARES_MAX, LIVE_SHARES_MAX, Share, SharedAlbum, SharedPicture, ShareState
from abby_core.quota import erasure
from abby_core.sentence import sentence
from abby_core.storage.catalogue import LISTED, PAGE_MAX

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction, Value

ALT_TEXT_CHARACTERS_MAX = 300
"""Longest description made from a prompt; a screen reader reads all of it aloud."""
PARAMETERS_TOLD = frozenset({"width", "height", "steps", "cfg_scale", "image_strength"})
"""What ``full`` tells of a picture's parameters: others may be about its owner or their files."""
DEMO_PROVIDER = "painter"

_SHARE = (
    "s.id, s.account, s.artifact_id, s.album_id, s.metadata, s.password, s.views, s.views_max, s.expires_at, "
    "s.revoked_at, s.created_at"
)
_LISTED_SHARE = (
    f"SELECT {_SHARE}, COALESCE(a.name, b.name, '') AS name FROM shares s "  # noqa: S608
    f"LEFT JOIN artifacts a ON s.album_id = '' AND a.id = s.artifact_id AND a.{LISTED} "
    "LEFT JOIN albums b ON s.album_id <> '' AND b.id = s.album_id "
)
_PICTURE = (
    "a.id AS picture_id, a.alt_text, a.media_type, a.width, a.height, a.prompt, a.negative_prompt, a.style, a.seed, "
    "a.provider, a.model, a.parameters"
)
_THERE = (
    f"((album_id = '' AND EXISTS (SELECT 1 FROM artifacts a WHERE a.id = artifact_id AND a.{LISTED})) "  # noqa: S608
    "OR (album_id <> '' AND EXISTS (SELECT 1 FROM albums b WHERE b.id = album_id)))"
)
_DOOR = "SELECT id, password, views_max, expires_at FROM shares WHERE token_sha256 = :token"
_LIVE = "revoked_at = 0 AND expires_at > :now"
_OPEN = f"{_LIVE} AND (views_max = 0 OR views < views_max)"


def insert(tx: Transaction, now_ms: int, **row: Value) -> None:
    """Enter a share; may be repeated. Raises QuotaExceeded when the account has too many open ones, Refused while it
    is being forgotten.

    The longest ended of very many are forgotten, so that creating and taking back by the thousand fills no disk.
    """
    tx.lock(f"shares:{row['account']}")
    account = str(row["account"])
    found = tx.row(f"SELECT COUNT(*) AS n FROM shares WHERE account = :account AND id <> :id AND {_OPEN}",  # noqa: S608
                   account=account, id=row["id"], now=now_ms)  # fmt: skip
    live = 0 if found is None else int(found["n"])
    if live >= LIVE_SHARES_MAX:
        raise QuotaExceeded(
            sentence(
                "You have {live} open shares; at most {limit} are possible. Take some back.",
                live=live,
                limit=LIVE_SHARES_MAX,
            ),
            meter="shares", limit=LIVE_SHARES_MAX, used=live, requested=1,
        )  # fmt: skip
    tx.execute(
        f"DELETE FROM shares WHERE account = :account AND NOT ({_OPEN}) AND id NOT IN (SELECT id FROM shares "  # noqa: S608
        f"WHERE account = :account AND NOT ({_OPEN}) ORDER BY created_at DESC, id DESC LIMIT :most)",
        account=account, now=now_ms, most=ENDED_SHARES_MAX - 1,
    )  # fmt: skip
    columns = ", ".join(row)
    placeholders = ", ".join(f":{column}" for column in row)
    tx.execute(f"INSERT INTO shares ({columns}) VALUES ({placeholders}) ON CONFLICT (id) DO NOTHING", **row)  # noqa: S608
    erasure.refuse_writing(tx, account)


def by_account(tx: Transaction, account: str, now_ms: int) -> tuple[Share, ...]:
    """All of the account's shares, the newest first; :func:`insert` bounds their number."""
    sql = _LISTED_SHARE + "WHERE s.account = :account ORDER BY s.created_at DESC, s.id DESC"
    return tuple(_share(row, now_ms) for row in tx.rows(sql, account=account))


def by_id(tx: Transaction, account: str, share_id: str, now_ms: int) -> Share | None:
    """One of the account's shares."""
    row = tx.row(_LISTED_SHARE + "WHERE s.account = :account AND s.id = :id", account=account, id=share_id)
    return None if row is None else _share(row, now_ms)


def revoke(tx: Transaction, account: str, share_id: str, now_ms: int) -> bool:
    """End a share; again is well. False: the account has none of that id."""
    sql = (
        "UPDATE shares SET revoked_at = CASE WHEN revoked_at = 0 THEN :now ELSE revoked_at END "
        "WHERE id = :id AND account = :account"
    )
    return tx.execute(sql, now=now_ms, id=share_id, account=account) == 1


def opened_by(tx: Transaction, token_sha256: str, now_ms: int) -> Row | None:
    """The share that this token opens now, its password too; None whatever stands in the way."""
    return tx.row(f"{_DOOR} AND {_OPEN} AND {_THERE}", token=token_sha256, now=now_ms)


def live(tx: Transaction, token_sha256: str, now_ms: int) -> Row | None:
    """The same, whether or not all of its views were used."""
    return tx.row(f"{_DOOR} AND {_LIVE} AND {_THERE}", token=token_sha256, now=now_ms)


def count_view(tx: Transaction, share_id: str, now_ms: int) -> bool:
    """Count one view, if one is left at this very moment."""
    sql = f"UPDATE shares SET views = views + 1 WHERE id = :id AND {_OPEN} AND {_THERE}"  # noqa: S608
    return tx.execute(sql, id=share_id, now=now_ms) == 1


def shown(tx: Transaction, share_id: str, now_ms: int) -> SharedPicture | SharedAlbum | None:
    """What a share shows, if it has not ended; its views do not matter here."""
    share = _live(tx, share_id, now_ms)
    if share is None:
        return None
    if not share["album_id"]:
        return picture(tx, share_id, str(share["artifact_id"]), now_ms)
    row = tx.row(
        "SELECT b.name, (SELECT COUNT(*) FROM album_pictures p JOIN artifacts a ON a.id = p.artifact_id "  # noqa: S608
        f"WHERE p.album_id = b.id AND a.account = b.account AND a.{LISTED}) AS pictures "
        "FROM albums b WHERE b.id = :album",
        album=share["album_id"],
    )
    if row is None:
        return None
    return SharedAlbum(share_id=share_id, name=str(row["name"]), pictures=int(row["pictures"]))


def picture(tx: Transaction, share_id: str, picture_id: str, now_ms: int) -> SharedPicture | None:
    """One picture of a share that has not ended; None for any that is not in it."""
    share = _live(tx, share_id, now_ms)
    if share is None:
        return None
    row = tx.row(
        f"SELECT {_PICTURE} FROM artifacts a WHERE a.id = :id AND a.account = :account AND a.{LISTED} "  # noqa: S608
        "AND (a.id = :shared OR EXISTS "
        "(SELECT 1 FROM album_pictures p WHERE p.album_id = :album AND p.artifact_id = a.id))",
        id=picture_id, account=share["account"], shared=share["artifact_id"], album=share["album_id"],
    )  # fmt: skip
    return None if row is None else _picture(row, share)


def page(
    tx: Transaction, share_id: str, after: tuple[int, str], limit: int, now_ms: int
) -> tuple[list[SharedPicture], tuple[int, str] | None] | None:
    """Pictures of a shared album as they were put in, and the place of the last if there may be more."""
    share = _live(tx, share_id, now_ms)
    if share is None or not share["album_id"]:
        return None
    limit = max(1, min(limit, PAGE_MAX))
    rows = tx.rows(
        f"SELECT {_PICTURE}, p.added_at FROM album_pictures p JOIN artifacts a ON a.id = p.artifact_id "  # noqa: S608
        f"WHERE p.album_id = :album AND a.account = :account AND a.{LISTED} "
        "AND (p.added_at, p.artifact_id) > (:at, :last) ORDER BY p.added_at, p.artifact_id LIMIT :limit",
        album=share["album_id"], account=share["account"], at=after[0], last=after[1], limit=limit,
    )  # fmt: skip
    place = (int(rows[-1]["added_at"]), str(rows[-1]["picture_id"])) if len(rows) == limit else None
    return [_picture(row, share) for row in rows], place


def _live(tx: Transaction, share_id: str, now_ms: int) -> Row | None:
    return tx.row(f"SELECT {_SHARE} FROM shares s WHERE id = :id AND {_LIVE}", id=share_id, now=now_ms)  # noqa: S608


def _share(row: Row, now_ms: int) -> Share:
    return Share(
        id=row["id"],
        artifact_id=row["artifact_id"],
        album_id=row["album_id"],
        name=row["name"],
        metadata=row["metadata"],
        has_password=bool(row["password"]),
        views=row["views"],
        views_max=row["views_max"],
        created_at_ms=row["created_at"],
        expires_at_ms=row["expires_at"],
        revoked_at_ms=row["revoked_at"],
        state=_state(row, now_ms),
    )


def _state(row: Row, now_ms: int) -> ShareState:
    if row["revoked_at"]:
        return "revoked"
    if row["expires_at"] <= now_ms:
        return "expired"
    if row["views_max"] and row["views"] >= row["views_max"]:
        return "used up"
    return "live" if row["name"] else "gone"


def _picture(row: Row, share: Row) -> SharedPicture:
    told = share["metadata"]
    prompt = str(row["prompt"]) if told != "none" else ""
    seen = SharedPicture(
        share_id=share["id"],
        picture_id=row["picture_id"],
        alt_text=row["alt_text"] or " ".join(prompt.split())[:ALT_TEXT_CHARACTERS_MAX] or sentence("A picture"),
        media_type=row["media_type"],
        width=row["width"],
        height=row["height"],
        demo=row["provider"] == DEMO_PROVIDER,
        prompt=prompt,
    )
    return _told_in_full(seen, row) if told == "full" else seen


def _told_in_full(seen: SharedPicture, row: Row) -> SharedPicture:
    parameters = json.loads(row["parameters"])
    return replace(
        seen,
        negative_prompt=row["negative_prompt"],
        style=row["style"],
        seed=row["seed"],
        provider=row["provider"],
        model=row["model"],
        parameters={name: value for name, value in parameters.items() if name in PARAMETERS_TOLD},
    )
