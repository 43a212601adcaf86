"""Which pictures somebody means: their own, by name or id. Another's answers exactly like one that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest, NotFound
from abby_core.sentence import sentence
from abby_core.storage import catalogue, trash
from abby_core.storage.artifact import Artifact
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

REFERENCES_MAX = 200
"""Pictures one operation may name: it is one transaction, and others wait for it."""


def picture(tx: Transaction, account: str, reference: str) -> Artifact:
    """The account's picture of that name or else id, kept or archived. Raises NotFound."""
    name = clean_name(reference)
    found = catalogue.by_name(tx, account, name) or catalogue.by_id(tx, name)
    if found is None or found.account != account:
        raise missing(reference)
    return found


def in_trash(tx: Transaction, account: str, reference: str) -> Artifact:
    """The same among what the account put into the trash; of several of one name, what went there last."""
    found = trash.find(tx, account, clean_name(reference))
    if found is None:
        raise missing(reference)
    return found


def anywhere(tx: Transaction, account: str, reference: str) -> Artifact:
    """A picture that is kept or archived or, where there is none, in the trash. Raises NotFound."""
    try:
        return picture(tx, account, reference)
    except NotFound:
        return in_trash(tx, account, reference)


def each(
    find: Callable[[Transaction, str, str], Artifact], tx: Transaction, account: str, references: Sequence[str]
) -> list[Artifact]:
    """All that are meant, none twice, in the order of their ids: whoever changes several touches them in that order,
    so two who do never wait for each other. Raises InvalidRequest for none or too many, NotFound for the first missing.
    """
    if not 0 < len(references) <= REFERENCES_MAX:
        raise InvalidRequest(
            sentence(
                "Name between 1 and {limit} pictures at once, not {count}.", limit=REFERENCES_MAX, count=len(references)
            )
        )
    found = {artifact.id: artifact for artifact in (find(tx, account, reference) for reference in references)}
    return [found[artifact_id] for artifact_id in sorted(found)]


def missing(reference: str) -> NotFound:
    """What is said of a picture that is not there, or somebody else's."""
    return NotFound(sentence("You have no picture named {name!r}.", name=str(reference)[:200]))
