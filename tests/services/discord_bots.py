"""Real bots of discord.py, pointed at the loopback's Discord."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING
from unittest import mock

import discord.gateway
import discord.http
import yarl

if TYPE_CHECKING:
    from tests.services.discord_server import DiscordServer

API = "/api/v10"


@contextmanager
def pointed_at(server: DiscordServer | str) -> Generator[None]:
    """Makes discord.py talk to the server (or to the one at this address), for as long as the block lasts.

    discord.py has no setting for where Discord is: the address of the API, of the gateway and of the content network
    are attributes of three of its classes. A bot in another process does the same with the server's ``url``.
    """
    url = server if isinstance(server, str) else server.url
    gateway = yarl.URL(url.replace("http:", "ws:") + "/gateway")
    with (
        mock.patch.object(discord.http.Route, "BASE", f"{url}{API}"),
        mock.patch.object(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway),
        mock.patch.object(discord.Asset, "BASE", url),
    ):
        yield


@asynccontextmanager
async def running(bot: discord.Client, server: DiscordServer) -> AsyncGenerator[discord.Client]:
    """The bot, logged in and listening; closed afterwards. An error that ends it early fails the test."""
    life = asyncio.create_task(bot.start(server.token))
    arrival = asyncio.create_task(server.connected())
    try:
        await asyncio.wait({life, arrival}, return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            await life
        await arrival
        yield bot
    finally:
        arrival.cancel()
        _stop_waiting_for_guilds(bot)
        await bot.close()
        with suppress(asyncio.CancelledError):
            await life
        await _end_heartbeats()


async def _end_heartbeats() -> None:
    """discord.py waits for no thread that beats for a connection, and forgets one where the bot is closed while it
    connects: most of a minute later that would find this loop closed, in the middle of another test."""
    loop = asyncio.get_running_loop()
    for thread in threading.enumerate():
        if isinstance(thread, discord.gateway.KeepAliveHandler) and thread.ws.loop is loop:
            thread.stop()
            await asyncio.to_thread(thread.join)


def _stop_waiting_for_guilds(bot: discord.Client) -> None:
    """discord.py tells of "ready" two seconds after the last guild, even of a bot that was closed before."""
    state = bot._connection
    waiting = [state._ready_task, *getattr(state, "_ready_tasks", {}).values()]
    for task in waiting:
        if task is not None:
            task.cancel()
