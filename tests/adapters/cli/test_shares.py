"""Sharing on the command line: making links, opening them, taking them back."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Abby

SMALL = ("--size", "64x64")


@pytest.fixture
def name(abby: Abby) -> str:
    """The name of a picture."""
    return abby("imagine", "a secret boat", *SMALL, "--json").json["pictures"][0]["name"]


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_shared_picture_is_opened_and_saved_by_whoever_has_the_token(abby: Abby, name: str, tmp_path: Path) -> None:
    made = abby("share", name)
    token = made.out.strip()
    assert (made.code, len(token.split())) == (0, 1)
    assert f"abby open-share {token}" in made.err
    opened = abby("open-share", token, "--out", "copy.png")
    assert (opened.code, opened.out.splitlines()[-1]) == (0, "copy.png")
    original = next((tmp_path / "shared" / "images").rglob("*.png"))
    assert (tmp_path / "copy.png").read_bytes() == original.read_bytes()
    assert "secret boat" not in opened.out
    assert "demo painter" in opened.err
    assert abby("open-share", token, "--out", "copy.png").code == 2


def test_with_a_public_address_it_is_a_link_and_the_whole_link_opens(abby: Abby, name: str) -> None:
    link = abby("share", name, "--metadata", "full", PUBLIC_URL="https://pictures.example.org/abby/").out.strip()
    assert link.startswith("https://pictures.example.org/abby/s/")
    (picture,) = abby("open-share", link, "--json").json["pictures"]
    assert (picture["prompt"], picture["style"], picture["saved"]) == ("a secret boat", "enhance", None)
    assert "account" not in picture
    assert "a secret boat" in abby("open-share", link).out


def test_shares_are_listed_and_taken_back(abby: Abby, name: str) -> None:
    assert "abby share" in abby("shares").out
    made = abby("share", name, "--views", "3", "--json").json
    abby("open-share", made["token"])
    (listed,) = abby("shares", "--json").json["shares"]
    assert (listed["id"], listed["what"], listed["views"], listed["views_max"]) == (made["id"], name, 1, 3)
    assert "1 of 3" in abby("shares").out
    assert "token" not in listed
    assert name in abby("unshare", made["id"]).out
    assert abby("shares", "--json").json["shares"][0]["state"] == "revoked"
    gone, never = abby("open-share", made["token"]), abby("open-share", "x" * 40)
    assert (gone.code, gone.err) == (never.code, never.err) == (2, never.err)


def test_a_password_is_read_from_standard_input_and_kept_from_view(
    abby: Abby, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "open sesame\n")
    made = abby("share", name, "--password", "--json").json
    assert made["password"] is True
    without = abby("open-share", made["token"])
    assert (without.code, "password" in without.err) == (3, True)
    typed(monkeypatch, "open barley\n")
    assert abby("open-share", made["token"], "--password").code == 3
    typed(monkeypatch, "open sesame\n")
    opened = abby("open-share", made["token"], "--password")
    assert opened.code == 0
    assert "sesame" not in opened.out + opened.err


def test_an_album_is_saved_into_a_folder(abby: Abby, name: str, tmp_path: Path) -> None:
    abby("imagine", "a second boat", *SMALL)
    with sqlite3.connect(tmp_path / "shared" / "image_stats.db") as database:
        account = database.execute("SELECT account FROM artifacts").fetchone()[0]
        database.execute(
            "INSERT INTO albums (id, account, name, name_key) VALUES ('1', ?, 'Boats', 'boats')", (account,)
        )
        database.execute("INSERT INTO album_pictures SELECT '1', id, created_at FROM artifacts")
    database.close()
    token = abby("share", "--album", "boats").out.strip()
    opened = abby("open-share", token, "--out", "boats")
    assert (opened.code, "Boats, pictures: 2" in opened.out) == (0, True)
    assert len(list((tmp_path / "boats").iterdir())) == 2
    assert abby("open-share", token, "--json").json["album"] == "Boats"


def test_anothers_picture_and_share_answer_as_none(abby: Abby, name: str) -> None:
    made = abby("share", name, "--json").json
    for command, own in (("share", name), ("unshare", made["id"])):
        anothers, missing = abby(command, own, "--user", "mallory"), abby(command, "nothing", "--user", "mallory")
        assert (anothers.code, anothers.err.replace(own, "…")) == (missing.code, missing.err.replace("nothing", "…"))
    assert abby("shares", "--user", "mallory", "--json").json["shares"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("share",),
        ("share", "missing.png"),
        ("share", "missing.png", "--album", "too"),
        ("share", "missing.png", "--expires", "soon"),
        ("share", "missing.png", "--expires", "900d"),
        ("share", "missing.png", "--views", "-1"),
        ("share", "missing.png", "--metadata", "everything"),
        ("share", "--album", "missing"),
        ("unshare", "missing"),
        ("open-share", "missing"),
        ("open-share", "missing", "--out", "no/such/folder.png"),
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_a_sentence(abby: Abby, arguments: tuple[str, ...]) -> None:
    answer = abby(*arguments)
    assert (answer.code, answer.out) == (2, ""), answer.out + answer.err
    assert answer.err.strip()
    assert "Traceback" not in answer.err
