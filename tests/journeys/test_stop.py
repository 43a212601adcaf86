"""Abby is stopped and started again, and there may be more than one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.quota.meter import IMAGES_PER_DAY
from tests.support.providers import (
    PATIENCE_SECONDS,
    FixedProvider,
    blocking_provider,
)
from tests.support.studio import (
    ALICE,
    BOB,
    assert_sound,
    counter,
    open_abby,
    until_ended,
    until_set,
    wish,
)


async def test_a_free_order_that_is_cut_off_by_the_end_is_finished_by_the_next_abby(tmp_path: Path) -> None:
    provider, _ = blocking_provider()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1"))
        await abby.studio.submit(wish("o2"))
        await provider.begun()
        await abby.studio.stop(grace_seconds=0)
        assert (await abby.studio.order("o1", ALICE)).state == "waiting"
    async with open_abby(tmp_path) as abby:
        for order_id in ("o1", "o2"):
            assert (await until_ended(abby, order_id)).state == "done"
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 2
    assert_sound(abby)


async def test_a_paid_order_that_is_cut_off_by_the_end_is_not_made_twice(tmp_path: Path) -> None:
    provider, gate = blocking_provider(paid=True, millicredits=1000)

    def stop_at_the_second(_request: object) -> None:
        if len(provider.requests) == 2:
            gate.clear()
            second.set()

    second = asyncio.Event()
    provider.before = stop_at_the_second
    gate.set()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", pictures=3))
        await until_set(second)
        await abby.studio.stop(grace_seconds=0)
        creation = await abby.studio.result("o1", ALICE)
        assert (creation.order.state, creation.order.maybe_billed) == ("done", True)
        assert len(creation.artifacts) == counter(abby, ALICE, IMAGES_PER_DAY) == 1
        assert "1 of 3" in " ".join(creation.notes)
    assert len(provider.requests) == 2
    assert_sound(abby)


async def test_two_abbys_on_one_root_share_the_queue_and_double_nothing(tmp_path: Path) -> None:
    providers = FixedProvider(), FixedProvider()
    accounts = (ALICE, BOB)
    async with open_abby(tmp_path, providers[0]) as one, open_abby(tmp_path, providers[1]) as other:
        orders = [wish(f"{account.user_id}{n}", account) for n in range(12) for account in accounts]
        for number, order in enumerate(orders):
            await (one, other)[number % 2].studio.submit(order)
            await (one, other)[(number + 1) % 2].studio.submit(order)  # the same, through the other door
        for order in orders:
            assert (await until_ended(other, order.id, order.account)).state == "done"
    assert sum(len(provider.requests) for provider in providers) == len(orders)
    assert sum(counter(one, account, IMAGES_PER_DAY) for account in accounts) == len(orders)
    assert_sound(one)


async def test_an_order_whose_sender_goes_away_while_it_is_entered_is_run_all_the_same(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.create(wish("first"))  # the disk was looked at: the next one goes straight to the database
        with busy(abby) as go_on:
            sender = asyncio.create_task(abby.studio.submit(wish("o1")))
            await asyncio.sleep(0)
            sender.cancel()
            go_on.set()
            await asyncio.wait([sender])
        assert sender.cancelled()
        assert (await until_ended(abby, "o1")).state == "done"
    assert len(provider.requests) == 2
    assert_sound(abby)


async def test_a_paid_order_that_is_entered_while_abby_stops_is_run_or_waits_but_is_never_lost(tmp_path: Path) -> None:
    provider = FixedProvider(paid=True, millicredits=1000)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.create(wish("first"))
        with busy(abby) as go_on:
            sender = asyncio.create_task(abby.studio.submit(wish("o1")))
            await asyncio.sleep(0)
            stopping = asyncio.create_task(abby.studio.stop(grace_seconds=PATIENCE_SECONDS))
            await asyncio.sleep(0)
            go_on.set()
        await sender
        await stopping
        view = await abby.studio.order("o1", ALICE)
        assert (view.state, view.maybe_billed) == ("done", False)
    assert len(provider.requests) == 2
    assert_sound(abby)


@contextmanager
def busy(abby: Abby) -> Generator[threading.Event]:
    """The database writes for somebody else until the event is set."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_tx: Transaction) -> None:
        begun.set()
        go_on.wait(PATIENCE_SECONDS)

    holder = threading.Thread(target=abby.database.write, args=(hold,))
    holder.start()
    begun.wait(PATIENCE_SECONDS)
    try:
        yield go_on
    finally:
        go_on.set()
        holder.join()
