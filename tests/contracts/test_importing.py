"""Importing pictures made elsewhere: hostile files, quotas that hold, and runs that may be repeated."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from abby_core.bootstrap import Abby
from abby_core.errors import InvalidRequest, PictureRejected, QuotaExceeded, StorageError
from abby_core.gallery.download import zip_stream
from abby_core.gallery.import_sources import Folder, SingleFile, Together, ZipFile, source_of, zip_file
from abby_core.gallery.import_sources import folder as folders
from abby_core.gallery.importing import ImportReport
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.storage.artifact import Artifact
from abby_core.storage.picture import THUMBNAIL_BYTES_MAX, inspect, normalise_upload
from tests.services.databases import Place, copy_of
from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, Clock, assert_sound, counter, kept_files, open_abby

PARAMETERS = "a tin robot\nNegative prompt: rust\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123, Model: toy"
SPRING_2023 = 1_680_000_000.0


@pytest.fixture
def opened(place: Place) -> Generator[Callable[..., Abby]]:
    """Opens Abbys on the test's database and closes them afterwards."""
    with ExitStack() as closing:

        def open_here(**settings: Any) -> Abby:
            abby = open_abby(place.root / "abby", database_url=place.url or f"sqlite:///{place.file}", **settings)
            closing.callback(abby.close)
            return abby

        yield open_here


@pytest.fixture
def abby(opened: Callable[..., Abby]) -> Abby:
    return opened()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def picture(colour: str = "teal", kind: str = "PNG", size: tuple[int, int] = (30, 20), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, kind, **options)
    return target.getvalue()


def noted(text: str = PARAMETERS) -> bytes:
    info = PngInfo()
    info.add_text("parameters", text)
    return picture(pnginfo=info)


