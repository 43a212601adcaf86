"""An accepted order ends in its picture, once, or in a sentence: whatever dies on the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from abby_adapters.discord.main import Abby
from tests.adapters.discord.conftest import House, account, said, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message
from tests.services.discord_server import broken, lost, moderated, refused
from tests.services.discord_world import ATTACH_FILES, FILE_BYTES_MAX, SEND_MESSAGES
from tests.support.providers import FixedProvider, blocking_provider, paid_provider, photograph

REPLY = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


async def left_waiting(house: House, **options: object) -> Interaction:
    """An order that was accepted by an Abby who then died."""
    provider, _gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine(**options)  # pyright: ignore[reportArgumentType]
        await said(asked, "Painting")
        await house.crash(bot)
    return asked


async def again(house: House, bot: Abby, *, seconds: float = 7 * 3600) -> None:
    """The time of the next try has come."""
    assert bot.core is not None
    house.clock.skip(seconds)
    await bot.core.deliveries.work_off()


def with_pictures(house: House) -> list[Message]:
    return [message for message in house.server.messages if message.files]


def delivery_rows(bot: Abby) -> list[dict[str, str]]:
    assert bot.core is not None
    return bot.core.database.read(lambda tx: [dict(row) for row in tx.rows("SELECT state, address FROM deliveries")])


async def test_what_a_restart_interrupted_still_comes_in_its_message(house: House) -> None:
    asked = await left_waiting(house)
    async with house.bot():
        await shown(asked)
    (message,) = with_pictures(house)
    assert message is asked.original


async def test_a_dead_token_makes_it_a_reply_that_notifies_its_owner_alone(house: House) -> None:
    asked = await left_waiting(house, prompt="for @everyone")
    house.server.kill_token(asked)
    async with house.bot():
        await house.server.until(lambda: with_pictures(house))
        assert asked.original is not None
        await said(asked, "Finished: see below.")
    (reply,) = with_pictures(house)
    assert reply.reference is not None
    assert reply.reference["message_id"] == str(asked.original.id)
    assert reply.pings == {str(house.ada.id)}
    assert reply.files[0].data == photograph()
    assert len(reply.buttons) == 7


async def test_a_reply_whose_answer_was_lost_is_not_made_twice(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next(REPLY, lost())
    async with house.bot() as bot:
        await house.server.until(lambda: with_pictures(house))
    async with house.bot() as bot:
        await again(house, bot)
        await said(asked, "Finished")
    assert len(with_pictures(house)) == 1


async def test_not_even_when_discord_has_forgotten_the_number_it_carried(house: House) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next(REPLY, lost())
    async with house.bot() as bot:
        await house.server.until(lambda: with_pictures(house))
        await house.crash(bot)
    house.server.forget_nonces()
    async with house.bot() as bot:
        await again(house, bot)
        await said(asked, "Finished")
    assert len(with_pictures(house)) == 1


async def test_an_edit_that_fails_for_a_while_is_made_later(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await said(asked, "Painting")
        house.server.next(EDIT, broken(503))
        gate.set()
        await house.server.until(lambda: any(seen.status == 503 for seen in house.server.seen))
        await house.crash(bot)
    async with house.bot() as bot:
        bot.long_wait_seconds = 3600
        await again(house, bot, seconds=200)
        await shown(asked)
    assert len(with_pictures(house)) == 1


async def test_a_message_that_was_deleted_meanwhile_is_replaced_by_a_reply(house: House) -> None:
    asked = await left_waiting(house)
    assert asked.original is not None
    asked.original.deleted = True
    house.art.messages.clear()
    async with house.bot():
        await house.server.until(lambda: with_pictures(house))


async def test_where_the_channel_is_closed_it_comes_as_a_direct_message(house: House) -> None:
    house.art.deny(house.guild.everyone, SEND_MESSAGES | ATTACH_FILES)
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    async with house.bot():
        await house.server.until(lambda: house.server.dm(house.ada).messages)
    (message,) = house.server.dm(house.ada).messages
    assert message.files[0].filename == "image.png"


async def test_what_was_asked_in_private_never_comes_into_the_channel(house: House) -> None:
    asked = await left_waiting(house, private=True)
    house.server.kill_token(asked)
    async with house.bot():
        await house.server.until(lambda: house.server.dm(house.ada).messages)
    assert [message for message in house.art.messages if message.files] == []


async def test_where_discord_leaves_no_way_it_is_found_with_where(house: House) -> None:
    house.ada.takes_dms = False
    asked = await left_waiting(house, private=True)
    house.server.kill_token(asked)
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 403 for seen in house.server.seen))
        message = await said(await house.server.command(house.ada, "where", channel=house.art), "Done")
        assert str(asked.id) in message.text
        back = await house.server.command(house.ada, "show", {"id": str(asked.id)}, channel=house.art)
        await shown(back)
        assert len(house.kept(bot, house.ada)) == 1


async def test_a_paid_call_that_a_restart_cut_off_ends_in_a_sentence(house: House) -> None:
    provider = paid_provider(gate=asyncio.Event())
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await said(asked, "Painting")
        await house.crash(bot)
    async with house.bot(paid_provider()) as bot:
        message = await said(asked, "Nothing was charged.")
        assert message.files == []
        assert bot.core is not None
        assert bot.core.quota.status(account(house.ada)).images.used == 0


async def test_after_delivery_no_token_is_left_in_the_database(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        message = await said(asked, "Painting")
        await bot.messages[str(asked.id)]._opened.wait()
        (row,) = delivery_rows(bot)
        address = json.loads(row["address"])
        assert (address["token"], address["message"]) == (asked.token, message.id)
        gate.set()
        await shown(asked)
    async with house.bot() as bot:
        (row,) = delivery_rows(bot)
        assert row["state"] == "delivered"
        assert asked.token not in row["address"]


async def test_a_picture_above_the_servers_limit_is_made_to_fit_and_that_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = photograph(1024, 768)
    monkeypatch.setitem(FILE_BYTES_MAX, 0, len(large) // 2)
    async with house.bot(FixedProvider(data=large), image_generation_size_mb=5) as bot:
        message = (await shown(await house.imagine())).original
        assert message is not None
        (file,) = message.files
        assert file.filename == "image.webp"
        assert len(file.data) <= len(large) // 2
        assert "Made smaller to fit" in message.text
        (kept,) = house.kept(bot, house.ada)
        assert kept.size_bytes == len(large)


async def test_files_that_discord_calls_too_large_all_the_same_are_left_out(house: House) -> None:
    house.server.next(EDIT, refused(413, 40005), refused(413, 40005))
    provider, gate = blocking_provider()
    gate.set()
    async with house.bot(provider):
        message = await said(await house.imagine(), "all of them are in your gallery")
        assert message.files == []


async def test_what_automod_blocks_is_told_without_its_files(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine()
        await said(asked, "Painting")
        house.server.next(EDIT, moderated())
        gate.set()
        message = await said(asked, f"/show id:{asked.id}")
        assert "rabbit" not in message.text
        assert message.files == []


async def test_what_is_missing_from_the_disk_is_no_reason_to_say_nothing(house: House) -> None:
    asked = await left_waiting(house)

    def vanish(root: Path) -> None:
        for path in (root / "images").rglob("*.png"):
            path.unlink()

    house.server.kill_token(asked)
    house.server.next(REPLY, broken(503))
    async with house.bot() as bot:
        await house.server.until(lambda: any(seen.status == 503 for seen in house.server.seen))
        await house.crash(bot)
    vanish(house.root)
    async with house.bot() as bot:
        await again(house, bot)
        await house.server.until(lambda: [each for each in house.art.messages if "your gallery" in each.text])
