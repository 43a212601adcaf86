"""From a command to its picture, and what members are told where there is none."""

from __future__ import annotations

from abby_core.errors import Moderated
from tests.adapters.discord.conftest import House, account, said, shown
from tests.support.providers import FixedProvider, blocking_provider, photograph
from tests.support.studio import assert_sound


async def test_a_picture_comes_in_the_message_of_its_order(house: House) -> None:
    async with house.bot() as bot:
        asked = await shown(await house.imagine("a @everyone cat", style="anime", aspect="16:9", negative="dogs"))
        message = asked.original
        assert message is not None
        (file,) = message.files
        assert (file.filename, file.data) == ("image.png", photograph())
        assert file.description == "Picture: a @everyone cat"
        assert message.pings == set()
        assert "Daily: 1/1000 | Storage: " in message.text
        assert [button["label"] for button in message.buttons] == [
            "🔍 Upscale", "🎲 Vary", "🔄 Again", "✏️ Remix", "⭐ Favourite", "🔗 Share",
            "🗑️ Delete",
        ]  # fmt: skip
        (kept,) = house.kept(bot, house.ada)
        assert (kept.style, kept.negative_prompt, kept.order_id) == ("anime", "dogs", str(asked.id))
        assert kept.parameters["width"] == 1344
        assert len(house.art.messages) == 1
    assert bot.core is not None
    assert_sound(bot.core)


async def test_an_order_is_followed_in_its_message(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        first = await house.imagine("one")
        await said(first, "Painting: 50 %")
        second = await house.imagine("two")
        message = await said(second, "Waiting, number 1")
        assert [button["label"] for button in message.buttons] == ["✖️ Cancel"]
        gate.set()
        await shown(first)
        await shown(second)


async def test_the_message_shows_how_the_picture_is_so_far_until_it_is_there(house: House) -> None:
    provider, gate = blocking_provider(preview=photograph(32, 32))
    async with house.bot(provider):
        asked = await shown(await house.imagine())
        message = await said(asked, "Painting: 50 %")
        (file,) = message.files
        assert (file.filename, file.data) == ("preview.png", photograph(32, 32))
        assert message.attachments == [], "the embed shows it"
        gate.set()
        await asked.until(lambda it: it.original and [each.filename for each in it.original.files] == ["image.png"])


async def test_so_far_it_is_covered_where_the_picture_will_be(house: House) -> None:
    provider, gate = blocking_provider(preview=photograph(32, 32))
    async with house.bot(provider):
        message = (await shown(await house.imagine(spoiler=True))).original
        assert message is not None
        assert [each.filename for each in message.attachments] == ["SPOILER_preview.png"]
        gate.set()


async def test_what_a_service_calls_a_preview_and_is_none_is_not_shown(house: House) -> None:
    provider, gate = blocking_provider(preview=b"<script>")
    async with house.bot(provider):
        message = await said(await house.imagine(), "Painting: 50 %")
        assert message.files == []
        gate.set()


async def test_after_the_result_no_progress_is_written_any_more(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        await said(asked, "Painting: 50 %")
        gate.set()
        message = (await shown(asked)).original
        assert message is not None
        edits = [seen for seen in house.server.seen if seen.operation.startswith("PATCH /webhooks")]
        assert sum(bool(seen.uploads) for seen in edits) == 1
        assert edits[-1].uploads
    assert bot.messages == {}


async def test_several_pictures_come_in_one_message_with_a_list_to_choose_from(house: House) -> None:
    async with house.bot():
        asked = await shown(await house.imagine("a {red, green} bird", count=2))
        message = asked.original
        assert message is not None
        assert [file.filename for file in message.files] == ["image.png", "image-2.png", "image-3.png", "image-4.png"]
        assert message.attachments[0].description == "Picture: a red bird"
        (choice,) = message.selects
        assert len(choice["options"]) == 4
        chosen = await house.server.select(message, choice["custom_id"], [choice["options"][2]["value"]], house.bob)
        picked = (await shown(chosen)).original
        assert picked is not None
        assert picked.ephemeral
        assert "a green bird" in picked.text


async def test_what_is_asked_in_private_is_seen_by_one_person(house: House) -> None:
    async with house.bot():
        message = (await shown(await house.imagine(private=True))).original
        assert message is not None
        assert message.ephemeral


async def test_who_is_over_the_limit_is_told_alone_and_nothing_is_made(house: House) -> None:
    provider = FixedProvider()
    async with house.bot(provider, max_user_daily_gens=1):
        await house.picture()
        refused = await (await house.imagine()).until_done()
        message = refused.original
        assert message is not None
        assert refused.callback_type == 4
        assert message.ephemeral
        (embed,) = message.embeds
        assert embed["title"] == "Daily Generation Limit Reached"
        assert embed["description"].startswith("You've reached your daily limit of 1 generation.")
        assert embed["fields"][0]["name"] == "Next Reset"
        assert len(provider.requests) == 1


async def test_words_that_cannot_be_read_are_refused_with_what_to_change(house: House) -> None:
    async with house.bot():
        message = await said(await house.imagine("a cat --stlye anime"), "Did you mean style?")
        assert message.ephemeral


async def test_a_failed_order_says_why_and_that_nothing_was_charged(house: House) -> None:
    async with house.bot(FixedProvider(errors=(Moderated("The words were refused."),))) as bot:
        message = await said(await house.imagine(), "Generation Failed")
        assert "The words were refused.\nNothing was charged." in message.text
        assert message.buttons == []
        assert house.kept(bot, house.ada) == []


async def test_the_demo_painter_is_named_as_such(house: House) -> None:
    async with house.bot(FixedProvider(demo=True)):
        assert "demo painter, not by AI" in (await house.picture()).text


async def test_a_waiting_order_is_cancelled_and_its_message_says_so(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        running = await house.imagine("one")
        await said(running, "Painting")
        waiting = await house.imagine("two")
        await said(waiting, "Waiting")
        await said(await house.server.command(house.ada, "cancel", channel=house.art), "Nothing was charged.")
        await said(waiting, "Cancelled")
        gate.set()
        await shown(running)


async def test_a_running_order_is_cancelled_by_its_button(house: House) -> None:
    provider, _gate = blocking_provider()
    async with house.bot(provider) as bot:
        asked = await house.imagine()
        message = await said(asked, "Painting")
        foreign = await house.server.click(message, "✖️ Cancel", house.bob)
        await said(foreign, "somebody else's")
        await said(await house.server.click(message, "✖️ Cancel", house.ada), "Nothing was charged.")
        await said(asked, "Cancelled")
        assert bot.core is not None
        assert bot.core.quota.status(account(house.ada)).images.used == 0


async def test_one_members_cancelling_leaves_anothers_order_alone(house: House) -> None:
    provider, gate = blocking_provider()
    async with house.bot(provider):
        asked = await house.imagine()
        await said(asked, "Painting")
        await said(
            await house.server.command(house.bob, "cancel", {"order": str(asked.id)}, channel=house.art),
            "You have no order",
        )
        gate.set()
        await shown(asked)
