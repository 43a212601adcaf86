"""Tiers: of every limit the most generous value among those that apply; nobody loses by getting one more."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abby_core.errors import NotAllowed
from abby_core.quota.limits import Defaults
from abby_core.quota.meter import BYTES, CREDITS_PER_DAY, IMAGES_PER_DAY, IMAGES_PER_HOUR, METERS, NO_LIMIT
from abby_core.quota.standing import NOBODY, Standing, decode, encode
from abby_core.quota.tier import GENEROUS, METER_LIMITS, Allowance, Tier, givers, host_allowance, resolve

MODELS = ("core", "ultra", "fast")
names: st.SearchStrategy[Any] = st.one_of(st.just("all"), st.frozensets(st.sampled_from(MODELS)))
counts = st.one_of(st.just(NO_LIMIT), st.integers(0, 20))
LIMITS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(GENEROUS, counts),
    "priority": st.integers(-5, 5),
    "providers": names,
    "models": names,
}
weights = st.dictionaries(st.sampled_from([*MODELS, "stability/ultra", "painter/core"]), st.integers(1, 9))
tiers = st.builds(
    Tier,
    name=st.sampled_from(["gold", "silver", "booster"]),
    weights=weights,
    **{name: st.none() | values for name, values in LIMITS.items()},
)
defaults = st.builds(Defaults, images_per_day=st.integers(0, 20), account_bytes=st.integers(0, 20))


def at_least_as_generous(name: str, value: Any, other: Any) -> bool:
    """Written a second time, in another way than the code that is tested."""
    if name in {"providers", "models"}:
        return value == "all" or (other != "all" and value >= other)
    if name == "keep_days":
        return value == 0 or (other != 0 and value >= other)
    return value >= other


@given(defaults, tiers, st.lists(tiers, max_size=4), tiers)
def test_adding_a_tier_never_makes_any_limit_less_generous(
    host: Defaults, default: Tier, some: list[Tier], one_more: Tier
) -> None:
    before = resolve(host_allowance(host), default, some)
    after = resolve(host_allowance(host), default, [*some, one_more])
    for name in GENEROUS:
        assert at_least_as_generous(name, getattr(after, name), getattr(before, name)), name
    for provider in ("stability", "painter"):
        for model in MODELS:
            assert after.weight(provider, model) <= before.weight(provider, model)
            assert after.allows(provider, model) >= before.allows(provider, model)


@given(tiers, st.lists(tiers, max_size=4))
def test_every_limit_is_one_that_a_tier_states_and_none_is_more_generous(default: Tier, some: list[Tier]) -> None:
    host = host_allowance(Defaults())
    found = resolve(host, default, some)
    for name in set(GENEROUS) - {"providers", "models"}:
        everybody = getattr(host if getattr(default, name) is None else default, name)
        stated = [getattr(tier, name) for tier in some if getattr(tier, name) is not None] + [everybody]
        assert getattr(found, name) in stated
        assert all(at_least_as_generous(name, getattr(found, name), value) for value in stated)


@given(tiers, st.lists(tiers, max_size=4))
def test_who_gives_a_limit_says_that_very_value(default: Tier, some: list[Tier]) -> None:
    found = resolve(host_allowance(Defaults()), default, some)
    for name in GENEROUS:
        value = getattr(found, name)
        for tier in givers(found, name, some):
            assert getattr(tier, name) == value or getattr(tier, name) <= value


@given(st.permutations(["a", "b", "c"]), st.lists(tiers, min_size=3, max_size=3))
def test_the_order_of_the_tiers_decides_nothing(order: list[str], some: list[Tier]) -> None:
    host, default = host_allowance(Defaults()), Tier(name="default")
    found = resolve(host, default, some)
    turned = resolve(host, default, [some["abc".index(letter)] for letter in order])
    assert all(getattr(found, name) == getattr(turned, name) for name in GENEROUS)
    assert all(found.weight("stability", model) == turned.weight("stability", model) for model in MODELS)


def test_without_tiers_the_hosts_settings_hold() -> None:
    found = resolve(host_allowance(Defaults()), Tier(name="default"), [])
    assert found == Allowance(images_per_day=5, storage_bytes=500 * 2**20, running_max=1, waiting_max=100)
    assert found.weight("stability", "ultra") == 1
    assert found.allows("anything", "whatever")


def test_every_limit_of_a_tier_is_one_of_an_allowance() -> None:
    assert {field.name for field in fields(Tier)} >= set(GENEROUS)
    assert {field.name for field in fields(Allowance)} >= set(GENEROUS) | set(METER_LIMITS.values())
    assert set(METER_LIMITS) == set(METERS)


@pytest.mark.parametrize(
    ("tier", "standing", "reasons"),
    [
        (Tier(name="gold", roles=frozenset({"1", "2"})), Standing(roles=frozenset({"2", "3"})), ("role 2",)),
        (Tier(name="gold", groups=frozenset({"friends"})), Standing(groups=frozenset({"friends"})), ("group friends",)),
        (Tier(name="gold", guilds=frozenset({"9"})), Standing(guild="9"), ("server 9",)),
        (Tier(name="gold", min_level=10), Standing(level=10), ("level 10, from 10 on",)),
        (Tier(name="gold", min_level=10), Standing(level=9), ()),
        (Tier(name="gold", min_level=0), NOBODY, ("level 0, from 0 on",)),
        (Tier(name="gold", owner=True), Standing(owner=True), ("owner",)),
        (Tier(name="gold", owner=True), NOBODY, ()),
        (Tier(name="gold", owner=False), Standing(owner=True), ()),
        (Tier(name="gold", guilds=frozenset({"9"})), NOBODY, ()),
        (Tier(name="default"), NOBODY, ("everybody",)),
        (
            Tier(name="gold", roles=frozenset({"1"}), min_level=3, owner=True),
            Standing(roles=frozenset({"1"}), level=5, owner=True),
            ("role 1", "level 5, from 3 on", "owner"),
        ),
    ],
)
def test_a_tier_applies_to_whoever_fits_one_of_its_lines(
    tier: Tier, standing: Standing, reasons: tuple[str, ...]
) -> None:
    assert tier.reasons(standing) == reasons
    assert decode(encode(standing)) == standing


def test_what_an_administrator_set_stands_above_all_tiers() -> None:
    allowance = Allowance(images_per_day=50, storage_bytes=1000)
    own = allowance.overridden({IMAGES_PER_DAY: 1, IMAGES_PER_HOUR: 2, BYTES: 3, CREDITS_PER_DAY: 4})
    assert [own.limit(meter) for meter in (IMAGES_PER_DAY, IMAGES_PER_HOUR, BYTES, CREDITS_PER_DAY)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("asked", "limit", "sentence"),
    [
        ({"provider": "stability"}, "providers",
         "Your tier does not include the provider 'stability'; choose one of: openai, painter."),
        ({"model": "ultra"}, "models",
         "Your tier does not include the model 'ultra'; choose one of: core, painter/demo."),
        ({"pictures": 3}, "pictures_max", "Your tier allows 2 pictures at a time; ask for fewer."),
        ({"width": 2048, "height": 1153}, "largest_picture",
         "Your tier allows pictures up to 1536 × 1536; ask for a smaller one."),
    ],
)  # fmt: skip
def test_more_than_a_tier_includes_is_refused_with_what_it_does_include(
    asked: dict[str, Any], limit: str, sentence: str
) -> None:
    allowance = Allowance(
        providers=frozenset({"painter", "openai"}), models=frozenset({"core", "painter/demo"}), pictures_max=2,
        picture_pixels_max=1536 * 1536,
    )  # fmt: skip
    fine: dict[str, Any] = {"provider": "painter", "model": "core", "pictures": 2, "width": 2304, "height": 1024}
    allowance.check(**fine)
    allowance.check(provider="painter", model="demo")
    with pytest.raises(NotAllowed) as refused:
        allowance.check(**{**fine, **asked})
    assert (refused.value.limit, str(refused.value)) == (limit, sentence)


def test_a_tier_that_includes_nothing_says_so() -> None:
    with pytest.raises(NotAllowed, match="it includes no provider at all"):
        Allowance(providers=frozenset()).check(provider="painter", model="demo")


def test_a_weight_may_be_said_of_a_model_or_of_one_providers_model() -> None:
    allowance = Allowance(weights=({"ultra": 4, "other/ultra": 2}, {"core": 9, "ultra": 3}))
    assert allowance.weight("stability", "ultra") == 3
    assert allowance.weight("other", "ultra") == 2
    assert allowance.weight("stability", "core") == 1  # for everybody it counts once, and no tier takes that away
