"""Statistics add up what orders and refusals say, the same on every database."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, ProviderError
from abby_core.quota import journal
from abby_core.quota.meter import DAY_MS
from abby_core.studio import statistics
from abby_core.studio.statistics import DAYS_MAX, LINES_MAX, Figures, Report
from tests.services.databases import Place
from tests.support.providers import FixedProvider, paid_provider
from tests.support.studio import ALICE, BOB, Clock, another_look, open_abby, wish

DAY_SECONDS = 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider() -> FixedProvider:
    return paid_provider(1500)


@pytest.fixture
def abby(place: Place, clock: Clock, provider: FixedProvider) -> Generator[Abby]:
    opened = open_abby(place.root, provider, clock=clock, database_url=place.url)
    yield opened
    opened.close()


def refuse(tx: Transaction, at_ms: int, account: str = "local:alice", reason: str = "images/day") -> None:
    journal.refused(
        tx, at_ms=at_ms, account=account, tier="member", reason=reason, kind="text_to_image", provider="fixed",
        model="fixed-1", pictures=2, size_bytes=0, millicredits=0,
    )  # fmt: skip


def note_what_was_kept(tx: Transaction) -> None:
    """What a studio writes beside an order's end: who it was for, and what came of it."""
    tx.execute(
        "UPDATE orders SET tier = CASE WHEN account = 'local:alice' THEN 'member' ELSE 'guest' END, "
        "pictures_kept = (SELECT COUNT(*) FROM artifacts a WHERE a.order_id = orders.id), bytes_kept = "
        "(SELECT COALESCE(SUM(a.size_bytes + a.thumbnail_bytes), 0) FROM artifacts a WHERE a.order_id = orders.id)"
    )


async def live(abby: Abby, clock: Clock, provider: FixedProvider) -> None:
    """Two days: alice makes three pictures and is refused twice, bob one on the next day, and one fails."""
    async with abby:
        await abby.studio.create(wish("o1", ALICE, pictures=3))
        await abby.database.run(refuse, abby.storage.now_ms())
        await abby.database.run(refuse, abby.storage.now_ms(), reason="InvalidRequest")
        clock.skip(DAY_SECONDS)
        await abby.studio.create(wish("o2", BOB))
        provider.errors = (ProviderError("No."),)
        with pytest.raises(ProviderError):
            await abby.studio.create(wish("o3", BOB))
        await abby.database.run(note_what_was_kept)


def report(abby: Abby, days: int = 30, by: object = "day", account: str | None = None) -> Report:
    with another_look(abby) as looking:
        return looking.statistics.report(days, by, account=account)  # pyright: ignore[reportArgumentType]


def by_label(report: Report) -> dict[str, Figures]:
    return {line.label: line for line in report.lines}


class TestReport:
    async def test_the_days_are_in_order_without_gaps_and_add_up_to_the_total(
        self, abby: Abby, clock: Clock, provider: FixedProvider
    ) -> None:
        await live(abby, clock, provider)
        found = report(abby, days=4)
        assert [(line.pictures, line.failed, line.refused) for line in found.lines] == [
            (0, 0, 0), (0, 0, 0), (3, 0, 2), (1, 1, 0),
        ]  # fmt: skip
        assert [line.label for line in found.lines] == sorted(line.label for line in found.lines)
        total = found.total
        assert (total.orders, total.pictures, total.failed, total.refused) == (3, 4, 1, 2)
        assert total.millicredits == 4 * 1500
        assert total.size_bytes == sum(line.size_bytes for line in found.lines) > 0
        assert total.working_ms == sum(line.working_ms for line in found.lines)

    async def test_the_first_day_begins_at_midnight_utc_and_today_counts(
        self, abby: Abby, clock: Clock, provider: FixedProvider
    ) -> None:
        await live(abby, clock, provider)
        today = report(abby, days=1)
        assert (today.since_ms % DAY_MS, today.until_ms - today.since_ms) == (0, DAY_MS)
        assert (today.total.pictures, today.total.failed, today.total.refused) == (1, 1, 0)

    async def test_by_account_provider_and_tier_those_with_most_pictures_come_first(
        self, abby: Abby, clock: Clock, provider: FixedProvider
    ) -> None:
        await live(abby, clock, provider)
        assert [(line.label, line.pictures, line.refused) for line in report(abby, by="account").lines] == [
            ("local:alice", 3, 2), ("local:bob", 1, 0),
        ]  # fmt: skip
        assert [(line.label, line.pictures) for line in report(abby, by="tier").lines] == [("member", 3), ("guest", 1)]
        assert [(line.label, line.orders, line.refused) for line in report(abby, by="provider").lines] == [
            ("fixed", 3, 2)
        ]

    async def test_by_reason_there_is_what_did_not_go_well(
        self, abby: Abby, clock: Clock, provider: FixedProvider
    ) -> None:
        await live(abby, clock, provider)
        found = by_label(report(abby, by="reason"))
        assert {label: (line.failed, line.refused) for label, line in found.items()} == {
            "images/day": (0, 1), "InvalidRequest": (0, 1), "ProviderError": (1, 0),
        }  # fmt: skip

    async def test_of_one_account_it_holds_nothing_of_anothers(
        self, abby: Abby, clock: Clock, provider: FixedProvider
    ) -> None:
        await live(abby, clock, provider)
        assert report(abby, account=BOB.key).total.pictures == 1
        assert by_label(report(abby, by="account", account=BOB.key)).keys() == {BOB.key}

    def test_waiting_orders_are_not_counted_and_nothing_is_an_empty_report(self, abby: Abby) -> None:
        found = report(abby, days=3)
        assert (found.empty, len(found.lines)) == (True, 3)
        assert report(abby, by="reason").lines == ()

    async def test_a_cancelled_order_counts_as_that(self, abby: Abby) -> None:
        await abby.studio.submit(wish("o1"))
        await abby.studio.cancel("o1", ALICE)
        found = report(abby, by="reason")
        assert [(line.label, line.cancelled) for line in found.lines] == [("cancelled", 1)]
        assert found.total.seconds_each == 0

    def test_more_accounts_than_a_report_has_lines_are_in_its_total(self, abby: Abby) -> None:
        def many(tx: Transaction) -> None:
            for number in range(LINES_MAX + 5):
                refuse(tx, abby.storage.now_ms(), account=f"local:{number}")

        abby.database.write(many)
        found = report(abby, by="account")
        assert (len(found.lines), found.total.refused) == (LINES_MAX, LINES_MAX + 5)

    @pytest.mark.parametrize(("days", "by"), [(0, "day"), (DAYS_MAX + 1, "day"), (1, "mood"), (1, "day; DROP TABLE x")])
    def test_what_makes_no_sense_is_refused(self, abby: Abby, days: int, by: str) -> None:
        with pytest.raises(InvalidRequest):
            report(abby, days=days, by=by)


def test_what_ended_in_a_time_is_found_by_an_index(tmp_path: Path) -> None:
    abby = open_abby(tmp_path)
    sql = "EXPLAIN QUERY PLAN " + statistics._facts("provider", None)
    plan = " | ".join(str(row["detail"]) for row in abby.database.read(lambda tx: tx.rows(sql, since=1, until=2)))
    abby.close()
    assert "orders_ended" in plan
    assert "journal_newest" in plan
    assert "SCAN orders" not in plan
