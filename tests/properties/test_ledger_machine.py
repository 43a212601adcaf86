"""The ledger against a model of it: whatever is done in whatever order, the counters say what the model says."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from abby_core.database.database import Database
from abby_core.errors import QuotaExceeded
from abby_core.quota import ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    NO_LIMIT,
)
from abby_core.quota.quota_manager import Defaults, Need, QuotaManager
from tests.services.databases import Place, copy_of, empty, migrate

HOUR = 3600
START = int(datetime(2026, 2, 27, 22, tzinfo=UTC).timestamp())
"""Late in a day near the end of a month: both soon change."""
ACCOUNTS = (Account("local", "alice"), Account("discord", "1"))
DEFAULTS = Defaults(
    images_per_day=3, account_bytes=60, house_bytes=100, millicredits_per_day=40, millicredits_per_month=70
)
Key = tuple[str, str]
"""An account and a meter."""


@dataclass
class Count:
    """A counter of the model."""

    period: int = 0
    resets: int = 0
    used: int = 0


@dataclass(frozen=True)
class Portion:
    """What a reservation of the model has taken of one counter, in one period of it."""

    key: Key
    period: int
    resets: int
    amount: int


@dataclass
class Model:
    """What the ledger must say: plain, slow, one caller at a time."""

    now: int = START
    counts: dict[Key, Count] = field(default_factory=dict[Key, Count])
    limits: dict[Key, int] = field(default_factory=dict[Key, int])
    portions: dict[str, list[Portion]] = field(default_factory=dict[str, list[Portion]])
    kept_bytes: dict[str, int] = field(default_factory=dict[str, int])
    """By account; under ``HOUSE`` what is temporary."""

    def take(self, account: str, need: Need) -> list[Portion] | tuple[Key, int]:
        """Take all of a need, or nothing: then the first counter that is too full, and what is used of it."""
        charges = {key: amount for key, amount in _in_order(account, need) if amount and self.counts_on(key)}
        for key, amount in charges.items():
            if self.used(key) + amount > self.limit(key):
                return key, self.used(key)
        portions: list[Portion] = []
        for key, amount in charges.items():
            count = self.counts.setdefault(key, Count())
            count.used = self.used(key) + amount
            count.period = max(count.period, self.period(key[1]))
            portions.append(Portion(key, count.period, count.resets, amount))
        return portions

    def give(self, portion: Portion, amount: int) -> None:
        """Count ``amount`` more (or, negative, less) where the portion was taken, if that still counts."""
        count = self.counts[portion.key]
        if (count.period, count.resets) == (portion.period, portion.resets):
            count.used += amount

    def settle(self, account: str, name: str, share: Need, actual: Need) -> None:
        """Turn a share into actual use; where two periods hold portions of one counter, the earlier comes first."""
        portions = self.portions[name]
        shares, actuals = dict(_in_order(account, share)), dict(_in_order(account, actual))
        for key in {portion.key for portion in portions}:
            to_share, to_use = shares[key], actuals[key]
            mine = [index for index, portion in enumerate(portions) if portion.key == key]
            for index in mine:
                portion = portions[index]
                part = min(to_share, portion.amount)
                use = to_use if index == mine[-1] else min(to_use, part)
                self.give(portion, use - part)
                portions[index] = replace(portion, amount=portion.amount - part)
                to_share, to_use = to_share - part, to_use - use

    def end(self, name: str) -> None:
        """Give back all that is left of a reservation."""
        for portion in self.portions.pop(name):
            self.give(portion, -portion.amount)

    def used(self, key: Key) -> int:
        count = self.counts.get(key, Count())
        return count.used if count.period >= self.period(key[1]) else 0

    def counts_on(self, key: Key) -> bool:
        """Pictures of the hour and of the month are counted only where they are limited."""
        return key[1] not in {IMAGES_PER_HOUR, IMAGES_PER_MONTH} or self.limit(key) < NO_LIMIT

    def limit(self, key: Key) -> int:
        return self.limits.get(key, DEFAULTS.limit(*key))

    def period(self, meter: str) -> int:
        at = datetime.fromtimestamp(self.now, UTC)
        day, month = at.toordinal() - 719_163, at.year * 12 + at.month - 1
        return {"hour": day * 24 + at.hour, "day": day, "month": month}.get(meter.partition("/")[2], 0)


def _in_order(account: str, need: Need) -> Iterator[tuple[Key, int]]:
    """What a need takes of which counter, in the order in which they are asked."""
    yield (account, IMAGES_PER_MONTH), need.images
    yield (account, IMAGES_PER_DAY), need.images
    yield (account, IMAGES_PER_HOUR), need.images
    yield (account, BYTES), need.size_bytes
    yield (account, CREDITS_PER_DAY), need.millicredits
    yield (account, CREDITS_PER_MONTH), need.millicredits
    yield (HOUSE, BYTES), need.size_bytes + need.temporary_bytes
    yield (HOUSE, CREDITS_PER_DAY), need.millicredits
    yield (HOUSE, CREDITS_PER_MONTH), need.millicredits


def needs(scale: int = 1) -> st.SearchStrategy[Need]:
    return st.builds(
        Need,
        images=st.integers(0, 2 * scale),
        size_bytes=st.integers(0, 25 * scale),
        temporary_bytes=st.integers(0, 10 * scale),
        millicredits=st.integers(0, 15 * scale),
    )


accounts = st.sampled_from(ACCOUNTS)
keys = st.sampled_from([(account.key, meter) for account in ACCOUNTS for meter in (IMAGES_PER_DAY, BYTES)] + [
    (HOUSE, BYTES), (HOUSE, CREDITS_PER_DAY), (ACCOUNTS[0].key, CREDITS_PER_MONTH),
    (ACCOUNTS[0].key, IMAGES_PER_HOUR), (ACCOUNTS[0].key, IMAGES_PER_MONTH),
])  # fmt: skip


class LedgerMachine(RuleBasedStateMachine):
    """Does to the ledger and to the model the same; after every step they agree."""

    reservations = Bundle("reservations")
    ended = Bundle("ended")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.database = self.open_empty()
        self.quota = QuotaManager(self.database, DEFAULTS, clock=lambda: self.model.now)
        self.owners: dict[str, Account] = {}

    def open_empty(self) -> Database:
        """A database without a row."""
        raise AssertionError("said by machine_over")

    def teardown(self) -> None:
        self.database.close()

    @rule(target=reservations, account=accounts, need=needs(2))
    def reserve(self, account: Account, need: Need) -> object:
        name = f"reservation-{len(self.owners)}"
        expected = self.model.take(account.key, need)
        if not self._take(lambda: self._reserve(account, name, need), expected, account, need):
            return multiple()
        self.owners[name] = account
        self.model.portions[name] = expected if isinstance(expected, list) else []
        return name

    @rule(name=reservations, account=accounts, need=needs())
    def reserve_again(self, name: str, account: Account, need: Need) -> None:
        if name in self.model.portions:
            assert not self._reserve(account, name, need)

    @rule(name=reservations, need=needs())
    def extend(self, name: str, need: Need) -> None:
        account = self.owners[name]
        expected = self.model.take(account.key, need)
        if self._take(
            lambda: self.database.write(self.quota.extend_in, account.key, name, need), expected, account, need
        ):
            assert isinstance(expected, list)
            self.model.portions[name] = _merged(self.model.portions[name], expected)

    @rule(name=reservations, share=needs(), saved=st.integers(0, 3))
    def settle_part(self, name: str, share: Need, saved: int) -> None:
        actual = self._settled(name, share, saved)
        assert self.database.write(self.quota.settle_in, name, share=share, actual=actual, close=False)

    @rule(target=ended, name=consumes(reservations), share=needs(), saved=st.integers(0, 3))
    def settle_and_close(self, name: str, share: Need, saved: int) -> str:
        actual = self._settled(name, share, saved)
        self.model.end(name)
        assert self.database.write(self.quota.settle_in, name, share=share, actual=actual, close=True)
        return name

    @rule(target=ended, name=consumes(reservations))
    def release(self, name: str) -> str:
        self.model.end(name)
        assert self.database.write(self.quota.release_in, name)
        return name

    @rule(name=ended, need=needs())
    def do_more_with_what_has_ended(self, name: str, need: Need) -> None:
        assert not self.database.write(self.quota.settle_in, name, share=need, actual=need, close=True)
        assert not self.database.write(self.quota.release_in, name)
        assert not self.database.write(self.quota.extend_in, self.owners[name].key, name, need)

    @rule(account=accounts, size_bytes=st.integers(1, 40), temporary=st.booleans())
    def delete(self, account: Account, size_bytes: int, temporary: bool) -> None:
        owner = HOUSE if temporary else account.key
        size_bytes = min(size_bytes, self.model.kept_bytes.get(owner, 0))
        self._keep(owner, -size_bytes)
        for key in {(owner, BYTES), (HOUSE, BYTES)} if size_bytes else ():
            self.model.counts[key].used -= size_bytes
        self.database.write(self.quota.free_in, account.key, size_bytes, temporary=temporary)

    @rule(account=accounts)
    def reset_day(self, account: Account) -> None:
        for meter in (IMAGES_PER_DAY, IMAGES_PER_HOUR):
            count = self.model.counts.get((account.key, meter))
            if count is not None:
                count.used, count.resets, count.period = 0, count.resets + 1, self.model.period(meter)
        self.quota.reset_day(account)

    @rule(hours=st.sampled_from([1, 3, 26, 24 * 31, -1, -3, -26, -24 * 31]))
    def set_the_clock(self, hours: int) -> None:
        self.model.now += hours * HOUR

    @rule(key=keys, amount=st.one_of(st.none(), st.integers(0, 120), st.just(NO_LIMIT)))
    def set_a_limit(self, key: Key, amount: int | None) -> None:
        account, meter = key
        self.quota.set_limit(None if account == HOUSE else Account(*account.split(":")), meter, amount)
        self.model.limits.pop(key, None)
        if amount is not None:
            self.model.limits[key] = amount

    @invariant()
    def the_counters_are_the_models(self) -> None:
        rows = self.database.read(lambda tx: tx.rows("SELECT account, meter, period, resets, used FROM counters"))
        found = {(row["account"], row["meter"]): Count(row["period"], row["resets"], row["used"]) for row in rows}
        assert found == self.model.counts
        assert all(count.used >= 0 for count in found.values())

    @invariant()
    def bytes_are_what_is_kept_and_what_is_set_aside(self) -> None:
        holds = [hold for hold in self.database.read(ledger.open_holds) if hold.meter == BYTES]
        for account in (*(account.key for account in ACCOUNTS), HOUSE):
            held = sum(hold.amount for hold in holds if hold.account == account)
            kept = self.model.kept_bytes.get(account, 0) if account != HOUSE else sum(self.model.kept_bytes.values())
            assert self.model.used((account, BYTES)) == kept + held

    @invariant()
    def the_status_shows_what_counts_now(self) -> None:
        status = self.quota.status(ACCOUNTS[0])
        assert status.images.used == self.model.used((ACCOUNTS[0].key, IMAGES_PER_DAY))
        assert status.bytes.used == self.model.used((ACCOUNTS[0].key, BYTES))
        assert status.house_bytes.used == self.model.used((HOUSE, BYTES))

    def _reserve(self, account: Account, name: str, need: Need) -> bool:
        return self.database.write(self.quota.reserve_in, account.key, name, need, seconds=60)

    def _take(
        self, attempt: Callable[[], bool], expected: list[Portion] | tuple[Key, int], account: Account, need: Need
    ) -> bool:
        """Try to take a need; the model has said what must come of it."""
        if isinstance(expected, list):
            assert attempt()
            for portion in expected:
                assert self.model.used(portion.key) <= self.model.limit(portion.key)
            return True
        with pytest.raises(QuotaExceeded) as refused:
            attempt()
        key, used = expected
        error = refused.value
        assert (error.meter, error.limit, error.used) == (key[1], self.model.limit(key), used)
        assert error.requested == dict(_in_order(account.key, need))[key]
        return False

    def _settled(self, name: str, share: Need, saved: int) -> Need:
        """Settle in the model; returns what was really used: what is held of the share, less what was saved."""
        held: dict[Key, int] = {}
        for portion in self.model.portions[name]:
            held[portion.key] = held.get(portion.key, 0) + portion.amount
        owner = self.owners[name].key
        size_bytes = min(share.size_bytes, held.get((owner, BYTES), 0))
        temporary = min(share.temporary_bytes, held.get((HOUSE, BYTES), 0) - size_bytes)
        actual = Need(
            images=max(0, share.images - saved),
            size_bytes=max(0, size_bytes - saved),
            temporary_bytes=max(0, temporary),
            millicredits=max(0, share.millicredits - saved),
        )
        self.model.settle(owner, name, share, actual)
        for account, kept in ((owner, actual.size_bytes), (HOUSE, actual.temporary_bytes)):
            self._keep(account, kept)
        return actual

    def _keep(self, account: str, size_bytes: int) -> None:
        self.model.kept_bytes[account] = self.model.kept_bytes.get(account, 0) + size_bytes


def _merged(portions: list[Portion], more: list[Portion]) -> list[Portion]:
    """Portions of one counter in one period are one."""
    merged = list(portions)
    for new in more:
        for index, old in enumerate(merged):
            if (old.key, old.period, old.resets) == (new.key, new.period, new.resets):
                merged[index] = replace(old, amount=old.amount + new.amount)
                break
        else:
            merged.append(new)
    return merged


def run_over(open_empty: Callable[[], Database], *, examples: int) -> None:
    """Run the machine over databases that are opened like this."""

    class Machine(LedgerMachine):
        def open_empty(self) -> Database:
            return open_empty()

    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]  # of a slow machine, not of the ledger
    run_machine(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=checks
        ),
    )  # fmt: skip


def test_over_sqlite_the_ledger_does_what_the_model_does(tmp_path: Path) -> None:
    template = migrate(Place(url="", root=tmp_path))

    def open_empty() -> Database:
        return copy_of(template, Path(tempfile.mkdtemp(dir=tmp_path))).open()

    run_over(open_empty, examples=200)


def test_over_postgresql_the_ledger_does_what_the_model_does(postgres_url: str, tmp_path: Path) -> None:
    place = migrate(Place(url=postgres_url, root=tmp_path))

    def open_empty() -> Database:
        database = place.open()
        empty(database)
        return database

    run_over(open_empty, examples=60)
