"""The command line, used as people use it: a program, a folder, exit codes, text and JSON."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from abby_adapters.cli import main as main_module
from abby_adapters.cli.main import PARTS, app_for
from tests.adapters.cli.conftest import Abby, Computer
from tests.support.providers import mask

SMALL = ("--size", "64x64")


def picture_file(path: Path, size: tuple[int, int] = (96, 64)) -> Path:
    Image.new("RGB", size, "teal").save(path)
    return path


class TestImagine:
    def test_it_ends_with_a_real_picture_and_its_path(self, abby: Abby, tmp_path: Path) -> None:
        answer = abby("imagine", "a cute rabbit in a meadow", "--size", "128x96")
        assert answer.code == 0, answer.err
        with Image.open(tmp_path / answer.out.strip().splitlines()[-1]) as image:
            assert image.size == (128, 96)

    def test_pictures_of_the_demo_painter_say_so_and_how_to_get_real_ones(self, abby: Abby) -> None:
        answer = abby("imagine", "a boat", *SMALL)
        assert "demo painter" in answer.err
        assert "STABILITY_API_KEY" in answer.err

    def test_it_shows_the_updated_quota(self, abby: Abby) -> None:
        assert re.search(r"Daily: 1/5 \| Storage: \d+\.\d/500\.0MB", abby("imagine", "a boat", *SMALL).err)

    def test_json_tells_scripts_everything(self, abby: Abby, tmp_path: Path) -> None:
        answer = abby("imagine", "a boat", *SMALL, "--seed", "7", "--style", "anime", "--json").json
        (picture,) = answer["pictures"]
        assert answer["demo"] is True
        assert (tmp_path / picture["path"]).stat().st_size == picture["size_bytes"]
        assert (picture["prompt"], picture["seed"], picture["style"]) == ("a boat", 7, "anime")
        assert (picture["width"], picture["height"]) == (64, 64)

    def test_n_makes_different_pictures_in_one_order(self, abby: Abby, tmp_path: Path) -> None:
        pictures = abby("imagine", "a boat", *SMALL, "--n", "3", "--json").json["pictures"]
        assert len({(tmp_path / picture["path"]).read_bytes() for picture in pictures}) == 3

    def test_an_aspect_gives_about_a_megapixel_of_that_shape(self, abby: Abby) -> None:
        (picture,) = abby("imagine", "a boat", "--ar", "16:9", "--json").json["pictures"]
        assert picture["width"] * picture["height"] == pytest.approx(2**20, rel=0.1)
        assert picture["width"] / picture["height"] == pytest.approx(16 / 9, rel=0.1)

    def test_out_writes_a_copy_and_never_over_another_file(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "mine.png").write_text("precious", "utf-8")
        refused = abby("imagine", "a boat", *SMALL, "--out", "mine.png")
        assert (refused.code, (tmp_path / "mine.png").read_text("utf-8")) == (2, "precious")
        assert abby("quota", "--json").json["daily"]["used"] == 0
        made = abby("imagine", "a boat", *SMALL, "--out", "new.png", "--json").json
        assert (tmp_path / "new.png").read_bytes() == (tmp_path / made["pictures"][0]["path"]).read_bytes()
        assert made["saved"] == ["new.png"]

    def test_hostile_prompts_cannot_command_the_terminal(self, abby: Abby) -> None:
        assert abby("imagine", "a [bold]boat[/] \u202eevil", *SMALL).code in {0, 2}
        listed = abby("gallery").out + abby("orders").out
        assert "\x1b" not in listed
        assert "\u202e" not in listed

    @pytest.mark.parametrize(
        "arguments",
        [
            ("imagine", " "),
            ("imagine", "a boat", "--size", "huge"),
            ("imagine", "a boat", "--size", "9x9"),
            ("imagine", "a boat", "--size", "64x64", "--ar", "1:1"),
            ("imagine", "a boat", "--ar", "0:1"),
            ("imagine", "a boat", "--style", "no-such-style"),
            ("imagine", "a boat", "--n", "11"),
            ("imagine", "a boat", "--cfg", "nan"),
            ("imagine", "a boat", "--provider", "nobody"),
            ("imagine", "a boat", "--out", "no/such/folder.png"),
            ("imagine", "a boat", "--user", ""),
            ("transform", "missing.png", "a boat"),
            ("transform", ".", "a boat"),
            ("upscale", "missing.png"),
            ("show", "missing.png"),
            ("delete", "missing.png"),
            ("cancel", "missing"),
            ("admin", "set-limit", "alice", "bananas", "1"),
            ("admin", "set-limit", "alice", "images", "-1"),
            ("admin", "set-limit", "alice", "images", "nan"),
            ("no-such-command",),
        ],
        ids=" ".join,
    )
    def test_wrong_use_ends_with_2_and_a_sentence_and_costs_nothing(
        self, abby: Abby, arguments: tuple[str, ...]
    ) -> None:
        answer = abby(*arguments)
        assert (answer.code, answer.out) == (2, ""), answer.out + answer.err
        assert answer.err.strip()
        assert "Traceback" not in answer.err
        assert abby("quota", "--json").json["daily"]["used"] == 0

    def test_wrong_use_is_an_answer_in_json_for_scripts(self, abby: Abby) -> None:
        for arguments in (("imagine", "--json"), ("imagine", "a boat", "--no-such-option", "--json")):
            answer = abby(*arguments)
            assert (answer.code, answer.json["error"]["kind"]) == (2, "UsageError")


class TestLimits:
    def test_the_sixth_picture_of_the_day_is_refused_with_3(self, abby: Abby) -> None:
        assert abby("imagine", "a boat", *SMALL, "--n", "5").code == 0
        answer = abby("imagine", "a boat", *SMALL)
        assert answer.code == 3
        assert answer.err.startswith("Daily generation limit reached")

    def test_a_refusal_in_json_names_the_limit_and_when_it_frees_up(self, abby: Abby) -> None:
        answer = abby("imagine", "a boat", *SMALL, "--n", "2", "--json", MAX_USER_DAILY_GENS="1")
        error = answer.json["error"]
        assert answer.code == 3
        assert (error["kind"], error["meter"], error["limit"], error["requested"]) == (
            "QuotaExceeded", "images/day", 1, 2,
        )  # fmt: skip
        assert 0 < error["retry_after_seconds"] <= 86_400

    def test_a_service_that_cannot_be_reached_ends_with_4_and_costs_nothing(self, abby: Abby) -> None:
        with socket.socket() as nobody_listens:
            nobody_listens.bind(("127.0.0.1", 0))
            host = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
            answer = abby("imagine", "a boat", STABILITY_API_KEY="sk-secret-of-the-host", API_HOST=host)
        assert answer.code == 4
        assert "sk-secret" not in answer.out + answer.err
        assert abby("quota", "--json").json["daily"]["used"] == 0
        (order,) = abby("orders", "--json").json["orders"]
        assert (order["state"], order["maybe_billed"]) == ("failed", False)

    def test_a_folder_that_cannot_be_used_ends_with_1(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder", "utf-8")
        answer = abby("imagine", "a boat", *SMALL, STORAGE_ROOT="file")
        assert answer.code == 1
        assert "Traceback" not in answer.err

    def test_accounts_are_independent(self, abby: Abby) -> None:
        assert abby("imagine", "a boat", *SMALL, "--user", "alice", MAX_USER_DAILY_GENS="1").code == 0
        assert abby("imagine", "a boat", *SMALL, "--user", "alice", MAX_USER_DAILY_GENS="1").code == 3
        assert abby("imagine", "a boat", *SMALL, "--user", "discord:123", MAX_USER_DAILY_GENS="1").code == 0


class TestWorkingOnPictures:
    def test_transform_works_on_a_file_and_on_a_kept_picture(self, abby: Abby, tmp_path: Path) -> None:
        picture_file(tmp_path / "sea.png")
        first = abby("transform", "sea.png", "a stormy sea", "--json").json["pictures"][0]
        assert (first["kind"], first["width"], first["height"]) == ("image_to_image", 96, 64)
        second = abby("transform", first["name"], "a calm sea", "--strength", "0.9", "--json")
        assert second.code == 0, second.out

    def test_with_a_mask_only_a_part_is_painted_anew(self, abby: Abby, tmp_path: Path) -> None:
        picture_file(tmp_path / "sea.png")
        (tmp_path / "mask.png").write_bytes(mask())
        answer = abby("transform", "sea.png", "a storm at night", "--mask", "mask.png", "--out", "new.png", "--json")
        assert answer.code == 0, answer.err
        assert answer.json["pictures"][0]["parameters"]["masked"] is True
        with Image.open(tmp_path / "new.png") as new:
            assert new.crop((0, 0, 48, 64)).convert("RGB").getcolors() == [(48 * 64, (0, 128, 128))]
            assert len(new.crop((48, 0, 96, 64)).convert("RGB").getcolors(9999) or []) > 1
        kept = answer.json["pictures"][0]["name"]
        again = abby("transform", kept, "a calm sea", "--mask", "mask.png", "--json")
        assert again.json["pictures"][0]["made_from"] == answer.json["pictures"][0]["id"]

    def test_a_mask_that_is_none_or_does_not_fit_is_refused_with_2(self, abby: Abby, tmp_path: Path) -> None:
        picture_file(tmp_path / "sea.png")
        (tmp_path / "empty.png").touch()
        (tmp_path / "small.png").write_bytes(mask(10, 10))
        for name, said in {
            "empty.png": "is empty", "small.png": "10 × 10", "sea.png": "no transparency", "missing.png": "missing.png",
        }.items():  # fmt: skip
            answer = abby("transform", "sea.png", "a storm", "--mask", name)
            assert (answer.code, said in " ".join(answer.err.split())) == (2, True), answer.err
        assert abby("quota", "--json").json["daily"]["used"] == 0

    def test_upscale_makes_it_larger(self, abby: Abby, tmp_path: Path) -> None:
        picture_file(tmp_path / "sea.png")
        (picture,) = abby("upscale", "sea.png", "--width", "192", "--json").json["pictures"]
        assert (picture["width"], picture["height"]) == (192, 128)

    def test_a_file_that_is_no_picture_is_refused_with_2(self, abby: Abby, tmp_path: Path) -> None:
        (tmp_path / "page.png").write_text("<html>", "utf-8")
        assert abby("transform", "page.png", "a boat").code == 2
        assert abby("quota", "--json").json["daily"]["used"] == 0

    def test_where_a_photo_was_taken_is_not_kept(self, abby: Abby, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x010F] = "SecretCamera"
        Image.new("RGB", (64, 64), "teal").save(tmp_path / "photo.jpg", exif=exif)
        assert abby("upscale", "photo.jpg", "--width", "64").code == 0
        kept = [file.read_bytes() for file in (tmp_path / "shared").rglob("*") if file.is_file()]
        assert not any(b"SecretCamera" in data for data in kept)


class TestLookingAfterPictures:
    def test_an_empty_gallery_teaches_what_to_type(self, abby: Abby) -> None:
        assert "abby imagine" in abby("gallery").out
        assert "abby imagine" in abby("orders").out

    def test_gallery_show_and_delete(self, abby: Abby, tmp_path: Path) -> None:
        made = abby("imagine", "a boat", *SMALL, "--json").json["pictures"][0]
        assert [each["name"] for each in abby("gallery", "--json").json["pictures"]] == [made["name"]]
        assert made["name"][:10] in abby("gallery").out
        assert "a boat" in abby("show", made["name"]).out
        assert abby("show", made["id"], "--json").json["id"] == made["id"]
        gone = abby("delete", made["name"], "--for-good", "--json").json
        assert gone["freed_bytes"] >= made["size_bytes"]
        assert not (tmp_path / made["path"]).exists()
        assert abby("quota", "--json").json["user"]["used_mb"] == 0

    def test_anothers_picture_answers_like_one_that_does_not_exist(self, abby: Abby) -> None:
        made = abby("imagine", "a boat", *SMALL, "--user", "alice", "--json").json["pictures"][0]
        for command in ("show", "delete", "upscale"):
            anothers = abby(command, made["id"], "--user", "mallory")
            missing = abby(command, "f" * len(made["id"]), "--user", "mallory")
            assert anothers.code == missing.code == 2
            assert anothers.err.replace(made["id"], "") == missing.err.replace("f" * len(made["id"]), "")

    def test_wherever_the_demo_painters_pictures_are_shown_it_says_so(self, abby: Abby) -> None:
        made = abby("imagine", "a boat", *SMALL, "--json").json["pictures"][0]
        for shown in (abby("gallery"), abby("show", made["name"])):
            assert "demo painter" in shown.err
            assert "STABILITY_API_KEY" in shown.err

    def test_styles_lists_all_seventeen(self, abby: Abby) -> None:
        assert len(abby("styles").out.split()) == 17
        assert len(abby("styles", "--json").json["styles"]) == 17


class TestOrders:
    def test_orders_tell_what_became_of_each(self, abby: Abby) -> None:
        abby("imagine", "a boat", *SMALL)
        (order,) = abby("orders", "--json").json["orders"]
        assert (order["state"], order["prompt"], order["percent"]) == ("done", "a boat", 100)
        assert "done" in abby("orders").out
        ended = abby("cancel", order["id"])
        assert (ended.code, "done already" in ended.out) == (0, True)

    def test_anothers_order_cannot_be_seen_or_cancelled(self, abby: Abby) -> None:
        order = abby("imagine", "a boat", *SMALL, "--user", "alice", "--json").json["order"]
        assert abby("orders", "--user", "mallory", "--json").json["orders"] == []
        assert abby("cancel", order, "--user", "mallory").code == 2
        assert len(abby("orders", "--all", "--json").json["orders"]) == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent differently there")
    def test_ctrl_c_cancels_the_order_and_gives_the_quota_back(self, computer: Computer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host = f"http://127.0.0.1:{silent.getsockname()[1]}"
            running = computer.start("imagine", "a boat", STABILITY_API_KEY="sk-test", API_HOST=host)
            connection, _ = silent.accept()  # the picture is being made: the service was asked and says nothing
            with connection:
                running.send_signal(signal.SIGINT)
                _, said = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "Cancelled" in said
        assert computer.abby("quota", "--json").json["daily"]["used"] == 0
        (order,) = computer.abby("orders", "--json").json["orders"]
        assert (order["state"], order["maybe_billed"]) == ("cancelled", True)


class TestCare:
    def test_alone_it_says_how_abby_is_and_what_to_type_next(self, abby: Abby) -> None:
        answer = abby()
        assert answer.code == 0
        for word in ("demo painter", "STABILITY_API_KEY", "abby imagine", "Daily: 0/5"):
            assert word in answer.out

    def test_alone_it_names_what_cannot_work(self, abby: Abby) -> None:
        answer = abby(PROVIDER="nobody")
        assert "PROVIDER is 'nobody'" in answer.out
        assert "abby doctor" in answer.out

    def test_doctor_is_content_with_a_fresh_machine(self, abby: Abby) -> None:
        answer = abby("doctor", "--json")
        assert (answer.code, answer.json["ok"]) == (0, True)
        assert {check["what"] for check in answer.json["checks"]} >= {
            "settings",
            "folder",
            "disk",
            "database",
            "painter",
        }

    def test_doctor_names_a_value_that_cannot_be_used_and_a_folder_that_cannot_be_written(
        self, abby: Abby, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("no folder", "utf-8")
        answer = abby("doctor", MAX_USER_DAILY_GENS="many", STORAGE_ROOT="file")
        assert answer.code == 1
        assert "MAX_USER_DAILY_GENS" in answer.out
        assert "STORAGE_ROOT" in answer.out

    def test_fsck_finds_a_planted_difference_and_repairs_what_it_can_know(self, abby: Abby, tmp_path: Path) -> None:
        abby("imagine", "a boat", *SMALL)
        assert abby("fsck").code == 0
        (tmp_path / "shared" / "images" / "stranger.png").write_bytes(b"not Abby's")
        answer = abby("fsck", "--json")
        assert answer.code == 1
        assert [finding["code"] for finding in answer.json["findings"]] == ["extra-blob"]
        assert abby("fsck", "--repair").code == 1
        assert (tmp_path / "shared" / "images" / "stranger.png").exists()

    def test_cleanup_removes_old_temporary_files(self, abby: Abby, tmp_path: Path) -> None:
        old = tmp_path / "shared" / "temp" / "old.png"
        old.parent.mkdir(parents=True)
        picture_file(old)
        os.utime(old, (0, 0))
        assert abby("cleanup", "--json").json["deleted"] == 1
        assert not old.exists()

    def test_it_is_a_program_of_its_own(self, computer: Computer) -> None:
        made = computer.abby("imagine", "a boat", *SMALL)
        assert (made.code, (computer.folder / made.out.strip()).is_file()) == (0, True), made.err
        refused = computer.abby("imagine", " ")
        assert (refused.code, refused.out) == (2, "")

    def test_version(self, abby: Abby) -> None:
        assert re.fullmatch(r"abby \d+\.\d+\.\d+\n", abby("--version").out)

    def test_quota_starts_without_heavy_libraries(self, computer: Computer) -> None:
        computer.abby("quota")
        probe = (
            "import runpy, sys\nsys.argv = ['abby', 'quota']\n"
            "try:\n    runpy.run_module('abby_adapters.cli', run_name='__main__')\nexcept SystemExit:\n    pass\n"
            "heavy = {'sqlalchemy', 'alembic', 'structlog', 'aiohttp', 'PIL', 'pydantic', 'asyncio'}\n"
            "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
        )
        with computer.python("-c", probe) as program:
            _, said = program.communicate(timeout=60)
        assert program.returncode == 0, said


class TestAdministration:
    def test_limits_can_be_set_and_taken_back(self, abby: Abby) -> None:
        abby("admin", "set-limit", "alice", "images", "1")
        abby("admin", "set-limit", "alice", "storage", "7.5")
        status = abby("quota", "alice", "--json").json
        assert (status["daily"]["limit"], status["user"]["limit_mb"]) == (1, 7.5)
        abby("admin", "set-limit", "alice", "images", "none")
        assert abby("quota", "alice", "--json").json["daily"]["limit"] == 5

    def test_a_day_can_be_reset(self, abby: Abby) -> None:
        abby("imagine", "a boat", *SMALL, "--user", "alice")
        assert abby("quota", "alice", "--json").json["daily"]["used"] == 1
        assert abby("admin", "reset-day", "alice").code == 0
        assert abby("quota", "alice", "--json").json["daily"]["used"] == 0

    def test_usage_names_the_largest_first(self, abby: Abby) -> None:
        abby("imagine", "a boat", *SMALL, "--user", "alice")
        abby("imagine", "a boat", "--size", "256x256", "--user", "discord:123")
        accounts = [each["account"] for each in abby("admin", "usage", "--json").json["accounts"]]
        assert accounts == ["discord:123", "local:alice"]

    def test_pictures_of_the_older_layout_are_taken_in(self, abby: Abby, tmp_path: Path) -> None:
        older = tmp_path / "shared" / "users" / "alice" / "upscale"
        older.mkdir(parents=True)
        picture_file(older / "image_1.png")
        assert abby("admin", "adopt-layout", "--json").json == {"adopted": 1, "skipped": []}
        assert [each["name"] for each in abby("gallery", "--user", "alice", "--json").json["pictures"]] == [
            "image_1.png"
        ]
        assert abby("fsck").code == 0


def test_previews_are_drawn_of_any_picture_and_of_nothing_else() -> None:
    from abby_adapters.cli.preview import preview

    png = BytesIO()
    Image.new("RGBA", (100, 50), (10, 200, 30, 128)).save(png, "PNG")
    drawn = preview(png.getvalue(), columns=20)
    assert drawn is not None
    assert [len(line) for line in drawn.plain.splitlines()] == [20] * 5
    assert preview(b"no picture", columns=20) is None


@pytest.mark.parametrize("part", PARTS)
def test_every_command_is_found_by_the_file_that_has_it(part: str) -> None:
    found = app_for(PARTS[part][0])
    groups = [group.name for group in found.registered_groups]
    commands = [each.name or getattr(each.callback, "__name__", "") for each in found.registered_commands]
    assert sorted(filter(None, [*groups, *commands])) == sorted(PARTS[part])


def test_every_file_of_commands_is_known() -> None:
    files = {file.stem for file in (Path(main_module.__file__).parent / "commands").glob("*.py")}
    assert files - {"__init__"} == PARTS.keys()
