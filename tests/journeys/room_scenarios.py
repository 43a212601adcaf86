"""What is killed while pictures are compressed, archived and brought back, and what must be true afterwards.

Of the same shape as :mod:`tests.journeys.crash_scenarios`. A killed process is followed by one of two things: mending
alone, or somebody who simply tries again. Either way the picture is there, whole, in one place, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from abby_core.bootstrap import Abby
from abby_core.quota.meter import BYTES
from abby_core.storage import catalogue, mending
from abby_core.storage.archive import archive, restore
from abby_core.storage.artifact import Artifact
from abby_core.storage.compression import compress, undo_compression
from abby_core.storage.saving import save_now
from tests.journeys.crash_scenarios import LATER_SECONDS, Place, age_parts
from tests.support.crashing import CrashingBlobs, Steps, make_crash
from tests.support.providers import photograph
from tests.support.studio import ALICE, Clock, assert_sound, counter, kept_files, open_abby

PICTURE = photograph(300, 200)
WARM_UP = "compressing"
WEEK_SECONDS = 7 * 86_400 + 60
Act = Callable[[Abby, Artifact], object]


def _compress(abby: Abby, artifact: Artifact) -> None:
    if artifact.media_type == "image/png":
        compress(abby.storage, artifact)


def _undo(abby: Abby, artifact: Artifact) -> None:
    if artifact.media_type == "image/webp":
        undo_compression(abby.storage, artifact)


def _archive(abby: Abby, artifact: Artifact) -> None:
    archive(abby.storage, artifact)


def _restore(abby: Abby, artifact: Artifact) -> None:
    restore(abby.storage, artifact)


def _mend(abby: Abby, _artifact: Artifact) -> None:
    mending.mend(abby.storage)


def _delete(abby: Abby, artifact: Artifact) -> None:
    abby.storage.remove(artifact)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """``act`` is killed, on a saved picture to which ``before`` happened; fewer steps would miss something.

    ``after`` is what may have become of the picture: (media type, state), the first where it was finished.
    """

    act: Act
    before: tuple[Act, ...] = ()
    steps_min: int
    after: tuple[tuple[str, str], ...]
    later_seconds: float = 0
    gone: bool = False

    def open(self, place: Place, *, later_seconds: float = 0, steps: Steps | None = None) -> Abby:
        clock = Clock()
        clock.skip(later_seconds)
        cold = place.folder / "cold"
        abby = open_abby(place.root, clock=clock, archive_root=cold)
        if steps is not None:
            make_crash(abby, steps)
            abby.storage.archive = CrashingBlobs(cold, steps)
        return abby


PNG, WEBP, COLD = ("image/png", "kept"), ("image/webp", "kept"), ("image/png", "archived")
SCENARIOS: dict[str, Scenario] = {
    "compressing": Scenario(act=_compress, steps_min=9, after=(WEBP, PNG)),
    "undoing": Scenario(before=(_compress,), act=_undo, steps_min=8, after=(PNG, WEBP)),
    "archiving": Scenario(act=_archive, steps_min=15, after=(COLD, PNG)),
    "restoring": Scenario(before=(_archive,), act=_restore, steps_min=15, after=(PNG, COLD)),
    "the end of an original": Scenario(
        before=(_compress,), act=_mend, steps_min=6, after=(WEBP,), later_seconds=WEEK_SECONDS
    ),
    "deleting a compressed picture": Scenario(before=(_compress,), act=_delete, steps_min=10, after=(WEBP,), gone=True),
    "deleting an archived picture": Scenario(before=(_archive,), act=_delete, steps_min=6, after=(COLD,), gone=True),
}


def _picture(abby: Abby) -> Artifact | None:
    return next(iter(abby.gallery.page(ALICE).artifacts), None)


async def prepare(name: str, place: Place) -> None:
    """A saved picture, brought to where the scenario begins."""
    scenario = SCENARIOS[name]
    abby = scenario.open(place)
    save_now(abby.storage, PICTURE, ALICE, "cat.png")
    for happens in scenario.before:
        picture = _picture(abby)
        assert picture is not None
        happens(abby, picture)
    abby.close()


async def act(name: str, place: Place, step: int) -> None:
    """Run a scenario; the process dies at that step, or it returns and says so."""
    scenario = SCENARIOS[name]
    abby = scenario.open(place, later_seconds=scenario.later_seconds, steps=Steps(step))
    picture = _picture(abby)
    assert picture is not None
    scenario.act(abby, picture)
    place.tell("done")
    abby.close()


async def recover(name: str, place: Place, step: int = 0) -> None:
    """Mend, later; with a step, dying there."""
    age_parts(place.folder)
    scenario = SCENARIOS[name]
    abby = scenario.open(
        place, later_seconds=scenario.later_seconds + LATER_SECONDS, steps=Steps(step) if step else None
    )
    mending.mend(abby.storage)
    abby.close()


async def recover_and_check(name: str, place: Place) -> None:
    """Mending alone must be enough; and then trying again must end it."""
    scenario = SCENARIOS[name]
    done = bool(place.promises())
    # Twice as late: a mending that was killed itself has a claim on what it was deleting, for a while.
    _mend_and_check(scenario, place, later_seconds=2 * LATER_SECONDS, finished=done)
    if done:
        return
    abby = scenario.open(place, later_seconds=scenario.later_seconds + 2 * LATER_SECONDS)
    picture = _picture(abby)
    if picture is not None:
        scenario.act(abby, picture)
    abby.close()
    _mend_and_check(scenario, place, later_seconds=3 * LATER_SECONDS, finished=True)


def _mend_and_check(scenario: Scenario, place: Place, *, later_seconds: float, finished: bool) -> None:
    abby = scenario.open(place, later_seconds=scenario.later_seconds + later_seconds)
    age_parts(place.folder)
    mending.mend(abby.storage)
    try:
        _check(abby, scenario, place, finished=finished)
    finally:
        abby.close()


def _check(abby: Abby, scenario: Scenario, place: Place, *, finished: bool) -> None:
    assert_sound(abby)
    picture = _picture(abby)
    retired = abby.database.read(lambda tx: tx.rows("SELECT blob_key, size_bytes FROM retired_blobs"))
    at_hand = {str(row["blob_key"]) for row in retired}
    frozen: set[str] = set()
    if scenario.gone and (finished or picture is None):
        assert picture is None
    else:
        assert picture is not None, "the picture is lost"
        assert (picture.media_type, picture.state) in (scenario.after[:1] if finished else scenario.after)
        if picture.media_type == "image/png":
            assert abby.storage.open(picture) == PICTURE, "the picture is not what it was"
        (frozen if picture.in_archive else at_hand).add(picture.blob_key.removeprefix("archive/"))
        is_small = picture.media_type == "image/webp"
        assert len(retired) == (1 if is_small and not scenario.later_seconds else 0)
    counted = 0 if picture is None else picture.counted_bytes
    assert counter(abby, ALICE, BYTES) == counted
    assert counter(abby, None, BYTES) == counted + sum(int(row["size_bytes"]) for row in retired)
    assert {path.relative_to(place.root).as_posix() for path in kept_files(place.root)} == at_hand, "files at hand"
    assert _names(place.folder / "cold") == frozen, "files in the archive"
    assert len(abby.database.read(catalogue.all_after, "")) <= 1


def _names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
