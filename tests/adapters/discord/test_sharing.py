"""Links to pictures and albums: made with a command or a press, shown to their owner alone, taken back."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from abby_adapters.discord.main import Abby
from abby_core.errors import NotFound, PasswordNeeded
from abby_core.gallery.share import SharedAlbum, SharedPicture
from tests.adapters.discord.conftest import House, account, said
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message

WEB = "https://pictures.example.org"


def token_in(message: Message) -> str:
    found = re.search(rf"{WEB}/s/([\w-]+)", message.text)
    assert found, message.text
    return found[1]


async def opened(bot: Abby, token: str, password: str | None = None) -> Any:
    assert bot.core is not None
    return await asyncio.to_thread(bot.core.shares.open, token, password)


async def share(house: House, **options: Any) -> Interaction:
    return await house.server.command(house.ada, "share", options, channel=house.art)


async def test_a_picture_is_shared_by_name_and_the_link_opens_it(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        await house.picture("a very red bird")
        (kept,) = house.kept(bot, house.ada)
        asked = await share(house, picture=kept.name, views=3, tells="prompt", expires=3600)
        message = await said(asked, "Open until <t:")
        assert message.ephemeral
        assert "It opens 3 times." in message.text
        seen = await opened(bot, token_in(message))
        assert isinstance(seen, SharedPicture)
        assert seen.prompt == "a very red bird"


async def test_an_album_is_shared_whole(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        await house.picture()
        (kept,) = house.kept(bot, house.ada)
        assert bot.core is not None
        album = bot.core.gallery.albums.create(account(house.ada), "Birds")
        bot.core.gallery.albums.add(account(house.ada), album.id, kept.id)
        typing = await house.server.autocomplete(
            house.ada, "share", {"album": "bir"}, focused="album", channel=house.art
        )
        await typing.until(lambda it: it.choices)
        message = await said(await share(house, album=typing.choices[0]["value"]), "album Birds")
        seen = await opened(bot, token_in(message))
        assert isinstance(seen, SharedAlbum)


async def test_below_a_picture_a_form_asks_how_it_shall_be_shared(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        picture = await house.picture("a secret")
        form = await house.server.click(picture, "🔗 Share", house.ada)
        await form.until(lambda it: it.modal)
        sent = await house.server.modal(form, {"views": "2", "password": "open sesame", "expires": "3600"})
        message = await said(sent, "It opens with its password only.")
        assert message.ephemeral
        token = token_in(message)
        try:
            await opened(bot, token)
        except PasswordNeeded:
            seen = await opened(bot, token, "open sesame")
            assert isinstance(seen, SharedPicture)
            assert seen.prompt == ""
        else:
            raise AssertionError("it opened without its password")


async def test_a_form_that_was_open_over_a_restart_still_shares(house: House) -> None:
    async with house.bot(public_url=WEB):
        form = await house.server.click(await house.picture(), "🔗 Share", house.ada)
        await form.until(lambda it: it.modal)
    async with house.bot(public_url=WEB):
        await said(await house.server.modal(form), "Open until")


async def test_the_command_shows_the_form_where_a_password_is_wished(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        await house.picture()
        form = await share(house, picture=house.kept(bot, house.ada)[0].id, password=True, views=7)
        await form.until(lambda it: it.modal)
        assert form.fields["views"]["value"] == "7"
        await said(await house.server.modal(form, {"views": "many"}), "whole number")
        await said(await house.server.modal(form, {"views": "0007"}), "It opens 7 times.")


async def test_the_links_are_listed_and_taken_back(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        await said(await share(house), "Nothing is shared.")
        await house.picture()
        (kept,) = house.kept(bot, house.ada)
        message = await said(await share(house, picture=kept.id), "Open until")
        listed = await said(await share(house), "opened 0 times")
        assert listed.ephemeral
        (select,) = listed.selects
        await house.server.select(listed, select["custom_id"], [select["options"][0]["value"]], house.ada)
        await house.server.until(lambda: "was taken back" in listed.text)
        try:
            await opened(bot, token_in(message))
        except NotFound:
            pass
        else:
            raise AssertionError("it opened")


async def test_a_link_is_taken_back_where_it_was_made_after_a_restart_too(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        await house.picture()
        message = await said(await share(house, picture=house.kept(bot, house.ada)[0].id), "Open until")
    token = token_in(message)
    async with house.bot(public_url=WEB) as bot:
        await house.server.click(message, "↩️ Take it back", house.ada)
        await house.server.until(lambda: "leads nowhere now" in message.text)
        assert bot.core is not None
        (ended,) = bot.core.shares.list(account(house.ada))
        assert ended.state == "revoked"
    assert token not in message.text


async def test_without_web_pages_it_is_said_what_the_host_must_set(house: House) -> None:
    async with house.bot() as bot:
        picture = await house.picture()
        for asked in (
            await share(house, picture=house.kept(bot, house.ada)[0].id),
            await house.server.click(picture, "🔗 Share", house.ada),
        ):
            assert (await said(asked, "can set PUBLIC_URL")).ephemeral
        assert bot.core is not None
        assert bot.core.shares.list(account(house.ada)) == ()


async def test_anothers_picture_is_not_shared_by_name_nor_by_press(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        picture = await house.picture()
        (kept,) = house.kept(bot, house.ada)
        options = {"picture": kept.id}
        told = await said(await house.server.command(house.bob, "share", options, channel=house.art), "You have no")
        unknown = {"picture": "0" * 24}
        same = await said(await house.server.command(house.bob, "share", unknown, channel=house.art), "You have no")
        assert told.text.replace(kept.id, "") == same.text.replace("0" * 24, "")
        await said(await house.server.click(picture, "🔗 Share", house.bob), "somebody else's")


async def test_one_thing_at_a_time_is_shared(house: House) -> None:
    async with house.bot(public_url=WEB):
        await said(await share(house, picture="a", album="b"), "one of the two")
