"""fsck finds and names every difference between ledger, catalogue and disk; adoption takes in what lies around."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.quota.quota_manager import Need
from abby_core.storage import catalogue
from abby_core.storage.adoption import adopt_layout
from abby_core.storage.artifact import Artifact
from abby_core.storage.fsck import check
from tests.support.providers import photograph
from tests.support.studio import ALICE, BOB, assert_sound, counter, kept_files, open_abby, wish

OTHER = photograph(seed=2)


@pytest.fixture
def opened(tmp_path: Path) -> Generator[Callable[..., Abby]]:
    """Opens Abbys in the test's folder and closes them afterwards."""
    with ExitStack() as closing:

        def open_here(**settings: Any) -> Abby:
            abby = open_abby(tmp_path, **settings)
            closing.callback(abby.close)
            return abby

        yield open_here


@pytest.fixture
async def abby(tmp_path: Path, opened: Callable[..., Abby]) -> Abby:
    """A house with two ordered pictures, a saved one and a temporary one."""
    async with open_abby(tmp_path) as working:
        await working.studio.create(wish("o1", pictures=2))
        assert (await working.storage.save_image(OTHER, "bob", "mine.png")).success
        assert (await working.storage.save_image(OTHER, "bob", "for-now.png", is_temp=True)).success
    looking = opened()
    assert_sound(looking)
    return looking


def _picture(abby: Abby) -> Artifact:
    return abby.gallery.page(ALICE).artifacts[0]


def _file(abby: Abby, key: str) -> Path:
    return abby.settings.storage_root / key


def _drop(key: str) -> Callable[[Abby], str]:
    def plant(abby: Abby) -> str:
        _file(abby, key).parent.mkdir(parents=True, exist_ok=True)
        _file(abby, key).write_bytes(b"somebody's own")
        return key

    return plant


def _lose_picture(abby: Abby) -> str:
    _file(abby, _picture(abby).blob_key).unlink()
    return _picture(abby).blob_key


def _cut_picture(abby: Abby) -> str:
    path = _file(abby, _picture(abby).blob_key)
    path.write_bytes(path.read_bytes()[:-1])
    return _picture(abby).blob_key


def _change_picture(abby: Abby) -> str:
    path = _file(abby, _picture(abby).blob_key)
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes(1) + data[-19:])
    return _picture(abby).blob_key


def _lose_thumbnail(abby: Abby) -> str:
    _file(abby, _picture(abby).thumbnail_key).unlink()
    return _picture(abby).thumbnail_key


def _cut_thumbnail(abby: Abby) -> str:
    _file(abby, _picture(abby).thumbnail_key).write_bytes(b"RIFF")
    return _picture(abby).thumbnail_key


def _miscount(account: Account | None, change: int) -> Callable[[Abby], str]:
    def plant(abby: Abby) -> str:
        key = "" if account is None else account.key
        sql = "UPDATE counters SET used = used + :change WHERE account = :account AND meter = :meter"
        abby.database.write(lambda tx: tx.execute(sql, change=change, account=key, meter=BYTES))
        return key or "everybody"

    return plant


def _forget_counter(abby: Abby) -> str:
    sql = "DELETE FROM counters WHERE account = :account AND meter = :meter"
    abby.database.write(lambda tx: tx.execute(sql, account=ALICE.key, meter=BYTES))
    return ALICE.key


def _begin_removal(abby: Abby) -> str:
    picture = _picture(abby)
    assert abby.database.write(catalogue.begin_removal, picture.id)
    return picture.blob_key


def _leave_reservation(abby: Abby) -> str:
    abby.database.write(abby.quota.reserve_in, ALICE.key, "o1", Need(images=1, size_bytes=1000), seconds=10**6)
    return "o1"


