"""Another's thing answers exactly like one that does not exist: every operation of every door, in one table.

An operation that takes an account and is not in these tables breaks the build: whoever adds one says here what it may
be asked for, and thereby proves that strangers learn nothing from it and change nothing with it.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import re
import shutil
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import abby_core.gallery
import abby_core.quota
import abby_core.storage
import abby_core.studio
from abby_core.bootstrap import Abby
from abby_core.errors import AbbyError, QuotaExceeded
from abby_core.gallery import choices, export, selection
from abby_core.gallery.history import Filter
from abby_core.generation.choices import Choices
from abby_core.generation.request import ImageToImage, Upscale
from abby_core.quota.account import Account
from abby_core.quota.meter import BYTES
from abby_core.quota.quota_manager import Need
from abby_core.quota.standing import Standing
from abby_core.storage import compression
from abby_core.storage.archive import archive, archive_oldest
from abby_core.studio.order import Order
from tests.services.databases import Place, contents, copy_of, migrate
from tests.services.postgres import PostgresServer
from tests.support.providers import mask, photograph
from tests.support.studio import ALICE, BOB, kept_files, open_abby, wish

CAROL = Account.local("carol")
"""Has nothing; does what names nothing."""
Call = Callable[[Abby, Account, str], Any]
OwnCall = Callable[[Abby, Account], Any]
UNKNOWN = {
    "picture": ("0" * 24, "nothing.png"),
    "album": ("0" * 24, "Nothing"),
    "share": ("0" * 16,),
    "preset": ("nothing",),
    "order": ("nothing",),
}
"""By kind of thing: what names none, in the forms that a name can have."""


@dataclass(frozen=True)
class Naming:
    """An operation that is told which thing is meant; ``call`` gets Abby, who asks, and what they typed."""

    operation: str
    kind: str
    call: Call

    def __str__(self) -> str:
        return f"{self.operation} of a {self.kind}"


def transform(account: Account, source: str) -> Order:
    request = ImageToImage(image=b"", prompt="a boat")
    return wish("asked-for", account, request=request, source_artifact=source)


def paint_a_part(account: Account, source: str) -> Order:
    request = ImageToImage(image=b"", mask=mask(), prompt="a boat")
    return wish("asked-for", account, request=request, source_artifact=source)


def upscale(account: Account, source: str) -> Order:
    return wish("asked-for", account, request=Upscale(image=b"", width=256), source_artifact=source)


def watch(abby: Abby, account: Account, order_id: str) -> Awaitable[object]:
    return anext(abby.studio.watch(order_id, account))


NAMING = [
    Naming("Gallery.page", "album", lambda abby, who, it: abby.gallery.page(who, Filter(album=it))),
    Naming("Gallery.find", "picture", lambda abby, who, it: abby.gallery.find(who, it)),
    Naming("Gallery.find_anywhere", "picture", lambda abby, who, it: abby.gallery.find_anywhere(who, it)),
    Naming("Gallery.of_order", "order", lambda abby, who, it: abby.gallery.of_order(who, it)),
    Naming("Gallery.lineage", "picture", lambda abby, who, it: abby.gallery.lineage(who, it)),
    Naming("Gallery.neighbours", "picture", lambda abby, who, it: abby.gallery.neighbours(who, it)),
    Naming("Gallery.favourite", "picture", lambda abby, who, it: abby.gallery.favourite(who, "his.png", it)),
    Naming("Gallery.rename", "picture", lambda abby, who, it: abby.gallery.rename(who, it, "mine")),
    Naming(
        "Gallery.set_visibility", "picture",
        lambda abby, who, it: abby.gallery.set_visibility(who, "his.png", it, visibility="public"),
    ),
    Naming("Gallery.set_alt_text", "picture", lambda abby, who, it: abby.gallery.set_alt_text(who, it, "A boat")),
    Naming("Gallery.delete", "picture", lambda abby, who, it: abby.gallery.delete(who, "his.png", it)),
    Naming("Gallery.delete", "picture", lambda abby, who, it: abby.gallery.delete(who, "his.png", it, for_good=True)),
    Naming("Gallery.undo", "picture", lambda abby, who, it: abby.gallery.undo(who, it)),
    Naming("Albums.find", "album", lambda abby, who, it: abby.gallery.albums.find(who, it)),
    Naming("Albums.rename", "album", lambda abby, who, it: abby.gallery.albums.rename(who, it, "Mine")),
    Naming("Albums.delete", "album", lambda abby, who, it: abby.gallery.albums.delete(who, it)),
    Naming("Albums.add", "album", lambda abby, who, it: abby.gallery.albums.add(who, it, "his.png")),
    Naming("Albums.add", "picture", lambda abby, who, it: abby.gallery.albums.add(who, "His", "his.png", it)),
    Naming("Albums.remove", "album", lambda abby, who, it: abby.gallery.albums.remove(who, it, "his.png")),
    Naming("Albums.remove", "picture", lambda abby, who, it: abby.gallery.albums.remove(who, "His", it)),
    Naming("Room.bring_back", "picture", lambda abby, who, it: abby.room.bring_back(who, it)),
    Naming("Room.original_bytes", "picture", lambda abby, who, it: abby.room.original_bytes(who, it)),
    Naming("Room.undo_compression", "picture", lambda abby, who, it: abby.room.undo_compression(who, it)),
    Naming("Shares.create", "picture", lambda abby, who, it: abby.shares.create(who, picture=it)),
    Naming("Shares.create", "album", lambda abby, who, it: abby.shares.create(who, album=it)),
    Naming("Shares.find", "share", lambda abby, who, it: abby.shares.find(who, it)),
    Naming("Shares.revoke", "share", lambda abby, who, it: abby.shares.revoke(who, it)),
    Naming("Presets.find", "preset", lambda abby, who, it: abby.presets.find(who.key, it)),
    Naming("Presets.rename", "preset", lambda abby, who, it: abby.presets.rename(who.key, it, "mine")),
    Naming("Presets.delete", "preset", lambda abby, who, it: abby.presets.delete(who.key, it)),
    Naming("Presets.resolve", "preset", lambda abby, who, it: abby.presets.resolve(who, Choices(), preset=it)),
    Naming("selection.select", "picture", lambda abby, who, it: selection.select(abby.storage, who, names=[it])),
    Naming("selection.select", "album", lambda abby, who, it: selection.select(abby.storage, who, album=it)),
    Naming("StorageManager.find", "picture", lambda abby, who, it: abby.storage.find(who, it)),
    Naming(
        "StorageManager.get_image_path", "picture", lambda abby, who, it: abby.storage.get_image_path(who.user_id, it)
    ),
    Naming("StorageManager.delete_image", "picture", lambda abby, who, it: abby.storage.delete_image(who.user_id, it)),
    Naming("Studio.estimate", "picture", lambda abby, who, it: abby.studio.estimate(transform(who, it))),
    Naming("Studio.submit", "picture", lambda abby, who, it: abby.studio.submit(transform(who, it))),
    Naming("Studio.submit", "picture", lambda abby, who, it: abby.studio.submit(upscale(who, it))),
    Naming("Studio.create", "picture", lambda abby, who, it: abby.studio.create(transform(who, it))),
    Naming("Studio.submit", "picture", lambda abby, who, it: abby.studio.submit(paint_a_part(who, it))),
    Naming("Studio.watch", "order", watch),
    Naming("Studio.result", "order", lambda abby, who, it: abby.studio.result(it, who)),
    Naming("Studio.order", "order", lambda abby, who, it: abby.studio.order(it, who)),
    Naming("Studio.cancel", "order", lambda abby, who, it: abby.studio.cancel(it, who)),
]  # fmt: skip
"""Every operation that is told which thing is meant."""


def full(account: Account) -> QuotaExceeded:
    return QuotaExceeded(f"{account.user_id} has no room.", meter=BYTES, limit=10, used=9, requested=2)


OWN: dict[str, OwnCall] = {
    "Gallery.page": lambda abby, who: abby.gallery.page(who),
    "Gallery.shown": lambda abby, who: abby.gallery.shown(["g1"], viewer=who),
    "Gallery.trash": lambda abby, who: abby.gallery.trash(who),
    "Gallery.empty_trash": lambda abby, who: abby.gallery.empty_trash(who),
    "Albums.create": lambda abby, who: abby.gallery.albums.create(who, "Theirs"),
    "Albums.list": lambda abby, who: abby.gallery.albums.list(who),
    "Shares.list": lambda abby, who: abby.shares.list(who),
    "Presets.save": lambda abby, who: abby.presets.save(who.key, "sketch", Choices(seed=3)),
    "Presets.change": lambda abby, who: abby.presets.change(who.key, "sketch", Choices(steps=9)),
    "Presets.unasked": lambda abby, who: abby.presets.unasked(who.key),
    "Presets.list": lambda abby, who: abby.presets.list(who.key),
    "Presets.clear": lambda abby, who: abby.presets.clear(who.key),
    "choices.ways": lambda abby, who: choices.ways(abby.storage, who, 10**6),
    "Room.trash": lambda abby, who: abby.room.trash(who),
    "Room.ways": lambda abby, who: abby.room.ways(who, 10**6),
    "Room.make": lambda abby, who: abby.room.make(who, "delete", 9),
    "choices.choices": lambda abby, who: choices.choices(abby.storage, who, full(who), Need(size_bytes=2)),
    "export.export": lambda abby, who: b"".join(export.export(abby.storage, who)),
    "Gallery.oldest": lambda abby, who: abby.gallery.oldest(who, 5),
    "Importer.take": lambda abby, who: abby.importer.take(who, "boat.png", photograph()),
    "Importer.run": lambda abby, who: abby.importer.run(who, abby.importer.source(a_file(abby))),
    "archive.archive_oldest": lambda abby, who: archive_oldest(abby.storage, who, 9, progress=lambda _: None),
    "compression.compress_oldest": lambda abby, who: compression.compress_oldest(
        abby.storage, who, 9, progress=lambda _: None
    ),
    "compression.candidates": lambda abby, who: list(compression.candidates(abby.storage, who)),
    "StorageManager.save_image": lambda abby, who: abby.storage.save_image(photograph(), who.user_id, "boat.png"),
    "StorageManager.get_quota_status": lambda abby, who: abby.storage.get_quota_status(who.user_id)["user"],
    "StorageManager.get_user_images": lambda abby, who: abby.storage.get_user_images(who.user_id),
    "Studio.alike": lambda abby, who: abby.studio.alike(wish("any", who), since_ms=0, until_ms=2**62),
    "Studio.orders": lambda abby, who: abby.studio.orders(who),
    "Statistics.report": lambda abby, who: abby.statistics.report(by="account", account=who.key),
    "QuotaManager.get_quota_status": lambda abby, who: abby.quota.get_quota_status(who.user_id)["user"],
    "QuotaManager.status": lambda abby, who: abby.quota.status(who),
    "QuotaManager.remember": lambda abby, who: abby.quota.remember(who, Standing(level=2)),
    "QuotaManager.give_tier": lambda abby, who: abby.quota.give_tier(who, None),
    "QuotaManager.reset_day": lambda abby, who: abby.quota.reset_day(who),
    "QuotaManager.set_limit": lambda abby, who: abby.quota.set_limit(who, BYTES, 10**6),
    "QuotaManager.limits": lambda abby, who: abby.quota.limits(who),
    "QuotaManager.allowance": lambda abby, who: abby.quota.allowance(who),
    "QuotaManager.explain": lambda abby, who: abby.quota.explain(who),
    "QuotaManager.account": lambda abby, who: abby.quota.account(who.user_id),
    "Forgetting.preview": lambda abby, who: abby.forgetting.preview(who),
    "Forgetting.forget": lambda abby, who: abby.forgetting.forget(who),
}
"""Every operation that names nothing but who asks: nobody else's things are in its answer, or change."""

