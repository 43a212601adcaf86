"""Simulations: the past under other rules. Whatever was possible under the same rules changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.quota.account import HOUSE
from abby_core.quota.allowances import Bounds
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    DAY_MS,
    HOUR_MS,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
)
from abby_core.quota.simulation import AccountReplay, Asked, Event, Removed, Simulation, simulate
from abby_core.quota.tier import Allowance

START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1000


def under(allowance: Allowance, house: dict[str, int] | None = None) -> Callable[[str], Bounds]:
    return lambda account: Bounds(
        account=account, allowance=allowance, by_tiers=allowance, house=house or {}, overrides={}
    )


def asked(hours: float, **changes: Any) -> Asked:
    """An accepted order of one picture of 100 bytes for 3 credits, all of which was kept."""
    pictures = changes.get("pictures", 1)
    usual: dict[str, Any] = {
        "account": "a", "provider": "stability", "model": "core", "pictures": pictures, "size_bytes": 120 * pictures,
        "millicredits": 3000 * pictures, "pictures_kept": pictures, "bytes_kept": 100 * pictures,
        "millicredits_spent": 3000 * pictures,
    }  # fmt: skip
    return Asked(at_ms=START + int(hours * HOUR_MS), **{**usual, **changes})


def refused_then(hours: float, reason: str, **changes: Any) -> Asked:
    nothing = {"pictures_kept": 0, "bytes_kept": 0, "millicredits_spent": 0}
    return asked(hours, refused_by=reason, **nothing, **changes)


def removed(hours: float, size_bytes: int, *, expired: bool = False, account: str = "a") -> Removed:
    return Removed(at_ms=START + int(hours * HOUR_MS), account=account, size_bytes=size_bytes, expired=expired)


def replay(
    events: Iterable[Event], allowance: Allowance, before: dict[str, int] | None = None, *, days: float = 30,
    counted_from_ms: int = START, house: dict[str, int] | None = None,
) -> AccountReplay:  # fmt: skip
    """All accounts together."""
    outcomes = simulate(
        events, under(allowance, house), bytes_before=before or {}, counted_from_ms=counted_from_ms,
        ended_ms=START + int(days * DAY_MS),
    )  # fmt: skip
    return Simulation(days=30, replays=tuple(outcomes)).total


@pytest.mark.parametrize(
    ("allowance", "limit", "refused"),
    [
        (Allowance(images_per_hour=1), IMAGES_PER_HOUR, 2),
        (Allowance(images_per_day=2), IMAGES_PER_DAY, 3),
        (Allowance(images_per_month=4), IMAGES_PER_MONTH, 3),
        (Allowance(storage_bytes=500), BYTES, 3),
        (Allowance(millicredits_per_day=7000), CREDITS_PER_DAY, 3),
        (Allowance(pictures_max=1), "pictures_max", 2),
        (Allowance(picture_pixels_max=1024), "largest_picture", 1),
        (Allowance(providers=frozenset({"painter"})), "providers", 6),
        (Allowance(models=frozenset({"core"})), "models", 1),
        (Allowance(images_per_day=4, weights=({"ultra": 3},)), IMAGES_PER_DAY, 1),
    ],
)
def test_each_limit_refuses_what_it_would_have_refused(allowance: Allowance, limit: str, refused: int) -> None:
    day = 24.0
    events = [
        asked(1), asked(1.1, pictures=2), asked(2, width=64, height=64),
        asked(day, pictures=2), asked(day + 0.5), asked(day + 1, model="ultra"),
    ]  # fmt: skip
    outcome = replay(events, allowance)
    assert (outcome.orders, outcome.pictures) == (6, 8)
    assert (dict(outcome.refused_by), outcome.refused_orders) == ({limit: refused}, refused)


def test_what_is_refused_counts_no_further_and_saves_its_bytes_and_its_money() -> None:
    outcome = replay([asked(1, pictures=5), asked(2), asked(3)], Allowance(images_per_day=2))
    assert (outcome.refused_orders, outcome.refused_pictures) == (1, 5)
    assert (outcome.saved_bytes, outcome.saved_millicredits) == (500, 15_000)


def test_pictures_that_were_not_made_come_back_to_the_meters() -> None:
    failed = asked(1, pictures=2, pictures_kept=1, bytes_kept=90, millicredits_spent=3000)
    assert replay([failed, asked(2)], Allowance(images_per_day=2)).refused_orders == 0
    assert replay([failed, asked(2), asked(3)], Allowance(images_per_day=2)).refused_orders == 1


def test_what_was_refused_by_a_limit_then_is_tried_again_and_what_was_refused_otherwise_is_not() -> None:
    events = [
        refused_then(1, IMAGES_PER_DAY, pictures=2), refused_then(2, "NotAllowed"), refused_then(3, "QueueFull"),
        refused_then(4, IMAGES_PER_DAY, pictures=9),
    ]  # fmt: skip
    outcome = replay(events, Allowance(images_per_day=5))
    assert (outcome.orders, outcome.refused_then, outcome.accepted_orders, outcome.accepted_pictures) == (0, 4, 2, 3)
    assert (outcome.refused_orders, outcome.saved_millicredits, outcome.saved_bytes) == (0, -9000, -360)


def test_the_house_is_a_limit_too() -> None:
    events = [asked(1), asked(2, account="b"), asked(3, account="c")]
    outcome = replay(events, Allowance(), {HOUSE: 700, "z": 700}, house={BYTES: 950})
    assert dict(outcome.refused_by) == {f"house {BYTES}": 1}
    assert replay(events, Allowance(), house={CREDITS_PER_DAY: 6000}).refused_orders == 1


def test_what_was_used_before_counts_and_what_is_removed_makes_room() -> None:
    before = {"a": 400, HOUSE: 400}
    assert replay([asked(1)], Allowance(storage_bytes=500), before).refused_by == {BYTES: 1}
    assert replay([removed(0.5, 100), asked(1)], Allowance(storage_bytes=500), before).refused_orders == 0


def test_of_what_is_removed_the_same_part_would_have_been_removed_of_what_was_there() -> None:
    events = [asked(1), asked(2), removed(3, 100)]
    outcome = replay(events, Allowance(images_per_day=1))
    assert outcome.saved_bytes == 50  # half of all was removed, whatever was there
    everything = replay([asked(1), asked(2), removed(3, 10_000)], Allowance(images_per_day=1))
    assert everything.saved_bytes == 0


def test_pictures_that_are_kept_for_some_days_only_save_their_bytes_afterwards() -> None:
    events = [asked(0), asked(24 * 5), asked(24 * 29)]
    assert replay(events, Allowance(keep_days=7)).saved_bytes == 200
    assert replay(events, Allowance(keep_days=26)).saved_bytes == 100
    assert replay(events, Allowance(keep_days=7, storage_bytes=120)).refused_by == {BYTES: 1}  # the fifth day's


def test_what_expired_then_stays_where_these_rules_keep_it() -> None:
    events = [asked(0), removed(24 * 7, 100, expired=True)]
    assert replay(events, Allowance()).saved_bytes == -100
    assert replay(events, Allowance(keep_days=6)).saved_bytes == 0


def test_what_came_before_the_time_that_is_counted_only_fills_the_meters() -> None:
    events = [asked(1, pictures=3), refused_then(2, IMAGES_PER_DAY), asked(49)]
    outcome = replay(events, Allowance(images_per_month=3), counted_from_ms=START + 2 * DAY_MS)
    assert (outcome.orders, outcome.refused_then) == (1, 0)
    assert outcome.refused_by == {IMAGES_PER_MONTH: 1}


def test_accounts_do_not_share_their_meters_and_are_told_apart() -> None:
    events = [asked(1), asked(2, account="b"), asked(3, account="b")]
    outcomes = simulate(
        events, under(Allowance(images_per_day=1)), bytes_before={}, counted_from_ms=START, ended_ms=START + DAY_MS
    )
    assert [(outcome.account, outcome.refused_orders, outcome.differs) for outcome in outcomes] == [
        ("a", 0, False), ("b", 1, True),
    ]  # fmt: skip


orders = st.builds(
    asked,
    st.floats(0, 24 * 40),
    account=st.sampled_from("ab"),
    pictures=st.integers(1, 4),
    model=st.sampled_from(["core", "ultra"]),
)
removals = st.builds(removed, st.floats(0, 24 * 40), st.integers(1, 400), account=st.sampled_from("ab"))
limits = st.builds(
    Allowance,
    images_per_hour=st.integers(1, 5),
    images_per_day=st.integers(1, 10),
    images_per_month=st.integers(1, 20),
    storage_bytes=st.integers(100, 3000),
    keep_days=st.integers(0, 9),
    weights=st.just(({"ultra": 2},)),
)
pasts = st.lists(st.one_of(orders, removals), max_size=40).map(lambda past: sorted(past, key=lambda event: event.at_ms))


@given(pasts)
def test_rules_that_limit_nothing_change_nothing(past: list[Event]) -> None:
    assert not replay(past, Allowance()).differs


@given(pasts, limits)
def test_what_is_left_of_the_past_under_some_rules_is_possible_under_them(
    past: list[Event], allowance: Allowance
) -> None:
    """Replaying only what was accepted accepts all of it."""
    accepted: list[Event] = []
    for event in past:
        trial = simulate(
            [*accepted, event], under(allowance), bytes_before={}, counted_from_ms=START, ended_ms=event.at_ms
        )
        if isinstance(event, Removed) or not any(outcome.refused_orders for outcome in trial):
            accepted.append(event)
    assert replay(accepted, allowance, days=41).refused_orders == 0


@given(pasts, limits)
def test_nothing_is_saved_but_by_refusing_or_expiring(past: list[Event], allowance: Allowance) -> None:
    outcome = replay(past, allowance, days=41)
    assert outcome.saved_bytes >= 0
    assert outcome.refused_orders == sum(outcome.refused_by.values()) <= outcome.orders
    if not outcome.refused_orders:
        assert outcome.saved_millicredits == 0
        assert allowance.keep_days or outcome.saved_bytes == 0
