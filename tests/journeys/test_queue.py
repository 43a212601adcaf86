"""Who goes first, who has to wait, and how an order is cancelled."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from abby_core.errors import (
    OrderCancelled,
    QueueFull,
)
from abby_core.generation.request import Upscale
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.studio.order import OrderView
from tests.support.providers import (
    FixedProvider,
    blocking_provider,
    photograph,
)
from tests.support.studio import (
    ALICE,
    BOB,
    PATIENCE_SECONDS,
    assert_sound,
    counter,
    open_abby,
    until_ended,
    until_set,
    wish,
)

# ---------------------------------------------------------------------- cancelling


async def test_a_waiting_order_is_cancelled_at_once(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        await abby.studio.submit(wish("o1"))
        await provider.begun()
        await abby.studio.submit(wish("o2", request=Upscale(image=photograph())))
        assert (await abby.studio.cancel("o2", ALICE)).state == "cancelled"
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 1
        with pytest.raises(OrderCancelled):
            await abby.studio.result("o2", ALICE)
        gate.set()
        assert (await until_ended(abby, "o1")).state == "done"
    assert len(provider.requests) == 1
    assert list((tmp_path / "temp").iterdir()) == []
    assert_sound(abby)


@pytest.mark.parametrize("paid", [False, True])
async def test_a_running_order_is_stopped(tmp_path: Path, paid: bool) -> None:
    provider, _ = blocking_provider(paid=paid, millicredits=1000)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1"))
        await provider.begun()
        view = await abby.studio.cancel("o1", ALICE)
        assert (view.state, view.maybe_billed) == ("cancelled", paid)
        assert provider.running == 0
        assert counter(abby, ALICE, IMAGES_PER_DAY) == counter(abby, ALICE, BYTES) == 0
    assert_sound(abby)


async def test_cancelling_an_order_keeps_the_pictures_it_has_finished(tmp_path: Path) -> None:
    provider, gate = blocking_provider()

    def stop_at_the_second(_request: object) -> None:
        if len(provider.requests) == 2:
            gate.clear()
            second.set()

    second = asyncio.Event()
    provider.before = stop_at_the_second
    gate.set()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", pictures=2))
        await until_set(second)
        assert (await abby.studio.cancel("o1", ALICE)).state == "cancelled"
        creation = await abby.studio.result("o1", ALICE)
        assert len(creation.artifacts) == counter(abby, ALICE, IMAGES_PER_DAY) == 1
    assert_sound(abby)


async def test_an_ended_order_stays_as_it_is(tmp_path: Path) -> None:
    async with open_abby(tmp_path) as abby:
        await abby.studio.create(wish("o1"))
        assert (await abby.studio.cancel("o1", ALICE)).state == "done"
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 1
    assert_sound(abby)


async def test_an_order_can_be_cancelled_at_any_moment(tmp_path: Path) -> None:
    """The cancellation sets out when the provider is called, and arrives a little later each time."""
    provider, cancelling = FixedProvider(), list[asyncio.Task[OrderView]]()

    async def cancel(turns: int) -> OrderView:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await abby.studio.cancel(f"o{turns}", ALICE)

    provider.before = lambda _: cancelling.append(asyncio.create_task(cancel(len(provider.requests) - 1)))
    async with open_abby(tmp_path, provider) as abby:
        for number in range(40):
            await abby.studio.submit(wish(f"o{number}"))
            assert (await until_ended(abby, f"o{number}")).state in {"done", "cancelled"}
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*cancelling)
        done = [view for view in await abby.studio.orders(ALICE) if view.state == "done"]
        assert counter(abby, ALICE, IMAGES_PER_DAY) == len(done) == len(abby.storage.get_user_images("alice"))
    assert_sound(abby)


async def test_who_stops_waiting_does_not_stop_the_order(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider) as abby:
        creating = asyncio.create_task(abby.studio.create(wish("o1")))
        await provider.begun()
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating
        gate.set()
        assert (await until_ended(abby, "o1")).state == "done"


# ---------------------------------------------------------------------- the queue


async def test_a_hundred_orders_of_one_member_delay_anothers_first_by_at_most_one(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        await asyncio.gather(*(abby.studio.submit(wish(f"a{n:03}", prompt="alice's")) for n in range(100)))
        await provider.begun()
        await abby.studio.submit(wish("b1", BOB, prompt="bob's"))
        position = await anext(abby.studio.watch("b1", BOB))
        assert position.position == 1
        gate.set()
        await until_ended(abby, "b1", BOB)
        assert "bob's" in provider.prompts[:2]
        gate.clear()
        await abby.studio.stop(grace_seconds=0)


async def test_members_take_turns(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        for n in range(3):
            await abby.studio.submit(wish(f"a{n}", prompt="alice's"))
        await provider.begun()
        for n in range(3):
            await abby.studio.submit(wish(f"b{n}", BOB, prompt="bob's"))
        gate.set()
        for n in range(3):
            await until_ended(abby, f"a{n}")
            await until_ended(abby, f"b{n}", BOB)
    assert provider.prompts == ["alice's", "bob's"] * 3


async def test_priority_goes_first(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        await abby.studio.submit(wish("o0", prompt="running"))
        await provider.begun()
        await abby.studio.submit(wish("o1", prompt="usual"))
        await abby.studio.submit(wish("o2", prompt="urgent", priority=5))
        gate.set()
        for order_id in ("o1", "o2"):
            await until_ended(abby, order_id)
    assert provider.prompts == ["running", "urgent", "usual"]


async def test_so_many_orders_run_at_once_and_no_more(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    most_of_alice = 0

    def look(_request: object) -> None:
        nonlocal most_of_alice
        if provider.running == 3:
            gate.set()

    provider.before = look
    async with open_abby(tmp_path, provider, concurrent_orders=3, concurrent_orders_per_user=2) as abby:
        orders = [wish(f"a{n}") for n in range(6)] + [wish(f"b{n}", BOB) for n in range(6)]
        for order in orders:
            await abby.studio.submit(order)
        for order in orders:
            await until_ended(abby, order.id, order.account)
    assert provider.running_most == 3


async def test_one_member_runs_one_order_at_a_time(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider, concurrent_orders=4) as abby:
        await asyncio.gather(*(abby.studio.create(wish(f"o{n}")) for n in range(6)))
    assert provider.running_most == 1


async def test_a_full_queue_refuses_and_charges_nothing(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    limits: dict[str, Any] = {"waiting_orders_max": 3, "waiting_orders_per_user_max": 2}
    async with open_abby(tmp_path, provider, concurrent_orders=1, **limits) as abby:
        await abby.studio.submit(wish("running"))
        await provider.begun()
        for n in range(2):
            await abby.studio.submit(wish(f"a{n}"))
        with pytest.raises(QueueFull, match="You have 2"):
            await abby.studio.submit(wish("a2"))
        await abby.studio.submit(wish("b0", BOB))
        with pytest.raises(QueueFull, match="The queue is full"):
            await abby.studio.submit(wish("b1", BOB))
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 3
        assert counter(abby, BOB, IMAGES_PER_DAY) == 1
        assert (await abby.studio.submit(wish("a1"))).state == "waiting"  # known already: no new place needed
        gate.set()
        for order_id, account in (("a1", ALICE), ("b0", BOB)):
            await until_ended(abby, order_id, account)
    assert_sound(abby)
