"""Giving a picture another name. What it is called is the catalogue's alone: where its bytes lie does not change."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from abby_core.storage import catalogue
from abby_core.storage.names import name_key, unique_candidates
from abby_core.storage.saving import clean_name

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

NAME_TRIES_MAX = 40
"""Names tried where the wished one is taken: nine that people can read, then random ones."""
_CLAIM = (
    "INSERT INTO artifacts (id, account, name_key, blob_key) VALUES (:place, :account, :key, :place) "
    "ON CONFLICT DO NOTHING"
)


def claim(tx: Transaction, account: str, name: str) -> bool:
    """Make sure that a name is free and stays so until the end of the transaction. False: it is taken.

    A row is put in the name's place and taken away again: whoever wants the same name meanwhile waits for the end of
    this transaction, as they would for any row of that name. So two can never get one name, nor meet an error.
    """
    key = name_key(name)
    place = f"claim:{account}:{key}"
    if not tx.execute(_CLAIM, place=place, account=account, key=key):
        return False
    tx.execute("DELETE FROM artifacts WHERE id = :place", place=place)
    return True


def free_name(tx: Transaction, account: str, wished: str) -> str:
    """The wished name or the next like it that nobody has just now."""
    for candidate in map(clean_name, islice(unique_candidates(wished), NAME_TRIES_MAX)):
        if not catalogue.name_is_taken(tx, account, candidate):
            return candidate
    return wished
