"""The host's rules, as an order meets them: who may have what made, how often, how large, and how soon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Row
from abby_core.errors import NotAllowed, QueueFull, QuotaExceeded
from abby_core.generation.provider import ImageProvider
from abby_core.generation.request import TextToImage
from abby_core.quota.meter import IMAGES_PER_DAY, IMAGES_PER_HOUR
from abby_core.quota.standing import Standing
from abby_core.studio.order import Order
from tests.support.providers import FixedProvider, blocking_provider
from tests.support.studio import (
    ALICE,
    BOB,
    Clock,
    assert_sound,
    counter,
    open_abby,
    reservations,
    until_ended,
    wish,
)

RULES = """
[tiers.default]
images_per_day = 2
images_per_hour = 2
largest_picture = "512x512"
pictures_max = 2
providers = ["fixed"]
waiting_max = 1

[tiers.gold]
roles = [123]
images_per_day = 20
images_per_hour = 4
largest_picture = "1024x1024"
running_max = 2
waiting_max = 10
priority = 5
providers = "all"

[weights]
"costly/fixed-1" = 3
"""
GOLD = Standing(roles=frozenset({"123"}))


def abby_with_rules(root: Path, *providers: ImageProvider, **changes: Any) -> Abby:
    file = root / "abby.toml"
    file.write_text(RULES)
    return open_abby(root, *providers, rules_file=file, **changes)


def sized(order_id: str, side: int, **more: Any) -> Order:
    return wish(order_id, request=TextToImage(prompt="a rabbit", width=side, height=side), **more)


def journal(abby: Abby) -> list[Row]:
    return abby.database.read(lambda tx: tx.rows("SELECT event, reason, tier, account FROM journal ORDER BY id"))


async def test_a_role_gives_more_and_stays_known_until_the_adapter_says_otherwise(tmp_path: Path) -> None:
    async with abby_with_rules(tmp_path) as abby:
        with pytest.raises(NotAllowed, match="512 × 512") as refused:
            await abby.studio.submit(sized("o1", 1024))
        assert [choice.kind for choice in refused.value.choices] == ["smaller"]
        assert (await abby.studio.create(sized("o2", 1024, standing=GOLD))).order.tier == "gold"
        assert (await abby.studio.create(sized("o3", 1024))).order.tier == "gold"
        with pytest.raises(NotAllowed):
            await abby.studio.submit(sized("o4", 1024, standing=Standing()))
        assert abby.quota.status(ALICE).images.limit == 2
        assert journal(abby) == [
            {"event": "refused", "reason": "NotAllowed", "tier": "default", "account": ALICE.key},
            {"event": "refused", "reason": "NotAllowed", "tier": "default", "account": ALICE.key},
        ]
        assert reservations(abby) == []
    assert_sound(abby)


async def test_a_tier_says_how_many_at_a_time_and_from_which_providers(tmp_path: Path) -> None:
    costly = FixedProvider(name="costly")
    async with abby_with_rules(tmp_path, FixedProvider(), costly) as abby:
        with pytest.raises(NotAllowed, match="2 pictures at a time") as refused:
            await abby.studio.submit(wish("o1", pictures=3))
        assert [(choice.kind, choice.pictures) for choice in refused.value.choices] == [("fewer", 2)]
        with pytest.raises(NotAllowed, match="choose one of: fixed"):
            await abby.studio.submit(wish("o2", provider="costly"))
        await abby.studio.create(wish("o3", provider="costly", standing=GOLD))
    assert len(costly.requests) == 1


async def test_a_heavy_model_counts_more_of_the_day_and_failures_give_it_all_back(tmp_path: Path) -> None:
    costly = FixedProvider(name="costly", errors=(RuntimeError("broken"),))
    async with abby_with_rules(tmp_path, costly) as abby:
        await abby.studio.submit(wish("o1", provider="costly", standing=GOLD))
        await until_ended(abby, "o1")
        assert (counter(abby, ALICE, IMAGES_PER_DAY), counter(abby, ALICE, IMAGES_PER_HOUR)) == (0, 0)
        await abby.studio.create(wish("o2", provider="costly"))
        assert (counter(abby, ALICE, IMAGES_PER_DAY), counter(abby, ALICE, IMAGES_PER_HOUR)) == (3, 3)
        with pytest.raises(QuotaExceeded, match="Hourly generation limit reached: 3 of 4"):
            await abby.studio.submit(wish("o3", provider="costly"))
        assert journal(abby)[-1]["reason"] == IMAGES_PER_HOUR
    assert_sound(abby)


async def test_the_hour_ends_before_the_day_does(tmp_path: Path) -> None:
    clock = Clock()
    async with abby_with_rules(tmp_path, clock=clock) as abby:
        await abby.studio.create(wish("o1", pictures=2, standing=GOLD))
        await abby.studio.create(wish("o2", pictures=2))
        with pytest.raises(QuotaExceeded) as refused:
            await abby.studio.submit(wish("o3"))
        assert 0 < (refused.value.retry_after_seconds or 0) <= 3600
        clock.skip(refused.value.retry_after_seconds or 0)
        await abby.studio.create(wish("o4"))
        assert counter(abby, ALICE, IMAGES_PER_HOUR) == 1


async def test_a_tier_says_how_many_orders_run_and_wait_and_who_goes_first(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with abby_with_rules(tmp_path, provider, concurrent_orders=3, concurrent_orders_per_user=1) as abby:
        for number in range(2):
            await abby.studio.submit(wish(f"bob{number}", BOB))
        with pytest.raises(QueueFull, match="1 order waiting"):
            await abby.studio.submit(wish("bob2", BOB))
        for number in range(4):
            await abby.studio.submit(wish(f"alice{number}", standing=GOLD))
        states = {order.id: order.state for order in await abby.studio.orders(None)}
        assert [order for order, state in states.items() if state == "running"] == ["alice1", "alice0", "bob0"]
        assert [refused["reason"] for refused in journal(abby)] == ["QueueFull"]
        await provider.begun()
        gate.set()
        for number in range(4):
            await until_ended(abby, f"alice{number}")
        await until_ended(abby, "bob1", BOB)
    assert_sound(abby)


async def test_a_repeated_order_is_the_same_order_whatever_the_rules_have_become(tmp_path: Path) -> None:
    async with abby_with_rules(tmp_path) as abby:
        made = await abby.studio.create(sized("o1", 1024, standing=GOLD))
        assert (await abby.studio.create(sized("o1", 1024, standing=Standing()))).order == made.order
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 1


async def test_who_names_no_provider_gets_the_first_that_their_tier_includes(tmp_path: Path) -> None:
    async with abby_with_rules(tmp_path, FixedProvider(name="costly"), FixedProvider()) as abby:
        assert (await abby.studio.estimate(wish("o0"))).provider == "fixed"
        assert (await abby.studio.create(wish("o1"))).order.provider == "fixed"
        assert (await abby.studio.create(wish("o2", standing=GOLD))).order.provider == "costly"
