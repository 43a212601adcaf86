"""The founding documents' StorageManager and QuotaManager: every line that callers rely on."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import inspect
import os
import re
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from abby_core.database.database import Database, DriverConnection
from abby_core.database.transaction import DatabaseFunction, P, T
from abby_core.errors import StorageError
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.quota.quota_manager import Need
from abby_core.storage import QuotaManager, StorageManager, fsck, mending
from abby_core.storage.blob_stores.local import LocalBlobs
from abby_core.storage.saving import SAVE_LEASE_SECONDS
from tests.services.databases import Place, contents
from tests.services.programs import PROJECT, WAIT, run_alone, run_together

MB = 2**20
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86_400.0


@cache
def picture(color: str = "seagreen", kind: str = "PNG", side: int = 8) -> bytes:
    file = BytesIO()
    Image.new("RGB", (side, side), color).save(file, kind)
    return file.getvalue()


PNG = picture()
SIZE = len(PNG)
PICTURE_MB = SIZE / MB


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Storages:
    """Makes StorageManagers on one root, and closes them when the test is over."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.clock = clock
        self.made: list[StorageManager] = []

    def __call__(self, **options: Any) -> StorageManager:
        options = {"storage_root": self.root, "clock": self.clock, "image_size_estimate_mb": PICTURE_MB} | options
        self.made.append(StorageManager(**options))
        return self.made[-1]


@pytest.fixture
def storages(tmp_path: Path, clock: Clock) -> Generator[Storages]:
    made = Storages(tmp_path / "shared", clock)
    yield made
    for storage in made.made:
        storage.close()


@pytest.fixture
def storage(storages: Storages) -> StorageManager:
    return storages()


def files(root: Path) -> dict[str, bytes]:
    """Every file below a folder but the database's, with what it holds."""
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith("image_stats.db")}


def everything(storage: StorageManager) -> tuple[dict[str, bytes], object]:
    """All that a save may change: files, rows, counters. A counter at 0 is as good as none."""
    rows = contents(storage.database)
    rows["counters"] = [counter for counter in rows["counters"] if counter["used"]]
    return files(storage.root), rows


async def refusal(storage: StorageManager, *arguments: Any, **options: Any) -> str:
    """Save what must be refused; see that nothing was written and nothing counted; return the message."""
    before = everything(storage)
    success, message, path = await storage.save_image(*arguments, **options)
    assert (success, path) == (False, None)
    assert everything(storage) == before
    return message


def use_bytes(storage: StorageManager, user_id: str, size_bytes: int) -> None:
    """Count bytes as kept, without pictures."""
    account, need = storage.quota.account(user_id).key, Need(size_bytes=size_bytes)
    storage.database.write(storage.quota.reserve_in, account, "use", need, seconds=1)
    storage.database.write(storage.quota.settle_in, "use", share=need, actual=need, close=True)


# ---------------------------------------------------------------------- addresses and signatures


def test_every_founding_address_leads_to_the_same_classes() -> None:
    from abby_core.quota.quota_manager import QuotaManager as Policy
    from abby_core.storage.quota_manager import QuotaManager as OldAddress
    from abby_core.storage.storage_manager import StorageManager as OldStorage

    assert QuotaManager is OldAddress is Policy
    assert StorageManager is OldStorage


def test_importing_prints_nothing_and_opens_nothing(tmp_path: Path) -> None:
    program = (
        f"import os, sys; sys.path.insert(0, {str(PROJECT)!r}); os.chdir(sys.argv[1])\n"
        "sys.dont_write_bytecode = True\n"
        "def hook(event, arguments):\n"
        "    writes = event == 'open' and isinstance(arguments[2], int) and arguments[2] & (os.O_RDWR | os.O_WRONLY)\n"
        "    if writes or event.startswith(('sqlite3.connect', 'socket.connect', 'subprocess.', 'os.mkdir')):\n"
        "        print(event, arguments)\n"
        "sys.addaudithook(hook)\n"
        "from abby_core.storage import StorageManager, QuotaManager\n"
        "from abby_core.storage.storage_manager import StorageManager\n"
        "from abby_core.storage.quota_manager import QuotaManager\n"
        "StorageManager()\n"
    )
    done = run_alone(program, str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_the_constructor_has_the_founding_arguments_in_order_all_optional() -> None:
    parameters = list(inspect.signature(StorageManager).parameters.values())
    positional = [(one.name, one.default) for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert positional == [
        ("storage_root", Path("shared")),
        ("max_global_storage_mb", 5000),
        ("max_user_storage_mb", 500),
        ("max_user_daily_gens", 5),
        ("cleanup_days", 7),
    ]
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in parameters[len(positional) :])


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("save_image", {"image_data": ..., "user_id": ..., "image_name": "generated.png", "is_temp": False}),
        ("get_quota_status", {"user_id": ...}),
        ("get_user_images", {"user_id": ...}),
        ("get_image_path", {"user_id": ..., "image_name": ...}),
        ("delete_image", {"user_id": ..., "image_name": ...}),
        ("cleanup_old_files", {}),
        ("get_global_usage", {}),
    ],
)
def test_the_methods_have_the_founding_arguments(method: str, arguments: dict[str, object]) -> None:
    function = getattr(StorageManager, method)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    assert {one.name: ... if one.default is one.empty else one.default for one in parameters} == arguments
    assert inspect.iscoroutinefunction(function) == (method == "save_image")


