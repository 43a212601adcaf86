"""Refusals offer what would help, as buttons: they do it, ask before they delete, and offer to try again."""

from __future__ import annotations

import asyncio
from typing import Any

from abby_core.generation.request import TextToImage
from tests.adapters.discord.conftest import House, account, gallery_of, said, shown
from tests.services.discord_messages import Message
from tests.support.providers import FixedProvider, photograph

TIGHT: dict[str, Any] = {"image_generation_size_mb": 0.4, "max_user_storage_mb": 1.1}
"""Two pictures of 400 × 400 fit, three do not."""


def large() -> FixedProvider:
    return FixedProvider(data=photograph(400, 400))


async def refused(house: House) -> Message:
    """The refusal of an order for which there is no room."""
    message = await said(await house.imagine(count=2), "Storage Error")
    assert message.ephemeral
    return message


async def test_emptying_the_trash_is_asked_about_then_done_then_the_order_is_tried_again(house: House) -> None:
    async with house.bot(large(), **TIGHT) as bot:
        picture = await house.picture()
        await said(await house.server.click(picture, "🗑️ Delete", house.ada), "trash")
        pressed = await house.server.click(await refused(house), "🗑️ Empty my trash …", house.ada)
        asked = await said(pressed, "Delete 1 picture for good?")
        assert asked.ephemeral
        done = await house.server.click(asked, "Delete for good", house.ada)
        emptied = await said(done, "1 picture removed")
        page = await asyncio.to_thread(gallery_of(bot).trash, account(house.ada))
        assert page.artifacts == ()
        await shown(await house.server.click(emptied, "🔁 Try again", house.ada))
        assert len(house.kept(bot, house.ada)) == 2


async def test_who_thinks_better_of_it_keeps_everything(house: House) -> None:
    async with house.bot(large(), **TIGHT) as bot:
        picture = await house.picture()
        await said(await house.server.click(picture, "🗑️ Delete", house.ada), "trash")
        pressed = await house.server.click(await refused(house), "🗑️ Empty my trash …", house.ada)
        asked = await said(pressed, "for good?")
        await said(await house.server.click(asked, "Keep everything", house.ada), "Nothing was deleted")
        page = await asyncio.to_thread(gallery_of(bot).trash, account(house.ada))
        assert len(page.artifacts) == 1


async def test_deleting_the_oldest_names_them_and_spares_what_got_a_star_meanwhile(house: House) -> None:
    async with house.bot(large(), **TIGHT) as bot:
        first = await house.picture("the first")
        await house.picture("the second")
        pressed = await house.server.click(await refused(house), "❌ Delete 2 oldest …", house.ada)
        asked = await said(pressed, "Delete 2 pictures for good?")
        assert "the-first" in asked.text
        await said(await house.server.click(first, "⭐ Favourite", house.ada), "favourites")
        again = await said(await house.server.click(asked, "Delete for good", house.ada), "Delete 1 picture for good?")
        assert "the-first" not in again.text
        assert len(house.kept(bot, house.ada)) == 2
        await said(await house.server.click(again, "Delete for good", house.ada), "1 picture removed")
        assert [each.prompt for each in house.kept(bot, house.ada)] == ["the first"]


async def test_compressing_and_archiving_are_done_at_once_and_lose_nothing(house: House) -> None:
    provider = large()
    async with house.bot(provider, **TIGHT, archive_root=house.root / "archive") as bot:
        await house.picture()
        message = await refused(house)
        await said(await house.server.click(message, "🗜️ Compress 1 oldest", house.ada), "1 picture compressed")
        (kept,) = house.kept(bot, house.ada)
        assert kept.size_bytes < len(provider.data)
        await said(await house.server.click(message, "🗄️ Archive 1 oldest", house.ada), "1 picture archived")
        assert house.kept(bot, house.ada)[0].in_archive


async def test_room_can_be_made_after_a_restart_and_what_was_refused_is_asked_for_anew(house: House) -> None:
    async with house.bot(large(), **TIGHT):
        await house.picture()
        message = await refused(house)
    async with house.bot(large(), **TIGHT):
        done = await said(await house.server.click(message, "🗜️ Compress 1 oldest", house.ada), "compressed")
        told = await said(await house.server.click(done, "🔁 Try again", house.ada), "Please ask anew")
        assert told.ephemeral


async def test_a_refused_press_can_be_tried_again_after_a_restart(house: House) -> None:
    async with house.bot(max_user_daily_gens=1):
        picture = await house.picture()
        told = await said(await house.server.click(picture, "🎲 Vary", house.ada), "your daily limit")
    async with house.bot(max_user_daily_gens=5) as bot:
        await shown(await house.server.click(told, "🔁 Try again", house.ada))
        assert len(house.kept(bot, house.ada)) == 2


async def test_fewer_pictures_are_made_where_fewer_fit(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider, max_user_daily_gens=2) as bot:
        told = await said(await house.imagine("a {red, green, blue} bird"), "your daily limit")
        await shown(await house.server.click(told, "🔢 Make 2 pictures", house.ada))
        assert provider.prompts == ["a red bird", "a green bird"]
        assert len(house.kept(bot, house.ada)) == 2


async def test_one_picture_of_several_prompts_is_the_first(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider, max_user_daily_gens=1):
        told = await said(await house.imagine("a {red, green} bird"), "your daily limit")
        await shown(await house.server.click(told, "🔢 Make 1 picture", house.ada))
    assert provider.prompts == ["a red bird"]


async def test_a_smaller_picture_is_made_where_the_tier_allows_no_larger(house: House) -> None:
    rules = house.root / "abby.toml"
    rules.write_text('[tiers.default]\nlargest_picture = "512x512"\n', "utf-8")
    provider = FixedProvider()
    async with house.bot(provider, rules_file=rules):
        told = await said(await house.imagine(aspect="16:9", private=True), "ask for a smaller one")
        answer = await shown(await house.server.click(told, "📐 Make it smaller", house.ada))
        assert answer.original is not None
        assert answer.original.ephemeral
    (request,) = provider.requests
    assert isinstance(request, TextToImage)
    assert request.width > request.height
    assert request.width * request.height <= 512 * 512


async def test_what_is_wrong_in_itself_offers_nothing_to_press(house: House) -> None:
    async with house.bot():
        told = await said(await house.imagine("a cat --nonsense 3"), "There is no parameter")
        assert told.buttons == []
