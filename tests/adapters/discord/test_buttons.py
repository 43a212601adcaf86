"""What the buttons below a picture do, for its owner and for others, now and after a restart."""

from __future__ import annotations

import pytest

from abby_adapters.discord.asking import again
from abby_core.errors import InvalidRequest
from abby_core.generation.request import ImageToImage, TextToImage, Upscale
from tests.adapters.discord.conftest import House, account, said, shown
from tests.services.discord_messages import Upload
from tests.support.providers import FixedProvider, mask, photograph
from tests.support.studio import wish


async def test_once_more_makes_the_same_with_another_seed(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        message = await house.picture("a cat --seed 7", style="anime", aspect="16:9", negative="dogs")
        await shown(await house.server.click(message, "🔄 Again", house.ada))
    first, second = provider.requests
    assert isinstance(first, TextToImage)
    assert isinstance(second, TextToImage)
    assert (second.prompt, second.style, second.negative_prompt) == ("a cat", "anime", "dogs")
    assert (second.width, second.height) == (first.width, first.height)
    assert second.seed != first.seed


async def test_once_more_repeats_every_prompt_of_the_order(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        message = await house.picture("a {red, green} bird")
        await shown(await house.server.click(message, "🔄 Again", house.ada))
    assert provider.prompts == ["a red bird", "a green bird"] * 2


async def test_remix_offers_the_words_and_keeps_all_else(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider):
        message = await house.picture("a cat \\{1, 2\\}", style="anime", aspect="16:9")
        form = await house.server.click(message, "✏️ Remix", house.ada)
        await form.until(lambda it: it.modal)
        (field,) = [name for name, part in form.fields.items() if part["type"] == 4]
        assert form.fields[field]["value"] == "a cat \\{1\\, 2\\}"
        await shown(await house.server.modal(form, {field: "a dog --ar 1:1"}))
    first, second = provider.requests
    assert isinstance(second, TextToImage)
    assert first.prompt == "a cat {1, 2}"
    assert (second.prompt, second.style, second.width, second.height) == ("a dog", "anime", 1024, 1024)


async def test_varying_and_enlarging_work_on_the_kept_picture(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider) as bot:
        message = await house.picture("a cat")
        await shown(await house.server.click(message, "🎲 Vary", house.ada))
        await shown(await house.server.click(message, "🔍 Upscale", house.ada))
        original = house.kept(bot, house.ada)[-1]
        made = house.kept(bot, house.ada)[:-1]
        assert {each.source_artifact for each in made} == {original.id}
    _, varied, enlarged = provider.requests
    assert isinstance(varied, ImageToImage)
    assert isinstance(enlarged, Upscale)
    assert varied.prompt == "a cat"


async def test_buttons_work_after_a_restart(house: House) -> None:
    async with house.bot():
        message = await house.picture()
    async with house.bot() as bot:
        await said(await house.server.click(message, "⭐ Favourite", house.ada), "one of your favourites")
        assert house.kept(bot, house.ada)[0].favourite
        await shown(await house.server.click(message, "🎲 Vary", house.ada))


async def test_anothers_press_makes_their_own_order_on_their_own_quota(house: House) -> None:
    async with house.bot(max_user_daily_gens=3) as bot:
        message = await house.picture()
        for label in ("🔄 Again", "🎲 Vary", "🔍 Upscale"):
            await shown(await house.server.click(message, label, house.bob))
        refused = await said(await house.server.click(message, "🔄 Again", house.bob), "your daily limit")
        assert refused.ephemeral
        assert len(house.kept(bot, house.bob)) == 3
        assert {each.source_artifact for each in house.kept(bot, house.bob)} == {""}
        assert len(house.kept(bot, house.ada)) == 1
        assert bot.core is not None
        assert bot.core.quota.status(account(house.ada)).images.used == 1


async def test_anothers_remix_is_theirs(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture()
        form = await house.server.click(message, "✏️ Remix", house.bob)
        await form.until(lambda it: it.modal)
        await shown(await house.server.modal(form))
        assert [each.prompt for each in house.kept(bot, house.bob)] == ["a cute rabbit"]


async def test_another_neither_stars_nor_deletes_nor_brings_back(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture()
        for label in ("⭐ Favourite", "🗑️ Delete"):
            told = await said(await house.server.click(message, label, house.bob), "somebody else's")
            assert told.ephemeral
        (kept,) = house.kept(bot, house.ada)
        assert not kept.favourite


async def test_deleting_can_be_undone(house: House) -> None:
    async with house.bot() as bot:
        message = await house.picture()
        gone = await said(await house.server.click(message, "🗑️ Delete", house.ada), "in your trash")
        assert house.kept(bot, house.ada) == []
        told = await said(await house.server.click(message, "🎲 Vary", house.bob), "not there any more")
        assert told.ephemeral
        await said(await house.server.click(gone, "↩️ Undo", house.ada), "back in your gallery")
        assert len(house.kept(bot, house.ada)) == 1


async def test_what_was_made_from_an_attachment_cannot_be_made_once_more_and_that_is_said(house: House) -> None:
    async with house.bot():
        asked = await house.server.command(
            house.ada, "transform", {"prompt": "in oil"}, channel=house.art,
            attachments={"picture": Upload(filename="mine.png", data=photograph())},
        )  # fmt: skip
        message = (await shown(asked)).original
        assert message is not None
        await said(await house.server.click(message, "🔄 Again", house.ada), "attach it to /transform again")


async def test_what_was_painted_anew_by_a_mask_cannot_be_made_once_more_and_that_is_said(house: House) -> None:
    async with house.bot(FixedProvider(masks=True)) as bot:
        core = bot.core
        assert core is not None
        request = ImageToImage(image=photograph(), mask=mask(), prompt="in oil")
        await core.studio.create(wish("masked", account(house.ada), request=request))
        with pytest.raises(InvalidRequest, match="the mask that said which is not kept"):
            await again(house.ada.id, "masked")(core, account(house.ada))


async def test_a_remix_that_was_open_over_a_restart_is_made(house: House) -> None:
    async with house.bot():
        form = await house.server.click(await house.picture("a cat", private=True), "✏️ Remix", house.ada)
        await form.until(lambda it: it.modal)
    provider = FixedProvider()
    async with house.bot(provider):
        answer = await shown(await house.server.modal(form, {"prompt": "a dog"}))
        assert answer.original is not None
        assert answer.original.ephemeral
    assert provider.prompts == ["a dog"]
