"""Why an account may do what it may: tiers, limits, what is used and what is set aside, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from abby_core.quota import ledger
from abby_core.quota.account import HOUSE
from abby_core.quota.allowances import Allowances, Bounds
from abby_core.quota.ledger import OpenReservation
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    METERS,
    NO_LIMIT,
    Hold,
    period_ends_ms,
)
from abby_core.quota.refusal import duration
from abby_core.quota.rules import Rules
from abby_core.quota.rules_text import WHAT
from abby_core.quota.standing import Standing
from abby_core.quota.status import Usage
from abby_core.quota.tier import GENEROUS, METER_LIMITS, Allowance, Tier, givers, picture_size, resolve
from abby_core.sentence import plural, sentence

if TYPE_CHECKING:
    from abby_core.database.transaction import Transaction

RESERVATIONS_MAX = 200
"""How many are listed: more than one account may have waiting by default."""
LIMIT_NAMES = {
    "images_per_hour": sentence("Pictures per hour"),
    "images_per_day": sentence("Pictures per day"),
    "images_per_month": sentence("Pictures per month"),
    "storage_bytes": sentence("Storage"),
    "millicredits_per_day": sentence("Credits per day"),
    "millicredits_per_month": sentence("Credits per month"),
    "picture_pixels_max": sentence("Largest picture"),
    "pictures_max": sentence("Pictures in one order"),
    "running_max": sentence("Orders running at once"),
    "waiting_max": sentence("Orders waiting"),
    "priority": sentence("Priority"),
    "keep_days": sentence("Pictures are kept"),
    "providers": sentence("Providers"),
    "models": sentence("Models"),
}
"""Every limit of an allowance in people's words, in the order in which they read them."""
_METER_NAMES = {
    IMAGES_PER_HOUR: sentence("Pictures this hour"),
    IMAGES_PER_DAY: sentence("Pictures today"),
    IMAGES_PER_MONTH: sentence("Pictures this month"),
    BYTES: sentence("Storage"),
    CREDITS_PER_DAY: sentence("Credits today"),
    CREDITS_PER_MONTH: sentence("Credits this month"),
}
_SETTINGS = sentence("the host's settings")
_ADMINISTRATOR = sentence("an administrator")
_EVERYBODYS = {
    IMAGES_PER_HOUR: sentence("Everybody's pictures this hour"),
    IMAGES_PER_DAY: sentence("Everybody's pictures today"),
    IMAGES_PER_MONTH: sentence("Everybody's pictures this month"),
    BYTES: sentence("Everybody's storage"),
    CREDITS_PER_DAY: sentence("Everybody's credits today"),
    CREDITS_PER_MONTH: sentence("Everybody's credits this month"),
}
_NO_LIMITS = Allowance()


@dataclass(frozen=True, kw_only=True)
class Given:
    """One limit: its value (in the allowance's unit, and as people read it), and what gave it."""

    limit: str
    value: int | frozenset[str] | str
    text: str
    source: str
    otherwise: str = ""
    """Where an administrator set it: what it would be without that."""

    @property
    def says_something(self) -> bool:
        """Whether it limits anything, or a rule of the host says that it does not."""
        return self.source != _SETTINGS or self.value != getattr(_NO_LIMITS, self.limit)


@dataclass(frozen=True, kw_only=True)
class Metered:
    """What is used of one limit; ``house``: by everybody together."""

    meter: str
    house: bool
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything that decides what one account may do now. Times are epoch milliseconds."""

    account: str
    now_ms: int
    standing: Standing
    tiers: tuple[tuple[str, tuple[str, ...]], ...]
    """The tiers that apply, the default one last, each with the reasons why."""
    given: tuple[Given, ...]
    weights: dict[str, int]
    metered: tuple[Metered, ...]
    reservations: tuple[OpenReservation, ...]

    def sentences(self) -> Iterator[tuple[str, list[str]]]:
        """Headings, each with its sentences."""
        yield sentence("Tiers"), [_tier(name, reasons) for name, reasons in self.tiers]
        limits = [_limit(given) for given in self.given if given.says_something]
        for model, weight in self.weights.items():
            limits.append(sentence("A picture by {model} counts as {weight}.", model=model, weight=weight))
        yield sentence("Limits"), limits
        yield sentence("Used"), [_used(metered, self.now_ms) for metered in self.metered]
        held = [_reserved(reservation, self.now_ms) for reservation in self.reservations]
        yield sentence("Set aside"), held or [sentence("Nothing is set aside.")]

    def as_dict(self) -> dict[str, Any]:
        """The same for programs; amounts in the meters' units, NO_LIMIT as null."""
        return {
            "account": self.account,
            "standing": {
                "roles": sorted(self.standing.roles),
                "groups": sorted(self.standing.groups),
                "server": self.standing.guild,
                "level": self.standing.level,
                "owner": self.standing.owner,
            },
            "tiers": [{"name": name, "reasons": list(reasons)} for name, reasons in self.tiers],
            "limits": [
                {"limit": given.limit, "value": _plain(given.value), "text": given.text, "source": given.source,
                 "otherwise": given.otherwise or None}
                for given in self.given
            ],
            "weights": self.weights,
            "used": [
                {"meter": metered.meter, "house": metered.house, "used": metered.usage.used,
                 "limit": _plain(metered.usage.limit), "resets_at": _iso(metered.usage.resets_at_ms)}
                for metered in self.metered
            ],
            "reservations": [
                {"id": reservation.id, "order_state": reservation.order_state or None,
                 "holds": [{"meter": hold.meter, "amount": hold.amount} for hold in _own(reservation)],
                 "since": _iso(reservation.created_at_ms),
                 "frees_at": None if reservation.order_state else _iso(reservation.expires_at_ms)}
                for reservation in self.reservations
            ],
        }  # fmt: skip


