"""Killed at every step of forgetting somebody: the next run finishes, and another's things are as they were."""

from __future__ import annotations

import pytest

from tests.journeys.forget_scenarios import SCENARIOS
from tests.journeys.test_kill import Killer
from tests.journeys.test_kill import killer as killer  # noqa: PLC0414 - a fixture
from tests.journeys.test_kill import servers as servers  # noqa: PLC0414 - a fixture


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_any_step_the_next_run_forgets_all_of_it_and_nothing_else(killer: Killer, name: str) -> None:
    assert killer.steps_until_it_survives(name) >= SCENARIOS[name]


def test_a_next_run_that_is_killed_itself_is_finished_by_the_one_after_it(killer: Killer) -> None:
    assert killer.recoveries_killed("forgetting", 85) >= 20
