"""The figures of /metrics about calls, campaigns, files and the background work, read from the database.

Each function yields metric families, also those without a value now, so that a board knows every name. `now` is the
database's clock.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Min, Q
from prometheus_client.core import GaugeMetricFamily

from campaigns import queue
from campaigns.core import conditions, hosts
from campaigns.dialing.reservation import providers_with_work
from campaigns.models import Alert, Call, CallExport, Campaign, ContactImport, DialingSwitch, NoticeDelivery, WorkerHost
from campaigns.models.status_conditions import StatusIsMostly
from providers.types import FINAL, LIVE, CallStatus

WINDOW = datetime.timedelta(minutes=5)
"""What was placed, ended or refused "lately" is counted over this time; a gauge, because rows change and go."""

Moment = datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a family: the values of its labels, and the number."""

    labels: Sequence[str]
    number: float


def family(name: str, meaning: str, labels: Sequence[str], values: Iterable[Value]) -> GaugeMetricFamily:
    """Return a family of the product's own: `callcenter_<name>`."""
    made = GaugeMetricFamily(f"callcenter_{name}", meaning, labels=labels)
    for value in values:
        made.add_metric(value.labels, value.number)
    return made


def single(name: str, meaning: str, number: float) -> GaugeMetricFamily:
    """Return a family with one value and no labels."""
    return family(name, meaning, (), [Value((), number)])


def age(now: datetime.datetime, then: Moment) -> float:
    """Return the seconds since then; 0 where there was nothing."""
    return max((now - then).total_seconds(), 0.0) if then else 0.0


def calls(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield the open calls by status, those that ended lately, unknown ones and their age, and where calls are due."""
    counts = dict(Call.objects.live().order_by().values_list("status").annotate(Count("id")))
    counts[CallStatus.PENDING] = Call.objects.filter(status=CallStatus.PENDING).count()
    statuses = [CallStatus.PENDING, *(status for status in CallStatus if status in LIVE)]
    yield family(
        "calls",
        "Calls by status: those that wait, and those whose phone may ring.",
        ("status",),
        (Value((status.value,), counts.get(status, 0)) for status in statuses),
    )
    # Counted here: for a GROUP BY SQLite would walk through the whole index of statuses instead of the last minutes.
    lately = Call.objects.filter(StatusIsMostly(FINAL), changed_at__gte=now - WINDOW).order_by()
    ended = Counter(lately.values_list("status", flat=True).iterator())
    yield family(
        "calls_ended",
        "Calls whose last news of the last 5 minutes was their end, by status.",
        ("status",),
        (Value((status.value,), ended[status]) for status in CallStatus if status in FINAL),
    )
    unknown = Call.objects.unknown().aggregate(
        number=Count("id"), oldest=Min("placing_at"), decide=Count("id", filter=Q(needs_person_at__isnull=False))
    )
    yield single("unknown_calls", "Calls of which nobody knows yet whether they were placed.", unknown["number"])
    yield single("unknown_oldest_seconds", "Age of the oldest unknown call.", age(now, unknown["oldest"]))
    yield single("unknown_to_decide", "Unknown calls that wait for a person's decision.", unknown["decide"])
    silent = Call.objects.filter(conditions.no_news()).aggregate(number=Count("id"), oldest=Min("no_news_at"))
    yield single("calls_without_news", "Accepted calls of which the vendor tells nothing more.", silent["number"])
    yield single(
        "without_news_oldest_seconds", "Time since the oldest of them was given up.", age(now, silent["oldest"])
    )
    yield single(
        "providers_with_due_calls",
        "Providers that may call and have a call that is due, but may still have to wait for a line or for its hours.",
        len(providers_with_work(now)),
    )


def work(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield campaigns, imports and exports by status, stop-all, and alerts that nobody got."""
    shown = [status for status in Campaign.Status if status != Campaign.Status.DRAFT]
    campaigns = dict(Campaign.objects.filter(status__in=shown).order_by().values_list("status").annotate(Count("id")))
    yield family(
        "campaigns",
        "Campaigns by status, without drafts.",
        ("status",),
        (Value((status.value,), campaigns.get(status, 0)) for status in shown),
    )
    is_stopped = DialingSwitch.objects.filter(stopped_at__isnull=False).exists()
    yield single("stop_all", "1 while all calls are stopped by hand.", is_stopped)
    imports = dict(ContactImport.objects.order_by().values_list("status").annotate(Count("id")))
    yield family(
        "imports",
        "Imports by status.",
        ("status",),
        (Value((status.value,), imports.get(status, 0)) for status in ContactImport.Status),
    )
    saving = ContactImport.objects.filter(status=ContactImport.Status.SAVING).aggregate(oldest=Min("created_at"))
    yield single(
        "import_oldest_seconds", "Time since the upload of the oldest import being saved.", age(now, saving["oldest"])
    )
    open_exports = [CallExport.State.WAITING, CallExport.State.WRITING]
    exports = CallExport.objects.filter(state__in=open_exports).aggregate(number=Count("id"), oldest=Min("created_at"))
    yield single("exports_open", "Exports that wait or are being written.", exports["number"])
    yield single("export_oldest_seconds", "Age of the oldest export that is not ready.", age(now, exports["oldest"]))
    unsent = Alert.objects.filter(sent_at__isnull=True, cleared_at__isnull=True)
    waiting = unsent.aggregate(number=Count("id"), oldest=Min("raised_at"))
    failed = NoticeDelivery.objects.filter(sent_at__isnull=True, ended_at__isnull=True, tries__gt=0)
    messages = failed.aggregate(number=Count("id"), oldest=Min("notice__at"))
    oldest = min(filter(None, (waiting["oldest"], messages["oldest"])), default=None)
    yield single(
        "alerts_unsent",
        "Alerts that nobody was told of, and notices that could not be sent yet.",
        waiting["number"] + messages["number"],
    )
    yield single("alert_oldest_unsent_seconds", "Age of the oldest alert or notice not sent.", age(now, oldest))


def workers(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield the hosts whose worker was not ended in order, with their heartbeats."""
    rows = list(WorkerHost.objects.filter(ended_at=None))
    yield family(
        "worker_heartbeat_age_seconds",
        "Time since work last passed through a host's worker.",
        ("host",),
        (Value((row.name,), age(now, row.beat_at)) for row in rows),
    )
    yield family(
        "worker_info",
        "1 for each host's worker, with the version that it runs.",
        ("host", "version"),
        (Value((row.name, row.version), 1) for row in rows),
    )
    yield single("workers_alive", "Hosts whose worker lives.", hosts.living(now).count())


def messages(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield the length of the queue; apart from the hosts, because it may lie in Redis."""
    yield single("queue_length", "Messages in the queue that no worker took yet.", queue.length())


def version(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Yield the version of the web process that answers."""
    yield family(
        "build_info", "1, with the version of this web process.", ("version",), [Value((settings.VERSION,), 1)]
    )
