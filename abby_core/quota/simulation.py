"""What would have happened under other rules: the past, order by order, against another set of limits (pure).

The past is an iterator of events, so it may be longer than memory; what is kept is a few numbers per account.
Two ledgers run side by side, of what was and of what would have been: their difference is what is saved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from abby_core.errors import NotAllowed
from abby_core.quota.account import HOUSE
from abby_core.quota.allowances import Bounds
from abby_core.quota.ledger import in_touching_order
from abby_core.quota.limits import Need
from abby_core.quota.meter import BYTES, DAY_MS, HOUR_MS, METERS, Charge, period_of

ASSUMPTIONS = (
    "This assumes that everybody asked the same providers for the same, with the roles, levels and limits set by hand "
    "that are known now, that every order ended before the next began, and that pictures kept before these days stay."
)
OF_RULES = frozenset({*METERS, NotAllowed.__name__})
"""Reasons of a refusal that other rules may change; whatever else was refused would be refused again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An order of the past. ``size_bytes`` and ``millicredits`` are what was to be set aside for all its pictures.

    ``refused_by`` is the meter or the error's name, empty where it was accepted; then the rest says what came of it.
    ``width`` and ``height`` (pixels of one picture) are 0 where they are not known.
    """

    at_ms: int
    account: str
    provider: str
    model: str
    pictures: int
    size_bytes: int
    millicredits: int
    width: int = 0
    height: int = 0
    refused_by: str = ""
    pictures_kept: int = 0
    bytes_kept: int = 0
    millicredits_spent: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """Bytes an account stopped using; ``expired``: because their time was over, not because somebody wanted it."""

    at_ms: int
    account: str
    size_bytes: int
    expired: bool = False


Event = Asked | Removed


@dataclass(kw_only=True)
class AccountReplay:
    """What other rules would have meant for one account, or for everybody. ``saved_…`` below 0: it would take more."""

    account: str
    tier: str = ""
    orders: int = 0
    pictures: int = 0
    """Accepted then: orders, and the pictures they asked for."""
    refused_orders: int = 0
    refused_pictures: int = 0
    """Accepted then, refused under these rules."""
    refused_by: Counter[str] = field(default_factory=Counter[str])
    """Orders of those by the limit in their way; ``house …`` is a limit on everybody together."""
    refused_then: int = 0
    accepted_orders: int = 0
    accepted_pictures: int = 0
    """Refused then, accepted under these rules."""
    saved_bytes: int = 0
    saved_millicredits: int = 0

    @property
    def differs(self) -> bool:
        return bool(self.refused_orders or self.accepted_orders or self.saved_bytes or self.saved_millicredits)


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What other rules would have meant for everybody who asked or removed something in that time."""

    days: int
    replays: tuple[AccountReplay, ...]
    assumptions: str = ASSUMPTIONS

    @property
    def total(self) -> AccountReplay:
        """All accounts together."""
        everybody = AccountReplay(account=HOUSE)
        for replay in self.replays:
            everybody.refused_by.update(replay.refused_by)
            for name, value in vars(replay).items():
                if isinstance(value, int):
                    setattr(everybody, name, getattr(everybody, name) + value)
        return everybody


def simulate(
    events: Iterable[Event],
    bounds_of: Callable[[str], Bounds],
    *,
    bytes_before: Mapping[str, int],
    counted_from_ms: int,
    ended_ms: int,
) -> list[AccountReplay]:
    """Replay the past, in the order of time, under the limits that ``bounds_of`` names for each account.

    ``bytes_before`` is what each account (and ``HOUSE``) used before the first event. Events before
    ``counted_from_ms`` only fill the meters: nothing is refused there and nothing is reported.
    """
    past = _Past(bounds_of, bytes_before, counted_from_ms)
    for event in events:
        if isinstance(event, Asked):
            past.ask(event)
        else:
            past.remove(event)
    return past.replays(ended_ms)


