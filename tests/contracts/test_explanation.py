"""Explanations: which rule gave what, what is used, and what is set aside until when, on both databases."""

from __future__ import annotations

import pytest

from abby_core.database.database import Database
from abby_core.quota.limits import Defaults, Need
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY
from abby_core.quota.quota_manager import QuotaManager
from abby_core.quota.rules_text import read_rules
from abby_core.quota.standing import Standing
from tests.contracts.test_ledger import ALICE, BOB, Clock, reserve, spend

RULES = read_rules("""
[weights]
ultra = 3
"stability/core" = 2
[tiers.default]
images_per_hour = 2
providers = ["painter"]
keep_days = 30
[tiers.gold]
roles = ["123"]
images_per_hour = 4
storage = "2 GB"
providers = ["stability"]
keep_days = 0
weights = { ultra = 2 }
[tiers.booster]
roles = ["7"]
min_level = 5
storage = "2 GB"
images_per_day = 1
""")
GOLD = Standing(roles=frozenset({"123", "7"}), level=6)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quota(database: Database, clock: Clock) -> QuotaManager:
    defaults = Defaults(images_per_day=5, account_bytes=100 * 2**20, millicredits_per_day=90_000)
    quota = QuotaManager(database, defaults, clock=clock, rules=RULES)
    database.write(quota.remember_in, ALICE.key, GOLD)
    return quota


def said(quota: QuotaManager) -> dict[str, list[str]]:
    return dict(quota.explain(ALICE).sentences())


def test_every_limit_is_said_with_the_tiers_that_gave_it(quota: QuotaManager) -> None:
    sentences = said(quota)
    assert sentences["Tiers"] == [
        "gold applies: role 123.",
        "booster applies: role 7, level 6, from 5 on.",
        "default applies: everybody.",
    ]
    assert sentences["Limits"] == [
        "Pictures per hour 4: from tier gold (role 123).",
        "Pictures per day 5: from the host's settings.",
        "Storage 2 GB: from tier gold (role 123) and tier booster (role 7, level 6, from 5 on).",
        "Orders running at once 1: from the host's settings.",
        "Orders waiting 100: from the host's settings.",
        "Pictures are kept forever: from tier gold (role 123).",
        "Providers painter, stability: from tier default (everybody) and tier gold (role 123).",
        "A picture by stability/core counts as 2.",
        "A picture by ultra counts as 2.",
    ]
    others = dict(quota.explain(BOB).sentences())["Limits"]
    assert "Pictures are kept 30 days: from tier default (everybody)." in others
    assert "Storage 100 MB: from the host's settings." in others
    assert "A picture by ultra counts as 3." in others


def test_what_an_administrator_set_is_said_with_what_would_be_without_it(quota: QuotaManager) -> None:
    quota.set_limit(ALICE, BYTES, 3 * 2**19)
    quota.set_limit(ALICE, CREDITS_PER_DAY, 1500)
    limits = said(quota)["Limits"]
    assert (
        "Storage 1.5 MB: set by an administrator. "
        "It would be 2 GB, from tier gold (role 123) and tier booster (role 7, level 6, from 5 on)." in limits
    )
    assert "Credits per day 1.5: set by an administrator. It would be unlimited, from the host's settings." in limits


def test_what_is_used_is_said_with_when_it_frees_up(quota: QuotaManager, clock: Clock) -> None:
    clock.now += 20 * 60
    spend(quota, "one", Need(images=1, size_bytes=5 * 2**20, millicredits=2500))
    assert said(quota)["Used"] == [
        "Pictures this hour: 1 of 4 used, 3 left. Starts anew in 40 minutes.",
        "Pictures today: 1 of 5 used, 4 left. Starts anew in 12 hours.",
        "Storage: 5 MB of 2 GB used, 2043 MB left. Deleting pictures frees it.",
        "Credits today: 2.5 used, unlimited. Starts anew in 12 hours.",
        "Credits this month: 2.5 used, unlimited. Starts anew in 12 hours.",
        "Everybody's storage: 5 MB of 5000 MB used, 4995 MB left. Deleting pictures frees it.",
        "Everybody's credits today: 2.5 of 90 used, 87.5 left. Starts anew in 12 hours.",
    ]


def test_what_is_set_aside_is_said_with_whose_it_is_and_when_it_comes_back(quota: QuotaManager, clock: Clock) -> None:
    assert said(quota)["Set aside"] == ["Nothing is set aside."]
    reserve(quota, "save:x", Need(images=1, size_bytes=2**20))
    clock.now += 10
    quota.database.write(
        lambda tx: tx.execute(
            "INSERT INTO orders (id, account, state) VALUES (:id, :account, 'waiting')",
            id="my order",
            account=ALICE.key,
        )
    )
    reserve(quota, "my order", Need(images=2, size_bytes=2**20, temporary_bytes=99, millicredits=6000))
    reserve(quota, "other", Need(images=1), BOB)
    clock.now += 5
    assert said(quota)["Set aside"] == [
        (
            "A picture being saved has set aside 1 picture, 1 MB for 15 seconds; "
            "if that was cut off, it comes back in 60 minutes."
        ),
        (
            "Order my order (waiting) has set aside 2 pictures, 1 MB, 6 credits for 5 seconds; "
            "what it does not use comes back when it ends."
        ),
    ]
    clock.now += 3600
    assert said(quota)["Set aside"][0].endswith("it comes back with the next cleanup.")


def test_programs_are_told_the_same(quota: QuotaManager) -> None:
    reserve(quota, "save:x", Need(images=1, size_bytes=2**20))
    told = quota.explain(ALICE).as_dict()
    assert told["standing"] == {"roles": ["123", "7"], "groups": [], "server": "", "level": 6, "owner": False}
    assert told["weights"] == {"stability/core": 2, "ultra": 2}
    limits = {limit["limit"]: limit["value"] for limit in told["limits"]}
    assert limits["providers"] == ["painter", "stability"]
    assert limits["picture_pixels_max"] is None
    assert told["used"][0]["resets_at"] == "2026-03-31T13:00:00.000+00:00"
    assert told["reservations"] == [
        {
            "id": "save:x", "order_state": None, "since": "2026-03-31T12:00:00.000+00:00",
            "frees_at": "2026-03-31T13:00:00.000+00:00",
            "holds": [
                {"meter": IMAGES_PER_DAY, "amount": 1}, {"meter": "images/hour", "amount": 1},
                {"meter": BYTES, "amount": 2**20},
            ],
        }
    ]  # fmt: skip


def test_lines_that_change_nothing_are_named(quota: QuotaManager) -> None:
    assert quota.idle_rules() == ["images_per_day of tier booster changes nothing: it is 1; everybody has 5."]
