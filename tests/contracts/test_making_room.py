"""Compressing, archiving and what they leave behind: the room is free, nothing is lost, everything can be undone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Row, Transaction, Value
from abby_core.errors import ConfigurationError, InvalidRequest, NotFound, QuotaExceeded, StorageError
from abby_core.gallery.choices import choices
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES
from abby_core.quota.quota_manager import Need
from abby_core.storage import catalogue, mending, picture, retired
from abby_core.storage.archive import archive, archive_oldest, restore
from abby_core.storage.artifact import Artifact
from abby_core.storage.compression import (
    SIMILARITY_MEAN_MIN,
    SIMILARITY_WORST_MIN,
    Compressed,
    NotWorth,
    compress,
    compress_oldest,
    try_out,
    undo_compression,
)
from abby_core.storage.forecast import forecast
from abby_core.storage.fsck import check
from abby_core.storage.saving import save_now
from abby_core.storage.similarity import similarity
from abby_core.storage.storage_manager import StorageManager
from tests.services.databases import Place
from tests.support.providers import PATIENCE_SECONDS, photograph
from tests.support.studio import ALICE, BOB, Clock, assert_sound, counter, kept_files, open_abby

PICTURE = photograph(300, 200)
OTHER = photograph(300, 200, seed=2)
SMALL = photograph()
DAY = 86_400
MB = 2**20
Open = Callable[..., Abby]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(place: Place, clock: Clock, tmp_path: Path) -> Generator[Open]:
    """Opens Abbys in the same place, and holds every one to it that all is sound in the end."""
    with ExitStack() as closing:

        def open_here(**settings: Any) -> Abby:
            abby = open_abby(
                tmp_path / "root", clock=clock, database_url=place.url,
                **{"archive_root": tmp_path / "cold", **settings},
            )  # fmt: skip
            closing.callback(abby.close)
            return abby

        yield open_here
        assert_sound(open_here())


@pytest.fixture
def abby(opened: Open) -> Abby:
    return opened()


def save(abby: Abby, name: str = "cat.png", data: bytes = PICTURE, account: Account = ALICE) -> Artifact:
    return save_now(abby.storage, data, account, name)


def made_smaller(abby: Abby, artifact: Artifact) -> Compressed:
    done = compress(abby.storage, artifact)
    assert isinstance(done, Compressed)
    return done


def found(abby: Abby, name: str, account: Account = ALICE) -> Artifact:
    return abby.gallery.find(account, name)


def retired_keys(abby: Abby) -> list[str]:
    sql = "SELECT blob_key FROM retired_blobs ORDER BY blob_key"
    return abby.database.read(lambda tx: [str(row["blob_key"]) for row in tx.rows(sql)])


def removals(abby: Abby) -> list[Row]:
    return abby.database.read(lambda tx: tx.rows("SELECT * FROM journal WHERE event = 'removed'"))


def star(abby: Abby, artifact: Artifact) -> None:
    sql = "UPDATE artifacts SET favourite = 1 WHERE id = :id"
    abby.database.write(lambda tx: tx.execute(sql, id=artifact.id))


class TestCompressing:
    def test_a_picture_becomes_a_smaller_webp_that_looks_the_same(self, abby: Abby) -> None:
        before = save(abby)
        done = made_smaller(abby, before)
        now = found(abby, "cat.webp")
        assert now == done.artifact
        assert now.id == before.id
        assert (now.media_type, now.width, now.height) == ("image/webp", 300, 200)
        assert now.size_bytes == len(abby.gallery.open(now)) < 0.9 * before.size_bytes
        assert done.similarity.mean >= SIMILARITY_MEAN_MIN
        assert done.similarity.worst >= SIMILARITY_WORST_MIN
        assert done.saved_bytes == before.size_bytes - now.size_bytes

    def test_its_owner_has_the_room_at_once_and_the_house_a_week_later(self, abby: Abby, clock: Clock) -> None:
        before = save(abby)
        now = made_smaller(abby, before).artifact
        assert counter(abby, ALICE, BYTES) == now.size_bytes
        assert counter(abby, None, BYTES) == before.size_bytes + now.size_bytes
        clock.skip(7 * DAY + 1)
        assert mending.mend(abby.storage) == 1
        assert counter(abby, None, BYTES) == now.size_bytes
        assert [path.name for path in kept_files(abby.settings.storage_root)] == ["cat.webp"]

    def test_what_was_saved_is_in_the_journal(self, abby: Abby) -> None:
        done = made_smaller(abby, save(abby))
        (row,) = removals(abby)
        assert (row["account"], row["reason"], row["size_bytes"]) == (ALICE.key, "compressed", done.saved_bytes)

    def test_undone_the_original_is_back_byte_for_byte_under_its_name(self, abby: Abby) -> None:
        before = save(abby)
        back = undo_compression(abby.storage, made_smaller(abby, before).artifact)
        assert back == before == found(abby, "cat.png")
        assert abby.gallery.open(back) == PICTURE
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == len(PICTURE)
        assert [path.name for path in kept_files(abby.settings.storage_root)] == ["cat.png"]

    def test_after_a_week_it_cannot_be_undone(self, abby: Abby, clock: Clock) -> None:
        now = made_smaller(abby, save(abby)).artifact
        clock.skip(7 * DAY + 1)
        for _ in range(2):
            with pytest.raises(InvalidRequest, match="within the last 7 days"):
                undo_compression(abby.storage, now)
            mending.mend(abby.storage)

    def test_undoing_needs_room_and_keeps_the_small_picture_without(self, opened: Open) -> None:
        now = made_smaller(abby := opened(), save(opened())).artifact
        tight = opened(max_user_storage_mb=(now.size_bytes + 1000) / MB)
        with pytest.raises(QuotaExceeded, match="Your storage quota is full"):
            undo_compression(tight.storage, now)
        assert found(abby, "cat.webp") == now
        assert counter(abby, ALICE, BYTES) == now.size_bytes

    def test_undoing_works_on_a_full_server(self, opened: Open) -> None:
        before = save(opened())
        now = made_smaller(opened(), before).artifact
        full = opened(max_global_storage_mb=(before.size_bytes + now.size_bytes) / MB)
        assert undo_compression(full.storage, now) == before

    def test_a_server_without_room_for_both_refuses_and_changes_nothing(self, opened: Open) -> None:
        before = save(opened())
        full = opened(max_global_storage_mb=(before.size_bytes + 1000) / MB)
        with pytest.raises(QuotaExceeded, match="Server storage is full"):
            compress(full.storage, before)
        assert found(full, "cat.png") == before

    def test_names_that_are_taken_are_never_taken_over(self, abby: Abby) -> None:
        before = save(abby)
        save(abby, "cat.webp", SMALL)
        now = made_smaller(abby, before).artifact
        assert now.name == "cat-2.webp"
        taker = save_now(abby.storage, SMALL, ALICE, "cat.png", temporary=True)
        assert taker.name == "cat.png"
        back = undo_compression(abby.storage, now)
        assert back.name == "cat-2.png"
        assert abby.gallery.open(back) == PICTURE
        assert abby.gallery.open(found(abby, taker.name)) == SMALL

    @pytest.mark.parametrize("name", ["a/b: c.png", "x" * 300 + ".png", "no ending", "héé.PNG", "..hidden.png"])
    def test_strange_names_keep_what_people_know_of_them(self, abby: Abby, name: str) -> None:
        before = save(abby, name)
        now = made_smaller(abby, before).artifact
        assert found(abby, now.name) == now
        assert now.name.endswith(".webp")
        assert now.name[:4] == before.name[:4]
        assert undo_compression(abby.storage, now) == before

    def test_what_is_not_worth_it_stays_and_says_why(self, abby: Abby) -> None:
        small = compress(abby.storage, save(abby, "small.png", SMALL))
        again = compress(abby.storage, made_smaller(abby, save(abby)).artifact)
        assert isinstance(small, NotWorth)
        assert isinstance(again, NotWorth)
        assert (small.reason, again.reason) == ("It is smaller than 64 kB already.", "It is a WebP already.")

    @pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16"])
    def test_pictures_of_every_kind_look_the_same_afterwards(self, abby: Abby, mode: str) -> None:
        image = Image.open(BytesIO(photograph(400, 300))).convert("RGB")
        if mode == "RGBA":
            image.putalpha(Image.radial_gradient("L").resize(image.size))
        elif mode == "I;16":
            image = image.convert("I").point(lambda value: value * 257).convert("I;16")
        else:
            image = image.convert(mode)
        target = BytesIO()
        image.save(target, "PNG", compress_level=0)
        before = save(abby, data=target.getvalue())
        done = made_smaller(abby, before)
        plain = [picture.plain(data) for data in (target.getvalue(), abby.gallery.open(done.artifact))]
        assert similarity(*plain).mean >= SIMILARITY_MEAN_MIN
        assert undo_compression(abby.storage, done.artifact) == before

    def test_a_flat_picture_loses_nothing_at_all(self, abby: Abby) -> None:
        image = Image.new("RGB", (400, 400), "teal")
        for number in range(0, 400, 5):
            image.paste((number % 256, 80, 120), (number, 0, number + 3, 400 - number))
        target = BytesIO()
        image.save(target, "PNG", compress_level=0)
        done = made_smaller(abby, save(abby, data=target.getvalue()))
        assert done.artifact.size_bytes < done.bytes_before / 10
        assert picture.plain(abby.gallery.open(done.artifact)).tobytes() == image.tobytes()

    def test_trying_out_changes_nothing(self, abby: Abby) -> None:
        before = save(abby)
        assert not isinstance(try_out(abby.storage, before), NotWorth)
        assert found(abby, "cat.png") == before
        assert removals(abby) == retired_keys(abby) == []

    def test_a_damaged_picture_is_not_made_the_only_one(self, abby: Abby) -> None:
        before = save(abby)
        path = abby.settings.storage_root / before.blob_key
        path.write_bytes(OTHER[: len(PICTURE)].ljust(len(PICTURE), b"\0"))
        with pytest.raises(StorageError, match="not the ones that were kept"):
            compress(abby.storage, before)
        path.write_bytes(PICTURE)

    def test_of_two_at_once_one_is_refused_and_nothing_is_left_over(self, abby: Abby) -> None:
        before = save(abby)
        made_smaller(abby, before)
        with pytest.raises(InvalidRequest, match="changed or removed meanwhile"):
            compress(abby.storage, before)
        assert len(kept_files(abby.settings.storage_root)) == 2

    def test_an_original_that_is_being_deleted_is_not_brought_back(self, abby: Abby, clock: Clock) -> None:
        now = made_smaller(abby, save(abby)).artifact
        original = abby.database.read(retired.original, now.id, abby.storage.now_ms())
        assert original is not None
        clock.skip(7 * DAY + 1)
        assert retired.delete(abby.storage, original.blob_key)
        assert not retired.delete(abby.storage, original.blob_key)
        clock.skip(-7 * DAY - 1)
        with pytest.raises(InvalidRequest):
            undo_compression(abby.storage, now)
        assert abby.gallery.open(found(abby, "cat.webp"))

    def test_whatever_many_do_at_once_the_picture_is_whole_and_counted_once(self, abby: Abby, clock: Clock) -> None:
        before = save(abby)
        acts: list[Callable[[StorageManager, Artifact], object]] = [compress, archive, restore, undo_compression]

        def act(number: int) -> None:
            with contextlib.suppress(InvalidRequest, StorageError):
                acts[number % 4](abby.storage, abby.gallery.find(ALICE, before.id))

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(act, range(24)))
        clock.skip(7 * DAY + 3600)
        mending.mend(abby.storage)
        (now,) = abby.gallery.page(ALICE).artifacts
        data = abby.gallery.open(now)
        assert data == PICTURE or now.media_type == "image/webp"
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == now.counted_bytes

    def test_deleting_a_compressed_picture_deletes_its_original_too(self, abby: Abby) -> None:
        before = save(abby)
        made_smaller(abby, before)
        abby.storage.remove(before)  # even for whoever looked before it was compressed
        assert kept_files(abby.settings.storage_root) == []
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == 0

    def test_the_oldest_go_first_and_favourites_never(self, abby: Abby, clock: Clock) -> None:
        names = []
        for number in range(4):
            names.append(save(abby, f"{number}.png").name)
            clock.skip(60)
        save(abby, "bobs.png", account=BOB)
        star(abby, found(abby, "0.png"))
        seen: list[object] = []
        done = compress_oldest(abby.storage, ALICE, 2, progress=seen.append)
        assert [each.name_before for each in done] == ["1.png", "2.png"]
        assert seen == done
        assert abby.storage.get_user_images("alice") == ["0.png", "1.webp", "2.webp", "3.png"]


class TestArchiving:
    def test_its_bytes_move_and_count_no_longer(self, abby: Abby, tmp_path: Path) -> None:
        before = save(abby)
        there = archive(abby.storage, before)
        assert there == found(abby, "cat.png")
        assert (there.state, there.counted_bytes) == ("archived", 0)
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == 0
        assert kept_files(abby.settings.storage_root) == []
        assert (tmp_path / "cold" / before.blob_key).read_bytes() == PICTURE
        (row,) = removals(abby)
        assert (row["reason"], row["size_bytes"]) == ("archived", len(PICTURE))

    def test_it_is_listed_shown_and_opened_like_any_other(self, abby: Abby) -> None:
        before = save(abby)
        there = archive(abby.storage, before)
        assert abby.gallery.page(ALICE).artifacts == (there,)
        assert abby.gallery.open(there) == abby.gallery.open(before) == PICTURE
        path = abby.gallery.path(there)
        assert path is not None
        assert path.read_bytes() == PICTURE
        assert abby.storage.get_image_path("alice", "cat.png") == path

    def test_restored_it_is_what_it_was(self, abby: Abby, tmp_path: Path) -> None:
        before = save(abby)
        back = restore(abby.storage, archive(abby.storage, before))
        assert back == before == found(abby, "cat.png")
        assert abby.gallery.open(back) == PICTURE
        assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == len(PICTURE)
        assert [path for path in (tmp_path / "cold").rglob("*") if path.is_file()] == []

    def test_both_may_be_repeated(self, abby: Abby) -> None:
        there = archive(abby.storage, save(abby))
        assert archive(abby.storage, there) == there
        back = restore(abby.storage, there)
        assert restore(abby.storage, back) == back

    @pytest.mark.parametrize("limit", ["max_user_storage_mb", "max_global_storage_mb"])
    def test_restoring_needs_room_and_leaves_it_archived_without(self, opened: Open, limit: str) -> None:
        there = archive((abby := opened()).storage, save(abby))
        tight = opened(**{limit: (len(PICTURE) - 1) / MB})
        with pytest.raises(QuotaExceeded):
            restore(tight.storage, there)
        assert found(tight, "cat.png") == there
        assert tight.gallery.open(there) == PICTURE

    def test_without_an_archive_it_says_what_to_set(self, opened: Open) -> None:
        abby = opened(archive_root=None)
        before = save(abby)
        for act in (archive, lambda storage, _: archive_oldest(storage, ALICE, 1, progress=lambda _: None)):
            with pytest.raises(ConfigurationError, match="Set ARCHIVE_ROOT to a folder"):
                act(abby.storage, before)
        there = archive(opened().storage, before)
        for act in (abby.storage.open, abby.storage.remove):
            with pytest.raises(StorageError, match="in the archive, and none is connected"):
                act(there)
        assert abby.gallery.path(there) is None
        assert found(abby, "cat.png") == there
        (finding,) = check(abby.storage, deep=True)
        assert (finding.code, finding.subject) == ("no-archive", "ARCHIVE_ROOT")

    def test_somebody_elses_file_in_the_archive_is_left_alone(self, abby: Abby, tmp_path: Path) -> None:
        theirs = tmp_path / "cold" / "images" / "users" / "alice" / "cat.png"
        theirs.parent.mkdir(parents=True)
        theirs.write_bytes(b"theirs")
        there = archive(abby.storage, save(abby))
        assert there.blob_key.endswith("/cat-2.png")
        assert restore(abby.storage, there).name == "cat.png"
        assert theirs.read_bytes() == b"theirs"
        assert [finding.code for finding in check(abby.storage)] == ["extra-archived"]
        theirs.unlink()

    def test_a_new_picture_may_have_the_place_at_hand_and_both_stay(self, abby: Abby) -> None:
        there = archive(abby.storage, save(abby))
        (abby.settings.storage_root / "images" / "users" / "alice" / "cat.png").write_bytes(SMALL)
        back = restore(abby.storage, there)
        assert (back.name, back.blob_key) == ("cat.png", "images/users/alice/cat-2.png")
        (abby.settings.storage_root / "images" / "users" / "alice" / "cat.png").unlink()

    def test_deleting_it_deletes_the_copy_and_frees_only_what_counts(self, abby: Abby, tmp_path: Path) -> None:
        archive(abby.storage, save(abby))
        other = save(abby, "other.png", OTHER)
        abby.gallery.delete(ALICE, "cat.png", for_good=True)
        assert [path for path in (tmp_path / "cold").rglob("*") if path.is_file()] == []
        assert counter(abby, ALICE, BYTES) == other.size_bytes

    def test_in_the_trash_it_still_lies_in_the_archive_and_counts_nothing(self, abby: Abby, tmp_path: Path) -> None:
        there = archive(abby.storage, save(abby))
        abby.gallery.delete(ALICE, "cat.png")
        with pytest.raises(NotFound):
            found(abby, "cat.png")
        assert check(abby.storage, deep=True) == []
        with pytest.raises(NotFound):
            abby.storage.remove(there)
        sql = "UPDATE artifacts SET state = 'removing' WHERE id = :id"
        abby.database.write(lambda tx: tx.execute(sql, id=there.id))
        abby.storage.finish_removal(there)
        assert [path for path in (tmp_path / "cold").rglob("*") if path.is_file()] == []

    async def test_its_thumbnail_stays_at_hand(self, opened: Open) -> None:
        from tests.support.studio import wish

        async with opened() as abby:
            (artifact,) = (await abby.studio.create(wish("o1"))).artifacts
            there = archive(abby.storage, abby.gallery.find(ALICE, artifact.id))
            assert abby.gallery.thumbnail(there)
            assert counter(abby, ALICE, BYTES) == there.thumbnail_bytes > 0

    def test_of_two_makers_of_one_thumbnail_one_gives_the_spare_bytes_back(self, abby: Abby) -> None:
        waiting = save(abby)
        sql = "UPDATE artifacts SET thumbnail_key = '', thumbnail_bytes = :size WHERE id = :id"
        abby.database.write(lambda tx: tx.execute(sql, id=waiting.id, size=100))
        both_have_looked = threading.Barrier(2 if abby.database.dialect == "postgresql" else 1)

        def note(tx: Transaction) -> bool:
            def row(sql: str, **values: Value) -> Row | None:
                found = tx.row(sql, **values)
                both_have_looked.wait(PATIENCE_SECONDS)
                return found

            looking = cast("Transaction", SimpleNamespace(row=row, execute=tx.execute))
            return catalogue.set_thumbnail(looking, waiting.id, key="thumbnails/a.webp", size_bytes=40) is not None

        with ThreadPoolExecutor(2) as threads:
            noted = list(threads.map(lambda _: abby.database.write(note), range(2)))
        assert sorted(noted) == [False, True]
        abby.database.write(lambda tx: tx.execute(sql, id=waiting.id, size=waiting.thumbnail_bytes))

    def test_a_temporary_picture_cannot_be_archived(self, abby: Abby) -> None:
        temporary = save_now(abby.storage, PICTURE, ALICE, "t.png", temporary=True)
        with pytest.raises(InvalidRequest, match="temporary"):
            archive(abby.storage, temporary)

    def test_the_oldest_go_first_and_favourites_never(self, abby: Abby, clock: Clock) -> None:
        for number in range(3):
            save(abby, f"{number}.png", SMALL)
            clock.skip(60)
        star(abby, found(abby, "0.png"))
        archived = archive_oldest(abby.storage, ALICE, 1, progress=lambda _: None)
        assert [each.name for each in archived] == ["1.png"]

    def test_a_compressed_picture_can_be_archived_and_undone_when_it_is_back(self, abby: Abby) -> None:
        there = archive(abby.storage, made_smaller(abby, save(abby)).artifact)
        with pytest.raises(InvalidRequest, match="restore it first"):
            undo_compression(abby.storage, there)
        assert undo_compression(abby.storage, restore(abby.storage, there)).name == "cat.png"


class TestFsck:
    """Every planted mismatch is named, only looked at, and mended where it can be known."""

    @pytest.fixture
    def house(self, abby: Abby) -> tuple[Artifact, Artifact]:
        """A compressed picture and an archived one."""
        small = made_smaller(abby, save(abby)).artifact
        return small, archive(abby.storage, save(abby, "dog.png", OTHER))

    @staticmethod
    def named(abby: Abby) -> list[tuple[str, str]]:
        return [(finding.code, finding.subject) for finding in check(abby.storage, deep=True)]

    def test_a_sound_house_has_no_findings(self, abby: Abby, house: object) -> None:
        assert self.named(abby) == []

    @pytest.mark.parametrize(
        ("code", "plant"),
        [
            ("missing-blob", lambda path: path.unlink()),
            ("wrong-size", lambda path: path.write_bytes(path.read_bytes()[:-1])),
            ("wrong-bytes", lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0")),
        ],
    )
    def test_what_is_wrong_in_the_archive_or_with_an_original_is_named(
        self, abby: Abby, tmp_path: Path, house: tuple[Artifact, Artifact], code: str, plant: Callable[[Path], object]
    ) -> None:
        there = tmp_path / "cold" / house[1].blob_key.removeprefix("archive/")
        original = abby.settings.storage_root / "images/users/alice/cat.png"
        whole = [(path, path.read_bytes()) for path in (there, original)]
        for path, _ in whole:
            plant(path)
        assert self.named(abby) == [
            (code, "archive/images/users/alice/dog.png"),
            (f"retired-{code}", "images/users/alice/cat.png"),
        ]
        for path, data in whole:
            path.write_bytes(data)

    def test_files_of_no_picture_in_the_archive_are_named(
        self, abby: Abby, tmp_path: Path, house: tuple[Artifact, Artifact]
    ) -> None:
        extra = tmp_path / "cold" / "images" / "users" / "alice" / "theirs.png"
        extra.write_bytes(b"theirs")
        assert self.named(abby) == [("extra-archived", "archive/images/users/alice/theirs.png")]
        check(abby.storage, repair=True)
        assert extra.read_bytes() == b"theirs"
        extra.unlink()

    @pytest.mark.parametrize("account", [ALICE.key, ""])
    def test_wrong_counters_are_mended(self, abby: Abby, house: object, account: str) -> None:
        sql = "UPDATE counters SET used = used + 1000 WHERE account = :account AND meter = :meter"
        abby.database.write(lambda tx: tx.execute(sql, account=account, meter=BYTES))
        assert self.named(abby) == [("wrong-counter", account or "everybody")]
        check(abby.storage, repair=True)
        assert self.named(abby) == []

    def test_a_state_that_is_not_where_the_bytes_are_is_mended(
        self, abby: Abby, house: tuple[Artifact, Artifact]
    ) -> None:
        sql = "UPDATE artifacts SET state = :state WHERE id = :id"
        for artifact, state in zip(house, ("archived", "kept"), strict=True):
            abby.database.write(lambda tx, a=artifact, s=state: tx.execute(sql, state=s, id=a.id))
        assert sorted(self.named(abby)) == sorted(("wrong-state", artifact.blob_key) for artifact in house)
        check(abby.storage, repair=True)
        assert self.named(abby) == []
        assert [found(abby, artifact.name).state for artifact in house] == ["kept", "archived"]


class TestRetention:
    def test_what_is_older_goes_to_the_trash_favourites_never(self, opened: Open, clock: Clock) -> None:
        abby = opened()
        abby.storage.keep_days_of = lambda account: 30 if account == ALICE.key else 0
        old = save(abby, "old.png", SMALL)
        star(abby, save(abby, "starred.png", SMALL))
        archive(abby.storage, save(abby, "cold.png", SMALL))
        save(abby, "bobs.png", SMALL, account=BOB)
        save_now(abby.storage, SMALL, ALICE, "temporary.png", temporary=True)
        clock.skip(20 * DAY)
        save(abby, "new.png", SMALL)
        clock.skip(10 * DAY + 60)
        before = counter(abby, ALICE, BYTES)
        assert mending.mend(abby.storage) == 2
        assert abby.storage.get_user_images("alice") == ["starred.png", "new.png"]
        assert abby.storage.get_user_images("bob") == ["bobs.png"]
        assert counter(abby, ALICE, BYTES) == before, "what is in the trash still counts"
        again = save(abby, "old.png", SMALL)
        assert (again.name, again.blob_key != old.blob_key) == (old.name, True), "only its file is still there"
        abby.storage.cleanup_old_files()

    def test_it_is_looked_for_once_an_hour_and_a_thousand_at_a_time(self, opened: Open, clock: Clock) -> None:
        abby = opened()
        asked: list[str] = []

        def keep_days(account: str) -> int:
            asked.append(account)
            return 0

        abby.storage.keep_days_of = keep_days
        save(abby, data=SMALL)
        save(abby, data=SMALL, account=BOB)
        for skipped in (0, 60, 3600):
            clock.skip(skipped)
            mending.mend(abby.storage)
        assert asked == [ALICE.key, BOB.key] * 2


class TestChoices:
    """What is offered is true: carried out, the refused thing fits."""

    @staticmethod
    def refused(abby: Abby, name: str = "new.png") -> QuotaExceeded:
        with pytest.raises(QuotaExceeded) as refusal:
            save(abby, name, OTHER)
        return refusal.value

    def full(self, opened: Open, pictures: int, **more: Any) -> Abby:
        """An account that has room for so many pictures, and has them."""
        abby = opened(max_user_storage_mb=(pictures + 0.5) * len(PICTURE) / MB, **more)
        for number in range(pictures):
            save(abby, f"{number}.png")
        return abby

    @pytest.mark.parametrize("kind", ["compress", "archive", "delete"])
    def test_whichever_is_taken_it_fits_afterwards(self, opened: Open, kind: str) -> None:
        abby = self.full(opened, 4)
        found_choices = {each.kind: each for each in choices(abby.storage, ALICE, self.refused(abby))}
        assert list(found_choices) == ["compress", "archive", "delete"]
        choice = found_choices[kind]
        used = counter(abby, ALICE, BYTES)
        match kind:
            case "compress":
                compress_oldest(abby.storage, ALICE, choice.pictures, progress=lambda _: None)
            case "archive":
                archive_oldest(abby.storage, ALICE, choice.pictures, progress=lambda _: None)
            case _:
                for number in range(choice.pictures):
                    abby.gallery.delete(ALICE, f"{number}.png", for_good=True)
        if kind != "compress":
            assert used - counter(abby, ALICE, BYTES) == choice.frees_bytes
        save(abby, "new.png", OTHER)

    def test_favourites_are_not_offered(self, opened: Open) -> None:
        abby = self.full(opened, 1)
        star(abby, found(abby, "0.png"))
        assert choices(abby.storage, ALICE, self.refused(abby)) == ()

    def test_the_trash_is_offered_first_with_all_it_holds(self, opened: Open) -> None:
        abby = self.full(opened, 2)
        for number in range(2):
            abby.gallery.delete(ALICE, f"{number}.png")
        (choice,) = choices(abby.storage, ALICE, self.refused(abby))
        assert (choice.kind, choice.pictures, choice.frees_bytes) == ("empty_trash", 2, 2 * len(PICTURE))

    def test_without_an_archive_none_is_offered(self, opened: Open) -> None:
        abby = self.full(opened, 2, archive_root=None)
        assert "archive" not in {each.kind for each in choices(abby.storage, ALICE, self.refused(abby))}

    def test_a_full_server_is_not_helped_by_what_frees_it_next_week(self, opened: Open) -> None:
        abby = opened(max_global_storage_mb=1.5 * len(PICTURE) / MB)
        save(abby)
        kinds = [each.kind for each in choices(abby.storage, ALICE, self.refused(abby))]
        assert kinds == ["archive", "delete"]
        assert choices(abby.storage, BOB, self.refused(abby)) == ()

    def test_what_can_never_fit_has_no_choices(self, opened: Open) -> None:
        abby = opened(max_user_storage_mb=0.9 * len(PICTURE) / MB)
        save(abby, "small.png", SMALL)
        assert choices(abby.storage, ALICE, self.refused(abby)) == ()

    def test_for_the_day_there_is_less_or_later(self, opened: Open) -> None:
        abby = opened(max_user_daily_gens=3)
        save(abby, data=SMALL)
        need = Need(images=5, size_bytes=5)
        with pytest.raises(QuotaExceeded) as refusal:
            abby.database.write(abby.quota.reserve_in, ALICE.key, "o1", need, seconds=60)
        (fewer,) = choices(abby.storage, ALICE, refusal.value, need)
        assert (fewer.kind, fewer.pictures) == ("fewer", 2)
        need = Need(images=3)
        with pytest.raises(QuotaExceeded) as refusal:
            abby.database.write(abby.quota.reserve_in, ALICE.key, "o1", need, seconds=60)
        fewer, wait = choices(abby.storage, ALICE, refusal.value, need)
        assert (fewer.pictures, wait.kind, wait.wait_seconds) == (2, "wait", refusal.value.retry_after_seconds)

    def test_once_enough_is_known_the_figures_are_the_houses_own(self, opened: Open) -> None:
        abby = opened()
        for number in range(20):
            save(abby, f"{number}.png")
        done = compress_oldest(abby.storage, ALICE, 10, progress=lambda _: None)
        full = opened(max_user_storage_mb=counter(abby, ALICE, BYTES) / MB)
        (choice, *_) = choices(full.storage, ALICE, self.refused(full))
        assert choice.kind == "compress"
        assert choice.frees_bytes == pytest.approx(choice.pictures * done[0].saved_bytes, rel=0.01)


class TestForecast:
    def test_it_follows_what_the_house_counted_day_by_day(self, abby: Abby, clock: Clock) -> None:
        for day in range(4):
            assert (forecast(abby.storage) is None) == (day < 3)
            save(abby, f"{day}.png", SMALL)
            mending.mend(abby.storage)
            clock.skip(DAY)
        found_forecast = forecast(abby.storage)
        assert found_forecast is not None
        assert found_forecast.bytes_per_day == pytest.approx(len(SMALL), rel=0.01)

    def test_it_is_noted_once_a_day(self, opened: Open) -> None:
        abby = opened()
        mending.mend(abby.storage)  # an empty house is not worth a note
        save(abby, data=SMALL)
        for each in (abby, abby, opened()):
            mending.mend(each.storage)
        sql = "SELECT id FROM journal WHERE event = 'measured'"
        assert len(abby.database.read(lambda tx: tx.rows(sql))) == 1
