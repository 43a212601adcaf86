"""What would help where a limit stands in the way: every choice that is true just now, with its figures.

The facts are read from the account's oldest pictures (a bounded number of them); what follows from them is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abby_core.errors import Choice, QuotaExceeded
from abby_core.quota.meter import BYTES
from abby_core.quota.refusal import duration
from abby_core.sentence import Sentence, plural, sentence
from abby_core.storage import catalogue, oldest

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction
    from abby_core.quota.account import Account
    from abby_core.quota.quota_manager import Need
    from abby_core.storage.artifact import Artifact
    from abby_core.storage.storage_manager import StorageManager

LOOKED_AT_MAX = 200
"""How many of the oldest pictures are looked at: more would be a wish for another limit."""
COMPRESSED_SHARE: Mapping[str, float] = {"image/png": 0.35, "image/jpeg": 0.8}
"""What is left of a picture when it is compressed, while this house has compressed too few to know: measured on the
demo painter's pictures (PNG 0.2 to 0.5)."""
MEASURED_MIN = 10
"""So many compressed pictures of a kind say more than the figures above."""
_MEASURED_MAX = 1000


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What :func:`rank` must know. Bytes of pictures are what they count now, the oldest first."""

    missing_bytes: int
    """How much must be freed for it to fit; 0: storage is not what is missing."""
    house: bool
    """Whether the server is what is full, not the account."""
    images: int
    """How many pictures were asked for."""
    images_fit: int
    """How many of them would fit now."""
    wait_seconds: float | None = None
    """When the limit starts anew; None: it does not, or even then too much was asked for."""
    trash_pictures: int = 0
    trash_bytes: int = 0
    unstarred: Sequence[int] = ()
    compressible: Sequence[float] = ()
    """What compressing each would free, about."""
    has_archive: bool = False


def choices(
    storage: StorageManager,
    account: Account,
    error: QuotaExceeded,
    need: Need | None = None,
    *,
    pictures: int | None = None,
) -> tuple[Choice, ...]:
    """What would help the account against this refusal of that need, the best first; empty: nothing it can do.

    ``pictures``: how many were asked for, where each counts as more than one image; without a need either, no
    smaller wish is offered. Costs a few short queries.
    """
    many = pictures if pictures is not None else need.images if need is not None else 0
    return rank(storage.database.read(_facts, storage, account.key, error, many))


def ways(storage: StorageManager, account: Account, wanted_bytes: int) -> tuple[Choice, ...]:
    """What would free so much, or as much of it as there is, though no limit stands in the way; the gentlest first."""
    wanted = QuotaExceeded("", meter=BYTES, limit=0, used=0, requested=max(1, wanted_bytes))
    facts = storage.database.read(_facts, storage, account.key, wanted, 0)
    missing_bytes = min(wanted.requested, max(facts.trash_bytes, sum(facts.unstarred)))
    return rank(replace(facts, missing_bytes=missing_bytes, house=False))


# ---------------------------------------------------------------------- the facts


def _facts(tx: Transaction, storage: StorageManager, account: str, error: QuotaExceeded, pictures: int) -> Facts:
    left = max(0, error.limit - error.used)
    facts = Facts(
        missing_bytes=0,
        house=False,
        images=pictures,
        images_fit=left * pictures // error.requested if error.requested else 0,
        wait_seconds=error.retry_after_seconds if error.requested <= error.limit else None,
    )
    if error.meter != BYTES:
        return facts
    own = storage.quota.status_in(tx, account).bytes
    at_hand = oldest.to_archive(tx, account, limit=LOOKED_AT_MAX)
    shares = _shares_left(tx)
    trash_pictures, trash_bytes = trash_held(tx, account)
    return replace(
        facts,
        missing_bytes=error.requested + error.used - error.limit,
        house=own.used + error.requested <= own.limit,
        trash_pictures=trash_pictures,
        trash_bytes=trash_bytes,
        unstarred=[each.counted_bytes for each in at_hand],
        compressible=[each.size_bytes * (1 - shares[each.media_type]) for each in at_hand if _may_shrink(each)],
        has_archive=storage.archive is not None,
    )


def trash_held(tx: Transaction, account: str) -> tuple[int, int]:
    """How many pictures the account's trash holds, and what they count. Their keys of names stand together."""
    row = tx.row(
        f"SELECT COUNT(*) AS many, COALESCE(SUM({catalogue.COUNTED} + thumbnail_bytes), 0) AS bytes FROM artifacts "  # noqa: S608
        "WHERE account = :account AND name_key >= 'TRASHED:' AND name_key < 'TRASHED;' AND state = 'trashed'",
        account=account,
    )
    return (0, 0) if row is None else (int(row["many"]), int(row["bytes"]))


def _may_shrink(artifact: Artifact) -> bool:
    return artifact.media_type in oldest.COMPRESSIBLE and artifact.size_bytes >= oldest.COMPRESSED_BYTES_MIN


