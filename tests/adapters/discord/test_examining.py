"""``abby doctor`` says in one sentence what is wrong on Discord, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from abby_adapters.discord.main import PERMISSIONS, examine
from abby_core.errors import ConfigurationError
from abby_core.settings import Settings
from tests.adapters.discord.conftest import House
from tests.services.discord_server import refused
from tests.services.discord_world import ATTACH_FILES, EMBED_LINKS, SEND_MESSAGES, USUAL_PERMISSIONS, VIEW_CHANNEL

GET_CHANNELS = "GET /guilds/{guild_id}/channels"


async def examined(house: House, **settings: Any) -> list[tuple[bool, str]]:
    """What is said, but for who signed in."""
    found = await examine(Settings(storage_root=Path(), discord_token=house.server.token, **settings))
    assert found[0].text == "Signed in to Discord as abby."
    return [(finding.ok, finding.text) for finding in found[1:]]


async def test_where_all_is_well_there_is_nothing_to_do(house: House) -> None:
    assert await examined(house) == [(True, "Roles and managers of the home server count for tiers.")]


async def test_a_permission_the_role_lacks_is_named_once(house: House) -> None:
    house.guild.everyone.permissions = USUAL_PERMISSIONS & ~(ATTACH_FILES | EMBED_LINKS)
    assert (await examined(house))[1:] == [
        (False, "Painters: grant Abby's role Embed Links and Attach Files (Server Settings, Roles).")
    ]


async def test_a_permission_that_channels_take_away_is_named_with_them(house: House) -> None:
    for number in range(7):
        house.guild.channel(f"room-{number}").deny(house.guild.everyone, ATTACH_FILES)
    house.art.deny(house.server.bot, SEND_MESSAGES)
    house.guild.channel("staff").deny(house.guild.everyone, VIEW_CHANNEL)  # which is not for her
    rooms = ", ".join(f"#room-{number}" for number in range(5))
    assert (await examined(house))[1:] == [
        (False, "Painters: allow Abby Send Messages in #art (Edit Channel, Permissions)."),
        (False, f"Painters: allow Abby Attach Files in {rooms} and 2 more (Edit Channel, Permissions)."),
    ]


async def test_an_endpoint_that_silences_the_bot_is_named(house: House) -> None:
    house.server.interactions_endpoint_url = "https://example.org/interactions"
    ok, text = (await examined(house))[0]
    assert not ok
    assert "Clear that field" in text


async def test_several_servers_and_no_home_are_named(house: House) -> None:
    guests = house.server.guild("Guests")
    ok, text = (await examined(house))[0]
    assert not ok
    assert text.startswith("Abby is in 2 servers and DISCORD_HOME_SERVERS names none: nobody's roles count for tiers")
    assert await examined(house, discord_home_servers=frozenset({guests.id})) == [
        (True, "Roles and managers of the home server count for tiers.")
    ]


async def test_a_server_that_cannot_be_looked_at_is_named_and_the_next_one_looked_at(house: House) -> None:
    house.server.next(GET_CHANNELS, refused(403, 50001))
    house.server.guild("Guests").everyone.permissions = USUAL_PERMISSIONS & ~ATTACH_FILES
    assert [text for _, text in (await examined(house))[1:]] == [
        "Painters could not be looked at: Discord answered 403.",
        "Guests: grant Abby's role Attach Files (Server Settings, Roles).",
    ]


async def test_in_no_server_it_is_said_how_she_gets_into_one(house: House) -> None:
    del house.guild.members[house.server.bot.id]
    ((ok, text),) = await examined(house)
    assert ok
    assert "no server yet" in text


async def test_a_wrong_token_is_named(house: House) -> None:
    with pytest.raises(ConfigurationError, match="Discord refused DISCORD_TOKEN"):
        await examine(Settings(storage_root=Path(), discord_token="wrong"))


def test_the_invitation_asks_for_what_is_needed_and_for_no_more() -> None:
    assert sorted(name for name, has in PERMISSIONS if has) == [
        "attach_files", "embed_links", "read_message_history", "read_messages", "send_messages",
        "send_messages_in_threads",
    ]  # fmt: skip
