"""``/abby …`` over the wire: what managers can do, where, and what others are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from abby_adapters.discord.main import Abby
from abby_core import bootstrap
from abby_core.access.ban_rows import EVERYWHERE
from abby_core.access.guild_settings import GuildSettings
from abby_core.gallery.preset import of_server
from abby_core.generation.choices import Choices
from tests.adapters.discord.conftest import House, account, said, shown
from tests.services.discord_interactions import Impossible, Interaction
from tests.services.discord_messages import Message
from tests.services.discord_world import MANAGE_GUILD, Guild, User
from tests.support.studio import counter


def core_of(bot: Abby) -> bootstrap.Abby:
    assert isinstance(bot.core, bootstrap.Abby)
    return bot.core


@pytest.fixture
def mona(house: House) -> User:
    """Manages the server."""
    return house.server.member(house.guild, "mona", house.guild.role("managers", MANAGE_GUILD))


def events(bot: Abby) -> list[dict[str, Any]]:
    core = core_of(bot)
    core.events.flush()
    lines = (core.settings.storage_root / "logs" / "events.jsonl").read_text("utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event.get("event") == "administration"]


async def abby(house: House, user: User, command: str, **options: Any) -> Interaction:
    return await house.server.command(user, f"abby {command}", options, channel=house.art)


async def answered(asked: Interaction) -> Message:
    await asked.until(lambda it: it.original and not it.original.loading)
    assert asked.original is not None
    assert asked.original.ephemeral
    return asked.original


class TestWhoMay:
    @pytest.mark.parametrize("command", ["status", "usage", "bans", "settings"])
    async def test_discord_shows_it_to_managers_alone(self, house: House, command: str) -> None:
        async with house.bot():
            with pytest.raises(Impossible):
                await abby(house, house.ada, command)

    async def test_shown_to_others_by_the_server_it_is_refused_all_the_same(self, house: House) -> None:
        async with house.bot() as bot:
            for command in house.server.commands[None]:
                command["default_member_permissions"] = None
            await said(await abby(house, house.ada, "ban", member=house.bob), "Only who may manage this server")
            assert core_of(bot).guilds.bans.list(f"discord:{house.guild.id}") == ()

    async def test_another_servers_manager_changes_no_limits(self, house: House) -> None:
        guests = house.server.guild("Guests")
        hall = guests.channel("hall")
        visitor = house.server.member(guests, "vera", guests.role("managers", MANAGE_GUILD))
        async with house.bot(discord_home_servers=frozenset({house.guild.id})) as bot:
            options: dict[str, dict[str, Any]] = {
                "usage": {}, "reset": {"member": visitor}, "tier": {"member": visitor},
                "limit": {"member": visitor, "meter": "images/day", "value": 1000},
                "ban": {"member": visitor, "everywhere": True},
            }  # fmt: skip
            for command, given in options.items():
                asked = await house.server.command(visitor, f"abby {command}", given, channel=hall)
                await said(asked, "Only managers of this Abby's home server")
            core = core_of(bot)
            assert core.quota.limits(account(visitor))["images/day"] == 1000  # as everybody's, in these tests
            assert core.guilds.bans.list(EVERYWHERE) == ()
            asked = await house.server.command(visitor, "abby ban", {"member": visitor}, channel=hall)
            await said(asked, "may ask for no pictures now")  # in their own server they may

    async def test_without_a_home_only_who_runs_abby_changes_limits(self, house: House, mona: User) -> None:
        house.server.guild("Guests")
        async with house.bot():
            await said(await abby(house, mona, "reset", member=house.ada), "Only managers of this Abby's home server")
            await said(await abby(house, house.server.owner, "reset", member=house.ada), "starts the day anew")


class TestLimits:
    async def test_a_member_gets_a_limit_and_loses_it_again(self, house: House, mona: User) -> None:
        async with house.bot(max_user_daily_gens=5) as bot:
            quota = core_of(bot).quota
            given = await answered(await abby(house, mona, "limit", member=house.ada, meter="bytes", value=2.5))
            assert "an administrator" in given.text
            await answered(await abby(house, mona, "limit", member=house.ada, meter="images/day", value=1))
            assert quota.limits(account(house.ada))["bytes"] == 2.5 * 2**20
            await said(await house.imagine(count=2), "daily limit of 1")
            await answered(await abby(house, mona, "limit", member=house.ada, meter="images/day"))
            assert quota.limits(account(house.ada))["images/day"] == 5
            assert [(line["action"], line["by"], line["account"], line["meter"]) for line in events(bot)] == [
                ("limit", account(mona).key, account(house.ada).key, meter)
                for meter in ("bytes", "images/day", "images/day")
            ]

    async def test_a_day_begins_anew(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            await house.picture()
            await said(await abby(house, mona, "reset", member=house.ada), f"<@{house.ada.id}> starts the day anew")
            assert counter(core_of(bot), account(house.ada), "images/day") == 0

    async def test_a_members_tier_is_explained(self, house: House, mona: User) -> None:
        async with house.bot():
            told = await answered(await abby(house, mona, "tier", member=house.ada))
        assert "default" in told.text
        assert "Pictures per day" in told.text

    async def test_a_member_gets_a_tier_by_hand_and_loses_it_again(self, house: House, mona: User) -> None:
        (house.root / "abby.toml").write_text("[tiers.gold]\ngroups = ['x']\nimages_per_day = 99\n")
        async with house.bot(rules_file=house.root / "abby.toml", max_user_daily_gens=5) as bot:
            told = await answered(await abby(house, mona, "tier", member=house.ada, give="gold"))
            assert "given by an administrator" in told.text
            assert core_of(bot).quota.limits(account(house.ada))["images/day"] == 99
            await said(await abby(house, mona, "tier", member=house.ada, give="silver"), "There is no tier 'silver'")
            await answered(await abby(house, mona, "tier", member=house.ada, take=True))
            assert core_of(bot).quota.limits(account(house.ada))["images/day"] == 5


class TestHowItIs:
    async def test_the_status_says_how_full_and_how_well(self, house: House, mona: User) -> None:
        async with house.bot():
            told = await answered(await abby(house, mona, "status"))
        assert "0 orders are waiting." in told.text
        assert "🟢 **fixed**" in told.text
        assert "Storage of all of Abby" in told.text

    async def test_guests_learn_nothing_of_the_house(self, house: House, mona: User) -> None:
        async with house.bot(discord_home_servers=frozenset({1})):
            told = await answered(await abby(house, mona, "status"))
        assert "Storage of all of Abby" not in told.text

    async def test_usage_comes_in_pages(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            quota = core_of(bot).quota

            def count(tx: Any) -> None:
                for number in range(12):
                    tx.execute("INSERT INTO counters (account, meter, used) VALUES (:who, 'bytes', :used)",
                               who=f"discord:{number}", used=(99 - number) * 2**20)  # fmt: skip

            quota.database.write(count)
            first = await answered(await abby(house, mona, "usage"))
            assert "1. <@0> · 99.0 MB" in first.text
            assert "<@10>" not in first.text
            turned = await house.server.click(first, "abby:usage:1", mona)
            await turned.until(lambda _: "11. <@10>" in first.text)
            assert "<@0> " not in first.text


class TestBans:
    async def test_who_is_banned_is_told_why_and_nothing_is_charged(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            await said(await abby(house, mona, "ban", member=house.ada, reason="no foxes", days=2), "no pictures now")
            told = await said(await house.imagine(), "in this server until")
            assert told.ephemeral
            assert "no foxes" in told.text
            assert counter(core_of(bot), account(house.ada), "images/day") == 0
            await shown(await house.server.command(house.ada, "imagine", {"prompt": "a fox"},
                                                   channel=house.server.dm(house.ada)))  # fmt: skip
            listed = await answered(await abby(house, mona, "bans"))
            assert f"<@{house.ada.id}>" in listed.text
            await said(await abby(house, mona, "unban", member=house.ada), "may ask for pictures again")
            await said(await abby(house, mona, "unban", member=house.ada), "is not banned there")
            await shown(await house.imagine())
            assert [line["action"] for line in events(bot)] == ["ban", "unban"]
            assert "foxes" not in repr(events(bot))

    async def test_a_ban_everywhere_holds_in_direct_messages(self, house: House, mona: User) -> None:
        async with house.bot():
            await said(await abby(house, mona, "ban", member=house.ada, everywhere=True), "no pictures now")
            direct = house.server.dm(house.ada)
            asked = await house.server.command(house.ada, "imagine", {"prompt": "a fox"}, channel=direct)
            await said(asked, "You may not ask Abby for pictures.")


class TestSettings:
    async def panel(self, house: House, user: User) -> Message:
        return await answered(await abby(house, user, "settings"))

    def settings(self, bot: Abby, guild: Guild) -> GuildSettings:
        return core_of(bot).guilds.settings(f"discord:{guild.id}")

    async def test_channels_are_chosen_and_let_go(self, house: House, mona: User) -> None:
        other = house.guild.channel("other")
        async with house.bot() as bot:
            panel = await self.panel(house, mona)
            await (await house.server.select(panel, "abby:set:channels", [other], mona)).until_done()
            assert self.settings(bot, house.guild).channels == (str(other.id),)
            assert f"<#{other.id}>" in panel.text
            told = await said(await house.imagine(), "not made in this channel")
            assert f"<#{other.id}>" in told.text
            asked = await house.server.command(house.ada, "imagine", {"prompt": "a fox"}, channel=other)
            await shown(asked)
            await (await house.server.click(panel, "abby:set:everywhere", mona)).until_done()
            await shown(await house.imagine())

    async def test_a_panel_of_before_a_restart_works(self, house: House, mona: User) -> None:
        async with house.bot():
            panel = await self.panel(house, mona)
        async with house.bot() as bot:
            await (await house.server.click(panel, "abby:set:spoiler:1", mona)).until_done()
            await (await house.server.select(panel, "abby:set:mature", ["channels"], mona)).until_done()
            assert self.settings(bot, house.guild) == GuildSettings(spoiler=True, mature="channels")
            assert [line["setting"] for line in events(bot)] == ["spoiler", "mature"]

    async def test_who_manages_no_more_changes_nothing_with_an_old_panel(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            panel = await self.panel(house, mona)
            house.guild.members[mona.id].roles.clear()
            pressed = await house.server.click(panel, "abby:set:spoiler:1", mona)
            await said(pressed, "Only who may manage this server")
            assert not self.settings(bot, house.guild).spoiler

    async def test_words_are_typed_into_a_form(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            panel = await self.panel(house, mona)
            form = await house.server.click(panel, "abby:set:blocked_words", mona)
            await form.until(lambda it: it.modal)
            (field,) = form.fields
            sent = await house.server.modal(form, {field: "gore\n*fox*, bad phrase"})
            await sent.until_done()
            assert self.settings(bot, house.guild).blocked_words == ("gore", "*fox*", "bad phrase")
            told = await said(await house.imagine("two Foxes"), "do not allow some words")
            assert told.ephemeral
            assert "fox" not in told.text.casefold()
            again = await house.server.click(panel, "abby:set:blocked_words", mona)
            await again.until(lambda it: it.modal)
            assert "gore" in str(again.modal)

    async def test_a_preset_of_the_manager_applies_unasked(self, house: House, mona: User) -> None:
        async with house.bot() as bot:
            core = core_of(bot)
            core.presets.save(account(mona).key, "Cosy", Choices(style="anime"))
            panel = await self.panel(house, mona)
            await (await house.server.select(panel, "abby:set:preset", ["Cosy"], mona)).until_done()
            assert self.settings(bot, house.guild).preset == "Cosy"
            await house.picture()
            assert house.kept(bot, house.ada)[0].style == "anime"
            await (await house.server.select(panel, "abby:set:preset", ["-"], mona)).until_done()
            assert core.presets.unasked(of_server("discord", str(house.guild.id))).chosen() == Choices().chosen()
