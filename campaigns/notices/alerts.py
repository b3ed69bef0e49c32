"""Alerts: conditions that need attention, such as a halted provider, a paused campaign, a call that stays unknown.

Each is raised once while its cause lasts, told once to everybody it concerns, and cleared when the cause is gone: then
it leaves the inboxes, and what was not sent yet is not sent any more.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.core import conditions, decision_kinds, hosts, raised_alerts
from campaigns.core.clock import has_passed, span
from campaigns.models import Alert, Call, Campaign, UnknownVendorCall
from campaigns.notices import deliveries, inbox, shared_alerts
from campaigns.notices.concerned import Cause
from campaigns.notices.kinds import KINDS
from providers.models import Provider
from providers.types import CallStatus

logger = logging.getLogger(__name__)

UNKNOWN_FOR = 3600
"""Seconds after which an unknown call raises an alert."""
UNCOMPARED_FOR = 600
"""Seconds after which a provider whose list could not be compared since a start raises an alert."""
TRY_AGAIN_AFTER = 300
"""Seconds before another look for somebody whom an alert concerns, where there was nobody."""
SILENT_FOR = 60
"""Seconds without any worker before it is told: a new start after an upgrade is none."""
QUIET_AFTER = 600
"""An alert of a silent worker lasts so many seconds, so that a worker that comes and goes is one incident."""
ALERTS_A_RUN = 500
"""Most alerts of one kind that a run raises, and most that it tells of."""

Kind = Alert.Kind


def alert(now: datetime.datetime) -> int:
    """Clear ended alerts, raise new ones, tell of the untold; returns of how many. Logs errors and never raises."""
    try:
        _clear(now)
        _raise(now)
        return _tell(now)
    except Exception:
        # An alert that fails must not stop the rest of the minute job; the next run tries again.
        logger.exception("alerts could not be raised or told")
        return 0


def tell_of_silence(now: datetime.datetime) -> int:
    """Alert where no worker runs on any host, or clear that; returns how many messages were sent, and never raises.

    The web process calls this, because then no worker can; it also sends what else is waiting to be sent.
    """
    try:
        told = Alert.objects.filter(kind=Kind.WORKER_SILENT, cleared_at__isnull=True)
        standing = hosts.standing()
        if standing.is_alive:
            over = told.filter(raised_at__lte=now - datetime.timedelta(seconds=QUIET_AFTER))
            if over.exists():
                raised_alerts.end(over, now)
            return 0
        if standing.silent_for is None or standing.silent_for < SILENT_FOR:
            return 0
        if not told.exists():
            fresh = Alert(kind=Kind.WORKER_SILENT, object_type="worker", object_id=0, raised_at=now)
            Alert.objects.bulk_create([fresh], ignore_conflicts=True)
        _tell(now)
        return deliveries.send(now)
    except Exception:
        logger.exception("whether a worker runs could not be told")
        return 0


# Finding what deserves an alert


def _providers() -> Q:
    return Q(halted_at__isnull=False, is_active=True)


def _frozen(now: datetime.datetime) -> Q:
    """Frozen, or waiting for the comparison of a start for so long that it will not end by itself."""
    long_ago = now - datetime.timedelta(seconds=UNCOMPARED_FOR)
    return (Q(frozen_at__isnull=False) | Q(uncompared_since__lte=long_ago)) & Q(is_active=True)


def _strangers() -> QuerySet[UnknownVendorCall]:
    return UnknownVendorCall.objects.filter(state=UnknownVendorCall.State.OPEN)


def _campaigns() -> Q:
    return Q(status=Campaign.Status.PAUSED, paused_by_system=True)


def _not_started() -> Q:
    return Q(status=Campaign.Status.DRAFT) & ~Q(start_refusal="")


def _silent(now: datetime.datetime) -> Q:
    return decision_kinds.BY_KEY["no_news"].condition(now)


def _unclear(now: datetime.datetime) -> Q:
    return decision_kinds.BY_KEY["opt_out"].condition(now)


def _calls(now: datetime.datetime) -> Q:
    return Q(status=CallStatus.UNKNOWN, placing_at__lte=now - span(UNKNOWN_FOR))


def _standing(kind: str) -> Exists:
    return Exists(Alert.objects.filter(kind=kind, object_id=OuterRef("pk"), cleared_at__isnull=True))


def _clear(now: datetime.datetime) -> None:
    """Mark alerts whose cause is gone as ended, whether they were sent or not."""
    standing = Alert.objects.filter(cleared_at__isnull=True)
    if not standing.exists():
        return
    gone = (
        (Kind.PROVIDER_HALTED, Provider.objects.filter(_providers(), pk=OuterRef("object_id"))),
        (Kind.PROVIDER_FROZEN, Provider.objects.filter(_frozen(now), pk=OuterRef("object_id"))),
        (Kind.UNMATCHED_CALLS, _strangers().filter(provider=OuterRef("object_id"))),
        (Kind.CAMPAIGN_PAUSED, _same_pause()),
        (Kind.START_REFUSED, Campaign.objects.filter(_not_started(), pk=OuterRef("object_id"))),
        (Kind.CALL_UNKNOWN, Call.objects.filter(status=CallStatus.UNKNOWN, pk=OuterRef("object_id"))),
        (Kind.NO_NEWS, Call.objects.filter(conditions.no_news(), pk=OuterRef("object_id"))),
        (Kind.OPT_OUT_UNCLEAR, Call.objects.filter(_unclear(now), pk=OuterRef("object_id"))),
    )
    for kind, lasting in gone:
        raised_alerts.end(standing.filter(~Exists(lasting), kind=kind), now)
    for name, lasts in shared_alerts.lasting():
        raised_alerts.end(standing.filter(~lasts, kind=name), now)
    # Whoever runs this is a worker: what was not told or sent need not be any more.
    silent = standing.filter(kind=Kind.WORKER_SILENT)
    raised_alerts.end(silent.filter(sent_at__isnull=True), now)
    inbox.end([raised_alerts.key_of(pk) for pk in silent.values_list("pk", flat=True)], now)


def _same_pause() -> QuerySet[Campaign]:
    """Return the campaigns not resumed since the alert: a pause after a resume is a new one with its own alert."""
    not_resumed = Q(watched_since__isnull=True) | Q(watched_since__lte=OuterRef("raised_at"))
    return Campaign.objects.filter(_campaigns(), not_resumed, pk=OuterRef("object_id"))


def _raise(now: datetime.datetime) -> None:
    """Insert alerts for new causes; idempotent, also when two workers run at the same time."""
    found: list[tuple[str, str, Collection[int]]] = [
        (Kind.PROVIDER_HALTED, "provider", _new(Provider.objects.filter(_providers()), Kind.PROVIDER_HALTED)),
        (Kind.PROVIDER_FROZEN, "provider", _new(Provider.objects.filter(_frozen(now)), Kind.PROVIDER_FROZEN)),
        (Kind.CAMPAIGN_PAUSED, "campaign", _new(Campaign.objects.filter(_campaigns()), Kind.CAMPAIGN_PAUSED)),
        (Kind.START_REFUSED, "campaign", _new(Campaign.objects.filter(_not_started()), Kind.START_REFUSED)),
        (Kind.CALL_UNKNOWN, "call", _new(Call.objects.filter(_calls(now)), Kind.CALL_UNKNOWN)),
        (Kind.NO_NEWS, "call", _new(Call.objects.filter(_silent(now)), Kind.NO_NEWS)),
        (Kind.OPT_OUT_UNCLEAR, "call", _new(Call.objects.filter(_unclear(now)), Kind.OPT_OUT_UNCLEAR)),
        *shared_alerts.fresh(),
    ]
    fresh = [
        Alert(kind=kind, object_type=object_type, object_id=pk, raised_at=now)
        for kind, object_type, pks in found
        for pk in pks
    ]
    if fresh:
        with transaction.atomic():
            Alert.objects.bulk_create(fresh, ignore_conflicts=True)
            shared_alerts.tell_others(fresh)


def _new(rows: QuerySet[Provider] | QuerySet[Campaign] | QuerySet[Call], kind: str) -> list[int]:
    return list(rows.filter(~_standing(kind)).order_by("pk").values_list("pk", flat=True)[:ALERTS_A_RUN])


# Telling people


def _tell(now: datetime.datetime) -> int:
    """Write the notices of alerts that nobody was told of; returns of how many alerts somebody is told now."""
    # A kind that only another version knows is told by a worker of that version.
    waiting = Alert.objects.filter(sent_at__isnull=True, cleared_at__isnull=True, kind__in=list(KINDS))
    free = Q(tried_at__isnull=True) | has_passed("tried_at", now - span(TRY_AGAIN_AFTER), span(TRY_AGAIN_AFTER))
    # The longest untried first: those that concern nobody who works here hold up no others.
    longest = F("tried_at").asc(nulls_first=True)
    ids = list(waiting.filter(free).order_by(longest, "pk").values_list("pk", flat=True)[:ALERTS_A_RUN])
    # Claimed by compare-and-set, so that only one worker tells. If it dies, the alerts are told after a while.
    taken = [pk for pk in ids if Alert.objects.filter(free, pk=pk, sent_at__isnull=True).update(tried_at=now)]
    if not taken:
        return 0
    untold = list(Alert.objects.filter(pk__in=taken).order_by("pk"))
    with transaction.atomic():
        heard = inbox.tell(_causes(untold), now)
        told = [one.pk for one in untold if heard[raised_alerts.key_of(one.pk)]]
        Alert.objects.filter(pk__in=told).update(sent_at=now)
    if len(told) < len(untold):
        logger.warning("%s alerts wait: they concern nobody who works here", len(untold) - len(told))
    return len(told)


def _causes(alerts: Sequence[Alert]) -> list[Cause]:
    reasons = _reasons(alerts)
    return [
        Cause(
            kind=one.kind,
            object_type=one.object_type,
            object_id=one.object_id,
            key=raised_alerts.key_of(one.pk),
            detail=reasons.get((one.kind, one.object_id), ""),
        )
        for one in alerts
    ]


def _reasons(alerts: Sequence[Alert]) -> dict[tuple[str, int], str]:
    """Return the reasons of pauses and refused starts, which the next change of the campaign takes away."""
    columns = {Kind.CAMPAIGN_PAUSED.value: "paused_reason", Kind.START_REFUSED.value: "start_refusal"}
    ids = {one.object_id for one in alerts if one.kind in columns}
    found = {row["pk"]: row for row in Campaign.objects.filter(pk__in=ids).values("pk", *columns.values())}
    return {
        (one.kind, one.object_id): found[one.object_id][columns[one.kind]]
        for one in alerts
        if one.kind in columns and one.object_id in found
    }
