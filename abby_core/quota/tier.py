"""Tiers and what follows from them: of every limit the most generous value among the tiers that apply (pure).

    Standing ──► the tiers that apply ──► Allowance        (an administrator's own limits above all)

A tier says nothing about the limits it does not mention. What the ``default`` tier does not mention is as the
host's settings say. Adding a tier to somebody therefore never takes anything from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isqrt
from typing import Any, Literal, TypeAlias

from abby_core.errors import Choice, NotAllowed
from abby_core.quota.limits import Defaults
from abby_core.quota.meter import (
    BYTES,
    CREDITS_PER_DAY,
    CREDITS_PER_MONTH,
    IMAGES_PER_DAY,
    IMAGES_PER_HOUR,
    IMAGES_PER_MONTH,
    NO_LIMIT,
)
from abby_core.quota.standing import Standing
from abby_core.sentence import Sentence, plural, sentence

Names: TypeAlias = frozenset[str] | Literal["all"]
"""Which providers or models: these (in lower case), or all there are."""
Weights: TypeAlias = Mapping[str, int]
"""What one picture counts on the meters of images, by ``model`` or ``provider/model`` in lower case; else it is 1."""
DEFAULT_TIER = "default"
FOREVER = 0
"""Of ``keep_days``: pictures stay until their owner removes them."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A named set of limits, and who has it. None: it says nothing about that limit. See :class:`Allowance`."""

    name: str
    roles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    guilds: frozenset[str] = frozenset()
    min_level: int | None = None
    owner: bool = False
    images_per_hour: int | None = None
    images_per_day: int | None = None
    images_per_month: int | None = None
    storage_bytes: int | None = None
    picture_pixels_max: int | None = None
    pictures_max: int | None = None
    running_max: int | None = None
    waiting_max: int | None = None
    priority: int | None = None
    keep_days: int | None = None
    providers: Names | None = None
    models: Names | None = None
    weights: Weights = field(default_factory=dict[str, int])

    def reasons(self, standing: Standing) -> tuple[str, ...]:
        """Why it applies to somebody of that standing, in words; empty: it does not."""
        if self.name == DEFAULT_TIER:
            return (sentence("everybody"),)
        reasons: list[str] = [sentence("role {role}", role=role) for role in sorted(self.roles & standing.roles)]
        reasons += [sentence("group {group}", group=group) for group in sorted(self.groups & standing.groups)]
        reasons += [sentence("server {server}", server=standing.guild)] if standing.guild in self.guilds else []
        if self.min_level is not None and standing.level >= self.min_level:
            reasons.append(sentence("level {level}, from {least} on", level=standing.level, least=self.min_level))
        reasons += [sentence("owner")] if self.owner and standing.owner else []
        reasons += [sentence("given by an administrator")] if standing.tier == self.name else []
        return tuple(reasons)


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Everything that one account may do. ``NO_LIMIT`` where nothing limits it.

    ``picture_pixels_max`` is width × height of one picture, ``pictures_max`` pictures in one order, ``running_max`` and
    ``waiting_max`` orders; a larger ``priority`` goes first; ``keep_days`` 0 is forever. ``tier`` names the tiers that
    apply besides the default one: ``gold+booster``.
    """

    tier: str = DEFAULT_TIER
    images_per_hour: int = NO_LIMIT
    images_per_day: int = NO_LIMIT
    images_per_month: int = NO_LIMIT
    storage_bytes: int = NO_LIMIT
    millicredits_per_day: int = NO_LIMIT
    millicredits_per_month: int = NO_LIMIT
    picture_pixels_max: int = NO_LIMIT
    pictures_max: int = NO_LIMIT
    running_max: int = NO_LIMIT
    waiting_max: int = NO_LIMIT
    priority: int = 0
    keep_days: int = FOREVER
    providers: Names = "all"
    models: Names = "all"
    weights: tuple[Weights, ...] = ()
    """Everybody's, then those of the tiers that apply: the smallest counts."""

    def limit(self, meter: str) -> int:
        """The limit on one meter, in the meter's unit."""
        limit: int = getattr(self, METER_LIMITS[meter])
        return limit

    def overridden(self, by_meter: Mapping[str, int]) -> Allowance:
        """With an administrator's limits, which stand above every tier."""
        return replace(self, **{METER_LIMITS[meter]: amount for meter, amount in by_meter.items()})

    def weight(self, provider: str, model: str) -> int:
        """What one picture by that model counts on the meters of images; 1 or more."""
        if not self.weights:
            return 1
        own, name = f"{provider}/{model}".lower(), model.lower()
        everybody, *tiers = (weights.get(own, weights.get(name)) for weights in self.weights)
        return min(everybody or 1, *(weight for weight in tiers if weight), NO_LIMIT)

    def allows(self, provider: str, model: str) -> bool:
        """Whether pictures by that model of that provider may be asked for."""
        return _includes(self.providers, provider) and (
            _includes(self.models, model) or _includes(self.models, f"{provider}/{model}")
        )

    def check(self, *, provider: str, model: str, pictures: int = 1, width: int = 0, height: int = 0) -> None:
        """Raise NotAllowed, saying what may be asked for instead, if an order is more than this allowance includes.

        ``width`` and ``height`` are those of one picture in pixels, 0 where they are not known. The meters, which
        depend on what was used before, are the ledger's.
        """
        if not _includes(self.providers, provider):
            raise NotAllowed(_no_provider(provider, self.providers), limit="providers")
        if not self.allows(provider, model):
            raise NotAllowed(_no_model(model, self.models), limit="models")
        if pictures > self.pictures_max:
            text = plural("Ask for {count} picture.", "Ask for {count} pictures.", count=self.pictures_max)
            choice = Choice(kind="fewer", text=text, pictures=self.pictures_max)
            message = plural(
                "Your tier allows {count} picture at a time; ask for fewer.",
                "Your tier allows {count} pictures at a time; ask for fewer.",
                count=self.pictures_max,
            )
            raise NotAllowed(message, limit="pictures_max", choices=(choice,))
        if width * height > self.picture_pixels_max:
            largest = picture_size(self.picture_pixels_max)
            text = sentence("Ask for {size} or less, in any shape.", size=largest)
            choice = Choice(kind="smaller", text=text)
            message = sentence("Your tier allows pictures up to {size}; ask for a smaller one.", size=largest)
            raise NotAllowed(message, limit="largest_picture", choices=(choice,))