MENDED: dict[str, tuple[str, Callable[[Abby], str]]] = {
    "a thumbnail is gone": ("missing-thumbnail", _lose_thumbnail),
    "a thumbnail was cut": ("missing-thumbnail", _cut_thumbnail),
    "a thumbnail of nothing": ("extra-thumbnail", _drop(f"thumbnails/ab/{'ab' * 12}.webp")),
    "an account counts too much": ("wrong-counter", _miscount(ALICE, 1000)),
    "an account counts too little": ("wrong-counter", _miscount(BOB, -1000)),
    "an account is not counted": ("wrong-counter", _forget_counter),
    "the house counts too much": ("wrong-counter", _miscount(None, 12345)),
    "a removal was begun": ("half-removed", _begin_removal),
    "an ended order holds quota": ("stale-reservation", _leave_reservation),
}
NAMED: dict[str, tuple[str, Callable[[Abby], str]]] = {
    "a file among the pictures": ("extra-blob", _drop("images/users/alice/holiday.png")),
    "a file beside the users": ("extra-blob", _drop("images/notes.txt")),
    "a file in temp": ("extra-blob", _drop("temp/left-over.png")),
    "a file among the thumbnails": ("extra-thumbnail", _drop("thumbnails/ab/mine.webp")),
    "a picture is gone": ("missing-blob", _lose_picture),
    "a picture was cut": ("wrong-size", _cut_picture),
    "a picture was changed": ("wrong-bytes", _change_picture),
}


@pytest.mark.parametrize("what", MENDED | NAMED)
def test_what_is_wrong_is_named_and_only_looked_at(abby: Abby, what: str) -> None:
    code, plant = (MENDED | NAMED)[what]
    subject = plant(abby)
    before = [(path, path.read_bytes()) for path in kept_files(abby.settings.storage_root)]
    for _ in range(2):
        findings = check(abby.storage, deep=True)
        assert [(finding.code, finding.subject, finding.repaired) for finding in findings] == [(code, subject, False)]
        assert findings[0].detail.endswith(".")
    assert [(path, path.read_bytes()) for path in kept_files(abby.settings.storage_root)] == before


@pytest.mark.parametrize("what", MENDED)
def test_what_can_be_known_is_mended(abby: Abby, what: str) -> None:
    code, plant = MENDED[what]
    plant(abby)
    findings = check(abby.storage, repair=True, deep=True)
    assert code in {finding.code for finding in findings}
    assert all(finding.repaired for finding in findings)
    assert_sound(abby)
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 2


@pytest.mark.parametrize("what", NAMED)
def test_what_cannot_be_known_is_left_alone(abby: Abby, what: str) -> None:
    code, plant = NAMED[what]
    plant(abby)
    before = [(path, path.read_bytes()) for path in kept_files(abby.settings.storage_root)]
    assert [(finding.code, finding.repaired) for finding in check(abby.storage, repair=True, deep=True)] == [
        (code, False)
    ]
    assert [(path, path.read_bytes()) for path in kept_files(abby.settings.storage_root)] == before
    assert [finding.code for finding in check(abby.storage, deep=True)] == [code]


def test_a_lost_picture_and_its_thumbnail_can_be_deleted_and_all_is_well(abby: Abby) -> None:
    _lose_picture(abby)
    _lose_thumbnail(abby)
    check(abby.storage, repair=True)
    abby.gallery.delete(ALICE, _picture(abby).id, for_good=True)
    assert_sound(abby)


def test_a_glance_does_not_read_the_pictures(abby: Abby) -> None:
    _change_picture(abby)
    assert check(abby.storage) == []


# ---------------------------------------------------------------------- adoption


