"""Between the bot and Discord: broken connections, limits of the rate, a busy house, several shards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.files import REQUEST_BYTES_MAX, shares
from abby_adapters.discord.main import RESTARTING, Abby, ShardedAbby, abby_for
from abby_core.database.sqlite import READERS_MAX
from abby_core.database.transaction import Transaction
from abby_core.settings import Settings
from tests.adapters.discord.conftest import House, account, said, shown
from tests.adapters.discord.test_delivery import EDIT, REPLY, left_waiting, with_pictures
from tests.services.discord_server import passed, rate_limited, refused, running
from tests.services.discord_world import FILE_BYTES_MAX
from tests.support.providers import FixedProvider, blocking_provider, photograph
from tests.support.studio import open_abby

CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"


async def test_what_is_pressed_while_the_connection_is_broken_is_answered_when_it_is_back(house: House) -> None:
    async with house.bot():
        await house.server.gateway.drop()
        await house.server.until(lambda: not house.server.gateway.connected)
        asked = await shown(await house.imagine())
        assert house.server.gateway.connected
        assert len(house.server.gateway.sessions) == 1, "the session was resumed"
    assert with_pictures(house) == [asked.original]


@pytest.mark.parametrize("forget", [False, True])
async def test_a_picture_that_was_finished_meanwhile_comes_all_the_same(house: House, forget: bool) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine()
        await said(asked, "Painting")
        await house.server.gateway.drop(forget=forget)
        gate.set()
        await shown(asked)
    assert len(with_pictures(house)) == 1


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_when_discord_asks_for_a_pause_it_gets_one(house: House, scope: str) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine()
        await said(asked, "Painting")
        house.server.next(EDIT, rate_limited(0.05, scope=scope), rate_limited(0.05, scope=scope))
        gate.set()
        await shown(asked)
        assert [seen.status for seen in house.server.seen_of(EDIT)][-3:] == [429, 429, 200]
    assert len(with_pictures(house)) == 1


@pytest.mark.parametrize("scope", ["user", "global"])
async def test_so_does_a_reply(house: House, scope: str) -> None:
    asked = await left_waiting(house)
    house.server.kill_token(asked)
    house.server.next(REPLY, rate_limited(0.05, scope=scope), passed())
    async with house.bot():
        await said(asked, "Finished")
    assert len(with_pictures(house)) == 1


@asynccontextmanager
async def database_held(bot: Abby) -> AsyncGenerator[None]:
    """Nothing is read or written on the database's own threads meanwhile."""
    assert bot.core is not None
    loop, free, holding = asyncio.get_running_loop(), asyncio.Event(), list[asyncio.Task[None]]()

    def hold(tx: Transaction, held: asyncio.Event) -> None:
        tx.row("SELECT served FROM turns")
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(free.wait(), loop).result()

    for door in (*[bot.core.database.fetch] * READERS_MAX, bot.core.database.run):
        held = asyncio.Event()
        holding.append(asyncio.create_task(door(hold, held)))
        await held.wait()
    yield
    free.set()
    await asyncio.gather(*holding)


async def test_while_the_database_is_held_the_answer_is_thinking_and_then_the_order(house: House) -> None:
    async with house.bot() as bot:
        bot.patience_seconds = 0.05
        async with database_held(bot):
            asked = await house.imagine()
            await asked.until(lambda it: it.original is not None and it.original.loading)
            assert asked.callback_type == 5
        await shown(asked)


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("where", {}, "Done"),
        ("cancel", {}, "You have no order that is waiting"),
        ("quota", {}, "Your Quota"),
        ("presets save", {"name": "night", "style": "anime"}, "night"),
        ("presets delete", {"name": "night"}, "Not Possible"),
        ("prefer", {"style": "anime"}, "anime"),
    ],
)
async def test_so_is_every_other_answer(house: House, command: str, options: dict[str, Any], told: str) -> None:
    async with house.bot() as bot:
        await house.picture()
        bot.patience_seconds = 0.05
        async with database_held(bot):
            asked = await house.server.command(house.ada, command, options, channel=house.art)
            await asked.until(lambda it: it.original is not None and it.original.loading)
        assert (await said(asked, told)).ephemeral


