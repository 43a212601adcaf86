"""Something in the way, or a damaged database: named, nothing touched, and all comes back with the copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from abby_core.errors import StorageError
from tests.support.providers import photograph
from tests.support.studio import (
    ALICE,
    assert_sound,
    kept_files,
    open_abby,
    until_ended,
    wish,
    works,
)

PICTURE = photograph()


@pytest.mark.parametrize("place", ["", "images", "images/users", "images/users/alice"])
async def test_a_file_where_a_folder_should_be_is_told_and_left_alone(tmp_path: Path, place: str) -> None:
    root = tmp_path / "root"
    obstacle = root / place
    obstacle.parent.mkdir(parents=True, exist_ok=True)
    obstacle.write_text("somebody's notes")
    abby = open_abby(root)
    saved = await abby.storage.save_image(PICTURE, "alice")
    assert not saved.success
    assert saved.message.startswith("Error saving image: ")
    assert obstacle.read_text() == "somebody's notes"
    obstacle.unlink()
    await works(abby)
    abby.close()
    assert_sound(abby)


def _garbage(database: Path) -> None:
    database.write_bytes(b"This is no database. " * 1000)


def _cut(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:5000])


def _scribbled(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[4096 : len(data)] = bytes(len(data) - 4096)
    database.write_bytes(data)


@pytest.mark.parametrize("damage", [_garbage, _cut, _scribbled])
async def test_a_damaged_database_is_named_nothing_is_touched_and_its_copy_brings_all_back(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    async with open_abby(tmp_path) as abby:
        (artifact,) = (await abby.studio.create(wish("o1"))).artifacts
    database, copy = tmp_path / "image_stats.db", tmp_path / "copy"
    shutil.copy(database, copy)
    damage(database)
    files = kept_files(tmp_path)

    async with open_abby(tmp_path) as abby:  # comes up all the same, for whoever can be served without it
        saved = await abby.storage.save_image(PICTURE, "alice")
        assert not saved.success
        assert saved.message.startswith("Error saving image: The database file ")
        assert "damaged" in saved.message
        assert "backup" in saved.message
        with pytest.raises(StorageError, match="damaged"):
            await abby.studio.submit(wish("o2"))
    assert kept_files(tmp_path) == files

    for leftover in tmp_path.glob("image_stats.db*"):
        leftover.unlink()
    copy.rename(database)
    async with open_abby(tmp_path) as abby:
        assert abby.gallery.open(abby.gallery.find(ALICE, artifact.id)) == PICTURE
        await abby.studio.create(wish("o2"))
    assert_sound(abby)


async def test_an_abby_that_started_without_its_database_works_when_it_is_back(tmp_path: Path) -> None:
    database = tmp_path / "image_stats.db"
    database.mkdir()  # nothing can be opened there
    async with open_abby(tmp_path) as abby:
        with pytest.raises(StorageError):
            await abby.studio.submit(wish("o1"))
        database.rmdir()
        await abby.studio.submit(wish("o1"))
        assert (await until_ended(abby, "o1")).state == "done"
    assert_sound(abby)
