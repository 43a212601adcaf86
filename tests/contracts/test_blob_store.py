"""What every blob store promises. A new one adds itself to ``store`` and passes the first half of this file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abby_core.errors import DiskFull, StorageError
from abby_core.storage.blob_store import BlobExists, BlobMissing, BlobStore
from abby_core.storage.blob_stores.local import LocalBlobs

KEY = "images/users/alice/cat.png"

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links, descriptors or limits of POSIX")


class FailingDisk:
    """The real system calls, one of which fails on its n-th use."""

    def __init__(self, call: str, code: int, *, after: int = 0) -> None:
        self.call, self.code, self.after = call, code, after

    def _use(self, call: str) -> None:
        if call == self.call:
            self.after -= 1
            if self.after < 0:
                raise OSError(self.code, os.strerror(self.code))

    def write(self, fd: int, data: memoryview, /) -> int:
        self._use("write")
        return os.write(fd, data[:1000])  # a disk may always take less than it was offered

    def fsync(self, fd: int, /) -> None:
        self._use("fsync")
        os.fsync(fd)

    def link(self, src: Path, dst: Path, /) -> None:
        self._use("link")
        os.link(src, dst)


def local(tmp_path: Path) -> BlobStore:
    return LocalBlobs(tmp_path / "root")


def local_without_links(tmp_path: Path) -> BlobStore:
    return LocalBlobs(tmp_path / "root", system=FailingDisk("link", errno.EPERM))


@pytest.fixture(params=[local, local_without_links])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    make: Callable[[Path], BlobStore] = request.param
    return make(tmp_path)


# ------------------------------------------------------------------ every store


@pytest.mark.parametrize("data", [b"", b"bytes", bytes(range(256)) * 12_000], ids=["empty", "few", "3 MB"])
def test_what_was_put_comes_back(store: BlobStore, data: bytes) -> None:
    store.put(KEY, data)
    assert store.open(KEY) == data
    assert store.size(KEY) == len(data)


@pytest.mark.parametrize(
    "key", ["a", "a/b/c/d/e/f", "images/users/discord@1/my picture (1).png", "猫/é~0123456789.png"]
)
def test_any_name_that_is_safe_can_be_a_key(store: BlobStore, key: str) -> None:
    store.put(key, b"data")
    assert store.open(key) == b"data"
    assert [blob.key for blob in store.list("")] == [key]


def test_a_taken_key_is_refused_and_what_lies_there_stays(store: BlobStore) -> None:
    store.put(KEY, b"first")
    with pytest.raises(BlobExists):
        store.put(KEY, b"second")
    assert store.open(KEY) == b"first"
    assert [blob.key for blob in store.list("")] == [KEY]


def test_of_many_who_put_the_same_key_at_once_exactly_one_succeeds(store: BlobStore) -> None:
    barrier, won, lost = threading.Barrier(8), list[bytes](), list[bytes]()

    def put(data: bytes) -> None:
        barrier.wait()
        try:
            store.put(KEY, data)
            won.append(data)
        except BlobExists:
            lost.append(data)

    threads = [threading.Thread(target=put, args=(bytes((number,)) * 10_000,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 7
    assert store.open(KEY) == won[0]


def test_what_is_not_there_is_missing(store: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        store.open(KEY)
    assert store.size(KEY) is None
    assert store.delete(KEY) is False
    assert store.path(KEY) is None
    assert list(store.list("images/")) == []


def test_a_folder_of_keys_is_no_blob(store: BlobStore) -> None:
    store.put(KEY, b"data")
    with pytest.raises(BlobMissing):
        store.open("images/users")
    assert store.size("images/users") is None
    assert store.delete("images/users") is False
    assert store.path("images/users") is None
    assert store.size(f"{KEY}/beyond") is None


def test_a_deleted_blob_is_gone_and_its_key_is_free(store: BlobStore) -> None:
    store.put(KEY, b"first")
    assert store.delete(KEY) is True
    assert store.size(KEY) is None
    assert store.delete(KEY) is False
    store.put(KEY, b"second")
    assert store.open(KEY) == b"second"


def test_a_listing_has_exactly_the_keys_with_the_prefix(store: BlobStore) -> None:
    sizes = {"a/b.png": 1, "a/bc/d.png": 2, "a/c.png": 3, "ab/c.png": 4, "b.png": 5}
    for key, size in sizes.items():
        store.put(key, bytes(size))
    for prefix in ("", "a", "a/", "a/b", "a/bc/", "ab/", "b.png", "b.png/", "c", "a/c.pngs"):
        listed = {blob.key: blob.size_bytes for blob in store.list(prefix)}
        assert listed == {key: size for key, size in sizes.items() if key.startswith(prefix)}


def test_a_listing_says_when_a_blob_was_put(store: BlobStore) -> None:
    before = time.time()
    store.put(KEY, b"data")
    (blob,) = store.list("images/")
    assert before - 5 <= blob.modified_at <= time.time() + 5


def test_blobs_can_be_deleted_while_they_are_listed(store: BlobStore) -> None:
    keys = {f"temp/{number}.png" for number in range(50)}
    for key in keys:
        store.put(key, b"data")
    assert {blob.key for blob in store.list("temp/") if store.delete(blob.key)} <= keys
    assert list(store.list("temp/")) == []


BAD_KEYS = [
    "", "/", "/etc/passwd", "../outside.png", "a/../../outside.png", "a/..", ".", "a//b.png", "a/", "a/./b.png",
    "a\\..\\b.png", "C:/b.png", "a:stream", "a/\0.png", "a/\n.png", ".abby-1.part", "a/.hidden", "a /b.png", "a./b.png",
    "a/b.", "a/NUL.png", "a/e\u0301.png", "\ud800", "a/\u202egnp.png", "a" * 1025, "a/" * 512 + "b",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS, ids=lambda key: ascii(key[:30]))
def test_a_key_that_could_lead_elsewhere_is_refused_by_everything(store: BlobStore, key: str) -> None:
    def put(key: str) -> None:
        store.put(key, b"data")

    for act in (put, store.open, store.size, store.delete, store.path):
        with pytest.raises(StorageError, match="key"):
            act(key)
    assert list(store.list("")) == []


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", "a//", "C:/", "a\\/"])
def test_a_prefix_that_could_lead_elsewhere_is_refused(store: BlobStore, prefix: str) -> None:
    with pytest.raises(StorageError, match="key"):
        list(store.list(prefix))


@given(key=st.text("a./\\:~ \0é", max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_key_that_holds_or_is_refused(store: BlobStore, key: str) -> None:
    try:
        store.put(key, key.encode())
    except StorageError:
        assert key not in {blob.key for blob in store.list("")}
    else:
        assert store.open(key) == key.encode()
        assert [blob.key for blob in store.list("")] == [key]
        assert store.delete(key)


def test_free_room_is_a_number_or_not_known(store: BlobStore) -> None:
    free = store.free_bytes()
    assert free is None or free > 0


def test_sweeping_leaves_blobs_alone(store: BlobStore) -> None:
    store.put(KEY, b"data")
    assert store.sweep_parts(older_than_seconds=-10) == 0
    assert store.open(KEY) == b"data"


def test_a_folder_without_blobs_is_removed_and_one_with_blobs_stays(store: BlobStore) -> None:
    store.put(KEY, b"data")
    assert store.remove_folder("images/users/nobody") is True
    assert store.remove_folder("images/users/alice") is False
    assert store.open(KEY) == b"data"
    store.delete(KEY)
    assert store.remove_folder("images/users/alice") is True
    store.put(KEY, b"again")
    assert store.open(KEY) == b"again"


# ------------------------------------------------------------------ local files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_a_local_blob_is_a_plain_file_under_its_key(root: Path) -> None:
    blobs = LocalBlobs(root)
    blobs.put(KEY, b"data")
    assert blobs.path(KEY) == root / "images" / "users" / "alice" / "cat.png"
    assert everything_in(root) == {KEY}
    assert (root / KEY).read_bytes() == b"data"


def test_construction_and_looking_make_nothing(root: Path) -> None:
    blobs = LocalBlobs(root / "deep")
    assert blobs.size(KEY) is None
    assert list(blobs.list("")) == []
    assert blobs.free_bytes()
    assert blobs.sweep_parts(older_than_seconds=0) == 0
    assert not root.exists()


def test_files_of_other_origin_disturb_nothing(root: Path) -> None:
    blobs = LocalBlobs(root)
    blobs.put(KEY, b"data")
    (root / "images" / ".DS_Store").write_bytes(b"x")
    (root / "images" / "notes.txt").write_bytes(b"x")
    (root / "images" / ".git").mkdir()
    (root / "images" / ".git" / "config").write_bytes(b"x")
    if sys.platform == "linux":
        (root / os.fsdecode(b"images/\xff\xfe.png")).write_bytes(b"x")
        (root / "images" / "a:b.png").write_bytes(b"x")
        os.mkfifo(root / "images" / "pipe")
        assert blobs.size("images/pipe") is None
    assert {blob.key for blob in blobs.list("images/")} == {KEY, "images/notes.txt"}
    assert all(blobs.size(blob.key) == blob.size_bytes for blob in blobs.list(""))


def test_where_a_folder_must_be_and_a_file_is_putting_says_so(root: Path) -> None:
    root.mkdir()
    (root / "images").write_bytes(b"a file")
    blobs = LocalBlobs(root)
    with pytest.raises(StorageError, match=r"could not be written: .+"):
        blobs.put(KEY, b"data")
    assert not isinstance(blobs.size(KEY), int)
    assert everything_in(root) == {"images"}


def test_a_root_that_is_a_file_can_be_had_but_not_used(root: Path) -> None:
    root.write_bytes(b"a file")
    blobs = LocalBlobs(root)
    assert list(blobs.list("")) == []
    with pytest.raises(StorageError, match="could not be written"):
        blobs.put(KEY, b"data")


@posix_only
def test_a_root_that_may_not_be_written_says_so(root: Path) -> None:
    root.mkdir(mode=0o500)
    if os.geteuid() == 0:  # permissions do not bind root, but this folder refuses everybody
        root = Path("/proc")
    if not root.exists():
        pytest.skip("permissions do not bind root, and there is no /proc")
    with pytest.raises(StorageError, match=r"could not be written: .+"):
        LocalBlobs(root).put("a.png", b"data")


def test_a_name_too_long_for_the_disk_says_so(root: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        LocalBlobs(root).put("a" * 300, b"data")
    assert everything_in(root) == set()


# ------------------------------------------------------------------ links


def link(place: Path, target: Path) -> None:
    try:
        place.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


def test_a_linked_folder_below_the_root_is_never_entered(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "cat.png").write_bytes(b"outside")
    (outside / ".abby-0.part").write_bytes(b"outside")
    (root / "images" / "users").mkdir(parents=True)
    link(root / "images" / "users" / "alice", outside)
    blobs = LocalBlobs(root)

    def put(key: str) -> None:
        blobs.put(key, b"data")

    for act in (put, blobs.open, blobs.size, blobs.delete, blobs.path):
        for key in (KEY, "images/users/alice/deeper/dog.png"):
            with pytest.raises(StorageError, match="alice is a link"):
                act(key)
    with pytest.raises(StorageError, match="alice is a link"):
        list(blobs.list("images/users/alice/"))
    assert list(blobs.list("images/")) == []
    assert blobs.sweep_parts(older_than_seconds=-10) == 0
    assert everything_in(outside) == {"cat.png", ".abby-0.part"}
    assert (outside / "cat.png").read_bytes() == b"outside"


@pytest.mark.parametrize("target", ["outside.png", "missing.png"])
def test_a_linked_file_is_no_blob_but_takes_its_key(root: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.png").write_bytes(b"outside")
    place = root / KEY
    place.parent.mkdir(parents=True)
    link(place, tmp_path / target)
    blobs = LocalBlobs(root)
    with pytest.raises(BlobMissing):
        blobs.open(KEY)
    with pytest.raises(BlobExists):
        blobs.put(KEY, b"data")
    assert blobs.size(KEY) is None
    assert blobs.path(KEY) is None
    assert blobs.delete(KEY) is False
    assert list(blobs.list("")) == []
    assert place.is_symlink()
    assert not (tmp_path / "missing.png").exists()
    assert (tmp_path / "outside.png").read_bytes() == b"outside"


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link(root, tmp_path / "disk")
    blobs = LocalBlobs(root)
    blobs.put(KEY, b"data")
    assert blobs.open(KEY) == b"data"
    assert everything_in(tmp_path / "disk") == {KEY}


# ------------------------------------------------------------------ disks that fail


FAULTS = [
    ("write", errno.ENOSPC, 0), ("write", errno.ENOSPC, 3), ("write", errno.EDQUOT, 1), ("write", errno.EIO, 2),
    ("fsync", errno.ENOSPC, 0), ("fsync", errno.EIO, 0),
]  # fmt: skip
FOLDER_FAULTS = [("fsync", errno.EIO, 1), ("fsync", errno.EIO, 3), ("link", errno.EIO, 0), ("link", errno.ENOSPC, 0)]


@pytest.mark.parametrize(
    ("call", "code", "after"), [*FAULTS, *(pytest.param(*fault, marks=posix_only) for fault in FOLDER_FAULTS)]
)
def test_whatever_fails_nothing_is_left_behind_and_the_reason_is_told(
    root: Path, call: str, code: int, after: int
) -> None:
    with pytest.raises(StorageError) as caught:
        LocalBlobs(root, system=FailingDisk(call, code, after=after)).put(KEY, bytes(5000))
    assert isinstance(caught.value, DiskFull) == (code in {errno.ENOSPC, errno.EDQUOT})
    assert os.strerror(code) in str(caught.value)
    assert str(root) not in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert everything_in(root) == set()
    LocalBlobs(root).put(KEY, b"works again")


def test_a_disk_that_takes_bytes_in_small_helpings_gets_them_all(root: Path) -> None:
    data = os.urandom(5500)
    LocalBlobs(root, system=FailingDisk("none", 0)).put(KEY, data)
    assert (root / KEY).read_bytes() == data


@posix_only
def test_a_folder_that_cannot_be_synced_is_good_enough(root: Path) -> None:
    LocalBlobs(root, system=FailingDisk("fsync", errno.EINVAL, after=1)).put(KEY, b"data")
    assert LocalBlobs(root).open(KEY) == b"data"


@posix_only
@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_a_disk_without_links_is_good_enough(root: Path, code: int) -> None:
    blobs = LocalBlobs(root, system=FailingDisk("link", code))
    blobs.put(KEY, b"data")
    assert blobs.open(KEY) == b"data"
    assert everything_in(root) == {KEY}


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, from the project's root."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


@posix_only
def test_a_file_larger_than_the_system_allows_leaves_nothing_behind(root: Path) -> None:
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from abby_core.errors import StorageError\n"
        "from abby_core.storage.blob_stores.local import LocalBlobs\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n"
        f"    LocalBlobs(Path({str(root)!r})).put({KEY!r}, bytes(5000))\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    done = run(script)
    assert os.strerror(errno.EFBIG) in done.stdout
    assert everything_in(root) == set()


# ------------------------------------------------------------------ dying in the middle


DYING = """
import os, sys
from pathlib import Path
from abby_core.storage.blob_stores.local import LocalBlobs

