"""Many members ask at once: each is answered before any picture is finished, and each gets their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import discord
from discord.ext import commands

from tests.adapters.discord.conftest import House, shown
from tests.services.discord_interactions import Interaction
from tests.services.discord_server import running
from tests.services.discord_world import User
from tests.support.providers import blocking_provider

MEMBERS = 32


async def test_who_ask_at_once_are_all_answered_before_any_picture_is_there(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    provider, gate = blocking_provider()
    members = [house.server.member(house.guild, f"member-{number}") for number in range(MEMBERS)]

    async def ask(number: int) -> tuple[Interaction, float]:
        began = time.perf_counter()
        asked = await house.imagine(f"picture {number}", user=members[number])
        await asked.until(lambda it: it.answered)
        return asked, time.perf_counter() - began

    async with house.bot(provider, concurrent_orders=4, waiting_orders_max=MEMBERS):
        answered = await asyncio.gather(*map(ask, range(MEMBERS)))
        assert not any(asked.original and asked.original.files for asked, _ in answered)
        assert all(asked.callback_type == 4 for asked, _ in answered), "the order itself, and not 'thinking'"
        gate.set()
        for asked, _ in answered:
            await shown(asked)
    texts = {asked.original.text.splitlines()[1] for asked, _ in answered if asked.original}
    assert texts == {f"> picture {number}" for number in range(MEMBERS)}
    record_property("slowest first answer (ms)", round(1000 * max(seconds for _, seconds in answered)))
    record_property("the same of a bot that does nothing else (ms)", round(1000 * await floor(house, members)))


async def floor(house: House, members: list[User]) -> float:
    """How long a bare bot takes, in seconds: it says one word at once."""
    bot = commands.Bot(command_prefix="!", intents=discord.Intents(guilds=True))

    @bot.tree.command(name="imagine", description="Says one word")
    async def imagine(interaction: discord.Interaction, prompt: str) -> None:
        await interaction.response.send_message("Waiting")

    async with running(bot, house.server):
        await bot.tree.sync()
        return max(await asyncio.gather(*(first_answer(house, each, "a fox") for each in members)))


async def first_answer(house: House, member: User, prompt: str) -> float:
    began = time.perf_counter()
    await (await house.imagine(prompt, user=member)).until(lambda it: it.answered)
    return time.perf_counter() - began
