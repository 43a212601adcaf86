"""Calling a picture something else."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from abby_core.errors import InvalidRequest
from abby_core.gallery import own
from abby_core.sentence import sentence
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key
from abby_core.storage.renaming import claim, free_name
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
"""What the name of a picture may end with; what else stands behind a dot belongs to the name."""


def rename(tx: Transaction, account: str, reference: str, new_name: str) -> Artifact:
    """Give the account's picture another name, with the ending it has. Raises NotFound, InvalidRequest."""
    artifact = own.picture(tx, account, reference)
    name = _with_ending_of(artifact.name, new_name)
    if name_key(name) != name_key(artifact.name) and not claim(tx, account, name):
        free = free_name(tx, account, name)
        raise InvalidRequest(
            sentence("You have a picture named {name!r} already; {free!r} is free.", name=name, free=free)
        )
    changed = catalogue.change(
        tx,
        f"name = :name, name_key = :key WHERE id = :id AND account = :account AND {catalogue.LISTED}",
        name=name, key=name_key(name), id=artifact.id, account=account,
    )  # fmt: skip
    if not changed:
        raise own.missing(reference)
    return changed[0]


def _with_ending_of(old: str, new: str) -> str:
    """The new name as the catalogue remembers it, ending as the old one does."""
    text = new.strip()
    ending = _ending(old)
    if ending:
        text = text.removesuffix(_ending(text)).rstrip()
    if text.lower() in {"", *ENDINGS}:
        raise InvalidRequest(sentence("A picture needs a name of at least one letter."))
    return clean_name(text + ending)


def _ending(name: str) -> str:
    """``.png`` as it is written there; blank where the name ends with nothing that a picture's may."""
    ending = PurePosixPath(name).suffix
    return ending if ending.lower() in ENDINGS else ""
