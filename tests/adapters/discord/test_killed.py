"""The bot is killed at every request it makes for an order, and started again: the order ends once, however it ends.

Killed when the request arrives at Discord, which then knows nothing of it; or when Discord has done what was asked,
and nobody hears the answer. Beside the pictures that people see, the rows are looked at: nothing is promised any more,
nothing is charged twice, and no token is left.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from abby_core.database.transaction import Transaction
from tests.adapters.discord.conftest import account
from tests.services.databases import Place, migrate
from tests.services.discord_interactions import Interaction
from tests.services.discord_messages import Message
from tests.services.discord_reading import Seen
from tests.services.discord_server import DiscordServer, discord_server
from tests.services.discord_world import Channel, User
from tests.support.bot_server import EXIT, BotServer, Job
from tests.support.killing import MEMORY
from tests.support.studio import open_abby

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
LOGGING_IN = ("/users/@me", "/applications/", "/gateway", "/oauth2/")
PATIENCE_SECONDS = 30.0
SENTENCE = "Nothing was charged."
STEPS_MAX = 12
AHEAD_SECONDS = 400.0
"""How much later the bot is started again: leases have run out and the next try is due; tokens live for 900 s."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is asked, and what the world is like."""

    private: bool = False
    long_wait_seconds: float = 1_000_000
    error: str = ""
    token_dies: bool = False
    """While the bot is away."""


SCENARIOS = {
    "short": Scenario(),
    "long": Scenario(long_wait_seconds=-1),
    "long and private": Scenario(long_wait_seconds=-1, private=True),
    "failing": Scenario(error="The words were refused."),
    "dead token": Scenario(token_dies=True),
    "dead token, private": Scenario(token_dies=True, private=True),
}


@dataclass
class World:
    """One Discord, and the process that starts bots which talk to it."""

    server: DiscordServer
    bots: BotServer
    folder: Path

    def __post_init__(self) -> None:
        self.guild = self.server.guild("Painters")
        self.cases = 0
        self.pid = 0

    async def start(self, scenario: Scenario, root: Path, *, ahead_seconds: float = 0) -> None:
        job = Job(
            url=self.server.url, token=self.server.token, folder=str(root), ahead_seconds=ahead_seconds,
            long_wait_seconds=scenario.long_wait_seconds, error=scenario.error,
        )  # fmt: skip
        self.pid = self.bots.bot(job)
        await self.server.until(lambda: self.server.gateway.connected, patience_seconds=PATIENCE_SECONDS)

    async def stop(self, root: Path, deaths: Sequence[str] = ()) -> None:
        """Ask the bot to end in good order: what it has begun to deliver is delivered then, or it is killed at that."""
        os.kill(self.pid, signal.SIGTERM)
        await self.gone()
        for _ in range(3000):
            if deaths:
                return
            if (root / EXIT).exists() and (told := (root / EXIT).read_text()):
                assert told == "0"
                (root / EXIT).unlink()
                return
            await asyncio.sleep(0.01)  # nothing tells of another process's end
        raise AssertionError("the bot did not end")

    async def gone(self) -> None:
        await self.server.until(lambda: not self.server.gateway.connected, patience_seconds=PATIENCE_SECONDS)

    async def tell_of_commands(self, template: Path) -> None:
        """Let Discord know the commands, and the template that it does."""
        await self.start(Scenario(), template)
        await self.stop(template)


@pytest.fixture(scope="module")
def bots() -> Generator[BotServer]:
    server = BotServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def folder() -> Generator[Path]:
    """In memory where there is such a folder: what a killed process has written the kernel keeps anyway."""
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="abby-bot-") as place:
        yield Path(place)


@pytest.fixture(scope="module")
def template(folder: Path) -> Path:
    """The folder of an Abby nobody has used yet."""
    root = folder / "template"
    root.mkdir()
    migrate(Place(url="", root=root))
    return root


@pytest.fixture
async def world(bots: BotServer, folder: Path, template: Path) -> AsyncGenerator[World]:
    async with discord_server() as server:
        world = World(server, bots, folder)
        await world.tell_of_commands(template)
        yield world


@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_any_request_the_order_ends_once(world: World, template: Path, name: str) -> None:
    step = 1
    while any([await killed_once(world, template, SCENARIOS[name], step, done=done) for done in (False, True)]):
        step += 1
    assert 3 <= step < STEPS_MAX, "an order takes at least two requests"