BEHIND_THE_DOORS = {
    "abby_core.gallery.erasing": "the steps of Forgetting",
    "abby_core.gallery.forgetting.Orders": "what Forgetting needs of the studio",
    "abby_core.studio.doorkeeper.Doorkeeper": "what the studio needs of Guilds",
    "abby_core.gallery.preset.of_member": "an account's text",
    "abby_core.quota.account": "accounts themselves",
    "abby_core.quota.allowances": "limits inside a transaction",
    "abby_core.quota.limits": "the host's limits",
    "abby_core.quota.rules": "the host's rules",
    "abby_core.storage.names": "an account's folder",
    "abby_core.storage.saving": "the steps of StorageManager.save_image and Importer.run",
    "abby_core.studio.preparing": "the steps of Studio.submit",
    "abby_core.studio.refusals": "notes that the studio makes of a refused order",
}
"""What takes an account and is no door: modules, classes or functions, each with what it is instead."""


# ---------------------------------------------------------------------- the tables are complete


def operations() -> dict[str, str]:
    """All public functions and methods that take an account or an order, by their full name: how the tables say it."""
    found: dict[str, str] = {}
    for package in (abby_core.gallery, abby_core.quota, abby_core.storage, abby_core.studio):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            for holder, names in _public(module):
                for name, function in names:
                    if _takes_an_account(function):
                        found[f"{module.__name__}.{holder}{name}"] = (
                            f"{holder or module.__name__.rpartition('.')[2] + '.'}{name}"
                        )
    return found


