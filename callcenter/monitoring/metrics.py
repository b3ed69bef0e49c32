"""/metrics for Prometheus: figures from the database, so that all web processes and hosts tell the same."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from callcenter.monitoring import access, figures, provider_figures
from callcenter.monitoring.bounded_reads import bounded
from callcenter.monitoring.figures import Value, family
from campaigns.core.clock import DatabaseClock

logger = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
"""Several scrapers, and a curious person's reloads, share one reading."""
READ_SECONDS = 4.0
"""For all groups together: Prometheus gives up after 10 s by default."""

Group = Callable[[datetime], Iterator[GaugeMetricFamily]]

GROUPS: tuple[Group, ...] = (
    figures.version,
    figures.workers,
    figures.messages,
    provider_figures.providers,
    provider_figures.exchanges,
    figures.work,
    figures.calls,
)
"""What is cheap and needed most comes first; each fails alone."""


class DatabaseFigures(Collector):
    """Reads every group; one that fails or takes too long is left out, and told of as `callcenter_figures_read`."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families of all groups, then which of them could be read."""
        until = time.monotonic() + READ_SECONDS
        read: list[Value] = []
        for group in GROUPS:
            families = _read(group, until)
            read.append(Value((group.__name__,), families is not None))
            yield from families or ()
        yield family("figures_read", "1 where a group of figures could be read in time, 0 where not.", ("group",), read)


def _read(group: Group, until: float) -> list[GaugeMetricFamily] | None:
    try:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        with bounded(left):
            return list(group(DatabaseClock().now()))
    except Exception as error:
        # Neither the database's text nor a traceback: the next scrape, seconds later, would bring both again.
        logger.warning("metrics: %s could not be read (%s)", group.__name__, type(error).__name__)
        return None


class Reading:
    """The text of all metrics, kept for `KEPT_SECONDS`; threads that come meanwhile wait for the one that reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        self._registry.register(DatabaseFigures())
        self._text, self._read_at = b"", float("-inf")

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._text, self._read_at = generate_latest(self._registry), time.monotonic()
            return self._text

    def forget(self) -> None:
        """Read anew at the next request."""
        self._read_at = float("-inf")


READING = Reading()


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to whoever has METRICS_TOKEN or asks from METRICS_ADDRESSES; 404 where neither is set."""
    if not access.is_open():
        return HttpResponse("Metrics are off: set METRICS_TOKEN or METRICS_ADDRESSES.\n", "text/plain", 404)
    if not access.may_read(request):
        return HttpResponse("Not for you: METRICS_TOKEN is asked for, as a bearer token.\n", "text/plain", 403)
    return HttpResponse(READING.text(), CONTENT_TYPE_LATEST)
