"""A selection as a ZIP: every program opens it, memory stays flat, and what is gone meanwhile breaks nothing."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import tracemalloc
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.errors import InvalidRequest, NotFound
from abby_core.gallery import download
from abby_core.gallery.download import LIST_FILE, MISSING_FILE, zip_stream
from abby_core.gallery.selection import select
from abby_core.storage import catalogue, saving
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key, safe_name
from tests.services.databases import Place
from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, assert_sound, open_abby

NAMES = (
    "cat.png", "a/b.png", "..\\evil.png", "CON.png", "con", "e\u0301te\u0301.png", "\u202egnp.exe", "x" * 255, "猫.png",
    "pictures.json", "MISSING.txt", "trailing. ", ".hidden", 'quo"te?.png', "tab\tnew\nline.png",
)  # fmt: skip


@pytest.fixture
def abby(place: Place) -> Generator[Abby]:
    abby = open_abby(place.root / "abby", database_url=place.url or f"sqlite:///{place.file}")
    yield abby
    assert_sound(abby)
    abby.close()


def keep(abby: Abby, name: str, noise: int = 1, **facts: Any) -> Artifact:
    """A picture of Alice's under that name, with these columns changed."""
    kept = saving.save_now(abby.storage, photograph(24, 16, seed=noise), ALICE, name)

    def change(tx: Transaction) -> None:
        for column, value in facts.items():
            tx.execute(f"UPDATE artifacts SET {column} = :value WHERE id = :id", value=value, id=kept.id)

    abby.database.write(change)
    return abby.gallery.find(ALICE, kept.id)


def opened(pieces: Iterator[bytes]) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    return archive


def listed(archive: zipfile.ZipFile) -> list[dict[str, Any]]:
    return json.loads(archive.read(LIST_FILE))


def test_every_picture_is_in_it_byte_for_byte_with_what_is_known_of_it(abby: Abby) -> None:
    first = keep(
        abby, "robot.png", prompt="a tin robot 🤖", negative_prompt="rust", seed=2**40, model="toy",
        parameters='{"steps": 20}', alt_text="A robot of tin", favourite=1,
    )  # fmt: skip
    second = keep(abby, "cat.png", 2, prompt="a grey cat")
    archive = opened(zip_stream(abby.storage, [first, second]))
    assert archive.namelist() == ["robot.png", "cat.png", LIST_FILE]
    assert archive.read("cat.png") == abby.gallery.open(second)
    robot, cat = listed(archive)
    assert (robot["file"], robot["prompt"], robot["negative_prompt"]) == ("robot.png", "a tin robot 🤖", "rust")
    assert (robot["seed"], robot["model"], robot["parameters"]) == (2**40, "toy", {"steps": 20})
    assert (robot["alt_text"], robot["favourite"], cat["favourite"]) == ("A robot of tin", True, False)
    assert (cat["alt_text"], robot["alt_text_written"], cat["alt_text_written"]) == ("Picture: a grey cat", True, False)
    assert cat["sha256"] == second.sha256


def test_pictures_are_stored_as_they_are_and_dated_as_they_were_made(abby: Abby) -> None:
    made_at = time.mktime((2023, 5, 6, 7, 8, 10, 0, 0, -1))
    picture = keep(abby, "a.png", created_at=int(made_at * 1000))
    (entry, _) = opened(zip_stream(abby.storage, [picture])).infolist()
    assert entry.compress_type == zipfile.ZIP_STORED
    assert entry.date_time == (2023, 5, 6, 7, 8, 10)
    assert entry.external_attr >> 16 == 0o100644


@pytest.mark.parametrize(("at_ms", "year"), [(0, 1980), (-(10**14), 1980), (10**14, 2107)])
def test_dates_that_a_zip_cannot_hold_become_the_nearest(abby: Abby, at_ms: int, year: int) -> None:
    picture = keep(abby, "a.png", created_at=at_ms)
    entry = opened(zip_stream(abby.storage, [picture], with_metadata=False)).infolist()[0]
    assert entry.date_time[0] == year


