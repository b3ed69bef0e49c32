"""The figures of /metrics about providers: stops, health, and what passed between us and the vendors lately.

Latency and errors come from the exchange log, which keeps every order (the newest 1000 of a provider), each request
that a page made, and reads of the background work that failed; reads that went well are not kept there.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily

from callcenter.monitoring.figures import WINDOW, Value, age, family
from campaigns.models import Call
from providers.models import Provider, ProviderExchange
from providers.models.exchanges import KEPT_ORDERS, ORDER

LABELS = ("provider", "vendor")
QUANTILES = (0.5, 0.95, 1.0)


def providers(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield each provider in use: its stops, its last success and error, and its orders lately."""
    rows = list(Provider.objects.filter(is_active=True).defer("secrets"))
    names = {row.pk: (row.name, row.vendor) for row in rows}
    yield family(
        "provider_stopped",
        "1 while the provider is stopped: halted (key or credit), breaker (failures), frozen (after a restore).",
        (*LABELS, "stop"),
        (
            Value((*names[row.pk], stop), since is not None)
            for row in rows
            for stop, since in (
                ("halted", row.halted_at),
                ("breaker", row.breaker_opened_at),
                ("frozen", row.frozen_at),
            )
        ),
    )
    yield family(
        "provider_slowed_seconds",
        "Seconds for which the vendor still asks us to slow down.",
        LABELS,
        (Value(names[row.pk], row.slowed_for(now)) for row in rows),
    )
    yield family(
        "provider_failing",
        "1 while the last request to the vendor ended with an error.",
        LABELS,
        (Value(names[row.pk], row.has_error) for row in rows),
    )
    yield family(
        "provider_success_age_seconds",
        "Time since the vendor last answered well; missing where it never did.",
        LABELS,
        (Value(names[row.pk], age(now, row.last_success_at)) for row in rows if row.last_success_at),
    )
    # Counted here: for a GROUP BY SQLite would walk through the calls of all time, provider by provider.
    placed = Call.objects.filter(placing_at__gte=now - WINDOW).order_by()
    orders = Counter(placed.values_list("provider_id", flat=True).iterator())
    yield family(
        "orders",
        "Orders that passed the commit point in the last 5 minutes.",
        LABELS,
        (Value(names[row.pk], orders[row.pk]) for row in rows),
    )


def exchanges(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield the requests to each vendor in the last 5 minutes by outcome, and how long orders took."""
    counts: list[Value] = []
    times: list[Value] = []
    for pk, name, vendor in Provider.objects.filter(is_active=True).values_list("pk", "name", "vendor"):
        found = Counter[tuple[str, str]]()
        took: list[int] = []
        lately = ProviderExchange.objects.filter(provider=pk, at__gte=now - WINDOW).order_by("-id")
        for what, outcome, milliseconds in lately.values_list("what", "outcome", "duration_ms")[: 2 * KEPT_ORDERS]:
            kind = "order" if what == ORDER else "read"
            found[kind, outcome] += 1
            if kind == "order":
                took.append(milliseconds)
        counts += [Value((name, vendor, *key), number) for key, number in sorted(found.items())]
        times += [Value((name, vendor, f"{part:g}"), _quantile(took, part) / 1000) for part in QUANTILES if took]
    yield family(
        "vendor_requests",
        "Requests to the vendor in the last 5 minutes, by kind (order, read) and outcome (ok, or the error's class).",
        (*LABELS, "kind", "outcome"),
        counts,
    )
    yield family(
        "vendor_order_seconds",
        "How long the orders of the last 5 minutes took, by quantile; missing where there was none.",
        (*LABELS, "quantile"),
        times,
    )


def _quantile(numbers: Sequence[int], part: float) -> float:
    """Return the smallest number that at least this part of them does not exceed."""
    ordered = sorted(numbers)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]