def explain_in(tx: Transaction, allowances: Allowances, account: str, now_ms: int) -> Explanation:
    """Look everything up that decides what an account may do: four statements."""
    rules, bounds = allowances.rules, allowances.bounds_in(tx, account)
    standing = allowances.standing_in(tx, account)
    return Explanation(
        account=account,
        now_ms=now_ms,
        standing=standing,
        tiers=tuple((tier.name, tier.reasons(standing)) for tier in (*rules.applying(standing), rules.default)),
        given=tuple(_given_limits(bounds, rules, standing)),
        weights={key: bounds.allowance.weight(*key.rpartition("/")[::2]) for key in _weighed(bounds)},
        metered=tuple(_metered(bounds, ledger.all_used_in(tx, account, now_ms))),
        reservations=tuple(ledger.reservations_of(tx, account, limit=RESERVATIONS_MAX)),
    )


def _metered(bounds: Bounds, used: Mapping[tuple[str, str], tuple[int, int]]) -> Iterator[Metered]:
    """The account's meters, then those of everybody together; what is neither limited nor used is left out."""
    for owner in (bounds.account, HOUSE):
        for meter in _METER_NAMES:
            amount, period = used[owner, meter]
            limit = bounds.limit(owner, meter)
            is_counted = owner != HOUSE and meter not in {IMAGES_PER_HOUR, IMAGES_PER_MONTH}  # without a limit too
            if limit < NO_LIMIT or (is_counted and amount):
                usage = Usage(used=amount, limit=limit, one_more=1, resets_at_ms=period_ends_ms(meter, period))
                yield Metered(meter=meter, house=owner == HOUSE, usage=usage)


def _weighed(bounds: Bounds) -> list[str]:
    """The models, or models of one provider, of which a rule says what they count."""
    return sorted({key for weights in bounds.allowance.weights for key in weights})


def _given_limits(bounds: Bounds, rules: Rules, standing: Standing) -> Iterator[Given]:
    """Every limit of an account with what gave it."""
    tiers = [rules.default, *rules.applying(standing)]
    set_by_hand = {METER_LIMITS[meter] for meter in bounds.overrides}
    for limit in LIMIT_NAMES:
        by_tiers = _source(limit, bounds, tiers, standing)
        value, text = getattr(bounds.allowance, limit), value_text(limit, getattr(bounds.allowance, limit))
        if limit in set_by_hand:
            without = value_text(limit, getattr(bounds.by_tiers, limit))
            otherwise = sentence("{value}, from {source}", value=without, source=by_tiers)
            yield Given(limit=limit, value=value, text=text, source=_ADMINISTRATOR, otherwise=otherwise)
        else:
            yield Given(limit=limit, value=value, text=text, source=by_tiers)


def idle_lines(rules: Rules, host: Allowance) -> list[str]:
    """Lines of the file that change nothing, because everybody has more: nearly always not what was meant."""
    everybody = resolve(host, rules.default, ())
    keys = {limit: key for key, (limit, _) in WHAT.items()}
    idle: list[str] = []
    for tier in rules.tiers:
        for limit, more_generous in GENEROUS.items():
            stated, has = getattr(tier, limit), getattr(everybody, limit)
            if stated not in {None, has} and more_generous(stated, has) == has:
                texts = f"{value_text(limit, stated)}; everybody has {value_text(limit, has)}"
                idle.append(f"{keys[limit]} of tier {tier.name} changes nothing: it is {texts}.")
    return idle


def value_text(limit: str, value: Any) -> str:
    """A limit's value as people write it."""
    if value == NO_LIMIT:
        return sentence("unlimited")
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value))) or sentence("none")  # pyright: ignore[reportUnknownArgumentType]
    if limit.startswith("millicredits"):
        return f"{value / 1000:g}"
    if limit == "keep_days":
        return plural("{count} day", "{count} days", count=value) if value else sentence("forever")
    if limit == "picture_pixels_max":
        return picture_size(value)
    return size_text(value) if limit == "storage_bytes" else str(value)