def test_names_are_safe_on_every_system_and_unlike_each_other(abby: Abby) -> None:
    kept = [keep(abby, name, seed) for seed, name in enumerate(NAMES)]
    archive = opened(zip_stream(abby.storage, kept))
    names = archive.namelist()
    assert len({name_key(name) for name in names}) == len(NAMES) + 1
    pictures = [name for name in names if name != LIST_FILE]
    assert all(name == safe_name(name) or "~" in name for name in pictures)
    assert all(not set(name) & set('<>:"/\\|?*') and name.isprintable() for name in names)
    assert all(name.endswith(".png") for name in pictures)
    assert [fact["name"] for fact in listed(archive)] == list(NAMES)


def test_the_same_picture_asked_for_twice_does_not_clash(abby: Abby) -> None:
    picture = keep(abby, "a.png")
    names = opened(zip_stream(abby.storage, [picture] * 12, with_metadata=False)).namelist()
    assert len(set(names)) == 12


def test_without_metadata_there_are_only_pictures(abby: Abby) -> None:
    archive = opened(zip_stream(abby.storage, [keep(abby, "a.png")], with_metadata=False))
    assert archive.namelist() == ["a.png"]


def test_pictures_that_vanish_meanwhile_are_left_out_and_named(abby: Abby) -> None:
    kept = [keep(abby, f"{number}.png", number) for number in range(4)]
    said: list[tuple[str, bool]] = []
    pieces = zip_stream(abby.storage, kept, looked=lambda picture, reason: said.append((picture.name, bool(reason))))
    first = next(pieces)
    abby.gallery.delete(ALICE, "1.png")
    lost = abby.gallery.path(kept[2])
    assert lost is not None
    data = lost.read_bytes()
    lost.unlink()
    archive = opened(iter([first, *pieces]))
    assert archive.namelist() == ["0.png", "3.png", MISSING_FILE, LIST_FILE]
    missing = archive.read(MISSING_FILE).decode().splitlines()
    assert [line.split(":")[0] for line in missing] == ["1.png", "2.png"]
    assert [fact["file"] for fact in listed(archive)] == ["0.png", "3.png"]
    assert said == [("0.png", False), ("1.png", True), ("2.png", True), ("3.png", False)]
    lost.write_bytes(data)


def test_a_picture_whose_bytes_were_moved_meanwhile_is_found(abby: Abby) -> None:
    kept = [keep(abby, "a.png"), keep(abby, "b.png", 2)]
    pieces = zip_stream(abby.storage, kept)
    first = next(pieces)
    abby.storage.blobs.put("images/users/alice/elsewhere.png", abby.gallery.open(kept[1]))
    sql = "UPDATE artifacts SET blob_key = 'images/users/alice/elsewhere.png' WHERE id = :id"
    abby.database.write(lambda tx: tx.execute(sql, id=kept[1].id))
    abby.storage.blobs.delete(kept[1].blob_key)
    assert "b.png" in opened(iter([first, *pieces])).namelist()


def test_if_nothing_is_left_the_zip_says_so(abby: Abby) -> None:
    picture = keep(abby, "a.png")
    abby.gallery.delete(ALICE, "a.png")
    archive = opened(zip_stream(abby.storage, [picture]))
    assert archive.namelist() == [MISSING_FILE, LIST_FILE]
    assert listed(archive) == []


