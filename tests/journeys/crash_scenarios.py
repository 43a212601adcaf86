"""What is going on when the process is killed, and what must be true after the recovery.

Each scenario runs in a process of its own. Whatever it has promised to somebody it writes into a file beside
the root (``told``), in the moment it is promised; the check afterwards holds Abby to every word in there.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abby_core.bootstrap import Abby
from abby_core.database.transaction import Transaction
from abby_core.generation.request import ImageToImage
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY
from abby_core.storage import catalogue
from abby_core.storage.artifact import Artifact
from abby_core.studio import order_book
from abby_core.studio.order import OrderView
from tests.support.crashing import CrashingProvider, Steps, make_crash
from tests.support.providers import mask, photograph
from tests.support.studio import (
    ALICE,
    Clock,
    assert_sound,
    counter,
    kept_files,
    open_abby,
    until_ended,
    wish,
)

PICTURE = photograph()
LARGE = photograph(300, 200)
LATER_SECONDS = 900
"""Longer than every lease and every grace period, so that nothing is spared as "perhaps still going on"."""
PARTS_AGE_SECONDS = 2 * 3600


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one run takes place: Abby's root and, beside it, what was promised and called."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def told(self) -> Path:
        return self.folder / "told"

    @property
    def calls(self) -> Path:
        return self.folder / "calls"

    def tell(self, what: str, **facts: str) -> None:
        """Write down a promise, so that it outlives the process."""
        with self.told.open("ab", buffering=0) as told:
            told.write(json.dumps({"what": what, **facts}).encode() + b"\n")

    def promises(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.told.read_bytes().splitlines()] if self.told.exists() else []


Act = Callable[[Abby, Place], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``prepare`` happens before, undisturbed; ``act`` is killed. Fewer than ``steps_min`` would miss something."""

    act: Act
    prepare: Act | None = None
    steps_min: int
    paid: bool = False
    data: bytes = PICTURE
    later_seconds: float = 0
    """How much later than the preparation the act takes place."""
    settings: tuple[tuple[str, float], ...] = ()

    def open(self, place: Place, *, later_seconds: float = 0, steps: Steps | None = None) -> Abby:
        provider = CrashingProvider(
            data=self.data, paid=self.paid, millicredits=1000 if self.paid else 0, calls=place.calls, steps=steps,
            masks=True,
        )  # fmt: skip
        clock = Clock()
        clock.skip(later_seconds)
        abby = open_abby(place.root, provider, clock=clock, **dict[str, Any](self.settings))
        if steps is not None:
            make_crash(abby, steps)
        return abby


def _order(pictures: int, *, upload: bool = False, mask: bytes = b"") -> Act:
    async def act(abby: Abby, place: Place) -> None:
        request = ImageToImage(image=PICTURE, mask=mask, prompt="in winter") if upload else None
        order = wish("o1", pictures=pictures, request=request)
        async with abby:
            await abby.studio.submit(order)
            place.tell("accepted", id=order.id)
            creation = await abby.studio.create(order)
            for artifact in creation.artifacts:
                place.tell("kept", name=artifact.name)

    return act


def _save(*, temporary: bool) -> Act:
    async def act(abby: Abby, place: Place) -> None:
        saved = await abby.storage.save_image(PICTURE, "alice", "mine.png", is_temp=temporary)
        assert saved.success
        place.tell("temporary" if temporary else "kept", name="mine.png")
        abby.close()

    return act


async def _delete(abby: Abby, place: Place) -> None:
    (name,) = abby.storage.get_user_images("alice")
    place.tell("doomed", name=name)
    assert abby.storage.delete_image("alice", name).success
    place.tell("deleted", name=name)
    abby.close()


async def _delete_for_good(abby: Abby, place: Place) -> None:
    (name,) = abby.storage.get_user_images("alice")
    place.tell("doomed", name=name)
    abby.gallery.delete(ALICE, name, for_good=True)
    place.tell("deleted", name=name)
    abby.close()


async def _delete_and_undo(abby: Abby, _place: Place) -> None:
    (name,) = abby.storage.get_user_images("alice")
    abby.gallery.delete(ALICE, name)
    assert abby.gallery.undo(ALICE, name)[0].name == name
    abby.close()


async def _leave_in_trash(abby: Abby, place: Place) -> None:
    assert (await abby.storage.save_image(PICTURE, "alice", "mine.png")).success
    place.tell("doomed", name="mine.png")
    abby.gallery.delete(ALICE, "mine.png")
    abby.close()


async def _purge(abby: Abby, place: Place) -> None:
    abby.storage.cleanup_old_files()
    place.tell("deleted", name="mine.png")
    abby.close()


