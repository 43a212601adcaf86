"""The menu of a message, and /transform without an attachment: which pictures Abby sees, and what she makes of them."""

from __future__ import annotations

import asyncio
from typing import Any

from abby_core.generation.request import ImageToImage, Upscale
from tests.adapters.discord.conftest import House, account, gallery_of, said, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message, Upload
from tests.services.discord_server import refused
from tests.services.discord_world import READ_MESSAGE_HISTORY, User
from tests.support.providers import FixedProvider, photograph


async def menu(house: House, name: str, message: Message, user: User | None = None) -> Interaction:
    return await house.server.context_menu(user or house.bob, name, message, channel=house.art)


async def posted(house: House, *files: bytes) -> Message:
    """A message of Ada's with these files."""
    uploads = [Upload(filename=f"photo-{number}.png", data=data) for number, data in enumerate(files, start=1)]
    return await house.server.post(house.ada, house.art, "look!", files=uploads)


# ---------------------------------------------------------------------- transform and upscale


async def test_any_attached_picture_is_transformed_by_its_menu(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        form = await menu(house, "Transform", await posted(house, photograph(64, 64)))
        await form.until(lambda it: it.modal)
        await shown(await house.server.modal(form, {"prompt": "in oil --style anime"}))
        assert len(house.kept(bot, house.bob)) == 1
    (request,) = provider.requests
    assert isinstance(request, ImageToImage)
    assert (request.prompt, request.style) == ("in oil", "anime")


async def test_anothers_picture_of_abbys_is_transformed_on_ones_own_quota_even_after_a_restart(house: House) -> None:
    async with house.bot():
        form = await menu(house, "Transform", await house.picture())
        await form.until(lambda it: it.modal)
    async with house.bot() as bot:
        await shown(await house.server.modal(form, {"prompt": "in oil"}))
        assert len(house.kept(bot, house.bob)) == 1
        assert len(house.kept(bot, house.ada)) == 1


async def test_of_several_pictures_the_form_asks_for_one(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        form = await menu(house, "Transform", await posted(house, photograph(64, 64), photograph(48, 32)))
        await form.until(lambda it: it.modal)
        second = form.fields["which"]["options"][1]["value"]
        await shown(await house.server.modal(form, {"which": second, "prompt": "in oil"}))
    (request,) = provider.requests
    assert isinstance(request, ImageToImage)
    assert request.image == photograph(48, 32) or len(request.image) < len(photograph(64, 64))


async def test_a_picture_is_enlarged_by_its_menu(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        await shown(await menu(house, "Upscale", await posted(house, photograph(64, 64))))
        own = await house.picture()
        await shown(await menu(house, "Upscale", own, house.ada))
        assert house.kept(bot, house.ada)[0].source_artifact == house.kept(bot, house.ada)[1].id
    assert isinstance(provider.requests[0], Upscale)


async def test_of_several_pictures_of_abbys_one_is_chosen_for_enlarging(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        message = await house.picture(count=3)
        asked = await said(await menu(house, "Upscale", message), "Which one?")
        (select,) = asked.selects
        assert len(select["options"]) == 3
        chosen = select["options"][2]["value"]
        await shown(await house.server.select(asked, select["custom_id"], [chosen], house.bob))
    assert isinstance(provider.requests[-1], Upscale)


async def test_a_message_without_a_picture_is_told_so(house: House) -> None:
    async with house.bot():
        plain = await house.server.post(house.ada, house.art, "hello")
        text = await house.server.post(house.ada, house.art, files=[Upload(filename="notes.txt", data=b"hello")])
        for name in ("Transform", "Upscale", "Save to my gallery"):
            for message in (plain, text):
                assert (await said(await menu(house, name, message), "There is no picture in that message")).ephemeral


# ---------------------------------------------------------------------- saving


async def test_an_attached_picture_is_saved_once_under_the_savers_quota(house: House) -> None:
    async with house.bot() as bot:
        message = await posted(house, photograph(64, 64))
        told = await said(await menu(house, "Save to my gallery", message), "Saved to your gallery as")
        assert told.ephemeral
        (kept,) = house.kept(bot, house.bob)
        assert (kept.kind, kept.width) == ("import", 64)
        assert bot.core is not None
        status = bot.core.quota.status(account(house.bob))
        assert (status.images.used, status.bytes.used > 0) == (0, True)
        await said(await menu(house, "Save to my gallery", message), "You have it already")
        assert len(house.kept(bot, house.bob)) == 1
        assert house.kept(bot, house.ada) == []


async def test_anothers_picture_of_abbys_is_copied_and_ones_own_is_not(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture("a very red bird", style="anime")
        await said(await menu(house, "Save to my gallery", message), "Saved to your gallery")
        (copy,) = house.kept(bot, house.bob)
        (original,) = house.kept(bot, house.ada)
        assert (copy.prompt, copy.style, copy.seed) == (original.prompt, original.style, original.seed)
        assert (copy.source_artifact, copy.order_id) == ("", None)
        await said(await menu(house, "Save to my gallery", message, house.ada), "in your gallery already")


async def test_one_of_several_is_saved(house: House) -> None:
    async with house.bot() as bot:
        message = await posted(house, photograph(), photograph(48, 32))
        asked = await said(await menu(house, "Save to my gallery", message), "Which one?")
        (select,) = asked.selects
        chosen = select["options"][1]["value"]
        await said(await house.server.select(asked, select["custom_id"], [chosen], house.bob), "Saved to your gallery")
        assert house.kept(bot, house.bob)[0].width == 48


async def test_what_is_no_picture_is_not_saved(house: House) -> None:
    async with house.bot() as bot:
        await said(await menu(house, "Save to my gallery", await posted(house, b"GIF89a and so on")), "Not Possible")
        assert house.kept(bot, house.bob) == []
        assert bot.core is not None
        assert bot.core.quota.status(account(house.bob)).bytes.used == 0


async def test_a_full_gallery_offers_room_and_saves_then(house: House) -> None:
    limits: dict[str, Any] = {"image_generation_size_mb": 0.4, "max_user_storage_mb": 1.1}
    async with house.bot(FixedProvider(data=photograph(400, 400)), **limits) as bot:
        for _ in range(2):
            await shown(await house.imagine(user=house.bob))
        message = await posted(house, photograph(500, 500))
        full = await said(await menu(house, "Save to my gallery", message), "Storage Error")
        asked = await said(await house.server.click(full, "❌ Delete 1 oldest …", house.bob), "for good?")
        gone = await said(await house.server.click(asked, "Delete for good", house.bob), "removed")
        await said(await house.server.click(gone, "🔁 Try again", house.bob), "Saved to your gallery")
        assert {each.kind for each in house.kept(bot, house.bob)} == {"import", "text_to_image"}


async def test_what_was_only_remembered_is_asked_for_anew_after_a_restart(house: House) -> None:
    async with house.bot():
        asked = await said(await menu(house, "Upscale", await posted(house, photograph(), photograph())), "Which one?")
    async with house.bot():
        (select,) = asked.selects
        chosen = select["options"][0]["value"]
        told = await house.server.select(asked, select["custom_id"], [chosen], house.bob)
        await said(told, "Please ask anew")


# ---------------------------------------------------------------------- deleting


async def test_ones_own_message_goes_with_its_pictures_which_can_be_had_back(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture(count=2)
        told = await said(await menu(house, "Delete", message, house.ada), "2 pictures are in your trash")
        assert "The message is removed." in told.text
        assert message.deleted
        assert bot.core is not None
        assert await bot.core.posts.of_account("discord", account(house.ada).key) == []
        assert house.kept(bot, house.ada) == []
    async with house.bot() as bot:
        await said(await house.server.click(told, "↩️ Undo", house.ada), "2 pictures are back")
        assert len(house.kept(bot, house.ada)) == 2


async def test_a_message_whose_picture_is_gone_already_is_removed_all_the_same(house: House) -> None:
    async with house.bot():
        message = await house.picture()
        await said(await house.server.click(message, "🗑️ Delete", house.ada), "trash")
        await said(await menu(house, "Delete", message, house.ada), "was deleted before")
        assert message.deleted


async def test_nobody_deletes_anothers_message_nor_one_that_is_not_abbys(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture()
        assert (await said(await menu(house, "Delete", message), "somebody else's")).ephemeral
        await said(await menu(house, "Delete", await posted(house, photograph()), house.ada), "no picture of Abby's")
        assert not message.deleted
        assert len(house.kept(bot, house.ada)) == 1


# ---------------------------------------------------------------------- /transform without an attachment


async def test_without_an_attachment_the_last_picture_here_is_transformed(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        await house.picture("the first")
        last = await house.picture("the last")
        await posted(house, photograph(64, 64))  # which Abby does not see
        await shown(await house.server.command(house.ada, "transform", {"prompt": "in oil"}, channel=house.art))
        assert house.kept(bot, house.ada)[0].source_artifact == house.kept(bot, house.ada)[1].id
        await said(await menu(house, "Delete", last, house.ada), "trash")
        await house.server.command(house.bob, "transform", {"prompt": "in oil"}, channel=house.art)
        await house.server.until(lambda: house.kept(bot, house.bob))


async def test_a_private_picture_is_not_the_last_one_of_the_channel(house: House) -> None:
    async with house.bot():
        await house.picture(private=True)
        asked = await house.server.command(house.bob, "transform", {"prompt": "in oil"}, channel=house.art)
        assert (await said(asked, "no picture of Abby's among the newest messages")).ephemeral


async def test_in_direct_messages_what_was_attached_is_seen(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        there = house.server.dm(house.ada)
        await house.server.post(house.ada, there, files=[Upload(filename="mine.png", data=photograph(64, 64))])
        await shown(await house.server.command(house.ada, "transform", {"prompt": "in oil"}, channel=there))
    assert isinstance(provider.requests[0], ImageToImage)


async def test_where_abby_may_not_look_back_she_says_so(house: House) -> None:
    async with house.bot():
        await house.picture()
        house.art.deny(house.server.bot, READ_MESSAGE_HISTORY)
        house.server.next("GET /channels/{channel_id}/messages", refused(403, 50001))
        asked = await house.server.command(house.ada, "transform", {"prompt": "in oil"}, channel=house.art)
        assert (await said(asked, "may not look back here")).ephemeral


async def test_the_menus_say_so_when_abby_is_not_there(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture()
        assert await asyncio.to_thread(gallery_of(bot).page, account(house.ada))
        bot.core = None
        for name in ("Upscale", "Save to my gallery", "Delete"):
            await said(await menu(house, name, message, house.ada), "not available")
