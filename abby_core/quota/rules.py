"""The host's rules: tiers and groups, as :mod:`abby_core.quota.rules_text` reads them (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from abby_core.quota.standing import Standing
from abby_core.quota.tier import DEFAULT_TIER, Tier


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Which tiers there are. Without arguments: none, so that the host's settings hold for everybody.

    ``tiers`` are those besides ``default``, in the file's order; ``groups`` holds account keys by group;
    ``source`` is the file they stand in, None for no file.
    """

    default: Tier = field(default_factory=lambda: Tier(name=DEFAULT_TIER))
    tiers: tuple[Tier, ...] = ()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    source: Path | None = None

    @property
    def all_tiers(self) -> tuple[Tier, ...]:
        """Every tier, ``default`` first."""
        return (self.default, *self.tiers)

    def groups_of(self, account: str) -> frozenset[str]:
        """The groups of the file that an account is in."""
        return frozenset(group for group, members in self.groups.items() if account in members)

    def applying(self, standing: Standing) -> tuple[Tier, ...]:
        """The tiers that apply to somebody besides the default one, in the file's order."""
        return tuple(tier for tier in self.tiers if tier.reasons(standing))
