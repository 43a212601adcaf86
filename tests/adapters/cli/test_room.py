"""``abby compress``, ``archive``, ``restore`` and the forecast of ``doctor``, used as people use them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from abby_core.settings import Settings
from abby_core.storage.forecast import note_daily
from tests.adapters.cli.conftest import Abby
from tests.support.providers import photograph
from tests.support.studio import ALICE, Clock, assert_sound, open_abby

Fill = Callable[..., None]
ME = ("--user", "alice")
PICTURE = photograph(300, 200)


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Saves pictures of alice's, the first one first."""

    def save(*names: str, data: bytes = PICTURE) -> None:
        from abby_core.storage.saving import save_now

        abby = open_abby(tmp_path / "shared")
        for name in names:
            save_now(abby.storage, data, ALICE, name)
        abby.close()

    return save


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abby: Abby) -> Path:
    """A host with an archive."""
    monkeypatch.setenv("ARCHIVE_ROOT", str(tmp_path / "cold"))
    return tmp_path / "cold"


@pytest.fixture(autouse=True)
def sound(tmp_path: Path, abby: Abby) -> Any:
    yield
    if (tmp_path / "shared").exists():
        assert_sound(open_abby(tmp_path / "shared", archive_root=tmp_path / "cold"))


def listed(abby: Abby) -> list[str]:
    return [picture["name"] for picture in abby("gallery", *ME, "--json").json["pictures"]]


