"""Privacy: an export holds everything there is about a person, and forgetting leaves nothing of it."""

from __future__ import annotations

import asyncio
import io
import json
import re
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from abby_core.bootstrap import Abby
from abby_core.database import sweeping, tables
from abby_core.database.database import Database
from abby_core.database.transaction import Row, Transaction, Value
from abby_core.errors import OrderCancelled, QueueFull, Refused
from abby_core.gallery.export import JSON_COLUMNS, export
from abby_core.gallery.forgetting import Receipt
from abby_core.gallery.personal import FORGOTTEN, IMPERSONAL, PERSONAL, ROWS_AT_ONCE
from abby_core.gallery.zip_stream import CHUNK_BYTES, zip_chunks
from abby_core.generation.choices import Choices
from abby_core.quota import erasure
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.meter import DAY_MS, IMAGES_PER_DAY
from abby_core.quota.quota_manager import Need
from abby_core.quota.standing import Standing
from abby_core.studio.order import DeliveryAddress
from abby_core.studio.refusals import Refusals
from tests.services.databases import Place, contents
from tests.support.planting import ORIGINAL, PICTURE, Person, places_of, plant
from tests.support.providers import PATIENCE_SECONDS, blocking_provider, photograph
from tests.support.studio import ALICE, BOB, Clock, assert_sound, counter, open_abby, wish

