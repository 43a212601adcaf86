"""An order's way through the whole house: asked, reserved, made, kept, settled."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from abby_core.errors import (
    BadAnswer,
    InvalidRequest,
    KeyRefused,
    NotFound,
    OrderConflict,
    ProviderError,
    QuotaExceeded,
)
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY
from abby_core.studio.order import Order
from tests.support.providers import (
    PASSING,
    FixedProvider,
    blocking_provider,
    paid_provider,
    passing_error,
    photograph,
)
from tests.support.studio import (
    ALICE,
    BOB,
    PATIENCE_SECONDS,
    Clock,
    another_look,
    assert_sound,
    counter,
    kept_files,
    open_abby,
    progress_of,
    reservations,
    until_ended,
    wish,
)

MEGABYTE = 2**20


# ---------------------------------------------------------------------- one order


async def test_a_picture_is_made_kept_and_counted_once(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1"))
    (artifact,) = creation.artifacts
    assert abby.gallery.open(artifact) == provider.data
    assert artifact.name.startswith("a-cute-rabbit-")
    assert creation.order.state == "done"
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 1
    with another_look(abby) as later:
        assert later.gallery.thumbnail(later.gallery.find(ALICE, artifact.id))
    assert_sound(abby)


async def test_what_is_said_of_an_order_is_what_its_row_says(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider, concurrent_orders=1) as abby:
        claimed = await abby.studio.submit(wish("o1"))
        waiting = await abby.studio.submit(wish("o2", BOB))
        assert (claimed.state, waiting.state) == ("running", "waiting")
        assert claimed == await abby.studio.order("o1", ALICE)
        assert waiting == await abby.studio.order("o2", BOB)
        gate.set()
        done = await abby.studio.create(wish("o3"))
        assert done.order == await abby.studio.order("o3", ALICE)


async def test_the_same_order_twice_is_one_order_and_one_charge(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider) as abby:
        first, second = await asyncio.gather(abby.studio.create(wish("o1")), abby.studio.create(wish("o1")))
        third = await abby.studio.create(wish("o1"))
    assert [creation.artifacts[0].id for creation in (first, second, third)] == [first.artifacts[0].id] * 3
    assert len(provider.requests) == counter(abby, ALICE, IMAGES_PER_DAY) == 1


@pytest.mark.parametrize(
    "other",
    [
        wish("o1", prompt="another wish"),
        wish("o1", pictures=2),
        wish("o1", provider="fixed"),
        wish("o1", BOB, prompt="guess"),
        wish("o1", BOB),
    ],
    ids=["words", "number", "provider", "somebody else's", "somebody else's, same wish"],
)
async def test_an_order_id_stands_for_one_wish_of_one_account(tmp_path: Path, other: Order) -> None:
    async with open_abby(tmp_path) as abby:
        await abby.studio.create(wish("o1", prompt="a secret garden"))
        with pytest.raises(OrderConflict) as conflict:
            await abby.studio.submit(other)
        assert "secret" not in str(conflict.value)
        assert "alice" not in str(conflict.value)
        assert counter(abby, BOB, IMAGES_PER_DAY) == 0


async def test_nobody_sees_or_touches_anothers_order(tmp_path: Path) -> None:
    async with open_abby(tmp_path) as abby:
        await abby.studio.create(wish("o1"))
        texts: set[str] = set()
        for order_id in ("o1", "no such"):
            for ask in (abby.studio.order, abby.studio.cancel, abby.studio.result):
                with pytest.raises(NotFound) as refused:
                    await ask(order_id, BOB)
                texts.add(str(refused.value).replace(order_id, "…"))
            with pytest.raises(NotFound):
                await progress_of(abby, order_id, BOB)
        assert len(texts) == 1
        assert await abby.studio.orders(BOB) == []


@pytest.mark.parametrize("order_id", ["", "x" * 201, "nul\0", "half \ud800", "line\n"])
async def test_an_unusable_order_id_is_refused_in_words(tmp_path: Path, order_id: str) -> None:
    async with open_abby(tmp_path) as abby:
        with pytest.raises(InvalidRequest, match="order id"):
            await abby.studio.submit(wish(order_id))


@pytest.mark.parametrize("pictures", [0, -1, 11])
async def test_a_number_of_pictures_out_of_bounds_is_refused(tmp_path: Path, pictures: int) -> None:
    async with open_abby(tmp_path) as abby:
        with pytest.raises(InvalidRequest):
            await abby.studio.submit(wish("o1", pictures=pictures))


async def test_an_estimate_says_what_it_takes_and_takes_nothing(tmp_path: Path) -> None:
    async with open_abby(tmp_path, paid_provider(3000)) as abby:
        estimate = await abby.studio.estimate(wish("o1", pictures=3))
        assert (estimate.provider, estimate.pictures, estimate.millicredits) == ("fixed", 3, 9000)
        assert estimate.size_bytes >= 3 * 0.1 * MEGABYTE
        assert await abby.studio.orders(ALICE) == []


async def test_a_paid_picture_is_settled_at_what_it_cost(tmp_path: Path) -> None:
    async with open_abby(tmp_path, paid_provider(3000), max_daily_millicredits=10_000) as abby:
        await abby.studio.create(wish("o1", pictures=2))
        assert counter(abby, None, CREDITS_PER_DAY) == counter(abby, ALICE, CREDITS_PER_DAY) == 6000
        with pytest.raises(QuotaExceeded):
            await abby.studio.submit(wish("o2", pictures=2))
        assert counter(abby, None, CREDITS_PER_DAY) == 6000


# ---------------------------------------------------------------------- watching


async def test_a_watcher_sees_the_queue_the_progress_and_the_end(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    clock = Clock()
    async with open_abby(tmp_path, provider, clock=clock, concurrent_orders=1) as abby:
        await abby.studio.submit(wish("measured"))
        await provider.begun()
        clock.skip(40)
        gate.set()
        await until_ended(abby, "measured")
        gate.clear()
        provider.began.clear()
        await abby.studio.submit(wish("first"))
        await provider.begun()
        await abby.studio.submit(wish("second"))
        await abby.studio.submit(wish("third"))

        watching = abby.studio.watch("third", ALICE)
        waiting = await anext(watching)
        assert (waiting.state, waiting.position) == ("waiting", 2)
        assert waiting.eta_seconds == pytest.approx(3 * 40, rel=0.2)
        gate.set()
        seen = [waiting, *[progress async for progress in watching]]
        assert [p.state for p in seen] == sorted((p.state for p in seen), key=["waiting", "running", "done"].index)
        assert [p.percent for p in seen] == sorted(p.percent for p in seen)
        assert seen[-1].state == "done"
        assert seen[-1].percent == 100


async def test_a_watcher_sees_the_percentage_of_a_running_order(tmp_path: Path) -> None:
    provider, gate = blocking_provider()
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", pictures=2))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for progress in abby.studio.watch("o1", ALICE):
                if progress.percent == 25:  # half of the first of two
                    break
        gate.set()
        assert (await until_ended(abby, "o1")).percent == 100


async def test_a_failed_order_says_why_and_costs_nothing(tmp_path: Path) -> None:
    async with open_abby(tmp_path, FixedProvider(errors=(KeyRefused("The key is refused."),))) as abby:
        with pytest.raises(KeyRefused, match="The key is refused"):
            await abby.studio.create(wish("o1"))
        last = (await progress_of(abby, "o1"))[-1]
        assert (last.state, last.error_code, last.error) == ("failed", "KeyRefused", "The key is refused.")
        assert counter(abby, ALICE, IMAGES_PER_DAY) == counter(abby, ALICE, BYTES) == 0
    assert_sound(abby)


@pytest.mark.parametrize("answer", [b"<html>busy</html>", photograph()[:-20], b"\x89PNG\r\n\x1a\n" + bytes(100)])
async def test_an_answer_that_is_no_picture_costs_its_member_nothing(tmp_path: Path, answer: bytes) -> None:
    async with open_abby(tmp_path, paid_provider(data=answer)) as abby:
        with pytest.raises(BadAnswer):
            await abby.studio.create(wish("o1"))
        assert (await abby.studio.order("o1", ALICE)).maybe_billed
        assert counter(abby, ALICE, IMAGES_PER_DAY) == counter(abby, ALICE, CREDITS_PER_DAY) == 0
        assert counter(abby, None, CREDITS_PER_DAY) == 3000  # the host may have to pay for it
        assert kept_files(tmp_path) == []
    assert_sound(abby)


async def test_a_provider_that_breaks_down_fails_the_order_without_its_details(tmp_path: Path) -> None:
    async with open_abby(tmp_path, FixedProvider(errors=(RuntimeError("token=abc"),))) as abby:
        view = await abby.studio.submit(wish("o1"))
        view = await until_ended(abby, view.id)
        assert view.state == "failed"
        assert "abc" not in view.error
        assert reservations(abby) == []


# ---------------------------------------------------------------------- several pictures


async def test_n_pictures_have_seeds_of_their_own_and_count_n_times(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=3))
    assert len({artifact.seed for artifact in creation.artifacts}) == 3
    assert len({artifact.name for artifact in creation.artifacts}) == 3
    assert [artifact.order_index for artifact in creation.artifacts] == [0, 1, 2]
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 3
    assert_sound(abby)


@pytest.mark.parametrize("error", [KeyRefused("The key is refused."), RuntimeError("unforeseen")])
async def test_what_was_finished_before_a_failure_is_kept_and_the_rest_given_back(
    tmp_path: Path, error: Exception
) -> None:
    provider = FixedProvider(paid=True, millicredits=1000)

    def fail_on_the_third(_request: object) -> None:
        if len(provider.requests) == 3:
            raise error

    provider.before = fail_on_the_third
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=4))
        assert len(creation.artifacts) == 2
        assert "2 of 4 pictures were made" in " ".join(creation.notes)
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 2
        assert counter(abby, ALICE, CREDITS_PER_DAY) == 2000
        # A refused key costs nothing; after an error nobody foresaw, the third may have been billed to the host.
        assert counter(abby, None, CREDITS_PER_DAY) == (2000 if isinstance(error, KeyRefused) else 3000)
    assert_sound(abby)


# ---------------------------------------------------------------------- trying again


async def test_a_free_provider_is_asked_again_after_passing_trouble(tmp_path: Path) -> None:
    provider, clock = FixedProvider(errors=(passing_error(), passing_error())), Clock()
    async with open_abby(tmp_path, provider, clock=clock) as abby:
        await abby.studio.submit(wish("o1"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for progress in abby.studio.watch("o1", ALICE):
                if progress.state == "waiting" and provider.requests:
                    clock.skip(6)
        assert (await abby.studio.order("o1", ALICE)).state == "done"
        assert len(provider.requests) == 3
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 1
    assert_sound(abby)


async def test_even_a_free_provider_is_not_asked_for_ever(tmp_path: Path) -> None:
    provider, clock = FixedProvider(errors=(passing_error(),) * 9), Clock()
    async with open_abby(tmp_path, provider, clock=clock) as abby:
        await abby.studio.submit(wish("o1"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for progress in abby.studio.watch("o1", ALICE):
                if progress.state == "waiting" and provider.requests:
                    clock.skip(6)
        view = await abby.studio.order("o1", ALICE)
        assert (view.state, view.error) == ("failed", PASSING)
        assert len(provider.requests) == 3


async def test_pictures_that_are_finished_are_not_made_again(tmp_path: Path) -> None:
    provider, clock = FixedProvider(), Clock()

    def fail_on_the_second(_request: object) -> None:
        if len(provider.requests) == 2:
            raise passing_error()

    provider.before = fail_on_the_second
    async with open_abby(tmp_path, provider, clock=clock) as abby:
        await abby.studio.submit(wish("o1", pictures=2))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for progress in abby.studio.watch("o1", ALICE):
                if progress.state == "waiting" and len(provider.requests) == 2:
                    clock.skip(6)
        creation = await abby.studio.result("o1", ALICE)
        assert len(creation.artifacts) == 2
        assert len(provider.requests) == 3
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 2
    assert_sound(abby)


async def test_a_paid_provider_is_never_asked_twice(tmp_path: Path) -> None:
    provider = paid_provider(errors=(passing_error(),))
    async with open_abby(tmp_path, provider) as abby:
        with pytest.raises(ProviderError):
            await abby.studio.create(wish("o1"))
        assert len(provider.requests) == 1
        assert counter(abby, None, CREDITS_PER_DAY) == 0
