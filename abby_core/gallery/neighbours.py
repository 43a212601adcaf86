"""The pictures before and after one in its owner's gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

LOOKED_AT_MAX = 2000
"""Rows looked at for each: of somebody who deleted more in one go, the neighbour is not found."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The next newer and the next older picture; None at the gallery's ends."""

    newer: Artifact | None
    older: Artifact | None


def neighbours(tx: Transaction, artifact: Artifact) -> Neighbours:
    """What stands beside a picture, in the order of the gallery."""
    return Neighbours(newer=_beside(tx, artifact, ">", "ASC"), older=_beside(tx, artifact, "<", "DESC"))


def _beside(tx: Transaction, artifact: Artifact, side: str, order: str) -> Artifact | None:
    sql = (
        f"FROM (SELECT * FROM artifacts WHERE account = :account AND (created_at, id) {side} (:at, :id) "  # noqa: S608 - made of constants
        f"ORDER BY created_at {order}, id {order} LIMIT :looked_at) AS near "
        f"WHERE {catalogue.LISTED} AND temporary = 0 ORDER BY created_at {order}, id {order} LIMIT 1"
    )
    values = {"account": artifact.account, "at": artifact.created_at_ms, "id": artifact.id}
    found = catalogue.select(tx, sql, **values, looked_at=LOOKED_AT_MAX)
    return found[0] if found else None
