"""Killed at every step while pictures are compressed, archived and brought back: each is whole, once, and counted."""

from __future__ import annotations

from collections.abc import Generator
from queue import SimpleQueue

import pytest

from tests.journeys.room_scenarios import SCENARIOS
from tests.support.killing import Killer, Server, a_killer, running_servers


@pytest.fixture(scope="module")
def servers() -> Generator[SimpleQueue[Server]]:
    with running_servers("tests.journeys.room_scenarios") as servers:
        yield servers


@pytest.fixture
def killer(servers: SimpleQueue[Server]) -> Generator[Killer]:
    with a_killer(servers) as killer:
        yield killer


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step_the_picture_is_whole_and_trying_again_ends_it(killer: Killer, name: str) -> None:
    assert killer.steps_until_it_survives(name) >= SCENARIOS[name].steps_min


@pytest.mark.parametrize(
    ("name", "step"), [("compressing", 8), ("archiving", 8), ("archiving", 13), ("restoring", 8), ("undoing", 4)]
)
def test_mending_that_is_killed_itself_is_finished_by_the_next(killer: Killer, name: str, step: int) -> None:
    assert killer.recoveries_killed(name, step) >= 2
