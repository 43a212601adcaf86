"""The gallery against a model of it: whatever is done in whatever order, pictures, bytes and counters are right.

After every step the ledger, the catalogue and both disks say the same, no limit is passed, and every picture that the
model knows is there with exactly its bytes, and no other.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from PIL import Image

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Row
from abby_core.errors import InvalidRequest, QuotaExceeded
from abby_core.gallery.history import Filter
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import BYTES, DAY_MS, IMAGES_PER_DAY
from abby_core.storage import compression, fsck, mending, retention, trash
from abby_core.storage.archive import archive, restore
from abby_core.storage.artifact import Artifact
from abby_core.storage.names import name_key
from abby_core.storage.picture import normalise_upload
from tests.services.databases import Place, copy_of, empty, migrate
from tests.support.providers import FixedProvider, photograph
from tests.support.studio import ALICE, BOB, Clock, kept_files, open_abby, wish

DAY = 86_400
IMAGES_MAX = 8
ACCOUNT_MB, HOUSE_MB = 0.4, 0.6
KEEP_DAYS = 5
ACCOUNTS = (ALICE, BOB)
NAMES = ("boat.png", "Boat.png", "cat.png")
ALBUMS = ("Spring", "Autumn")
STATES = ("kept", "archived", "trashed")
LARGE = 50_000
"""Bytes; pictures of fewer are not worth compressing."""
T = TypeVar("T")


@dataclass
class Picture:
    """What the model knows of one picture."""

    data: bytes
    size: tuple[int, int]
    created_at_ms: int
    state: str = "kept"
    was: str = "kept"
    """In the trash: what it was before."""
    trashed_at_ms: int = 0
    had_back_at_ms: int = 0
    favourite: bool = False
    original: bytes = b""
    """What it was before it was compressed, as long as that is not gone for good."""
    original_until_ms: int = 0


@dataclass
class Model:
    """One account's things."""

    pictures: dict[str, Picture] = field(default_factory=dict[str, Picture])
    albums: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    made: Counter[int] = field(default_factory=Counter[int])
    """Pictures that count for the day, by the day."""
    imported: dict[int, str] = field(default_factory=dict[int, str])
    """Which picture came from which file."""

    def ids(self, *states: str) -> list[str]:
        return sorted(name for name, picture in self.pictures.items() if picture.state in states)

    def drop(self, artifact_ids: list[str]) -> None:
        """Pictures are gone for good."""
        for artifact_id in artifact_ids:
            del self.pictures[artifact_id]
            for inside in self.albums.values():
                inside.discard(artifact_id)
        self.imported = {seed: each for seed, each in self.imported.items() if each not in artifact_ids}


accounts = st.sampled_from(ACCOUNTS)
choices = st.integers(0, 9)
"""Which of the pictures that come into question is meant."""
seeds = st.integers(1, 3)