class _Past:
    """Both ledgers, and what is to be reported of each account."""

    def __init__(
        self, bounds_of: Callable[[str], Bounds], bytes_before: Mapping[str, int], counted_from_ms: int
    ) -> None:
        self._bounds_of = bounds_of
        self._bytes_before = bytes_before
        self._counted_from_ms = counted_from_ms
        self._bounds: dict[str, Bounds] = {}
        self._replays: dict[str, AccountReplay] = {}
        self._really: dict[str, int] = {HOUSE: bytes_before.get(HOUSE, 0)}
        """Bytes that were really used, by account."""
        self._used: dict[tuple[str, str], tuple[int, int]] = {(HOUSE, BYTES): (0, bytes_before.get(HOUSE, 0))}
        """Period and use of each counter, as it would have been."""
        self._hour, self._periods = -1, dict[str, int]()
        self._aging: dict[str, dict[int, int]] = {}
        """Bytes by the day they were made, of accounts whose pictures are kept for some days only."""

    def ask(self, asked: Asked) -> None:
        bounds, replay = self._account(asked.account)
        counted = asked.at_ms >= self._counted_from_ms
        self._expire(bounds, asked.at_ms)
        if not asked.refused_by:
            self._really_use(asked.account, asked.bytes_kept)
        refusal = self._refusal(asked, bounds) if counted else asked.refused_by
        if not refusal:
            self._make(asked, bounds)
        if counted:
            _report(replay, asked, refusal)

    def remove(self, removed: Removed) -> None:
        """Take away the same part of what would be there as was taken of what was there."""
        bounds, _ = self._account(removed.account)
        self._expire(bounds, removed.at_ms)
        before = self._really[removed.account]
        size_bytes = min(removed.size_bytes, before)
        self._really_use(removed.account, -size_bytes)
        if size_bytes and not removed.expired:  # what expires is for these rules to say
            used = self._used[removed.account, BYTES][1]
            self._use_bytes(removed.account, -(used * size_bytes // before))
            aging = self._aging.get(removed.account, {})
            for day, left in aging.items():
                aging[day] = left - left * size_bytes // before

    def replays(self, ended_ms: int) -> list[AccountReplay]:
        for account, replay in self._replays.items():
            self._expire(self._bounds[account], ended_ms)
            replay.saved_bytes = self._really[account] - self._used[account, BYTES][1]
        return list(self._replays.values())

    # ------------------------------------------------------------------ inside

    def _account(self, account: str) -> tuple[Bounds, AccountReplay]:
        bounds = self._bounds.get(account)
        if bounds is None:
            bounds = self._bounds[account] = self._bounds_of(account)
            before = self._bytes_before.get(account, 0)
            self._really[account], self._used[account, BYTES] = before, (0, before)
            self._replays[account] = AccountReplay(account=account, tier=bounds.allowance.tier)
        return bounds, self._replays[account]

    def _refusal(self, asked: Asked, bounds: Bounds) -> str:
        """Which limit stands in the way; empty: none."""
        if asked.refused_by and asked.refused_by not in OF_RULES:
            return asked.refused_by
        try:
            bounds.allowance.check(
                provider=asked.provider, model=asked.model, pictures=asked.pictures,
                width=asked.width, height=asked.height,
            )  # fmt: skip
        except NotAllowed as error:
            return error.limit
        weight = bounds.allowance.weight(asked.provider, asked.model)
        need = Need(images=asked.pictures * weight, size_bytes=asked.size_bytes, millicredits=asked.millicredits)
        for charge in in_touching_order(bounds.charges(need)):
            if self._now(charge, asked.at_ms)[1] + charge.amount > charge.limit:
                return f"house {charge.meter}" if charge.account == HOUSE else charge.meter
        return ""

    def _make(self, asked: Asked, bounds: Bounds) -> None:
        """Count what the order brought; one that was refused then is taken to bring all it asked for."""
        weight = bounds.allowance.weight(asked.provider, asked.model)
        kept = asked.pictures if asked.refused_by else asked.pictures_kept
        size_bytes = asked.size_bytes if asked.refused_by else asked.bytes_kept
        money = asked.millicredits if asked.refused_by else asked.millicredits_spent
        for charge in bounds.charges(Need(images=kept * weight, size_bytes=size_bytes, millicredits=money)):
            period, used = self._now(charge, asked.at_ms)
            self._used[charge.account, charge.meter] = (period, used + charge.amount)
        if bounds.allowance.keep_days:
            aging = self._aging.setdefault(asked.account, {})
            day = asked.at_ms // DAY_MS
            aging[day] = aging.get(day, 0) + size_bytes

    def _now(self, charge: Charge, at_ms: int) -> tuple[int, int]:
        """The period that counts at that moment, and what is used in it; like the ledger it never goes back."""
        period, used = self._used.get((charge.account, charge.meter), (0, 0))
        now_period = self._period(charge.meter, at_ms)
        return (period, used) if period >= now_period else (now_period, 0)

    def _period(self, meter: str, at_ms: int) -> int:
        """:func:`period_of`, worked out once for each hour: no period begins within one."""
        hour = at_ms // HOUR_MS
        if hour != self._hour:
            self._hour, self._periods = hour, {each: period_of(each, at_ms) for each in METERS}
        return self._periods[meter]

    def _expire(self, bounds: Bounds, at_ms: int) -> None:
        aging = self._aging.get(bounds.account, {})
        for day in [day for day in aging if day + bounds.allowance.keep_days < at_ms // DAY_MS]:
            self._use_bytes(bounds.account, -aging.pop(day))

    def _use_bytes(self, account: str, change: int) -> None:
        for owner in (account, HOUSE):
            self._used[owner, BYTES] = (0, max(0, self._used[owner, BYTES][1] + change))

    def _really_use(self, account: str, change: int) -> None:
        for owner in (account, HOUSE):
            self._really[owner] = max(0, self._really[owner] + change)


def _report(replay: AccountReplay, asked: Asked, refusal: str) -> None:
    if asked.refused_by:
        replay.refused_then += 1
        if not refusal:
            replay.accepted_orders += 1
            replay.accepted_pictures += asked.pictures
            replay.saved_millicredits -= asked.millicredits
        return
    replay.orders += 1
    replay.pictures += asked.pictures
    if refusal:
        replay.refused_orders += 1
        replay.refused_pictures += asked.pictures
        replay.refused_by[refusal] += 1
        replay.saved_millicredits += asked.millicredits_spent
