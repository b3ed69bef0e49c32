"""E-mail alerts to managers and admins: a halted provider, a paused campaign, a call that stays unknown.

Each alert is raised once while its cause lasts, sent once, and cleared when the cause is gone. Failed mail is retried.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Collection, Sequence

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.masking import ending
from campaigns.core import conditions, decision_kinds, hosts
from campaigns.core.clock import has_passed, span
from campaigns.models import Alert, Call, Campaign, UnknownVendorCall
from campaigns.tracking import alert_readers, shared_alerts
from campaigns.tracking.alert_mail import Paragraph, link, mail
from providers.models import Provider
from providers.types import CallStatus

logger = logging.getLogger(__name__)

UNKNOWN_FOR = 3600
"""Seconds after which an unknown call raises an alert."""
UNCOMPARED_FOR = 600
"""Seconds after which a provider whose list could not be compared since a start raises an alert."""
TRY_AGAIN_AFTER = 300
"""Seconds before another attempt to send alerts whose mail failed."""
MAIL_TIMEOUT = 10
"""Seconds to wait for the mail server; the minute job must not be held up longer."""
SILENT_FOR = 60
"""Seconds without any worker before it is told: a new start after an upgrade is none."""
QUIET_AFTER = 600
"""An alert of a silent worker lasts so many seconds, so that a worker that comes and goes is one incident."""
ALERTS_A_RUN = 500
"""Most alerts of one kind that a run raises, and most alerts that one e-mail reports."""
CALLS_NAMED = 10
"""Most calls listed in one e-mail; the call log shows the rest."""

Kind = Alert.Kind


def alert(now: datetime.datetime) -> int:
    """Clear ended alerts, raise new ones, send the unsent; returns how many were sent. Logs errors and never raises."""
    try:
        _clear(now)
        _raise(now)
        return _send(now)
    except Exception:
        # An alert that fails must not stop the rest of the minute job; the next run tries again.
        logger.exception("alerts could not be raised or sent")
        return 0


def tell_of_silence(now: datetime.datetime) -> int:
    """Alert where no worker runs on any host, or clear that; returns how many alerts were sent, and never raises.

    The web process calls this, because then no worker can; it also sends what else is waiting to be sent.
    """
    try:
        told = Alert.objects.filter(kind=Kind.WORKER_SILENT, cleared_at__isnull=True)
        standing = hosts.standing()
        if standing.is_alive:
            over = told.filter(raised_at__lte=now - datetime.timedelta(seconds=QUIET_AFTER))
            if over.exists():
                over.update(cleared_at=now)
            return 0
        if standing.silent_for is None or standing.silent_for < SILENT_FOR:
            return 0
        if not told.exists():
            fresh = Alert(kind=Kind.WORKER_SILENT, object_type="worker", object_id=0, raised_at=now)
            Alert.objects.bulk_create([fresh], ignore_conflicts=True)
        return _send(now)
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
        standing.filter(~Exists(lasting), kind=kind).update(cleared_at=now)
    for name, lasts in shared_alerts.lasting():
        standing.filter(~lasts, kind=name).update(cleared_at=now)
    # Whoever runs this is a worker: what was not sent need not be told any more.
    standing.filter(kind=Kind.WORKER_SILENT, sent_at__isnull=True).update(cleared_at=now)


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


def tell_of_unmatched_calls(provider_id: int, now: datetime.datetime) -> None:
    """Raise one alert for the vendor calls that a comparison just found, even if an earlier alert was already sent."""
    standing = Alert.objects.filter(kind=Kind.UNMATCHED_CALLS, object_id=provider_id, cleared_at__isnull=True)
    standing.update(cleared_at=now)
    fresh = Alert(kind=Kind.UNMATCHED_CALLS, object_type="provider", object_id=provider_id, raised_at=now)
    Alert.objects.bulk_create([fresh], ignore_conflicts=True)


# Sending the alerts


def _send(now: datetime.datetime) -> int:
    waiting = Alert.objects.filter(sent_at__isnull=True, cleared_at__isnull=True)
    free = Q(tried_at__isnull=True) | has_passed("tried_at", now - span(TRY_AGAIN_AFTER), span(TRY_AGAIN_AFTER))
    # The longest untried first: those that nobody with an address may see hold up no others.
    longest = F("tried_at").asc(nulls_first=True)
    ids = list(waiting.filter(free).order_by(longest, "pk").values_list("pk", flat=True)[:ALERTS_A_RUN])
    # Claimed by compare-and-set, so that only one worker sends. If it dies, the alerts are retried after a while.
    taken = [pk for pk in ids if Alert.objects.filter(free, pk=pk, sent_at__isnull=True).update(tried_at=now)]
    if not taken:
        return 0
    unsent = list(Alert.objects.filter(pk__in=taken).order_by("pk"))
    readers = alert_readers.by_address([one for one in unsent if one.kind not in shared_alerts.ASKERS_HEAR])
    with translation.override(settings.LANGUAGE_CODE):
        mails = [
            _message([one for one in unsent if one.pk in ids], addresses)
            for ids, addresses in alert_readers.with_the_same(readers)
        ]
        to_users = shared_alerts.to_owners(unsent, readers) + shared_alerts.to_askers(unsent)
    told = {pk for ids in readers.values() for pk in ids} | {alert.pk for theirs, _mail in to_users for alert in theirs}
    if len(told) < len(taken):
        logger.warning("%s alerts wait: nobody who may see them has an e-mail address", len(taken) - len(told))
    if not told:
        return 0
    try:
        get_connection(timeout=MAIL_TIMEOUT).send_messages([*mails, *(made for _theirs, made in to_users)])
    except Exception as error:
        # The mail server's error text may contain addresses or log-ins, so only the error's class is logged.
        logger.warning("%s alerts wait: the mail server failed: %s", len(told), type(error).__name__)
        return 0
    Alert.objects.filter(pk__in=told).update(sent_at=now)
    return len(told)


def _message(alerts: Sequence[Alert], addresses: Sequence[str]) -> EmailMessage:
    paragraphs = [
        *_of_silence(alerts),
        *_of_providers(alerts),
        *_of_frozen(alerts),
        *_of_campaigns(alerts),
        *_of_starts(alerts),
        *_of_calls(alerts),
        *_of_calls_without_news(alerts),
        *_of_opt_outs(alerts),
        *_of_strangers(alerts),
        *shared_alerts.paragraphs(alerts),
    ]
    if len(alerts) == 1:
        subject = str(alerts[0].get_kind_display())
    else:
        subject = ngettext("%(n)d thing needs somebody", "%(n)d things need somebody", len(alerts)) % {"n": len(alerts)}
    ending = _("You get this because you are a manager or an admin. Each of these is told once.")
    return mail(subject, paragraphs, ending, addresses)


def _ids(alerts: Sequence[Alert], kind: str) -> list[int]:
    return [found.object_id for found in alerts if found.kind == kind]


def _of_silence(alerts: Sequence[Alert]) -> list[Paragraph]:
    if not _ids(alerts, Kind.WORKER_SILENT):
        return []
    return [
        Paragraph(
            _("No worker is running: nobody is called, and no news of calls is read."),
            _("Start it on the server (manage.py worker, or the service that runs it); manage.py doctor tells more."),
            link("today"),
        )
    ]


def _of_providers(alerts: Sequence[Alert]) -> list[Paragraph]:
    rows = Provider.objects.filter(pk__in=_ids(alerts, Kind.PROVIDER_HALTED))
    return [
        Paragraph(
            # Our own sentence for the error: the vendor's text may contain anything.
            " ".join(filter(None, (_("The provider “%(name)s” is halted.") % {"name": row}, str(row.error_sentence)))),
            " ".join(
                filter(
                    None,
                    (
                        _("Nothing is called through it; its calls wait."),
                        str(row.next_step),
                        _("An admin then tests and resumes it on its page."),
                    ),
                )
            ),
            link("provider", row.pk),
        )
        for row in rows
    ]


def _of_frozen(alerts: Sequence[Alert]) -> list[Paragraph]:
    rows = Provider.objects.filter(pk__in=_ids(alerts, Kind.PROVIDER_FROZEN))
    return [
        Paragraph(
            _frozen_sentence(row),
            str(row.frozen_step if row.frozen_at else row.standing.step),
            link("provider", row.pk),
        )
        for row in rows
    ]


def _frozen_sentence(row: Provider) -> str:
    if row.frozen_at:
        return _("Calling through “%(name)s” is frozen: %(reason)s") % {"name": row, "reason": row.frozen_reason}
    return _("Calling through “%(name)s” waits since its start. %(why)s") % {"name": row, "why": row.standing.sentence}


def _of_strangers(alerts: Sequence[Alert]) -> list[Paragraph]:
    rows = Provider.objects.filter(pk__in=_ids(alerts, Kind.UNMATCHED_CALLS))
    counted = [(row, _strangers().filter(provider=row).count()) for row in rows]
    return [
        Paragraph(
            ngettext(
                "The list of “%(name)s” has %(n)d call that no row of ours explains.",
                "The list of “%(name)s” has %(n)d calls that no row of ours explains.",
                count,
            )
            % {"name": row, "n": count},
            _("Another tool may use the same key, or a backup was restored. Say there whose they are."),
            link("unmatched-calls"),
        )
        for row, count in counted
    ]


def _of_campaigns(alerts: Sequence[Alert]) -> list[Paragraph]:
    rows = Campaign.objects.filter(pk__in=_ids(alerts, Kind.CAMPAIGN_PAUSED))
    return [
        Paragraph(
            _("The system paused the campaign “%(name)s”: %(reason)s") % {"name": row, "reason": row.paused_reason},
            _("Its calls wait. Look at its page, change what is named there, then resume or stop it."),
            link("campaign", row.pk),
        )
        for row in rows
    ]


def _of_starts(alerts: Sequence[Alert]) -> list[Paragraph]:
    rows = Campaign.objects.filter(pk__in=_ids(alerts, Kind.START_REFUSED))
    return [
        Paragraph(
            _("The campaign “%(name)s” did not start at its time: %(reason)s")
            % {"name": row, "reason": row.start_refusal},
            _("Nobody is called. Put right what is named there, then launch it again."),
            link("campaign", row.pk),
        )
        for row in rows
    ]


def _of_calls(alerts: Sequence[Alert]) -> list[Paragraph]:
    ids = _ids(alerts, Kind.CALL_UNKNOWN)
    if not ids:
        return []
    what = ngettext(
        "Of %(n)d call nobody knows since more than an hour whether it was placed:",
        "Of %(n)d calls nobody knows since more than an hour whether they were placed:",
        len(ids),
    ) % {"n": len(ids)}
    return [_of_those(what, ids, "unknown")]


def _of_calls_without_news(alerts: Sequence[Alert]) -> list[Paragraph]:
    ids = _ids(alerts, Kind.NO_NEWS)
    if not ids:
        return []
    what = ngettext(
        "The provider reports nothing more of %(n)d call that it accepted:",
        "The providers report nothing more of %(n)d calls that they accepted:",
        len(ids),
    ) % {"n": len(ids)}
    return [_of_those(what, ids, "no_news")]


def _of_opt_outs(alerts: Sequence[Alert]) -> list[Paragraph]:
    ids = _ids(alerts, Kind.OPT_OUT_UNCLEAR)
    if not ids:
        return []
    what = ngettext(
        "In %(n)d call somebody may have asked not to be called again:",
        "In %(n)d calls somebody may have asked not to be called again:",
        len(ids),
    ) % {"n": len(ids)}
    step = _("Nobody calls them until you decide. Listen to the call or read it, then say what was meant.")
    return [_of_those(what, ids, "opt_out", step)]


def _of_those(what: str, ids: Sequence[int], kind: str, step: str = "") -> Paragraph:
    """Return the paragraph that names some of these calls, and the page on which a person decides about them."""
    rows = Call.objects.select_related("campaign", "provider").filter(pk__in=ids)
    named = [_call_line(row) for row in rows.order_by("pk")[:CALLS_NAMED]]
    look_up = _("None of them is called again automatically. Look them up at the provider, then enter the results.")
    return Paragraph("\n".join([what, *named]), step or look_up, f"{link('decisions')}?kind={kind}")


def _call_line(call: Call) -> str:
    words = _("- call %(call)s to %(end)s, %(campaign)s, provider %(provider)s") % {
        "call": call.pk,
        "end": ending(call.to_number),
        "campaign": call.campaign or _("single call"),
        "provider": call.provider,
    }
    return f"{words}: {link('call', call.pk)}"
