"""The commands around making: uploads, gallery, orders, quota, and what there is for whoever runs this Abby."""

from __future__ import annotations

from typing import Any

import pytest
from discord import AppCommandType, app_commands

from abby_adapters.discord.config import BotConfig
from abby_adapters.discord.main import Abby
from abby_adapters.discord.syncing import FILE
from abby_core.generation.request import ImageToImage, Upscale
from abby_core.settings import Settings
from tests.adapters.discord.conftest import House, account, gallery_of, said, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Upload
from tests.services.discord_server import refused, running
from tests.services.discord_world import ADMINISTRATOR
from tests.support.providers import FixedProvider, blocking_provider, photograph


async def transform(house: House, data: bytes, **options: object) -> Interaction:
    return await house.server.command(
        house.ada, "transform", {"prompt": "in oil", **options}, channel=house.art,
        attachments={"picture": Upload(filename="mine.png", data=data)},
    )  # fmt: skip


async def test_a_picture_is_made_from_an_attached_one(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        await shown(await transform(house, photograph(64, 64), strength=80))
    (request,) = provider.requests
    assert isinstance(request, ImageToImage)
    assert request.image_strength == 0.8


async def test_an_attachment_that_is_no_picture_is_refused_and_costs_nothing(house: House) -> None:
    async with house.bot() as bot:
        message = await said(await transform(house, b"GIF89a and so on"), "no picture: PNG, JPEG and WebP can be used")
        assert message.ephemeral
        assert bot.core is not None
        assert bot.core.quota.status(account(house.ada)).images.used == 0


async def test_an_attachment_from_elsewhere_is_not_fetched(house: House) -> None:
    async with house.bot() as bot:
        bot.uploads._origins = frozenset({"https://cdn.discordapp.com"})
        message = await said(await transform(house, photograph()), "Abby fetches from nowhere else")
        assert message.ephemeral


async def test_a_slow_order_is_answered_with_thinking_first(house: House) -> None:
    async with house.bot() as bot:
        bot.patience_seconds = 0
        asked = await shown(await transform(house, photograph()))
        assert asked.callback_type == 5


async def test_one_of_ones_own_pictures_is_enlarged_by_name(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        await house.picture("a very red bird")
        typing = await house.server.autocomplete(
            house.ada, "upscale", {"mine": "RED"}, focused="mine", channel=house.art
        )
        await typing.until(lambda it: it.choices)
        (offered,) = typing.choices
        assert offered["name"] == house.kept(bot, house.ada)[0].name
        await shown(await house.server.command(house.ada, "upscale", {"mine": offered["value"]}, channel=house.art))
        foreign = await house.server.command(house.bob, "upscale", {"mine": offered["value"]}, channel=house.art)
        await said(foreign, "You have no picture")
        nothing = await house.server.command(house.bob, "upscale", channel=house.art)
        await said(nothing, "one of the two")
    assert isinstance(provider.requests[1], Upscale)


async def test_styles_are_offered_while_typing(house: House) -> None:
    async with house.bot():
        typing = await house.server.autocomplete(
            house.ada, "imagine", {"prompt": "x", "style": "ani"}, focused="style", channel=house.art
        )
        await typing.until(lambda it: it.choices)
        assert [choice["value"] for choice in typing.choices] == ["anime"]


async def test_the_gallery_is_turned_page_by_page(house: House) -> None:
    async with house.bot() as bot:
        for number in range(3):
            await house.picture("a {1, 2, 3} bird " + str(number))
        asked = await house.server.command(house.ada, "gallery", channel=house.art)
        first = await said(asked, "a 3 bird 2")
        assert first.ephemeral
        assert len(first.embeds) == 5
        turned = await house.server.click(first, "▶️ Older", house.ada)
        await turned.until(lambda _: "a 1 bird 0" in first.text)
        assert len(first.embeds) == 4
        back = await house.server.click(first, "⏮️ Newest", house.ada)
        await back.until(lambda _: len(first.embeds) == 5)
        (choice,) = first.selects
        chosen = await house.server.select(first, choice["custom_id"], [choice["options"][0]["value"]], house.ada)
        await shown(chosen)
        assert len(house.kept(bot, house.ada)) == 9


async def test_an_empty_gallery_says_how_to_begin(house: House) -> None:
    async with house.bot():
        await said(await house.server.command(house.ada, "gallery", channel=house.art), "/imagine")
        await said(await house.server.command(house.ada, "favorites", channel=house.art), "No favourites yet")
        await said(await house.server.command(house.ada, "where", channel=house.art), "/imagine")


async def test_favourites_are_shown_alone(house: House) -> None:
    async with house.bot():
        starred = await house.picture("one")
        await house.picture("two")
        await said(await house.server.click(starred, "⭐ Favourite", house.ada), "favourites")
        page = await said(await house.server.command(house.ada, "favorites", channel=house.art), "one")
        assert len(page.embeds) == 1


async def test_a_picture_is_shown_again_and_anothers_is_not_there(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        (kept,) = house.kept(bot, house.ada)
        asked = await house.server.command(house.ada, "show", {"id": kept.name, "private": False}, channel=house.art)
        message = (await shown(asked)).original
        assert message is not None
        assert not message.ephemeral
        assert message.files[0].description == "Picture: a cute rabbit"
        foreign = await house.server.command(house.bob, "show", {"id": kept.name}, channel=house.art)
        await said(foreign, f"You have no picture named '{kept.name}'")
        order = await house.server.command(house.bob, "show", {"id": str(kept.order_id)}, channel=house.art)
        await said(order, "You have no picture named")


async def test_orders_are_listed_with_where_they_stand(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        first = await house.imagine("one")
        await said(first, "Painting")
        second = await house.imagine("two")
        await said(second, "Waiting")
        listed = await said(await house.server.command(house.ada, "where", channel=house.art), "Painting: 50 %")
        assert "Waiting, number 1" in listed.text
        assert str(second.id) in listed.text
        typing = await house.server.autocomplete(house.ada, "cancel", {}, focused="order", channel=house.art)
        await typing.until(lambda it: it.choices)
        assert {choice["value"] for choice in typing.choices} == {str(first.id), str(second.id)}
        gate.set()
        await shown(second)


async def test_deleting_by_name(house: House) -> None:
    async with house.bot() as bot:
        await house.picture()
        (kept,) = house.kept(bot, house.ada)
        foreign = await house.server.command(house.bob, "delete", {"picture": kept.id}, channel=house.art)
        await said(foreign, "You have no picture")
        await said(
            await house.server.command(house.ada, "delete", {"picture": kept.id}, channel=house.art), "in your trash"
        )
        assert house.kept(bot, house.ada) == []


async def test_the_quota_is_shown_as_bars(house: House) -> None:
    async with house.bot(max_user_daily_gens=5):
        await house.picture()
        message = await said(await house.server.command(house.ada, "quota", channel=house.art), "Your Quota")
        assert "Today: ▰▰▱▱▱▱▱▱▱▱ 1 of 5" in message.text
        assert "Daily: 1/5 | Storage: 0.0/500.0MB" in message.text


async def test_help_teaches_by_areas_and_names_every_command(house: House) -> None:
    async with house.bot() as bot:
        message = await said(await house.server.command(house.ada, "help", channel=house.art), "Making pictures")
        (select,) = message.selects
        told = [message.text]
        for option in select["options"]:
            turned = await house.server.select(message, "abby:help", [option["value"]], house.ada)
            await turned.until(lambda it: it.answered)
            told.append(message.text)
        for command in bot.tree.walk_commands(type=AppCommandType.chat_input):
            if isinstance(command, app_commands.Command):
                assert sum(f"**/{command.qualified_name}** " in page for page in told[1:]) == 1, command.qualified_name
        assert any("`a {red, green} bird`" in page for page in told)
    by_topic = {"topic": "prompt"}
    async with house.bot():
        await said(await house.server.command(house.ada, "help", by_topic, channel=house.art), "--ar 16:9")


async def test_a_role_gives_its_tier(house: House) -> None:
    gold = house.guild.role("gold")
    house.guild.members[house.ada.id].roles.append(gold)
    rules = house.root / "abby.toml"
    rules.write_text(f'[tiers.gold]\nroles = ["{gold.id}"]\nimages_per_day = 50\n', "utf-8")
    async with house.bot(max_user_daily_gens=1, rules_file=rules):
        message = await said(await house.server.command(house.ada, "quota", channel=house.art), "Your Quota")
        assert "Daily: 0/50" in message.text
        assert f"gold: <@&{gold.id}>" in message.text.replace("*", "")
        message = await said(await house.server.command(house.bob, "quota", channel=house.art), "Your Quota")
        assert "Daily: 0/1" in message.text


async def test_only_whoever_runs_abby_cleans_up(house: House) -> None:
    chief = house.guild.role("chief", permissions=ADMINISTRATOR)  # who governs a server does not yet run this Abby
    house.guild.members[house.ada.id].roles.append(chief)
    async with house.bot() as bot:
        denied = await house.server.command(house.ada, "storage_cleanup", channel=house.art)
        await said(denied, "Only whoever runs this Abby")
        done = await house.server.command(house.server.owner, "storage_cleanup", channel=house.art)
        message = await said(done, "Storage Cleanup Complete")
        assert "Files Deleted: 0" in message.text
        assert "Space Freed: 0.00MB" in message.text
        assert gallery_of(bot) is not None


async def test_without_storage_every_command_says_so(house: House) -> None:
    async with house.bot() as bot:
        bot.core = bot.storage = bot.generator = None
        cog: Any = bot.get_cog("Images")
        cog.storage = cog.generator = None
        text = "Image generation services are not available. Please try again later."
        for name, options in (("imagine", {"prompt": "x"}), ("gallery", {}), ("quota", {}), ("where", {})):
            message = await said(await house.server.command(house.ada, name, options, channel=house.art), text)
            assert message.ephemeral


async def test_an_abby_that_cannot_be_opened_still_answers(house: House) -> None:
    rules = house.root / "abby.toml"
    rules.write_text("[tiers.gold]\nnonsense = 1\n", "utf-8")
    settings = Settings(storage_root=house.root, rules_file=rules)
    async with running(Abby(BotConfig(settings)), house.server):
        await said(await house.imagine(), "Image generation services are not available.")


async def test_commands_are_registered_once(house: House) -> None:
    async with house.bot():
        pass
    async with house.bot():
        pass
    told = [seen for seen in house.server.seen if seen.operation.startswith("PUT /applications")]
    assert len(told) == 1
    (house.root / FILE).unlink()
    async with house.bot():
        pass
    told = [seen for seen in house.server.seen if seen.operation.startswith("PUT /applications")]
    assert len(told) == 2


async def test_a_discord_that_takes_no_commands_now_is_no_reason_to_stay_away(house: House) -> None:
    async with house.bot():
        pass
    (house.root / FILE).unlink()
    house.server.next("PUT /applications/{application_id}/commands", refused(403, 50001))
    async with house.bot():
        await house.picture()


async def test_the_log_greets_as_the_founding_documents_say(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="abby_core")
    caplog.set_level("INFO", logger="abby_adapters")
    async with house.bot() as bot:
        await bot.wait_until_ready()
        assert not (bot.intents.members or bot.intents.presences or bot.intents.message_content)
    for text in (
        "StorageManager initialized successfully",
        "ImageGenerator initialized successfully",
        "Abby is online as abby",
    ):
        assert text in caplog.text
    assert "scope=bot+applications.commands" in caplog.text