Writer = Callable[[Abby], object]
WRITERS: dict[str, Writer] = {
    "an album": lambda abby: abby.gallery.albums.create(ALICE, "New"),
    "a picture in an album": lambda abby: abby.gallery.albums.add(ALICE, "Old", "boat.png"),
    "a share": lambda abby: abby.shares.create(ALICE, picture="boat.png"),
    "a preset": lambda abby: abby.presets.save(ALICE.key, "mine", Choices(style="anime")),
    "a standing": lambda abby: abby.database.write(abby.quota.remember_in, ALICE.key, Standing(level=3)),
    "a tier": lambda abby: abby.quota.give_tier(ALICE, None),
    "a ban": lambda abby: abby.guilds.bans.ban("discord:1", ALICE),
    "a limit": lambda abby: abby.quota.set_limit(ALICE, "bytes", 7),
}
"""All that writes about an account and counts nothing."""
QUOKKA, WOMBAT = Person(word="quokka4711"), Person(word="wombat0815")
AT = datetime(2026, 3, 31, 12, 30, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def abby(place: Place, clock: Clock) -> Generator[Abby]:
    opened = open_abby(place.root, database_url=place.url, clock=clock)
    yield opened
    opened.close()


def unpacked(abby: Abby, account: Account = QUOKKA.account) -> dict[str, bytes]:
    """The files of an account's export."""
    with zipfile.ZipFile(io.BytesIO(b"".join(export(abby.storage, account)))) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(abby: Abby, person: Person) -> dict[str, list[Row]]:
    """Every row that names the person."""
    return {table: [row for row in rows if person.word in repr(row)] for table, rows in contents(abby.database).items()}


async def forget(abby: Abby, account: Account = QUOKKA.account) -> Receipt:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await abby.forgetting.forget(account)


class TestWhatIsPersonal:
    def test_every_table_is_declared_personal_or_impersonal(self) -> None:
        assert PERSONAL.keys() | IMPERSONAL.keys() == tables.metadata.tables.keys()
        assert not PERSONAL.keys() & IMPERSONAL.keys()

    @pytest.mark.parametrize("table", PERSONAL)
    def test_the_declaration_fits_the_table(self, table: str) -> None:
        columns = {column.name for column in tables.metadata.tables[table].columns}
        personal = PERSONAL[table]
        assert set(personal.key) == {column.name for column in tables.metadata.tables[table].primary_key}
        assert personal.hidden <= columns
        for owner in columns & {"account", "owner"}:
            assert personal.owner == f"{owner} = :account"

    @pytest.mark.parametrize("table", PERSONAL)
    def test_what_opens_something_is_hidden_and_json_is_read(self, table: str) -> None:
        columns = tables.metadata.tables[table].columns
        telling = {c.name for c in columns if any(word in c.name for word in ("token", "password", "secret"))}
        assert telling <= PERSONAL[table].hidden
        as_json = {c.name for c in columns if str(getattr(c.server_default, "arg", ""))[:1] in {"[", "{"}}
        assert as_json <= JSON_COLUMNS


class TestExport:
    async def test_it_holds_every_picture_byte_for_byte_in_whatever_state(self, abby: Abby, tmp_path: Path) -> None:
        await plant(abby, Person(word=QUOKKA.word, archive=tmp_path / "archive"))
        files = unpacked(abby)
        folders = Counter(name.partition("/")[0] for name in files if not name.startswith("data/"))
        assert folders == {
            "README.txt": 1, "pictures": 2, "archived": 1, "trash": 2, "temporary": 1, "originals": 1,
        }  # fmt: skip
        assert {data for name, data in files.items() if name.endswith(".png")} == {PICTURE, ORIGINAL}

    async def test_it_holds_the_rows_of_every_table_and_says_what_each_file_is(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        files = unpacked(abby)
        rows = {table: json.loads(files[f"data/{table}.json"]) for table in PERSONAL}
        assert [table for table, found in rows.items() if not found] == ["erasures"]
        assert all(f"data/{table}.json" in files["README.txt"].decode() for table in PERSONAL)
        prompts = {order["request"]["prompt"] for order in rows["orders"]}
        assert {f"{QUOKKA.word} at sea", f"{QUOKKA.word} in winter"} <= prompts
        assert rows["presets"][0]["choices"] == {"style": QUOKKA.word}

    async def test_it_holds_nothing_that_opens_a_link_and_nothing_of_anybody_else(self, abby: Abby) -> None:
        await plant(abby, WOMBAT)
        await plant(abby, QUOKKA)
        everything = b"".join(unpacked(abby).values()).lower()
        for found in (f"token-{QUOKKA.word}", f"password-{QUOKKA.word}", WOMBAT.word):
            assert found.encode() not in everything

    async def test_a_picture_that_cannot_be_read_is_named_and_the_rest_is_there(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        lost = abby.storage.get_image_path(QUOKKA.word, f"{QUOKKA.word}.png")
        assert lost is not None
        lost.unlink()
        files = unpacked(abby)
        assert f"pictures/{QUOKKA.word}.png" in files["left-out.txt"].decode()
        assert f"temporary/{QUOKKA.word}-temporary.png" in files

    def test_all_of_many_rows_are_there_once(self, abby: Abby) -> None:
        count = 2 * ROWS_AT_ONCE + 1

        def many(tx: Transaction) -> None:
            tx.execute("INSERT INTO albums (id, account, name_key) VALUES ('a', :account, 'a')", account=ALICE.key)
            for number in range(count):
                sql = "INSERT INTO album_pictures (album_id, artifact_id) VALUES ('a', :id)"
                tx.execute(sql, id=f"{number:05}")
                sql = "INSERT INTO journal (account, event, pictures) VALUES (:account, 'removed', :number)"
                tx.execute(sql, account=ALICE.key, number=number)

        abby.database.write(many)
        files = unpacked(abby, ALICE)
        in_album = [row["artifact_id"] for row in json.loads(files["data/album_pictures.json"])]
        assert in_album == [f"{number:05}" for number in range(count)]
        assert sorted(row["pictures"] for row in json.loads(files["data/journal.json"])) == list(range(count))

    async def test_names_of_pictures_lead_nowhere_else(self, abby: Abby) -> None:
        for name in ("../../up.png", "a/b.png", "CON", ".hidden", "\u202egnp.exe", "A.png", "a.png"):
            assert (await abby.storage.save_image(photograph(), "alice", name)).success
        names = [name for name in unpacked(abby, ALICE) if name.startswith("pictures/")]
        assert len(names) == 7
        for name in names:
            assert re.fullmatch(r"pictures/[^/\\\x00-\x1f:]+", name)
            assert name.isprintable()
            assert not name.startswith("pictures/.")

    async def test_pictures_of_one_name_in_the_trash_are_all_there(self, abby: Abby) -> None:
        several = [photograph(seed=seed) for seed in range(3)]
        for data in several:
            assert (await abby.storage.save_image(data, "alice", "boat.png")).success
            abby.gallery.delete(ALICE, "boat.png")
        files = unpacked(abby, ALICE)
        assert sorted(name for name in files if name.startswith("trash/")) == [
            "trash/boat-2.png", "trash/boat-3.png", "trash/boat.png",
        ]  # fmt: skip
        assert {data for name, data in files.items() if name.startswith("trash/")} == set(several)

    def test_of_somebody_unknown_it_is_empty(self, abby: Abby) -> None:
        files = unpacked(abby, BOB)
        assert {json.dumps(json.loads(data)) for name, data in files.items() if name.endswith(".json")} == {"[]"}


class TestZipStream:
    def test_what_goes_in_comes_out(self) -> None:
        pieces = [b"[", b"1,2" * 1000, b"]"]
        entries = [("a/b.png", AT, PICTURE), ("empty.png", AT, b""), ("many.json", AT, iter(pieces))]
        with zipfile.ZipFile(io.BytesIO(b"".join(zip_chunks(entries)))) as archive:
            assert archive.testzip() is None
            assert [archive.read(name) for name in archive.namelist()] == [PICTURE, b"", b"".join(pieces)]
            assert archive.getinfo("a/b.png").date_time == (2026, 3, 31, 12, 30, 10)
            assert archive.getinfo("many.json").compress_size < 1000

    def test_nothing_at_all_is_a_zip_too(self) -> None:
        with zipfile.ZipFile(io.BytesIO(b"".join(zip_chunks([])))) as archive:
            assert archive.namelist() == []

    def test_it_holds_no_more_than_a_piece_in_memory(self) -> None:
        read, asked = 0, 0

        def entries() -> Iterator[tuple[str, datetime, bytes]]:
            nonlocal asked
            for number in range(4):
                assert read >= asked * 3 * CHUNK_BYTES, "an entry was asked for before the one before it was read"
                asked += 1
                yield f"{number}.png", AT, bytes(3 * CHUNK_BYTES)

        for chunk in zip_chunks(entries()):
            read += len(chunk)
            assert len(chunk) <= CHUNK_BYTES + 1024
        assert read > 12 * CHUNK_BYTES

    @pytest.mark.parametrize("at", [AT.replace(year=1), AT.replace(year=9999)])
    def test_a_moment_no_zip_can_hold_does_no_harm(self, at: datetime) -> None:
        assert zipfile.is_zipfile(io.BytesIO(b"".join(zip_chunks([("a.txt", at, b"x")]))))

    def test_trouble_with_an_entry_reaches_the_reader(self) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"x"
            raise OSError("gone")

        with pytest.raises(OSError, match="gone"):
            list(zip_chunks([("a.txt", AT, pieces())]))

    def test_a_reader_may_stop_at_any_time(self) -> None:
        chunks = zip_chunks([("a.png", AT, PICTURE), ("b.png", AT, PICTURE)])
        next(chunks)
        with closing(chunks):  # pyright: ignore[reportArgumentType] - it is a generator
            pass


class TestForgetting:
    async def test_nothing_of_the_person_is_found_anywhere_and_all_of_the_others(
        self, abby: Abby, tmp_path: Path
    ) -> None:
        quokka = Person(word=QUOKKA.word, archive=tmp_path / "archive")
        await plant(abby, WOMBAT, leftovers=False)
        await plant(abby, quokka)
        others = (rows_of(abby, WOMBAT), places_of(WOMBAT.word, tmp_path / "images"))
        assert len(places_of(quokka.word, tmp_path)) > 10
        receipt = await forget(abby)
        assert (receipt.complete, receipt.left) == (True, ())
        assert receipt.counts["artifacts"] == 6
        assert quokka.word not in repr(contents(abby.database))
        assert places_of(quokka.word, tmp_path) == []
        assert (rows_of(abby, WOMBAT), places_of(WOMBAT.word, tmp_path / "images")) == others

    async def test_ledger_catalogue_and_disk_agree_afterwards(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        await forget(abby)
        assert_sound(abby)
        assert counter(abby, None, "bytes") == 0

    async def test_the_archive_keeps_nothing_of_the_person_and_what_lay_there_was_not_counted(
        self, abby: Abby, tmp_path: Path
    ) -> None:
        archive = tmp_path / "archive"
        await plant(abby, Person(word=QUOKKA.word, archive=archive))
        assert len(places_of(QUOKKA.word, archive)) == 4
        assert (await forget(abby)).complete
        assert places_of(QUOKKA.word, archive) == []
        assert [path for path in archive.rglob("*") if path.is_file()] == []
        assert_sound(abby)
        assert counter(abby, None, "bytes") == 0

    async def test_the_sums_stay_and_name_nobody(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        ended = abby.statistics.report(by="provider").total
        await forget(abby)
        found = abby.statistics.report(by="provider").total
        assert (found.orders, found.failed, found.refused) == (ended.orders + 1, ended.failed, ended.refused)
        assert found.working_ms == ended.working_ms
        assert [line.label for line in abby.statistics.report(by="account").lines] == [FORGOTTEN]

    async def test_what_is_kept_of_an_order_is_its_day_and_its_figures(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        await forget(abby)
        harmless = {"kind", "provider", "model", "state", "tier", "error_code"}
        texts = {column.name for column in tables.metadata.tables["orders"].columns if column.type.python_type is str}
        left = contents(abby.database)
        assert {table for table, found in left.items() if found} == {
            table for table, personal in PERSONAL.items() if personal.anonymised or personal.pseudonymous
        } | {"counters"}
        assert {row["account"] for row in left["counters"]} == {HOUSE}
        rows = left["orders"]
        for row in rows:
            assert row["account"] == FORGOTTEN
            assert row["id"].startswith(f"{FORGOTTEN}-")
            assert {row[name] for name in texts - harmless - {"id", "account"}} <= {"", "[]", "{}"}
            assert row["created_at"] % DAY_MS == row["started_at"] % DAY_MS == 0
        theirs = [row for row in left["journal"] if row["account"] != HOUSE]  # the house's own note names nobody
        assert {row["at"] % DAY_MS for row in theirs} == {0}

    async def test_a_dry_run_counts_and_changes_nothing(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        before = contents(abby.database)
        found = abby.forgetting.preview(QUOKKA.account)
        assert found.counts.keys() == PERSONAL.keys() - {"erasures"} | {"bytes"}
        assert found.counts["orders"] == 4
        assert contents(abby.database) == before

    async def test_again_and_of_somebody_unknown_there_is_nothing_to_do(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        first, again, unknown = await forget(abby), await forget(abby), await forget(abby, BOB)
        assert first.complete
        assert again.complete
        assert unknown.complete
        assert again.counts == unknown.counts == {}

    async def test_two_at_once_both_come_to_the_end(self, abby: Abby) -> None:
        await plant(abby, QUOKKA)
        receipts = await asyncio.gather(forget(abby), forget(abby), abby.forgetting.resume())
        assert [receipt.left for receipt in receipts[:2]] == [(), ()]
        assert QUOKKA.word not in repr(contents(abby.database))
        assert_sound(abby)

    async def test_whatever_somebody_is_called(self, abby: Abby) -> None:
        assert (await abby.storage.save_image(photograph(), "alice", "hers.png")).success
        for user_id in ("../up", "a/b", "CON", "Ünïcödé", "x" * 600, "' OR 1=1 --", "*", "a.b(c", "."):
            assert (await abby.storage.save_image(photograph(), user_id, "mine.png")).success
            assert (await forget(abby, Account.local(user_id))).complete
            assert abby.storage.get_user_images(user_id) == []
        assert abby.storage.get_user_images("alice") == ["hers.png"]
        assert_sound(abby)

    async def test_an_order_may_be_called_like_what_events_say(self, abby: Abby, place: Place) -> None:
        for order_id, account in (("done", ALICE), ("o1", BOB)):
            await abby.studio.submit(wish(order_id, account))
            abby.events.write("order", id=order_id, state="done")
        await forget(abby, ALICE)
        log = [json.loads(line) for line in (place.root / "logs" / "events.jsonl").read_text().splitlines()]
        assert [event["state"] for event in log if event] == ["waiting", "done"]

    async def test_copies_of_the_database_are_named_for_the_host(self, abby: Abby, place: Place) -> None:
        (place.root / "image_stats.db.0001.bak").write_bytes(b"older")
        receipt = await forget(abby)
        assert ["image_stats.db.0001.bak" in sentence for sentence in receipt.by_hand] == ([] if place.url else [True])
        assert receipt.complete

    async def test_a_file_of_somebody_else_in_their_folder_is_left_and_named(self, abby: Abby, place: Place) -> None:
        await plant(abby, QUOKKA)
        strange = place.root / "images" / "users" / QUOKKA.word / ".DS_Store"
        strange.write_bytes(b"Finder's")
        receipt = await forget(abby)
        assert not receipt.complete
        assert f"images/users/{QUOKKA.word}" in receipt.left[0]
        strange.unlink()
        assert (await abby.forgetting.resume()) == 1
        assert places_of(QUOKKA.word, place.root) == []

    async def test_events_of_others_stay_and_those_of_their_orders_go(self, abby: Abby, place: Place) -> None:
        await plant(abby, WOMBAT, leftovers=False)
        await plant(abby, QUOKKA, leftovers=False)
        log = place.root / "logs" / "events.jsonl"
        before = log.read_text().splitlines()
        await forget(abby)
        after = log.read_text().splitlines()
        assert len(after) >= len(before)
        for old, new in zip(before, after, strict=False):
            assert new == old if QUOKKA.word not in old else json.loads(new) == {}


class TestWhileSomebodyIsForgotten:
    async def test_nothing_new_is_accepted_and_nothing_counted(self, abby: Abby) -> None:
        abby.database.write(erasure.begin, ALICE.key, {}, abby.storage.now_ms())
        with pytest.raises(Refused, match="being removed"):
            await abby.studio.submit(wish("o1"))
        saved = await abby.storage.save_image(photograph(), "alice")
        temporary = await abby.storage.save_image(photograph(), "alice", is_temp=True)
        assert (saved.success, temporary.success) == (False, False)
        assert "being removed" in saved.message
        assert (await abby.storage.save_image(photograph(), "bob")).success
        assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
        assert await abby.studio.orders(ALICE) == []
        assert (await forget(abby, ALICE)).complete
        assert (await abby.storage.save_image(photograph(), "alice")).success
        assert_sound(abby)

    @pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
    async def test_nothing_is_written_down_about_them(self, abby: Abby, write: Writer) -> None:
        assert (await abby.storage.save_image(photograph(), "alice", "boat.png")).success
        abby.gallery.albums.create(ALICE, "Old")
        abby.database.write(erasure.begin, ALICE.key, {}, abby.storage.now_ms())
        before = contents(abby.database)
        with pytest.raises(Refused, match="being removed"):
            write(abby)
        assert contents(abby.database) == before
        assert (await forget(abby, ALICE)).complete

    async def test_what_a_rule_refuses_them_is_not_noted(self, abby: Abby) -> None:
        refusals = Refusals(abby.storage)
        abby.database.write(erasure.begin, ALICE.key, {}, abby.storage.now_ms())
        before = contents(abby.database)
        texts = dict.fromkeys(("tier", "kind", "provider", "model"), "")
        row: dict[str, Value] = {**texts, "pictures": 1, "images_each": 1, "bytes_each": 1, "source_bytes": 0,
                                 "millicredits_each": 0}  # fmt: skip
        await refusals.note(wish("o1"), QueueFull("Too many."), row)
        assert contents(abby.database) == before

    @pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
    async def test_what_was_being_written_when_it_began_is_gone_in_the_end(
        self, abby: Abby, place: Place, write: Writer
    ) -> None:
        """The writer stands still right before its end; forgetting begins, and waits for it or tells it."""
        assert (await abby.storage.save_image(photograph(), "alice", "boat.png")).success
        abby.gallery.albums.create(ALICE, "Old")
        written, go_on = threading.Event(), threading.Event()
        door = open_abby(place.root, database_url=place.url)
        door.database = Lingering(door.database, written, go_on)  # pyright: ignore[reportAttributeAccessIssue]
        writing = asyncio.create_task(asyncio.to_thread(write, door))
        assert await asyncio.to_thread(written.wait, PATIENCE_SECONDS)
        forgetting = asyncio.create_task(forget(abby, ALICE))
        await asyncio.wait([forgetting], timeout=0.05)
        go_on.set()
        await asyncio.gather(writing, return_exceptions=True)
        assert (await forgetting).complete
        door.close()
        assert ALICE.key not in repr(contents(abby.database))

    def test_what_was_set_aside_before_it_began_is_seen_by_it(self, database: Database, abby: Abby) -> None:
        reserved, go_on = threading.Event(), threading.Event()

        def reserve(tx: Transaction) -> None:
            abby.quota.reserve_in(tx, ALICE.key, "r1", Need(temporary_bytes=1), seconds=60)
            reserved.set()
            assert go_on.wait(PATIENCE_SECONDS)

        def begin(tx: Transaction) -> list[str]:
            erasure.begin(tx, ALICE.key, {}, 1)
            return [str(row["id"]) for row in tx.rows("SELECT id FROM reservations")]

        found: list[str] = []
        reserving = threading.Thread(target=lambda: abby.database.write(reserve))
        beginning = threading.Thread(target=lambda: found.extend(database.write(begin)))
        reserving.start()
        assert reserved.wait(PATIENCE_SECONDS)
        beginning.start()
        go_on.set()
        reserving.join()
        beginning.join()
        assert found == ["r1"]

    async def test_an_order_that_runs_elsewhere_is_stopped_first(self, abby: Abby, place: Place, clock: Clock) -> None:
        provider, gate = blocking_provider()
        try:
            async with open_abby(place.root, provider, database_url=place.url, clock=clock) as elsewhere:
                making = asyncio.create_task(elsewhere.studio.create(wish("o1")))
                await provider.begun()
                assert (await forget(abby, ALICE)).complete
                gate.set()
                with pytest.raises((OrderCancelled, Refused)):
                    await making
        finally:
            gate.set()
        assert_sound(abby)

    async def test_one_that_does_not_stop_keeps_it_open_until_its_runner_is_known_dead(
        self, abby: Abby, clock: Clock
    ) -> None:
        await abby.studio.submit(wish("o1", prompt=QUOKKA.word))
        sql = "UPDATE orders SET state = 'running', attempt = 1, fence = 1, started_at = :now, lease_until = :until"
        now = abby.storage.now_ms()
        abby.database.write(lambda tx: tx.execute(sql, now=now, until=now + 60_000))
        abby.forgetting.patience_seconds = 0
        receipt = await forget(abby, ALICE)
        assert (receipt.complete, receipt.counts["orders"]) == (False, 1)
        assert "still being made: 1" in receipt.left[0]
        assert (await abby.studio.orders(ALICE))[0].prompt == QUOKKA.word
        clock.skip(61)
        assert await abby.forgetting.resume() == 1
        assert QUOKKA.word not in repr(contents(abby.database))
        assert_sound(abby)


@dataclass
class Lingering:
    """A database whose writers stand still before their end, until they are told to go on."""

    database: Database
    written: threading.Event
    go_on: threading.Event

    def __getattr__(self, name: str) -> object:
        return getattr(self.database, name)

    def write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def linger(tx: Transaction) -> Any:
            result = function(tx, *args, **kwargs)
            self.written.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
            return result

        return self.database.write(linger)


@dataclass
class Board:
    """A place outside of Abby where something was posted; can be out of order."""

    name: str = "board"
    trouble: Exception | None = None
    called: list[str] = field(default_factory=list[str])

    def forget(self, account_key: str) -> None:
        self.called.append(account_key)
        if self.trouble is not None:
            raise self.trouble


@dataclass
class PatientBoard(Board):
    async def forget(self, account_key: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        await asyncio.sleep(0)
        super().forget(account_key)


class TestHooks:
    @pytest.mark.parametrize("kind", [Board, PatientBoard])
    async def test_each_is_told_whose_things_to_take_back(self, abby: Abby, kind: type[Board]) -> None:
        board = kind()
        abby.forgetting.hooks.append(board)
        await plant(abby, QUOKKA)
        assert (await forget(abby)).complete
        assert board.called == [QUOKKA.account.key]

    @pytest.mark.parametrize("trouble", [OSError("out of order"), TimeoutError(), ValueError("a bug")])
    async def test_a_failure_is_in_the_receipt_and_is_tried_again(
        self, abby: Abby, place: Place, trouble: Exception
    ) -> None:
        board = PatientBoard(trouble=trouble)
        abby.forgetting.hooks.append(board)
        await plant(abby, QUOKKA)
        receipt = await forget(abby)
        assert not receipt.complete
        assert receipt.left[0].startswith("board: ")
        # What needs no hook is gone; the rows that say where it was posted are not.
        assert abby.gallery.page(QUOKKA.account).artifacts == ()
        assert f"{QUOKKA.word} at sea" not in repr(contents(abby.database))
        found = abby.forgetting.preview(QUOKKA.account).counts
        assert found["orders"] == 4
        assert found["deliveries"] == 1
        board.trouble = None
        again = await forget(abby)
        assert (again.complete, again.counts) == (True, receipt.counts)
        assert places_of(QUOKKA.word, place.root) == []

    async def test_who_is_back_before_the_last_of_two_runs_ends_keeps_what_is_new(
        self, abby: Abby, place: Place, clock: Clock
    ) -> None:
        rival = open_abby(place.root, database_url=place.url, clock=clock)

        class Slow(Board):
            async def forget(self, account_key: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
                assert (await rival.forgetting.forget(QUOKKA.account)).complete
                assert (await rival.storage.save_image(photograph(), QUOKKA.word, "back.png")).success
                await rival.studio.submit(wish("o9", QUOKKA.account))

        await plant(abby, QUOKKA)
        abby.forgetting.hooks.append(Slow())
        assert (await forget(abby)).complete
        assert abby.storage.get_user_images(QUOKKA.word) == ["back.png"]
        assert [order.prompt for order in await abby.studio.orders(QUOKKA.account)] == ["a cute rabbit"]
        rival.close()

    async def test_it_waits_for_hooks_of_another_process_where_something_was_delivered(self, abby: Abby) -> None:
        abby.forgetting.awaited = frozenset({"board"})
        await abby.studio.submit(wish("o1", BOB))
        assert (await forget(abby, BOB)).complete
        told = (DeliveryAddress(kind="board", address="channel 7"),)
        await abby.studio.submit(wish("o2", ALICE, deliveries=told))
        receipt = await forget(abby, ALICE)
        assert (receipt.complete, len(receipt.left)) == (False, 1)
        abby.forgetting.hooks.append(Board())
        assert await abby.forgetting.resume() == 1


def test_a_sweep_leaves_nothing_deleted_in_the_file(place: Place, database: Database) -> None:
    if place.url:
        sweeping.sweep(database)  # nothing to do, and no harm
        return
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA secure_delete=OFF")  # some systems' SQLite has it on, ours must not depend on it
        connection.execute(f"INSERT INTO presets (owner, name_key, choices) VALUES ('x', 'x', '{'quokka' * 5000}')")
        connection.commit()
        connection.execute("DELETE FROM presets")
        connection.commit()
        assert places_of("quokka", place.root), "the test shows nothing: the bytes are gone by themselves"
        sweeping.sweep(database)
        assert places_of("quokka", place.root) == []
