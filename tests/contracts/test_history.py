"""The past as the database tells it, on both databases: complete, in order, and replayed a page at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from abby_core.database.database import Database
from abby_core.database.transaction import Transaction
from abby_core.quota import history, journal
from abby_core.quota.account import HOUSE
from abby_core.quota.history import events
from abby_core.quota.limits import Defaults, Need
from abby_core.quota.meter import DAY_MS, HOUR_MS, IMAGES_PER_DAY
from abby_core.quota.quota_manager import QuotaManager
from abby_core.quota.simulation import Asked, Event, Removed
from abby_core.quota.standing import Standing
from abby_core.storage import forecast
from abby_core.storage.storage_manager import StorageManager
from tests.contracts.test_ledger import ALICE, BOB, NOON, Clock, reserve, spend
from tests.services.databases import contents

NOW = int(NOON * 1000)


@pytest.fixture
def quota(database: Database) -> QuotaManager:
    return QuotaManager(database, Defaults(images_per_day=100), clock=Clock())


def order(database: Database, name: str, created_at: int, **changes: Any) -> None:
    """The row of an order that ended a minute later, with everything kept."""
    pictures = changes.get("pictures", 1)
    row: dict[str, Any] = {
        "id": name, "account": ALICE.key, "provider": "stability", "model": "core", "pictures": pictures,
        "request": json.dumps({"kind": "text_to_image", "prompt": "x", "width": 512, "height": 256}),
        "bytes_each": 120, "millicredits_each": 3000, "pictures_kept": pictures, "bytes_kept": 100 * pictures,
        "state": "done", "created_at": created_at, "finished_at": created_at + 60_000, **changes,
    }  # fmt: skip
    columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
    database.write(lambda tx: tx.execute(f"INSERT INTO orders ({columns}) VALUES ({values})", **row))


def refused(tx: Transaction, at_ms: int, reason: str, account: str = ALICE.key) -> None:
    journal.refused(
        tx, at_ms=at_ms, account=account, tier="default", reason=reason, kind="text_to_image", provider="stability",
        model="core", pictures=2, size_bytes=240, millicredits=6000,
    )  # fmt: skip


def past(database: Database, days: int = 30) -> list[Event]:
    return list(events(database, NOW - days * DAY_MS, NOW))


def test_an_order_is_told_with_what_it_asked_for_and_what_came_of_it(database: Database) -> None:
    order(database, "one", NOW - HOUR_MS, pictures=3, pictures_kept=2, bytes_kept=150)
    assert past(database) == [
        Asked(
            at_ms=NOW - HOUR_MS, account=ALICE.key, provider="stability", model="core", pictures=3, size_bytes=360,
            millicredits=9000, width=512, height=256, pictures_kept=2, bytes_kept=150, millicredits_spent=6000,
        )
    ]  # fmt: skip


def test_refusals_and_removals_are_told_between_the_orders_in_the_order_of_time(database: Database) -> None:
    order(database, "first", NOW - 5 * HOUR_MS, finished_at=NOW - HOUR_MS, request=json.dumps({"width": 2048}))
    order(database, "third", NOW - 3 * HOUR_MS)
    database.write(refused, NOW - 4 * HOUR_MS, IMAGES_PER_DAY)
    database.write(
        journal.removed, at_ms=NOW - 2 * HOUR_MS, account=BOB.key, reason="expired", pictures=1, size_bytes=7
    )
    told = past(database)
    assert [event.at_ms for event in told] == [NOW - hours * HOUR_MS for hours in (5, 4, 3, 2)]
    assert isinstance(told[1], Asked)
    assert (told[1].refused_by, told[1].pictures, told[1].millicredits) == (IMAGES_PER_DAY, 2, 6000)
    assert told[3] == Removed(at_ms=NOW - 2 * HOUR_MS, account=BOB.key, size_bytes=7, expired=True)


def test_the_daily_notes_of_how_full_the_house_is_are_nobodys_refusals(
    database: Database, quota: QuotaManager, tmp_path: Path
) -> None:
    storage = StorageManager(tmp_path, database=database, quota=quota)
    spend(quota, "kept", Need(size_bytes=500))
    forecast.note_daily(storage)
    events_noted = database.read(lambda tx: tx.rows("SELECT event FROM journal"))
    assert (events_noted, list(events(database, NOW - DAY_MS, NOW + DAY_MS))) == ([{"event": "measured"}], [])


def test_every_row_is_told_once_however_many_share_a_moment_or_a_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 3)
    for number in range(10):
        order(database, f"order-{number}", NOW - 40 * HOUR_MS - (number // 4) * DAY_MS)
    for number in range(7):
        database.write(refused, NOW - 50 * HOUR_MS, f"reason-{number}")
    told = past(database)
    assert len(told) == 17
    assert sum(isinstance(event, Asked) and not event.refused_by for event in told) == 10
    assert sorted(event.at_ms for event in told) == [event.at_ms for event in told]


def test_what_lies_outside_the_time_or_has_not_ended_is_not_told(database: Database) -> None:
    order(database, "running", NOW - HOUR_MS, state="running", finished_at=0)
    order(database, "long ago", NOW - 31 * DAY_MS)
    database.write(refused, NOW - 31 * DAY_MS, IMAGES_PER_DAY)
    assert past(database) == []


def test_what_was_used_before_is_reckoned_back_from_what_is_used_now(quota: QuotaManager) -> None:
    database = quota.database
    spend(quota, "now", Need(images=1, size_bytes=1000))
    reserve(quota, "open", Need(images=1, size_bytes=77))
    spend(quota, "bob", Need(images=1, size_bytes=50), BOB)
    order(database, "made", NOW - HOUR_MS, bytes_kept=300)
    database.write(journal.removed, at_ms=NOW - 1, account=ALICE.key, reason="deleted", pictures=1, size_bytes=40)
    before = database.read(history.bytes_before_in, NOW - DAY_MS)
    assert before == {ALICE.key: 740, BOB.key: 50, HOUSE: 790}


RULES = """
[tiers.default]
images_per_day = 2
[tiers.gold]
roles = ["1"]
images_per_day = 3
[weights]
ultra = 2
"""


def test_a_simulation_applies_the_file_to_everybody_and_changes_nothing(quota: QuotaManager, tmp_path: Path) -> None:
    database = quota.database
    database.write(quota.remember_in, BOB.key, Standing(roles=frozenset({"1"})))
    for account in (ALICE, BOB):
        for number in range(4):
            order(database, f"{account.key}-{number}", NOW - 2 * DAY_MS + number, account=account.key)
        order(database, f"{account.key}-ultra", NOW - HOUR_MS, account=account.key, model="ultra", pictures=2)
    database.write(refused, NOW - 3 * DAY_MS, IMAGES_PER_DAY)
    file = tmp_path / "tried.toml"
    file.write_text(RULES, "utf-8")
    before = contents(database)
    seen: list[int] = []
    simulation = quota.simulate(file, days=30, progress=seen.append)
    assert contents(database) == before
    by_account = {outcome.account: outcome for outcome in simulation.replays}
    alice, bob = by_account[ALICE.key], by_account[BOB.key]
    assert (alice.tier, alice.refused_orders, alice.refused_pictures, alice.accepted_orders) == ("default", 3, 4, 1)
    assert (bob.tier, bob.refused_orders, bob.refused_pictures) == ("gold", 2, 3)
    assert (alice.saved_millicredits, bob.saved_millicredits) == (12_000 - 6000, 9000)
    assert simulation.total.refused_by == {IMAGES_PER_DAY: 5}
    assert quota.simulate(file, days=1).total.orders == 2


def test_the_month_before_fills_the_meters_of_the_month(quota: QuotaManager, tmp_path: Path) -> None:
    for number, days in enumerate((20, 10, 5)):
        order(quota.database, f"{number}", NOW - days * DAY_MS)
    file = tmp_path / "tried.toml"
    file.write_text("[tiers.default]\nimages_per_month = 2", "utf-8")
    total = quota.simulate(file, days=7).total
    assert (total.orders, total.refused_orders) == (1, 1)