async def test_a_picture_that_is_shown_late_to_everybody_is_noted(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        (kept,) = house.kept(bot, house.ada)
        bot.patience_seconds = 0.05
        async with database_held(bot):
            options = {"id": str(kept.order_id), "private": False}
            asked = await house.server.command(house.ada, "show", options, channel=house.art)
            await asked.until(lambda it: it.original is not None and it.original.loading)
        message = (await shown(asked)).original
        assert message is not None
        assert not message.ephemeral
        assert bot.core is not None
        posts = await bot.core.posts.of_account("discord", account(house.ada).key)
        assert f"{house.art.id}/{message.id}" in {post.address for post in posts}


async def test_of_several_pictures_each_is_made_to_fit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    large = photograph(400, 300)
    monkeypatch.setitem(FILE_BYTES_MAX, 0, len(large) // 2)
    async with house.bot(FixedProvider(data=large), image_generation_size_mb=1) as bot:
        message = (await shown(await house.imagine(count=3))).original
        assert message is not None
        assert len(message.files) == 3
        assert all(len(file.data) <= len(large) // 2 for file in message.files)
        assert "Made smaller to fit Discord's limit for files; Abby keeps the original." in message.text
        assert {each.size_bytes for each in house.kept(bot, house.ada)} == {len(large)}


async def test_what_was_made_smaller_says_where_the_original_is(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    large = photograph(400, 300)
    monkeypatch.setitem(FILE_BYTES_MAX, 0, len(large) // 2)
    web = {"public_url": "https://abby.example.org"}
    async with house.bot(FixedProvider(data=large), image_generation_size_mb=1, **web) as bot:
        message = await house.picture()
        (kept,) = house.kept(bot, house.ada)
        asked = await shown(await house.server.command(house.ada, "show", {"id": kept.name}, channel=house.art))
    assert asked.original is not None
    for each in (message, asked.original):
        assert f"https://abby.example.org/pictures/{kept.id}" in each.text


def test_small_pictures_leave_their_room_to_large_ones() -> None:
    assert shares([100, 900, 50], each_max=500, together_max=600) == [100, 450, 50]
    assert shares([900] * 4, each_max=500, together_max=600) == [150] * 4
    assert shares([10, 20], each_max=500, together_max=REQUEST_BYTES_MAX) == [10, 20]
    assert shares([], each_max=500, together_max=600) == []


async def test_a_boosted_server_takes_what_another_does_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    large = photograph(400, 300)
    monkeypatch.setitem(FILE_BYTES_MAX, 0, len(large) // 2)
    monkeypatch.setitem(FILE_BYTES_MAX, 2, len(large))
    house.guild.premium_tier = 2
    async with house.bot(FixedProvider(data=large), image_generation_size_mb=1):
        message = (await shown(await house.imagine())).original
        assert message is not None
        assert message.files[0].data == large


async def test_files_called_too_large_are_made_smaller_before_they_are_left_out(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine()
        await said(asked, "Painting")
        house.server.next(EDIT, refused(413, 40005))
        gate.set()
        await shown(asked)
        assert [seen.status for seen in house.server.seen_of(EDIT)][-2:] == [413, 200]


async def test_who_stops_it_sees_it_restarting_and_loses_no_order(house: House) -> None:
    provider, _gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await said(asked, "Painting")
        await bot.wait_until_ready()
        await house.crash(bot)
    (presence,) = house.server.gateway.presences
    assert presence["status"] == "idle"
    assert presence["activities"][0]["state"] == RESTARTING
    async with house.bot():
        await shown(asked)


async def test_with_several_connections_each_server_is_answered(house: House, tmp_path: Path) -> None:
    guilds = [house.server.guild(f"Guild {number}") for number in range(4)]
    house.server.shards = 2
    core = open_abby(house.root, FixedProvider(), clock=house.clock, discord_sharded=True)
    bot = abby_for(BotConfig(core.settings))
    assert isinstance(bot, ShardedAbby)
    bot = ShardedAbby(BotConfig(core.settings), core=core)

    async def at_once(shard_id: int | None, *, initial: bool = False) -> None:
        """Discord asks for five seconds between two connections; the loopback's does not."""

    bot.before_identify_hook = at_once  # type: ignore[method-assign]
    async with running(bot, house.server):
        await house.server.until(lambda: len(house.server.gateway.sessions) == 2)
        await bot.wait_until_ready()
        for guild in guilds:
            member = house.server.member(guild, "eve")
            asked = await house.server.command(member, "imagine", {"prompt": "a fox"}, channel=guild.channel("art"))
            await shown(asked)
        assert {guild.shard_id for guild in bot.guilds} <= {0, 1}
        assert bot.shard_count == 2
    assert len(house.server.gateway.presences) == 2


def test_without_the_setting_it_is_one_connection(tmp_path: Path) -> None:
    bot = abby_for(BotConfig(replace(Settings(), storage_root=tmp_path)))
    assert type(bot) is Abby
    assert not isinstance(bot, discord.AutoShardedClient)
