"""What a running Abby looks after in between: it goes on with what somebody else's crash has cut off."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from abby_core.bootstrap import Abby
from abby_core.errors import StorageError
from abby_core.quota import erasure
from tests.support.planting import Person, places_of, plant
from tests.support.providers import PATIENCE_SECONDS, photograph
from tests.support.studio import ALICE, another_look, assert_sound, open_abby, wish

QUOKKA = Person(word="quokka4711")


def begin_forgetting(abby: Abby) -> None:
    """All that a process did that was killed right after somebody asked it to forget them."""
    abby.database.write(erasure.begin, QUOKKA.account.key, {"artifacts": 1}, abby.storage.now_ms())


def being_forgotten(abby: Abby) -> list[str]:
    with another_look(abby) as looking:
        return looking.database.read(erasure.begun)


async def test_a_forgetting_that_was_cut_off_is_finished_by_an_abby_that_starts(tmp_path: Path) -> None:
    abby = open_abby(tmp_path)
    await plant(abby, QUOKKA)
    begin_forgetting(abby)
    abby.close()
    async with open_abby(tmp_path) as started:
        assert being_forgotten(started) == []
    assert_sound(started)
    assert places_of(QUOKKA.word, tmp_path) == []


async def test_a_forgetting_that_another_process_began_and_left_is_finished_by_an_abby_that_runs(
    tmp_path: Path,
) -> None:
    async with open_abby(tmp_path, lease_seconds=1) as running:
        assert (await running.storage.save_image(photograph(), QUOKKA.word, "boat.png")).success
        begin_forgetting(running)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while being_forgotten(running):  # noqa: ASYNC110 - another process would not tell us either
                await asyncio.sleep(0.05)
        assert running.gallery.page(QUOKKA.account).artifacts == ()
    assert places_of(QUOKKA.word, tmp_path) == []


@pytest.mark.parametrize("trouble", [StorageError("no"), RuntimeError("broken")])
async def test_trouble_with_one_chore_keeps_neither_the_others_nor_orders_waiting(
    tmp_path: Path, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    async def fail() -> None:
        raise trouble

    async def do() -> None:
        done.append("done")

    abby = open_abby(tmp_path)
    abby.studio._chores = (fail, do)
    async with abby:
        assert (await abby.studio.create(wish("o1", ALICE))).artifacts
    assert done == ["done"]
    assert "a chore failed" in caplog.text
