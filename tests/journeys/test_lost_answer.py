"""A database whose answer gets lost: what it was asked has happened, but whoever asked is told that it failed.

So it is when the connection to PostgreSQL breaks during a commit. Its door then runs the function once more
(``twice``), or gives up (``lost``).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from abby_core.database.database import Database
from abby_core.errors import AbbyError, StorageError
from tests.journeys.crash_scenarios import SCENARIOS, Place, prepare, recover_and_check
from tests.support.crashing import CrashingDatabase, Steps
from tests.support.providers import PATIENCE_SECONDS, FixedProvider
from tests.support.studio import assert_sound, open_abby, wish

STEPS_MAX = 60


class ForgetfulDatabase(CrashingDatabase):
    """Loses the answer to its n-th writing transaction."""

    def __init__(self, database: Database, how: Literal["lost", "twice"], number: int) -> None:
        super().__init__(database, Steps(0))
        self._how = how
        self.left = number

    def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        result = self._database.write(function, *args, **kwargs)
        if not self._forgets():
            return result
        if self._how == "lost":
            raise StorageError("The connection to the database was lost.")
        return self._database.write(function, *args, **kwargs)

    async def run(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        result = await self._database.run(function, *args, **kwargs)
        if not self._forgets():
            return result
        if self._how == "lost":
            raise StorageError("The connection to the database was lost.")
        return await self._database.run(function, *args, **kwargs)

    async def run_after(self, work: Any, function: Any) -> Any:
        done: list[Any] = []

        def worked() -> Any:
            done.append(work())
            return done[0]

        result = await self._database.run_after(worked, function)
        if not self._forgets():
            return result
        if self._how == "lost":
            raise StorageError("The connection to the database was lost.")
        return await self._database.run(function, done[0])

    def _forgets(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("how", ["lost", "twice"])
@pytest.mark.parametrize(
    ("name", "writes_min"),
    [
        ("an order of two", 4),
        ("a paid order", 3),
        ("an upload", 3),
        ("a save", 2),
        ("a deletion", 2),
        ("cancelling", 4),
    ],
)
async def test_a_lost_answer_loses_no_picture_and_counts_nothing_twice(
    tmp_path: Path, name: str, writes_min: int, how: Literal["lost", "twice"]
) -> None:
    scenario = SCENARIOS[name]
    # A short lease, so that the same Abby takes up again what it lost.
    quick = replace(scenario, settings=(*scenario.settings, ("lease_seconds", 2)))
    for number in range(1, STEPS_MAX):
        place = Place(folder=tmp_path / str(number))
        place.folder.mkdir()
        await prepare(name, place)
        abby = quick.open(place)
        database = ForgetfulDatabase(abby.database, how, number)
        abby.database = database  # pyright: ignore[reportAttributeAccessIssue]
        try:
            await scenario.act(abby, place)
        except (AbbyError, AssertionError):
            pass  # told that it failed; what was promised before still holds
        finally:
            abby.close()
        await recover_and_check(name, place, faulty=True)
        if database.left > 0:
            assert number > writes_min
            return
    raise AssertionError(f"more than {STEPS_MAX} writes")


async def test_an_order_that_was_entered_twice_over_is_run_at_once_and_only_once(tmp_path: Path) -> None:
    provider = FixedProvider(paid=True, millicredits=1000)
    async with open_abby(tmp_path, provider) as abby:
        await abby.studio.create(wish("first"))
        abby.studio._database = ForgetfulDatabase(abby.database, "twice", 1)  # pyright: ignore[reportAttributeAccessIssue]
        async with asyncio.timeout(PATIENCE_SECONDS / 2):  # a lease takes longer to run out
            creation = await abby.studio.create(wish("o1"))
        assert (creation.order.state, creation.order.maybe_billed) == ("done", False)
    assert len(provider.requests) == 2
    assert_sound(abby)
