"""QuotaManager: who may make and keep how much.

It knows the limits (the host's settings, the tiers that apply, an administrator's own limits above them) and
hands the ledger charges that carry them. Its methods named ``…_in`` run inside the caller's transaction, so that
an order and its reservation, or a picture and its settlement, are one; the others are complete in themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abby_core.errors import InvalidRequest
from abby_core.quota import allowances, erasure, ledger
from abby_core.quota.account import HOUSE, Account
from abby_core.quota.allowances import Allowances, Bounds
from abby_core.quota.ledger import Counter, Spent
from abby_core.quota.limits import Defaults, Need
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    METERS,
    NO_LIMIT,
    Charge,
    TokenLimit,
    period_ends_ms,
    token_meter,
)
from abby_core.quota.rules import Rules
from abby_core.quota.rules_file import load_rules
from abby_core.quota.status import QuotaStatus, Usage
from abby_core.sentence import sentence

if TYPE_CHECKING:
    from abby_core.database.database import Database
    from abby_core.database.transaction import Transaction
    from abby_core.quota.explanation import Explanation
    from abby_core.quota.simulation import Simulation
    from abby_core.quota.standing import Standing
    from abby_core.quota.tier import Allowance

Clock = Callable[[], float]
"""Seconds since 1970, as ``time.time``."""


class QuotaManager:
    """Policy and ledger behind every picture. Cheap to make; opens nothing by itself."""

    def __init__(
        self,
        database: Database,
        defaults: Defaults | None = None,
        *,
        clock: Clock = time.time,
        platform: str = "local",
        rules: Rules | None = None,
    ) -> None:
        self.database = database
        self.defaults = defaults or Defaults()
        self._allowances = Allowances(rules or Rules(), self.defaults)
        self._clock = clock
        self._platform = platform

    @property
    def rules(self) -> Rules:
        """The tiers and groups in force."""
        return self._allowances.rules

    def idle_rules(self) -> list[str]:
        """A sentence for each line of the host's rules that changes nothing, because everybody has more."""
        from abby_core.quota.explanation import idle_lines

        return idle_lines(self.rules, self._allowances.host)

    # ------------------------------------------------------------------ for people

    def get_quota_status(self, user_id: object) -> dict[str, dict[str, Any]]:
        """Where a user stands, in the founding shape; reads a few rows, whatever is stored."""
        return self.status(self.account(user_id)).as_dict()

    def status(self, account: Account) -> QuotaStatus:
        """Where an account stands."""
        return self.database.read(self.status_in, account.key)

    def remember(self, account: Account, standing: Standing) -> None:
        """Note what an adapter knows of a person now; which tiers apply to them follows from it.

        Raises Refused for an account that is being forgotten.
        """
        self.database.write(self.remember_in, account.key, standing)

    def reset_day(self, account: Account) -> None:
        """Give an account its day's pictures back, as an administrator; the hour's too, which are a part of them."""
        self.database.write(self._reset_day, account.key)

    def set_limit(self, account: Account | None, meter: str, amount: int | None) -> None:
        """Override a limit for an account (or the house: None); ``amount`` None takes the override back.

        The unit is the meter's: images, bytes, millicredits. Raises InvalidRequest for an unknown meter or a
        negative amount, Refused for an account that is being forgotten.
        """
        if meter not in METERS:
            raise InvalidRequest(
                sentence("There is no meter {meter!r}; choose one of: {meters}.", meter=meter, meters=", ".join(METERS))
            )
        if amount is not None and not 0 <= amount <= NO_LIMIT:
            raise InvalidRequest(sentence("A limit is 0 or more."))
        self.database.write(_set_limit, HOUSE if account is None else account.key, meter, amount)

    def give_tier(self, account: Account, tier: str | None) -> None:
        """Let a tier of the rules apply to an account besides those that apply anyway; None takes it back.

        Raises InvalidRequest for a tier that the rules do not have, Refused for an account that is being forgotten.
        """
        names = [each.name for each in self.rules.tiers]
        if tier is not None and tier not in names:
            there = ", ".join(names) or sentence("none besides the default one")
            raise InvalidRequest(
                sentence("There is no tier {tier!r}. There are: {names}.", tier=tier[:40], names=there)
            )
        self.database.write(self._give_tier, account.key, tier or "")

    def usage(self, *, limit: int = 50, skip: int = 0) -> list[tuple[Account, QuotaStatus]]:
        """Who takes most storage, for operators: accounts with their status, the largest first, but for ``skip``."""
        keys = self.database.read(_largest, limit, skip)
        accounts = [Account(*key.split(":", 1)) for key in keys]
        return [(account, self.status(account)) for account in accounts]

    def limits(self, account: Account) -> dict[str, int]:
        """The limits in force for an account, by meter."""
        allowance = self.allowance(account)
        return {meter: allowance.limit(meter) for meter in METERS}

    def allowance(self, account: Account) -> Allowance:
        """Everything an account may do: its tiers' most generous limits, an administrator's own above them."""
        return self.database.read(self.allowance_in, account.key)

    def explain(self, account: Account) -> Explanation:
        """Why an account may do what it may, what it has used, and what is set aside for it."""
        from abby_core.quota.explanation import explain_in  # rarely asked for, and not needed to make a picture

        return self.database.read(explain_in, self._allowances, account.key, self.now_ms())

    def simulate(self, file: Path, *, days: int, progress: Callable[[int], None] | None = None) -> Simulation:
        """What the last ``days`` would have been under the rules in a file; changes nothing.

        Reads the whole time, a day at a time; ``progress`` is told how many events were looked at. Raises
        ConfigurationError for rules that cannot be used.
        """
        from abby_core.quota.history import replay

        allowances = Allowances(load_rules(file), self.defaults)
        return replay(self.database, allowances, days=days, now_ms=self.now_ms(), progress=progress)

    def account(self, user_id: object) -> Account:
        """The account of a bare user id, on the platform this manager was made for."""
        local = Account.local(user_id)
        return Account(self._platform, local.user_id)

    # ------------------------------------------------------------------ inside a transaction

    def remember_in(self, tx: Transaction, account: str, standing: Standing) -> None:
        """:meth:`remember` inside a transaction; call it before anything is set aside there.

        Raises Refused for an account that is being forgotten.
        """
        if allowances.remember_in(tx, account, standing, self.now_ms()):
            erasure.refuse_writing(tx, account)

    def allowance_in(self, tx: Transaction, account: str) -> Allowance:
        """:meth:`allowance` inside a transaction: one statement."""
        return self.bounds_in(tx, account).allowance

    def bounds_in(self, tx: Transaction, account: str) -> Bounds:
        """All limits an account meets, the house's too: look once, then check (``.allowance``) and reserve."""
        return self._allowances.bounds_in(tx, account)

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
        bounds: Bounds | None = None,
        token: TokenLimit | None = None,
    ) -> bool:
        """Set a need aside for ``seconds``, or raise QuotaExceeded. False: this id is reserved already.

        ``bounds``: the account's, where they were looked up in this transaction already. ``token``: the one it is
        asked for with, if that has a limit of its own. Raises Refused for an account that is being forgotten.
        """
        now_ms = self.now_ms()
        charges = (bounds or self.bounds_in(tx, account)).charges(need)
        if token is not None and need.images:
            meter, limit = token_meter(token.token_id), token.images_per_day
            charges.append(Charge(account=account, meter=meter, amount=need.images, limit=limit))
        return ledger.reserve(
            tx,
            reservation_id=reservation_id,
            account=account,
            charges=charges,
            now_ms=now_ms,
            expires_at_ms=now_ms + int(seconds * 1000),
            blob_key=blob_key,
            blob_sha256=blob_sha256,
        )

    def extend_in(self, tx: Transaction, account: str, reservation_id: str, need: Need) -> bool:
        """Set more aside for an open reservation, or raise QuotaExceeded."""
        return ledger.extend(tx, reservation_id, self.bounds_in(tx, account).charges(need), self.now_ms())

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
        limit = self._allowances.bounds_in(tx, account).limit(account, BYTES)
        ledger.take(tx, [Charge(account=account, meter=BYTES, amount=size_bytes, limit=limit)], self.now_ms())

    def free_own_in(self, tx: Transaction, account: str, size_bytes: int) -> None:
        """Stop counting for an account bytes that the house goes on counting."""
        ledger.give_back(tx, account, BYTES, size_bytes)

    def status_in(self, tx: Transaction, account: str) -> QuotaStatus:
        """:meth:`status` inside a transaction: two statements."""
        now_ms = self.now_ms()
        bounds = self.bounds_in(tx, account)
        all_used = ledger.all_used_in(tx, account, now_ms)

        def usage(owner: str, meter: str) -> Usage:
            one_more = self.defaults.picture_bytes if meter == BYTES else 1
            used, period = all_used[owner, meter]
            return Usage(
                used=used,
                limit=bounds.limit(owner, meter),
                one_more=one_more,
                resets_at_ms=period_ends_ms(meter, period),
            )

        def usage_if_limited(meter: str) -> Usage | None:
            return usage(account, meter) if bounds.limit(account, meter) < NO_LIMIT else None

        images = usage(account, IMAGES_PER_DAY)
        return QuotaStatus(
            house_bytes=usage(HOUSE, BYTES),
            bytes=usage(account, BYTES),
            images=images,
            hour=usage_if_limited(IMAGES_PER_HOUR),
            month=usage_if_limited(IMAGES_PER_MONTH),
            tier=bounds.allowance.tier,
            resets_at_ms=images.resets_at_ms or now_ms,
            now_ms=now_ms,
        )

    def now_ms(self) -> int:
        """The manager's clock, epoch milliseconds."""
        return int(self._clock() * 1000)

    # ------------------------------------------------------------------ inside

    def _give_tier(self, tx: Transaction, account: str, tier: str) -> None:
        erasure.refuse_writing(tx, account)
        allowances.give_tier(tx, account, tier, self.now_ms())

    def _reset_day(self, tx: Transaction, account: str) -> None:
        for meter in (IMAGES_PER_DAY, IMAGES_PER_HOUR):
            ledger.reset(tx, account, meter, self.now_ms())


