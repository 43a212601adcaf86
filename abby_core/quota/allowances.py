"""From an account to its limits: what is known of it, the tiers that follow, an administrator's own limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from abby_core.quota import standing as standings
from abby_core.quota.account import HOUSE
from abby_core.quota.limits import Defaults, Need
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    NO_LIMIT,
    Charge,
)
from abby_core.quota.rules import Rules
from abby_core.quota.standing import NOBODY, Standing
from abby_core.quota.tier import Allowance, host_allowance, resolve

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

REMEMBERED_MAX = 10_000
"""Allowances kept in memory, one for each different standing that was met: a few MB."""

_KNOWN = """
SELECT account, meter, amount, '' AS standing, '' AS tier FROM limits WHERE account IN (:account, '')
UNION ALL SELECT account, '' AS meter, 0 AS amount, standing, tier FROM standings WHERE account = :account"""

_REMEMBER = """
INSERT INTO standings (account, standing, updated_at) VALUES (:account, :standing, :now)
ON CONFLICT (account) DO UPDATE SET standing = excluded.standing, updated_at = excluded.updated_at
WHERE standings.standing <> excluded.standing"""

_GIVE = """
INSERT INTO standings (account, standing, tier, updated_at) VALUES (:account, :nobody, :tier, :now)
ON CONFLICT (account) DO UPDATE SET tier = excluded.tier"""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """All limits that one account meets: its own, and those of the house."""

    account: str
    allowance: Allowance
    house: Mapping[str, int]
    """By meter; what is not named has no limit."""
    by_tiers: Allowance
    """The account's, before what an administrator set."""
    overrides: Mapping[str, int]
    """By meter: what an administrator set for the account."""

    def limit(self, owner: str, meter: str) -> int:
        """The limit on a meter, of the account or (``HOUSE``) of everybody together."""
        return self.house.get(meter, NO_LIMIT) if owner == HOUSE else self.allowance.limit(meter)

    def charges(self, need: Need) -> list[Charge]:
        """What a need counts on which meter. The hour and the month are counted only where they are limited."""
        account = self.account
        amounts = [
            (account, IMAGES_PER_DAY, need.images),
            (account, BYTES, need.size_bytes),
            (account, CREDITS_PER_DAY, need.millicredits),
            (account, CREDITS_PER_MONTH, need.millicredits),
            (HOUSE, BYTES, need.size_bytes + need.temporary_bytes),
            (HOUSE, CREDITS_PER_DAY, need.millicredits),
            (HOUSE, CREDITS_PER_MONTH, need.millicredits),
        ]
        limited = [meter for meter in (IMAGES_PER_HOUR, IMAGES_PER_MONTH) if self.allowance.limit(meter) < NO_LIMIT]
        amounts += [(account, meter, need.images) for meter in limited]
        return [
            Charge(account=owner, meter=meter, amount=amount, limit=self.limit(owner, meter))
            for owner, meter, amount in amounts
            if amount
        ]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the database knows of an account: its standing as JSON text, the tier and the limits given by hand."""

    standing: str
    tier: str
    overrides: Mapping[str, int]
    house_overrides: Mapping[str, int]


class Allowances:
    """The rules, applied to accounts."""

    def __init__(self, rules: Rules, defaults: Defaults) -> None:
        self.rules = rules
        self.host = host_allowance(defaults)
        self._house = {meter: defaults.limit(HOUSE, meter) for meter in (BYTES, CREDITS_PER_DAY, CREDITS_PER_MONTH)}
        self._resolved: dict[tuple[str, frozenset[str], str], Allowance] = {}

    def bounds_in(self, tx: Transaction, account: str) -> Bounds:
        """All limits that an account meets now, with one statement."""
        known = known_in(tx, account)
        allowance = self._allowance(known.standing, self.rules.groups_of(account), known.tier)
        return Bounds(
            account=account,
            allowance=allowance.overridden(known.overrides) if known.overrides else allowance,
            house={**self._house, **known.house_overrides},
            by_tiers=allowance,
            overrides=known.overrides,
        )

    def standing_in(self, tx: Transaction, account: str) -> Standing:
        """What is known of an account, with the groups that the rules add."""
        known = known_in(tx, account)
        return _standing(known.standing, self.rules.groups_of(account), known.tier)

    def _allowance(self, standing: str, groups: frozenset[str], tier: str) -> Allowance:
        """The tiers' allowance of somebody, worked out once for each standing."""
        known = (standing, groups, tier) if self.rules.tiers else ("", frozenset[str](), "")
        found = self._resolved.get(known)
        if found is None:
            applying = self.rules.applying(_standing(*known))
            found = resolve(self.host, self.rules.default, applying)
            if len(self._resolved) >= REMEMBERED_MAX:
                self._resolved.clear()
            self._resolved[known] = found
        return found


def known_in(tx: Transaction, account: str) -> Known:
    """What the database knows of an account, read with one statement."""
    standing, tier, overrides, house_overrides = "", "", dict[str, int](), dict[str, int]()
    for row in tx.rows(_KNOWN, account=account):
        if not row["meter"]:
            standing, tier = str(row["standing"]), str(row["tier"])
        else:
            limits = house_overrides if row["account"] == HOUSE else overrides
            limits[str(row["meter"])] = int(row["amount"])
    return Known(standing=standing, tier=tier, overrides=overrides, house_overrides=house_overrides)


def remember_in(tx: Transaction, account: str, standing: Standing, now_ms: int) -> bool:
    """Note what is known of somebody now. False: that was known, and nothing was written."""
    return tx.execute(_REMEMBER, account=account, standing=standings.encode(standing), now=now_ms) > 0


def give_tier(tx: Transaction, account: str, tier: str, now_ms: int) -> None:
    """Let a tier apply to somebody besides those that apply anyway; empty: no more."""
    tx.execute(_GIVE, account=account, nobody=standings.encode(NOBODY), tier=tier, now=now_ms)


def _standing(text: str, groups: frozenset[str], tier: str) -> Standing:
    known = standings.decode(text) if text else NOBODY
    return replace(known, groups=known.groups | groups, tier=tier)
