"""QuotaManager: who may make and keep how much.

It knows the limits (the host's settings, overridden per account by an administrator) and hands the ledger
charges that carry them. Its methods named ``…_in`` run inside the caller's transaction, so that an order
and its reservation, or a picture and its settlement, are one; the others are complete in themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abby_core.errors import InvalidRequest
from abby_core.quota import ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.ledger import Counter, Spent
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    METERS,
    NO_LIMIT,
    Charge,
    period_ends_ms,
)
from abby_core.quota.status import QuotaStatus, Usage

if TYPE_CHECKING:
    from abby_core.database.database import Database
    from abby_core.database.transaction import Transaction

Clock = Callable[[], float]
"""Seconds since 1970, as ``time.time``."""


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The host's limits where no administrator set others. ``picture_bytes``: what one more picture may take."""

    images_per_day: int = 5
    account_bytes: int = 500 * 2**20
    house_bytes: int = 5000 * 2**20
    picture_bytes: int = 3 * 2**19
    millicredits_per_day: int = NO_LIMIT
    millicredits_per_month: int = NO_LIMIT

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
    """What an order or a save will take. ``temporary_bytes`` count against the house alone, as ``temp/`` does."""

    images: int = 0
    size_bytes: int = 0
    temporary_bytes: int = 0
    millicredits: int = 0


class QuotaManager:
    """Policy and ledger behind every picture. Cheap to make; opens nothing by itself."""

    def __init__(
        self,
        database: Database,
        defaults: Defaults | None = None,
        *,
        clock: Clock = time.time,
        platform: str = "local",
    ) -> None:
        self.database = database
        self.defaults = defaults or Defaults()
        self._clock = clock
        self._platform = platform

    # ------------------------------------------------------------------ for people

    def get_quota_status(self, user_id: object) -> dict[str, dict[str, Any]]:
        """Where a user stands, in the founding shape; reads a few rows, whatever is stored."""
        return self.status(self.account(user_id)).as_dict()

    def status(self, account: Account) -> QuotaStatus:
        """Where an account stands."""
        return self.database.read(self.status_in, account.key)

    def reset_day(self, account: Account) -> None:
        """Give an account its day's pictures back, as an administrator."""
        self.database.write(ledger.reset, account.key, IMAGES_PER_DAY, self.now_ms())

    def set_limit(self, account: Account | None, meter: str, amount: int | None) -> None:
        """Override a limit for an account (or the house: None); ``amount`` None takes the override back.

        The unit is the meter's: images, bytes, millicredits. Raises InvalidRequest for an unknown meter or a
        negative amount.
        """
        if meter not in METERS:
            raise InvalidRequest(f"There is no meter {meter!r}; choose one of: {', '.join(METERS)}.")
        if amount is not None and not 0 <= amount <= NO_LIMIT:
            raise InvalidRequest("A limit is 0 or more.")
        self.database.write(_set_limit, HOUSE if account is None else account.key, meter, amount)

    def usage(self, *, limit: int = 50) -> list[tuple[Account, QuotaStatus]]:
        """Who takes most storage, for operators: accounts with their status, the largest first."""
        keys = self.database.read(_largest, limit)
        accounts = [Account(*key.split(":", 1)) for key in keys]
        return [(account, self.status(account)) for account in accounts]

    def limits(self, account: Account) -> dict[str, int]:
        """The limits in force for an account, by meter."""
        overrides = self.database.read(_overrides, account.key)
        return {meter: self._limit(overrides, account.key, meter) for meter in METERS}

    def account(self, user_id: object) -> Account:
        """The account of a bare user id, on the platform this manager was made for."""
        local = Account.local(user_id)
        return Account(self._platform, local.user_id)

    # ------------------------------------------------------------------ inside a transaction

    def reserve_in(
        self,
        tx: Transaction,
        account: str,
        reservation_id: str,
        need: Need,
        *,
        seconds: float,
        blob_key: str = "",
        blob_sha256: str = "",
    ) -> bool:
        """Set a need aside for ``seconds``, or raise QuotaExceeded. False: this id is reserved already."""
        now_ms = self.now_ms()
        return ledger.reserve(
            tx,
            reservation_id=reservation_id,
            account=account,
            charges=self._charges(tx, account, need),
            now_ms=now_ms,
            expires_at_ms=now_ms + int(seconds * 1000),
            blob_key=blob_key,
            blob_sha256=blob_sha256,
        )

    def extend_in(self, tx: Transaction, account: str, reservation_id: str, need: Need) -> bool:
        """Set more aside for an open reservation, or raise QuotaExceeded."""
        return ledger.extend(tx, reservation_id, self._charges(tx, account, need), self.now_ms())

    def settle_in(self, tx: Transaction, reservation_id: str, *, share: Need, actual: Need, close: bool) -> bool:
        """Turn a share of a reservation into what was really used. False: it is open no more."""
        return ledger.settle(tx, reservation_id, _spent(share, actual), close=close)

    def release_in(self, tx: Transaction, reservation_id: str, *, maybe_spent_millicredits: int = 0) -> bool:
        """Give back all that a reservation still holds. False: there was nothing.

        ``maybe_spent_millicredits`` may have been billed to the host, though nothing arrived: no member pays for
        that, but it stays counted for the house, so that its spending limits hold whatever the truth is.
        """
        money = Spent(share=maybe_spent_millicredits, actual=maybe_spent_millicredits)
        spent: dict[Counter, Spent] = {(True, CREDITS_PER_DAY): money, (True, CREDITS_PER_MONTH): money}
        return ledger.settle(tx, reservation_id, spent, close=True)

    def free_in(self, tx: Transaction, account: str, size_bytes: int, *, temporary: bool) -> None:
        """Stop counting bytes that are gone; ``temporary`` ones were the house's alone."""
        if not temporary:
            ledger.give_back(tx, account, BYTES, size_bytes)
        ledger.give_back(tx, HOUSE, BYTES, size_bytes)

    def count_own_in(self, tx: Transaction, account: str, size_bytes: int) -> None:
        """Count for an account bytes that the house counts anyway, or raise QuotaExceeded."""
        limit = self.status_in(tx, account).bytes.limit
        ledger.take(tx, Charge(account=account, meter=BYTES, amount=size_bytes, limit=limit), self.now_ms())

    def free_own_in(self, tx: Transaction, account: str, size_bytes: int) -> None:
        """Stop counting for an account bytes that the house goes on counting."""
        ledger.give_back(tx, account, BYTES, size_bytes)

    def status_in(self, tx: Transaction, account: str) -> QuotaStatus:
        """:meth:`status` inside a transaction."""
        now_ms = self.now_ms()
        overrides = _overrides(tx, account)
        images_used, day = ledger.used_in(tx, account, IMAGES_PER_DAY, now_ms)

        def usage(owner: str, meter: str, used: int, one_more: int) -> Usage:
            return Usage(used=used, limit=self._limit(overrides, owner, meter), one_more=one_more)

        return QuotaStatus(
            house_bytes=usage(HOUSE, BYTES, ledger.used_in(tx, HOUSE, BYTES, now_ms)[0], self.defaults.picture_bytes),
            bytes=usage(account, BYTES, ledger.used_in(tx, account, BYTES, now_ms)[0], self.defaults.picture_bytes),
            images=usage(account, IMAGES_PER_DAY, images_used, 1),
            resets_at_ms=period_ends_ms(IMAGES_PER_DAY, day) or now_ms,
            now_ms=now_ms,
        )

    def now_ms(self) -> int:
        """The manager's clock, epoch milliseconds."""
        return int(self._clock() * 1000)

    # ------------------------------------------------------------------ inside

    def _charges(self, tx: Transaction, account: str, need: Need) -> list[Charge]:
        overrides = _overrides(tx, account)
        amounts = [
            (account, IMAGES_PER_DAY, need.images),
            (account, BYTES, need.size_bytes),
            (account, CREDITS_PER_DAY, need.millicredits),
            (account, CREDITS_PER_MONTH, need.millicredits),
            (HOUSE, BYTES, need.size_bytes + need.temporary_bytes),
            (HOUSE, CREDITS_PER_DAY, need.millicredits),
            (HOUSE, CREDITS_PER_MONTH, need.millicredits),
        ]
        return [
            Charge(account=owner, meter=meter, amount=amount, limit=self._limit(overrides, owner, meter))
            for owner, meter, amount in amounts
            if amount
        ]

    def _limit(self, overrides: Mapping[tuple[str, str], int], account: str, meter: str) -> int:
        return overrides.get((account, meter), self.defaults.limit(account, meter))


