"""``abby download`` and ``abby import``, used as people use them."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from abby_core import bootstrap
from abby_core.security.fetching import Fetcher
from tests.adapters.cli.conftest import Abby, Computer

NOTE = "a tin robot\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123, Size: 64x64"


def picture(path: Path, colour: str = "teal", note: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    info = PngInfo()
    if note:
        info.add_text("parameters", note)
    Image.new("RGB", (30, 20), colour).save(path, "PNG", pnginfo=info)
    return path


def files(folder: Path) -> set[str]:
    """What lies beside Abby's own folder."""
    return {path.name for path in folder.iterdir()} - {"shared"}


class TestImport:
    def test_a_folder_is_imported_and_the_pictures_are_in_the_gallery(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "in" / "robot.png", note=NOTE)
        (tmp_path / "in" / "readme.txt").write_text("hello", "utf-8")
        (tmp_path / "in" / "moving.gif").write_bytes(b"GIF89a")
        answer = abby("import", "in")
        assert answer.code == 0, answer.err
        assert answer.out.startswith("Imported 1 picture (")
        assert "1 refused, 1 other file passed by" in answer.out
        assert "moving.gif: This is a GIF" in answer.err
        shown = abby("show", "robot.png", "--json").json
        assert (shown["prompt"], shown["seed"], shown["kind"]) == ("a tin robot", 123, "import")
        assert abby("quota", "--json").json["daily"]["used"] == 0
        assert abby("fsck", "--deep").code == 0

    def test_again_nothing_is_doubled(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        assert abby("import", "a.png").code == 0
        assert "Imported 0 pictures, 1 already there." in abby("import", "a.png").out
        assert len(abby("gallery", "--json").json["pictures"]) == 1

    def test_json_names_every_file(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "in" / "a.png")
        picture(tmp_path / "in" / "b.png")
        (tmp_path / "in" / "c.png").write_bytes(b"x")
        answer = abby("import", "in", "--json").json
        assert answer["imported"] == [{"file": "a.png", "name": "a.png", "reason": ""}]
        assert [each["file"] for each in answer["already"]] == ["b.png"]
        assert [each["file"] for each in answer["refused"]] == ["c.png"]
        assert (answer["stopped"], answer["dry_run"], answer["skipped"]) == (None, False, 0)

    def test_a_dry_run_keeps_nothing_and_warns_of_what_would_not_fit(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        answer = abby("import", "a.png", "--dry-run", MAX_USER_STORAGE_MB="0")
        assert (answer.code, answer.out[:23]) == (0, "Would import 1 picture ")
        assert "the import would stop there" in answer.err
        assert abby("gallery", "--json").json["pictures"] == []

    def test_a_full_quota_stops_it_with_the_figures(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        answer = abby("import", "a.png", MAX_USER_STORAGE_MB="0.01")
        assert (answer.code, answer.out) == (3, "Imported 0 pictures.\n")
        assert "Your storage quota is full: 0.0 of 0.0 MB used." in answer.err
        stopped = abby("import", "a.png", "--json", MAX_USER_STORAGE_MB="0.01")
        assert (stopped.code, stopped.json["stopped"]["kind"]) == (3, "QuotaExceeded")

    def test_another_user_has_their_own(self, abby: Abby, tmp_path: Path) -> None:
        picture(tmp_path / "a.png")
        abby("import", "a.png", "--user", "discord:5")
        assert len(abby("gallery", "--json", "--user", "discord:5").json["pictures"]) == 1
        assert abby("gallery", "--json").json["pictures"] == []

    def test_nothing_to_import_is_said_kindly(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        assert "No pictures were found there." in abby("import", "in").out

    @pytest.mark.parametrize("arguments", [("nowhere",), ("a.zip",), (), ("bad.png",)])
    def test_wrong_use_is_exit_code_2(self, abby: Abby, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        (tmp_path / "a.zip").write_bytes(b"no zip")
        (tmp_path / "bad.png").write_bytes(b"no picture")
        assert abby("import", *arguments).code == 2

    def test_a_picture_is_imported_from_its_address(
        self, abby: Abby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        picture(tmp_path / "web" / "robot.png", note=NOTE)
        (tmp_path / "web" / "page.html").write_text("<html>", "utf-8")
        handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            port = server.server_address[1]
            fetcher = Fetcher(ports=[port], also_addresses=["127.0.0.1"])
            monkeypatch.setattr(bootstrap.Abby, "fetcher", fetcher)
            here = f"http://127.0.0.1:{port}"
            answer = abby("import", f"{here}/robot.png", f"{here}/page.html", FETCH_URLS="true")
            server.shutdown()
        assert (answer.code, answer.out.startswith("Imported 1 picture (")) == (0, True), answer.err
        assert f"Refused: {here}/page.html" in answer.err
        assert abby("show", "robot.png", "--json").json["prompt"] == "a tin robot"

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("https://example.org/a.png",), "FETCH_URLS is off"),
            (("http://127.0.0.1/a.png", "--user", "alice"), "FETCH_URLS is off"),
            (("https://example.org/a.png", "in"), "by themselves"),
            (("https://example.org/a.png", "--dry-run"), "by themselves"),
        ],
    )
    def test_addresses_are_not_fetched_unless_the_host_allows_it(
        self, abby: Abby, arguments: tuple[str, ...], why: str
    ) -> None:
        answer = abby("import", *arguments)
        assert (answer.code, why in answer.err) == (2, True), answer.err

    def test_an_address_inside_the_house_is_never_fetched(self, abby: Abby) -> None:
        answer = abby("import", "http://127.0.0.1:80/a.png", FETCH_URLS="true")
        assert (answer.code, "Refused: http://127.0.0.1:80/a.png" in answer.err) == (2, True), answer.err

    def test_hostile_names_cannot_command_the_terminal(self, abby: Abby, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("\x1b[31m\u202egnp[bold].png", b"x")
        answer = abby("import", "a.zip")
        assert "\x1b" not in answer.out + answer.err
        assert "\u202e" not in answer.out + answer.err

    @pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C cannot be sent to one process")
    def test_ctrl_c_keeps_what_was_imported_and_says_how_to_go_on(self, computer: Computer) -> None:
        for number in range(300):
            Image.effect_noise((200, 200 + number % 7), 90).save(_made(computer.folder / "in" / f"{number}.png"))
        with computer.start("import", "in") as program:
            shared = computer.folder / "shared" / "images"
            give_up = time.monotonic() + 60
            while not list(shared.rglob("*.png")) and time.monotonic() < give_up:
                os.sched_yield()
            program.send_signal(signal.SIGINT)
            _, err = program.communicate(timeout=60)
        assert program.returncode == 130, err
        assert "Run it again to go on from there." in err
        found = computer.abby("fsck", "--json")
        assert json.loads(found.out)["ok"], found.out


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class TestDownload:
    def test_named_pictures_are_in_the_zip(self, abby: Abby, tmp_path: Path) -> None:
        for name in ("a.png", "b.png", "c.png"):
            abby("import", str(picture(tmp_path / "in" / name, {"a": "red", "b": "blue"}.get(name[0], "teal"))))
        answer = abby("download", "a.png", "c.png", "--out", "two.zip")
        assert (answer.code, answer.out) == (0, "two.zip\n")
        with zipfile.ZipFile(tmp_path / "two.zip") as archive:
            assert archive.namelist() == ["a.png", "c.png", "pictures.json"]
            assert Image.open(io.BytesIO(archive.read("a.png"))).size == (30, 20)

    def test_all_of_them_go_to_a_new_file_each_time(self, abby: Abby, tmp_path: Path) -> None:
        abby("import", str(picture(tmp_path / "in" / "a.png")))
        assert abby("download", "--all").out == "abby-pictures.zip\n"
        again = abby("download", "--all", "--json").json
        assert (again["file"], again["pictures"], again["missing"]) == ("abby-pictures-2.zip", 1, [])
        assert (tmp_path / again["file"]).stat().st_size == again["size_bytes"]

    def test_what_was_downloaded_can_be_imported_elsewhere(self, abby: Abby, tmp_path: Path) -> None:
        abby("import", str(picture(tmp_path / "in" / "a.png")))
        abby("download", "--all", "--out", "a.zip")
        answer = abby("import", "a.zip", "--user", "bob").out
        assert "Imported 1 picture" in answer

    def test_a_file_is_never_overwritten(self, abby: Abby, tmp_path: Path) -> None:
        abby("import", str(picture(tmp_path / "in" / "a.png")))
        (tmp_path / "mine.zip").write_text("precious", "utf-8")
        assert abby("download", "--all", "--out", "mine.zip").code == 2
        assert (tmp_path / "mine.zip").read_text("utf-8") == "precious"

    def test_missing_pictures_are_said(self, abby: Abby, tmp_path: Path) -> None:
        for name, colour in (("a.png", "red"), ("b.png", "blue")):
            abby("import", str(picture(tmp_path / "in" / name, colour)))
        (lost,) = (tmp_path / "shared" / "images").rglob("a.png")
        lost.unlink()
        answer = abby("download", "--all", "--out", "rest.zip")
        assert (answer.code, "Missing: a.png" in answer.err) == (0, True)
        with zipfile.ZipFile(tmp_path / "rest.zip") as archive:
            assert "MISSING.txt" in archive.namelist()

    @pytest.mark.parametrize(
        "arguments",
        [(), ("nothing.png",), ("--all", "a.png"), ("--album", "none"), ("--all", "--out", "no/such/folder.zip")],
    )
    def test_wrong_use_is_exit_code_2_and_leaves_no_file(
        self, abby: Abby, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        abby("import", str(picture(tmp_path / "a.png")))
        assert abby("download", *arguments).code == 2
        assert files(tmp_path) == {"a.png"}

    def test_an_empty_gallery_says_how_to_begin(self, abby: Abby, tmp_path: Path) -> None:
        answer = abby("download", "--all")
        assert (answer.code, "abby imagine" in answer.err) == (2, True)
        assert files(tmp_path) == set()
