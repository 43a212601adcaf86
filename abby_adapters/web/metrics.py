"""``/metrics``: figures for Prometheus. Labels are ours alone: no names, no accounts, no prompts, no addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import Response

from abby_adapters.web.callers import Monitor
from abby_core.studio import Account

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from abby_core.bootstrap import Abby
    from abby_core.studio.queue_report import QueueReport

LAG_PROBE_SECONDS = 0.01
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


def routes(abby: Abby) -> APIRouter:
    """The path, over that Abby."""
    router = APIRouter(tags=["Probes"])

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response,
                responses={200: {"content": {"text/plain": {}}}})  # fmt: skip
    async def metrics(_: Monitor) -> Response:
        lag_seconds = await _loop_lag()
        queue = await abby.studio.queue(listed=0)
        return Response(await asyncio.to_thread(_text, abby, queue, lag_seconds), media_type=_TEXT)

    return router


async def _loop_lag() -> float:
    """How late the event loop is with what was to be done just now, seconds."""
    loop = asyncio.get_running_loop()
    due = loop.time() + LAG_PROBE_SECONDS
    await asyncio.sleep(LAG_PROBE_SECONDS)
    return max(0.0, loop.time() - due)


def _text(abby: Abby, queue: QueueReport, lag_seconds: float) -> bytes:
    """Everything in Prometheus's text format. Looks into the database: use a thread."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Figures(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from _of_now(abby, queue, lag_seconds)
            yield from _of_today(abby)
            yield from _of_ever(abby)
            yield from _of_this_process(abby)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return generate_latest(registry)


def _of_now(abby: Abby, queue: QueueReport, lag_seconds: float) -> Iterator[Metric]:
    house = abby.quota.status(Account.local("-")).house_bytes
    yield _gauge("abby_orders", "Orders that have not ended.", "state", waiting=queue.waiting, running=queue.running)
    yield _gauge("abby_deliveries_pending", "Endings that are still to be told to somebody.", value=queue.deliveries)
    yield _gauge("abby_storage_bytes", "What pictures take of the house's limit.", "kind", used=house.used,
                 limit=house.limit)  # fmt: skip
    yield _gauge("abby_loop_lag_seconds", "How late the event loop was just now.", value=lag_seconds)


def _of_today(abby: Abby) -> Iterator[Metric]:
    """What is in the database: of all processes, and also after a restart. Days are UTC days."""
    today = abby.statistics.report(1).total
    done = today.orders - today.failed - today.cancelled
    yield _gauge("abby_orders_today", "Orders of today (UTC) by how they ended.", "state", done=done,
                 failed=today.failed, cancelled=today.cancelled, refused=today.refused)  # fmt: skip
    yield _gauge("abby_pictures_today", "Pictures kept today (UTC).", value=today.pictures)
    yield _gauge("abby_picture_bytes_today", "Bytes of the pictures kept today (UTC).", value=today.size_bytes)
    yield _gauge("abby_credits_today", "The services' credits spent today (UTC).", value=today.millicredits / 1000)
    yield _gauge("abby_maybe_billed_orders_today", "Orders of today (UTC) that brought nothing and may cost.",
                 value=today.maybe_billed)  # fmt: skip


def _of_ever(abby: Abby) -> Iterator[Metric]:
    """Sums over all that is in the database: of all processes; they only grow, also over a restart."""
    ever = abby.statistics.ever()
    total = ever.total
    yield _counter("abby_orders_ended", "Orders that ended, by how.", "state", failed=total.failed,
                   done=total.orders - total.failed - total.cancelled, cancelled=total.cancelled)  # fmt: skip
    yield _counter("abby_refusals", "Orders that were refused, by what stood in the way.", "reason", **ever.refused)
    yield _counter("abby_pictures", "Pictures that orders brought.", value=total.pictures)
    yield _counter("abby_picture_bytes", "Bytes of the pictures that orders brought.", value=total.size_bytes)
    yield _counter("abby_credits", "The services' credits spent.", value=total.millicredits / 1000)
    yield _counter("abby_maybe_billed_orders", "Orders that brought nothing and may cost.", value=total.maybe_billed)


def _of_this_process(abby: Abby) -> Iterator[Metric]:
    """What is in no database: counted anew after a restart, which Prometheus notices."""
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    calls = HistogramMetricFamily("abby_provider_seconds", "How long calls to services took.", labels=["provider"])
    for provider, each in abby.measures.calls().items():
        bounds = [*map(str, each.bounds), "+Inf"]
        calls.add_metric([provider], list(zip(bounds, accumulate(each.classes), strict=True)), each.total_seconds)
    yield calls
    errors = CounterMetricFamily("abby_provider_errors", "Calls to services that failed.", labels=["provider", "error"])
    for labels, count in abby.measures.errors().items():
        errors.add_metric(list(labels), count)
    yield errors


def _gauge(name: str, says: str, label: str = "", *, value: float | None = None, **values: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    gauge: Any = GaugeMetricFamily(name, says, value=value, labels=[label] if label else None)
    for each, amount in values.items():
        gauge.add_metric([each], amount)
    return gauge


def _counter(name: str, says: str, label: str = "", *, value: float | None = None, **values: float) -> Metric:
    """Its samples get the ending ``_total``."""
    from prometheus_client.core import CounterMetricFamily

    counter: Any = CounterMetricFamily(name, says, value=value, labels=[label] if label else None)
    for each, amount in values.items():
        counter.add_metric([each], amount)
    return counter
