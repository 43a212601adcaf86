"""The gallery on the command line: looking, naming, sharing out, deleting and changing one's mind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.test_cli import SMALL


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves its pictures for the others."""
    return tmp_path_factory.mktemp("dock")


@pytest.fixture
def boats(abby: Abby, dock: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Two pictures of boats and one of a cat, the oldest first."""
    told = dock / "told.json"
    if not told.exists():
        made = abby("imagine", "a boat", *SMALL, "--n", "2", "--style", "anime", "--json").json["pictures"]
        made += abby("imagine", "a Cat", *SMALL, "--json").json["pictures"]
        shutil.copytree(tmp_path / "shared", dock / "shared")
        told.write_text(json.dumps(made), "utf-8")
    else:
        shutil.copytree(dock / "shared", tmp_path / "shared")
    return json.loads(told.read_text("utf-8"))


def names(answer: Any) -> list[str]:
    return [picture["name"] for picture in answer.json["pictures"]]


class TestLooking:
    def test_filters_pick_pictures(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        *two, cat = [picture["name"] for picture in boats]
        assert sorted(names(abby("gallery", "--style", "anime", "--json"))) == sorted(two)
        assert names(abby("gallery", "--text", "CAT", "--json")) == [cat]
        assert names(abby("gallery", "--kind", "upscale", "--json")) == []
        assert len(names(abby("gallery", "--provider", "painter", "--kind", "text_to_image", "--json"))) == 3
        assert abby("favourite", *two, "--json").json["pictures"][0]["favourite"] is True
        assert sorted(names(abby("gallery", "--favourites", "--json"))) == sorted(two)
        assert "★" in abby("gallery").out
        abby("favourite", two[0], "--off")
        assert names(abby("gallery", "--favourites", "--json")) == [two[1]]

    def test_what_fits_no_filter_teaches_how_to_see_all(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        assert "abby gallery" in abby("gallery", "--text", "no such words").out
        assert "abby visibility" in abby("gallery", "--shown").out
        assert "7 days" in abby("trash").out
        assert "abby album create" in abby("album", "list").out

    def test_a_cursor_leads_from_page_to_page(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        seen: list[str] = []
        before: tuple[str, ...] = ()
        for _ in range(3):
            page = abby("gallery", "--limit", "1", *before, "--json")
            seen += names(page)
            before = ("--before", page.json["next"])
        assert sorted(seen) == sorted(picture["name"] for picture in boats)
        assert abby("gallery", *before, "--json").json == {"pictures": [], "next": None}
        said = abby("gallery", "--limit", "2").out
        assert "--before 20" in said
        assert names(abby("gallery", "--page", said.rsplit("--before ", 1)[1].strip(), "--json")) == seen[2:]
        assert names(abby("gallery", "--before", "2020-01-01", "--json")) == []

    def test_others_see_what_is_shown_to_them(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        one, two, _ = [picture["name"] for picture in boats]
        assert "everybody" in abby("visibility", one, "public").out
        assert "server 77" in abby("visibility", two, "server", "--server", "77").out
        assert names(abby("gallery", "--shown", "--user", "bob", "--json")) == [one]
        to_members = abby("gallery", "--shown", "--server", "77", "--user", "bob", "--json")
        assert sorted(names(to_members)) == sorted([one, two])
        assert {picture["path"] for picture in to_members.json["pictures"]} == {None}
        assert names(abby("gallery", "--shown", "--json")) == []
        abby("visibility", one, "private")
        assert names(abby("gallery", "--shown", "--user", "bob", "--json")) == []

    def test_show_tells_the_lineage_and_what_is_seen(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        first = boats[0]
        second = abby("vary", first["name"], "--json").json["pictures"][0]
        third = abby("upscale", second["name"], "--json").json["pictures"][0]
        told = abby("show", second["name"])
        lines = told.out.splitlines()
        branches = [line for line in lines if "──" in line]
        assert [line.index("──") for line in branches] == [1, 5]
        assert second["name"] in branches[0]
        assert third["name"] in branches[1]
        assert "alt text  Picture made from another one: a boat" in told.out
        answer = abby("show", second["name"], "--json").json
        assert (answer["ancestors"][0]["name"], answer["descendants"][0]["id"]) == (first["name"], third["id"])
        abby("delete", second["name"], "--for-good")
        assert "a picture that was removed" in abby("show", third["name"]).out


class TestChanging:
    def test_vary_keeps_the_words_and_changes_the_seed(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        first = boats[0]
        (varied,) = abby("vary", first["name"], "--json").json["pictures"]
        assert (varied["prompt"], varied["style"], varied["made_from"]) == ("a boat", "anime", first["id"])
        assert varied["seed"] != first["seed"]
        assert varied["parameters"]["image_strength"] == 0.7
        (other,) = abby("vary", first["name"], "--strong", "--json").json["pictures"]
        assert other["parameters"]["image_strength"] == 0.35

    def test_vary_needs_words(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        (larger,) = abby("upscale", boats[0]["name"], "--json").json["pictures"]
        refused = abby("vary", larger["name"])
        assert (refused.code, "abby transform" in " ".join(refused.err.split())) == (2, True)

    def test_rename_and_alt(self, abby: Abby, boats: list[dict[str, Any]], tmp_path: Path) -> None:
        old = boats[0]
        renamed = abby("rename", old["name"], "My boat.jpg", "--json").json
        assert (renamed["name"], renamed["path"]) == ("My boat.png", old["path"])
        assert (tmp_path / renamed["path"]).exists()
        taken = abby("rename", boats[1]["name"], "my BOAT")
        assert (taken.code, "'my BOAT-2.png' is free" in taken.err) == (2, True)
        assert abby("alt", "My boat.png").out == "Picture: a boat\n"
        assert abby("alt", "My boat.png", "A red boat").out == "A red boat\n"
        assert abby("alt", "My boat.png", "--json").json["own_words"] is True
        assert abby("alt", "My boat.png", "").out == "Picture: a boat\n"

    def test_albums(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        one, two, _ = [picture["name"] for picture in boats]
        assert "abby album add 'My boats'" in abby("album", "create", "My boats").out
        assert abby("album", "add", "my boats", one, two, "--json").json["pictures"] == 2
        assert sorted(names(abby("album", "show", "My boats", "--json"))) == sorted([one, two])
        assert sorted(names(abby("gallery", "--album", "My boats", "--json"))) == sorted([one, two])
        abby("album", "remove", "My boats", one)
        (album,) = abby("album", "list", "--json").json["albums"]
        assert (album["name"], album["pictures"], album["newest"]) == ("My boats", 1, two)
        assert "My boats" in abby("album", "list").out
        abby("album", "rename", "My boats", "Ships")
        assert "stays in your gallery" in abby("album", "delete", "Ships").out
        assert len(names(abby("gallery", "--json"))) == 3


class TestTheTrash:
    def test_a_deleted_picture_can_be_had_back_and_counts_until_then(
        self, abby: Abby, boats: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        one = boats[0]
        used = abby("quota", "--json").json["user"]
        said = abby("delete", one["name"])
        assert said.code == 0
        for words in ("abby undelete", "until 20", "still counts", "abby trash --empty"):
            assert words in said.out
        assert one["name"] not in abby("gallery").out
        assert names(abby("trash", "--json")) == names(abby("gallery", "--trash", "--json")) == [one["name"]]
        assert one["name"] in abby("trash").out
        assert abby("quota", "--json").json["user"] == used
        assert (abby("show", one["name"]).code, abby("delete", one["name"]).code) == (2, 2)
        assert abby("undelete", one["name"]).code == 0
        assert one["name"] in abby("gallery").out
        assert (tmp_path / one["path"]).exists()
        assert abby("fsck").code == 0

    def test_for_good_and_emptying_free_the_space_at_once(
        self, abby: Abby, boats: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        one, two, three = boats
        assert abby("delete", one["name"], two["name"], "--json").json["in_trash"] == 2
        gone = abby("delete", one["name"], three["name"], "--for-good", "--json").json
        assert (sorted(gone["deleted"]), gone["undo_until"]) == (sorted([one["name"], three["name"]]), None)
        assert gone["freed_bytes"] > 0
        emptied = abby("trash", "--empty", "--json").json
        assert (emptied["deleted"], abby("quota", "--json").json["user"]["used_mb"]) == (1, 0)
        assert not any((tmp_path / picture["path"]).exists() for picture in boats)
        assert "removed: 0" in abby("trash", "--empty").out
        assert abby("fsck").code == 0

    def test_all_or_none_are_deleted(self, abby: Abby, boats: list[dict[str, Any]]) -> None:
        assert abby("delete", boats[0]["name"], "missing.png").code == 2
        assert len(names(abby("gallery", "--json"))) == 3


WRONG_USE: list[tuple[str, ...]] = [
    ("gallery", "--before", "tomorrow"),
    ("gallery", "--trash", "--text", "x"),
    ("gallery", "--shown", "--favourites"),
    ("gallery", "--album", "missing"),
    ("favourite", "missing.png"),
    ("favourite",),
    ("rename", "missing.png", "x"),
    ("visibility", "missing.png", "public"),
    ("visibility", "missing.png", "friends"),
    ("visibility", "missing.png", "server"),
    ("alt", "missing.png"),
    ("alt", "missing.png", "x"),
    ("vary", "missing.png"),
    ("undelete", "missing.png"),
    ("delete", "missing.png", "--for-good"),
    ("trash", "--before", "x"),
    ("album", "create", " "),
    ("album", "show", "missing"),
    ("album", "delete", "missing"),
    ("album", "add", "missing", "missing.png"),
]


def test_wrong_use_ends_with_2_and_a_sentence(abby: Abby) -> None:
    for arguments in WRONG_USE:
        answer = abby(*arguments)
        assert (answer.code, answer.out) == (2, ""), arguments
        assert answer.err.strip()
        assert "Traceback" not in answer.err


def test_anothers_picture_answers_like_one_that_does_not_exist(abby: Abby) -> None:
    made = abby("imagine", "a boat", *SMALL, "--user", "alice", "--json").json["pictures"][0]
    missing = "f" * len(made["id"])
    for command in ("favourite", "rename", "visibility", "alt", "vary", "delete", "undelete", "show"):
        more = {"rename": ("x",), "visibility": ("public",)}.get(command, ())
        anothers = abby(command, made["id"], *more, "--user", "mallory")
        nobodys = abby(command, missing, *more, "--user", "mallory")
        assert anothers.code == nobodys.code == 2, command
        assert anothers.err.replace(made["id"], "") == nobodys.err.replace(missing, ""), command


def test_hostile_words_cannot_command_the_terminal(abby: Abby, boats: list[dict[str, Any]]) -> None:
    abby("rename", boats[0]["name"], "\x1b[31m\u202eevil[bold]")
    abby("alt", boats[1]["name"], "\x1b[31m\u202e[red]")
    abby("album", "create", "\x1b[2J[blink]\u202e")
    abby("album", "add", abby("album", "list", "--json").json["albums"][0]["name"], boats[1]["name"])
    said = [
        abby("gallery"), abby("album", "list"), abby("show", boats[1]["name"]), abby("alt", boats[1]["name"]),
        abby("delete", boats[0]["id"]), abby("trash"), abby("undelete", boats[0]["id"]),
    ]  # fmt: skip
    assert [answer.code for answer in said] == [0] * len(said)
    text = "".join(answer.out + answer.err for answer in said)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]" in text
