"""``/web``: a link that signs its owner in to the pages, once."""

from __future__ import annotations

import pytest

from abby_core.errors import NotFound
from tests.adapters.discord.conftest import House, account, said

WEB = "https://abby.example.org"


async def test_the_link_signs_whoever_asked_in_and_nobody_twice(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        message = await said(await house.server.command(house.ada, "web", channel=house.art), "once, within 15 minutes")
        assert message.ephemeral
        (button,) = message.buttons
        start, _, token = str(button["url"]).rpartition("/")
        assert start == f"{WEB}/sign-in/link"
        assert bot.core is not None
        assert await bot.core.sign_ins.redeem(token) == account(house.ada)
        with pytest.raises(NotFound):
            await bot.core.sign_ins.redeem(token)
        assert token not in message.text


async def test_without_web_pages_it_is_said_what_the_host_must_set(house: House) -> None:
    async with house.bot():
        message = await said(await house.server.command(house.ada, "web", channel=house.art), "can set PUBLIC_URL")
        assert message.ephemeral
        assert message.buttons == []
