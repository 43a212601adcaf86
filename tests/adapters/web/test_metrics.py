"""Figures for Prometheus: right ones, for those who may see them, and nobody's name among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from abby_core.errors import ProviderError, QuotaExceeded
from tests.support.providers import FixedProvider
from tests.support.studio import ALICE, wish
from tests.support.web import serving


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
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["abby_orders_today", "done"] == found["abby_orders_today", "failed"] == 1
    assert found["abby_orders_today", "refused"] == found["abby_refusals_total", "images/day"] == 1
    assert found["abby_pictures_today",] == 2
    assert found["abby_provider_seconds_count", provider.name] == 3
    assert found["abby_provider_errors_total", "ProviderError", provider.name] == 1
    assert found["abby_storage_bytes", "used"] > 0
    assert found["abby_orders", "waiting"] == found["abby_deliveries_pending",] == 0
    assert found["abby_loop_lag_seconds",] >= 0
    assert not any(word in text for word in ("alice", "secret", "fox"))