def test_the_default_limits_are_the_founding_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = StorageManager()
    status = storage.get_quota_status("alice")
    assert (status["global"]["limit_mb"], status["user"]["limit_mb"], status["daily"]["limit"]) == (5000, 500, 5)
    assert (storage.root, storage.cleanup_days, storage.picture_bytes_max) == (Path("shared"), 7, 20 * MB)
    storage.close()
    assert (tmp_path / "shared" / "image_stats.db").is_file()


# ---------------------------------------------------------------------- saving


async def test_a_saved_picture_lies_in_its_users_folder_with_exactly_the_given_bytes(storage: StorageManager) -> None:
    result = await storage.save_image(PNG, "alice")
    assert (result.success, result.path) == (True, storage.root / "images" / "users" / "alice" / "generated.png")
    assert result.message
    success, _, path = result
    assert success
    assert path is not None
    assert files(storage.root) == {"images/users/alice/generated.png": PNG}
    assert (storage.root / "image_stats.db").is_file()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_the_bytes_are_kept_as_they_are_whatever_the_name_says(storage: StorageManager, kind: str) -> None:
    data = picture(kind=kind, side=64)
    path = (await storage.save_image(data, "alice", "cat.png")).path
    assert path is not None
    assert (path.name, path.read_bytes()) == ("cat.png", data)


async def test_saving_makes_no_thumbnail_and_counts_the_picture_alone(storage: StorageManager) -> None:
    await storage.save_image(PNG, "alice")
    mending.mend(storage)
    assert not (storage.root / "thumbnails").exists()
    assert storage.quota.status(Account("local", "alice")).bytes.used == SIZE


async def test_an_existing_name_is_never_overwritten(storage: StorageManager, clock: Clock) -> None:
    colors, paths = ["red", "green", "blue"], list[Path | None]()
    for color in colors:
        paths.append((await storage.save_image(picture(color), "alice", "cat.png")).path)
        clock.now += 1
    assert [path.name for path in paths if path] == ["cat.png", "cat-2.png", "cat-3.png"]
    assert [path and path.read_bytes() for path in paths] == [picture(color) for color in colors]
    assert storage.get_user_images("alice") == ["cat.png", "cat-2.png", "cat-3.png"]


async def test_names_that_differ_in_case_alone_never_overwrite_each_other(storage: StorageManager) -> None:
    for name in ("Cat.png", "cat.png", "CAT.PNG"):
        assert (await storage.save_image(PNG, "alice", name)).success
    assert len({name.casefold() for name in files(storage.root)}) == 3


async def test_many_pictures_of_one_name_are_all_kept(storages: Storages) -> None:
    storage = storages(max_user_daily_gens=30)
    for _ in range(30):
        assert (await storage.save_image(PNG, "alice")).success
    assert len(files(storage.root)) == len(set(storage.get_user_images("alice"))) == 30