async def _cancel(abby: Abby, place: Place) -> None:
    provider = abby.generator.providers["fixed"]
    assert isinstance(provider, CrashingProvider)
    provider.gate = asyncio.Event()
    async with abby:
        try:
            await abby.studio.submit(wish("o1"))
            place.tell("accepted", id="o1")
            await provider.begun()
            await abby.studio.submit(wish("o2", request=ImageToImage(image=PICTURE, prompt="in winter")))
            place.tell("accepted", id="o2")
            for order_id in ("o2", "o1"):
                await abby.studio.cancel(order_id, ALICE)
                place.tell("cancelled", id=order_id)
        finally:
            provider.gate.set()


async def _clean_up(abby: Abby, _place: Place) -> None:
    assert abby.storage.cleanup_old_files().deleted == 1
    abby.close()


async def _recover(abby: Abby, _place: Place) -> None:
    """What every start does; killed as well, it must be finished by the next."""
    async with abby:
        for view in await abby.studio.orders(ALICE):
            await until_ended(abby, view.id)


WARM_UP = "an upload"
"""The scenario that imports everything the others need."""
_SAVED, _SAVED_FOR_A_WHILE = _save(temporary=False), _save(temporary=True)
SCENARIOS: dict[str, Scenario] = {
    "an order": Scenario(act=_order(1), steps_min=25),
    "an order of two": Scenario(act=_order(2), steps_min=40),
    "a paid order": Scenario(act=_order(1), paid=True, steps_min=25),
    "a paid order of two": Scenario(act=_order(2), paid=True, steps_min=40),
    "an upload": Scenario(act=_order(1, upload=True), steps_min=35),
    "an upload with a mask": Scenario(act=_order(1, upload=True, mask=mask()), steps_min=35),
    "a paid upload": Scenario(act=_order(1, upload=True), paid=True, steps_min=35),
    "a picture larger than expected": Scenario(
        act=_order(1), data=LARGE, steps_min=25, settings=(("image_generation_size_mb", 0.01),)
    ),
    "a picture without room": Scenario(
        act=_order(1),
        data=LARGE,
        paid=True,
        steps_min=15,
        settings=(("image_generation_size_mb", 0), ("image_size_max_mb", 0.0001), ("max_user_storage_mb", 0.04)),
    ),
    "a save": Scenario(act=_SAVED, steps_min=10),
    "a temporary save": Scenario(act=_SAVED_FOR_A_WHILE, steps_min=10),
    "a deletion": Scenario(prepare=_SAVED, act=_delete, steps_min=6),
    "a deletion of an ordered picture": Scenario(prepare=_order(1), act=_delete, steps_min=6),
    "a deletion for good": Scenario(prepare=_order(1), act=_delete_for_good, steps_min=10),
    "a deletion that is undone": Scenario(prepare=_SAVED, act=_delete_and_undo, steps_min=4),
    "emptying the trash after a week": Scenario(
        prepare=_leave_in_trash, act=_purge, later_seconds=8 * 86_400, steps_min=6
    ),
    "cancelling": Scenario(act=_cancel, steps_min=25),
    "cleaning up": Scenario(prepare=_SAVED_FOR_A_WHILE, act=_clean_up, later_seconds=8 * 86_400, steps_min=6),
}


# ---------------------------------------------------------------------- one run, in processes of its own


async def act(name: str, place: Place, step: int) -> None:
    """Run a scenario; the process dies at that step, or it returns."""
    scenario = SCENARIOS[name]
    abby = scenario.open(place, later_seconds=scenario.later_seconds, steps=Steps(step))
    await scenario.act(abby, place)


async def prepare(name: str, place: Place) -> None:
    """Bring the place to where the scenario begins: the schema at least."""
    scenario = SCENARIOS[name]
    abby = scenario.open(place)
    if scenario.prepare is not None:
        await scenario.prepare(abby, place)
    else:
        abby.quota.status(ALICE)
        abby.close()


async def recover(name: str, place: Place, step: int = 0, *, later_seconds: float = LATER_SECONDS) -> None:
    """Open Abby again, later, and let it bring everything to an end; with a step, dying there."""
    scenario = SCENARIOS[name]
    age_parts(place.root)
    later_seconds += scenario.later_seconds
    await _recover(scenario.open(place, later_seconds=later_seconds, steps=Steps(step) if step else None), place)


async def recover_and_check(name: str, place: Place, *, faulty: bool = False) -> None:
    """Recover, look in once more later (for thumbnails of what was recovered), and hold Abby to its word."""
    for round_ in (2, 3):
        await recover(name, place, later_seconds=round_ * LATER_SECONDS)
    check(SCENARIOS[name], place, faulty=faulty)


