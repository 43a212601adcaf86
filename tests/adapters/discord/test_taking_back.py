"""Forgetting somebody removes the bot's own messages with their pictures, whatever has happened since."""

from __future__ import annotations

import pytest

from abby_adapters.discord import taking_back
from abby_adapters.discord.main import Abby
from abby_core.gallery.forgetting import Receipt
from tests.adapters.discord.conftest import House, account, said, shown
from tests.adapters.discord.test_delivery import REPLY, again, left_waiting, with_pictures
from tests.services.discord_server import broken, lost, rate_limited, refused
from tests.services.discord_world import User
from tests.support.studio import open_abby

DELETE = "DELETE /channels/{channel_id}/messages/{message_id}"


async def forget(bot: Abby, user: User) -> Receipt:
    assert bot.core is not None
    return await bot.core.forgetting.forget(account(user))


async def test_answers_replies_and_direct_messages_go_and_those_of_others_stay(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        foreign = (await shown(await house.imagine(user=house.bob))).original
        (kept,) = house.kept(bot, house.ada)
        shown_again = {"id": kept.name, "private": False}
        await shown(await house.server.command(house.ada, "show", shown_again, channel=house.art))
    asked = await left_waiting(house, private=True)
    house.server.kill_token(asked)
    async with house.bot() as bot:
        await house.server.until(lambda: house.server.dm(house.ada).messages)
        await house.crash(bot)
    for each in house.server.interactions.values():
        house.server.kill_token(each)
    async with house.bot() as bot:
        receipt = await forget(bot, house.ada)
    assert (receipt.complete, receipt.by_hand) == (True, ())
    assert receipt.counts["posts"] >= 3
    assert with_pictures(house) == [foreign]
    assert house.server.dm(house.ada).messages == []


async def test_forgotten_by_another_program_they_go_with_the_bots_next_run(house: House) -> None:
    async with house.bot():
        await house.picture()
    elsewhere = open_abby(house.root, discord_token="a.b.c", clock=house.clock)
    receipt = await elsewhere.forgetting.forget(account(house.ada))
    elsewhere.close()
    assert not receipt.complete
    assert receipt.left == ("discord: what was posted there is taken back by the Abby that posts there.",)
    assert len(with_pictures(house)) == 1
    async with house.bot() as bot:
        await house.server.until(lambda: not with_pictures(house))
        assert (await forget(bot, house.ada)).complete


async def test_a_message_that_waits_goes_with_its_order(house: House) -> None:
    asked = await left_waiting(house)
    elsewhere = open_abby(house.root, discord_token="a.b.c", clock=house.clock)
    elsewhere.forgetting.patience_seconds = 0
    await elsewhere.forgetting.forget(account(house.ada))
    elsewhere.close()
    async with house.bot():
        await house.server.until(lambda: asked.original is None)


async def test_a_message_of_which_only_the_answer_was_lost_goes_too(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next(REPLY, lost())
    async with house.bot() as bot:
        await house.server.until(lambda: with_pictures(house))
        await house.crash(bot)
    async with house.bot() as bot:
        assert (await forget(bot, house.ada)).complete
    assert with_pictures(house) == []


async def test_what_is_gone_already_is_no_trouble(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        house.server.next(DELETE, refused(404, 10008))
        assert (await forget(bot, house.ada)).complete


async def test_what_the_bot_cannot_reach_any_more_is_left_to_people(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        house.server.next(DELETE, refused(403, 50001))
        receipt = await forget(bot, house.ada)
    assert receipt.complete
    assert receipt.by_hand == ("1 message on Discord is where Abby cannot come any more; remove it by hand.",)


async def test_while_discord_has_trouble_it_stays_to_be_done(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        house.server.next(DELETE, rate_limited(), broken(503))
        receipt = await forget(bot, house.ada)
        assert not receipt.complete
        assert receipt.left[0].startswith("discord: Discord did not remove a message")
        assert (await forget(bot, house.ada)).complete
    assert with_pictures(house) == []


async def test_many_messages_are_removed_some_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE_MAX", 1)
    async with house.bot() as bot:
        for prompt in ("one", "two", "three"):
            await house.picture(prompt)
        assert not (await forget(bot, house.ada)).complete
        await forget(bot, house.ada)
        assert (await forget(bot, house.ada)).complete
    assert with_pictures(house) == []


async def test_what_is_delivered_while_somebody_is_forgotten_never_appears(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next(REPLY, broken(503))
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 503 for seen in house.server.seen))
        assert (await forget(bot, house.ada)).complete
        await again(house, bot)
        assert with_pictures(house) == []
        await said(await house.server.command(house.ada, "where", channel=house.art), "No orders yet")
