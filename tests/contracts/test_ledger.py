"""The ledger and QuotaManager: every limit holds, whoever asks, however often, whatever the clock does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, QuotaExceeded
from abby_core.quota import ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    METERS,
    NO_LIMIT,
    Charge,
    period_ends_ms,
    period_of,
)
from abby_core.quota.quota_manager import Defaults, Need, QuotaManager
from abby_core.quota.refusal import duration
from tests.services.databases import Place, contents
from tests.services.programs import WAIT, run_together

ALICE, BOB = Account("local", "alice"), Account("local", "bob")
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0
LIMITS = Defaults(
    images_per_day=5, account_bytes=1000, house_bytes=1500, picture_bytes=100,
    millicredits_per_day=300, millicredits_per_month=500,
)  # fmt: skip
LONG = 3600.0


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(database: Database, clock: Clock) -> QuotaManager:
    return QuotaManager(database, LIMITS, clock=clock)


def reserve(quota: QuotaManager, name: str, need: Need, account: Account = ALICE) -> bool:
    return quota.database.write(quota.reserve_in, account.key, name, need, seconds=LONG)


def extend(quota: QuotaManager, name: str, need: Need, account: Account = ALICE) -> bool:
    return quota.database.write(quota.extend_in, account.key, name, need)


def settle(quota: QuotaManager, name: str, share: Need, actual: Need | None = None, *, close: bool = True) -> bool:
    return quota.database.write(quota.settle_in, name, share=share, actual=actual or share, close=close)


def release(quota: QuotaManager, name: str) -> bool:
    return quota.database.write(quota.release_in, name)


def spend(quota: QuotaManager, name: str, need: Need, account: Account = ALICE) -> None:
    """Reserve and settle at once."""
    assert reserve(quota, name, need, account)
    assert settle(quota, name, need)


def used(quota: QuotaManager, meter: str, account: Account | None = ALICE) -> int:
    key = HOUSE if account is None else account.key
    return quota.database.read(ledger.used_in, key, meter, quota.now_ms())[0]


def all_used(quota: QuotaManager) -> dict[str, int]:
    """What Alice and the house have used, by meter."""
    own = {meter: used(quota, meter) for meter in METERS if meter not in {IMAGES_PER_HOUR, IMAGES_PER_MONTH}}
    return own | {f"house {meter}": used(quota, meter, None) for meter in METERS if not meter.startswith("images")}


def refused(quota: QuotaManager, need: Need, account: Account = ALICE) -> QuotaExceeded:
    """Try to reserve what must not fit, and see that nothing was changed by it."""
    before = contents(quota.database)
    with pytest.raises(QuotaExceeded) as error:
        reserve(quota, "refused", need, account)
    assert contents(quota.database) == before
    return error.value


# ---------------------------------------------------------------------- reserve, extend, settle, release


def test_a_reservation_counts_at_once_on_every_meter_it_needs(quota: QuotaManager) -> None:
    assert reserve(quota, "order", Need(images=2, size_bytes=300, temporary_bytes=50, millicredits=70))
    assert all_used(quota) == {
        IMAGES_PER_DAY: 2, BYTES: 300, CREDITS_PER_DAY: 70, CREDITS_PER_MONTH: 70,
        f"house {BYTES}": 350, f"house {CREDITS_PER_DAY}": 70, f"house {CREDITS_PER_MONTH}": 70,
    }  # fmt: skip


def test_settling_counts_what_was_really_used_and_closing_gives_back_the_rest(quota: QuotaManager) -> None:
    reserve(quota, "order", Need(images=2, size_bytes=300, millicredits=70))
    assert settle(quota, "order", Need(images=1, size_bytes=150, millicredits=35), Need(images=1, size_bytes=90))
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES), used(quota, CREDITS_PER_DAY)) == (1, 90, 0)
    assert used(quota, BYTES, None) == 90
    assert not quota.database.read(ledger.is_open, "order")


def test_a_share_that_is_settled_leaves_the_rest_set_aside(quota: QuotaManager) -> None:
    reserve(quota, "order", Need(images=3, size_bytes=300))
    one = Need(images=1, size_bytes=100)
    assert settle(quota, "order", one, Need(images=1, size_bytes=40), close=False)
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES)) == (3, 240)
    assert settle(quota, "order", one, Need(images=1, size_bytes=60), close=False)
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES)) == (3, 200)
    assert release(quota, "order")
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES), used(quota, BYTES, None)) == (2, 100, 100)


def test_money_that_is_gone_is_counted_even_above_the_limit(quota: QuotaManager) -> None:
    reserve(quota, "order", Need(millicredits=300))
    assert settle(quota, "order", Need(millicredits=300), Need(millicredits=450))
    assert (used(quota, CREDITS_PER_DAY), used(quota, CREDITS_PER_DAY, None)) == (450, 450)
    assert refused(quota, Need(millicredits=1)).used == 450


def test_temporary_bytes_are_the_houses_alone_also_beside_others(quota: QuotaManager) -> None:
    need = Need(size_bytes=100, temporary_bytes=30)
    reserve(quota, "order", need)
    assert settle(quota, "order", need, Need(size_bytes=80, temporary_bytes=20), close=False)
    assert (used(quota, BYTES), used(quota, BYTES, None)) == (80, 100)
    assert settle(quota, "order", need, need)
    assert (used(quota, BYTES), used(quota, BYTES, None)) == (180, 230)


def test_each_step_may_be_repeated_and_counts_once(quota: QuotaManager) -> None:
    need = Need(images=1, size_bytes=100, millicredits=10)
    assert [reserve(quota, "order", need) for _ in range(3)] == [True, False, False]
    assert all_used(quota)[IMAGES_PER_DAY] == 1
    assert [settle(quota, "order", need) for _ in range(3)] == [True, False, False]
    assert not release(quota, "order")
    assert not extend(quota, "order", need)
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES), used(quota, CREDITS_PER_DAY)) == (1, 100, 10)
    reserve(quota, "another", need)
    assert [release(quota, "another") for _ in range(3)] == [True, False, False]
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES), used(quota, CREDITS_PER_DAY)) == (1, 100, 10)


def test_what_was_never_reserved_is_neither_settled_nor_released_nor_extended(quota: QuotaManager) -> None:
    need = Need(images=1)
    assert not settle(quota, "nothing", need)
    assert not release(quota, "nothing")
    assert not extend(quota, "nothing", need)
    assert all(rows == [] for rows in contents(quota.database).values())


def test_a_need_of_nothing_can_be_reserved_when_everything_is_full(quota: QuotaManager) -> None:
    spend(quota, "all", Need(images=5, size_bytes=1000))
    assert reserve(quota, "nothing", Need())
    assert settle(quota, "nothing", Need())


def test_extending_sets_more_aside_and_all_of_it_comes_back(quota: QuotaManager) -> None:
    reserve(quota, "order", Need(size_bytes=100))
    assert extend(quota, "order", Need(size_bytes=400, images=1))
    assert (used(quota, BYTES), used(quota, BYTES, None), used(quota, IMAGES_PER_DAY)) == (500, 500, 1)
    assert settle(quota, "order", Need(size_bytes=500), Need(size_bytes=450), close=False)
    assert used(quota, BYTES) == 450
    release(quota, "order")
    assert (used(quota, BYTES), used(quota, IMAGES_PER_DAY)) == (450, 0)


def test_an_extension_that_is_refused_leaves_the_reservation_as_it_was(quota: QuotaManager) -> None:
    reserve(quota, "order", Need(images=1, size_bytes=900))
    before = contents(quota.database)
    with pytest.raises(QuotaExceeded):
        extend(quota, "order", Need(images=1, size_bytes=101))
    assert contents(quota.database) == before
    assert release(quota, "order")
    assert all_used(quota)[BYTES] == 0


def test_bytes_that_are_gone_are_free_at_once(quota: QuotaManager) -> None:
    spend(quota, "kept", Need(size_bytes=1000))
    spend(quota, "held", Need(temporary_bytes=500))
    assert refused(quota, Need(size_bytes=1)).meter == BYTES
    quota.database.write(quota.free_in, ALICE.key, 400, temporary=False)
    quota.database.write(quota.free_in, ALICE.key, 500, temporary=True)
    assert (used(quota, BYTES), used(quota, BYTES, None)) == (600, 600)
    assert reserve(quota, "next", Need(size_bytes=400))


def test_what_is_reserved_survives_a_restart(place: Place, quota: QuotaManager, clock: Clock) -> None:
    reserve(quota, "order", Need(images=5, size_bytes=700))
    quota.database.close()
    database = place.open()
    again = QuotaManager(database, LIMITS, clock=clock)
    assert refused(again, Need(images=1)).used == 5
    assert not reserve(again, "order", Need(images=5, size_bytes=700))
    assert settle(again, "order", Need(images=5, size_bytes=700), Need(images=1, size_bytes=200))
    assert (used(again, IMAGES_PER_DAY), used(again, BYTES)) == (1, 200)
    database.close()


# ---------------------------------------------------------------------- refusals


def test_a_refusal_says_which_meter_and_how_much_and_when_to_come_again(quota: QuotaManager) -> None:
    spend(quota, "today", Need(images=4))
    error = refused(quota, Need(images=2, size_bytes=10))
    assert (error.meter, error.limit, error.used, error.requested) == (IMAGES_PER_DAY, 5, 4, 2)
    assert error.retry_after_seconds == 12 * HOUR
    assert str(error) == "Daily generation limit reached: 4 of 5 used today. It resets in 12 hours."


def test_a_refusal_for_bytes_knows_no_time(quota: QuotaManager) -> None:
    spend(quota, "kept", Need(size_bytes=950))
    error = refused(quota, Need(size_bytes=51))
    assert (error.meter, error.limit, error.used, error.requested) == (BYTES, 1000, 950, 51)
    assert error.retry_after_seconds is None
    assert str(error).startswith("Your storage quota is full: ")


def test_a_full_house_refuses_everybody(quota: QuotaManager) -> None:
    spend(quota, "alice", Need(size_bytes=900))
    spend(quota, "bob", Need(size_bytes=600), BOB)
    error = refused(quota, Need(size_bytes=1))
    assert (error.meter, error.limit, error.used, error.requested) == (BYTES, 1500, 1500, 1)
    assert str(error).startswith("Server storage is full: ")


def test_what_the_host_may_spend_is_limited_over_everybody_and_by_month(quota: QuotaManager, clock: Clock) -> None:
    spend(quota, "alice", Need(millicredits=200))
    error = refused(quota, Need(millicredits=101), BOB)
    assert (error.meter, error.limit, error.used, error.retry_after_seconds) == (CREDITS_PER_DAY, 300, 200, 12 * HOUR)
    assert "The host's spending limit is reached: 0.2 of 0.3 credits used today." in str(error)
    clock.now -= DAY  # the 30th: nothing was spent then, but a counter never goes back
    assert refused(quota, Need(millicredits=101), BOB).meter == CREDITS_PER_DAY
    clock.now += 2 * DAY  # the first of April
    spend(quota, "april", Need(millicredits=300))
    clock.now += DAY
    error = refused(quota, Need(millicredits=201), BOB)
    assert (error.meter, error.limit, error.used) == (CREDITS_PER_MONTH, 500, 300)
    assert error.retry_after_seconds == 28.5 * DAY
    assert "used this month. It resets in 29 days." in str(error)


def test_the_private_limit_is_named_before_the_houses(quota: QuotaManager) -> None:
    quota.set_limit(ALICE, CREDITS_PER_DAY, 10)
    error = refused(quota, Need(images=6, size_bytes=5000, millicredits=5000))
    assert error.meter == IMAGES_PER_DAY
    assert str(refused(quota, Need(size_bytes=5000, millicredits=5000))).startswith("Your storage quota is full")
    assert str(refused(quota, Need(millicredits=5000))).startswith("Your spending limit is reached")


@pytest.mark.parametrize("need", [Need(images=6), Need(size_bytes=1001), Need(temporary_bytes=1501)])
def test_what_can_never_fit_is_refused_to_somebody_who_has_used_nothing(quota: QuotaManager, need: Need) -> None:
    assert refused(quota, need).used == 0


def test_a_limit_of_nothing_allows_nothing(database: Database) -> None:
    quota = QuotaManager(database, Defaults(images_per_day=0, account_bytes=0, house_bytes=0))
    for need in (Need(images=1), Need(size_bytes=1), Need(temporary_bytes=1)):
        assert refused(quota, need).limit == 0
    status = quota.status(ALICE)
    assert [usage.allowed for usage in (status.images, status.bytes, status.house_bytes)] == [False] * 3
    assert status.bytes.level == "CRITICAL"


def test_exactly_up_to_the_limit_everything_fits(quota: QuotaManager) -> None:
    spend(quota, "all", Need(images=5, size_bytes=1000, temporary_bytes=500, millicredits=300))
    assert not quota.status(ALICE).images.allowed
    assert quota.status(ALICE).images.remaining == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 second"), (1, "1 second"), (59.2, "60 seconds"), (60, "60 seconds"), (61, "2 minutes"),
        (3600, "60 minutes"), (6.2 * HOUR, "7 hours"), (DAY, "24 hours"), (1.1 * DAY, "2 days"),
    ],
)  # fmt: skip
def test_a_waiting_time_is_rounded_up(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_private_counters_are_touched_before_the_houses_and_meters_in_one_order() -> None:
    charges = [
        Charge(account=account, meter=meter, amount=1, limit=9) for account in (HOUSE, "x:y") for meter in METERS[::-1]
    ]
    ordered = [(charge.account, charge.meter) for charge in ledger.in_touching_order(charges)]
    assert ordered == [("x:y", meter) for meter in METERS] + [(HOUSE, meter) for meter in METERS]


# ---------------------------------------------------------------------- days, months and clocks


@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize(
    "now",
    ["1970-01-01T00:00:00", "2024-02-29T23:59:59.999", "2026-12-31T23:59:59.999", "2027-01-01T00:00:00"],
)  # fmt: skip
def test_a_period_ends_exactly_where_the_next_begins(meter: str, now: str) -> None:
    now_ms = int(datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp() * 1000)
    period = period_of(meter, now_ms)
    ends_ms = period_ends_ms(meter, period)
    if meter == BYTES:
        assert (period, ends_ms) == (0, None)
        return
    assert ends_ms is not None
    assert ends_ms > now_ms
    assert (period_of(meter, ends_ms - 1), period_of(meter, ends_ms)) == (period, period + 1)


def test_the_day_ends_at_midnight_utc(quota: QuotaManager, clock: Clock) -> None:
    spend(quota, "today", Need(images=5))
    clock.now = NOON + 12 * HOUR - 0.001
    assert refused(quota, Need(images=1)).retry_after_seconds == pytest.approx(0.001)
    clock.now = NOON + 12 * HOUR
    assert used(quota, IMAGES_PER_DAY) == 0
    assert reserve(quota, "tomorrow", Need(images=5))


def test_a_clock_that_jumps_grants_no_day_twice(place: Place, quota: QuotaManager, clock: Clock) -> None:
    granted = 0
    databases = [quota.database]
    jumps = [0, -1, 1, -1, 1, -30, 30, 0, 0, 1, -1, -365, 366, 2]  # days; the highest day ever is 5 ahead
    for attempt, jump in enumerate(jumps):
        clock.now += jump * DAY
        databases.append(place.open())  # and a restart changes nothing
        manager = QuotaManager(databases[-1], LIMITS, clock=clock)
        for picture in range(6):
            try:
                granted += reserve(manager, f"{attempt}-{picture}", Need(images=1))
            except QuotaExceeded as error:
                assert error.used == 5
                assert error.retry_after_seconds is not None
                assert error.retry_after_seconds > 0
    for database in databases:
        database.close()
    days_seen = {sum(jumps[: count + 1]) for count in range(len(jumps))}
    later_than_all_before = [day for day in days_seen if day >= 0]
    assert granted == 5 * len(later_than_all_before)


def test_what_is_taken_while_the_clock_is_behind_counts_in_the_later_day(quota: QuotaManager, clock: Clock) -> None:
    spend(quota, "today", Need(images=3))
    clock.now -= DAY
    spend(quota, "behind", Need(images=1))
    assert used(quota, IMAGES_PER_DAY) == 4
    clock.now += DAY
    assert used(quota, IMAGES_PER_DAY) == 4


def test_what_is_given_back_after_the_day_ended_is_not_taken_from_the_next(quota: QuotaManager, clock: Clock) -> None:
    reserve(quota, "yesterday", Need(images=2, size_bytes=200, millicredits=20))
    clock.now += DAY
    spend(quota, "today", Need(images=3, millicredits=5))
    assert release(quota, "yesterday")
    assert (used(quota, IMAGES_PER_DAY), used(quota, CREDITS_PER_DAY), used(quota, BYTES)) == (3, 5, 0)


def test_what_is_settled_after_the_day_ended_counts_for_the_day_it_was_reserved(
    quota: QuotaManager, clock: Clock
) -> None:
    need = Need(images=5, size_bytes=200, millicredits=100)
    reserve(quota, "yesterday", need)
    clock.now += DAY
    assert settle(quota, "yesterday", need)
    assert (used(quota, IMAGES_PER_DAY), used(quota, CREDITS_PER_DAY), used(quota, BYTES)) == (0, 0, 200)
    assert reserve(quota, "today", Need(images=5))
    clock.now -= DAY
    assert refused(quota, Need(images=1)).used == 5


def test_a_reservation_that_grows_over_midnight_settles_each_day_on_its_own(quota: QuotaManager, clock: Clock) -> None:
    reserve(quota, "order", Need(images=2, size_bytes=100))
    clock.now += DAY
    assert extend(quota, "order", Need(images=2, size_bytes=100))
    one = Need(images=1, size_bytes=50)
    for left_today in (2, 2, 2, 2):  # yesterday's two first
        assert settle(quota, "order", one, close=False)
        assert used(quota, IMAGES_PER_DAY) == left_today
    assert release(quota, "order")
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES)) == (2, 200)


def test_what_is_left_of_a_reservation_over_midnight_comes_back_to_the_right_day(
    quota: QuotaManager, clock: Clock
) -> None:
    reserve(quota, "order", Need(images=2))
    clock.now += DAY
    extend(quota, "order", Need(images=2))
    assert settle(quota, "order", Need(images=3), Need(images=3))
    assert used(quota, IMAGES_PER_DAY) == 1


# ---------------------------------------------------------------------- what an administrator can do


def test_a_day_that_was_reset_starts_anew(quota: QuotaManager) -> None:
    spend(quota, "today", Need(images=5, size_bytes=100, millicredits=10))
    spend(quota, "bobs", Need(images=4), BOB)
    quota.reset_day(ALICE)
    assert (used(quota, IMAGES_PER_DAY), used(quota, IMAGES_PER_DAY, BOB)) == (0, 4)
    assert (used(quota, BYTES), used(quota, CREDITS_PER_DAY)) == (100, 10)
    assert reserve(quota, "more", Need(images=5))
    refused(quota, Need(images=1))


@pytest.mark.parametrize("end", [release, lambda quota, name: settle(quota, name, Need(images=3))])
def test_a_reservation_from_before_a_reset_gives_nothing_back_to_the_new_day(
    quota: QuotaManager, end: Callable[[QuotaManager, str], bool]
) -> None:
    reserve(quota, "before", Need(images=3))
    quota.reset_day(ALICE)
    spend(quota, "after", Need(images=4))
    assert end(quota, "before")
    assert used(quota, IMAGES_PER_DAY) == 4


def test_a_reset_frees_a_counter_that_a_wrong_clock_has_sent_to_the_future(quota: QuotaManager, clock: Clock) -> None:
    clock.now += 400 * DAY
    spend(quota, "future", Need(images=5))
    clock.now -= 400 * DAY
    assert refused(quota, Need(images=1)).retry_after_seconds == 400.5 * DAY
    quota.reset_day(ALICE)
    spend(quota, "today", Need(images=5))
    assert refused(quota, Need(images=1)).retry_after_seconds == 12 * HOUR
    clock.now += DAY
    spend(quota, "tomorrow", Need(images=5))


def test_resetting_somebody_who_made_nothing_yet_changes_nothing(quota: QuotaManager) -> None:
    quota.reset_day(ALICE)
    spend(quota, "today", Need(images=5))
    refused(quota, Need(images=1))


def test_an_administrators_limit_holds_for_that_account_alone_until_it_is_taken_back(quota: QuotaManager) -> None:
    quota.set_limit(ALICE, IMAGES_PER_DAY, 7)
    quota.set_limit(ALICE, BYTES, 1200)
    assert quota.limits(ALICE) == {
        IMAGES_PER_HOUR: NO_LIMIT, IMAGES_PER_DAY: 7, IMAGES_PER_MONTH: NO_LIMIT, BYTES: 1200,
        CREDITS_PER_DAY: NO_LIMIT, CREDITS_PER_MONTH: NO_LIMIT,
    }  # fmt: skip
    assert quota.limits(BOB)[IMAGES_PER_DAY] == 5
    spend(quota, "seven", Need(images=7, size_bytes=1200))
    assert refused(quota, Need(images=6), BOB).limit == 5
    quota.set_limit(ALICE, IMAGES_PER_DAY, None)
    error = refused(quota, Need(images=1))
    assert (error.limit, error.used) == (5, 7)
    assert quota.status(ALICE).images.remaining == 0


def test_a_limit_below_what_is_used_takes_nothing_away_but_allows_nothing_more(quota: QuotaManager) -> None:
    spend(quota, "kept", Need(size_bytes=800))
    quota.set_limit(ALICE, BYTES, 0)
    assert quota.status(ALICE).bytes.used == 800
    assert refused(quota, Need(size_bytes=1)).limit == 0
    quota.set_limit(ALICE, BYTES, 801)
    assert reserve(quota, "next", Need(size_bytes=1))


def test_the_houses_limit_can_be_set_too(quota: QuotaManager) -> None:
    quota.set_limit(None, BYTES, 100)
    assert refused(quota, Need(size_bytes=101)).limit == 100
    quota.set_limit(None, BYTES, None)
    assert reserve(quota, "order", Need(size_bytes=101))


def test_a_credits_limit_of_ones_own_holds_beside_the_houses(quota: QuotaManager) -> None:
    quota.set_limit(ALICE, CREDITS_PER_MONTH, 50)
    spend(quota, "alice", Need(millicredits=50))
    error = refused(quota, Need(millicredits=1))
    assert (error.meter, error.limit, error.used) == (CREDITS_PER_MONTH, 50, 50)
    spend(quota, "bob", Need(millicredits=250), BOB)
    assert refused(quota, Need(millicredits=1), BOB).limit == 300


@pytest.mark.parametrize(("meter", "amount"), [("images", 5), ("images/day", -1), ("bytes", NO_LIMIT + 1)])
def test_a_limit_that_makes_no_sense_is_refused(quota: QuotaManager, meter: str, amount: int) -> None:
    with pytest.raises(InvalidRequest):
        quota.set_limit(ALICE, meter, amount)
    assert contents(quota.database)["limits"] == []


def test_who_takes_most_storage_comes_first(quota: QuotaManager) -> None:
    assert quota.usage() == []
    spend(quota, "a", Need(size_bytes=100))
    spend(quota, "b", Need(size_bytes=300, images=2), BOB)
    spend(quota, "c", Need(images=1), Account("discord", "a:b"))
    largest = [(account, status.bytes.used, status.images.used) for account, status in quota.usage()]
    assert largest == [(BOB, 300, 2), (ALICE, 100, 0), (Account("discord", "a:b"), 0, 1)]
    assert [account for account, _ in quota.usage(limit=1)] == [BOB]


def test_accounts_of_different_platforms_are_different(quota: QuotaManager, clock: Clock) -> None:
    on_discord = QuotaManager(quota.database, LIMITS, clock=clock, platform="discord")
    assert on_discord.account(7) == Account("discord", "7")
    spend(quota, "local", Need(images=5), quota.account(7))
    assert used(quota, IMAGES_PER_DAY, on_discord.account(7)) == 0


@pytest.mark.parametrize(
    "user_id", ["x" * 100_000, "\U0001f407" * 3000, "a\0b", "\ud800", "a:b", "%s", "'; DROP TABLE"]
)
def test_any_user_id_has_an_account_of_its_own(quota: QuotaManager, user_id: str) -> None:
    account, other = quota.account(user_id), quota.account(user_id + "!")
    assert account != other
    assert quota.account(account.user_id) == account  # as it is shown, it can be typed
    spend(quota, "all", Need(images=5), account)
    assert refused(quota, Need(images=1), account).used == 5
    assert used(quota, IMAGES_PER_DAY, other) == 0


@pytest.mark.parametrize("user_id", ["", None])
def test_no_user_id_is_refused(quota: QuotaManager, user_id: str | None) -> None:
    with pytest.raises(InvalidRequest):
        quota.get_quota_status(user_id)


def test_numbers_and_their_digits_are_one_user(quota: QuotaManager) -> None:
    assert quota.account(123) == quota.account("123")
    assert Account.parse("discord:5") == Account("discord", "5")
    assert Account.parse("5") == Account.parse("local:5") == Account.local(5)
    assert Account.parse("C:\\Users") == Account("local", "C:\\Users")


# ---------------------------------------------------------------------- many at once


@pytest.mark.parametrize(
    ("need", "before", "places"),
    [
        (Need(images=1), Need(images=2), 3),
        (Need(size_bytes=100), Need(size_bytes=750), 2),
        (Need(temporary_bytes=100), Need(temporary_bytes=1150), 3),
        (Need(millicredits=10), Need(millicredits=260), 4),
    ],
)
def test_threads_take_exactly_the_places_that_are_left(
    quota: QuotaManager, need: Need, before: Need, places: int
) -> None:
    spend(quota, "before", before)
    together = threading.Barrier(16)

    def attempt(number: int) -> bool:
        together.wait()
        try:
            return reserve(quota, f"order-{number}", need)
        except QuotaExceeded:
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(16))) == places
    refused(quota, need)


def test_processes_take_exactly_the_places_that_are_left(place: Place, quota: QuotaManager) -> None:
    quota.set_limit(ALICE, IMAGES_PER_DAY, 37)
    spend(quota, "before", Need(images=10))
    program = (
        "import sys, os; from pathlib import Path; from abby_core.database.database import open_database\n"
        "from abby_core.errors import QuotaExceeded\n"
        "from abby_core.quota.quota_manager import Need, QuotaManager\n"
        "quota = QuotaManager(open_database(sys.argv[1], root=Path(sys.argv[2])), clock=lambda: float(sys.argv[3]))\n"
        f"quota.status(quota.account('x'))\n{WAIT}"
        "taken = 0\n"
        "for number in range(20):\n"
        "    try:\n"
        "        taken += quota.database.write(quota.reserve_in, 'local:alice', f'{os.getpid()}-{number}', "
        "Need(images=1), seconds=60)\n"
        "    except QuotaExceeded: pass\n"
        "quota.database.close(); print(taken)"
    )
    printed = run_together(program, place.url, str(place.root), str(NOON), count=4)
    assert sum(map(int, printed)) == 27
    assert used(quota, IMAGES_PER_DAY) == 37


def test_a_reservation_that_many_want_to_end_ends_once(quota: QuotaManager) -> None:
    need = Need(images=1, size_bytes=100)
    spend(quota, "before", Need(images=4, size_bytes=500))
    reserve(quota, "order", need)
    together = threading.Barrier(8)

    def end(number: int) -> bool:
        together.wait()
        return release(quota, "order") if number % 2 else settle(quota, "order", need, Need())

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(end, range(8))) == 1
    assert (used(quota, IMAGES_PER_DAY), used(quota, BYTES), used(quota, BYTES, None)) == (4, 500, 500)


def test_shares_that_are_settled_at_once_are_each_settled_once(quota: QuotaManager) -> None:
    quota.set_limit(ALICE, IMAGES_PER_DAY, 8)
    reserve(quota, "order", Need(images=8))
    together = threading.Barrier(8)

    def settle_one(_number: int) -> bool:
        together.wait()
        return settle(quota, "order", Need(images=1), close=False)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(settle_one, range(8))) == 8
    assert release(quota, "order")
    assert used(quota, IMAGES_PER_DAY) == 8


def test_the_same_reservation_asked_for_many_times_at_once_is_made_once(quota: QuotaManager) -> None:
    together = threading.Barrier(8)

    def ask(_number: int) -> bool:
        together.wait()
        return reserve(quota, "order", Need(images=3))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 1
    assert used(quota, IMAGES_PER_DAY) == 3


def test_different_people_at_once_never_lose_a_count_of_the_house(quota: QuotaManager) -> None:
    quota.set_limit(None, BYTES, 10_000)

    def live(number: int) -> None:
        account = Account("local", f"user-{number}")
        for turn in range(5):
            name = f"{number}-{turn}"
            reserve(quota, name, Need(images=1, size_bytes=20, millicredits=1), account)
            if turn % 2:
                release(quota, name)
            else:
                settle(quota, name, Need(images=1, size_bytes=20, millicredits=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(live, range(8)))
    assert used(quota, BYTES, None) == 8 * 3 * 20
    assert used(quota, CREDITS_PER_DAY, None) == 8 * 3
    assert quota.database.read(ledger.open_holds) == []


def test_a_reservation_in_a_transaction_that_fails_was_never_made(quota: QuotaManager) -> None:
    def fail(tx: Transaction) -> None:
        quota.reserve_in(tx, ALICE.key, "order", Need(images=1, size_bytes=10, millicredits=1), seconds=1)
        raise InvalidRequest("no")

    before = contents(quota.database)
    with pytest.raises(InvalidRequest):
        quota.database.write(fail)
    assert contents(quota.database) == before


# ---------------------------------------------------------------------- the status


def test_the_status_reads_as_many_rows_whatever_is_stored(quota: QuotaManager) -> None:
    statements: list[str] = []

    class Listening:
        row_lock = ""

        def __init__(self, tx: Transaction) -> None:
            self._tx = tx
            self.execute, self.lock = tx.execute, tx.lock

        def row(self, sql: str, **values: int | float | str | None) -> dict[str, object] | None:
            statements.append(sql)
            return self._tx.row(sql, **values)

        def rows(self, sql: str, **values: int | float | str | None) -> list[dict[str, object]]:
            statements.append(sql)
            return self._tx.rows(sql, **values)

    for number in range(20):
        spend(quota, f"{number}", Need(size_bytes=1), Account("local", f"{number}"))
    quota.database.read(lambda tx: quota.status_in(Listening(tx), ALICE.key))
    assert len(statements) <= 4
    assert not any("artifacts" in sql or "reservations" in sql for sql in statements)


def test_managers_of_one_database_see_the_same(place: Place, quota: QuotaManager, clock: Clock) -> None:
    database = place.open()
    other = QuotaManager(database, LIMITS, clock=clock)
    spend(quota, "here", Need(images=2))
    assert other.get_quota_status("alice")["daily"]["used"] == 2
    database.close()