def _public(module: ModuleType) -> Iterable[tuple[str, list[tuple[str, Callable[..., Any]]]]]:
    own = {name: each for name, each in vars(module).items() if getattr(each, "__module__", "") == module.__name__}
    yield "", [(name, each) for name, each in own.items() if inspect.isfunction(each) and not name.startswith("_")]
    for class_name, each in own.items():
        if inspect.isclass(each) and not class_name.startswith("_"):
            methods = ((name, getattr(method, "__func__", method)) for name, method in vars(each).items())
            yield (
                f"{class_name}.",
                [(name, method) for name, method in methods if inspect.isfunction(method) and not name.startswith("_")],
            )


def _takes_an_account(function: Callable[..., Any]) -> bool:
    parameters = list(inspect.signature(function).parameters.values())
    if any(parameter.name == "tx" for parameter in parameters[:2]):
        return False  # inside a transaction of whoever has looked already
    return any(
        parameter.name in {"account", "owner", "user_id"}
        or re.search(r"\b(Account|Order)\b", str(parameter.annotation))
        for parameter in parameters
    )


def _is_behind(full_name: str) -> bool:
    return any(full_name == each or full_name.startswith(f"{each}.") for each in BEHIND_THE_DOORS)


def test_every_operation_that_takes_an_account_is_in_a_table() -> None:
    known = {naming.operation for naming in NAMING} | OWN.keys()
    doors = {said for full_name, said in operations().items() if not _is_behind(full_name)}
    assert doors - known == set(), "say in NAMING or OWN how it answers to a stranger"
    assert known - doors == set(), "there is no such operation (any more)"


