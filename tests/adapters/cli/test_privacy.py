"""``abby export`` and ``abby forget``: everything about somebody in one file, and then nowhere."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Abby
from tests.support.planting import places_of

MADE = ("imagine", "a zebra crossing", "--size", "64x64", "--user")


class TestExport:
    def test_it_writes_one_zip_and_says_where(self, abby: Abby, tmp_path: Path) -> None:
        abby(*MADE, "alice")
        answer = abby("export", "alice")
        assert answer.code == 0, answer.err
        file = tmp_path / answer.out.strip()
        with zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            assert {"README.txt", "data/orders.json"} <= set(archive.namelist())
            assert [name for name in archive.namelist() if name.startswith("pictures/a-zebra")]
        assert "Pictures: 1" in answer.err

    @pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes there")
    def test_nobody_else_on_the_computer_can_read_it(self, abby: Abby, tmp_path: Path) -> None:
        assert abby("export", "alice", "--out", "mine.zip").code == 0
        assert (tmp_path / "mine.zip").stat().st_mode & 0o077 == 0

    def test_out_names_the_file_and_nothing_is_written_over(self, abby: Abby, tmp_path: Path) -> None:
        answer = abby("export", "alice", "--out", "mine.zip", "--json")
        assert answer.json == {
            "account": "local:alice", "file": "mine.zip", "pictures": 0,
            "size_bytes": (tmp_path / "mine.zip").stat().st_size,
        }  # fmt: skip
        before = (tmp_path / "mine.zip").read_bytes()
        again = abby("export", "alice", "--out", "mine.zip")
        assert (again.code, again.out) == (2, "")
        assert "exists already" in again.err
        assert (tmp_path / "mine.zip").read_bytes() == before
        assert not list(tmp_path.glob(".*.part"))

    @pytest.mark.parametrize("out", ["no/such/folder.zip", ".", ""])
    def test_a_place_that_cannot_be_written_is_refused(self, abby: Abby, out: str) -> None:
        answer = abby("export", "alice", "--out", out)
        assert (answer.code, "Traceback" in answer.err) == (2, False)

    def test_trouble_on_the_way_leaves_no_half_file(self, abby: Abby, tmp_path: Path) -> None:
        abby(*MADE, "alice")
        (tmp_path / "shared" / "image_stats.db").write_bytes(b"no database")
        answer = abby("export", "alice", "--out", "mine.zip")
        assert (answer.code, "Traceback" in answer.err) == (1, False)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["shared"]


class TestForget:
    def test_first_it_shows_what_there_is_and_removes_nothing(self, abby: Abby) -> None:
        abby(*MADE, "alice")
        answer = abby("forget", "alice")
        assert answer.code == 0
        assert "1  pictures" in answer.out
        assert "abby forget alice --yes" in answer.out
        dry = abby("forget", "alice", "--json").json
        assert (dry["dry_run"], dry["complete"], dry["counts"]["artifacts"]) == (True, False, 1)
        assert len(abby("gallery", "--user", "alice", "--json").json["pictures"]) == 1

    def test_yes_removes_it_from_everywhere(self, abby: Abby, tmp_path: Path) -> None:
        abby(*MADE, "zebulon")
        abby(*MADE, "bob")
        answer = abby("forget", "zebulon", "--yes", "--json")
        assert (answer.code, answer.json["complete"], answer.json["dry_run"]) == (0, True, False)
        assert answer.json["counts"]["orders"] == 1
        assert places_of("zebulon", tmp_path) == []
        assert len(abby("gallery", "--user", "bob", "--json").json["pictures"]) == 1
        assert abby("fsck").code == 0
        assert abby("stats", "--json").json["total"]["orders"] == 2

    def test_for_people_it_ends_with_a_sentence(self, abby: Abby) -> None:
        abby(*MADE, "alice")
        assert "local:alice is forgotten." in abby("forget", "alice", "--yes").out
        assert "Abby keeps nothing of local:alice." in abby("forget", "alice").out

    def test_what_is_left_ends_with_1_and_says_what_to_do(self, abby: Abby, tmp_path: Path) -> None:
        abby(*MADE, "alice")
        strange = tmp_path / "shared" / "images" / "users" / "alice" / ".DS_Store"
        strange.write_bytes(b"Finder's")
        answer = abby("forget", "alice", "--yes")
        assert answer.code == 1
        assert "remove it by hand" in answer.out
        assert "Type the same again" in answer.out
        strange.unlink()
        assert abby("forget", "alice", "--yes").code == 0

    def test_hostile_names_cannot_command_the_terminal(self, abby: Abby) -> None:
        answer = abby("forget", "[bold]\x1b[31m\u202ealice[/]", "--yes")
        assert answer.code == 0
        assert not {"\x1b", "\u202e"} & set(answer.out + answer.err)

    def test_nobody_is_a_wrong_use(self, abby: Abby) -> None:
        for command in ("export", "forget"):
            assert abby(command, "").code == 2
