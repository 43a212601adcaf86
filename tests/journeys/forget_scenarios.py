"""Somebody is forgotten, the process is killed on the way, and whoever comes next goes on with it.

The same four functions as in :mod:`tests.journeys.crash_scenarios`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from abby_core.bootstrap import Abby
from abby_core.storage.fsck import check as fsck
from tests.journeys.crash_scenarios import Place
from tests.services.databases import contents
from tests.support.crashing import Steps, make_crash
from tests.support.planting import Person, places_of, plant
from tests.support.studio import open_abby

QUOKKA, WOMBAT = Person(word="quokka4711"), Person(word="wombat0815")
SCENARIOS: Mapping[str, int] = {"forgetting": 100}
"""How many steps there are at least: fewer would miss something."""
WARM_UP = "forgetting"


@dataclass
class Board:
    """A place outside of Abby where something was posted; taking it back is noted, and may be killed as well."""

    place: Place
    name: str = "board"

    async def forget(self, account_key: str) -> None:
        with self.place.calls.open("a") as calls:
            calls.write(account_key + "\n")


def _open(place: Place, steps: Steps | None = None) -> Abby:
    abby = open_abby(place.root)
    if steps is not None:
        make_crash(abby, steps)
    abby.forgetting.hooks.append(Board(place))
    return abby


async def prepare(_name: str, place: Place) -> None:
    """Two people with all there can be of them; what the second has is written down."""
    abby = _open(place)
    await plant(abby, WOMBAT, leftovers=False)
    await abby.studio.recover()
    await plant(abby, QUOKKA)
    place.tell("before", **_others(abby, place))
    abby.close()


async def act(_name: str, place: Place, step: int) -> None:
    """Forget the first; the process dies at that step, or it returns."""
    abby = _open(place, Steps(step))
    receipt = await abby.forgetting.forget(QUOKKA.account)
    assert receipt.complete, receipt.left
    abby.close()


async def recover(_name: str, place: Place, step: int) -> None:
    """What a start does: go on with erasures that were cut off; killed as well, it must be finished by the next."""
    abby = _open(place, Steps(step))
    await abby.forgetting.resume()
    abby.close()


async def recover_and_check(_name: str, place: Place) -> None:
    """Let a start go on with it; if it had not begun, nothing is missing, and it is done now."""
    abby = _open(place)
    await abby.forgetting.resume()
    counts = abby.forgetting.preview(QUOKKA.account).counts
    if counts:
        assert counts["artifacts"] == 6, "half of somebody is forgotten, and nobody knows"
        assert len(places_of(QUOKKA.word, place.root)) > 10
        receipt = await abby.forgetting.forget(QUOKKA.account)
        assert receipt.complete, receipt.left
        assert receipt.counts == counts
    assert abby.database.read(lambda tx: tx.rows("SELECT * FROM erasures")) == []
    assert fsck(abby.storage, deep=True) == []
    assert QUOKKA.account.key in place.calls.read_text().splitlines(), "what was posted elsewhere was not taken back"
    assert place.promises() == [{"what": "before", **_others(abby, place)}], "another's things were touched"
    abby.close()
    assert places_of(QUOKKA.word, place.root) == []


def _others(abby: Abby, place: Place) -> dict[str, str]:
    """Everything that names the second person; and how many orders there are, which stay for the sums."""
    everything = contents(abby.database)
    rows = {table: [row for row in found if WOMBAT.word in repr(row)] for table, found in everything.items()}
    files = {
        path.relative_to(place.root).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted((place.root / "images" / "users" / WOMBAT.word).rglob("*"))
    }
    log = [line for line in (place.root / "logs" / "events.jsonl").read_text().splitlines() if WOMBAT.word in line]
    found = {"rows": rows, "files": files, "log": log, "orders": len(everything["orders"])}
    return {name: json.dumps(value, sort_keys=True) for name, value in found.items()}
