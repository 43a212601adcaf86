"""API tokens on SQLite and PostgreSQL: whoever shows one acts for its owner, until it ends."""

from __future__ import annotations

import re
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from abby_core.access.token import ENDED_TOKENS_MAX, LIVE_TOKENS_MAX, SCOPES
from abby_core.bootstrap import Abby
from abby_core.errors import InvalidRequest, NotFound, QuotaExceeded
from abby_core.quota.account import Account
from abby_core.quota.limits import Need
from abby_core.quota.meter import TokenLimit
from tests.services.databases import Place, contents
from tests.support.studio import ALICE, BOB, Clock, open_abby, wish


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url, clock=clock)
    yield opened
    opened.close()


async def test_whoever_shows_a_token_is_its_owner_with_its_scopes(abby: Abby) -> None:
    made, text = abby.tokens.create(ALICE, name="my phone", scopes=("look",))
    caller = await abby.tokens.caller(text)
    assert caller is not None
    assert (caller.account, caller.scopes, caller.token_id) == (ALICE, {"look"}, made.id)
    assert await abby.tokens.caller(f"  {text.upper()}\n") == caller


async def test_the_token_itself_is_kept_nowhere(abby: Abby) -> None:
    _, text = abby.tokens.create(ALICE)
    assert re.fullmatch(r"abby_[2-9a-z]{40}", text)
    assert text.removeprefix("abby_") not in repr(contents(abby.database))


async def test_a_revoked_token_opens_nothing_from_that_moment_on(abby: Abby) -> None:
    made, text = abby.tokens.create(ALICE)
    assert await abby.tokens.caller(text)
    assert abby.tokens.revoke(ALICE, made.id).state == "revoked"
    assert await abby.tokens.caller(text) is None
    assert abby.tokens.revoke(ALICE, made.id).revoked_at_ms == abby.tokens.find(ALICE, made.id).revoked_at_ms


async def test_a_token_opens_nothing_after_its_time(abby: Abby, clock: Clock) -> None:
    _, short = abby.tokens.create(ALICE, expires_in_seconds=3600)
    _, lasting = abby.tokens.create(ALICE)
    assert await abby.tokens.any_live()
    clock.skip(3601)
    assert await abby.tokens.caller(short) is None
    assert await abby.tokens.caller(lasting)
    assert [each.state for each in abby.tokens.list(ALICE)].count("expired") == 1


@pytest.mark.parametrize(
    "text", ["", "abby_", "abby_" + "2" * 40, "abby_" + "2" * 10**6, "2" * 40, "\0", "' OR 1 = 1 --", "abby_\ud800" * 9]
)
async def test_what_is_no_token_opens_nothing(abby: Abby, text: str) -> None:
    abby.tokens.create(ALICE)
    assert await abby.tokens.caller(text) is None


def test_another_accounts_token_answers_like_one_that_does_not_exist(abby: Abby) -> None:
    made, _ = abby.tokens.create(ALICE)
    assert abby.tokens.list(BOB) == ()
    for act in (abby.tokens.find, abby.tokens.revoke):
        with pytest.raises(NotFound) as others:
            act(BOB, made.id)
        with pytest.raises(NotFound) as missing:
            act(BOB, "0" * 16)
        assert str(others.value).replace(made.id, "") == str(missing.value).replace("0" * 16, "")
    assert abby.tokens.find(ALICE, made.id).state == "live"


async def test_it_is_known_to_the_minute_when_a_token_was_used(abby: Abby, clock: Clock) -> None:
    made, text = abby.tokens.create(ALICE)
    assert abby.tokens.find(ALICE, made.id).last_used_at_ms == 0
    await abby.tokens.caller(text)
    first = abby.tokens.find(ALICE, made.id).last_used_at_ms
    clock.skip(30)
    await abby.tokens.caller(text)
    assert abby.tokens.find(ALICE, made.id).last_used_at_ms == first > 0
    clock.skip(31)
    await abby.tokens.caller(text)
    assert abby.tokens.find(ALICE, made.id).last_used_at_ms > first


@pytest.mark.parametrize(
    "wrong", [{"scopes": ()}, {"scopes": ("all",)}, {"name": "a\nb"}, {"name": "x" * 61}, {"expires_in_seconds": 1},
              {"expires_in_seconds": float("nan")}, {"images_per_day": -1}, {"images_per_day": 10**7}]
)  # fmt: skip
def test_what_no_token_can_be_is_refused(abby: Abby, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        abby.tokens.create(ALICE, **wrong)  # pyright: ignore[reportArgumentType]
    assert abby.tokens.list(ALICE) == ()


def test_many_at_once_never_pass_the_most_an_account_may_have(abby: Abby) -> None:
    def create(_number: int) -> bool:
        try:
            abby.tokens.create(ALICE)
        except QuotaExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(LIVE_TOKENS_MAX + 5))) == LIVE_TOKENS_MAX
    assert abby.tokens.create(BOB)[0].scopes == SCOPES


