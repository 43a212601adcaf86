"""The text of ``abby.toml``: tiers, groups and weights. Every mistake is named with its line (pure)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from abby_core.environment import COUNT_MAX, SIZE_MB_MAX, UnusableText
from abby_core.errors import ConfigurationError, InvalidRequest
from abby_core.quota.account import Account
from abby_core.quota.meter import NO_LIMIT
from abby_core.quota.rules import Rules
from abby_core.quota.tier import DEFAULT_TIER, Tier
from abby_core.quota.toml_lines import Lines

MISTAKES_MAX = 10
"""How many mistakes are named at once: more than anybody mends before looking again."""
QUOTED_CHARACTERS_MAX = 60
"""How much of an unusable value a mistake repeats."""
WEIGHT_MAX = 1000
PRIORITY_MAX = 1000
SIDE_PIXELS_MAX = 65_535
_UNITS = {"kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}


def read_rules(text: str, *, source: Path = Path("abby.toml")) -> Rules:
    """The rules in a text. Raises ConfigurationError with one line for each mistake: the file, the line, what is
    allowed.
    """
    try:
        values = tomllib.loads(text)
        lines = Lines(text)
    except (ValueError, RecursionError) as error:  # ValueError: also of numbers with thousands of digits
        raise ConfigurationError(_syntax(source, text, error)) from error
    reader = _Reader(source, lines)
    rules = reader.rules(values)
    if reader.mistakes:
        raise ConfigurationError("\n".join(sentence for _, sentence in sorted(reader.mistakes)[:MISTAKES_MAX]))
    return rules


def _syntax(source: Path, text: str, error: Exception) -> str:
    said = str(error)
    found = re.search(r" \((?:at line (\d+), column \d+|at end of document)\)$", said)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1 if found else 1
    reason = said[: found.start()] if found else said
    return (
        f"{source}, line {line}: this is not TOML: {reason}. A line reads NAME = value or [table]; text is in quotes."
    )


# ---------------------------------------------------------------------- values


def _count(*, at_least: int = 0, at_most: int = COUNT_MAX, unlimited: bool = False) -> Callable[[object], int]:
    def read(value: object) -> int:
        if unlimited and value == "unlimited":
            return NO_LIMIT
        if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= at_most:
            raise UnusableText(f"a whole number from {at_least} to {at_most}" + (' or "unlimited"' * unlimited))
        return value

    return read


def _size(value: object) -> int:
    """``"2 GB"``, or a number of MB, in bytes."""
    if value == "unlimited":
        return NO_LIMIT
    text = f"{value} MB" if isinstance(value, int | float) and not isinstance(value, bool) else value
    found = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*([kKMGT]B)", text) if isinstance(text, str) else None
    size_bytes = round(float(found[1]) * _UNITS[found[2].lower()]) if found else -1
    if not 0 <= size_bytes <= SIZE_MB_MAX * 2**20:
        raise UnusableText('a size like "500 MB" or "2 GB", a number of MB, or "unlimited"')
    return size_bytes


def _pixels(value: object) -> int:
    """``"1536x1024"`` in pixels."""
    if value == "unlimited":
        return NO_LIMIT
    found = re.fullmatch(r"(\d{1,5})\s*[xX×]\s*(\d{1,5})", value) if isinstance(value, str) else None
    if not found or not all(1 <= int(side) <= SIDE_PIXELS_MAX for side in found.groups()):
        raise UnusableText('width and height in pixels like "1536x1536", or "unlimited"')
    return int(found[1]) * int(found[2])


def _list(value: object) -> frozenset[str]:
    """A list of names; ids that are numbers may be written as numbers."""
    entries = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(entry, str | int) and not isinstance(entry, bool) and entry != "" for entry in entries):
        raise UnusableText('a list of names like ["one", "two"]')
    return frozenset(str(entry) for entry in entries)


def _names(value: object) -> Any:
    try:
        return "all" if value == "all" else frozenset(name.lower() for name in _list(value))
    except UnusableText as error:
        raise UnusableText(f'{error}, or "all"') from error


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnusableText("true or false")
    return value


def _accounts(value: object) -> frozenset[str]:
    try:
        return frozenset(Account.parse(text).key for text in _list(value))
    except (UnusableText, InvalidRequest) as error:
        raise UnusableText('a list of accounts like ["local:alice", "discord:123456789012345678"]') from error


_weight = _count(at_least=1, at_most=WEIGHT_MAX)
_images = _count(unlimited=True)
_orders = _count(at_least=1)
Reader = Callable[[object], Any]
WHO: Mapping[str, tuple[str, Reader]] = {
    "roles": ("roles", _list),
    "groups": ("groups", _list),
    "servers": ("guilds", _list),
    "min_level": ("min_level", _count()),
    "owner": ("owner", _flag),
}
"""Keys of a tier that say who has it, each with its field of :class:`Tier` and how it is read."""
WHAT: Mapping[str, tuple[str, Reader]] = {
    "images_per_hour": ("images_per_hour", _images),
    "images_per_day": ("images_per_day", _images),
    "images_per_month": ("images_per_month", _images),
    "storage": ("storage_bytes", _size),
    "largest_picture": ("picture_pixels_max", _pixels),
    "pictures_max": ("pictures_max", _orders),
    "running_max": ("running_max", _orders),
    "waiting_max": ("waiting_max", _orders),
    "priority": ("priority", _count(at_least=-PRIORITY_MAX, at_most=PRIORITY_MAX)),
    "providers": ("providers", _names),
    "models": ("models", _names),
    "keep_days": ("keep_days", _count(at_most=36_500)),
}
"""Keys of a tier that say what it allows."""


# ---------------------------------------------------------------------- the file


class _Reader:
    """Reads what ``tomllib`` found; collects mistakes rather than stopping at the first."""

    def __init__(self, source: Path, lines: Lines) -> None:
        self.source = source
        self.mistakes: list[tuple[int, str]] = []
        """Line and sentence."""
        self._lines = lines

    def rules(self, values: dict[str, Any]) -> Rules:
        self._check_keys((), values, ("tiers", "groups", "weights"))
        tables = self._table(("tiers",), values.get("tiers", {}))
        groups = self._table(("groups",), values.get("groups", {}))
        weights = self._weights(("weights",), values.get("weights", {}))
        tiers = [self._tier(name, self._table(("tiers", name), table)) for name, table in tables.items()]
        nothing: dict[str, Any] = {"name": DEFAULT_TIER}
        default = next((tier for tier in tiers if tier["name"] == DEFAULT_TIER), nothing)
        default["weights"] = weights | default.get("weights", {})
        return Rules(
            default=Tier(**default),
            tiers=tuple(Tier(**tier) for tier in tiers if tier is not default),
            groups={
                name: self._read(("groups", name), value, _accounts, frozenset()) for name, value in groups.items()
            },
            source=self.source,
        )

    def _tier(self, name: str, table: dict[str, Any]) -> dict[str, Any]:
        """The fields of one :class:`Tier`."""
        path = ("tiers", name)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", name):
            self._mistake(path, f"a tier's name is made of at most 40 letters, digits, '-' and '_', unlike {name!r}.")
        self._check_keys(path, table, (*WHO, *WHAT, "weights"))
        who = [key for key in table if key in WHO]
        if name == DEFAULT_TIER and who:
            self._mistake((*path, who[0]), f"the default tier applies to everybody; take {who[0]} out.")
        elif name != DEFAULT_TIER and not who:
            self._mistake(path, f"the tier {name} applies to nobody; say to whom with {_either(tuple(WHO))}.")
        fields: dict[str, Any] = {"name": name, "weights": self._weights((*path, "weights"), table.get("weights", {}))}
        for key, (field, read) in {**WHO, **WHAT}.items():
            if key in table:
                fields[field] = self._read((*path, key), table[key], read, None)
        return fields

    def _weights(self, path: tuple[str, ...], value: object) -> dict[str, int]:
        table = self._table(path, value)
        return {model.lower(): self._read((*path, model), weight, _weight, 1) for model, weight in table.items()}

    def _table(self, path: tuple[str, ...], value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return cast("dict[str, Any]", value)
        self._mistake(path, f"{path[-1]} is a table: it begins with a line [{'.'.join(path)}].")
        return {}

    def _read(self, path: tuple[str, ...], value: object, read: Reader, otherwise: Any) -> Any:
        try:
            return read(value)
        except UnusableText as expected:
            written = json.dumps(value, ensure_ascii=False, default=str)  # nearly TOML, and control characters show
            shown = written if len(written) <= QUOTED_CHARACTERS_MAX else written[:QUOTED_CHARACTERS_MAX] + "…"
            self._mistake(path, f"{path[-1]} must be {expected}, not {shown}.")
            return otherwise

    def _check_keys(self, path: tuple[str, ...], table: Mapping[str, object], allowed: Sequence[str]) -> None:
        for key, value in table.items():
            if key not in allowed:
                self._mistake((*path, key), _unknown(key, value, path, allowed))

    def _mistake(self, path: tuple[str, ...], sentence: str) -> None:
        line = self._lines.of(path)
        self.mistakes.append((line, f"{self.source}, line {line}: {sentence}"))


def _unknown(key: str, value: object, path: tuple[str, ...], allowed: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key, allowed, n=1)
    where = f"in [{'.'.join(path)}]" if path else "at the top of the file"
    if near:
        return f"there is no {key!r} {where}; did you mean {near[0]}?"
    if not path and isinstance(value, dict):
        return f"there is no [{key}]; did you mean [tiers.{key}]?"
    return f"there is no {key!r} {where}; there may be {_either(allowed)}."


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
