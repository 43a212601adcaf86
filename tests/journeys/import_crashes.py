"""Runs an import that dies at each of its steps in turn, repeats it, and checks what is left.

    python -m tests.journeys.import_crashes FOLDER elsewhere[.zip]    all steps; prints how many there are
    python -m tests.journeys.import_crashes ROOT SOURCE STEP          the import alone, dying at that step

Each attempt is a process of its own: forked where that can be, which spares it the imports, else started anew.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
import traceback
import zipfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from abby_core.bootstrap import Abby
from abby_core.gallery.import_sources import source_of
from abby_core.gallery.importing import ImportReport
from abby_core.quota.meter import BYTES, IMAGES_PER_DAY
from abby_core.storage import catalogue
from tests.support.crashing import Steps, make_crash
from tests.support.studio import ALICE, Clock, assert_sound, counter, kept_files, open_abby

STEPS_MAX = 400
LATER_SECONDS = 900
"""Longer than every lease and every grace period."""
PICTURES = 2
DIED = {9, -9}


def prepare(folder: Path) -> None:
    """Pictures with a note in each, as a folder and as a ZIP, and a house that has its tables."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(folder / "elsewhere.zip", "w") as archive:
        for number in range(PICTURES):
            info, target = PngInfo(), io.BytesIO()
            info.add_text("parameters", f"robot {number}\nSteps: 1, Sampler: Euler, Seed: {number}")
            Image.new("RGB", (8 + number, 8)).save(target, "PNG", pnginfo=info)
            (elsewhere / f"{number}.png").write_bytes(target.getvalue())
            archive.writestr(f"{number}.png", target.getvalue())
    abby = _open(folder / "start")
    abby.quota.status(ALICE)
    abby.close()


def act(root: Path, source: Path, step: int) -> None:
    """Import everything; the process dies at that step, or it returns."""
    abby = _open(root)
    make_crash(abby, Steps(step))
    _import(abby, source)
    abby.close()


def repeat_and_check(root: Path, source: Path) -> None:
    """Import again at once, and again when everything that died is known for dead; then nothing may be wrong."""
    at_once = _open(root)
    report = _import(at_once, source)
    at_once.close()
    assert len(report.outcomes) == PICTURES
    for part in root.rglob("*.part"):  # parts of files are known by the disk's own clock
        os.utime(part, (time.time() - 7200, time.time() - 7200))
    later = _open(root, later_seconds=LATER_SECONDS)
    try:
        assert {outcome.state for outcome in _import(later, source).outcomes} == {"already"}
        _check(later, root)
    finally:
        later.close()


def _check(abby: Abby, root: Path) -> None:
    kept = abby.database.read(catalogue.all_after, "")
    assert len({artifact.import_sha256 for artifact in kept}) == len(kept) == PICTURES, "a picture is lost or doubled"
    assert {(artifact.prompt, artifact.seed) for artifact in kept} == {(f"robot {n}", n) for n in range(PICTURES)}
    assert all(artifact.thumbnail_key for artifact in kept), "a thumbnail is missing"
    assert counter(abby, ALICE, BYTES) == counter(abby, None, BYTES) == sum(each.counted_bytes for each in kept)
    assert counter(abby, ALICE, IMAGES_PER_DAY) == 0
    found = {path.relative_to(root).as_posix() for path in kept_files(root)}
    known = {artifact.blob_key for artifact in kept} | {artifact.thumbnail_key for artifact in kept}
    assert found == known, "files are left over or missing"
    assert_sound(abby)


def _open(root: Path, *, later_seconds: float = 0) -> Abby:
    clock = Clock()
    clock.skip(later_seconds)
    return open_abby(root, clock=clock)


def _import(abby: Abby, source: Path) -> ImportReport:
    report = abby.importer.run(ALICE, source_of(source))
    assert report.stopped is None, report.stopped
    return report


# ---------------------------------------------------------------------- all steps


def kill_at_every_step(folder: Path, source: Path) -> int:
    """Returns how many steps there are."""
    for step in range(1, STEPS_MAX):
        root = folder / f"step {step}"
        shutil.copytree(folder / "start", root)
        survived = not _died(root, source, step)
        repeat_and_check(root, source)
        shutil.rmtree(root)
        if survived:
            return step - 1
    raise AssertionError(f"still killed after {STEPS_MAX} steps")


def _died(root: Path, source: Path, step: int) -> bool:
    if hasattr(os, "fork"):
        pid = os.fork()
        if pid == 0:
            _act_and_leave(root, source, step)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    else:
        program = [sys.executable, "-m", "tests.journeys.import_crashes", str(root), str(source), str(step)]
        code = subprocess.run(program, check=False).returncode
    assert code == 0 or code in DIED, f"step {step} ended with {code}"
    return code in DIED


def _act_and_leave(root: Path, source: Path, step: int) -> None:
    code = 1
    try:
        act(root, source, step)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    where, what = Path(sys.argv[1]), Path(sys.argv[2])
    if len(sys.argv) > 3:
        act(where, what, int(sys.argv[3]))
    else:
        prepare(where)
        print(kill_at_every_step(where, where / what))