def test_ended_tokens_are_remembered_but_not_without_end(abby: Abby) -> None:
    for _ in range(ENDED_TOKENS_MAX + 10):
        abby.tokens.revoke(ALICE, abby.tokens.create(ALICE)[0].id)
    assert len(abby.tokens.list(ALICE)) == ENDED_TOKENS_MAX + 1


class TestATokensOwnLimit:
    def reserve(
        self, abby: Abby, order: str, limit: TokenLimit | None, images: int = 1, account: Account = ALICE
    ) -> bool:
        return abby.database.write(
            abby.quota.reserve_in, account.key, order, Need(images=images), seconds=60, token=limit
        )

    async def limited(self, abby: Abby, images_per_day: int) -> TokenLimit:
        caller = await abby.tokens.caller(abby.tokens.create(ALICE, images_per_day=images_per_day)[1])
        assert caller is not None
        assert caller.limit is not None
        return caller.limit

    async def test_many_at_once_never_pass_it_and_what_is_refused_counts_nowhere(self, abby: Abby) -> None:
        limit = await self.limited(abby, 5)

        def order(number: int) -> str:
            try:
                self.reserve(abby, f"order-{number}", limit)
            except QuotaExceeded as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(order, range(20)))
        assert answers.count("") == 5
        assert {each for each in answers if each} == {next(filter(None, answers))}
        assert "This token's own daily limit is reached: 5 of 5" in next(filter(None, answers))
        assert abby.tokens.find(ALICE, limit.token_id).images_today == 5
        assert abby.quota.status(ALICE).images.used == 5

    async def test_what_an_order_does_not_use_comes_back_and_what_it_does_use_stays(self, abby: Abby) -> None:
        limit = await self.limited(abby, 5)
        self.reserve(abby, "a", limit, 3)
        self.reserve(abby, "b", limit, 2)
        abby.database.write(abby.quota.settle_in, "a", share=Need(images=1), actual=Need(images=1), close=False)
        assert abby.tokens.find(ALICE, limit.token_id).images_today == 5
        abby.database.write(abby.quota.release_in, "a")
        abby.database.write(abby.quota.release_in, "b")
        assert abby.tokens.find(ALICE, limit.token_id).images_today == abby.quota.status(ALICE).images.used == 1

    async def test_it_starts_anew_each_day_and_other_tokens_have_their_own(self, abby: Abby, clock: Clock) -> None:
        limit, other = await self.limited(abby, 1), await self.limited(abby, 1)
        assert self.reserve(abby, "a", limit)
        with pytest.raises(QuotaExceeded) as refused:
            self.reserve(abby, "b", limit)
        assert (refused.value.meter, refused.value.limit) == ("token images/day", 1)
        assert refused.value.retry_after_seconds
        assert self.reserve(abby, "b", other)
        assert self.reserve(abby, "c", None)
        clock.skip(86_400)
        assert self.reserve(abby, "d", limit)

    async def test_the_accounts_own_limit_holds_beside_it(self, abby: Abby) -> None:
        limit = await self.limited(abby, 100)
        abby.quota.set_limit(ALICE, "images/day", 1)
        assert self.reserve(abby, "a", limit)
        with pytest.raises(QuotaExceeded, match="Daily generation limit"):
            self.reserve(abby, "b", limit)
        assert abby.tokens.find(ALICE, limit.token_id).images_today == 1

    async def test_an_order_that_comes_with_a_token_is_counted_for_it(self, abby: Abby) -> None:
        limit = await self.limited(abby, 2)
        async with abby:
            await abby.studio.create(wish("a", pictures=2, token=limit))
            with pytest.raises(QuotaExceeded, match="token"):
                await abby.studio.create(wish("b", token=limit))
            assert abby.tokens.find(ALICE, limit.token_id).images_today == 2

    async def test_a_forgotten_token_leaves_no_counter_behind(self, abby: Abby) -> None:
        limit = await self.limited(abby, 2)
        self.reserve(abby, "a", limit)
        abby.tokens.revoke(ALICE, limit.token_id)
        for _ in range(ENDED_TOKENS_MAX + 1):
            abby.tokens.revoke(ALICE, abby.tokens.create(ALICE)[0].id)
        assert limit.token_id not in repr(contents(abby.database)["counters"])

    def test_what_is_set_aside_is_explained_once(self, abby: Abby) -> None:
        self.reserve(abby, "a", TokenLimit(token_id="t", images_per_day=2), 2)
        [reserved] = abby.quota.explain(ALICE).as_dict()["reservations"]
        assert reserved["holds"] == [{"meter": "images/day", "amount": 2}]


def test_only_the_host_gives_out_the_scopes_that_are_the_hosts(abby: Abby) -> None:
    with pytest.raises(InvalidRequest):
        abby.tokens.create(ALICE, scopes=("admin",))
    assert abby.tokens.create(ALICE, scopes=("admin", "look"), by_host=True)[0].scopes == ("look", "admin")