def age_parts(root: Path) -> None:
    """Parts of files are known by the disk's own clock, which nobody can set here."""
    then = time.time() - PARTS_AGE_SECONDS
    for part in root.rglob("*.part"):
        os.utime(part, (then, then))


def check(scenario: Scenario, place: Place, *, faulty: bool) -> None:
    """All that must be true once a crashed scenario was recovered; ``faulty``: orders were told of trouble instead."""
    abby = scenario.open(place, later_seconds=scenario.later_seconds + 3 * LATER_SECONDS)
    try:
        artifacts = abby.database.read(_all_artifacts)
        _check_promises(abby, scenario, place, artifacts)
        _check_orders(abby, scenario, place, artifacts, faulty=faulty)
        kept = [artifact for artifact in artifacts if not artifact.temporary]
        assert counter(abby, None, BYTES) == sum(artifact.counted_bytes for artifact in artifacts)
        assert counter(abby, ALICE, BYTES) == sum(artifact.counted_bytes for artifact in kept)
        assert all(artifact.thumbnail_key for artifact in kept if artifact.order_id), "a thumbnail is missing"
        known = {artifact.blob_key for artifact in artifacts} | {artifact.thumbnail_key for artifact in kept}
        found = {path.relative_to(place.root).as_posix() for path in kept_files(place.root)}
        assert found == known - {""}, "files are left over or missing"
        assert_sound(abby)
    finally:
        abby.close()


def _check_promises(abby: Abby, scenario: Scenario, place: Place, artifacts: list[Artifact]) -> None:
    data_of = {artifact.name: abby.storage.open(artifact) for artifact in artifacts}
    told = place.promises()
    doomed = {promise["name"] for promise in told if promise["what"] == "doomed"}
    views = {view.id: view for view in abby.database.read(_views)}
    for promise in told:
        match promise["what"]:
            case "temporary" if scenario.later_seconds:
                pass  # its time was over
            case "kept" | "temporary" if promise["name"] not in doomed:
                assert data_of.get(promise["name"]) in {PICTURE, LARGE}, "an acknowledged picture is lost"
            case "deleted":
                assert promise["name"] not in data_of, "a deleted picture is back"
            case "accepted":
                assert promise["id"] in views, "an accepted order is lost"
            case "cancelled":
                assert views[promise["id"]].state == "cancelled"
            case _:
                pass


def _check_orders(abby: Abby, scenario: Scenario, place: Place, artifacts: list[Artifact], *, faulty: bool) -> None:
    made = sum(1 for artifact in artifacts if artifact.order_id)
    calls = len(place.calls.read_text().splitlines()) if place.calls.exists() else 0
    removed = any(promise["what"] == "doomed" for promise in place.promises())
    wished = 0
    for view in abby.database.read(_views):
        own = [artifact.order_index for artifact in artifacts if artifact.order_id == view.id]
        assert len(set(own)) == len(own) <= view.pictures, "a picture is doubled"
        wished += view.pictures
        if view.state == "done" and len(own) < view.pictures and not removed:
            assert scenario.paid or faulty
            assert own
            assert f"{len(own)} of {view.pictures}" in " ".join(view.notes)
        elif view.state == "failed":
            assert scenario.paid or faulty
            assert view.maybe_billed or not scenario.paid, "a call whose outcome is unknown is not counted"
            assert view.error
            assert own == []
        else:
            assert view.state in {"done", "cancelled"}
    sql = "SELECT id FROM orders WHERE cancel_requested = 1 AND state <> 'cancelled'"
    assert faulty or not abby.database.read(lambda tx: tx.rows(sql)), "an order was made although it was cancelled"
    if scenario.paid:
        assert calls <= wished, "a picture was paid for twice"
        assert counter(abby, ALICE, CREDITS_PER_DAY) == 1000 * made
        billed = abby.database.read(lambda tx: tx.rows("SELECT id FROM orders WHERE maybe_billed = 1"))
        assert counter(abby, None, CREDITS_PER_DAY) == 1000 * (made + len(billed)), "the bill could be overshot"
    if scenario.later_seconds < 86_400:  # the same day still
        kept = sum(1 for artifact in artifacts if artifact.order_id or not artifact.temporary)
        assert counter(abby, ALICE, IMAGES_PER_DAY) == (1 if removed else kept), "the day's count is wrong"


def _all_artifacts(tx: Transaction) -> list[Artifact]:
    return catalogue.all_after(tx, "")


def _views(tx: Transaction) -> list[OrderView]:
    return order_book.views(tx, None)