def write(path: Path, data: bytes, *, modified_at: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if modified_at is not None:
        os.utime(path, (modified_at, modified_at))
    return path


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def run(abby: Abby, path: Path, **options: Any) -> ImportReport:
    report = abby.importer.run(ALICE, source_of(path), **options)
    assert_sound(abby)
    return report


def pictures(abby: Abby) -> list[Artifact]:
    """Alice's pictures, the oldest first."""
    return list(reversed(abby.gallery.page(ALICE, limit=200).artifacts))


def told(report: ImportReport) -> dict[str, str]:
    return {outcome.place: outcome.state for outcome in report.outcomes}


class TestAPicture:
    def test_it_is_kept_with_what_its_program_noted(self, abby: Abby, folder: Path) -> None:
        write(folder / "robot.png", noted(), modified_at=SPRING_2023)
        run(abby, folder)
        (kept,) = pictures(abby)
        assert (kept.name, kept.kind, kept.provider, kept.model) == ("robot.png", "import", "automatic1111", "toy")
        assert (kept.prompt, kept.negative_prompt, kept.seed) == ("a tin robot", "rust", 123)
        assert kept.parameters == {"steps": 20, "sampler": "Euler a", "cfg_scale": 7}
        assert kept.created_at_ms == SPRING_2023 * 1000
        assert abby.gallery.find(ALICE, "robot.png") == kept

    def test_it_is_written_anew_without_anything_else_that_was_in_the_file(self, abby: Abby, folder: Path) -> None:
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "home address"
        write(folder / "photo.jpg", picture(kind="JPEG", exif=exif.tobytes()))
        run(abby, folder)
        (kept,) = pictures(abby)
        data = abby.gallery.open(kept)
        assert b"home address" not in data
        assert (kept.width, kept.height) == (20, 30)
        assert inspect(data).media_type == kept.media_type == "image/jpeg"

    def test_it_has_a_thumbnail_and_counts_for_both(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        run(abby, folder)
        (kept,) = pictures(abby)
        thumbnail = abby.gallery.thumbnail(kept)
        assert thumbnail is not None
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == kept.size_bytes + len(thumbnail)

    def test_it_does_not_count_as_one_of_the_days_pictures(self, opened: Callable[..., Abby], folder: Path) -> None:
        abby = opened(max_user_daily_gens=0)
        write(folder / "a.png", picture())
        assert told(run(abby, folder)) == {"a.png": "imported"}
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0

    @pytest.mark.parametrize("modified_at", [0.0, 1.0, 600_000_000.0, 1e11])
    def test_a_date_that_cannot_be_true_is_today(self, abby: Abby, folder: Path, modified_at: float) -> None:
        write(folder / "a.png", picture(), modified_at=modified_at)
        before_ms = abby.storage.now_ms()
        run(abby, folder)
        assert before_ms <= pictures(abby)[0].created_at_ms <= abby.storage.now_ms()

    def test_its_ending_says_what_it_is_now(self, abby: Abby, folder: Path) -> None:
        write(folder / "one.WEBP", picture(kind="WEBP"))
        write(folder / "two.png", picture("red", kind="JPEG"))
        write(folder / "three", picture("blue"))
        run(abby, folder)
        assert {kept.name for kept in pictures(abby)} == {"one.webp", "two.jpg", "three.png"}

    def test_names_are_safe_and_unlike_each_other(self, abby: Abby, folder: Path) -> None:
        for number, name in enumerate(
            ("a/x.png", "b/X.png", "c/x.png", "CON.png", "d/\u202etxt.png", "e/" + "n" * 200)
        ):
            write(folder / name, picture(size=(10 + number, 10)))
        report = run(abby, folder)
        names = {kept.name for kept in pictures(abby)}
        assert len(report.of("imported")) == len({name.casefold() for name in names}) == 6
        assert {"x.png", "X-2.png", "x-3.png", "txt.png"} <= names
        assert all(abby.gallery.open(abby.gallery.find(ALICE, name)) for name in names)

    def test_one_that_grows_beyond_what_is_stored_is_made_to_fit(
        self, opened: Callable[..., Abby], folder: Path
    ) -> None:
        jpeg = io.BytesIO()
        Image.open(io.BytesIO(photograph(200, 150))).save(jpeg, "JPEG", quality=60)
        abby = opened(image_size_max_mb=0.02)
        assert len(jpeg.getvalue()) < abby.storage.picture_bytes_max < len(normalise_upload(jpeg.getvalue())[0])
        write(folder / "a.jpg", jpeg.getvalue())
        assert told(run(abby, folder)) == {"a.jpg": "imported"}
        assert [kept.name for kept in pictures(abby)] == ["a.webp"]
        assert pictures(abby)[0].size_bytes <= abby.storage.picture_bytes_max

    def test_old_and_new_pictures_are_paged_in_one_order(self, abby: Abby, folder: Path) -> None:
        for number in range(7):
            write(folder / f"{number}.png", picture(size=(10 + number, 10)), modified_at=SPRING_2023 + number // 3)
        run(abby, folder)
        seen: list[str] = []
        before = None
        while True:
            page = abby.gallery.page(ALICE, limit=2, before=before)
            seen += [kept.name for kept in page.artifacts]
            before = page.next
            if before is None:
                break
        assert sorted(seen) == [f"{number}.png" for number in range(7)]


class TestOnePictureByItself:
    def test_it_is_kept_once_under_its_keepers_quota_with_what_is_known_of_it(self, abby: Abby) -> None:
        note = {"prompt": "a tin robot", "style": "anime", "provider": "fixed", "seed": 7}
        first = abby.importer.take(ALICE, "../robot.gif", picture(), note=note)
        again = abby.importer.take(ALICE, "another.png", picture())
        assert (first.state, again.state, again.name) == ("imported", "already", first.name)
        (kept,) = abby.gallery.page(ALICE).artifacts
        assert (kept.name, kept.prompt, kept.style, kept.seed) == ("robot.png", "a tin robot", "anime", 7)
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
        assert counter(abby, ALICE, BYTES) == kept.counted_bytes
        assert abby.importer.take(BOB, "robot.png", picture()).state == "imported"
        assert_sound(abby)

    def test_what_is_no_picture_is_refused_and_changes_nothing(self, abby: Abby) -> None:
        for data in (b"", b"GIF89a and so on", picture()[:60]):
            with pytest.raises(PictureRejected):
                abby.importer.take(ALICE, "boat.png", data)
        assert abby.gallery.page(ALICE).artifacts == ()
        assert counter(abby, ALICE, BYTES) == 0

    def test_a_full_quota_is_refused_with_what_would_help(self, opened: Callable[..., Abby]) -> None:
        abby = opened(max_user_storage_mb=0.15)
        abby.importer.take(ALICE, "first.png", photograph(150, 150))
        with pytest.raises(QuotaExceeded) as refused:
            abby.importer.take(ALICE, "second.png", photograph(160, 150))
        assert "delete" in {choice.kind for choice in refused.value.choices}
        assert len(abby.gallery.page(ALICE).artifacts) == 1
        assert_sound(abby)


class OnSqliteAlone:
    """For what is decided before any SQL."""

    @pytest.fixture
    def place(self, sqlite_template: Place, tmp_path: Path) -> Place:
        return copy_of(sqlite_template, tmp_path)


class TestHostileFiles(OnSqliteAlone):
    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("cut.png", photograph()[:-20], "cut short"),
            ("words.png", b"hello", "not a PNG, JPEG or WebP"),
            ("moving.gif", b"GIF89a" + bytes(50), "a GIF"),
            ("page.jpg", b"<html>", "text"),
            ("empty.png", b"", "no bytes"),
            ("lying.jpg", picture()[:60], "cut short"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_file_that_is_no_picture_is_refused_with_the_reason(
        self, abby: Abby, folder: Path, name: str, data: bytes, reason: str
    ) -> None:
        write(folder / name, data)
        write(folder / "good.png", picture())
        report = run(abby, folder)
        assert told(report) == {name: "refused", "good.png": "imported"}
        assert reason in report.of("refused")[0].reason

    def test_a_file_larger_than_any_picture_is_not_even_read(self, abby: Abby, folder: Path) -> None:
        with (folder / "huge.png").open("wb") as file:
            file.write(picture())
            file.truncate(2**40)
        report = run(abby, folder)
        assert "larger than" in report.of("refused")[0].reason

    def test_hidden_files_and_what_is_no_picture_are_passed_by_and_counted(self, abby: Abby, folder: Path) -> None:
        for name in (".hidden.png", ".git/a.png", "notes.txt", "song.wav", "archive.zip"):
            write(folder / name, b"RIFF\0\0\0\0WAVE" if name == "song.wav" else picture()[:4])
        report = run(abby, folder)
        assert (told(report), report.skipped) == ({}, 5)

    @pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
    def test_links_lead_nowhere(self, abby: Abby, folder: Path, tmp_path: Path) -> None:
        secret = write(tmp_path / "secret" / "a.png", picture())
        (folder / "file.png").symlink_to(secret)
        (folder / "sub").symlink_to(secret.parent)
        (folder / "round").symlink_to(folder)
        report = run(abby, folder)
        assert (told(report), report.skipped) == ({}, 3)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
    def test_a_pipe_that_never_ends_is_not_waited_for(self, abby: Abby, folder: Path) -> None:
        os.mkfifo(folder / "pipe.png")
        assert run(abby, folder).skipped == 1
        with pytest.raises(InvalidRequest, match="neither"):
            source_of(folder / "pipe.png")

    def test_folders_are_entered_to_a_bounded_depth(self, abby: Abby, folder: Path) -> None:
        deep = folder
        for _ in range(folders.FOLDER_DEPTH_MAX + 2):
            deep /= "d"
        write(deep / "too-deep.png", picture())
        write(folder / "d" / "d" / "fine.png", picture("red"))
        report = run(abby, folder)
        assert (told(report), report.skipped) == ({"d/d/fine.png": "imported"}, 1)

    def test_too_many_files_are_refused_before_the_first(
        self, abby: Abby, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "FILES_MAX", 2)
        for number in range(3):
            write(folder / f"{number}.png", picture())
        with pytest.raises(InvalidRequest, match="more than 2 files"):
            abby.importer.run(ALICE, Folder(folder))
        assert pictures(abby) == []

    def test_abbys_own_folder_is_not_imported_into_itself(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        run(abby, folder)
        around = abby.settings.storage_root.parent
        assert told(abby.importer.run(ALICE, abby.importer.source(abby.settings.storage_root))) == {}
        report = abby.importer.run(ALICE, abby.importer.source(around))
        assert told(report) == {f"{folder.name}/a.png": "already"}
        images = abby.settings.storage_root / "images"
        for own in (images, images / "users" / "alice" / "a.png"):
            with pytest.raises(InvalidRequest, match="Abby's own folder"):
                abby.importer.source(own)

    def test_a_place_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        for name in ("nowhere", "nul\0", "x" * 5000):
            with pytest.raises(InvalidRequest, match="cannot be read"):
                source_of(tmp_path / name)


class TestZip(OnSqliteAlone):
    def test_its_pictures_are_imported_wherever_their_names_point(self, abby: Abby, tmp_path: Path) -> None:
        names = ("a.png", "sub/b.png", "/abs/c.png", "back\\d.png")
        path = zipped(tmp_path / "all.zip", **{name: picture(size=(9 + n, 9)) for n, name in enumerate(names)})
        report = run(abby, path)
        assert len(report.of("imported")) == 4
        assert {kept.name for kept in pictures(abby)} == {"a.png", "b.png", "c.png", "d.png"}
        known = {"a.png", "b.png", "c.png", "d.png"}
        assert {p.name for p in kept_files(abby.settings.storage_root) if "images" in p.parts} == known

    def test_an_open_file_will_do(self, abby: Abby, tmp_path: Path) -> None:
        data = io.BytesIO(zipped(tmp_path / "a.zip", **{"a.png": picture()}).read_bytes())
        assert len(abby.importer.run(ALICE, ZipFile(data)).of("imported")) == 1
        assert not data.closed

    def test_hidden_and_nested_things_are_passed_by(self, abby: Abby, tmp_path: Path) -> None:
        inner = zipped(tmp_path / "inner.zip", **{"a.png": picture()}).read_bytes()
        files = {"inner.zip": inner, "__MACOSX/._a.png": b"x", ".hidden.png": b"x", "../up.png": b"x", "read.me": b"x"}
        report = run(abby, zipped(tmp_path / "a.zip", **files))
        assert (told(report), report.skipped) == ({}, 5)

    def test_dates_are_taken_in_local_time(self, abby: Abby, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("a.png", (2023, 5, 6, 7, 8, 10)), picture())
            archive.writestr(zipfile.ZipInfo("b.png", (1980, 1, 1, 0, 0, 0)), picture("red"))
        run(abby, tmp_path / "a.zip")
        dates = {kept.name: kept.created_at_ms for kept in pictures(abby)}
        assert time.localtime(dates["a.png"] / 1000)[:6] == (2023, 5, 6, 7, 8, 10)
        assert abs(dates["b.png"] - abby.storage.now_ms()) < 60_000

    def test_a_bomb_is_unpacked_no_further_than_a_picture_may_be_large(self, abby: Abby, tmp_path: Path) -> None:
        bomb = picture()[:40] + bytes(50 * 2**20)
        report = run(abby, zipped(tmp_path / "a.zip", **{"a.png": bomb, "b.png": picture()}))
        assert told(report) == {"a.png": "refused", "b.png": "imported"}
        assert "larger than" in report.of("refused")[0].reason

    def test_headers_that_lie_about_sizes_gain_nothing(self, abby: Abby, tmp_path: Path) -> None:
        path = zipped(tmp_path / "a.zip", **{"a.png": picture()[:40] + bytes(30 * 2**20)})
        data = bytearray(path.read_bytes())
        at = data.index(b"PK\x01\x02")
        data[at + 24 : at + 28] = (100).to_bytes(4, "little")  # the size unpacked, as the list of contents gives it
        path.write_bytes(data)
        assert told(run(abby, path)) == {"a.png": "refused"}

    def test_all_entries_together_are_bounded(
        self, abby: Abby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(zip_file, "READ_BYTES_MAX", 2**10)
        files = {f"{number}.png": picture(size=(20 + number, 20)) for number in range(20)}
        report = run(abby, zipped(tmp_path / "a.zip", **files))
        assert isinstance(report.stopped, InvalidRequest)
        assert 0 < len(report.of("imported")) < 20

    @pytest.mark.parametrize("flag", [0x1, 0x41])
    def test_encrypted_entries_are_refused(self, abby: Abby, tmp_path: Path, flag: int) -> None:
        path = zipped(tmp_path / "a.zip", **{"a.png": picture()})
        data = bytearray(path.read_bytes())
        for start, offset in ((data.index(b"PK\x03\x04"), 6), (data.index(b"PK\x01\x02"), 8)):
            data[start + offset] |= flag
        path.write_bytes(data)
        assert "encrypted" in run(abby, path).of("refused")[0].reason

    def test_rare_compression_is_refused(self, abby: Abby, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("a.png", picture())
        assert "rare way" in run(abby, tmp_path / "a.zip").of("refused")[0].reason

    def test_a_damaged_entry_is_refused_and_the_others_are_not(self, abby: Abby, tmp_path: Path) -> None:
        path = zipped(tmp_path / "a.zip", **{"a.png": photograph(), "b.png": picture()})
        data = bytearray(path.read_bytes())
        data[2000] ^= 0xFF
        path.write_bytes(data)
        report = run(abby, path)
        assert told(report) == {"a.png": "refused", "b.png": "imported"}

    def test_too_many_entries_are_refused(self, abby: Abby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zip_file, "ENTRIES_MAX", 2)
        path = zipped(tmp_path / "a.zip", **{f"{n}.png": picture() for n in range(3)})
        with pytest.raises(InvalidRequest, match="more than 2 entries"):
            run(abby, path)

    def test_a_list_of_contents_without_end_is_not_read(self, abby: Abby, tmp_path: Path) -> None:
        entries = b"PK\x01\x02" + bytes(42)
        size_bytes = zip_file.DIRECTORY_BYTES_MAX + 100
        directory = (entries * (size_bytes // len(entries) + 1))[:size_bytes]
        end = b"PK\x05\x06" + bytes(8) + size_bytes.to_bytes(4, "little") + bytes(6)
        path = write(tmp_path / "a.zip", directory + end)
        with pytest.raises(InvalidRequest, match="list of contents is too long"):
            run(abby, path)

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x05\x06", b"hello"])
    def test_a_file_that_is_no_zip_is_refused(self, abby: Abby, tmp_path: Path, data: bytes) -> None:
        path = write(tmp_path / "a.zip", data)
        with pytest.raises(InvalidRequest, match="This ZIP cannot be read"):
            run(abby, path)


class TestFromAnotherAbby:
    NOTE: ClassVar[dict[str, object]] = {
        "file": "a.png", "prompt": "a boat", "negative_prompt": "fog", "style": "anime", "seed": 7, "model": "core",
        "provider": "stability", "parameters": {"steps": 3}, "alt_text": "A red boat", "id": "x", "favourite": True,
    }  # fmt: skip

    @pytest.mark.parametrize("packed", [True, False])
    def test_what_its_list_says_of_a_picture_is_kept(self, abby: Abby, folder: Path, packed: bool) -> None:
        files = {"a.png": picture(), "b.png": picture("red"), "pictures.json": json.dumps([self.NOTE]).encode()}
        if not packed:
            for name, data in files.items():
                write(folder / name, data)
        run(abby, zipped(folder / "all.zip", **files) if packed else folder)
        kept = {each.name: each for each in pictures(abby)}
        boat = kept["a.png"]
        assert (boat.prompt, boat.negative_prompt, boat.style, boat.seed) == ("a boat", "fog", "anime", 7)
        assert (boat.provider, boat.model, boat.parameters) == ("stability", "core", {"steps": 3})
        assert (boat.alt_text, boat.favourite, boat.kind) == ("A red boat", False, "import")
        assert kept["b.png"].prompt == ""

    def test_a_download_comes_back_as_it_went(self, abby: Abby, folder: Path) -> None:
        write(folder / "robot.png", noted(), modified_at=SPRING_2023)
        run(abby, folder)
        (before,) = pictures(abby)
        archive = io.BytesIO(b"".join(zip_stream(abby.storage, [before])))
        abby.importer.run(BOB, ZipFile(archive))
        (after,) = abby.gallery.page(BOB).artifacts
        own = {"id", "account", "blob_key", "thumbnail_key", "import_sha256"}
        assert {k: v for k, v in vars(after).items() if k not in own} == {
            k: v for k, v in vars(before).items() if k not in own
        }
        assert_sound(abby)

    @pytest.mark.parametrize(
        "listed",
        [
            b"", b"{", b"{}", b"[1, null, {}]", b'[{"file": 3}]', b"[" * 10**6,
            b'[{"file": "a.png", "prompt": [1], "seed": {}}]',
        ],
        ids=lambda listed: repr(listed[:12]),
    )  # fmt: skip
    def test_a_list_that_makes_no_sense_is_passed_over(self, abby: Abby, tmp_path: Path, listed: bytes) -> None:
        report = run(abby, zipped(tmp_path / "a.zip", **{"pictures.json": listed, "a.png": picture()}))
        assert told(report) == {"a.png": "imported"}


class TestAgain:
    def test_a_repeated_run_doubles_nothing(self, abby: Abby, folder: Path) -> None:
        for number in range(3):
            write(folder / f"{number}.png", picture(size=(10 + number, 10)))
        run(abby, folder)
        first = pictures(abby)
        assert set(told(run(abby, folder)).values()) == {"already"}
        assert pictures(abby) == first

    def test_the_same_file_elsewhere_or_in_a_zip_is_the_same_picture(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        write(folder / "b.png", picture())
        report = run(abby, folder)
        assert told(report) == {"a.png": "imported", "b.png": "already"}
        assert report.of("already")[0].name == "a.png"
        assert told(run(abby, zipped(folder / "c.zip", **{"c.png": picture()}))) == {"c.png": "already"}

    def test_another_account_has_its_own(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        run(abby, folder)
        report = abby.importer.run(BOB, Folder(folder))
        assert told(report) == {"a.png": "imported"}
        assert counter(abby, BOB, BYTES) == counter(abby, ALICE, BYTES)

    def test_one_that_was_deleted_comes_back(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        run(abby, folder)
        abby.gallery.delete(ALICE, "a.png", for_good=True)
        assert told(run(abby, folder)) == {"a.png": "imported"}

    def test_one_in_the_trash_is_said_to_be_there(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        run(abby, folder)
        abby.gallery.delete(ALICE, "a.png")
        report = run(abby, folder)
        assert told(report) == {"a.png": "already"}
        assert "trash" in report.of("already")[0].reason

    def test_two_runs_at_once_share_the_work(self, opened: Callable[..., Abby], folder: Path) -> None:
        for number in range(8):
            write(folder / f"{number}.png", picture(size=(10 + number, 10)))
        abbys = [opened(), opened()]
        reports: list[ImportReport] = []
        threads = [
            threading.Thread(target=lambda abby=abby: reports.append(abby.importer.run(ALICE, Folder(folder))))
            for abby in abbys
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [report.stopped for report in reports] == [None, None]
        assert sum(len(report.of("imported")) for report in reports) == len(pictures(abbys[0])) == 8
        assert_sound(abbys[0])

    def test_a_dry_run_says_the_same_and_writes_nothing(self, abby: Abby, folder: Path) -> None:
        write(folder / "a.png", picture())
        write(folder / "b.png", picture())
        write(folder / "c.png", b"x")
        dry = run(abby, folder, dry_run=True)
        assert (pictures(abby), kept_files(abby.settings.storage_root)) == ([], [])
        real = run(abby, folder)
        assert told(dry) == told(real) == {"a.png": "imported", "b.png": "already", "c.png": "refused"}
        assert dry.size_bytes == real.size_bytes


class TestLimits:
    def test_what_does_not_fit_stops_the_import_with_the_figures_and_keeps_the_rest(
        self, opened: Callable[..., Abby], folder: Path
    ) -> None:
        data = photograph(64, 64)
        abby = opened(max_user_storage_mb=(2.5 * len(data) + THUMBNAIL_BYTES_MAX) / 2**20)
        for number in range(4):
            write(folder / f"{number}.png", photograph(64, 64, seed=number))
        report = run(abby, folder)
        assert isinstance(report.stopped, QuotaExceeded)
        assert report.stopped.used + report.stopped.requested > report.stopped.limit
        kept = pictures(abby)
        assert 0 < len(kept) == len(report.of("imported")) < 4
        assert len(kept_files(abby.settings.storage_root)) == 2 * len(kept)
        assert counter(abby, ALICE, BYTES) <= report.stopped.limit

        wider = opened(max_user_storage_mb=10)
        assert sorted(told(run(wider, folder)).values()) == ["already"] * len(kept) + ["imported"] * (4 - len(kept))

    def test_the_house_is_never_overfilled_either(self, opened: Callable[..., Abby], folder: Path) -> None:
        abby = opened(max_global_storage_mb=0.01)
        write(folder / "a.png", picture())
        report = run(abby, folder)
        assert isinstance(report.stopped, QuotaExceeded)
        assert "Server storage" in str(report.stopped)
        assert kept_files(abby.settings.storage_root) == []

    def test_a_disk_that_is_nearly_full_stops_it(self, opened: Callable[..., Abby], folder: Path) -> None:
        abby = opened(min_free_disk_mb=10**9)
        write(folder / "a.png", picture())
        assert isinstance(run(abby, folder).stopped, StorageError)

    def test_several_places_are_one_import(self, abby: Abby, folder: Path, tmp_path: Path) -> None:
        write(folder / "a.png", picture())
        single = write(tmp_path / "b.png", picture("red"))
        archive = zipped(tmp_path / "c.zip", **{"c.png": picture("blue"), "d.txt": b"x"})
        source = Together([Folder(folder), SingleFile(single), ZipFile(archive)])
        said: list[tuple[int, str]] = []
        report = abby.importer.run(ALICE, source, progress=lambda count, place: said.append((count, place)))
        assert (len(report.of("imported")), report.skipped, source.count()) == (3, 1, 4)
        assert [count for count, _ in said] == [0, 1, 2, 3]

    def test_dead_runs_are_mended_by_the_next(self, opened: Callable[..., Abby], folder: Path) -> None:
        clock = Clock()
        abby = opened(clock=clock)
        write(folder / "a.png", picture())
        run(abby, folder)
        abby.database.write(
            lambda tx: tx.execute("UPDATE artifacts SET thumbnail_key = '', thumbnail_bytes = thumbnail_bytes")
        )
        run(abby, folder)
        assert abby.gallery.thumbnail(pictures(abby)[0]) is not None