def _spent(share: Need, actual: Need) -> dict[Counter, Spent]:
    images = Spent(share=share.images, actual=actual.images)
    money = Spent(share=share.millicredits, actual=actual.millicredits)
    own, house = False, True
    return {
        (own, IMAGES_PER_MONTH): images,
        (own, IMAGES_PER_DAY): images,
        (own, IMAGES_PER_HOUR): images,
        (own, BYTES): Spent(share=share.size_bytes, actual=actual.size_bytes),
        (own, CREDITS_PER_DAY): money,
        (own, CREDITS_PER_MONTH): money,
        (house, BYTES): Spent(
            share=share.size_bytes + share.temporary_bytes, actual=actual.size_bytes + actual.temporary_bytes
        ),
        (house, CREDITS_PER_DAY): money,
        (house, CREDITS_PER_MONTH): money,
    }


def _largest(tx: Transaction, limit: int, skip: int) -> list[str]:
    rows = tx.rows(
        "SELECT account, MAX(CASE WHEN meter = 'bytes' THEN used ELSE 0 END) AS used FROM counters "
        "WHERE account <> '' GROUP BY account ORDER BY used DESC, account "
        "LIMIT :limit OFFSET :skip",
        limit=limit,
        skip=skip,
    )
    return [str(row["account"]) for row in rows]


def _set_limit(tx: Transaction, account: str, meter: str, amount: int | None) -> None:
    if amount is None:
        tx.execute("DELETE FROM limits WHERE account = :account AND meter = :meter", account=account, meter=meter)
        return
    tx.execute(
        "INSERT INTO limits (account, meter, amount) VALUES (:account, :meter, :amount) "
        "ON CONFLICT (account, meter) DO UPDATE SET amount = excluded.amount",
        account=account, meter=meter, amount=amount,
    )  # fmt: skip
    erasure.refuse_writing(tx, account)
