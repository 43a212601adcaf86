"""Tiers in the ledger: what is known of somebody decides their limits, and every meter holds and gives back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, QuotaExceeded
from abby_core.quota import ledger
from abby_core.quota.account import Account
from abby_core.quota.limits import Defaults, Need
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY, IMAGES_PER_HOUR, IMAGES_PER_MONTH, NO_LIMIT
from abby_core.quota.quota_manager import QuotaManager
from abby_core.quota.rules_text import read_rules
from abby_core.quota.standing import NOBODY, Standing
from tests.contracts.test_ledger import ALICE, BOB, DAY, HOUR, NOON, Clock, release, reserve, settle, spend, used
from tests.services.databases import contents

RULES = read_rules("""
[groups]
friends = ["local:bob"]
[tiers.default]
images_per_day = 2
images_per_hour = 1
[tiers.gold]
roles = ["1"]
images_per_day = 6
images_per_hour = 3
images_per_month = 8
storage = 1
[tiers.friendly]
groups = ["friends"]
images_per_hour = "unlimited"
""")
GOLD = Standing(roles=frozenset({"1"}))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(database: Database, clock: Clock) -> QuotaManager:
    """The default tier and ``gold`` differ; the month is limited for nobody, because the default tier does not."""
    return QuotaManager(database, Defaults(account_bytes=1000), clock=clock, rules=RULES)


@pytest.fixture
def monthly(database: Database, clock: Clock) -> QuotaManager:
    """Everybody's month is limited."""
    rules = read_rules("[tiers.default]\nimages_per_day = 4\nimages_per_hour = 3\nimages_per_month = 6\n")
    return QuotaManager(database, Defaults(), clock=clock, rules=rules)


def remember(quota: QuotaManager, account: Account, standing: Standing) -> None:
    quota.database.write(quota.remember_in, account.key, standing)


def refused(quota: QuotaManager, need: Need, account: Account = ALICE) -> QuotaExceeded:
    before = contents(quota.database)
    with pytest.raises(QuotaExceeded) as error:
        reserve(quota, "refused", need, account)
    assert contents(quota.database) == before
    return error.value


# ---------------------------------------------------------------------- which limits


def test_what_an_adapter_says_of_somebody_decides_their_limits_until_it_says_otherwise(quota: QuotaManager) -> None:
    assert quota.allowance(ALICE).tier == "default"
    assert quota.limits(ALICE)[IMAGES_PER_DAY] == 2
    remember(quota, ALICE, GOLD)
    assert quota.allowance(ALICE).tier == "gold"
    limits = quota.limits(ALICE)
    assert (limits[IMAGES_PER_HOUR], limits[IMAGES_PER_DAY], limits[BYTES]) == (3, 6, 2**20)
    assert limits[IMAGES_PER_MONTH] == NO_LIMIT  # as for everybody: a tier takes nothing away
    assert quota.limits(BOB)[IMAGES_PER_DAY] == 2
    remember(quota, ALICE, NOBODY)
    assert quota.limits(ALICE)[IMAGES_PER_DAY] == 2


def test_a_group_of_the_file_counts_as_if_it_were_known_of_the_account(quota: QuotaManager) -> None:
    assert quota.allowance(BOB).tier == "friendly"
    remember(quota, BOB, Standing(roles=frozenset({"1"}), groups=frozenset({"others"})))
    allowance = quota.allowance(BOB)
    assert (allowance.tier, allowance.images_per_hour, allowance.images_per_day) == ("gold+friendly", NO_LIMIT, 6)


def test_an_administrators_limit_stands_above_every_tier_on_every_meter(quota: QuotaManager) -> None:
    remember(quota, ALICE, GOLD)
    for meter in (IMAGES_PER_HOUR, IMAGES_PER_DAY, IMAGES_PER_MONTH, BYTES):
        quota.set_limit(ALICE, meter, 1)
        assert quota.limits(ALICE)[meter] == 1
    spend(quota, "one", Need(images=1))
    assert refused(quota, Need(images=1)).meter == IMAGES_PER_MONTH
    for meter in (IMAGES_PER_HOUR, IMAGES_PER_DAY, IMAGES_PER_MONTH, BYTES):
        quota.set_limit(ALICE, meter, None)
    assert quota.limits(ALICE)[IMAGES_PER_DAY] == 6


def test_what_is_known_is_written_only_when_it_changed(quota: QuotaManager, clock: Clock) -> None:
    remember(quota, ALICE, GOLD)
    (first,) = quota.database.read(lambda tx: tx.rows("SELECT * FROM standings"))
    clock.now += 1
    remember(quota, ALICE, Standing(roles=frozenset({"1"})))
    assert quota.database.read(lambda tx: tx.rows("SELECT * FROM standings")) == [first]
    remember(quota, ALICE, NOBODY)
    (later,) = quota.database.read(lambda tx: tx.rows("SELECT * FROM standings"))
    assert later["updated_at"] == first["updated_at"] + 1000


