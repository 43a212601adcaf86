"""What the host's settings allow, and what an order takes (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from abby_core.quota.account import HOUSE
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, CREDITS_PER_MONTH, IMAGES_PER_DAY, NO_LIMIT


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The host's limits where no tier and no administrator set others. ``picture_bytes``: what one more may take.

    ``running_max`` and ``waiting_max`` are orders of one account.
    """

    images_per_day: int = 5
    account_bytes: int = 500 * 2**20
    house_bytes: int = 5000 * 2**20
    picture_bytes: int = 3 * 2**19
    millicredits_per_day: int = NO_LIMIT
    millicredits_per_month: int = NO_LIMIT
    running_max: int = 1
    waiting_max: int = 100

    def limit(self, account: str, meter: str) -> int:
        """The limit on one meter, of one account or (``HOUSE``) of everybody together."""
        if account != HOUSE:
            return {IMAGES_PER_DAY: self.images_per_day, BYTES: self.account_bytes}.get(meter, NO_LIMIT)
        return {
            BYTES: self.house_bytes,
            CREDITS_PER_DAY: self.millicredits_per_day,
            CREDITS_PER_MONTH: self.millicredits_per_month,
        }.get(meter, NO_LIMIT)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What an order or a save will take. ``temporary_bytes`` count against the house alone, as ``temp/`` does.

    ``images`` are weighed: a picture by a model that counts double is two.
    """

    images: int = 0
    size_bytes: int = 0
    temporary_bytes: int = 0
    millicredits: int = 0