async def killed_once(world: World, template: Path, scenario: Scenario, step: int, *, done: bool) -> bool:
    """Kill the bot at its n-th request for an order, start it again and look. False: there were not so many."""
    server = world.server
    world.cases += 1
    root = world.folder / "case"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root)
    channel, ada = world.guild.channel(f"case-{world.cases}"), server.member(world.guild, f"ada-{world.cases}")
    await world.start(scenario, root)
    deaths = dying_at(world, step, done=done)
    asked = await server.command(ada, "imagine", {"prompt": "a rabbit", "private": scenario.private}, channel=channel)
    await server.until(lambda: deaths or is_over(asked, channel, server.dm(ada)), patience_seconds=PATIENCE_SECONDS)
    if not deaths:
        await world.stop(root, deaths)
    if deaths:
        await world.gone()
        server.dying = None
        server.expire(asked)  # who was not answered within three seconds is not answered any more
        if scenario.token_dies:
            server.kill_token(asked)
        await world.start(scenario, root, ahead_seconds=AHEAD_SECONDS)
        if not await was_accepted(root, asked, ada):
            await world.stop(root)
            return True
        await server.until(lambda: is_over(asked, channel, server.dm(ada)), patience_seconds=PATIENCE_SECONDS)
        await world.stop(root)
    server.dying = None
    check(asked, channel, server.dm(ada), scenario)
    await check_rows(root, asked, ada, scenario)
    return bool(deaths)


def dying_at(world: World, step: int, *, done: bool) -> list[str]:
    """Let the bot be killed at its n-th request for an order; the list says at which, then."""
    deaths: list[str] = []
    seen_before = 0

    def dying(seen: Seen, is_done: bool) -> bool:
        nonlocal seen_before
        if seen.path.startswith(LOGGING_IN) and not seen.path.endswith("/channels"):
            return False
        seen_before += not is_done
        if not deaths and seen_before == step and is_done == done:
            os.kill(world.pid, signal.SIGKILL)
            deaths.append(f"{seen.method} {seen.path}")
        return bool(deaths)

    world.server.dying = dying
    return deaths


def results(*channels: Channel) -> list[Message]:
    """Messages that show a picture; without one, those that say why there is none, or how to have it."""
    messages = [each for channel in channels for each in channel.messages]
    sentences = [each for each in messages if SENTENCE in each.text or "/show id:" in each.text]
    return [each for each in messages if each.files] or sentences


def is_over(asked: Interaction, channel: Channel, dm: Channel) -> bool:
    """There is a result, and nothing waits beside it (where the bot can still change that)."""
    shown = results(channel, dm)
    waiting = [] if asked.original is None or (asked.token_dead and asked.original.ephemeral) else [asked.original]
    return bool(shown) and not any("Painting" in each.text or "Waiting" in each.text for each in waiting)


def check(asked: Interaction, channel: Channel, dm: Channel, scenario: Scenario) -> None:
    assert len(results(channel, dm)) == 1, [each.text for each in results(channel, dm)]
    (message,) = results(channel, dm)
    if not (scenario.private and scenario.token_dies):  # there nobody but the person knows what came before
        assert bool(message.files) == (not scenario.error)
    if scenario.private:
        assert message.ephemeral or message.channel is dm
    assert len(channel.messages) + len(dm.messages) <= 2, "a result, and a note about it"


async def was_accepted(root: Path, asked: Interaction, ada: User) -> bool:
    abby = open_abby(root)
    try:
        return str(asked.id) in {order.id for order in await abby.studio.orders(account(ada))}
    finally:
        abby.close()


async def check_rows(root: Path, asked: Interaction, ada: User, scenario: Scenario) -> None:
    abby = open_abby(root)
    try:

        def read(tx: Transaction) -> list[dict[str, str]]:
            return [dict(row) for row in tx.rows("SELECT state, address FROM deliveries")]

        (row,) = abby.database.read(read)
        assert row["state"] == "delivered"
        assert json.loads(row["address"])["token"] == ""
        assert abby.quota.status(account(ada)).images.used == (0 if scenario.error else 1)
        assert len(abby.gallery.of_order(account(ada), str(asked.id))) == (0 if scenario.error else 1)
    finally:
        abby.close()
