"""Figures for Prometheus: right ones, for those who may see them, and nobody's name among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from abby_core.errors import ProviderError, QuotaExceeded
from tests.support.providers import FixedProvider, paid_provider
from tests.support.studio import ALICE, BOB, Clock, wish
from tests.support.web import Web, serving


def figures_in(text: str) -> dict[tuple[str, ...], float]:
    """By name and labels, as Prometheus reads them."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def figures(web: Web) -> dict[tuple[str, ...], float]:
    token = web.token(ALICE, scopes=("metrics",), by_host=True)
    async with web.http(token=token) as http, http.get("/metrics") as answer:
        return figures_in(await answer.text())


async def test_figures_tell_what_was_made_refused_and_how_long_it_took_and_name_nobody(tmp_path: Path) -> None:
    provider = FixedProvider(errors=(ProviderError("The oven is cold."),))
    async with serving(tmp_path, provider, max_user_daily_gens=2) as web:
        with pytest.raises(ProviderError):
            await web.abby.studio.create(wish("fails"))
        await web.abby.studio.create(wish("secret-order", prompt="a secret fox", pictures=2))
        with pytest.raises(QuotaExceeded):
            await web.abby.studio.create(wish("too-many"))
        token = web.token(ALICE, scopes=("metrics",), by_host=True)
        async with web.http(token=token) as http, http.get("/metrics") as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/plain")
        async with web.http() as http, http.get("/metrics") as answer:
            assert answer.status == 403
    found = figures_in(text)
    assert found["abby_orders_today", "done"] == found["abby_orders_today", "failed"] == 1
    assert found["abby_orders_today", "refused"] == found["abby_refusals_total", "images/day"] == 1
    assert found["abby_pictures_today",] == 2
    assert found["abby_provider_seconds_count", provider.name] == 3
    assert found["abby_provider_errors_total", "ProviderError", provider.name] == 1
    assert found["abby_storage_bytes", "used"] > 0
    assert found["abby_orders", "waiting"] == found["abby_deliveries_pending",] == 0
    assert found["abby_loop_lag_seconds",] >= 0
    assert not any(word in text for word in ("alice", "secret", "fox"))


async def test_what_only_grows_is_a_counter_over_midnight_a_restart_and_somebody_who_is_forgotten(
    tmp_path: Path,
) -> None:
    clock, provider = Clock(), paid_provider(1500)
    async with serving(tmp_path, provider, clock=clock, max_user_daily_gens=2) as web:
        await web.abby.studio.create(wish("o1", pictures=2))
        with pytest.raises(QuotaExceeded):
            await web.abby.studio.create(wish("o2"))
        first = await figures(web)
    expected = {
        ("abby_orders_ended_total", "done"): 1,
        ("abby_orders_ended_total", "failed"): 0,
        ("abby_orders_ended_total", "cancelled"): 0,
        ("abby_refusals_total", "images/day"): 1,
        ("abby_pictures_total",): 2,
        ("abby_credits_total",): 3,
    }
    assert {key: first[key] for key in expected} == expected
    assert first["abby_picture_bytes_total",] >= 2 * len(provider.data)
    provider.errors = (ProviderError("The oven is cold."),)
    async with serving(tmp_path, provider, clock=clock, max_user_daily_gens=2) as web:
        for _ in range(2):
            clock.skip(86_400)
            again = await figures(web)
            assert {key: again[key] for key in expected} == expected
            assert again["abby_pictures_today",] == 0
        with pytest.raises(ProviderError):
            await web.abby.studio.create(wish("o3", BOB))
        await web.abby.forgetting.forget(BOB)
        last = await figures(web)
    assert {key: last[key] for key in expected} == expected | {("abby_orders_ended_total", "failed"): 1}


async def test_counters_are_counters_to_prometheus_and_named_like_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        token = web.token(ALICE, scopes=("metrics",), by_host=True)
        async with web.http(token=token) as http, http.get("/metrics") as answer:
            families = list(text_string_to_metric_families(await answer.text()))
    counters = {family.name for family in families if family.type == "counter"}
    assert counters >= {f"abby_{name}" for name in ("orders_ended", "refusals", "pictures", "picture_bytes", "credits")}
    for family in families:
        assert all(sample.name.endswith("_total") == (family.type == "counter") for sample in family.samples)
        assert family.name.startswith("abby_")
