"""Posts on SQLite and PostgreSQL: where an account's pictures were put outside of Abby."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from abby_core.bootstrap import Abby
from abby_core.errors import Refused
from abby_core.quota import erasure
from abby_core.studio import posts
from abby_core.studio.posts import Post
from tests.services.databases import Place
from tests.support.studio import ALICE, BOB, Clock, open_abby


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url, clock=clock)
    yield opened
    opened.close()


def post(address: str, account: str = ALICE.key, order_id: str = "o1", kind: str = "board") -> Post:
    return Post(kind=kind, address=address, account=account, order_id=order_id)


async def test_they_are_found_by_order_and_by_account_and_by_nobody_else(abby: Abby) -> None:
    for each in (post("b"), post("a", order_id="o2"), post("c", BOB.key), post("d", kind="other")):
        assert await abby.posts.enter(each)
        assert not await abby.posts.enter(each)
    assert await abby.posts.of_order("board", "o1", ALICE.key) == [post("b")]
    assert await abby.posts.of_order("board", "o1", BOB.key) == [post("c", BOB.key)]
    assert await abby.posts.of_account("board", ALICE.key) == [post("a", order_id="o2"), post("b")]
    assert await abby.posts.of_account("board", ALICE.key, after="a") == [post("b")]
    await abby.posts.strike("board", "b")
    assert await abby.posts.of_order("board", "o1", ALICE.key) == []


async def test_a_rough_place_becomes_the_exact_one_however_often_that_is_said(abby: Abby) -> None:
    await abby.posts.enter(post("about there"))
    assert await abby.posts.settle(post("about there"), "exactly there")
    assert await abby.posts.settle(post("about there"), "exactly there")
    assert await abby.posts.of_account("board", ALICE.key) == [post("exactly there")]


async def test_what_was_taken_back_before_it_was_settled_is_said_to_be(abby: Abby) -> None:
    await abby.posts.enter(post("about there"))
    await abby.posts.strike("board", "about there")
    assert not await abby.posts.settle(post("about there"), "exactly there")
    assert await abby.posts.of_account("board", ALICE.key) == []


async def test_while_somebody_is_being_forgotten_nothing_is_entered_for_them(abby: Abby) -> None:
    await abby.posts.enter(post("before"))
    await abby.database.run(erasure.begin, ALICE.key, {}, 0)
    with pytest.raises(Refused, match="being removed"):
        await abby.posts.enter(post("after"))
    await abby.posts.enter(post("after", BOB.key))
    assert await abby.posts.settle(post("before"), "there")
    assert await abby.posts.of_account("board", ALICE.key) == [post("there")]


async def test_the_oldest_of_very_many_are_not_remembered(
    abby: Abby, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posts, "ACCOUNT_POSTS_MAX", 3)
    for number in (5, 4, 3, 2, 1):
        clock.skip(1)
        await abby.posts.enter(post(f"{number}"))
    await abby.posts.enter(post("other", BOB.key))
    assert [each.address for each in await abby.posts.of_account("board", ALICE.key)] == ["1", "2", "3"]
    assert len(await abby.posts.of_account("board", BOB.key)) == 1