def _spent(share: Need, actual: Need) -> dict[Counter, Spent]:
    money = Spent(share=share.millicredits, actual=actual.millicredits)
    own, house = False, True
    return {
        (own, IMAGES_PER_DAY): Spent(share=share.images, actual=actual.images),
        (own, BYTES): Spent(share=share.size_bytes, actual=actual.size_bytes),
        (own, CREDITS_PER_DAY): money,
        (own, CREDITS_PER_MONTH): money,
        (house, BYTES): Spent(
            share=share.size_bytes + share.temporary_bytes, actual=actual.size_bytes + actual.temporary_bytes
        ),
        (house, CREDITS_PER_DAY): money,
        (house, CREDITS_PER_MONTH): money,
    }


def _largest(tx: Transaction, limit: int) -> list[str]:
    rows = tx.rows(
        "SELECT account, MAX(CASE WHEN meter = 'bytes' THEN used ELSE 0 END) AS used FROM counters "
        "WHERE account <> '' GROUP BY account ORDER BY used DESC, account LIMIT :limit",
        limit=limit,
    )
    return [str(row["account"]) for row in rows]


def _overrides(tx: Transaction, account: str) -> dict[tuple[str, str], int]:
    rows = tx.rows("SELECT account, meter, amount FROM limits WHERE account IN (:account, '')", account=account)
    return {(str(row["account"]), str(row["meter"])): int(row["amount"]) for row in rows}


def _set_limit(tx: Transaction, account: str, meter: str, amount: int | None) -> None:
    if amount is None:
        tx.execute("DELETE FROM limits WHERE account = :account AND meter = :meter", account=account, meter=meter)
        return
    tx.execute(
        "INSERT INTO limits (account, meter, amount) VALUES (:account, :meter, :amount) "
        "ON CONFLICT (account, meter) DO UPDATE SET amount = excluded.amount",
        account=account, meter=meter, amount=amount,
    )  # fmt: skip