class GalleryMachine(RuleBasedStateMachine):
    """Does things to a real Abby and writes down what must be so afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.models = {account: Model() for account in ACCOUNTS}
        self.place = self.open_empty()
        self.clock = Clock()
        self.provider = FixedProvider()
        self.runner = asyncio.Runner()
        self.abby: Abby = open_abby(
            self.place.root, self.provider, clock=self.clock, database_url=self.place.url,
            archive_root=self.place.root / "archive", max_user_daily_gens=IMAGES_MAX, max_user_storage_mb=ACCOUNT_MB,
            max_global_storage_mb=HOUSE_MB, image_generation_size_mb=0.05,
            lease_seconds=10**6,  # so that nothing is mended but by the rules below
        )  # fmt: skip
        self.runner.run(self.abby.__aenter__())
        self.orders = 0

    def open_empty(self) -> Place:
        """A folder and a database without a row."""
        raise AssertionError("said by run_over")

    def teardown(self) -> None:
        self.runner.run(self.abby.__aexit__(None, None, None))
        self.runner.close()

    # ------------------------------------------------------------------ pictures come

    @initialize()
    def begin(self) -> None:
        for account in ACCOUNTS:
            self.save(account, 1, NAMES[0])
            self.save_one_that_can_be_compressed(account)
            self.create_album(account, ALBUMS[0])

    @rule(account=accounts, seed=seeds, name=st.sampled_from(NAMES))
    def save(self, account: Account, seed: int, name: str) -> None:
        data = small(seed)
        result = self.runner.run(self.abby.storage.save_image(data, account.user_id, name))
        if result.success:
            assert result.path is not None
            self._made(account, 1)
            self._enter(account, self.abby.gallery.find(account, result.message.removeprefix("Image saved as ")), data)
        else:
            assert "limit reached" in result.message or "is full" in result.message

    @rule(account=accounts)
    def save_one_that_can_be_compressed(self, account: Account) -> None:
        data = compressible()
        result = self.runner.run(self.abby.storage.save_image(data, account.user_id, "big.png"))
        if result.success:
            self._made(account, 1)
            self._enter(account, self.abby.gallery.find(account, result.message.removeprefix("Image saved as ")), data)

    @rule(account=accounts)
    def save_for_a_while(self, account: Account) -> None:
        self.runner.run(self.abby.storage.save_image(small(1), account.user_id, "temporary.png", is_temp=True))

    @rule(account=accounts, pictures=st.integers(1, 3), seed=seeds)
    def order(self, account: Account, pictures: int, seed: int) -> None:
        self.orders += 1
        self.provider.data = small(seed)
        try:
            creation = self.runner.run(self._create(account, pictures))
        except QuotaExceeded as error:
            assert error.used + error.requested > error.limit
            return
        assert len(creation) == pictures
        self._made(account, pictures)
        for artifact in creation:
            self._enter(account, artifact, self.provider.data)

    @rule(account=accounts, seed=seeds)
    def import_a_file(self, account: Account, seed: int) -> None:
        model = self.models[account]
        file = self.place.root / "elsewhere" / f"from-{seed}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(small(seed))
        self.mend(clean=False)  # as an import does
        report = self.abby.importer.run(account, self.abby.importer.source(file))
        if report.stopped is not None:
            assert isinstance(report.stopped, QuotaExceeded)
        elif report.of("imported"):
            assert seed not in model.imported
            artifact = self.abby.gallery.find(account, report.outcomes[0].name)
            self._enter(account, artifact, normalise_upload(small(seed))[0])
            model.imported[seed] = artifact.id
        else:
            assert [each.state for each in report.outcomes] == ["already"]
            assert seed in model.imported

    # ------------------------------------------------------------------ pictures are changed

    @rule(account=accounts, choice=choices, on=st.booleans())
    def favourite(self, account: Account, choice: int, on: bool) -> None:
        if found := self._pick(account, choice, "kept", "archived"):
            self.abby.gallery.favourite(account, found, on=on)
            self.models[account].pictures[found].favourite = on

    @rule(account=accounts, choice=choices, name=st.sampled_from(NAMES))
    def rename(self, account: Account, choice: int, name: str) -> None:
        if found := self._pick(account, choice, "kept", "archived"):
            try:
                named = self.abby.gallery.rename(account, found, name)
            except InvalidRequest as error:
                assert "is free" in str(error)
            else:
                assert self.abby.gallery.find(account, named.name).id == found

    @rule(account=accounts, choice=choices)
    def compress(self, account: Account, choice: int) -> None:
        if not (found := self._pick(account, choice, "kept", "archived", prefer=lambda each: len(each.data) > LARGE)):
            return
        picture, before = self.models[account].pictures[found], self.abby.gallery.find(account, found)
        outcome = self._if_there_is_room(lambda: compression.compress(self.abby.storage, before))
        if isinstance(outcome, compression.Compressed):
            picture.original, picture.original_until_ms = picture.data, self._now_ms() + compression.UNDO_DAYS * DAY_MS
            picture.data = self.abby.gallery.open(outcome.artifact)
            assert len(picture.data) <= 0.9 * len(picture.original)
            with Image.open(BytesIO(picture.data)) as image:
                image.load()
                assert (image.format, image.size) == ("WEBP", picture.size)

    @rule(account=accounts, choice=choices)
    def undo_compression(self, account: Account, choice: int) -> None:
        if not (found := self._pick(account, choice, "kept", "archived", prefer=lambda each: each.original != b"")):
            return
        picture, before = self.models[account].pictures[found], self.abby.gallery.find(account, found)
        may_be_undone = picture.original and picture.original_until_ms > self._now_ms() and picture.state == "kept"
        try:
            back = self._if_there_is_room(lambda: compression.undo_compression(self.abby.storage, before))
        except InvalidRequest:
            assert not may_be_undone
        else:
            assert may_be_undone
            if back is not None:
                picture.data, picture.original = picture.original, b""

    @rule(account=accounts, choice=choices)
    def archive(self, account: Account, choice: int) -> None:
        if found := self._pick(account, choice, "kept", "archived"):
            archive(self.abby.storage, self.abby.gallery.find(account, found))
            self.models[account].pictures[found].state = "archived"

    @precondition(lambda self: self.pictures("archived") > 0)
    @rule(account=accounts, choice=choices)
    def restore(self, account: Account, choice: int) -> None:
        if found := self._pick(account, choice, "kept", "archived"):
            before = self.abby.gallery.find(account, found)
            if self._if_there_is_room(lambda: restore(self.abby.storage, before)) is not None:
                self.models[account].pictures[found].state = "kept"

    # ------------------------------------------------------------------ albums

    @rule(account=accounts, name=st.sampled_from(ALBUMS))
    def create_album(self, account: Account, name: str) -> None:
        if name in self.models[account].albums:
            with pytest.raises(InvalidRequest):
                self.abby.gallery.albums.create(account, name)
        else:
            self.abby.gallery.albums.create(account, name)
            self.models[account].albums[name] = set()

    @rule(account=accounts, name=st.sampled_from(ALBUMS), choice=choices)
    def add_to_album(self, account: Account, name: str, choice: int) -> None:
        model, found = self.models[account], self._pick(account, choice, "kept", "archived")
        if found and name in model.albums:
            self.abby.gallery.albums.add(account, name, found)
            model.albums[name].add(found)

    @rule(account=accounts, name=st.sampled_from(ALBUMS), choice=choices)
    def remove_from_album(self, account: Account, name: str, choice: int) -> None:
        model, found = self.models[account], self._pick(account, choice, "kept", "archived")
        if found and found in model.albums.get(name, ()):
            self.abby.gallery.albums.remove(account, name, found)
            model.albums[name].remove(found)

    # ------------------------------------------------------------------ pictures go

    @rule(account=accounts, choice=choices)
    def delete(self, account: Account, choice: int) -> None:
        if found := self._pick(account, choice, "kept", "archived"):
            (gone,) = self.abby.gallery.delete(account, found)
            self._trashed(account, gone)

    @precondition(lambda self: self.pictures("trashed") > 0)
    @rule(account=accounts, choice=choices)
    def undo(self, account: Account, choice: int) -> None:
        if found := self._pick(account, choice, "trashed"):
            picture = self.models[account].pictures[found]
            (back,) = self.abby.gallery.undo(account, found)
            picture.state, picture.had_back_at_ms = picture.was, self._now_ms()
            assert back.state == picture.was

    @precondition(lambda self: self.pictures() > 4)
    @rule(account=accounts, choice=choices)
    def delete_for_good(self, account: Account, choice: int) -> None:
        if found := self._pick(account, choice, "kept", "archived", "trashed"):
            self.abby.gallery.delete(account, found, for_good=True)
            self.models[account].drop([found])

    @precondition(lambda self: self.pictures("trashed") > 1)
    @rule(account=accounts)
    def empty_trash(self, account: Account) -> None:
        going = self.models[account].ids("trashed")
        assert self.abby.gallery.empty_trash(account).pictures == len(going)
        self.models[account].drop(going)

    @rule(days=st.sampled_from([1, 1, 1, 2, 7]))
    def wait(self, days: int) -> None:
        self.clock.skip(days * DAY)

    @rule(clean=st.booleans())
    def mend(self, clean: bool) -> None:
        if clean:
            self.abby.storage.cleanup_old_files()
        mending.mend(self.abby.storage)
        for model in self.models.values():
            overdue_ms = self._now_ms() - trash.UNDO_MS
            model.drop([each for each in model.ids("trashed") if model.pictures[each].trashed_at_ms <= overdue_ms])

    @rule()
    def retire(self) -> None:
        retention.retire(self.abby.storage, lambda _account: KEEP_DAYS)
        for account, model in self.models.items():
            for artifact in self.abby.gallery.trash(account, limit=200).artifacts:
                picture = model.pictures[artifact.id]
                if picture.state != "trashed":
                    assert not picture.favourite
                    assert picture.created_at_ms < self._now_ms() - KEEP_DAYS * DAY_MS
                    self._trashed(account, artifact)
            for each in map(model.pictures.__getitem__, model.ids("kept", "archived")):
                since_ms = max(each.created_at_ms, each.had_back_at_ms)
                assert each.favourite or since_ms >= self._now_ms() - KEEP_DAYS * DAY_MS - DAY_MS // 2

    @precondition(lambda self: self.pictures() > 5)
    @rule(account=accounts)
    def forget(self, account: Account) -> None:
        receipt = self.runner.run(self.abby.forgetting.forget(account))
        assert (receipt.complete, receipt.left) == (True, ())
        self.models[account] = Model()

    # ------------------------------------------------------------------ what is so after every step

    @invariant()
    def ledger_catalogue_and_disk_agree(self) -> None:
        assert fsck.check(self.abby.storage, deep=False) == []

    @invariant()
    def the_disks_hold_what_the_rows_say_and_nothing_else(self) -> None:
        rows = self._rows("SELECT blob_key, size_bytes, thumbnail_key, thumbnail_bytes FROM artifacts")
        said = {str(row["blob_key"]): row["size_bytes"] for row in rows}
        said |= {str(row["thumbnail_key"]): row["thumbnail_bytes"] for row in rows if row["thumbnail_key"]}
        retired = self._rows("SELECT blob_key, size_bytes FROM retired_blobs")
        said |= {str(row["blob_key"]): row["size_bytes"] for row in retired}
        root = self.place.root
        files = [*kept_files(root), *(path for path in (root / "archive").rglob("*") if path.is_file())]
        assert {path.relative_to(root).as_posix(): path.stat().st_size for path in files} == said

    @invariant()
    def no_counter_is_negative_or_above_its_limit(self) -> None:
        limits = {HOUSE: int(HOUSE_MB * 2**20), **{each.key: int(ACCOUNT_MB * 2**20) for each in ACCOUNTS}}
        for row in self._rows("SELECT account, meter, used FROM counters"):
            limit = {BYTES: limits[row["account"]], IMAGES_PER_DAY: IMAGES_MAX}[row["meter"]]
            assert 0 <= row["used"] <= limit, row
        assert self._rows("SELECT id FROM reservations") == []

    @invariant()
    def the_day_counts_what_was_made_on_it(self) -> None:
        today = self._now_ms() // DAY_MS
        for account, model in self.models.items():
            assert self.abby.quota.status(account).images.used == model.made[today]
        orders = self._rows("SELECT account, SUM(pictures_kept) AS kept FROM orders GROUP BY account")
        pictures = sum(int(row["kept"]) for row in orders if row["account"] != "forgotten")
        assert pictures <= sum(model.made.total() for model in self.models.values())

    @invariant()
    def every_picture_is_where_it_should_be_with_its_very_bytes(self) -> None:
        for account, model in self.models.items():
            listed = self.abby.gallery.page(account, limit=200).artifacts
            trashed = self.abby.gallery.trash(account, limit=200).artifacts
            found = {each.id: each for each in (*listed, *trashed)}
            assert {each.id: each.state for each in found.values()} == {
                name: picture.state for name, picture in model.pictures.items()
            }
            assert len({name_key(each.name) for each in listed}) == len(listed)
            for name, picture in model.pictures.items():
                assert self.abby.gallery.open(found[name]) == picture.data
                assert (found[name].width, found[name].height) == picture.size
                assert found[name].favourite == picture.favourite

    @invariant()
    def albums_hold_what_was_put_in_and_is_not_in_the_trash(self) -> None:
        for account, model in self.models.items():
            shown = {each.name: each.pictures for each in self.abby.gallery.albums.list(account)}
            inside = {name: ids & set(model.ids("kept", "archived")) for name, ids in model.albums.items()}
            assert shown == {name: len(ids) for name, ids in inside.items()}
            for name, ids in inside.items():
                page = self.abby.gallery.page(account, Filter(album=name), limit=200)
                assert {each.id for each in page.artifacts} == ids

    # ------------------------------------------------------------------ inside

    def pictures(self, *states: str) -> int:
        """How many there are of both accounts, in these states or any."""
        return sum(len(model.ids(*(states or STATES))) for model in self.models.values())

    async def _create(self, account: Account, pictures: int) -> tuple[Artifact, ...]:
        creation = await self.abby.studio.create(wish(f"order-{self.orders}", account, pictures=pictures))
        await self.abby.studio._worker._thumbnails.close()  # begun by then, and made off the path of the answer
        return creation.artifacts

    def _enter(self, account: Account, artifact: Artifact, data: bytes) -> None:
        size = (artifact.width, artifact.height)
        self.models[account].pictures[artifact.id] = Picture(data, size, artifact.created_at_ms)

    def _made(self, account: Account, pictures: int) -> None:
        self.models[account].made[self._now_ms() // DAY_MS] += pictures

    def _trashed(self, account: Account, artifact: Artifact) -> None:
        picture = self.models[account].pictures[artifact.id]
        picture.was, picture.state, picture.trashed_at_ms = picture.state, "trashed", artifact.state_at_ms

    def _pick(
        self, account: Account, choice: int, *states: str, prefer: Callable[[Picture], bool] = lambda _: True
    ) -> str:
        """The id of one of the account's pictures, or nothing. Nearly always one of those that are preferred."""
        model = self.models[account]
        ids = model.ids(*states)
        better = [each for each in ids if prefer(model.pictures[each])] if choice else []
        ids = better or ids
        return ids[choice % len(ids)] if ids else ""

    def _if_there_is_room(self, act: Callable[[], T]) -> T | None:
        try:
            return act()
        except QuotaExceeded as error:
            assert error.used + error.requested > error.limit
            return None

    def _now_ms(self) -> int:
        return self.abby.storage.now_ms()

    def _rows(self, sql: str) -> list[Row]:
        return self.abby.database.read(lambda tx: tx.rows(sql))


