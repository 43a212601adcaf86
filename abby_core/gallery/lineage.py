"""Where a picture comes from, and what was made from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

ANCESTORS_MAX = 20
"""How far back is looked: more generations than anybody wants to read."""
DESCENDANTS_MAX = 50
"""How many of the pictures made from one are shown."""
LOOKED_AT_MAX = 2000
"""Rows looked at for them: others may have made any number from a picture that everybody sees."""


@dataclass(frozen=True, kw_only=True)
class Ancestor:
    """A picture another was made from; ``artifact`` None: it was removed (or is none of the viewer's business)."""

    id: str
    artifact: Artifact | None


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """``ancestors``: the nearest first. ``descendants``: made from it directly, the oldest first."""

    artifact: Artifact
    ancestors: tuple[Ancestor, ...]
    descendants: tuple[Artifact, ...]


def lineage(tx: Transaction, artifact: Artifact, viewer: str, guilds: Collection[str]) -> Lineage:
    """The lineage of a picture, as far as it is the viewer's own or visible to them."""
    return Lineage(
        artifact=artifact,
        ancestors=tuple(_ancestors(tx, artifact, viewer, guilds)),
        descendants=tuple(_descendants(tx, artifact, viewer, guilds)),
    )


def is_visible(artifact: Artifact, viewer: str, guilds: Collection[str]) -> bool:
    """Whether the viewer, who is on these servers, may see a picture that is kept or archived."""
    return (
        artifact.account == viewer
        or artifact.visibility == "public"
        or (artifact.visibility == "server" and artifact.guild != "" and artifact.guild in guilds)
    )


def _ancestors(tx: Transaction, artifact: Artifact, viewer: str, guilds: Collection[str]) -> list[Ancestor]:
    ancestors: list[Ancestor] = []
    source = artifact.source_artifact
    while source and len(ancestors) < ANCESTORS_MAX:
        found = catalogue.by_id(tx, source)
        if found is None or not is_visible(found, viewer, guilds):
            return [*ancestors, Ancestor(id=source, artifact=None)]
        ancestors.append(Ancestor(id=source, artifact=found))
        source = found.source_artifact
    return ancestors


def _descendants(tx: Transaction, artifact: Artifact, viewer: str, guilds: Collection[str]) -> list[Artifact]:
    # The inner SELECT bounds what is looked at, whoever made it; "<> ''" lets the partial index be used.
    sql = (
        "FROM (SELECT * FROM artifacts "  # noqa: S608 - made of constants
        "WHERE source_artifact = :id AND source_artifact <> '' LIMIT :looked_at) AS made "
        f"WHERE {catalogue.LISTED} AND temporary = 0 AND (account = :viewer OR visibility <> 'private')"
    )
    made = catalogue.select(tx, sql, id=artifact.id, viewer=viewer, looked_at=LOOKED_AT_MAX)
    seen = [each for each in made if is_visible(each, viewer, guilds)]
    return sorted(seen, key=lambda each: (each.created_at_ms, each.id))[:DESCENDANTS_MAX]
