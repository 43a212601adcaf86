"""Who somebody is to Abby, and where they ask: home servers, channels for adults, AutoMod's rules, covered pictures."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import discord
import pytest

from abby_adapters.discord import automod, homes
from abby_adapters.discord.main import Abby
from abby_core.settings import Settings
from tests.adapters.discord.conftest import House, account, said, shown
from tests.adapters.discord.test_admin import core_of
from tests.services.discord_interactions import Interaction
from tests.services.discord_world import MANAGE_GUILD, Channel, Guild, Json, Role, User, snowflake
from tests.support.studio import until_set

RULES = """
[tiers.owner]
owner = true
images_per_day = 77
[tiers.artist]
roles = ["{role}"]
images_per_day = 55
"""


async def ask(house: House, user: User, channel: Channel, prompt: str = "a fox", **options: Any) -> Interaction:
    return await house.server.command(user, "imagine", {"prompt": prompt, **options}, channel=channel)


def a_day(bot: Abby, user: User) -> int:
    return core_of(bot).quota.limits(account(user))["images/day"]


class TestHomes:
    @pytest.fixture
    def artist(self, house: House) -> Role:
        return house.guild.role("artist")

    @pytest.fixture
    def rules(self, house: House, artist: Role) -> dict[str, Any]:
        path = house.root / "abby.toml"
        path.write_text(RULES.format(role=artist.id))
        return {"rules_file": path, "max_user_daily_gens": 5}

    async def test_in_the_only_server_roles_and_owning_it_count(
        self, house: House, artist: Role, rules: dict[str, Any]
    ) -> None:
        house.guild.members[house.ada.id].roles.append(artist)
        async with house.bot(**rules) as bot:
            await shown(await ask(house, house.ada, house.art))
            await shown(await ask(house, house.bob, house.art))
            await shown(await ask(house, house.server.owner, house.art))
            assert [a_day(bot, who) for who in (house.ada, house.bob, house.server.owner)] == [55, 5, 77]

    async def test_whoever_invites_abby_to_a_server_of_their_own_is_nobody_special(
        self, house: House, rules: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        mallory = house.server.user("mallory")
        hall = house.server.guild("Traps", owner=mallory).channel("hall")
        caplog.set_level(logging.INFO, logger="abby_adapters")
        async with house.bot(**rules) as bot:
            await shown(await ask(house, mallory, hall))
            assert a_day(bot, mallory) == 5
            await bot.wait_until_ready()
            await bot.on_ready()  # discord.py calls it at some moment of its own
        assert "DISCORD_HOME_SERVERS names none" in caplog.text

    async def test_outside_of_home_a_member_is_who_they_were_there(
        self, house: House, artist: Role, rules: dict[str, Any]
    ) -> None:
        guests = house.server.guild("Guests")
        hall = guests.channel("hall")
        guests.join(house.ada)
        house.guild.members[house.ada.id].roles.append(artist)
        async with house.bot(**rules, discord_home_servers=frozenset({house.guild.id})) as bot:
            await shown(await ask(house, house.ada, hall))
            assert a_day(bot, house.ada) == 5
            await shown(await ask(house, house.ada, house.art))
            await shown(await ask(house, house.ada, hall))
            await shown(await ask(house, house.ada, house.server.dm(house.ada)))
            assert a_day(bot, house.ada) == 55

    async def test_whoever_runs_abby_is_the_owner_everywhere(self, house: House, rules: dict[str, Any]) -> None:
        async with house.bot(**rules) as bot:
            await shown(await ask(house, house.server.owner, house.server.dm(house.server.owner)))
            assert a_day(bot, house.server.owner) == 77

    @pytest.mark.parametrize(
        ("named", "there", "said_of_it"),
        [
            ({4711}, [1], "names servers Abby is not in: 4711."),
            ({1}, [1, 2], "Roles and managers of the home server count"),
            (set(), [1], "Roles and managers of the home server count"),
            (set(), [], "Abby is in no server yet."),
            (set(), [1, 2], "Abby is in 2 servers and DISCORD_HOME_SERVERS names none"),
        ],
    )
    def test_the_host_is_told_what_counts(self, named: set[int], there: list[int], said_of_it: str) -> None:
        guilds: Any = [discord.Object(each) for each in there]
        assert said_of_it in homes.told(Settings(discord_home_servers=frozenset(named)), guilds)


class TestAdults:
    async def test_words_for_adults_are_taken_in_age_restricted_channels_alone(self, house: House) -> None:
        (house.root / "mature.txt").write_text("nude*")
        adults = house.guild.channel("adults", nsfw=True)
        async with house.bot(mature_words_file=house.root / "mature.txt") as bot:
            for channel in (house.art, house.server.dm(house.ada)):
                told = await said(await ask(house, house.ada, channel, "a nude study"), "age-restricted channels alone")
                assert "nude" not in told.text
            await shown(await ask(house, house.ada, adults, "a nude study"))
            assert len(house.kept(bot, house.ada)) == 1

    async def test_a_button_is_held_to_the_same_rules(self, house: House) -> None:
        async with house.bot() as bot:
            picture = await house.picture("a fox")
            core_of(bot).guilds.change(f"discord:{house.guild.id}", blocked_words=("fox",))
            await said(await house.server.click(picture, "🔄 Again", house.ada), "do not allow some words")


class TestCovered:
    async def files(self, asked: Interaction) -> list[tuple[str, str]]:
        original = (await shown(asked)).original
        assert original is not None
        assert "attachment://" not in repr(original.embeds[0].get("image"))
        return [(each.upload.filename, each.description or "") for each in original.attachments]

    async def test_who_wants_it_gets_a_covered_picture_with_its_description(self, house: House) -> None:
        async with house.bot():
            ((name, description),) = await self.files(await ask(house, house.ada, house.art, spoiler=True))
            assert name == "SPOILER_image.png"
            assert "a fox" in description

    async def test_what_is_pressed_below_it_is_covered_too(self, house: House) -> None:
        async with house.bot():
            first = await shown(await ask(house, house.ada, house.art, spoiler=True))
            assert first.original is not None
            ((name, _),) = await self.files(await house.server.click(first.original, "🔄 Again", house.bob))
            assert name == "SPOILER_image.png"

    async def test_a_server_can_have_all_of_them_covered(self, house: House) -> None:
        async with house.bot() as bot:
            core_of(bot).guilds.change(f"discord:{house.guild.id}", spoiler=True)
            names = [name for name, _ in await self.files(await ask(house, house.ada, house.art, count=2))]
            assert names == ["SPOILER_image.png", "SPOILER_image-2.png"]
            first = house.kept(bot, house.ada)[0].id
            for private, beside_the_embed in ((False, ["SPOILER_image.png"]), (True, [])):
                wanted = {"id": first, "private": private}
                original = (
                    await shown(await house.server.command(house.ada, "show", wanted, channel=house.art))
                ).original
                assert original is not None
                assert [each.upload.filename for each in original.attachments] == beside_the_embed


def rule(**metadata: Any) -> Json:
    """One of AutoMod's rules, as Discord tells it (its documentation, "Auto Moderation Rule Object")."""
    more = {name: metadata.pop(name) for name in ("enabled", "exempt_roles", "exempt_channels") if name in metadata}
    blocks = metadata.pop("blocks", True)
    metadata = {"keyword_filter": [], "regex_patterns": [], "allow_list": []} | metadata
    return {
        "id": str(snowflake()), "guild_id": "1", "name": "words", "creator_id": "1", "event_type": 1,
        "trigger_type": 1, "trigger_metadata": metadata, "enabled": True, "exempt_roles": [], "exempt_channels": [],
        "actions": [{"type": 1, "metadata": {}} if blocks else {"type": 2, "metadata": {"channel_id": "1"}}], **more,
    }  # fmt: skip


