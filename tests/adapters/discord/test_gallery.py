"""One's own gallery: page by page, filtered, and still turning after a restart."""

from __future__ import annotations

from typing import Any

from tests.adapters.discord.conftest import House, account, said, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message


async def gallery(house: House, **options: Any) -> Interaction:
    return await house.server.command(house.ada, "gallery", options, channel=house.art)


async def page(house: House, expected: str, /, **options: Any) -> Message:
    message = await said(await gallery(house, **options), expected)
    assert message.ephemeral
    return message


async def test_the_gallery_is_filtered_by_words_style_star_and_album(house: House) -> None:
    async with house.bot() as bot:
        await house.picture("a red bird", style="anime")
        await house.picture("a green bird", style="origami")
        (green, red) = house.kept(bot, house.ada)
        assert bot.core is not None
        bot.core.gallery.favourite(account(house.ada), green.id)
        album = bot.core.gallery.albums.create(account(house.ada), "Birds @everyone")
        bot.core.gallery.albums.add(account(house.ada), album.id, red.id)
        assert "green" not in (await page(house, "with the words “RED”", text="RED")).text
        assert "red bird" not in (await page(house, "style origami", style="Origami")).text
        assert "red bird" not in (await page(house, "Your Favourites", favourites=True, provider="fixed")).text
        in_album = await page(house, "album Birds", album="birds @EVERYONE")
        assert "green" not in in_album.text
        assert in_album.pings == set()
        both = await page(house, "a green bird")
        assert "a red bird" in both.text
        await page(house, "No picture is like that.", style="origami", text="red")
        await page(house, "You have no album", album="nothing")


async def test_the_gallery_begins_with_a_day(house: House) -> None:
    async with house.bot():
        await house.picture("a red bird")
        await page(house, "No pictures yet.", date="2001-01-01")
        await page(house, "a red bird", date="2099-01-01")
        await page(house, "is no place in a gallery", date="yesterday")


async def test_filtered_pages_turn_after_a_restart(house: House) -> None:
    async with house.bot():
        for number in range(6):
            await house.picture(f"bird {number}", style="anime")
        await house.picture("a cat")
        first = await page(house, "bird 5", style="anime", text="bird")
    async with house.bot():
        await house.server.click(first, "▶️ Older", house.ada)
        await house.server.until(lambda: "bird 0" in first.text and "bird 5" not in first.text)
        assert "style anime" in first.text
        assert "a cat" not in first.text
        await house.server.click(first, "⏮️ Newest", house.ada)
        await house.server.until(lambda: "bird 5" in first.text)
        chosen = first.selects[0]["options"][1]["value"]
        shown_one = await shown(await house.server.select(first, first.selects[0]["custom_id"], [chosen], house.ada))
        assert shown_one.original is not None
        assert {"🔗 Share", "⭐ Favourite", "🎲 Vary", "🔍 Upscale"} <= {
            each["label"] for each in shown_one.original.buttons
        }


async def test_a_filter_too_long_for_a_button_is_remembered_until_a_restart(house: House) -> None:
    words = "bird " + "x" * 120
    async with house.bot():
        for _ in range(6):
            await house.picture(words)
        first = await page(house, "Your Gallery", text=words)
        await house.server.click(first, "▶️ Older", house.ada)
        await house.server.until(lambda: any(each["label"].endswith("Newest") for each in first.buttons))
    async with house.bot():
        await said(await house.server.click(first, "⏮️ Newest", house.ada), "Please ask anew")


async def test_one_of_several_pictures_is_chosen_and_has_all_buttons(house: House) -> None:
    async with house.bot(public_url="https://abby.example.org") as bot:
        message = await house.picture(count=3)
        assert len(message.files) == 3
        (select,) = message.selects
        chosen = select["options"][1]["value"]
        one = (await shown(await house.server.select(message, select["custom_id"], [chosen], house.ada))).original
        assert one is not None
        await said(await house.server.click(one, "⭐ Favourite", house.ada), "favourites")
        (starred,) = [each for each in house.kept(bot, house.ada) if each.favourite]
        assert starred.id == chosen
        form = await house.server.click(one, "🔗 Share", house.ada)
        await form.until(lambda it: it.modal)
        await shown(await house.server.click(one, "🎲 Vary", house.ada))
        assert house.kept(bot, house.ada)[0].source_artifact == chosen