def small(seed: int) -> bytes:
    return photograph(64, 64, seed=seed)


def compressible() -> bytes:
    """Soft shapes in a PNG that is not packed: large enough to be worth it, and quickly made smaller."""
    target = BytesIO()
    Image.radial_gradient("L").resize((180, 128)).convert("RGB").save(target, "PNG", compress_level=0)
    return target.getvalue()


def run_over(open_empty: Callable[[], Place], *, examples: int) -> None:
    """Run the machine over places that are made like this."""

    class Machine(GalleryMachine):
        def open_empty(self) -> Place:
            return open_empty()

    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]  # of a slow machine
    run_machine(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=checks
        ),
    )  # fmt: skip


def test_over_sqlite_the_gallery_does_what_the_model_does(tmp_path: Path) -> None:
    template = migrate(Place(url="", root=tmp_path))
    run_over(lambda: copy_of(template, Path(tempfile.mkdtemp(dir=tmp_path))), examples=25)


def test_over_postgresql_the_gallery_does_what_the_model_does(postgres_url: str, tmp_path: Path) -> None:
    migrated = migrate(Place(url=postgres_url, root=tmp_path))

    def open_empty() -> Place:
        database = migrated.open()
        empty(database)
        database.close()
        return Place(url=postgres_url, root=Path(tempfile.mkdtemp(dir=tmp_path)))

    run_over(open_empty, examples=4)