def test_an_allowance_is_read_with_one_statement(quota: QuotaManager) -> None:
    remember(quota, ALICE, GOLD)
    quota.set_limit(ALICE, IMAGES_PER_DAY, 7)
    quota.set_limit(None, BYTES, 7)
    asked: list[str] = []

    class Listening:
        def __init__(self, tx: Transaction) -> None:
            self.row_lock, self.execute, self.row, self.lock, self._rows = (
                tx.row_lock,
                tx.execute,
                tx.row,
                tx.lock,
                tx.rows,
            )

        def rows(self, sql: str, **values: int | float | str | None) -> list[dict[str, object]]:
            asked.append(sql)
            return self._rows(sql, **values)

    allowance = quota.database.read(lambda tx: quota.allowance_in(Listening(tx), ALICE.key))
    assert (allowance.images_per_day, allowance.images_per_hour, len(asked)) == (7, 3, 1)


def test_what_was_looked_up_once_is_not_asked_again_to_reserve(quota: QuotaManager) -> None:
    remember(quota, ALICE, GOLD)

    def order(tx: Transaction, name: str, images: int) -> bool:
        bounds = quota.bounds_in(tx, ALICE.key)
        assert bounds.allowance.tier == "gold"
        tx.execute("DELETE FROM standings")
        return quota.reserve_in(tx, ALICE.key, name, Need(images=images), seconds=60, bounds=bounds)

    assert quota.database.write(order, "one", 3)  # by default it would be 1 an hour
    remember(quota, ALICE, GOLD)
    with pytest.raises(QuotaExceeded) as error:
        quota.database.write(order, "two", 1)
    assert (error.value.meter, error.value.limit) == (IMAGES_PER_HOUR, 3)


# ---------------------------------------------------------------------- the hour and the month


def test_the_hour_the_day_and_the_month_hold_together(monthly: QuotaManager, clock: Clock) -> None:
    spend(monthly, "a", Need(images=3))
    assert refused(monthly, Need(images=1)).meter == IMAGES_PER_HOUR
    clock.now += HOUR
    spend(monthly, "b", Need(images=1))
    assert refused(monthly, Need(images=1)).meter == IMAGES_PER_DAY
    clock.now += 11 * HOUR  # the next day, which is the next month too
    spend(monthly, "c", Need(images=3))
    assert refused(monthly, Need(images=1)).meter == IMAGES_PER_HOUR


def test_a_month_that_is_used_up_says_when_it_begins_anew(monthly: QuotaManager, clock: Clock) -> None:
    clock.now = NOON - 10 * DAY
    spend(monthly, "a", Need(images=3))
    clock.now += DAY
    spend(monthly, "b", Need(images=3))
    error = refused(monthly, Need(images=1))
    assert (error.meter, error.limit, error.used) == (IMAGES_PER_MONTH, 6, 6)
    assert str(error) == "Monthly generation limit reached: 6 of 6 used this month. It resets in 10 days."
    clock.now = NOON + 12 * HOUR
    spend(monthly, "c", Need(images=1))


def test_an_hour_that_is_used_up_says_when_it_begins_anew(monthly: QuotaManager, clock: Clock) -> None:
    clock.now += 35 * 60
    spend(monthly, "a", Need(images=3))
    error = refused(monthly, Need(images=1))
    assert str(error) == "Hourly generation limit reached: 3 of 3 used this hour. It resets in 25 minutes."
    assert error.retry_after_seconds == 25 * 60


def test_settling_and_releasing_give_back_on_every_meter_of_images(monthly: QuotaManager) -> None:
    reserve(monthly, "settled", Need(images=2))
    settle(monthly, "settled", Need(images=2), Need(images=1))
    reserve(monthly, "released", Need(images=2))
    release(monthly, "released")
    for meter in (IMAGES_PER_HOUR, IMAGES_PER_DAY, IMAGES_PER_MONTH):
        assert used(monthly, meter) == 1


def test_what_was_set_aside_in_an_earlier_hour_is_not_given_back_in_a_later_one(
    monthly: QuotaManager, clock: Clock
) -> None:
    reserve(monthly, "early", Need(images=2))
    clock.now += HOUR
    reserve(monthly, "late", Need(images=1))
    release(monthly, "early")
    assert [used(monthly, meter) for meter in (IMAGES_PER_HOUR, IMAGES_PER_DAY, IMAGES_PER_MONTH)] == [1, 1, 1]


