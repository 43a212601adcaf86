"""Killed at every step of forgetting somebody: the next run finishes, and another's things are as they were."""

from __future__ import annotations

from collections.abc import Generator
from queue import SimpleQueue

import pytest

from tests.journeys.forget_scenarios import SCENARIOS
from tests.support.killing import Killer, Server, a_killer, running_servers


@pytest.fixture(scope="module")
def servers() -> Generator[SimpleQueue[Server]]:
    with running_servers("tests.journeys.forget_scenarios") as servers:
        yield servers


@pytest.fixture
def killer(servers: SimpleQueue[Server]) -> Generator[Killer]:
    with a_killer(servers) as killer:
        yield killer


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step_the_next_run_forgets_all_of_it_and_nothing_else(killer: Killer, name: str) -> None:
    assert killer.steps_until_it_survives(name) >= SCENARIOS[name]


def test_a_next_run_that_is_killed_itself_is_finished_by_the_one_after_it(killer: Killer) -> None:
    assert killer.recoveries_killed("forgetting", 85) >= 20
