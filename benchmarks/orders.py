"""Figure d: what a whole order costs the processor, up to its answer and for its thumbnail afterwards."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from abby_core.bootstrap import Abby, open_abby
from abby_core.generation.request import TextToImage
from abby_core.quota.account import Account
from abby_core.settings import Settings
from abby_core.storage import keeping
from abby_core.storage.artifact import Artifact
from abby_core.studio.order import Creation, Order
from abby_core.studio.worker import Worker
from benchmarks import by_hand
from benchmarks.engines import sqlite_engine
from benchmarks.figure import Figure, milliseconds
from benchmarks.measuring import Measured, in_turns
from benchmarks.picture import FixedPicture
from benchmarks.recording import RecordingDatabase, Statement

PLENTY = 10**6
"""Of everything a limit could stop, in pictures or MB."""
MEMBERS = 64
"""Who order in turns: most orders come from somebody who has pictures already."""
_numbers = itertools.count()


def cost(data: bytes, *, quick: bool) -> Iterator[Figure]:
    """The order without its thumbnail, then the thumbnail alone, each against the same by hand."""
    turns, pieces = (2, 2) if quick else (15, 8)
    with running_abby(data) as (abby, runner), thumbnails_held_back(abby, runner):
        artifacts: list[Artifact] = []

        async def one_after_the_other() -> None:
            for _ in range(pieces):
                artifacts.extend((await create(abby)).artifacts)

        def make_orders() -> None:
            runner.run(one_after_the_other())

        with _keeper_by_hand(data, pictures=(turns + 1) * pieces) as keep_by_hand:
            measured = in_turns(
                {"abby": make_orders, "hand": lambda: keep_by_hand(pieces)},
                turns=turns,
                pieces=pieces,
                clock=time.process_time,
            )
        yield _figure("order up to its answer, processor time", measured, aim=1.5)
        waiting = iter(artifacts)
        measured = in_turns(
            {
                "abby": lambda: keeping.make_thumbnail(abby.storage, next(waiting)),
                "hand": lambda: by_hand.thumbnail(data),
            },
            turns=len(artifacts) // 2,
            pieces=1,
            clock=time.process_time,
        )
        yield _figure("its thumbnail afterwards, processor time", measured, aim=1.3)


@contextmanager
def running_abby(
    data: bytes, *, orders_at_once: int = 2, recorded: bool = False
) -> Generator[tuple[Abby, asyncio.Runner]]:
    """A real Abby with SQLite and local files, whose provider hands over ``data``; and the loop it runs on."""
    with tempfile.TemporaryDirectory(prefix="abby-bench-") as folder, asyncio.Runner() as runner:
        abby = open_abby(_settings(Path(folder), orders_at_once), providers=[FixedPicture(data)])
        if recorded:
            abby.database = RecordingDatabase(abby.database)
        runner.run(abby.__aenter__())
        try:
            yield abby, runner
        finally:
            runner.run(abby.__aexit__(None, None, None))


@contextmanager
def thumbnails_held_back(abby: Abby, runner: asyncio.Runner) -> Generator[None]:
    """Orders are answered, their thumbnails wait. What was held back is dropped in the end."""
    holding = runner.run(hold_thumbnails_back(abby))
    try:
        yield
    finally:
        holding.cancel()


async def hold_thumbnails_back(abby: Abby) -> asyncio.Task[None]:
    """Stand where thumbnails are made one after the other: they line up behind the returned task until it ends.

    Nothing of the answer's path changes by that.
    """

    async def stand() -> None:
        await asyncio.Event().wait()

    holding = asyncio.create_task(stand())
    worker_of(abby)._thumbnails._making = holding  # noqa: SLF001
    return holding


def worker_of(abby: Abby) -> Worker:
    """Abby's worker, whom nobody outside the studio needs but who measures it."""
    return abby.studio._worker  # noqa: SLF001


async def create(abby: Abby) -> Creation:
    """One order from wish to kept picture, each of the next member's."""
    number = next(_numbers)
    order = Order(
        id=f"order-{number:08}",
        account=Account("local", f"member-{number % MEMBERS}"),
        request=TextToImage(prompt="a cute rabbit in a meadow, early morning light"),
    )
    return await abby.studio.create(order)


@contextmanager
def _keeper_by_hand(data: bytes, *, pictures: int) -> Generator[Callable[[int], None]]:
    """What keeps so many pictures at a time by hand, ``pictures`` in all."""
    with sqlite_engine() as engine, tempfile.TemporaryDirectory(prefix="abby-bench-") as folder:
        url = engine.new_url()
        with closing(engine.open(url)):
            pass
        prepared = iter(_two_transactions(data, pictures))
        with closing(engine.raw(url)) as raw:
            # The same folders, one for each member: a file system spreads them over the disk.
            folders = itertools.cycle(Path(folder) / f"member-{number}" for number in range(MEMBERS))
            for member in itertools.islice(folders, MEMBERS):
                member.mkdir()

            def keep(count: int) -> None:
                for (first, last), member in zip(itertools.islice(prepared, count), folders, strict=False):
                    by_hand.keep(data, member, raw, first, last)

            yield keep


def _two_transactions(data: bytes, pictures: int) -> list[Sequence[Sequence[Statement]]]:
    """What submitting and what keeping an order say to the database, for so many orders."""
    with running_abby(data, recorded=True) as (abby, runner), thumbnails_held_back(abby, runner):
        recording = abby.database
        assert isinstance(recording, RecordingDatabase)
        runner.run(create(abby))  # the second one finds the house's counters made, as nearly all do
        recording.forget()
        creation = runner.run(create(abby))
        said = dict(zip(recording.functions, recording.transactions, strict=True))
    pair = (said["Studio._enter"], said["_Entry.enter"])
    order, picture = creation.order.id, creation.artifacts[0].id[:8]
    return [
        [
            [statement.renamed({order: f"hand-{number:08}", picture: f"{number:08}"}) for statement in transaction]
            for transaction in pair
        ]
        for number in range(pictures)
    ]


def _settings(root: Path, orders_at_once: int) -> Settings:
    return Settings(
        storage_root=root,
        max_global_storage_mb=PLENTY,
        max_user_daily_gens=PLENTY,
        min_free_disk_mb=0,
        concurrent_orders=orders_at_once,
    )


def _figure(title: str, measured: dict[str, Measured], *, aim: float) -> Figure:
    abby, hand = measured["abby"], measured["hand"]
    detail = f"{milliseconds(abby.median)}, by hand {milliseconds(hand.median)}"
    return Figure(key="d", title=title, value=abby.over(hand), bound="≤", aim=aim, detail=detail)
