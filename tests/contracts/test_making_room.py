"""Compressing, archiving and what they leave behind: the room is free, nothing is lost, everything can be undone."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Row
from abby_core.errors import ConfigurationError, InvalidRequest, NotFound, QuotaExceeded, StorageError
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES
from abby_core.storage import mending
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
from abby_core.storage.fsck import check
from abby_core.storage.saving import save_now
from tests.services.databases import Place
from tests.support.providers import photograph
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
        abby.storage.remove(there)
        assert [path for path in (tmp_path / "cold").rglob("*") if path.is_file()] == []

    async def test_its_thumbnail_stays_at_hand(self, opened: Open) -> None:
        from tests.support.studio import wish

        async with opened() as abby:
            (artifact,) = (await abby.studio.create(wish("o1"))).artifacts
            there = archive(abby.storage, abby.gallery.find(ALICE, artifact.id))
            assert abby.gallery.thumbnail(there)
            assert counter(abby, ALICE, BYTES) == there.thumbnail_bytes > 0

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
