"""Four processes at once against the last free places of every limit: exactly so many are taken."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY
from abby_core.storage.picture import THUMBNAIL_BYTES_MAX
from tests.journeys.race_worker import attempt, open_one
from tests.support.providers import photograph
from tests.support.studio import ALICE, assert_sound, counter, kept_files

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES = 4
FREE = 7
"""How many places are free: an odd number, so that no two processes can share them evenly."""
PICTURE_MB = len(photograph()) / 2**20
ORDERED_MB = (len(photograph()) + THUMBNAIL_BYTES_MAX) / 2**20
"""What one order sets aside when a picture is expected to be as large as it is."""


def race(do: str, root: Path, limits: dict[str, float], *, database_url: str = "") -> int:
    """Let the processes loose; how many pictures they were told are kept."""
    what: dict[str, Any] = {"do": do, "root": str(root), "limits": limits, "database_url": database_url}
    jobs = [{**what, "number": number} for number in range(PROCESSES)]
    _prepare(what)
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.race_worker", json.dumps(job)],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for job in jobs
    ]  # fmt: skip
    for runner in runners:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"
    for runner in runners:
        assert runner.stdin is not None
        runner.stdin.write("go\n")
        runner.stdin.flush()
    answers = [runner.communicate()[0] for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * PROCESSES
    return sum(map(json.loads, answers))


def try_again(do: str, root: Path, limits: dict[str, float], *, database_url: str = "") -> int:
    """Two more tries, as after a restart; how many pictures are kept."""
    what = {"do": do, "root": str(root), "limits": limits, "database_url": database_url, "number": PROCESSES}
    return asyncio.run(attempt(what, times=2))


def _prepare(what: dict[str, Any]) -> None:
    """The schema, so that they do not all wait for one of them to make it."""
    abby = open_one(what)
    abby.quota.status(ALICE)
    abby.close()


ROOM = {"image_generation_size_mb": PICTURE_MB}
SAVE_LIMITS: dict[str, dict[str, float]] = {
    IMAGES_PER_DAY: {"max_user_daily_gens": FREE},
    "account bytes": {"max_user_storage_mb": (FREE + 0.5) * PICTURE_MB},
    "house bytes": {"max_global_storage_mb": (FREE + 0.5) * PICTURE_MB},
}


@pytest.mark.parametrize("limit", SAVE_LIMITS)
def test_exactly_as_many_pictures_are_saved_as_there_is_room_for(tmp_path: Path, limit: str) -> None:
    limits = SAVE_LIMITS[limit] | ROOM
    assert race("save", tmp_path, limits) == FREE
    assert try_again("save", tmp_path, limits) == 0
    abby = open_one({"root": tmp_path, "limits": limits})
    assert counter(abby, ALICE, IMAGES_PER_DAY) == FREE
    assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == sum(p.stat().st_size for p in _files(tmp_path))
    assert len(_files(tmp_path)) == FREE
    assert_sound(abby)


ORDER_LIMITS: dict[str, dict[str, float]] = {
    IMAGES_PER_DAY: {"max_user_daily_gens": FREE},
    "house credits": {"max_daily_millicredits": FREE * 1000 + 500},
}


@pytest.mark.parametrize("limit", ORDER_LIMITS)
def test_exactly_as_many_orders_are_made_as_there_is_room_for(tmp_path: Path, limit: str) -> None:
    limits = ORDER_LIMITS[limit] | ROOM
    assert race("order", tmp_path, limits) == FREE
    assert try_again("order", tmp_path, limits) == 0
    _check_orders(tmp_path, limits, kept=FREE)


@pytest.mark.parametrize("limit", ["max_user_storage_mb", "max_global_storage_mb"])
def test_orders_fill_the_storage_and_never_pass_it(tmp_path: Path, limit: str) -> None:
    limits = {limit: (FREE + 0.5) * ORDERED_MB} | ROOM
    kept = race("order", tmp_path, limits) + try_again("order", tmp_path, limits)
    assert kept >= FREE  # a thumbnail takes less than was set aside for it, so more than that may fit
    _check_orders(tmp_path, limits, kept=kept)


def _check_orders(root: Path, limits: dict[str, float], *, kept: int) -> None:
    abby = open_one({"root": root, "limits": limits})
    used = sum(path.stat().st_size for path in _files(root))
    assert len(_files(root)) == 2 * kept  # each with its thumbnail
    assert counter(abby, ALICE, IMAGES_PER_DAY) == kept
    assert counter(abby, ALICE, CREDITS_PER_DAY) == counter(abby, None, CREDITS_PER_DAY) == 1000 * kept
    assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == used
    assert used <= min(abby.settings.max_user_storage_bytes, abby.settings.max_global_storage_bytes)
    assert_sound(abby)


LEDGER_LIMITS: dict[str, dict[str, float]] = {
    IMAGES_PER_DAY: {"max_user_daily_gens": FREE},
    "house bytes": {"max_global_storage_mb": (FREE + 0.5) * 1000 / 2**20},
    "house credits of the month": {"max_monthly_millicredits": FREE * 1000 + 500},
}


@pytest.mark.parametrize("limit", LEDGER_LIMITS)
def test_the_ledger_of_postgresql_gives_exactly_what_is_free(tmp_path: Path, postgres_url: str, limit: str) -> None:
    limits = LEDGER_LIMITS[limit]
    assert race("reserve", tmp_path, limits, database_url=postgres_url) == FREE
    assert try_again("reserve", tmp_path, limits, database_url=postgres_url) == 0
    abby = open_one({"root": tmp_path, "limits": limits, "database_url": postgres_url})
    assert counter(abby, ALICE, IMAGES_PER_DAY) == FREE
    assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == 1000 * FREE
    assert counter(abby, None, CREDITS_PER_DAY) == 1000 * FREE


def test_orders_over_postgresql_are_made_exactly_as_often_as_there_is_room(tmp_path: Path, postgres_url: str) -> None:
    limits = {"max_user_daily_gens": FREE} | ROOM
    assert race("order", tmp_path, limits, database_url=postgres_url) == FREE
    assert try_again("order", tmp_path, limits, database_url=postgres_url) == 0
    abby = open_one({"root": tmp_path, "limits": limits, "database_url": postgres_url})
    assert counter(abby, ALICE, IMAGES_PER_DAY) == FREE
    assert len(_files(tmp_path)) == 2 * FREE
    assert_sound(abby)


def _files(root: Path) -> list[Path]:
    return kept_files(root)
