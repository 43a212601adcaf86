"""Disk full, bad blocks, no permission: said clearly, never charged, and over when it is over."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from abby_core.bootstrap import Abby
from abby_core.errors import DiskFull, StorageError
from abby_core.generation.request import Upscale
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY
from abby_core.storage.blob_stores.local import LocalBlobs
from tests.support.providers import FixedProvider, paid_provider, photograph
from tests.support.studio import (
    ALICE,
    BOB,
    Clock,
    assert_sound,
    counter,
    kept_files,
    open_abby,
    reservations,
    wish,
    works,
)

PICTURE = photograph()
LARGE = photograph(900, 600)  # about 1.5 MB


def _nothing_happened(abby: Abby, root: Path) -> None:
    assert counter(abby, ALICE, IMAGES_PER_DAY) == counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == 0
    assert kept_files(root) == []
    assert list(root.rglob("*.part")) == []
    assert reservations(abby) == []


# ---------------------------------------------------------------------- trouble in the disk's own calls


class FaultyDisk:
    """The real calls, of which one kind fails while ``broken``, from its ``after``-th use on."""

    def __init__(self, call: str, code: int, *, after: int = 0) -> None:
        self.call, self.code, self.after = call, code, after
        self.broken = True

    def _use(self, call: str) -> None:
        if self.broken and call == self.call:
            self.after -= 1
            if self.after < 0:
                raise OSError(self.code, os.strerror(self.code))

    def write(self, fd: int, data: memoryview, /) -> int:
        self._use("write")
        return os.write(fd, data)

    def fsync(self, fd: int, /) -> None:
        self._use("fsync")
        os.fsync(fd)

    def link(self, src: Path, dst: Path, /) -> None:
        self._use("link")
        os.link(src, dst)


class FlakyDisk(FaultyDisk):
    """Every seventh call fails."""

    def _use(self, call: str) -> None:
        self.after = self.after - 1 if self.after >= 0 else 6
        if call == self.call and self.after < 0:
            raise OSError(self.code, os.strerror(self.code))


FAULTS = [("write", errno.EIO, 0), ("fsync", errno.EIO, 0), ("fsync", errno.EIO, 1), ("write", errno.ENOSPC, 0)]
if sys.platform != "win32":
    FAULTS.append(("link", errno.EIO, 0))


@contextmanager
def _abby_on(disk: FaultyDisk, root: Path, provider: FixedProvider | None = None) -> Generator[Abby]:
    abby = open_abby(root, *([provider] if provider else []))
    abby.storage.blobs = LocalBlobs(root, system=disk)
    try:
        yield abby
    finally:
        abby.close()


@pytest.mark.parametrize(("call", "code", "after"), FAULTS)
async def test_a_save_onto_a_bad_disk_says_why_and_costs_nothing(
    tmp_path: Path, call: str, code: int, after: int
) -> None:
    disk = FaultyDisk(call, code, after=after)
    with _abby_on(disk, tmp_path) as abby:
        saved = await abby.storage.save_image(PICTURE, "alice")
        assert not saved.success
        assert saved.message.startswith("Error saving image: ")
        assert os.strerror(code) in saved.message
        assert str(tmp_path) not in saved.message
        _nothing_happened(abby, tmp_path)
        disk.broken = False
        await works(abby)
    assert_sound(abby)


@pytest.mark.parametrize(("call", "code", "after"), FAULTS)
async def test_a_paid_order_onto_a_bad_disk_frees_the_quota_and_tells_the_host(
    tmp_path: Path, call: str, code: int, after: int
) -> None:
    disk = FaultyDisk(call, code, after=after)
    with _abby_on(disk, tmp_path, paid_provider()) as abby:
        async with abby:
            with pytest.raises(StorageError, match=os.strerror(code)):
                await abby.studio.create(wish("o1"))
            assert (await abby.studio.order("o1", ALICE)).maybe_billed
            assert counter(abby, ALICE, CREDITS_PER_DAY) == 0
            assert counter(abby, None, CREDITS_PER_DAY) == 3000  # the host may have to pay for it
            _nothing_happened(abby, tmp_path)
            disk.broken = False
            assert len((await abby.studio.create(wish("o2"))).artifacts) == 1
    assert_sound(abby)


async def test_an_upload_onto_a_bad_disk_is_refused_before_the_order_exists(tmp_path: Path) -> None:
    disk, provider = FaultyDisk("write", errno.EIO), paid_provider()
    with _abby_on(disk, tmp_path, provider) as abby:
        async with abby:
            with pytest.raises(StorageError):
                await abby.studio.submit(wish("o1", request=Upscale(image=PICTURE)))
            assert await abby.studio.orders(ALICE) == []
            disk.broken = False
            await abby.studio.create(wish("o1", request=Upscale(image=PICTURE)))
    assert len(provider.requests) == 1
    assert_sound(abby)


async def test_a_thumbnail_that_could_not_be_written_is_made_later(tmp_path: Path) -> None:
    disk = FaultyDisk("write", errno.EIO, after=1)
    with _abby_on(disk, tmp_path) as abby:
        async with abby:
            (artifact,) = (await abby.studio.create(wish("o1"))).artifacts
    clock = Clock()
    clock.skip(120)
    async with open_abby(tmp_path, clock=clock) as abby:
        assert abby.gallery.thumbnail(abby.gallery.find(ALICE, artifact.id))
    assert_sound(abby)


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right on Windows")
@pytest.mark.parametrize("folder", ["images/users/alice", "thumbnails"])
async def test_a_picture_that_cannot_be_removed_now_is_still_there(tmp_path: Path, folder: str) -> None:
    async with open_abby(tmp_path) as abby:
        (artifact,) = (await abby.studio.create(wish("o1"))).artifacts
    abby = open_abby(tmp_path)
    (tmp_path / folder).rename(tmp_path / "elsewhere")
    (tmp_path / folder).symlink_to(tmp_path / "elsewhere")  # which Abby refuses to follow
    answer = abby.storage.delete_image("alice", artifact.name)
    assert not answer.success
    assert answer.message.startswith("Error deleting image: ")
    (tmp_path / folder).unlink()
    (tmp_path / "elsewhere").rename(tmp_path / folder)
    assert abby.gallery.open(abby.gallery.find(ALICE, artifact.name)) == PICTURE
    assert abby.storage.delete_image("alice", artifact.name).success
    abby.close()
    assert kept_files(tmp_path) == []
    assert_sound(abby)


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a right on Windows")
async def test_one_picture_that_cannot_be_mended_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    disk, clock = FaultyDisk("write", errno.EIO), Clock()
    disk.broken = False
    for account in (ALICE, BOB):
        with _abby_on(disk, tmp_path) as abby:
            disk.after, disk.broken = 1, True  # the picture can be written, its thumbnail cannot
            async with abby:
                await abby.studio.create(wish(account.user_id, account))
    (tmp_path / "images/users/alice").rename(tmp_path / "elsewhere")
    (tmp_path / "images/users/alice").symlink_to(tmp_path / "elsewhere")
    clock.skip(120)
    async with open_abby(tmp_path, clock=clock) as abby:
        assert all(picture.thumbnail_key for picture in abby.gallery.page(BOB).artifacts)
        (tmp_path / "images/users/alice").unlink()
        (tmp_path / "elsewhere").rename(tmp_path / "images/users/alice")
    async with open_abby(tmp_path, clock=clock) as abby:
        assert all(picture.thumbnail_key for picture in abby.gallery.page(ALICE).artifacts)
    assert_sound(abby)


async def test_many_saves_at_once_onto_a_disk_that_comes_and_goes_keep_the_books_right(tmp_path: Path) -> None:
    disk = FlakyDisk("fsync", errno.EIO)
    with _abby_on(disk, tmp_path) as abby:
        answers = await asyncio.gather(*(abby.storage.save_image(PICTURE, "alice") for _ in range(20)))
        kept = sum(answer.success for answer in answers)
        assert 0 < kept < 20
        assert counter(abby, ALICE, IMAGES_PER_DAY) == kept == len(abby.storage.get_user_images("alice"))
    assert_sound(abby)


# ---------------------------------------------------------------------- real disks


LIMITED = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.support.providers import photograph
from tests.support.studio import open_abby
from abby_core.quota.account import Account

abby = open_abby(Path(sys.argv[1]))
abby.quota.status(Account.local("alice"))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for limit in (1_000_000, hard):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    saved = asyncio.run(abby.storage.save_image(photograph(900, 600), "alice"))
    print(saved.success, saved.message)
abby.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_file_larger_than_the_system_allows_is_refused_and_a_later_one_kept(tmp_path: Path) -> None:
    project = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], cwd=project, capture_output=True, text=True, check=True
    )
    refused, kept = done.stdout.splitlines()
    assert refused == f"False Error saving image: The picture could not be written: {os.strerror(errno.EFBIG)}."
    assert kept == "True Image saved as generated.png"
    abby = open_abby(tmp_path)
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 1
    assert_sound(abby)


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 4 MB of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, and only here on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this system lets nobody mount: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(disk: Path, *, leave_bytes: int) -> None:
    free = shutil.disk_usage(disk).free - leave_bytes
    (disk / "filler").write_bytes(bytes(max(0, free)))


async def test_a_full_disk_is_told_and_when_there_is_room_again_all_is_well(small_disk: Path) -> None:
    provider = paid_provider(data=LARGE)
    filler = small_disk / "filler"
    async with open_abby(small_disk, provider) as abby:
        await works(abby)
        provider.before = lambda _: _fill(small_disk, leave_bytes=600_000)
        with pytest.raises(DiskFull, match="The disk is full"):
            await abby.studio.create(wish("o1"))
        assert (await abby.studio.order("o1", ALICE)).maybe_billed
        saved = await abby.storage.save_image(LARGE, "bob")
        assert saved.message.startswith("Error saving image: The server's disk is nearly full")
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 1  # of the picture that was deleted
        assert counter(abby, None, BYTES) == counter(abby, ALICE, CREDITS_PER_DAY) == 0
        assert counter(abby, None, CREDITS_PER_DAY) == 3000  # the host may have to pay for it
        provider.before = None
        filler.unlink()
        (artifact,) = (await abby.studio.create(wish("o2"))).artifacts
        assert abby.gallery.open(artifact) == LARGE
    assert_sound(abby)


async def test_a_database_without_room_refuses_and_goes_on_when_there_is_some(small_disk: Path) -> None:
    async with open_abby(small_disk) as abby:
        await works(abby)
        _fill(small_disk, leave_bytes=0)
        with pytest.raises(DiskFull, match="The disk is full: the database"):
            for number in range(1000):  # until the file's own spare pages are used up
                abby.quota.set_limit(Account.local(number), BYTES, 5)
        with pytest.raises(DiskFull):
            await abby.studio.submit(wish("o1"))
        (small_disk / "filler").unlink()
        await works(abby)
        await abby.studio.create(wish("o1"))
    assert_sound(abby)


@contextmanager
def _read_only(folder: Path) -> Generator[None]:
    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True, capture_output=True)

    remount("ro")
    try:
        yield
    finally:
        remount("rw")


async def test_a_disk_that_became_read_only_is_told_and_over_when_it_is_over(small_disk: Path) -> None:
    abby = open_abby(small_disk)
    await works(abby)
    abby.close()
    abby = open_abby(small_disk)
    with _read_only(small_disk):
        saved = await abby.storage.save_image(PICTURE, "alice")
        assert not saved.success
        assert saved.message.startswith("Error saving image: The database ")
        assert "cannot be opened for writing" in saved.message
    await works(abby)
    abby.close()
    assert_sound(abby)


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
async def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir(mode=0o500)
    abby = open_abby(root)
    saved = await abby.storage.save_image(PICTURE, "alice")
    assert saved.message.startswith("Error saving image: ")
    root.chmod(0o700)
    await works(abby)
    abby.close()