@pytest.mark.parametrize("kind", ["text_to_image", "image_to_image", "upscale"])
@pytest.mark.parametrize(("encoding", "extension"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
async def test_a_kind_as_name_makes_a_unique_name(
    storage: StorageManager, kind: str, encoding: str, extension: str
) -> None:
    data = picture(kind=encoding)
    names = {path.name for _ in range(3) if (path := (await storage.save_image(data, "alice", kind)).path)}
    assert len(names) == 3
    assert all(name.startswith(kind) and name.endswith(extension) for name in names)
    assert set(storage.get_user_images("alice")) == names


async def test_a_temporary_picture_is_the_servers_alone(storage: StorageManager) -> None:
    success, _, path = await storage.save_image(PNG, "alice", "draft.png", is_temp=True)
    assert success
    assert path == storage.root / "temp" / "draft.png"
    assert files(storage.root) == {"temp/draft.png": PNG}
    status = storage.quota.status(Account("local", "alice"))
    assert (status.images.used, status.bytes.used, status.house_bytes.used) == (0, 0, SIZE)
    assert storage.get_user_images("alice") == []


async def test_temporary_pictures_of_the_same_name_keep_apart(storage: StorageManager) -> None:
    paths = [(await storage.save_image(PNG, user, "draft.png", is_temp=True)).path for user in ("alice", "bob")]
    assert len(set(paths)) == 2
    assert len(files(storage.root)) == 2


async def test_who_may_keep_nothing_more_may_still_have_temporary_pictures(storages: Storages) -> None:
    storage = storages(max_user_daily_gens=0, max_user_storage_mb=0, max_global_storage_mb=PICTURE_MB)
    assert (await storage.save_image(PNG, "alice", is_temp=True)).success
    assert (await refusal(storage, PNG, "alice", is_temp=True)).startswith("Server storage is full")


async def test_a_caller_who_is_cancelled_leaves_all_of_a_save_or_nothing(storages: Storages) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Slow(LocalBlobs):
        def put(self, key: str, data: bytes) -> None:
            begun.set()
            go_on.wait()
            super().put(key, data)

    storage = storages(blobs=Slow(storages.root))
    saving = asyncio.create_task(storage.save_image(PNG, "alice"))
    await asyncio.to_thread(begun.wait)
    saving.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert files(storage.root) == {"images/users/alice/generated.png": PNG}
    assert storage.get_user_images("alice") == ["generated.png"]
    assert fsck.check(storage) == []


def test_saving_works_from_one_event_loop_after_another(storage: StorageManager) -> None:
    assert all(asyncio.run(storage.save_image(PNG, "alice")).success for _ in range(3))


# ---------------------------------------------------------------------- refusals


async def test_over_the_servers_limit_the_server_is_full(storages: Storages) -> None:
    storage = storages(max_global_storage_mb=3 * PICTURE_MB - 1 / MB)
    for user in ("alice", "bob"):
        assert (await storage.save_image(PNG, user)).success
    assert (await refusal(storage, PNG, "carol")).startswith("Server storage is full")


async def test_over_the_users_limit_the_user_is_full_and_nobody_else(storages: Storages) -> None:
    storage = storages(max_user_storage_mb=2 * PICTURE_MB)
    for _ in range(2):
        assert (await storage.save_image(PNG, "alice")).success
    assert (await refusal(storage, PNG, "alice")).startswith("Your storage quota is full")
    assert (await storage.save_image(PNG, "bob")).success


async def test_the_sixth_picture_of_the_day_is_refused_to_that_user_alone(storage: StorageManager) -> None:
    for _ in range(5):
        assert (await storage.save_image(PNG, "alice")).success
    assert (await refusal(storage, PNG, "alice")).startswith("Daily generation limit reached")
    assert (await storage.save_image(PNG, "bob")).success


async def test_deleting_frees_space_but_not_the_day(storages: Storages) -> None:
    storage = storages(max_user_daily_gens=2)
    for _ in range(2):
        await storage.save_image(PNG, "alice", "cat.png")
    storage.delete_image("alice", "cat.png")
    assert (await refusal(storage, PNG, "alice")).startswith("Daily generation limit reached")


@pytest.mark.parametrize("limit", ["max_global_storage_mb", "max_user_storage_mb", "max_user_daily_gens"])
async def test_a_limit_of_nothing_allows_nothing_and_divides_by_nothing(storages: Storages, limit: str) -> None:
    storage = storages(**{limit: 0})
    assert re.match("Server storage is|Your storage quota is|Daily gen", await refusal(storage, PNG, "alice"))
    status = storage.get_quota_status("alice")
    section = status[{"global": "global", "user_s": "user", "user_d": "daily"}[limit[4:10].rstrip("_")]]
    assert not section["allowed"]
    if "storage" in limit:
        assert (section["used_mb"], section["percentage"], section["status"]) == (0, 100, "CRITICAL")


async def test_a_picture_over_the_size_cap_is_refused_with_both_sizes(storages: Storages) -> None:
    storage = storages(image_size_max_mb=(SIZE - 1) / MB)
    assert "MB" in await refusal(storage, PNG, "alice")
    assert "20.0 MB" in await refusal(storages(), PNG + bytes(20 * MB), "alice")
    assert (await storages(image_size_max_mb=PICTURE_MB).save_image(PNG, "alice")).success


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>no picture</html>",
        b"%PDF-1.7",
        b"GIF89a" + bytes(50),
        PNG[:-1],
        PNG[: SIZE // 2],
        PNG[:40] + b"\xff" + PNG[41:],
        PNG + b"<script>",
        picture(kind="JPEG")[:-10],
        None,
        "a text",
        123,
        [PNG],
    ],
)
async def test_what_is_no_readable_picture_is_refused_in_words(storage: StorageManager, data: object) -> None:
    message = await refusal(storage, data, "alice")
    assert len(message) > 15
    assert not message.startswith("Error saving")


@pytest.mark.parametrize("user_id", ["", None])
async def test_nobody_keeps_nothing(storage: StorageManager, user_id: str | None) -> None:
    assert "user id" in await refusal(storage, PNG, user_id)
    assert storage.get_user_images(user_id) == []
    assert storage.get_image_path(user_id, "generated.png") is None
    assert not storage.delete_image(user_id, "generated.png").success


async def test_a_root_that_cannot_be_used_shows_when_saving_and_says_why(storages: Storages) -> None:
    storages.root.write_text("no folder")
    storage = storages()
    success, message, path = await storage.save_image(PNG, "alice")
    assert (success, path) == (False, None)
    assert message.startswith("Error saving image: ")
    assert str(storages.root) in message
    assert storages.root.read_text() == "no folder"


async def test_a_folder_that_cannot_be_made_says_why_and_costs_nothing(storage: StorageManager) -> None:
    storage.root.mkdir()
    (storage.root / "images").write_text("no folder")
    assert (await refusal(storage, PNG, "alice")).startswith("Error saving image: ")
    assert storage.get_quota_status("alice")["daily"]["used"] == 0


@pytest.mark.parametrize("call", ["write", "fsync", "link"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
async def test_trouble_with_the_disk_says_why_and_costs_nothing(storages: Storages, call: str, number: int) -> None:
    class Broken:
        write, fsync, link = staticmethod(os.write), staticmethod(os.fsync), staticmethod(os.link)

    def fail(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    setattr(Broken, call, staticmethod(fail))
    storage = storages(blobs=LocalBlobs(storages.root, system=Broken()))
    message = await refusal(storage, PNG, "alice")
    assert message.startswith("Error saving image: ")
    assert os.strerror(number) in message


async def test_a_disk_with_less_room_than_the_floor_refuses_before_anything_is_written(storages: Storages) -> None:
    storage = storages(min_free_disk_mb=2**40)
    assert (await refusal(storage, PNG, "alice")).startswith("Error saving image: The server's disk is nearly full")


# ---------------------------------------------------------------------- the status


async def test_the_status_has_the_founding_shape(storages: Storages) -> None:
    storage = storages(max_global_storage_mb=16, max_user_storage_mb=8, image_size_estimate_mb=1.5)
    use_bytes(storage, "alice", 2 * MB)
    use_bytes(storage, "bob", 2 * MB)
    await storage.save_image(PNG, "carol")
    storage.delete_image("carol", "generated.png")
    status = storage.get_quota_status("alice")
    assert status["global"] == {
        "used_mb": 4.0, "total_mb": 16.0, "limit_mb": 16.0, "percentage": 25.0, "status": "OK", "allowed": True,
    }  # fmt: skip
    assert status["user"] == {"used_mb": 2.0, "limit_mb": 8.0, "percentage": 25.0, "status": "OK", "allowed": True}
    assert status["daily"] == {
        "used": 0, "limit": 5, "remaining": 5, "allowed": True,
        "reset_hours": 12, "resets_at": "2026-04-01T00:00:00+00:00",
    }  # fmt: skip
    assert status["storage"] == status["user"]
    assert status["global_storage"] == status["global"] == storage.get_global_usage()
    assert set(status) == {"global", "user", "daily", "storage", "global_storage"}
    assert storage.quota.get_quota_status("alice") == status


async def test_the_smallest_picture_shows_in_the_status(storage: StorageManager) -> None:
    await storage.save_image(PNG, "alice")
    status = storage.get_quota_status("alice")
    assert status["user"]["used_mb"] * MB == pytest.approx(SIZE, abs=1)
    assert status["global"]["used_mb"] == status["user"]["used_mb"] > 0


@pytest.mark.parametrize(
    ("used", "level"),
    [(0, "OK"), (800, "OK"), (801, "WARNING"), (950, "WARNING"), (951, "CRITICAL"), (1000, "CRITICAL")],
)
def test_the_level_warns_above_80_percent_and_is_critical_above_95(storages: Storages, used: int, level: str) -> None:
    storage = storages(max_user_storage_mb=1000 / MB, max_global_storage_mb=1000 / MB)
    if used:
        use_bytes(storage, "alice", used)
    status = storage.get_quota_status("alice")
    assert (status["user"]["status"], status["global"]["status"]) == (level, level)
    assert status["user"]["percentage"] == used / 10
    other = storage.get_quota_status("bob")
    assert (other["user"]["status"], other["global"]["status"]) == ("OK", level)


def test_allowed_says_whether_one_more_of_the_estimated_size_would_fit(storages: Storages) -> None:
    storage = storages(max_user_storage_mb=10, max_global_storage_mb=11, image_size_estimate_mb=1.5)
    use_bytes(storage, "alice", int(8.5 * MB))
    assert storage.get_quota_status("alice")["user"]["allowed"]
    use_bytes(storage, "alice", 1)
    status = storage.get_quota_status("alice")
    assert (status["user"]["allowed"], status["global"]["allowed"]) == (False, True)
    use_bytes(storage, "bob", 1 * MB)
    assert not storage.get_quota_status("bob")["global"]["allowed"]


async def test_the_day_counts_and_is_allowed_until_it_is_used_up(storage: StorageManager) -> None:
    for used in range(5):
        daily = storage.get_quota_status("alice")["daily"]
        assert (daily["used"], daily["remaining"], daily["allowed"]) == (used, 5 - used, True)
        await storage.save_image(PNG, "alice")
    daily = storage.get_quota_status("alice")["daily"]
    assert (daily["used"], daily["remaining"], daily["allowed"]) == (5, 0, False)


@pytest.mark.parametrize(
    ("hours_after_noon", "reset_hours"), [(-12, 24), (-11.99, 24), (0, 12), (0.5, 12), (11, 1), (11.99, 1)]
)
def test_reset_hours_are_what_is_left_of_the_utc_day(
    storage: StorageManager, clock: Clock, hours_after_noon: float, reset_hours: int
) -> None:
    clock.now = NOON + hours_after_noon * HOUR
    daily = storage.get_quota_status("alice")["daily"]
    assert (daily["reset_hours"], daily["resets_at"]) == (reset_hours, "2026-04-01T00:00:00+00:00")


async def test_at_midnight_utc_a_new_day_begins(storage: StorageManager, clock: Clock) -> None:
    for _ in range(5):
        await storage.save_image(PNG, "alice")
    clock.now = NOON + 12 * HOUR - 0.001
    await refusal(storage, PNG, "alice")
    clock.now = NOON + 12 * HOUR
    daily = storage.get_quota_status("alice")["daily"]
    assert (daily["used"], daily["reset_hours"], daily["resets_at"]) == (0, 24, "2026-04-02T00:00:00+00:00")
    assert (await storage.save_image(PNG, "alice")).success


# ---------------------------------------------------------------------- restarts


async def test_what_is_kept_and_counted_survives_a_restart(storages: Storages) -> None:
    storage = storages(max_user_storage_mb=6 * PICTURE_MB)
    for _ in range(5):
        await storage.save_image(PNG, "alice")
    before, status = everything(storage), storage.get_quota_status("alice")
    storage.close()
    again = storages(max_user_storage_mb=6 * PICTURE_MB)
    assert (everything(again), again.get_quota_status("alice")) == (before, status)
    await refusal(again, PNG, "alice")
    assert len(again.get_user_images("alice")) == 5
    assert again.delete_image("alice", "generated-3.png").success
    assert fsck.check(again) == []


DIES = (
    """
import asyncio, os, sys
from abby_core.storage import StorageManager
from abby_core.storage.blob_stores.local import LocalBlobs

class Dying(LocalBlobs):
    def put(self, key, data):
        if sys.argv[2] == "after": super().put(key, data)
        os._exit(9)

class System:
    def write(self, fd, data): os.write(fd, data[:20]); os._exit(9)
    fsync, link = os.fsync, os.link

root = sys.argv[1]
blobs = LocalBlobs(root_path, system=System()) if sys.argv[2] == "while" else Dying(root_path)
""".replace("root_path", "__import__('pathlib').Path(root)")
    + (
        "asyncio.run(StorageManager(root, blobs=blobs, clock=lambda: float(sys.argv[4])).save_image("
        "bytes.fromhex(sys.argv[3]), 'alice'))"
    )
)


@pytest.mark.parametrize("moment", ["before", "while", "after"])
async def test_a_save_that_kill_9_cut_off_holds_its_place_and_is_then_undone(
    storages: Storages, clock: Clock, moment: str
) -> None:
    assert run_alone(DIES, str(storages.root), moment, PNG.hex(), str(NOON)).returncode == 9
    storage = storages()
    assert storage.get_user_images("alice") == []
    assert storage.get_quota_status("alice")["daily"]["used"] == 1
    for _ in range(4):  # the limits hold as if it still went on
        assert (await storage.save_image(PNG, "alice")).success
    await refusal(storage, PNG, "alice")
    clock.now += SAVE_LEASE_SECONDS
    assert mending.mend(storage) == 1
    assert storage.quota.status(Account("local", "alice")).bytes.used == 4 * SIZE
    assert len([name for name in files(storage.root) if not name.endswith(".part")]) == 4
    assert (await storage.save_image(PNG, "alice")).success
    assert fsck.check(storage) == []


@pytest.mark.parametrize("mended_when", ["before", "after"])
async def test_a_save_that_was_given_up_while_it_still_wrote_is_refused_and_leaves_nothing(
    storages: Storages, clock: Clock, mended_when: str
) -> None:
    class Sluggish(LocalBlobs):
        def put(self, key: str, data: bytes) -> None:
            clock.now += SAVE_LEASE_SECONDS
            if mended_when == "before":
                mending.mend(other)
            super().put(key, data)
            if mended_when == "after":
                mending.mend(other)

    other, storage = storages(), storages(blobs=Sluggish(storages.root))
    assert "took too long" in await refusal(storage, PNG, "alice")
    assert fsck.check(storage) == []


async def test_a_removal_that_was_cut_off_is_finished(storages: Storages) -> None:
    class Dying(LocalBlobs):
        def delete(self, key: str) -> bool:
            raise KeyboardInterrupt

    storage = storages()
    await storage.save_image(PNG, "alice", "cat.png")
    with pytest.raises(KeyboardInterrupt):
        storages(blobs=Dying(storages.root)).delete_image("alice", "cat.png")
    assert (storage.get_user_images("alice"), storage.get_image_path("alice", "cat.png")) == ([], None)
    assert mending.mend(storage) == 1
    assert files(storage.root) == {}
    assert storage.get_global_usage()["used_mb"] == 0
    assert fsck.check(storage) == []


def test_many_who_mend_at_once_give_back_once(storages: Storages, clock: Clock) -> None:
    assert run_alone(DIES, str(storages.root), "after", PNG.hex(), str(NOON)).returncode == 9
    clock.now += SAVE_LEASE_SECONDS
    menders = [storages() for _ in range(4)]
    assert asyncio.run(menders[0].save_image(PNG, "alice")).success
    together = threading.Barrier(4)

    def mend(storage: StorageManager) -> None:
        together.wait()
        mending.mend(storage)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mend, menders))
    status = menders[0].quota.status(Account("local", "alice"))
    assert (status.images.used, status.bytes.used, status.house_bytes.used) == (1, SIZE, SIZE)
    assert fsck.check(menders[0]) == []


async def test_a_database_that_fails_in_the_middle_of_a_save_leaves_nothing_that_cannot_be_mended(
    storages: Storages, clock: Clock
) -> None:
    class Closing(LocalBlobs):
        def put(self, key: str, data: bytes) -> None:
            super().put(key, data)
            storage.database.close()

    storage = storages(blobs=Closing(storages.root))
    success, message, _ = await storage.save_image(PNG, "alice")
    assert (success, message) == (False, "Error saving image: The database was closed already.")
    clock.now += SAVE_LEASE_SECONDS
    again = storages()
    mending.mend(again)
    assert files(again.root) == {}
    assert again.quota.status(Account("local", "alice")).images.used == 0
    assert fsck.check(again) == []


class Forgetful:
    """A database whose first answer to every write is lost, so that it is asked again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dialect = database.dialect
        self.read, self.fetch, self.close = database.read, database.fetch, database.close

    def connect(self) -> DriverConnection:
        return self._database.connect()

    def write(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._database.write(function, *args, **kwargs)
        return self._database.write(function, *args, **kwargs)

    async def run(self, function: DatabaseFunction[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await self._database.run(function, *args, **kwargs)
        return await self._database.run(function, *args, **kwargs)


async def test_a_database_that_lost_its_answer_and_is_asked_again_counts_once(place: Place, storages: Storages) -> None:
    storage = storages(database=Forgetful(place.open()))
    for user in ("alice", "alice", "bob"):
        assert (await storage.save_image(PNG, user)).success
    assert (await storage.save_image(PNG, "alice", is_temp=True)).success
    assert sorted(files(storage.root)) == [
        "images/users/alice/generated-2.png", "images/users/alice/generated.png", "images/users/bob/generated.png",
        "temp/generated-3.png",
    ]  # fmt: skip
    status = storage.quota.status(Account("local", "alice"))
    assert (status.images.used, status.bytes.used, status.house_bytes.used) == (2, 2 * SIZE, 4 * SIZE)
    storage.delete_image("alice", "generated.png")
    mending.mend(storage)
    assert storage.get_user_images("alice") == ["generated-2.png"]
    assert fsck.check(storage) == []


# ---------------------------------------------------------------------- finding and deleting


async def test_pictures_are_listed_oldest_first_and_found_by_name(storage: StorageManager, clock: Clock) -> None:
    for name in ("c.png", "a.png", "b.png"):
        await storage.save_image(picture(), "alice", name)
        clock.now += 1
    assert storage.get_user_images("alice") == ["c.png", "a.png", "b.png"]
    for name in storage.get_user_images("alice"):
        path = storage.get_image_path("alice", name)
        assert path is not None
        assert path.read_bytes() == PNG
    assert storage.get_user_images("bob") == []


@pytest.mark.parametrize("name", ["nothing.png", "", "../alice/cat.png", "CAT.png", "cat", "\0", None, 5])
async def test_a_name_that_is_not_there_leads_nowhere(storage: StorageManager, name: Any) -> None:
    await storage.save_image(PNG, "alice", "cat.png")
    for user in ("alice", "bob"):
        assert storage.get_image_path(user, name) is None
        success, message = storage.delete_image(user, name)
        assert not success
        assert message
    assert storage.get_user_images("alice") == ["cat.png"]


async def test_anothers_picture_is_neither_shown_nor_deleted(storage: StorageManager) -> None:
    await storage.save_image(PNG, "alice", "cat.png")
    assert storage.get_image_path("bob", "cat.png") is None
    missing = storage.delete_image("bob", "dog.png").message
    assert storage.delete_image("bob", "cat.png") == (False, missing.replace("dog", "cat"))
    assert storage.get_image_path("alice", "cat.png") is not None


async def test_a_deleted_picture_is_gone_and_its_space_free_at_once(storages: Storages) -> None:
    storage = storages(max_user_storage_mb=PICTURE_MB)
    await storage.save_image(PNG, "alice", "cat.png")
    await refusal(storage, PNG, "alice")
    assert storage.delete_image("alice", "cat.png").success
    assert not storage.delete_image("alice", "cat.png").success
    assert (storage.get_user_images("alice"), storage.get_image_path("alice", "cat.png")) == ([], None)
    assert files(storage.root) == {}
    assert storage.get_quota_status("alice")["user"]["used_mb"] == storage.get_global_usage()["used_mb"] == 0
    path = (await storage.save_image(PNG, "alice", "cat.png")).path
    assert path is not None
    assert path.name == "cat.png"


async def test_a_picture_whose_file_somebody_removed_can_still_be_deleted(storage: StorageManager) -> None:
    path = (await storage.save_image(PNG, "alice", "cat.png")).path
    assert path is not None
    path.unlink()
    assert storage.get_image_path("alice", "cat.png") is None
    assert storage.delete_image("alice", "cat.png").success
    assert storage.get_quota_status("alice")["user"]["used_mb"] == 0


async def test_temporary_files_go_when_they_are_old_and_users_pictures_never(
    storage: StorageManager, clock: Clock
) -> None:
    await storage.save_image(PNG, "alice", "kept.png")
    await storage.save_image(PNG, "alice", "old.png", is_temp=True)
    clock.now += 6 * DAY
    await storage.save_image(PNG, "alice", "young.png", is_temp=True)
    assert storage.cleanup_old_files() == (0, 0)
    clock.now += 1 * DAY
    assert storage.cleanup_old_files() == (1, PICTURE_MB)
    assert storage.quota.status(Account("local", "alice")).house_bytes.used == 2 * SIZE
    clock.now += 1000 * DAY
    deleted, freed_mb = storage.cleanup_old_files()
    assert (deleted, freed_mb) == (1, PICTURE_MB)
    assert files(storage.root) == {"images/users/alice/kept.png": PNG}
    assert storage.get_global_usage()["used_mb"] == storage.get_quota_status("alice")["user"]["used_mb"]


def test_files_that_others_left_in_temp_go_when_they_are_old(storage: StorageManager) -> None:
    folder = storage.root / "temp" / "deep"
    folder.mkdir(parents=True)
    for name, age in (("old.bin", 8 * DAY), ("young.bin", 6 * DAY)):
        (folder / name).write_bytes(bytes(MB))
        os.utime(folder / name, (NOON - age, NOON - age))
    assert storage.cleanup_old_files() == (1, 1.0)
    assert list(files(storage.root)) == ["temp/deep/young.bin"]


async def test_cleanup_days_is_the_age_at_which_temporary_files_go(storages: Storages, clock: Clock) -> None:
    storage = storages(cleanup_days=1)
    await storage.save_image(PNG, "alice", is_temp=True)
    clock.now += DAY
    assert storage.cleanup_old_files().deleted == 1


# ---------------------------------------------------------------------- strangers' names

HOSTILE = [
    "../../escaped", "..", ".", "/", "/etc/passwd", "C:\\Windows\\cat.png", "\\\\server\\share\\x", "a/b/c", "a\\b",
    "CON", "nul.png", "COM1", "a" * 300, "\U0001f407" * 300, "x" * 10_000, "\0", "a\0b.png", "\ud800", "e\u0301",
    "\u00e9", "line\nline", "\u202egnp.exe", " ", " x ", "x.", "...", "~", "-rf", "%2e%2e%2f", "'; DROP TABLE x; --",
    "a:b", "discord@1", "Alice", "ALICE", "alice ", 42, -1, 3.5, True,
]  # fmt: skip


async def test_no_user_id_leads_out_of_the_users_own_folder(place: Place, storages: Storages, tmp_path: Path) -> None:
    storage = storages(database=place.open())
    await storage.save_image(picture("red"), "alice", "mine.png")
    folders: dict[Path, object] = {}
    for user_id in HOSTILE:
        success, message, path = await storage.save_image(PNG, user_id)  # pyright: ignore[reportArgumentType]
        assert success, message
        assert path is not None
        assert path.parent.parent == storage.root / "images" / "users"
        assert path.resolve().parent.parent == (storage.root / "images" / "users").resolve()
        folders[path.parent] = user_id
        assert storage.get_user_images(user_id) == ["generated.png"]
        assert storage.get_image_path(user_id, "generated.png") == path
        assert storage.get_quota_status(user_id)["daily"]["used"] == 1
    assert len(folders) == len(HOSTILE)
    assert len({folder.name.casefold() for folder in folders} | {"alice"}) == len(HOSTILE) + 1
    assert all(name.startswith("shared/images/users/") for name in files(tmp_path) if "image_stats.db" not in name)
    for user_id in HOSTILE:
        assert storage.delete_image(user_id, "generated.png").success
    assert files(storage.root) == {"images/users/alice/mine.png": picture("red")}


async def test_no_picture_name_leads_out_of_the_users_own_folder(
    place: Place, storages: Storages, tmp_path: Path
) -> None:
    storage = storages(database=place.open(), max_user_daily_gens=1000)
    for name in [*HOSTILE, "", None]:
        for is_temp in (False, True):
            success, message, path = await storage.save_image(PNG, "alice", name, is_temp)  # pyright: ignore[reportArgumentType]
            assert success, message
            assert path is not None
            assert path.parent == storage.root / ("temp" if is_temp else "images/users/alice")
            assert path.read_bytes() == PNG
    names = storage.get_user_images("alice")
    assert len(set(names)) == len(names) == len(HOSTILE) + 2
    for name in names:
        assert storage.get_image_path("alice", name) is not None
        assert storage.delete_image("alice", name).success
    kept = {name for name in files(tmp_path) if "image_stats.db" not in name}
    assert all(name.startswith("shared/temp/") for name in kept)
    assert fsck.check(storage) == []


async def test_a_long_name_is_found_again_by_the_name_that_was_typed(storage: StorageManager) -> None:
    name = "x" * 5000 + ".png"
    path = (await storage.save_image(PNG, "alice", name)).path
    assert path is not None
    assert storage.get_image_path("alice", name) == path


async def test_the_longest_user_with_the_longest_name_fits_every_database(place: Place, storages: Storages) -> None:
    storage = storages(database=place.open())
    incompressible = "".join(chr(0x4E00 + 7919 * number % 20_000) for number in range(600))
    for length in (255, 600):
        success, message, _ = await storage.save_image(PNG, incompressible, incompressible[:length])
        assert success, message


def test_a_number_and_its_digits_are_one_user(storage: StorageManager) -> None:
    asyncio.run(storage.save_image(PNG, 42))
    assert storage.get_user_images("42") == ["generated.png"]


def link(link_path: Path, target: Path) -> None:
    link_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        link_path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this system does not let its users make links")


@pytest.mark.parametrize("place_of_link", ["images", "images/users", "images/users/alice", "temp"])
async def test_links_inside_the_root_are_never_followed(
    storage: StorageManager, tmp_path: Path, place_of_link: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "users" / "alice").mkdir(parents=True)
    (outside / "treasure.png").write_bytes(PNG)
    os.utime(outside / "treasure.png", (0, 0))
    link(storage.root / place_of_link, outside)
    before = files(outside)
    message = await refusal(storage, PNG, "alice", is_temp=place_of_link == "temp")
    assert message.startswith("Error saving image: ")
    with contextlib.suppress(StorageError):
        assert storage.cleanup_old_files() == (0, 0)
    assert storage.get_image_path("alice", "treasure.png") is None
    assert files(outside) == before


async def test_a_picture_that_was_replaced_by_a_link_is_not_shown_and_the_target_not_deleted(
    storage: StorageManager, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    path = (await storage.save_image(PNG, "alice", "cat.png")).path
    assert path is not None
    path.unlink()
    link(path, secret)
    assert storage.get_image_path("alice", "cat.png") is None
    storage.delete_image("alice", "cat.png")
    assert secret.read_bytes() == PNG


async def test_the_root_itself_may_be_a_link(storages: Storages, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link(storages.root, tmp_path / "disk")
    assert (await storages().save_image(PNG, "alice")).success
    assert (tmp_path / "disk" / "images" / "users" / "alice" / "generated.png").is_file()


async def test_foreign_files_in_the_root_disturb_nothing_and_are_not_counted(storage: StorageManager) -> None:
    foreign = {
        "images/readme.txt": b"hello",
        "images/old/cat.png": PNG,
        "images/users/loose.png": PNG,
        "images/users/alice/generated.png": b"somebody's own",
        "images/users/alice/.hidden": b"x",
        "images/users/alice/generated-2.png/inside.txt": b"a folder with a picture's name",
        "users/alice/upscale/cat.png": PNG,
        "thumbnails/cat.webp": b"x",
    }
    for name, data in foreign.items():
        (storage.root / name).parent.mkdir(parents=True, exist_ok=True)
        (storage.root / name).write_bytes(data)
    assert (storage.get_user_images("alice"), storage.get_global_usage()["used_mb"]) == ([], 0)
    path = (await storage.save_image(PNG, "alice")).path
    assert path is not None
    assert path.name == "generated-3.png"
    assert files(storage.root) == foreign | {"images/users/alice/generated-3.png": PNG}
    assert storage.get_image_path("alice", "generated.png") is None
    assert not storage.delete_image("alice", "generated.png").success
    storage.cleanup_old_files()
    mending.mend(storage)
    assert storage.delete_image("alice", "generated-3.png").success
    assert files(storage.root) == foreign


# ---------------------------------------------------------------------- many at once


@pytest.mark.parametrize("name", ["generated.png", "text_to_image", "{number}.png"])
@pytest.mark.parametrize(
    ("limits", "is_temp", "places"),
    [
        ({"max_user_daily_gens": 5}, False, 5),
        ({"max_user_daily_gens": 99, "max_user_storage_mb": 3 * PICTURE_MB}, False, 3),
        ({"max_user_daily_gens": 99, "max_global_storage_mb": 4 * PICTURE_MB}, False, 4),
        ({"max_global_storage_mb": 6 * PICTURE_MB}, True, 6),
    ],
)
def test_sixteen_threads_keep_exactly_as_many_pictures_as_the_limit_allows(
    storages: Storages, limits: dict[str, float], is_temp: bool, places: int, name: str
) -> None:
    storage = storages(**limits)
    together = threading.Barrier(16)

    def save(number: int) -> bool:
        together.wait()
        result = asyncio.run(storage.save_image(PNG, "alice", name.format(number=number), is_temp))
        assert result.success or "full" in result.message or "limit reached" in result.message
        return result.success

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(save, range(16))) == places
    assert len(files(storage.root)) == places
    assert storage.quota.status(Account("local", "alice")).house_bytes.used == places * SIZE
    assert fsck.check(storage) == []


def test_over_postgresql_too_threads_keep_exactly_as_many_pictures_as_the_limit_allows(
    postgres_place: Place, storages: Storages
) -> None:
    storage = storages(database=postgres_place.open(), max_user_daily_gens=7)
    user = storages.root.parent.name  # the database is shared with other tests: somebody they do not know
    with ThreadPoolExecutor(16) as pool:
        saved = list(pool.map(lambda _: asyncio.run(storage.save_image(PNG, user)).success, range(16)))
    assert sum(saved) == len(storage.get_user_images(user)) == len(files(storage.root)) == 7


def test_processes_keep_exactly_as_many_pictures_as_the_limit_allows(storages: Storages) -> None:
    program = (
        "import asyncio, sys\n"
        "from abby_core.storage import StorageManager\n"
        "storage = StorageManager(sys.argv[1], max_user_daily_gens=10, clock=lambda: float(sys.argv[3]))\n"
        "data = bytes.fromhex(sys.argv[2])\n"
        f"from abby_core.storage import picture; picture.verify(data)\n{WAIT}"
        "print(sum(asyncio.run(storage.save_image(data, 'alice')).success for _ in range(6)))\n"
        "storage.close()"
    )
    printed = run_together(program, str(storages.root), PNG.hex(), str(NOON), count=3)
    storage = storages()
    assert sum(map(int, printed)) == len(storage.get_user_images("alice")) == len(files(storage.root)) == 10
    assert fsck.check(storage) == []


async def test_a_picture_that_many_delete_at_once_is_deleted_once(storage: StorageManager) -> None:
    await storage.save_image(PNG, "alice", "cat.png")
    await storage.save_image(PNG, "alice", "dog.png")
    together = threading.Barrier(8)

    def delete(_number: int) -> bool:
        together.wait()
        return storage.delete_image("alice", "cat.png").success

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(delete, range(8))) == 1
    assert storage.quota.status(Account("local", "alice")).bytes.used == SIZE


# ---------------------------------------------------------------------- the administrator


async def test_an_administrator_can_reset_a_users_day_and_set_a_users_own_limits(storage: StorageManager) -> None:
    alice = storage.quota.account("alice")
    for _ in range(5):
        await storage.save_image(PNG, "alice")
    storage.quota.reset_day(alice)
    assert (await storage.save_image(PNG, "alice")).success
    storage.quota.set_limit(alice, IMAGES_PER_DAY, 1)
    assert (await refusal(storage, PNG, "alice")).startswith("Daily generation limit reached")
    storage.quota.set_limit(alice, IMAGES_PER_DAY, None)
    storage.quota.set_limit(alice, BYTES, 6 * SIZE)
    assert (await refusal(storage, PNG, "alice")).startswith("Your storage quota is full")
    assert storage.get_quota_status("alice")["user"]["limit_mb"] == pytest.approx(6 * PICTURE_MB, abs=1e-6)
    assert (await storage.save_image(PNG, "bob")).success


def test_quota_manager_reserves_settles_and_voids_for_whoever_makes_pictures(storage: StorageManager) -> None:
    quota, account = storage.quota, storage.quota.account("alice").key
    need = Need(images=1, size_bytes=2 * MB)
    assert storage.database.write(quota.reserve_in, account, "order-1", need, seconds=60)
    assert storage.get_quota_status("alice")["daily"]["used"] == 1
    actual = Need(images=1, size_bytes=MB)
    assert storage.database.write(quota.settle_in, "order-1", share=need, actual=actual, close=True)
    assert storage.get_quota_status("alice")["user"]["used_mb"] == 1.0
    storage.database.write(quota.reserve_in, account, "order-2", need, seconds=60)
    assert storage.database.write(quota.release_in, "order-2")
    status = storage.get_quota_status("alice")
    assert (status["daily"]["used"], status["user"]["used_mb"]) == (1, 1.0)
