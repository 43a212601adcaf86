"""A claimed order while it is run in this process: what was asked, what was made, what failed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from abby_core.errors import AbbyError, ProviderError, Refused
from abby_core.storage.artifact import Artifact
from abby_core.studio.order import OrderView, PictureFailure
from abby_core.studio.order_book import Claimed

AT_HAND_BYTES_MAX = 8 * 2**20
"""Of one order's pictures; what is more is read again where it is wanted."""


class LeaseLost(Exception):
    """Somebody else has taken the order over; what this worker did no longer counts."""


@dataclass
class Job:
    """One run of one order. Lives on the event loop."""

    order: Claimed
    notes: list[str] = field(default_factory=list[str])
    made: list[Artifact] = field(default_factory=list[Artifact])
    """The order's pictures that are kept."""
    at_hand: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """The bytes of some of them, for whoever waits for the order."""
    failures: list[PictureFailure] = field(default_factory=list[PictureFailure])
    """The order's pictures that could not be made, where others may still be."""
    asked: int = 0
    """Pictures that providers were asked for in this run."""
    calling: int = 0
    """How many pictures a provider may be working on, or has made that are not kept yet."""
    maybe_billed_pictures: int = 0
    """How many pictures the host may pay for that never came."""
    view: OrderView | None = None
    """The order as it was when it was done, if somebody waits for it."""
    task: asyncio.Task[None] | None = None
    cancelled_by_owner: bool = False
    lease_lost: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def free(self) -> bool:
        return self.order.attempts_max > 1

    @property
    def settled(self) -> set[int]:
        """The indexes of the pictures of which is known what became of them."""
        return {artifact.order_index for artifact in self.made} | {failure.index for failure in self.failures}

    @property
    def maybe_billed(self) -> bool:
        """Whether the host may pay for a picture that never came."""
        return self.maybe_billed_pictures > 0

    @property
    def maybe_spent_millicredits(self) -> int:
        """What those pictures may cost."""
        return self.maybe_billed_pictures * self.order.millicredits_each

    def hand(self, artifact: Artifact, data: bytes) -> None:
        """Let whoever waits have the picture's bytes without reading them again, unless it is too much."""
        if sum(map(len, self.at_hand.values())) + len(data) <= AT_HAND_BYTES_MAX:
            self.at_hand[artifact.id] = data

    def call_failed(self, indexes: list[int], error: AbbyError, *, pictures: int | None = None) -> None:
        """Note why these pictures did not come; ``pictures`` of those being called for (None: all) come no more.

        They may have been billed, unless the provider refused them or knows that they were not.
        """
        gone = self.calling if pictures is None else pictures
        if isinstance(error, Refused) or (isinstance(error, ProviderError) and not error.maybe_billed):
            self.calling -= gone
        else:
            self.cut_off(gone)
        self.failures.extend(PictureFailure(index, type(error).__name__, error.text) for index in indexes)

    def cut_off(self, pictures: int | None = None) -> None:
        """Nobody knows what became of the pictures that are being called for: they may have been billed."""
        gone = self.calling if pictures is None else pictures
        self.calling -= gone
        if not self.free:
            self.maybe_billed_pictures += gone