def _shares_left(tx: Transaction) -> dict[str, float]:
    """What is left of a picture of each kind: measured in this house of late, or the figures for everybody."""
    measured = tx.rows(
        "SELECT media_type, COUNT(*) AS many, SUM(before) AS before, SUM(after) AS after FROM ("
        "SELECT r.media_type AS media_type, r.size_bytes AS before, a.size_bytes AS after FROM retired_blobs r "
        "JOIN artifacts a ON a.id = r.artifact_id WHERE r.reason = 'compressed' LIMIT :most) AS of_late "
        "GROUP BY media_type",
        most=_MEASURED_MAX,
    )
    own = {
        str(row["media_type"]): float(row["after"]) / float(row["before"])
        for row in measured
        if row["many"] >= MEASURED_MIN
    }
    return {**COMPRESSED_SHARE, **own}


# ---------------------------------------------------------------------- what follows (pure)


def rank(facts: Facts) -> tuple[Choice, ...]:
    """Every choice that is true, the best first: what is enough, then what only goes a part of the way.

    Gentle ones before others: nothing lost (trash, compressing, archiving), a smaller wish, deleting, waiting.
    """
    room = list(_room(facts)) if 0 < facts.missing_bytes <= facts.trash_bytes + sum(facts.unstarred) else []
    enough = [choice for choice in room if choice.frees_bytes >= facts.missing_bytes]
    partly = [
        replace(
            each,
            text=sentence(
                "{choice} That is a part of the {size} it takes.",
                choice=each.text,
                size=_size(facts.missing_bytes),
            ),
        )
        for each in room
        if each not in enough
    ]
    return (*enough, *_fewer(facts), *_delete(facts), *_wait(facts), *partly)


def _room(facts: Facts) -> Iterator[Choice]:
    if facts.trash_bytes:
        freed, count = facts.trash_bytes, facts.trash_pictures
        text = plural(
            "Empty your trash: {count} picture, frees {size}.",
            "Empty your trash: {count} pictures, frees {size}.",
            count=count,
            size=_size(freed),
        )
        yield Choice(kind="empty_trash", text=text, pictures=count, frees_bytes=freed)
    # Compressing needs room on the server first, and gives it back a week later: no help where that is full.
    count, freed = _enough(facts.compressible, facts.missing_bytes)
    if freed and not facts.house:
        text = plural(
            "Compress your oldest picture without visible loss: frees about {size}.",
            "Compress your {count} oldest pictures without visible loss: frees about {size}.",
            count=count,
            size=_size(freed),
        )
        yield Choice(kind="compress", text=text, pictures=count, frees_bytes=freed)
    count, freed = _enough(facts.unstarred, facts.missing_bytes)
    if freed and facts.has_archive:
        text = plural(
            "Archive your oldest picture: frees {size}, and it stays in your gallery.",
            "Archive your {count} oldest pictures: frees {size}, and they stay in your gallery.",
            count=count,
            size=_size(freed),
        )
        yield Choice(kind="archive", text=text, pictures=count, frees_bytes=freed)


def _delete(facts: Facts) -> list[Choice]:
    """Only where it is enough: nobody shall lose pictures for nothing."""
    count, freed = _enough(facts.unstarred, facts.missing_bytes)
    if not 0 < facts.missing_bytes <= freed:
        return []
    text = plural(
        "Delete your oldest picture without a star for good: frees {size}.",
        "Delete your {count} oldest pictures without a star for good: frees {size}.",
        count=count,
        size=_size(freed),
    )
    return [Choice(kind="delete", text=text, pictures=count, frees_bytes=freed)]


def _fewer(facts: Facts) -> list[Choice]:
    if not 0 < facts.images_fit < facts.images:
        return []
    text = plural(
        "Ask for {count} picture: so many fit.", "Ask for {count} pictures: so many fit.", count=facts.images_fit
    )
    return [Choice(kind="fewer", text=text, pictures=facts.images_fit)]


def _wait(facts: Facts) -> list[Choice]:
    if facts.wait_seconds is None:
        return []
    text = sentence("Wait {time}: then the limit starts anew.", time=duration(facts.wait_seconds))
    return [Choice(kind="wait", text=text, wait_seconds=facts.wait_seconds)]


def _enough(freed_by_each: Sequence[float], missing: int) -> tuple[int, int]:
    """How many of them, from the first on, free what is missing, and how much that is; all where that is too little."""
    freed = 0.0
    for count, more in enumerate(freed_by_each, start=1):
        freed += more
        if int(freed) >= missing:
            return count, int(freed)
    return len(freed_by_each), int(freed)


def _size(size_bytes: int) -> Sentence:
    if size_bytes >= 2**20 // 10:
        return sentence("{size:.1f} MB", size=size_bytes / 2**20)
    return sentence("{size:.0f} kB", size=size_bytes / 2**10)
