"""What an order failed with, out of its row (pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from abby_core import errors
from abby_core.errors import AbbyError, ProviderError
from abby_core.sentence import unpack

if TYPE_CHECKING:
    from abby_core.database.transaction import Row
    from abby_core.studio.order import OrderView


def failure(view: OrderView) -> AbbyError:
    """The error an order failed with, as it was raised where it happened."""
    kind = getattr(errors, view.error_code, None)
    if isinstance(kind, type) and issubclass(kind, ProviderError):
        return kind(view.error, maybe_billed=view.maybe_billed)
    if kind is errors.QuotaExceeded:  # its figures are of then, and gone
        return errors.Refused(view.error)
    if isinstance(kind, type) and issubclass(kind, AbbyError):
        return kind(view.error)
    return ProviderError(view.error, maybe_billed=view.maybe_billed)


def error_of(row: Row) -> str:
    """Why the order failed, with the words it was made of where they were stored; blank where it did not."""
    return unpack(json.loads(row["error_words"])) if row["error_words"] else str(row["error"])
