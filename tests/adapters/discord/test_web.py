"""``/web``: a link that signs its owner in to the pages, once."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from abby_adapters.web.serve import server_for, url_of
from abby_core.bootstrap import Abby as Core
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


async def test_the_link_opens_the_pages_of_whoever_asked(house: House) -> None:
    async with house.bot(public_url=WEB) as bot:
        message = await said(await house.server.command(house.ada, "web", channel=house.art), "once, within 15 minutes")
        (button,) = message.buttons
        link = urlsplit(str(button["url"]))
        assert bot.core is not None
        async with _pages(bot.core) as url:
            # As behind a proxy: under the name in PUBLIC_URL.
            headers = {"host": link.netloc, "origin": WEB}
            async with aiohttp.ClientSession(url, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as browser:
                async with browser.get(link.path) as looked:
                    assert looked.status == 200
                    main = (await looked.text()).partition("<main")[2]
                    form = re.search(r'<form method="post" action="([^"]+)"', main)
                    assert form is not None
                async with browser.post(form[1], allow_redirects=False) as used:
                    assert used.status == 303
                    (session,) = used.cookies.values()
                async with browser.get("/account", headers={"cookie": f"{session.key}={session.value}"}) as page:
                    assert account(house.ada).key in await page.text()


@asynccontextmanager
async def _pages(core: Core) -> AsyncGenerator[str]:
    """The web beside the bot, over the same Abby: where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = server_for(core)
        task = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            yield url_of(bound)
        finally:
            server.stop()
            server.force_exit = True
            await task


async def test_without_web_pages_it_is_said_what_the_host_must_set(house: House) -> None:
    async with house.bot():
        message = await said(await house.server.command(house.ada, "web", channel=house.art), "can set PUBLIC_URL")
        assert message.ephemeral
        assert message.buttons == []