def test_what_is_said_to_be_no_door_is_there() -> None:
    full_names = operations()
    assert [each for each in BEHIND_THE_DOORS if not any(_of(each, name) for name in full_names)] == []


def _of(part: str, full_name: str) -> bool:
    return full_name == part or full_name.startswith(f"{part}.")


# ---------------------------------------------------------------------- a world with two people in it


@dataclass
class World:
    """An Abby in which Alice has everything there is; ``hers`` is how her things are named, by kind.

    Bob has a picture and an album; Alice has ones of the same names, which are not among ``hers``.
    """

    place: Place
    abby: Abby
    hers: Mapping[str, tuple[str, ...]]

    def files_of_alice(self) -> dict[Path, bytes]:
        """Every file in a folder of hers."""
        folders = (root / "images" / "users" / "alice" for root in (self.place.root, self.place.root / "archive"))
        return {path: path.read_bytes() for folder in folders for path in folder.rglob("*")}

    def rows_of_alice(self) -> dict[str, list[Any]]:
        """Whatever is hers, by table."""
        marks = (ALICE.key, *(each for names in self.hers.values() for each in names))
        return {
            table: [row for row in rows if any(mark in repr(row) for mark in marks)]
            for table, rows in contents(self.abby.database).items()
        }


def a_file(abby: Abby) -> Path:
    path = abby.settings.storage_root / "elsewhere.png"
    path.write_bytes(photograph(seed=5))
    return path


def opened(place: Place) -> Abby:
    archive_root = place.root / "archive"
    return open_abby(place.root, database_url=place.url, archive_root=archive_root, image_generation_size_mb=0.05)


