"""However an order ends, whoever asked is told, once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from abby_core.errors import (
    KeyRefused,
)
from abby_core.studio.deliveries import NoWay
from abby_core.studio.order import Creation, DeliveryAddress, Order
from tests.support.providers import (
    FixedProvider,
    blocking_provider,
)
from tests.support.studio import (
    ALICE,
    Clock,
    open_abby,
    until_ended,
    until_set,
    wish,
)


class _Told:
    """A deliverer that remembers, and refuses as often as it is told to."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.refusals = refusals
        self.told: list[tuple[str, Creation]] = []
        self.ids: list[int] = []
        self.tried = asyncio.Event()

    async def was_tried(self) -> None:
        await until_set(self.tried)

    async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None:
        self.ids.append(delivery_id)
        self.tried.set()
        if self.refusals:
            self.refusals -= 1
            raise OSError("nobody there")
        self.told.append((address, creation))


def _addressed(order_id: str, *kinds: str) -> Order:
    return wish(order_id, deliveries=tuple(DeliveryAddress(kind=kind, address=f"{order_id}@{kind}") for kind in kinds))


async def test_an_address_may_be_written_anew_while_the_order_is_on_its_way(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    chat, mail = _Told(), _Told()
    abby = open_abby(tmp_path, provider)
    abby.deliveries.register("chat", chat)
    abby.deliveries.register("mail", mail)
    async with abby:
        await abby.studio.submit(_addressed("moved", "chat", "mail"))
        await abby.deliveries.readdress("moved", "chat", "elsewhere")
        gate.set()
        await until_ended(abby, "moved")
    assert [address for address, _ in chat.told] == ["elsewhere"]
    assert [address for address, _ in mail.told] == ["moved@mail"]


async def test_every_ended_order_is_told_once_to_each_address(tmp_path: Path) -> None:
    provider, told = FixedProvider(errors=(KeyRefused("no"),), demo=True), _Told()
    abby = open_abby(tmp_path, provider)
    abby.deliveries.register("chat", told)
    async with abby:
        for order_id in ("failing", "good"):
            await abby.studio.submit(_addressed(order_id, "chat"))
            await until_ended(abby, order_id)
    assert await _told_later(tmp_path, told) == 0
    states = {address: creation.order.state for address, creation in told.told}
    assert states == {"failing@chat": "failed", "good@chat": "done"}
    assert len(told.told) == 2
    assert all(creation.demo for _, creation in told.told)
    assert len(told.told[1][1].artifacts) == 1


async def test_a_failed_delivery_is_made_later_and_survives_a_restart(tmp_path: Path) -> None:
    told = _Told(refusals=1)
    abby = open_abby(tmp_path)
    abby.deliveries.register("chat", told)
    async with abby:
        await abby.studio.create(_addressed("o1", "chat"))
        await told.was_tried()
    assert told.told == []
    assert await _told_later(tmp_path, told, hours=0) == 0  # not at once
    assert await _told_later(tmp_path, told) == 1
    assert await _told_later(tmp_path, told, hours=48) == 0
    assert [address for address, _ in told.told] == ["o1@chat"]
    assert len(set(told.ids)) == 1  # the same delivery, for whoever must not say it twice


async def test_a_delivery_that_nobody_here_knows_waits_for_who_does(tmp_path: Path) -> None:
    told = _Told()
    async with open_abby(tmp_path) as abby:
        await abby.studio.create(_addressed("o1", "webhook"))
    assert await _told_later(tmp_path, told) == 0
    abby = open_abby(tmp_path)
    abby.deliveries.register("webhook", told)
    async with abby:
        await told.was_tried()
    assert [address for address, _ in told.told] == ["o1@webhook"]


async def test_a_slow_delivery_holds_no_order_up(tmp_path: Path) -> None:
    never = asyncio.Event()

    class Slow(_Told):
        async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None:
            await super().deliver(delivery_id, address, creation)
            await never.wait()

    slow = Slow()
    abby = open_abby(tmp_path, concurrent_orders=1)
    abby.deliveries.register("chat", slow)
    async with abby:
        for n in range(3):
            await abby.studio.submit(_addressed(f"o{n}", "chat"))
        for n in range(3):
            assert (await until_ended(abby, f"o{n}")).state == "done"
        await abby.studio.stop(grace_seconds=0)


async def _told_later(root: Path, told: _Told, *, hours: float = 1) -> int:
    """Restart so much later and work off what is due."""
    abby = open_abby(root, clock=Clock(Clock().ahead_seconds + hours * 3600))
    abby.deliveries.register("chat", told)
    try:
        return await abby.deliveries.work_off()
    finally:
        abby.close()


async def test_the_events_tell_every_state_once(tmp_path: Path) -> None:
    provider, gate = blocking_provider(errors=(KeyRefused("no"),))
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        await abby.studio.submit(wish("failing"))
        await provider.begun()
        await abby.studio.submit(wish("good"))
        await abby.studio.submit(wish("unwanted"))
        await abby.studio.cancel("unwanted", ALICE)
        await abby.studio.cancel("unwanted", ALICE)
        gate.set()
        await until_ended(abby, "good")
        gate.clear()
        provider.began.clear()
        await abby.studio.submit(wish("stopped"))
        await provider.begun()
        await abby.studio.cancel("stopped", ALICE)
    lines = (tmp_path / "logs" / "events.jsonl").read_text().splitlines()
    states: dict[str, list[str]] = {}
    for line in map(json.loads, lines):
        if line["event"] == "order":
            states.setdefault(line["id"], []).append(line["state"])
    assert states == {
        "failing": ["waiting", "running", "failed"],
        "good": ["waiting", "running", "done"],
        "unwanted": ["waiting", "cancelled"],
        "stopped": ["waiting", "running", "cancelled"],
    }


async def test_a_delivery_with_no_way_left_is_given_up_with_its_reason_and_made_no_more(tmp_path: Path) -> None:
    class Closed(_Told):
        async def deliver(self, delivery_id: int, address: str, creation: Creation) -> None:
            self.ids.append(delivery_id)
            self.tried.set()
            raise NoWay("The door is closed for good.")

    closed, clock = Closed(), Clock()
    abby = open_abby(tmp_path, clock=clock)
    abby.deliveries.register("chat", closed)
    async with abby:
        await abby.studio.create(_addressed("o1", "chat"))
        await closed.was_tried()
    clock.skip(7 * 86_400)
    again = open_abby(tmp_path, clock=clock)
    again.deliveries.register("chat", closed)
    assert await again.deliveries.work_off() == 0
    (row,) = again.database.read(lambda tx: tx.rows("SELECT state, error FROM deliveries"))
    assert (row["state"], row["error"]) == ("given_up", "The door is closed for good.")
    assert len(closed.ids) == 1
    again.close()