def size_text(size_bytes: int) -> str:
    """``2 GB``, ``500 MB``, ``45.2 MB``; 1 MB is 2**20 bytes."""
    if size_bytes and size_bytes % 2**29 == 0:
        return sentence("{size:g} GB", size=size_bytes / 2**30)
    return sentence("{size:.12g} MB", size=round(size_bytes / 2**20, 1))


def _source(limit: str, bounds: Bounds, tiers: list[Tier], standing: Standing) -> str:
    """``tier gold (role 123)``: which tiers give an account its value of a limit, and why they apply."""
    if limit not in Tier.__dataclass_fields__:  # money: only an administrator limits an account's
        return _SETTINGS
    names: list[str] = [
        sentence("tier {tier} ({reasons})", tier=tier.name, reasons=_listed(tier.reasons(standing)))
        for tier in givers(bounds.by_tiers, limit, tiers)
    ]
    return reduce(_both, names) if names else _SETTINGS


def _listed(things: Iterable[str]) -> str:
    return reduce(_beside, things)


def _beside(one: str, other: str) -> str:
    return sentence("{one}, {other}", one=one, other=other)


def _both(one: str, other: str) -> str:
    return sentence("{one} and {other}", one=one, other=other)


def _tier(name: str, reasons: Iterable[str]) -> str:
    return sentence("{tier} applies: {reasons}.", tier=name, reasons=_listed(reasons))


def _limit(given: Given) -> str:
    name = LIMIT_NAMES[given.limit]
    if given.source != _ADMINISTRATOR:
        return sentence("{limit} {value}: from {source}.", limit=name, value=given.text, source=given.source)
    return sentence(
        "{limit} {value}: set by an administrator. It would be {otherwise}.",
        limit=name,
        value=given.text,
        otherwise=given.otherwise,
    )


def _used(metered: Metered, now_ms: int) -> str:
    usage, name = metered.usage, (_EVERYBODYS if metered.house else _METER_NAMES)[metered.meter]
    used = _amount(metered.meter, usage.used)
    if usage.limit >= NO_LIMIT:
        fact = sentence("{name}: {used} used, unlimited.", name=name, used=used)
    else:
        limit, left = _amount(metered.meter, usage.limit), _amount(metered.meter, usage.remaining)
        fact = sentence("{name}: {used} of {limit} used, {left} left.", name=name, used=used, limit=limit, left=left)
    if usage.resets_at_ms is None:
        return sentence("{fact} Deleting pictures frees it.", fact=fact)
    time = duration((usage.resets_at_ms - now_ms) / 1000)
    return sentence("{fact} Starts anew in {time}.", fact=fact, time=time)


def _amount(meter: str, amount: int) -> str:
    return value_text(METER_LIMITS[meter], amount)


def _reserved(reservation: OpenReservation, now_ms: int) -> str:
    amounts = {hold.meter: hold.amount for hold in _own(reservation)}
    meters = (IMAGES_PER_DAY, BYTES, CREDITS_PER_DAY)  # the other spans hold the same pictures and the same money
    what = [_thing(meter, amounts[meter]) for meter in meters if meter in amounts]
    held = sentence(
        "{things} for {time}",
        things=_listed(what) if what else sentence("nothing of this account"),
        time=duration((now_ms - reservation.created_at_ms) / 1000),
    )
    if reservation.order_state:
        return sentence(
            "Order {id} ({state}) has set aside {held}; what it does not use comes back when it ends.",
            id=reservation.id,
            state=reservation.order_state,
            held=held,
        )
    left = (reservation.expires_at_ms - now_ms) / 1000
    if left <= 0:
        return sentence(
            "A picture being saved has set aside {held}; if that was cut off, it comes back with the next cleanup.",
            held=held,
        )
    return sentence(
        "A picture being saved has set aside {held}; if that was cut off, it comes back in {time}.",
        held=held,
        time=duration(left),
    )


def _thing(meter: str, amount: int) -> str:
    if meter == IMAGES_PER_DAY:
        return plural("{count} picture", "{count} pictures", count=amount)
    text = _amount(meter, amount)
    return sentence("{amount} credits", amount=text) if meter == CREDITS_PER_DAY else text


def _own(reservation: OpenReservation) -> list[Hold]:
    """What is set aside of the account's own limits; what counts for a token as well is among it already."""
    return [hold for hold in reservation.holds if hold.account != HOUSE and hold.amount and hold.meter in METERS]


def _plain(value: int | frozenset[str] | str) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return None if value == NO_LIMIT else value


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