def test_meters_that_nothing_limits_are_not_counted(quota: QuotaManager) -> None:
    spend(quota, "bob", Need(images=1), BOB)
    spend(quota, "alice", Need(images=1), ALICE)
    rows = quota.database.read(lambda tx: tx.rows("SELECT account, meter FROM counters ORDER BY account, meter"))
    counted = [(row["account"], row["meter"]) for row in rows]
    assert counted == [(ALICE.key, IMAGES_PER_DAY), (ALICE.key, IMAGES_PER_HOUR), (BOB.key, IMAGES_PER_DAY)]


def test_a_limit_that_appears_later_counts_from_then_on(quota: QuotaManager) -> None:
    spend(quota, "before", Need(images=1), BOB)
    quota.set_limit(BOB, IMAGES_PER_MONTH, 1)
    spend(quota, "after", Need(images=1), BOB)
    quota.set_limit(BOB, IMAGES_PER_DAY, 9)
    assert refused(quota, Need(images=1), BOB).meter == IMAGES_PER_MONTH


def test_taking_an_override_back_and_setting_it_again_forgets_nothing_of_what_was_counted(quota: QuotaManager) -> None:
    quota.set_limit(BOB, IMAGES_PER_MONTH, 1)
    spend(quota, "one", Need(images=1), BOB)
    quota.set_limit(BOB, IMAGES_PER_MONTH, None)
    quota.set_limit(BOB, IMAGES_PER_MONTH, 1)
    assert refused(quota, Need(images=1), BOB).used == 1


def test_giving_the_day_back_gives_the_hour_back_too(quota: QuotaManager) -> None:
    spend(quota, "one", Need(images=1))
    assert refused(quota, Need(images=1)).meter == IMAGES_PER_HOUR
    quota.reset_day(ALICE)
    spend(quota, "two", Need(images=1))


def test_threads_take_exactly_the_places_of_the_hour(monthly: QuotaManager) -> None:
    def attempt(number: int) -> bool:
        try:
            return reserve(monthly, f"order-{number}", Need(images=1))
        except QuotaExceeded:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 3
    assert monthly.database.read(ledger.used_in, ALICE.key, IMAGES_PER_HOUR, monthly.now_ms())[0] == 3


# ---------------------------------------------------------------------- the status


def test_the_status_shows_the_hour_and_the_month_where_they_are_limited(quota: QuotaManager, clock: Clock) -> None:
    clock.now += 60
    spend(quota, "one", Need(images=1))
    status = quota.get_quota_status("alice")
    assert status["hourly"] == {
        "used": 1, "limit": 1, "remaining": 0, "allowed": False, "resets_at": "2026-03-31T13:00:00+00:00",
    }  # fmt: skip
    assert "monthly" not in status
    assert "tier" not in status
    assert quota.get_quota_status("bob")["tier"] == {"name": "friendly"}
    assert "hourly" not in quota.get_quota_status("bob")


def test_of_the_limits_that_are_reached_the_status_names_the_longest(monthly: QuotaManager, clock: Clock) -> None:
    assert monthly.status(ALICE).full is None
    spend(monthly, "a", Need(images=3))
    status = monthly.status(ALICE)
    assert status.full is status.hour
    clock.now += HOUR
    spend(monthly, "b", Need(images=1))
    status = monthly.status(ALICE)
    assert status.full is status.images


class TestGivenByHand:
    def test_a_tier_applies_besides_those_that_apply_anyway(self, quota: QuotaManager) -> None:
        before, bobs = quota.allowance(ALICE), quota.allowance(BOB)
        quota.give_tier(ALICE, "gold")
        remember(quota, ALICE, NOBODY)  # what an adapter says takes nothing away
        assert quota.allowance(ALICE).tier == "gold"
        assert quota.allowance(BOB) == bobs
        gold = next(reasons for name, reasons in quota.explain(ALICE).tiers if name == "gold")
        assert gold == ("given by an administrator",)
        quota.give_tier(ALICE, None)
        assert quota.allowance(ALICE) == before

    def test_a_tier_that_is_not_there_is_named_with_those_that_are(self, quota: QuotaManager) -> None:
        with pytest.raises(InvalidRequest, match=r"There is no tier 'silver'\. There are: .*gold"):
            quota.give_tier(ALICE, "silver")
        assert contents(quota.database)["standings"] == []

    def test_a_tier_that_the_rules_have_no_more_gives_nothing(self, quota: QuotaManager, database: Database) -> None:
        quota.give_tier(ALICE, "gold")
        assert QuotaManager(database, Defaults()).allowance(ALICE).tier == "default"