async def furnish(place: Place) -> World:
    async with opened(place) as abby:
        await abby.studio.create(wish("hers-order", ALICE, "hers at sea", pictures=2))
        await abby.studio.create(wish("his-order", BOB, "his garden"))
        for name in ("hers.png", "hers-large.png", "hers-cold.png", "hers-gone.png"):
            assert (await abby.storage.save_image(photograph(220, 160), "alice", name)).success
        for user_id in ("alice", "bob"):
            assert (await abby.storage.save_image(photograph(), user_id, "his.png")).success
    abby = opened(place)
    archive(abby.storage, abby.gallery.find(ALICE, "hers-cold.png"))
    compressed = compression.compress(abby.storage, abby.gallery.find(ALICE, "hers-large.png"))
    assert isinstance(compressed, compression.Compressed)
    (gone,) = abby.gallery.delete(ALICE, "hers-gone.png")
    album = abby.gallery.albums.create(ALICE, "Hers")
    abby.gallery.albums.add(ALICE, album.id, "hers.png", "hers-cold.png")
    abby.gallery.favourite(ALICE, "hers.png")
    share, _ = abby.shares.create(ALICE, picture="hers.png")
    abby.presets.save(ALICE.key, "hers", Choices(style="anime"))
    abby.presets.save(ALICE.key, "", Choices(style="cinematic"))
    for account in (ALICE, BOB):
        abby.gallery.albums.create(account, "His")
        abby.gallery.albums.add(account, "His", "his.png")
    pictures = (*(each for each in abby.gallery.page(ALICE).artifacts if each.name != "his.png"), gone)
    hers = {
        "picture": tuple(name for each in pictures for name in (each.id, each.name)),
        "album": (album.id, album.name),
        "share": (share.id,),
        "preset": ("hers",),
        "order": ("hers-order",),
    }
    return World(place, abby, hers)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """Shared by all tests: none of them may change it, but what is Carol's."""
    root = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        yield from _furnished(copy_of(request.getfixturevalue("sqlite_template"), root))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as url:
        yield from _furnished(migrate(Place(url=url, root=root)))


def _furnished(place: Place) -> Generator[World]:
    world = asyncio.run(furnish(place))
    yield world
    world.abby.close()


@dataclass(frozen=True)
class Outcome:
    """What an operation answered or raised; of an answer what it shows."""

    kind: str
    text: str

    def without(self, reference: str) -> Outcome:
        """The same whatever was typed."""
        return Outcome(self.kind, self.text.replace(reference, "…"))


async def outcome(act: Callable[[], Any]) -> Outcome:
    try:
        answer = act()
        if isinstance(answer, Awaitable):
            answer = await answer
    except AbbyError as error:
        return Outcome(type(error).__name__, str(error))
    return Outcome("answer", repr(answer))


# ---------------------------------------------------------------------- what strangers get


@pytest.mark.parametrize("naming", NAMING, ids=str)
async def test_anothers_thing_answers_like_one_that_does_not_exist(world: World, naming: Naming) -> None:
    before, files = contents(world.abby.database), kept_files(world.place.root)
    answers = {
        it: (await outcome(lambda it=it: naming.call(world.abby, BOB, it))).without(it)
        for it in (*UNKNOWN[naming.kind], *world.hers[naming.kind])
    }
    assert set(answers.values()) == {answers[UNKNOWN[naming.kind][0]]}
    assert contents(world.abby.database) == before
    assert kept_files(world.place.root) == files


@pytest.mark.parametrize("operation", OWN)
async def test_what_names_nothing_shows_and_changes_nothing_of_anybody_else(world: World, operation: str) -> None:
    rows, files = world.rows_of_alice(), world.files_of_alice()
    answered = await outcome(lambda: OWN[operation](world.abby, CAROL))
    assert answered.kind == "answer", answered.text
    assert [mark for names in world.hers.values() for mark in (*names, "alice") if mark in answered.text] == []
    assert (world.rows_of_alice(), world.files_of_alice()) == (rows, files)


@pytest.fixture(scope="module")
def closed_world(sqlite_template: Place, tmp_path_factory: pytest.TempPathFactory) -> World:
    """To be copied: nobody has it open."""
    world = asyncio.run(furnish(copy_of(sqlite_template, tmp_path_factory.mktemp("closed"))))
    world.abby.close()
    return world


@pytest.mark.parametrize("naming", NAMING, ids=str)
async def test_to_its_owner_it_is_there(closed_world: World, tmp_path: Path, naming: Naming) -> None:
    """Else the first of these tests would prove nothing: what it names is something."""
    root = tmp_path / "world"
    shutil.copytree(closed_world.place.root, root)
    (nothing, *_) = UNKNOWN[naming.kind]
    async with opened(Place(url="", root=root)) as abby:
        unknown = (await outcome(lambda: naming.call(abby, ALICE, nothing))).without(nothing)
        answers = [
            (await outcome(lambda it=it: naming.call(abby, ALICE, it))).without(it)
            for it in closed_world.hers[naming.kind]
        ]
    assert any(answer != unknown for answer in answers)
