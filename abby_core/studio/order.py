"""What a person asks for, the states it goes through, and what comes of it (pure).

waiting ──claim──► running ──finish──► done
   ▲  │               │ │ └───fail────► failed
   │  └──cancel──┐    │ └────cancel───► cancelled
   └──retry──────┼────┘
                 └────────────────────► cancelled
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from abby_core.generation.request import ImageRequest
from abby_core.quota.account import Account
from abby_core.quota.meter import TokenLimit
from abby_core.quota.place import Place
from abby_core.quota.standing import Standing
from abby_core.storage.artifact import Artifact

State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
TRANSITIONS: Mapping[tuple[State, str], State] = {
    ("waiting", "claim"): "running",
    ("waiting", "cancel"): "cancelled",
    ("waiting", "fail"): "failed",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "cancel"): "cancelled",
    ("running", "retry"): "waiting",
}
"""Every move an order can make; whatever is not here is refused by the SQL's own WHERE (order_book)."""

PICTURES_MAX = 10
"""Pictures in one order: what the providers that know batches take, and a page people can look at."""
ORDER_ID_CHARACTERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class DeliveryAddress:
    """Whom to tell how the order ended: ``kind`` names who delivers, ``address`` is theirs to understand."""

    kind: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """One wish of one account. ``id`` is chosen by the adapter and makes repeating it harmless.

    ``source_artifact`` names a kept picture to work on instead of bytes in the request; ``provider`` None means
    the first that can do it. Larger ``priority`` goes first.
    """

    id: str
    account: Account
    request: ImageRequest
    pictures: int = 1
    provider: str | None = None
    source_artifact: str = ""
    priority: int = 0
    deliveries: tuple[DeliveryAddress, ...] = ()
    standing: Standing | None = None
    """What the adapter knows of the person now; None: as it was last time."""
    token: TokenLimit | None = None
    """The token it is asked for with, where that has a limit of its own."""
    prompts: tuple[str, ...] = ()
    """One prompt for each picture, where they differ; the request then carries the first."""
    place: Place | None = None
    """Where it is asked for; None: in no chat."""


@dataclass(frozen=True)
class PictureFailure:
    """Why one picture of an order could not be made. ``code`` names the error's class, ``error`` says it to people."""

    index: int
    code: str
    error: str


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """An order as its owner may see it. Times are epoch milliseconds, 0 for not yet."""

    id: str
    account: str
    kind: str
    prompt: str
    state: State
    pictures: int
    provider: str
    model: str
    percent: int
    notes: tuple[str, ...]
    error_code: str
    error: str
    maybe_billed: bool
    created_at_ms: int
    started_at_ms: int
    finished_at_ms: int
    tier: str = ""
    failures: tuple[PictureFailure, ...] = ()
    """The pictures that could not be made, where others were."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Outcome:
    """An order as it stands, and the pictures it has brought so far."""

    order: OrderView
    artifacts: tuple[Artifact, ...]
    at_hand: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False)


@dataclass(frozen=True)
class Preview:
    """A picture of a running order as it is so far. ``index``: which of the order's; ``number`` counts up from 0."""

    index: int
    number: int
    data: bytes = field(repr=False)
    """As the provider sent it: small, and not looked at yet."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One moment of an order. ``position`` 1 is next; ``eta_seconds`` None while nothing was measured yet."""

    state: State
    percent: int = 0
    position: int | None = None
    eta_seconds: float | None = None
    error_code: str = ""
    error: str = ""
    preview: Preview | None = None
    """The latest, where the order runs in this process and its provider sends such."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, kw_only=True)
class Creation:
    """What an order brought: pictures that are kept, and sentences about what was changed on the way."""

    order: OrderView
    artifacts: tuple[Artifact, ...]
    demo: bool = False
    """Made by the demo painter: whoever shows it says so."""
    at_hand: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False, compare=False)
    """Bytes of pictures that were kept a moment ago, by their artifacts' ids. The gallery opens these like others."""

    @property
    def notes(self) -> tuple[str, ...]:
        return self.order.notes

    @property
    def failures(self) -> tuple[PictureFailure, ...]:
        """The pictures that could not be made, and why; nothing was charged for them."""
        return self.order.failures


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an order would take, before it is submitted."""

    provider: str
    model: str
    pictures: int
    size_bytes: int
    millicredits: int
    notes: tuple[str, ...] = ()
