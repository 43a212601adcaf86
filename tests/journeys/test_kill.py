"""Killed at every step and started again: nothing promised is lost, nothing is doubled, nothing is left over."""

from __future__ import annotations

from collections.abc import Generator
from queue import SimpleQueue

import pytest

from tests.journeys.crash_scenarios import SCENARIOS
from tests.support.killing import Killer, Server, a_killer, running_servers


@pytest.fixture(scope="module")
def servers() -> Generator[SimpleQueue[Server]]:
    with running_servers("tests.journeys.crash_scenarios") as servers:
        yield servers


@pytest.fixture
def killer(servers: SimpleQueue[Server]) -> Generator[Killer]:
    with a_killer(servers) as killer:
        yield killer


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step_nothing_is_lost_doubled_or_left_over(killer: Killer, name: str) -> None:
    assert killer.steps_until_it_survives(name) >= SCENARIOS[name].steps_min


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("an order of two", 20),
        ("an order of two", 34),
        ("a paid order of two", 20),
        ("a paid order of two", 34),
        ("an upload", 22),
        ("a picture without room", 14),
        ("a save", 6),
        ("a deletion", 4),
        ("cancelling", 22),
    ],
)
def test_a_recovery_that_is_killed_itself_is_finished_by_the_next(killer: Killer, name: str, step: int) -> None:
    assert killer.recoveries_killed(name, step) >= 2