@pytest.mark.parametrize("count", [0, 4])
def test_too_few_or_many_pictures_are_refused_before_the_first_byte(
    abby: Abby, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PICTURES_MAX", 3)
    picture = keep(abby, "a.png")
    with pytest.raises(InvalidRequest):
        zip_stream(abby.storage, [picture] * count)


def test_a_reader_may_stop_at_any_piece(abby: Abby) -> None:
    kept = [keep(abby, f"{number}.png", number) for number in range(2)]
    abby.gallery.delete(ALICE, "1.png")
    for count in range(len(list(zip_stream(abby.storage, kept)))):
        pieces = zip_stream(abby.storage, kept)
        for _ in range(count):
            next(pieces)
        pieces.close()  # pyright: ignore[reportAttributeAccessIssue] - a generator, as its user may know


def test_memory_holds_one_picture_at_a_time(abby: Abby) -> None:
    saving.save_now(abby.storage, photograph(700, 500), ALICE, "a.png")
    picture = abby.gallery.find(ALICE, "a.png")
    for _ in zip_stream(abby.storage, [picture]):
        pass  # what is loaded once is loaded
    tracemalloc.start()
    try:
        total = sum(len(piece) for piece in zip_stream(abby.storage, [picture] * 30))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 30 * picture.size_bytes
    assert peak < 3 * picture.size_bytes


def test_an_archive_larger_than_four_gigabytes_becomes_zip64(abby: Abby, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [keep(abby, f"{number}.png", number) for number in range(3)]
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", kept[0].size_bytes + 2000)
    data = b"".join(zip_stream(abby.storage, kept))
    assert b"PK\x06\x06" in data
    monkeypatch.undo()
    assert len(opened(iter([data])).namelist()) == 4


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_nothing_to_complain_about(abby: Abby, tmp_path: Path) -> None:
    kept = [keep(abby, name, seed) for seed, name in enumerate(NAMES)]
    (tmp_path / "a.zip").write_bytes(b"".join(zip_stream(abby.storage, kept)))
    tested = subprocess.run(["unzip", "-t", "a.zip"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "No errors detected" in tested.stdout


# ---------------------------------------------------------------------- which pictures


def album(abby: Abby, name: str, *kept: Artifact) -> None:
    def enter(tx: Transaction) -> None:
        tx.execute(
            "INSERT INTO albums (id, account, name, name_key) VALUES ('a1', :account, :name, :key)",
            account=ALICE.key, name=name, key=name_key(name),
        )  # fmt: skip
        for order, picture in enumerate(kept):
            sql = "INSERT INTO album_pictures (album_id, artifact_id, added_at) VALUES ('a1', :id, :at)"
            tx.execute(sql, id=picture.id, at=order)

    abby.database.write(enter)


def test_pictures_are_chosen_by_name_or_id_each_once(abby: Abby) -> None:
    kept = [keep(abby, f"{number}.png", number) for number in range(3)]
    chosen = select(abby.storage, ALICE, names=["2.png", kept[0].id, "0.png"])
    assert [picture.name for picture in chosen] == ["2.png", "0.png"]


def test_all_means_every_page_of_them(abby: Abby, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "PAGE_MAX", 2)
    for number in range(5):
        keep(abby, f"{number}.png", number)
    chosen = select(abby.storage, ALICE, everything=True)
    assert [picture.name for picture in chosen] == ["4.png", "3.png", "2.png", "1.png", "0.png"]
    assert select(abby.storage, BOB, everything=True) == []


def test_an_albums_pictures_come_in_its_order_without_those_that_are_gone(abby: Abby) -> None:
    kept = [keep(abby, f"{number}.png", number) for number in range(3)]
    album(abby, "Spring", kept[2], kept[0], kept[1])
    abby.gallery.delete(ALICE, "0.png")
    assert [picture.name for picture in select(abby.storage, ALICE, album="SPRING")] == ["2.png", "1.png"]


def test_anothers_pictures_and_albums_look_like_none(abby: Abby) -> None:
    picture = keep(abby, "a.png")
    album(abby, "Spring", picture)
    answers: list[str] = []
    asked: list[dict[str, Any]] = [
        {"names": [picture.id]}, {"names": ["0" * 24]}, {"album": "Spring"}, {"album": "Winter"},
    ]  # fmt: skip
    for options in asked:
        with pytest.raises(NotFound) as error:
            select(abby.storage, BOB, **options)
        answers.append(str(error.value))
    assert answers[0].replace(picture.id, "") == answers[1].replace("0" * 24, "")
    assert answers[2].replace("Spring", "") == answers[3].replace("Winter", "")


def test_it_must_be_said_which_and_in_one_way(abby: Abby) -> None:
    asked: list[dict[str, Any]] = [{}, {"names": ["a"], "everything": True}, {"album": "a", "names": ["a"]}]
    for options in asked:
        with pytest.raises(InvalidRequest):
            select(abby.storage, ALICE, **options)
