"""Sessions and sign-in links on SQLite and PostgreSQL: who is signed in, where, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from abby_core.access.session import IDLE_SECONDS, LIFETIME_SECONDS, LIVE_SESSIONS_MAX
from abby_core.access.sign_ins import LIVE_SIGN_INS_MAX, SIGN_IN_SECONDS
from abby_core.bootstrap import Abby
from abby_core.errors import NotFound, Refused
from abby_core.quota import erasure
from abby_core.quota.account import Account
from tests.services.databases import Place, contents
from tests.support.studio import ALICE, BOB, Clock, open_abby


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url, clock=clock)
    yield opened
    opened.close()


async def test_a_secret_leads_to_its_session_until_that_is_ended(abby: Abby) -> None:
    session, text = await abby.sessions.begin(ALICE, device="Firefox\n\x00 on Linux")
    assert await abby.sessions.find(text) == session
    assert (session.account, session.device) == (ALICE, "Firefox on Linux")
    assert await abby.sessions.find(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
    assert await abby.sessions.find("x" * 100_000) is None
    await abby.sessions.end(ALICE, session.id)
    await abby.sessions.end(ALICE, session.id)
    assert await abby.sessions.find(text) is None


async def test_the_secrets_themselves_are_kept_nowhere(abby: Abby) -> None:
    _, text = await abby.sessions.begin(ALICE)
    link = abby.sign_ins.create(ALICE)
    kept = repr(contents(abby.database))
    assert text not in kept
    assert link not in kept


async def test_a_session_ends_when_it_is_not_used(abby: Abby, clock: Clock) -> None:
    _, text = await abby.sessions.begin(ALICE)
    clock.skip(IDLE_SECONDS - 60)
    assert await abby.sessions.find(text)  # which is a use
    clock.skip(IDLE_SECONDS - 60)
    assert await abby.sessions.find(text)
    clock.skip(IDLE_SECONDS + 60)
    assert await abby.sessions.find(text) is None
    assert await abby.sessions.list(ALICE) == ()


async def test_a_session_ends_in_the_end_however_much_it_is_used(abby: Abby, clock: Clock) -> None:
    _, text = await abby.sessions.begin(ALICE)
    for _ in range(LIFETIME_SECONDS // (IDLE_SECONDS // 2)):
        assert await abby.sessions.find(text)
        clock.skip(IDLE_SECONDS // 2)
    clock.skip(IDLE_SECONDS // 2)
    assert await abby.sessions.find(text) is None


async def test_an_account_is_signed_in_in_so_many_places_and_the_least_used_gives_way(abby: Abby, clock: Clock) -> None:
    begun: list[str] = []
    for _ in range(LIVE_SESSIONS_MAX):
        begun.append((await abby.sessions.begin(ALICE))[1])
        clock.skip(61)
    assert await abby.sessions.find(begun[0])  # so the second one is the least used
    clock.skip(61)
    _, newest = await abby.sessions.begin(ALICE)
    assert len(await abby.sessions.list(ALICE)) == LIVE_SESSIONS_MAX
    assert [bool(await abby.sessions.find(text)) for text in (begun[0], begun[1], newest)] == [True, False, True]


async def test_somebody_elses_session_cannot_be_ended_and_answers_like_none(abby: Abby) -> None:
    session, text = await abby.sessions.begin(ALICE)
    answers: list[str] = []
    for session_id in (session.id, "nothing"):
        with pytest.raises(NotFound) as refused:
            await abby.sessions.end(BOB, session_id)
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    _, his = await abby.sessions.begin(BOB)
    kept, _ = await abby.sessions.begin(BOB)
    assert await abby.sessions.end_others(BOB, kept) == 1
    assert await abby.sessions.find(his) is None
    assert await abby.sessions.find(text) == session
    assert [each.id for each in await abby.sessions.list(BOB)] == [kept.id]


async def test_a_link_signs_in_once(abby: Abby) -> None:
    text = abby.sign_ins.create(ALICE)
    assert [await abby.sign_ins.look(text) for _ in range(3)] == [ALICE] * 3
    assert await abby.sign_ins.redeem(text) == ALICE
    for again in (abby.sign_ins.redeem, abby.sign_ins.look):
        with pytest.raises(NotFound, match="has been used, or is too old"):
            await again(text)


async def test_of_many_who_use_a_link_at_once_one_is_signed_in(abby: Abby) -> None:
    text = abby.sign_ins.create(ALICE)
    answers = await asyncio.gather(*(abby.sign_ins.redeem(text) for _ in range(12)), return_exceptions=True)
    assert [each for each in answers if isinstance(each, Account)] == [ALICE]
    assert all(isinstance(each, Account | NotFound) for each in answers)


async def test_a_link_is_good_for_some_minutes(abby: Abby, clock: Clock) -> None:
    text = abby.sign_ins.create(ALICE)
    clock.skip(SIGN_IN_SECONDS + 1)
    with pytest.raises(NotFound):
        await abby.sign_ins.redeem(text)


async def test_an_account_has_few_links_open_and_the_oldest_gives_way(abby: Abby, clock: Clock) -> None:
    his = abby.sign_ins.create(BOB)
    links: list[str] = []
    for _ in range(LIVE_SIGN_INS_MAX + 1):
        links.append(abby.sign_ins.create(ALICE))
        clock.skip(1)
    with pytest.raises(NotFound):
        await abby.sign_ins.redeem(links[0])
    assert [await abby.sign_ins.redeem(text) for text in links[1:]] == [ALICE] * LIVE_SIGN_INS_MAX
    assert await abby.sign_ins.redeem(his) == BOB
    assert len(contents(abby.database)["sign_in_links"]) <= LIVE_SIGN_INS_MAX + 1


async def test_nobody_is_signed_in_while_they_are_being_forgotten(abby: Abby) -> None:
    text = abby.sign_ins.create(ALICE)
    abby.database.write(erasure.begin, ALICE.key, {}, 1)
    with pytest.raises(Refused, match="being removed"):
        await abby.sessions.begin(ALICE)
    with pytest.raises(Refused, match="being removed"):
        abby.sign_ins.create(ALICE)
    assert await abby.sign_ins.look(text) == ALICE  # that it was made before stays so until the rows go


async def test_forgetting_somebody_signs_them_out_everywhere(abby: Abby) -> None:
    async with abby:
        _, text = await abby.sessions.begin(ALICE)
        link = abby.sign_ins.create(ALICE)
        await abby.forgetting.forget(ALICE)
        assert await abby.sessions.find(text) is None
        with pytest.raises(NotFound):
            await abby.sign_ins.redeem(link)