class Dying:
    write, fsync, link = (staticmethod(call) for call in (os.write, os.fsync, os.link))

def die(*_):
    os._exit(9)  # as sudden as kill -9: no handler, no cleanup

root, call = sys.argv[1:]
LocalBlobs(Path(root)).put("images/before.png", b"acknowledged")
print("acknowledged", flush=True)
setattr(Dying, call, staticmethod(die))
LocalBlobs(Path(root), system=Dying()).put("images/during.png", b"x" * 100_000)
"""


@pytest.mark.parametrize("call", ["write", "fsync", pytest.param("link", marks=posix_only)])
def test_a_killed_put_leaves_no_blob_and_what_was_acknowledged_stays(root: Path, call: str) -> None:
    done = run(DYING, str(root), call)
    assert done.returncode == 9
    assert done.stdout == "acknowledged\n"
    blobs = LocalBlobs(root)
    assert [blob.key for blob in blobs.list("")] == ["images/before.png"]
    assert blobs.open("images/before.png") == b"acknowledged"
    assert len(everything_in(root)) == 2
    blobs.put("images/during.png", b"again")
    assert blobs.sweep_parts(older_than_seconds=3600) == 0
    assert blobs.sweep_parts(older_than_seconds=-10) == 1
    assert everything_in(root) == {"images/before.png", "images/during.png"}


def test_only_part_files_of_that_age_are_swept(root: Path) -> None:
    folder = root / "images" / "users"
    folder.mkdir(parents=True)
    for name, age_seconds in {
        ".abby-old.part": 7200,
        ".abby-new.part": 60,
        "old.part": 7200,
        ".abby-old": 7200,
    }.items():
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (time.time() - age_seconds, time.time() - age_seconds))
    assert LocalBlobs(root).sweep_parts(older_than_seconds=3600) == 1
    assert everything_in(folder) == {".abby-new.part", "old.part", ".abby-old"}


def test_a_removed_folder_takes_remains_of_writes_and_empty_folders_along_and_nothing_else(root: Path) -> None:
    blobs = LocalBlobs(root)
    alice = root / "images" / "users" / "alice"
    (alice / "deep" / "deeper").mkdir(parents=True)
    (alice / "deep" / ".abby-0123456789abcdef.part").write_bytes(b"half")
    (alice / ".DS_Store").write_bytes(b"x")
    assert blobs.remove_folder("images/users/alice") is False
    assert everything_in(root) == {"images/users/alice/.DS_Store"}
    (alice / ".DS_Store").unlink()
    assert blobs.remove_folder("images/users/alice") is True
    assert sorted(path.name for path in (root / "images").rglob("*")) == ["users"]


@posix_only
def test_removing_a_folder_follows_no_link(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "empty").mkdir(parents=True)
    (root / "images" / "users").mkdir(parents=True)
    (root / "images" / "users" / "alice").symlink_to(outside, target_is_directory=True)
    with pytest.raises(StorageError, match="link"):
        LocalBlobs(root).remove_folder("images/users/alice")
    assert (outside / "empty").is_dir()