class TestAutoMod:
    def readable(self, house: House, *rules: Json) -> Guild:
        manager = house.guild.role("abby", MANAGE_GUILD)
        house.guild.members[house.server.bot.id].roles.append(manager)
        house.guild.moderation_rules[:] = rules
        return house.guild

    async def test_its_words_and_patterns_hold_for_prompts(self, house: House) -> None:
        self.readable(house, rule(keyword_filter=["*bear*"], allow_list=["bearing"], regex_patterns=["w[o0]lf"]))
        async with house.bot():
            for prompt in ("two Bears", "a W0LF"):
                told = await said(await ask(house, house.ada, house.art, prompt), "do not allow some words")
                assert told.ephemeral
            await shown(await ask(house, house.ada, house.art, "a ball bearing"))
            asked = house.server.seen_of("GET /guilds/{guild_id}/auto-moderation/rules")
            assert len(asked) == 1  # and kept for the others

    async def test_what_blocks_no_messages_and_whom_it_exempts_is_left_alone(self, house: House) -> None:
        friends = house.guild.role("friends")
        house.guild.members[house.bob.id].roles.append(friends)
        self.readable(
            house,
            rule(keyword_filter=["fox"], enabled=False),
            rule(keyword_filter=["fox"], blocks=False),
            rule(keyword_filter=["bear"], exempt_roles=[str(friends.id)]),
        )
        manager = house.server.member(house.guild, "mona", house.guild.role("managers", MANAGE_GUILD))
        async with house.bot():
            await shown(await ask(house, house.ada, house.art, "a fox"))
            await shown(await ask(house, house.bob, house.art, "a bear"))
            await shown(await ask(house, manager, house.art, "a bear"))
            await said(await ask(house, house.ada, house.art, "a bear"), "do not allow some words")

    async def test_a_change_holds_with_the_next_order(self, house: House) -> None:
        guild = self.readable(house, rule(keyword_filter=["bear"]))
        async with house.bot() as bot:
            await said(await ask(house, house.ada, house.art, "a bear"), "do not allow some words")
            changed = rule(keyword_filter=["wolf"]) | {"guild_id": str(guild.id)}
            guild.moderation_rules[:] = [changed]
            heard = asyncio.Event()

            async def hear(_rule: discord.AutoModRule) -> None:
                heard.set()

            bot.add_listener(hear, "on_automod_rule_update")
            await house.server.gateway.tell("AUTO_MODERATION_RULE_UPDATE", changed, intents=1 << 20)
            await until_set(heard)
            await shown(await ask(house, house.ada, house.art, "a bear"))
            await said(await ask(house, house.ada, house.art, "a wolf"), "do not allow some words")

    async def test_a_hostile_pattern_keeps_nobody_waiting_and_an_unknown_one_is_counted(self, house: House) -> None:
        self.readable(house, rule(regex_patterns=["(a+)+$", r"(?=x)y"]))
        manager = house.server.member(house.guild, "mona", house.guild.role("managers", MANAGE_GUILD))
        async with house.bot():
            await said(await ask(house, house.ada, house.art, "b" + "a" * 4000), "do not allow some words")
            panel = await house.server.command(manager, "abby settings", {}, channel=house.art)
            await said(panel, "1 rule holds for prompts. 1 pattern is not understood and does not count.")

    async def test_where_it_cannot_be_read_the_panel_says_so_and_orders_go_on(self, house: House) -> None:
        house.guild.moderation_rules[:] = [rule(keyword_filter=["bear"])]
        manager = house.server.member(house.guild, "mona", house.guild.role("managers", MANAGE_GUILD))
        async with house.bot():
            await shown(await ask(house, house.ada, house.art, "a bear"))
            panel = await house.server.command(manager, "abby settings", {}, channel=house.art)
            await said(panel, "Abby cannot read them")
            assert house.server.seen_of("GET /guilds/{guild_id}/auto-moderation/rules") == []

    async def test_trouble_reading_it_refuses_nobody(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.readable(house, rule(keyword_filter=["bear"]))
        monkeypatch.setattr(automod, "PATIENCE_SECONDS", 0.0)
        async with house.bot():
            await shown(await ask(house, house.ada, house.art, "a bear"))
