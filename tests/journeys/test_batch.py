"""One order of several pictures: reserved as a whole, settled one by one, and what fails fails alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from abby_core.errors import BadAnswer, InvalidRequest, Moderated, OutOfCredits, ProviderError, QuotaExceeded
from abby_core.generation.provider import Capabilities, ProgressListener, ignore_progress
from abby_core.generation.request import KINDS, GeneratedImage, ImageRequest
from abby_core.quota.meter import CREDITS_PER_DAY, IMAGES_PER_DAY
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import ALICE, Clock, assert_sound, counter, open_abby, reservations, until_ended, wish

EACH = 1000


@dataclass
class Batches(FixedProvider):
    """A provider that makes up to four pictures in one call, and keeps some back."""

    paid: bool = True
    millicredits: int = EACH
    kept_back: int = 0
    spoilt: int = -1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.batches: list[int] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(kinds=frozenset(KINDS), paid=self.paid, batch_max=4)

    async def generate_batch(
        self, request: ImageRequest, count: int, *, progress: ProgressListener = ignore_progress
    ) -> list[GeneratedImage]:
        self.batches.append(count)
        first = await self.generate(request, progress=progress)
        images = [
            GeneratedImage(
                data=b"spoilt" if number == self.spoilt else photograph(seed=number + 2),
                provider=self.name,
                model="fixed-1",
                seed=100 + number,
                millicredits=EACH,
            )
            for number in range(count)
        ]
        assert first.data
        return images[: count - self.kept_back]


async def test_what_one_call_can_bring_is_asked_for_in_one_call(tmp_path: Path) -> None:
    provider = Batches()
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=6))
    assert provider.batches == [4, 2]
    assert [artifact.order_index for artifact in creation.artifacts] == [0, 1, 2, 3, 4, 5]
    assert [artifact.seed for artifact in creation.artifacts] == [100, 101, 102, 103, 100, 101]
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 6
    assert counter(abby, None, CREDITS_PER_DAY) == 6 * EACH
    assert reservations(abby) == []
    assert_sound(abby)


async def test_pictures_that_a_batch_lacks_fail_and_the_host_is_told_of_the_money(tmp_path: Path) -> None:
    async with open_abby(tmp_path, Batches(kept_back=1)) as abby:
        creation = await abby.studio.create(wish("o1", pictures=4))
        assert len(creation.artifacts) == counter(abby, ALICE, IMAGES_PER_DAY) == 3
        assert [(failure.index, failure.code) for failure in creation.failures] == [(3, "BadAnswer")]
        assert creation.order.maybe_billed
        assert (counter(abby, ALICE, CREDITS_PER_DAY), counter(abby, None, CREDITS_PER_DAY)) == (3 * EACH, 4 * EACH)
    assert_sound(abby)


async def test_one_spoilt_picture_of_a_batch_fails_alone(tmp_path: Path) -> None:
    async with open_abby(tmp_path, Batches(spoilt=1)) as abby:
        creation = await abby.studio.create(wish("o1", pictures=4))
        assert [artifact.order_index for artifact in creation.artifacts] == [0, 2, 3]
        assert [(failure.index, failure.code) for failure in creation.failures] == [(1, "BadAnswer")]
        assert (counter(abby, ALICE, CREDITS_PER_DAY), counter(abby, None, CREDITS_PER_DAY)) == (3 * EACH, 4 * EACH)
    assert_sound(abby)


async def test_all_pictures_of_a_call_are_noted_before_it_is_made(tmp_path: Path) -> None:
    gate = asyncio.Event()
    provider = Batches(gate=gate)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", pictures=6))
        await provider.begun()
        rows = abby.database.read(lambda tx: tx.rows("SELECT calls_started AS n FROM orders"))
        assert [row["n"] for row in rows] == [4]
        await abby.studio.stop(grace_seconds=0)
        view = await abby.studio.order("o1", ALICE)
        assert (view.state, view.maybe_billed) == ("failed", True)
        assert (counter(abby, ALICE, CREDITS_PER_DAY), counter(abby, None, CREDITS_PER_DAY)) == (0, 4 * EACH)
    assert_sound(abby)


@pytest.mark.parametrize("error", [Moderated("Not that one."), BadAnswer("That is HTML."), InvalidRequest("No.")])
async def test_a_picture_that_fails_for_reasons_of_its_own_leaves_the_others_alone(
    tmp_path: Path, error: Exception
) -> None:
    provider = FixedProvider(paid=True, millicredits=EACH)

    def fail_on_the_second(_request: object) -> None:
        if len(provider.requests) == 2:
            raise error

    provider.before = fail_on_the_second
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=4))
        assert [artifact.order_index for artifact in creation.artifacts] == [0, 2, 3]
        assert [(failure.index, failure.error) for failure in creation.failures] == [(1, str(error))]
        assert "3 of 4 pictures were made" in " ".join(creation.notes)
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 3
        assert counter(abby, None, CREDITS_PER_DAY) == 3 * EACH
        assert reservations(abby) == []
        assert (await abby.studio.order("o1", ALICE)).failures == creation.failures
    assert_sound(abby)


async def test_pictures_stand_in_their_order_whichever_attempt_made_them(tmp_path: Path) -> None:
    provider, clock = FixedProvider(), Clock()

    def fail_on_the_first_and_third(_request: object) -> None:
        if len(provider.requests) == 1:
            raise Moderated("Not that one.")
        if len(provider.requests) == 3:
            tried.set()
            raise ProviderError("Overloaded.", transient=True)

    tried = asyncio.Event()
    provider.before = fail_on_the_first_and_third
    async with open_abby(tmp_path, provider, clock=clock) as abby:
        making = asyncio.create_task(abby.studio.create(wish("o1", pictures=3)))
        await tried.wait()
        async for progress in abby.studio.watch("o1", ALICE):
            if progress.state == "waiting":
                clock.skip(6)
        assert [artifact.order_index for artifact in (await making).artifacts] == [0, 1, 2]
    assert_sound(abby)


async def test_when_the_money_is_gone_the_rest_is_not_asked_for(tmp_path: Path) -> None:
    provider = FixedProvider(paid=True, millicredits=EACH)

    def fail_on_the_second(_request: object) -> None:
        if len(provider.requests) == 2:
            raise OutOfCredits("The host's credits are used up.")

    provider.before = fail_on_the_second
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", pictures=4))
        assert len(creation.artifacts) == 1
        assert [failure.index for failure in creation.failures] == [1, 2, 3]
    assert len(provider.requests) == 2
    assert_sound(abby)


async def test_an_order_fails_when_none_of_its_pictures_could_be_made(tmp_path: Path) -> None:
    def fail(_request: object) -> None:
        raise Moderated("Not that.")

    async with open_abby(tmp_path, FixedProvider(before=fail)) as abby:
        with pytest.raises(Moderated, match="Not that"):
            await abby.studio.create(wish("o1", pictures=3))
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
    assert_sound(abby)


async def test_each_picture_may_have_a_prompt_of_its_own(tmp_path: Path) -> None:
    provider = Batches()
    prompts = ("a red fox", "a red fox", "a blue fox")
    async with open_abby(tmp_path, provider) as abby:
        creation = await abby.studio.create(wish("o1", prompt=prompts[0], pictures=3, prompts=prompts))
        assert provider.prompts == list(prompts)
        assert provider.batches == []
        assert [artifact.prompt for artifact in creation.artifacts] == list(prompts)
        seeds = [request.seed for request in provider.requests]
        assert seeds[2] == seeds[0] != seeds[1]  # the same seed shows what the words change
    assert_sound(abby)


@pytest.mark.parametrize("prompts", [("one",), ("one", "two", "three"), ("one", "")])
async def test_prompts_that_do_not_fit_the_pictures_are_refused(tmp_path: Path, prompts: tuple[str, ...]) -> None:
    async with open_abby(tmp_path) as abby:
        with pytest.raises(InvalidRequest):
            await abby.studio.submit(wish("o1", pictures=2, prompts=prompts))


async def test_a_batch_is_refused_as_a_whole_where_not_all_of_it_fits(tmp_path: Path) -> None:
    provider = FixedProvider()
    async with open_abby(tmp_path, provider, max_user_daily_gens=3) as abby:
        with pytest.raises(QuotaExceeded):
            await abby.studio.submit(wish("o1", pictures=4))
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
        assert len((await abby.studio.create(wish("o2", pictures=3))).artifacts) == 3
    assert len(provider.requests) == 3


async def test_cancelling_keeps_what_is_finished(tmp_path: Path) -> None:
    gate = asyncio.Event()
    gate.set()
    provider = FixedProvider(gate=gate)

    def block_the_third(_request: object) -> None:
        if len(provider.requests) == 3:
            gate.clear()
            third.set()

    third = asyncio.Event()
    provider.before = block_the_third
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.submit(wish("o1", pictures=4))
        await third.wait()
        await abby.studio.cancel("o1", ALICE)
        assert (await until_ended(abby, "o1")).state == "cancelled"
        assert len((await abby.studio.result("o1", ALICE)).artifacts) == counter(abby, ALICE, IMAGES_PER_DAY) == 2
    assert_sound(abby)