class TestCompress:
    def test_it_shows_before_after_and_how_alike_they_are(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        answer = abby("compress", "cat.png", *ME)
        assert answer.code == 0, answer.err
        for word in ("before", "after", "saved", "similarity", "cat.webp", "abby compress --undo NAME"):
            assert word in answer.out
        assert listed(abby) == ["cat.webp"]

    def test_json_says_all_of_it(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png", "small.png")
        fill("tiny.png", data=photograph())
        answer = abby("compress", "cat.png", "tiny.png", *ME, "--json").json
        (picture,), (left,) = answer["pictures"], answer["left_alone"]
        assert (picture["name_before"], picture["name"]) == ("cat.png", "cat.webp")
        assert picture["bytes_before"] - picture["bytes_after"] == picture["saved_bytes"] == answer["saved_bytes"] > 0
        assert 0.985 <= picture["similarity"]["mean"] <= 1
        assert (left["name"], left["reason"]) == ("tiny.png", "It is smaller than 64 kB already.")

    def test_the_oldest_go_first(self, abby: Abby, fill: Fill) -> None:
        fill("1.png", "2.png", "3.png")
        assert abby("compress", "--oldest", "2", *ME).code == 0
        assert listed(abby) == ["3.png", "2.webp", "1.webp"]

    def test_a_dry_run_changes_nothing_and_promises_what_comes(self, abby: Abby, fill: Fill) -> None:
        fill("1.png", "2.png")
        promised = abby("compress", "--oldest", "1", "--dry-run", *ME, "--json").json
        assert listed(abby) == ["2.png", "1.png"]
        assert abby("compress", "--oldest", "1", *ME, "--json").json["saved_bytes"] == promised["saved_bytes"]
        assert "nothing was changed" in abby("compress", "2.png", "--dry-run", *ME).out

    def test_undone_the_same_bytes_are_back(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        abby("compress", "cat.png", *ME)
        assert "cat.png is the original again" in abby("compress", "--undo", "cat.webp", *ME).out
        (picture,) = abby("gallery", *ME, "--json").json["pictures"]
        assert Path(picture["path"]).read_bytes() == PICTURE
        again = abby("compress", "--undo", "cat.png", *ME)
        assert again.code == 2
        assert "was not compressed within the last 7 days" in again.err

    def test_nothing_to_compress_says_so(self, abby: Abby) -> None:
        answer = abby("compress", "--oldest", "5", *ME)
        assert (answer.code, "Nothing to compress" in answer.out) == (0, True)

    @pytest.mark.parametrize(
        "arguments", [(), ("cat.png", "--oldest", "1"), ("--oldest", "1", "--undo", "x"), ("--undo", "x", "--dry-run")]
    )
    def test_wrong_use_says_what_to_give(self, abby: Abby, arguments: tuple[str, ...]) -> None:
        answer = abby("compress", *arguments, *ME)
        assert answer.code == 2
        assert "Give " in answer.err

    def test_of_several_names_none_is_touched_if_one_is_wrong(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        assert abby("compress", "cat.png", "dog.png", *ME).code == 2
        assert listed(abby) == ["cat.png"]

    def test_anothers_picture_looks_like_none(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        for command in (("compress",), ("archive",), ("restore",), ("compress", "--undo")):
            theirs = abby(*command, "cat.png", "--user", "bob")
            nobodys = abby(*command, "dog.png", "--user", "bob")
            assert (theirs.code, theirs.err.replace("cat", "dog")) == (nobodys.code, nobodys.err)
            assert theirs.code == 2


class TestArchive:
    def test_there_and_back(self, abby: Abby, fill: Fill, cold: Path) -> None:
        fill("cat.png")
        assert "Archived: cat.png" in abby("archive", "cat.png", *ME).out
        (picture,) = abby("gallery", *ME, "--json").json["pictures"]
        assert Path(picture["path"]).read_bytes() == PICTURE
        assert Path(picture["path"]).is_relative_to(cold)
        assert abby("quota", *ME, "--json").json["storage"]["used_mb"] == 0
        assert "Restored: cat.png" in abby("restore", "cat.png", *ME).out
        assert abby("quota", *ME, "--json").json["storage"]["used_mb"] > 0

    def test_the_oldest_go_first(self, abby: Abby, fill: Fill, cold: Path) -> None:
        fill("1.png", "2.png")
        answer = abby("archive", "--oldest", "1", *ME, "--json").json
        assert [picture["name"] for picture in answer["archived"]] == ["1.png"]
        assert answer["size_bytes"] == len(PICTURE)

    def test_without_an_archive_it_says_what_to_set(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        answer = abby("archive", "cat.png", *ME)
        assert answer.code == 2
        assert "Set ARCHIVE_ROOT to a folder" in answer.err

    def test_an_archive_among_the_pictures_is_refused(self, abby: Abby, fill: Fill) -> None:
        fill("cat.png")
        for folder in ("shared", "shared/images/old"):
            answer = abby("archive", "cat.png", *ME, ARCHIVE_ROOT=folder)
            assert answer.code == 2
            assert "lies among the pictures" in answer.err

    def test_without_room_it_says_what_would_help_and_what_to_type(self, abby: Abby, fill: Fill, cold: Path) -> None:
        fill("1.png", "2.png")
        abby("archive", "1.png", *ME)
        limit = {"MAX_USER_STORAGE_MB": str(1.5 * len(PICTURE) / 2**20)}
        refused = abby("restore", "1.png", *ME, **limit)
        assert refused.code == 3
        for line in ("abby compress --oldest 1", "abby archive --oldest 1", "abby delete --for-good NAME"):
            assert line in refused.err
        error = abby("restore", "1.png", *ME, "--json", **limit).json["error"]
        kinds = {choice["kind"]: choice for choice in error["choices"]}
        assert kinds["archive"]["frees_bytes"] == kinds["delete"]["frees_bytes"] == len(PICTURE)
        assert kinds["archive"]["command"] == "abby archive --oldest 1"
        assert abby("archive", "--oldest", "1", *ME).code == 0
        assert abby("restore", "1.png", *ME, **limit).code == 0


class TestForecast:
    @pytest.fixture
    def grown(self, tmp_path: Path, fill: Fill) -> Callable[[int], None]:
        """A house that has grown by a picture a day; its last day is today."""

        def grow(days: int) -> None:
            clock = Clock()
            clock.skip(-86_400 * days)
            abby = open_abby(tmp_path / "shared", clock=clock)
            for day in range(days):
                clock.skip(86_400)
                fill(f"{day}.png")
                note_daily(abby.storage)
            abby.close()

        return grow

    def test_it_says_when_it_will_be_full(self, abby: Abby, grown: Callable[[int], None]) -> None:
        grown(5)
        limit = {"MAX_GLOBAL_STORAGE_MB": str(15.5 * len(PICTURE) / 2**20)}
        answer = abby("doctor", PROVIDER="painter", **limit)
        assert answer.code == 0
        assert "Pictures grow by 0.1 MB a day: the server's limit is full in 10 days." in answer.out
        found = abby("doctor", "--json", PROVIDER="painter", **limit).json["forecast"]
        assert found["bytes_per_day"] == pytest.approx(len(PICTURE), rel=0.01)
        assert found["limit_days"] == pytest.approx(10.5, rel=0.01)

    def test_what_is_full_within_a_week_is_trouble(self, abby: Abby, grown: Callable[[int], None]) -> None:
        grown(3)
        answer = abby("doctor", PROVIDER="painter", MAX_GLOBAL_STORAGE_MB=str(4.5 * len(PICTURE) / 2**20))
        assert answer.code == 1
        assert "is full in 1 day. Make room" in answer.out

    def test_before_the_third_day_it_says_nothing(self, abby: Abby, grown: Callable[[int], None]) -> None:
        grown(2)
        assert "forecast" not in abby("doctor", PROVIDER="painter").out
        assert abby("doctor", "--json", PROVIDER="painter").json["forecast"] is None


def test_the_archive_is_off_unless_it_is_set() -> None:
    assert Settings().archive_root is None
