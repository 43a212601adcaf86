"""``abby serve`` as a program: where it listens, how it ends, and what survives its sudden end."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import Popen
from typing import Any

import openai
import pytest

from tests.adapters.cli.conftest import Abby, Computer

KEY = {"Idempotency-Key": "breakfast"}


@contextmanager
def running(computer: Computer, token: str = "", **settings: str) -> Generator[tuple[openai.OpenAI, Popen[str]]]:
    """``abby serve`` at a free port, and OpenAI's client in front of it."""
    with computer.start("serve", "--port", "0", **settings) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        if not url:
            program.kill()
            raise AssertionError(program.communicate()[1])
        try:
            with openai.OpenAI(api_key=token or "none", base_url=f"{url}/v1", max_retries=0, timeout=60) as client:
                yield client, program
        finally:
            program.kill()
            program.communicate()


@pytest.fixture
def token(abby: Abby) -> str:
    return abby("token", "create", "--user", "alice").out.strip()


def test_it_makes_pictures_until_it_is_told_to_stop_and_then_ends_well(computer: Computer, token: str) -> None:
    with running(computer, token) as (client, program):
        assert client.images.generate(prompt="a boat", size="256x256").data
        program.send_signal(signal.SIGTERM if sys.platform != "win32" else signal.CTRL_C_EVENT)
        _, said = program.communicate(timeout=60)
    assert program.returncode == 0, said
    assert token not in said


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_what_was_accepted_before_a_sudden_end_is_made_once_and_answered_by_the_next_serve(
    computer: Computer,
    token: str,
    abby: Abby,
) -> None:
    with running(computer, token, LEASE_SECONDS="5") as (client, program):
        stream = client.images.generate(prompt="a boat", size="512x512", n=3, stream=True, extra_headers=KEY)
        next(iter(stream))
        program.kill()
        program.wait()
    with running(computer, token, LEASE_SECONDS="5") as (client, _):
        made = client.images.generate(prompt="a boat", size="512x512", n=3, extra_headers=KEY)
    assert len(made.data or []) == 3
    assert len(abby("gallery", "--user", "alice", "--json").json["pictures"]) == 3
    assert abby("quota", "alice", "--json").json["daily"]["used"] == 3
    assert abby("fsck").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C would end the test as well")
def test_streams_that_are_open_when_it_is_told_to_stop_bring_all_their_pictures_and_end_as_always(
    computer: Computer, token: str, abby: Abby
) -> None:
    with running(computer, token) as (client, program):
        asked = [client.images.generate(prompt=f"boat {n}", size="512x512", n=2, stream=True) for n in range(2)]
        streams = [each.response.iter_lines() for each in asked]
        assert [next(stream) for stream in streams] == ["event: image_generation.completed"] * 2
        program.send_signal(signal.SIGTERM)
        rest = [list(stream) for stream in streams]
        _, said = program.communicate(timeout=60)
    assert (program.returncode, "Traceback" in said) == (0, False), said
    assert [lines.count("event: image_generation.completed") for lines in rest] == [1, 1]
    assert [[line for line in lines if line][-1] for lines in rest] == ["data: [DONE]"] * 2
    assert abby("quota", "alice", "--json").json["daily"]["used"] == 4
    assert abby("fsck").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C would end the test as well")
def test_told_twice_it_waits_for_no_stream_and_what_it_cuts_off_is_made_once_and_answered_by_the_next_serve(
    computer: Computer, token: str, abby: Abby
) -> None:
    keys = [{"Idempotency-Key": f"meal {n}"} for n in range(4)]
    wishes: list[dict[str, Any]] = [
        {"prompt": "a boat", "size": "768x768", "n": 3, "extra_headers": each} for each in keys
    ]
    with running(computer, token, CONCURRENT_ORDERS="1", MAX_USER_DAILY_GENS="12") as (client, program):
        streams = [client.images.generate(**each, stream=True) for each in wishes[:3]]  # one is made, the others wait
        asked = ThreadPoolExecutor(1).submit(client.images.generate, **wishes[3])
        while len(abby("orders", "--user", "alice", "--json").json["orders"]) < len(wishes):
            pass  # until the last one has been accepted as well
        program.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionRefusedError):
            while True:  # until the first signal has arrived: two at once are one
                socket.create_connection((client.base_url.host, client.base_url.port or 0)).close()
        program.send_signal(signal.SIGTERM)
        with pytest.raises(openai.APIError, match="being stopped"):
            list(streams[-1])
        with pytest.raises(openai.InternalServerError, match="being stopped"):
            asked.result(timeout=60)
        _, said = program.communicate(timeout=60)
    assert (program.returncode, "Traceback" in said) == (0, False), said
    with running(computer, token) as (client, _):
        made = [client.images.generate(**wish) for wish in wishes]
    assert [len(each.data or []) for each in made] == [3, 3, 3, 3]
    assert abby("quota", "alice", "--json").json["daily"]["used"] == 12
    assert abby("fsck").code == 0


def test_others_reach_it_only_when_somebody_has_a_token(computer: Computer, abby: Abby) -> None:
    refused = computer.abby("serve", "--host", "0.0.0.0", "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "abby token create" in " ".join(refused.err.split())
    abby("token", "create")
    with running(computer, WEB_HOST="0.0.0.0"):
        pass


def test_a_port_that_is_taken_is_named(computer: Computer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = computer.abby("serve", "--port", str(port))
    assert refused.code == 2
    assert str(port) in refused.err
