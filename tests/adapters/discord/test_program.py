"""``abby bot`` and ``abby serve`` as programs: the bot comes online, and ends in good order when it is asked to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import openai
import pytest

from abby_adapters.cli.checkup import Result, _discord
from abby_adapters.cli.context import Context
from abby_core.settings import Settings
from tests.adapters.discord.conftest import House, account, shown
from tests.support.studio import ALICE, open_abby

PROJECT = Path(__file__).parents[3]
PROGRAM = """
import sys
from tests.services.discord_server import pointed_at
from abby_adapters.cli.main import main
url = sys.argv.pop(1)
with pointed_at(url):
    main()
"""


def program(house: House, *arguments: str, token: str) -> subprocess.Popen[str]:
    settings = {"DISCORD_TOKEN": token, "STORAGE_ROOT": str(house.root), "PROVIDER": "painter", "MIN_FREE_DISK_MB": "0"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, house.server.url, *arguments], cwd=house.root,
        env={**os.environ, **settings, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def token_for(house: House) -> str:
    """Alice's token for the web."""
    abby = open_abby(house.root)
    text = abby.tokens.create(ALICE)[1]
    abby.close()
    return text


async def first_line(serving: subprocess.Popen[str]) -> str:
    assert serving.stdout is not None
    return (await asyncio.to_thread(serving.stdout.readline)).strip()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
async def test_the_bot_comes_online_makes_a_picture_and_stops_when_asked(house: House) -> None:
    with program(house, "bot", token=house.server.token) as bot:
        try:
            await house.server.until(lambda: house.server.gateway.connected, patience_seconds=30)
            asked = await shown(await house.imagine("a rabbit"))
            assert "demo painter, not by AI" in (asked.original.text if asked.original else "")
        finally:
            bot.send_signal(signal.SIGTERM)
            out, err = await asyncio.to_thread(bot.communicate, timeout=60)
    assert bot.returncode == 0, err
    assert out == ""
    assert "[🐰] StorageManager initialized successfully" in err
    assert "[🐰] ImageGenerator initialized successfully" in err
    assert house.server.token not in err
    assert asked.token not in err
    looking = open_abby(house.root)
    assert len(looking.gallery.page(account(house.ada)).artifacts) == 1
    looking.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
async def test_serve_runs_web_worker_and_bot_in_one_process_and_stops_them_together(house: House) -> None:
    web_token = token_for(house)
    with program(house, "serve", "--port", "0", token=house.server.token) as serving:
        try:
            url = await first_line(serving)
            await house.server.until(lambda: house.server.gateway.connected, patience_seconds=30)
            asked = await shown(await house.imagine("a rabbit"))
            assert "demo painter, not by AI" in (asked.original.text if asked.original else "")
            async with openai.AsyncOpenAI(api_key=web_token, base_url=f"{url}/v1") as client:
                made = await client.images.generate(prompt="a boat", size="256x256")
            assert made.data
        finally:
            serving.send_signal(signal.SIGTERM)
            _, err = await asyncio.to_thread(serving.communicate, timeout=60)
    assert serving.returncode == 0, err
    assert "Traceback" not in err
    assert house.server.token not in err
    looking = open_abby(house.root)
    assert len(looking.gallery.page(account(house.ada)).artifacts) == 1
    assert len(looking.gallery.page(ALICE).artifacts) == 1
    looking.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
async def test_a_bot_that_cannot_sign_in_leaves_the_web_alone_and_says_why(house: House) -> None:
    web_token = token_for(house)
    with program(house, "serve", "--port", "0", token="wrong") as serving:
        url, said = await first_line(serving), ""
        while "The bot is not online" not in said:
            assert serving.stderr is not None
            line = await asyncio.to_thread(serving.stderr.readline)
            assert line, said
            said += line
        async with openai.AsyncOpenAI(api_key=web_token, base_url=f"{url}/v1") as client:
            assert (await client.images.generate(prompt="a boat", size="256x256")).data
        serving.send_signal(signal.SIGTERM)
        _, err = await asyncio.to_thread(serving.communicate, timeout=60)
    assert serving.returncode == 0, err
    assert "Discord refused DISCORD_TOKEN" in said
    assert "Traceback" not in said + err


async def test_a_bad_token_is_said_in_one_sentence(house: House) -> None:
    with program(house, "bot", token="wrong") as bot:
        _, err = await asyncio.to_thread(bot.communicate, timeout=60)
    assert bot.returncode == 2
    assert " ".join(err.split()).endswith(
        "Discord refused DISCORD_TOKEN. Copy the bot's token anew from https://discord.com/developers."
    )


async def test_the_doctor_says_whose_token_it_is(house: House) -> None:
    async def doctor(token: str | None) -> Result:
        context = Context(settings=Settings(storage_root=house.root, discord_token=token))
        return (await asyncio.to_thread(lambda: list(_discord(context))))[0]

    assert await doctor(house.server.token) == Result("discord", ok=True, detail="Signed in to Discord as abby.")
    assert not (await doctor("wrong")).ok
    assert (await doctor(None)).detail.startswith("No DISCORD_TOKEN: no bot.")