def host_allowance(defaults: Defaults) -> Allowance:
    """What the host's settings give to everybody, before any tier."""
    return Allowance(
        images_per_day=defaults.images_per_day,
        storage_bytes=defaults.account_bytes,
        running_max=defaults.running_max,
        waiting_max=defaults.waiting_max,
    )


def resolve(host: Allowance, default: Tier, tiers: Sequence[Tier]) -> Allowance:
    """The most generous value of each limit over the default tier and all ``tiers``, which apply."""
    values: dict[str, Any] = {name: value for name in GENEROUS if (value := getattr(default, name)) is not None}
    everybody = replace(host, **values)
    values = {name: getattr(everybody, name) for name in GENEROUS}
    for tier in tiers:
        for name, more_generous in GENEROUS.items():
            stated = getattr(tier, name)
            if stated is not None:
                values[name] = more_generous(values[name], stated)
    names = "+".join(tier.name for tier in tiers) or DEFAULT_TIER
    weights = tuple(tier.weights for tier in (default, *tiers))
    return replace(everybody, **values, tier=names, weights=weights if any(weights) else ())


def givers(allowance: Allowance, name: str, tiers: Sequence[Tier]) -> list[Tier]:
    """Which of the tiers that apply give somebody their value of a limit; none: the host's settings do."""
    value = getattr(allowance, name)
    stated = [(tier, getattr(tier, name)) for tier in tiers if getattr(tier, name) is not None]
    is_union = isinstance(value, frozenset)
    return [tier for tier, its in stated if is_union or its == value]


def picture_size(pixels: int) -> str:
    """A number of pixels as people know pictures: ``1536 × 1536``, ``2.1 megapixels (1448 × 1448)``."""
    side = isqrt(pixels)
    square = f"{side} × {side}"
    if side * side == pixels:
        return square
    return sentence("{megapixels:.1f} megapixels ({square})", megapixels=pixels / 1e6, square=square)


def _includes(names: Names, name: str) -> bool:
    return names == "all" or name.lower() in names


def _no_provider(name: str, allowed: Names) -> Sentence:
    if not allowed:
        return sentence("Your tier does not include the provider {name!r}; it includes no provider at all.", name=name)
    names = ", ".join(sorted(allowed))
    return sentence("Your tier does not include the provider {name!r}; choose one of: {names}.", name=name, names=names)


def _no_model(name: str, allowed: Names) -> Sentence:
    if not allowed:
        return sentence("Your tier does not include the model {name!r}; it includes no model at all.", name=name)
    names = ", ".join(sorted(allowed))
    return sentence("Your tier does not include the model {name!r}; choose one of: {names}.", name=name, names=names)


def _longest(one: int, other: int) -> int:
    return FOREVER if FOREVER in {one, other} else max(one, other)


def _union(one: Names, other: Names) -> Names:
    return "all" if one == "all" or other == "all" else one | other


GENEROUS: Mapping[str, Callable[[Any, Any], Any]] = {
    "images_per_hour": max,
    "images_per_day": max,
    "images_per_month": max,
    "storage_bytes": max,
    "picture_pixels_max": max,
    "pictures_max": max,
    "running_max": max,
    "waiting_max": max,
    "priority": max,
    "keep_days": _longest,
    "providers": _union,
    "models": _union,
}
"""Every limit a tier may state, with what chooses the more generous of two values."""
METER_LIMITS: Mapping[str, str] = {
    IMAGES_PER_HOUR: "images_per_hour",
    IMAGES_PER_DAY: "images_per_day",
    IMAGES_PER_MONTH: "images_per_month",
    BYTES: "storage_bytes",
    CREDITS_PER_DAY: "millicredits_per_day",
    CREDITS_PER_MONTH: "millicredits_per_month",
}
"""Which limit holds on which meter."""
