"""After a long wait the result notifies whoever asked, once; and where Discord leaves no way, that is known."""

from __future__ import annotations

from dataclasses import replace

from abby_adapters.discord.address import Address
from abby_adapters.discord.delivery import LONG_WAIT_SECONDS, NOWHERE
from abby_adapters.discord.main import Abby
from tests.adapters.discord.conftest import House, account, said, shown
from tests.adapters.discord.test_delivery import EDIT, REPLY, again, left_waiting, with_pictures
from tests.services.discord_interactions import Interaction
from tests.services.discord_server import broken, refused
from tests.services.discord_world import ATTACH_FILES, READ_MESSAGE_HISTORY, SEND_MESSAGES
from tests.support.providers import blocking_provider, paid_provider

FOLLOW_UP = "POST /webhooks/{webhook_id}/{webhook_token}"
READ = "GET /channels/{channel_id}/messages/{message_id}"
OPEN_DM = "POST /users/@me/channels"


async def waited_long(house: House, **options: object) -> Interaction:
    """An order whose picture comes when its owner has long looked elsewhere."""
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine(**options)  # pyright: ignore[reportArgumentType]
        await said(asked, "Painting")
        house.clock.skip(LONG_WAIT_SECONDS + 1)
        gate.set()
        await house.server.until(lambda: with_pictures(house))
    return asked


def row(bot: Abby) -> dict[str, str]:
    assert bot.core is not None
    (found,) = bot.core.database.read(lambda tx: tx.rows("SELECT state, error, address FROM deliveries"))
    return dict(found)


async def test_the_picture_is_a_new_message_and_the_old_one_points_to_it(house: House) -> None:
    asked = await waited_long(house)
    (message,) = with_pictures(house)
    assert message is not asked.original
    assert message.pings == {str(house.ada.id)}
    assert asked.original is not None
    assert asked.original.text == "Finished: see below."
    assert asked.original.buttons == []


async def test_in_private_it_is_written_into_the_answer_and_a_short_message_calls(house: House) -> None:
    asked = await waited_long(house, private=True)
    (message,) = with_pictures(house)
    assert message is asked.original
    (call,) = asked.followups
    assert (call.ephemeral, call.files) == (True, [])
    assert "your order is finished" in call.text


async def test_so_it_is_where_the_bot_may_write_nothing_of_its_own(house: House) -> None:
    house.art.deny(house.guild.everyone, SEND_MESSAGES)
    asked = await waited_long(house)
    (message,) = with_pictures(house)
    assert message is asked.original
    (call,) = asked.followups
    assert call.pings == {str(house.ada.id)}


async def test_who_was_called_once_is_not_called_again(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine(private=True)
        await said(asked, "Painting")
        house.clock.skip(LONG_WAIT_SECONDS + 1)
        house.server.next(FOLLOW_UP, broken(500), broken(500), broken(500), broken(500), broken(500))
        gate.set()
        await shown(asked)
        await house.crash(bot)
    async with house.bot() as bot:
        await again(house, bot)
        assert row(bot)["state"] == "delivered"
    assert asked.followups == []


async def test_without_the_right_to_look_back_it_is_no_reply(house: House) -> None:
    house.art.deny(house.guild.everyone, READ_MESSAGE_HISTORY)
    await waited_long(house)
    (message,) = with_pictures(house)
    assert message.reference is None
    assert message.pings == {str(house.ada.id)}


async def test_an_answer_that_shows_the_picture_already_is_followed_by_no_other(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await said(asked, "Painting")
        gate.set()
        await shown(asked)
        await house.crash(bot)
        assert bot.core is not None
        bot.core.database.write(lambda tx: tx.execute("UPDATE deliveries SET state = 'pending', due_at = 0"))
    house.server.kill_token(asked)
    async with house.bot() as bot:
        await house.server.until(lambda: house.server.seen_of(READ))
        await again(house, bot)
        assert row(bot)["state"] == "delivered"
    assert len(with_pictures(house)) == 1


async def test_a_message_too_old_to_be_edited_once_more_is_removed(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next("PATCH /channels/{channel_id}/messages/{message_id}", refused(400, 30046))
    async with house.bot():
        await house.server.until(lambda: asked.original is None)
    assert len(with_pictures(house)) == 1


async def test_the_waiting_message_is_found_although_nobody_noted_which_it_is(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    async with house.bot(paid_provider()) as bot:
        assert bot.core is not None
        await house.server.until(lambda: with_pictures(house))
        await said(asked, "Finished")
        await house.crash(bot)

        assert asked.original is not None
        address = Address.of_text(row(bot)["address"])
        assert address.message == asked.original.id
        blank = replace(address, message=0).to_text()
        sql = "UPDATE deliveries SET state = 'pending', due_at = 0, address = :to"
        bot.core.database.write(lambda tx: tx.execute(sql, to=blank))
    asked.original.embeds = [{"type": "rich", "title": "Painting"}]
    async with house.bot():
        await said(asked, "Finished: see below.")
    assert len(with_pictures(house)) == 1


async def test_with_every_door_closed_it_is_given_up_and_says_why(house: House) -> None:
    house.ada.takes_dms = False
    house.art.deny(house.guild.everyone, SEND_MESSAGES | ATTACH_FILES)
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 403 for seen in house.server.seen_of(REPLY)[1:]))
        await again(house, bot, seconds=200)
        given_up = row(bot)
        assert (given_up["state"], given_up["error"]) == ("given_up", NOWHERE)
        assert asked.token not in given_up["address"]
        assert asked.original is not None
        assert bot.core is not None
        left = await bot.core.posts.of_account("discord", account(house.ada).key)
        assert f"{house.art.id}/{asked.original.id}" in [post.address for post in left], "for when Ada is forgotten"
        await said(await house.server.command(house.ada, "where", channel=house.art), "Done")
        assert bot.core is not None
        assert bot.core.quota.status(account(house.ada)).images.used == 1
        assert len(house.kept(bot, house.ada)) == 1
    assert len(house.server.seen_of(OPEN_DM)) >= 1


async def test_a_dead_token_is_not_kept_while_the_delivery_waits(house: House) -> None:
    asked = await left_waiting(house)
    house.clock.skip(15 * 60 + 1)
    house.server.next(REPLY, broken(503))
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 503 for seen in house.server.seen))
        await house.crash(bot)
        assert row(bot)["state"] == "pending"
        assert asked.token not in row(bot)["address"]
    assert not any(seen.path.endswith("@original") and seen.method == "PATCH" for seen in house.server.seen[-3:])


async def test_one_refused_edit_of_a_message_that_is_gone_leads_to_a_reply(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        await said(await house.imagine(), "Painting")
        house.server.next(EDIT, refused(404, 10008))
        gate.set()
        await house.server.until(lambda: with_pictures(house))
    (message,) = with_pictures(house)
    assert message.pings == {str(house.ada.id)}


async def test_a_refused_answer_is_no_reason_to_send_words_instead_of_the_picture(house: House) -> None:
    asked = await left_waiting(house, private=True)
    house.server.kill_token(asked)
    house.server.next(REPLY, broken(503))
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 503 for seen in house.server.seen))
        await house.crash(bot)
    async with house.bot() as bot:
        await again(house, bot)
    (message,) = house.server.dm(house.ada).messages
    assert message.files
