"""What is done about an order that was refused: noted for the host's statistics, and choices for the member."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from abby_core.errors import (
    AbbyError,
    Banned,
    Choice,
    NotFound,
    NotHere,
    OrderConflict,
    PromptNotAllowed,
    QueueFull,
    QuotaExceeded,
    Refused,
)
from abby_core.quota import erasure, journal
from abby_core.quota.account import Account
from abby_core.quota.quota_manager import Need
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction, Value
    from abby_core.storage.storage_manager import StorageManager
    from abby_core.studio.order import Order

log = logging.getLogger(__name__)

TURNED_AWAY = (Banned, NotHere, PromptNotAllowed)
"""Refusals that come before an order is looked over."""
Advise = Callable[[Account, QuotaExceeded, Need, int], tuple[Choice, ...]]
"""What would help an account against that refusal of that need, for so many pictures. Blocks for a short while."""


def no_advice(_account: Account, _error: QuotaExceeded, _need: Need, _pictures: int) -> tuple[Choice, ...]:
    """For an Abby without a gallery."""
    return ()


class Refusals:
    """Makes the best of a no. Trouble in here never hides the refusal itself."""

    def __init__(self, storage: StorageManager, advise: Advise = no_advice) -> None:
        self._storage = storage
        self._advise = advise

    async def note(self, order: Order, error: Refused, row: Mapping[str, Value]) -> None:
        """Enter the refused order into the journal, and attach to the error what would help."""
        if isinstance(error, NotFound | OrderConflict) or type(error) is Refused:
            return  # a mistake, or somebody of whom nothing more is to be noted: no limit stood behind it
        try:
            await self._storage.database.run(self._enter, order, error, row)
            if isinstance(error, QuotaExceeded):
                error.choices = await asyncio.to_thread(
                    self._advise, order.account, error, need_of(row), order.pictures
                )
            elif isinstance(error, QueueFull):
                error.choices = (Choice(kind="wait", text=sentence("Wait until one of the orders has finished.")),)
        except Refused:  # somebody of whom nothing more is to be noted
            return
        except AbbyError as trouble:
            log.warning("a refusal could not be noted: %s", trouble)

    async def turned_away(self, order: Order, error: Refused) -> None:
        """Enter an order into the journal that was refused before anybody asked what it would take."""
        unknown: dict[str, Value] = dict.fromkeys(("images_each", "bytes_each", "source_bytes", "millicredits_each"), 0)
        row: dict[str, Value] = {
            **unknown,
            "tier": "",
            "kind": order.request.kind,
            "provider": order.provider or "",
            "model": "",
            "pictures": order.pictures,
        }
        await self.note(order, error, row)

    def _enter(self, tx: Transaction, order: Order, error: Refused, row: Mapping[str, Value]) -> None:
        need = need_of(row)
        erasure.refuse_writing(tx, order.account.key)
        if order.standing is not None:  # known all the same, though the order was undone
            self._storage.quota.remember_in(tx, order.account.key, order.standing)
        journal.refused(
            tx,
            at_ms=self._storage.now_ms(),
            account=order.account.key,
            tier=str(row["tier"]),
            reason=_reason(error),
            kind=str(row["kind"]),
            provider=str(row["provider"]),
            model=str(row["model"]),
            pictures=int(row["pictures"] or 0),
            size_bytes=need.size_bytes,
            millicredits=need.millicredits,
        )


def _reason(error: Refused) -> str:
    """The meter that stood in the way, or the error's class."""
    return error.meter if isinstance(error, QuotaExceeded) else type(error).__name__


def need_of(row: Mapping[str, Value]) -> Need:
    """What the order of that row sets aside."""
    pictures = int(row["pictures"] or 0)
    return Need(
        images=pictures * int(row["images_each"] or 0),
        size_bytes=pictures * int(row["bytes_each"] or 0),
        temporary_bytes=int(row["source_bytes"] or 0),
        millicredits=pictures * int(row["millicredits_each"] or 0),
    )