def _older(root: Path, user_id: str, kind: str, name: str, data: bytes) -> Path:
    path = root / "users" / user_id / kind / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_pictures_of_the_older_layout_move_in_with_their_bytes_and_names(
    tmp_path: Path, opened: Callable[..., Abby]
) -> None:
    older = _older(tmp_path, "alice", "text_to_image", "cat.png", OTHER)
    same_name = _older(tmp_path, "alice", "upscale", "cat.png", photograph())
    abby = opened()
    report = adopt_layout(abby.storage)
    assert (report.adopted, report.skipped) == (2, ())
    assert not older.exists()
    assert not same_name.exists()
    pictures = {picture.name: picture for picture in abby.gallery.page(ALICE).artifacts}
    assert {abby.gallery.open(picture) for picture in pictures.values()} == {OTHER, photograph()}
    assert set(pictures) == {"cat.png", "cat-2.png"}
    assert {picture.kind for picture in pictures.values()} == {"text_to_image", "upscale"}
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
    assert counter(abby, ALICE, BYTES) == len(OTHER) + len(photograph())
    assert adopt_layout(abby.storage).adopted == 0
    assert_sound(abby)


def test_files_dropped_into_a_users_folder_are_entered_where_they_lie(
    tmp_path: Path, opened: Callable[..., Abby]
) -> None:
    for folder in ("alice", "discord@123"):
        path = tmp_path / "images" / "users" / folder / "holiday.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(OTHER)
    abby = opened()
    assert adopt_layout(abby.storage).adopted == 2
    assert adopt_layout(abby.storage).adopted == 0
    assert abby.storage.get_image_path("alice", "holiday.png") == tmp_path / "images/users/alice/holiday.png"
    assert abby.gallery.find(Account("discord", "123"), "holiday.png").kind == "saved"
    assert_sound(abby)


def test_what_does_not_fit_or_is_no_picture_is_named_and_stays(tmp_path: Path, opened: Callable[..., Abby]) -> None:
    files = [
        _older(tmp_path, "alice", "text_to_image", "1.png", OTHER),
        _older(tmp_path, "alice", "upscale", "2.png", photograph()),
        _older(tmp_path, "bob", "upscale", "notes.png", b"no picture"),
        _older(tmp_path, "bob", "else", "3.png", OTHER),
    ]
    abby = opened(max_user_storage_mb=1.5 * len(OTHER) / 2**20)
    report = adopt_layout(abby.storage)
    assert report.adopted == 1
    reasons = dict(report.skipped)
    assert len(reasons) == 2
    assert "not a PNG" in reasons["users/bob/upscale/notes.png"]
    assert "Your storage quota is full" in reasons["users/alice/upscale/2.png"]
    assert [path.exists() for path in files] == [False, True, True, True]
    assert_sound(abby)


def test_a_crash_between_copy_and_removal_doubles_nothing(tmp_path: Path, opened: Callable[..., Abby]) -> None:
    older = _older(tmp_path, "alice", "upscale", "cat.png", OTHER)
    abby = opened()
    adopt_layout(abby.storage)
    older.write_bytes(OTHER)  # as if the removal had never come
    adopt_layout(abby.storage)
    assert not older.exists()
    assert abby.storage.get_user_images("alice") == ["cat.png"]
    assert_sound(abby)


async def test_a_temporary_copy_does_not_stand_for_the_older_file(tmp_path: Path, opened: Callable[..., Abby]) -> None:
    abby = opened()
    assert (await abby.storage.save_image(OTHER, "alice", "for-now.png", is_temp=True)).success
    _older(tmp_path, "alice", "upscale", "cat.png", OTHER)
    assert adopt_layout(abby.storage).adopted == 1
    assert abby.storage.get_user_images("alice") == ["cat.png"]
    assert_sound(abby)


def test_strange_user_ids_of_the_older_layout_keep_their_own_folder(
    tmp_path: Path, opened: Callable[..., Abby]
) -> None:
    _older(tmp_path, "Alice Müller", "upscale", "cat.png", OTHER)
    abby = opened()
    assert adopt_layout(abby.storage).adopted == 1
    assert abby.storage.get_user_images("Alice Müller") == ["cat.png"]
    assert abby.storage.get_user_images("alice müller") == []
    assert_sound(abby)
