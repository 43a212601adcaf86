"""The SQL of presets: one row for each name of each owner."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from abby_core.errors import QuotaExceeded
from abby_core.gallery.preset import PRESETS_MAX, UNASKED, Preset
from abby_core.generation.choices import NAMES, Choices
from abby_core.quota import erasure
from abby_core.sentence import sentence
from abby_core.storage.names import name_key

if TYPE_CHECKING:
    from abby_core.database.transaction import Row, Transaction

_SELECT = "SELECT owner, name, choices, updated_at FROM presets WHERE owner = :owner "


def put(tx: Transaction, preset: Preset, *, keep_others: bool) -> Preset:
    """Write a preset; ``keep_others``: what it leaves open stays as it was. Raises QuotaExceeded, or Refused for
    somebody who is being forgotten."""
    tx.lock(f"presets:{preset.owner}")
    before = by_name(tx, preset.owner, preset.name)
    if before is None and preset.name != UNASKED:
        _check_room(tx, preset.owner)
    if before is not None and keep_others:
        preset = replace(preset, choices=preset.choices.over(before.choices))
    tx.execute(
        "INSERT INTO presets (owner, name_key, name, choices, updated_at) VALUES (:owner, :key, :name, :choices, :now) "
        "ON CONFLICT (owner, name_key) DO UPDATE SET name = :name, choices = :choices, updated_at = :now",
        owner=preset.owner, key=name_key(preset.name), name=preset.name,
        choices=json.dumps(preset.choices.chosen(), sort_keys=True), now=preset.updated_at_ms,
    )  # fmt: skip
    erasure.refuse_writing(tx, preset.owner)
    return preset


def by_name(tx: Transaction, owner: str, name: str) -> Preset | None:
    """The owner's preset of that name, upper and lower case being one."""
    row = tx.row(_SELECT + "AND name_key = :key", owner=owner, key=name_key(name))
    return None if row is None else _preset(row)


def named(tx: Transaction, owner: str) -> tuple[Preset, ...]:
    """The owner's presets that have a name, in its order; :func:`put` bounds their number."""
    rows = tx.rows(_SELECT + "AND name_key <> '' ORDER BY name_key", owner=owner)
    return tuple(_preset(row) for row in rows)


def layers(tx: Transaction, owners: list[str], name: str) -> list[Preset]:
    """What applies, the strongest first: the first owner's preset of that name, then what each chose unasked."""
    asked = [found for owner in owners if name and (found := by_name(tx, owner, name)) is not None]
    unasked = [found for owner in owners if (found := by_name(tx, owner, UNASKED)) is not None]
    return asked[:1] + unasked


def delete(tx: Transaction, owner: str, name: str) -> Preset | None:
    """Strike a preset; returns what it was."""
    row = tx.row(
        "DELETE FROM presets WHERE owner = :owner AND name_key = :key RETURNING owner, name, choices, updated_at",
        owner=owner, key=name_key(name),
    )  # fmt: skip
    return None if row is None else _preset(row)


def _check_room(tx: Transaction, owner: str) -> None:
    row = tx.row("SELECT COUNT(*) AS n FROM presets WHERE owner = :owner AND name_key <> ''", owner=owner)
    count = 0 if row is None else int(row["n"])
    if count >= PRESETS_MAX:
        raise QuotaExceeded(
            sentence(
                "There are {count} presets already; at most {limit} are possible. Delete one first.",
                count=count,
                limit=PRESETS_MAX,
            ),
            meter="presets", limit=PRESETS_MAX, used=count, requested=1,
        )  # fmt: skip


def _preset(row: Row) -> Preset:
    """What a later or earlier Abby wrote may hold choices that this one does not know: they are left out."""
    kept = json.loads(row["choices"])
    choices = Choices(**{name: value for name, value in kept.items() if name in NAMES})
    return Preset(owner=row["owner"], name=row["name"], choices=choices, updated_at_ms=row["updated_at"])
