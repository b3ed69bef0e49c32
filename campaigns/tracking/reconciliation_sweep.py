"""The sweep for unmatched vendor calls: runs every hour, and repeatedly after a restored backup until it is complete.

Every call in a vendor's list must belong to one row of ours. A call that does not was dialled by another tool with the
same key, or by us before a backup was restored. Each such call is recorded once and raises an alert.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns import rules
from campaigns.core import raised_alerts
from campaigns.core.clock import APART, DatabaseClock, has_passed, span
from campaigns.models import Alert, Call, UnknownVendorCall, VendorSweep
from campaigns.tracking import reconciliation
from campaigns.tracking.unknown_calls import EARLY, sought_of
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import AccountProblem, ProviderError, ProviderMisconfigured, ProviderUnusable
from providers.lists import IncompleteList
from providers.models import Provider
from providers.models.stops import Actor
from providers.types import CallQuery, CallSnapshot

logger = logging.getLogger(__name__)

OVERLAP = 30 * 60
"""Seconds before the end of the last comparison that are compared again: lists lag, and calls may start late."""
FIRST_BACK = datetime.timedelta(days=7)
"""How far back the first comparison of a provider goes."""
MOST_BACK = datetime.timedelta(days=30)
"""How far back the first comparison goes after a restored backup."""
LEAST_SPAN = 600
MOST_SPAN = 86_400
"""Seconds that one window covers at least and at most."""
MOST_KNOWN = 2000
"""Most of our own calls that one window is compared with."""
SWEEP_SECONDS = 30.0
"""A sweep begins no further read after this time: the queue ends a task after 90 s. The next sweep continues."""
LEASE = datetime.timedelta(seconds=90)
FROZEN_AGAIN_AFTER = 180
"""Seconds between two sweeps of a frozen provider."""
MAX_PROBLEM = VendorSweep._meta.get_field("problem").max_length
MAX_REASON = UnknownVendorCall._meta.get_field("reason").max_length

State = UnknownVendorCall.State


def comparable() -> list[int]:
    """Return the ids of the providers whose vendor offers a list of calls."""
    active = Provider.objects.filter(is_active=True).only("vendor")
    return [provider.pk for provider in active if provider.backend_class.supports_list_calls]


def frozen_to_sweep(now: datetime.datetime) -> list[int]:
    """Return the ids of frozen providers to sweep now: often, because their calls wait for the result."""
    recently = Q(sweep__swept_at__gt=now - span(FROZEN_AGAIN_AFTER), sweep__swept_at__lte=now + APART)
    frozen = Provider.objects.filter(frozen_at__isnull=False).exclude(recently).values_list("pk", flat=True)
    return sorted({*frozen} & {*comparable()}) if frozen else []


def sweep_provider(provider_id: int, budget: float = SWEEP_SECONDS) -> dict[str, int]:
    """Compare one provider's list from where the last complete comparison ended; a lease admits one sweep at a time.

    No further read begins after `budget` seconds. Returns counts of what was read, bound and recorded.
    """
    counts = {"bound": 0, "recorded": 0, "unfrozen": 0}
    provider = Provider.objects.get(pk=provider_id)
    if provider.uncompared_since and not provider.frozen_at:
        # What is not known here must first decide whether calls may leave: recorded, it would be known.
        return counts
    now = DatabaseClock().now()
    sweep = VendorSweep.objects.get_or_create(provider=provider)[0]
    free = Q(lease_until__isnull=True) | has_passed("lease_until", now, LEASE)
    if not VendorSweep.objects.filter(free, pk=sweep.pk).update(lease_until=_lease(now)):
        return counts
    try:
        problem = _sweep(provider, sweep, now, time.monotonic() + budget, counts)
    finally:
        VendorSweep.objects.filter(pk=sweep.pk).update(lease_until=None)
    VendorSweep.objects.filter(pk=sweep.pk).update(problem=problem[:MAX_PROBLEM], swept_at=DatabaseClock().now())
    if counts["recorded"]:
        record(None, "vendor_calls.unknown", provider, count=counts["recorded"])
        raised_alerts.raise_again(Alert.Kind.UNMATCHED_CALLS, "provider", provider.pk, now)
    return counts


def _lease(now: datetime.datetime) -> datetime.datetime:
    return now + LEASE


def _sweep(provider: Provider, sweep: VendorSweep, now: datetime.datetime, until: float, counts: dict[str, int]) -> str:
    """Compare window after window up to now; returns a sentence why it is not complete, or an empty text."""
    try:
        backend = opening.open_backend(provider)
        begins, gap = begin_of(provider, sweep, now), ""
        while begins < now:
            if time.monotonic() > until:
                # Progress is kept while frozen too: a long gap takes several sweeps.
                _advance(sweep, min(begins, now - span(rules.SETTLE)))
                return _("The list is long; the comparison continues.")
            part = part_of(provider, sweep, begins, now)
            VendorSweep.objects.filter(pk=sweep.pk).update(
                lease_until=_lease(DatabaseClock().now()), span_seconds=max(LEAST_SPAN, sweep.span_seconds // 2)
            )
            done = read_part(part, backend, now)
            counts["bound"] += done.bound
            counts["recorded"] += done.recorded
            sweep.span_seconds = min(MOST_SPAN, sweep.span_seconds * 2)
            VendorSweep.objects.filter(pk=sweep.pk).update(span_seconds=sweep.span_seconds)
            if problem := doubt_of(part, done):
                return problem
            begins = part.until
            if not done.is_whole:
                gap = _("Part of the list could not be read. Only the part that was read is compared.")
            if not (part.is_frozen or gap):
                _advance(sweep, min(begins, now - span(rules.SETTLE)))
    except AccountProblem as error:
        Provider.objects.halt_for(provider.pk, error)
        return _("The provider rejects our key: nothing was compared.")
    except ProviderUnusable as error:
        Provider.objects.halt_for(provider.pk, error)
        return _("The stored settings of the provider do not work: nothing was compared.")
    except (ProviderError, ProviderMisconfigured) as error:
        Provider.objects.note_error(provider.pk, error)
        return _("The list could not be read: nothing was compared.")
    except (DatabaseError, ImproperlyConfigured):
        raise
    except Exception as error:
        logger.error("provider=%s: the list cannot be compared: %s", provider.pk, type(error).__name__)
        return _("The provider module failed (%(error)s): nothing was compared.") % {"error": type(error).__name__}
    if provider.frozen_at:
        counts["unfrozen"] += _unfreeze_if_over(provider, sweep, now)
    return gap


def begin_of(provider: Provider, sweep: VendorSweep, now: datetime.datetime) -> datetime.datetime:
    """Return the start of the comparison: `OVERLAP` before the end of the last complete one.

    After a restored backup that end is as old as the backup, so the comparison covers all that the database lost.
    """
    back = MOST_BACK if provider.frozen_at else FIRST_BACK
    oldest = now - back
    if sweep.complete_until is None:
        return max(oldest, provider.created_at - EARLY)
    return max(oldest, min(sweep.complete_until, now) - span(OVERLAP))


def part_of(
    provider: Provider, sweep: VendorSweep, begins: datetime.datetime, now: datetime.datetime
) -> reconciliation.ListPart:
    """Return the next window, short enough for the vendor's limits and for one read."""
    days = provider.backend_class.max_list_days
    longest = min(sweep.span_seconds, days * MOST_SPAN if days else MOST_SPAN)
    until = min(begins + datetime.timedelta(seconds=longest), now)
    placed = Call.objects.filter(provider=provider, placing_at__isnull=False).exclude(remote_id="")
    rows = placed.filter(placing_at__gte=begins - EARLY, placing_at__lte=until).select_related("agent")
    known = [sought_of(call) for call in rows.order_by("placing_at")[:MOST_KNOWN]]
    if len(known) == MOST_KNOWN and known[-1].placing_at > begins:
        until = known[-1].placing_at
    since = begins
    if not known:
        # With few calls, extend the window back to our nearest known call: finding it proves that the list works.
        back = min(MOST_BACK if provider.frozen_at else datetime.timedelta(days=1), datetime.timedelta(days=days or 30))
        nearest = placed.filter(placing_at__lt=begins, placing_at__gt=until - back).select_related("agent")
        if call := nearest.order_by("-placing_at").first():
            known = [sought_of(call)]
            since = known[0].placing_at - EARLY
    return reconciliation.ListPart(
        provider=provider, since=since, until=until, known=known, is_frozen=provider.frozen_at is not None
    )


def read_part(
    part: reconciliation.ListPart, backend: ProviderBackend, now: datetime.datetime
) -> reconciliation.Comparison:
    """Read all pages of a window of the vendor's list, and compare it with our rows. Raises ProviderError.

    Of a list that is not whole the rows that were read are compared; after a restore none are, since then whatever is
    missing counts.
    """
    is_whole = True
    try:
        listed: Sequence[CallSnapshot] = backend.list_calls(CallQuery(since=part.since, until=part.until))
    except IncompleteList as error:
        if part.is_frozen:
            raise
        listed, is_whole = error.listed, False
    done = reconciliation.compare(part, backend, listed, now)
    done.is_whole = is_whole
    return done


def doubt_of(part: reconciliation.ListPart, done: reconciliation.Comparison) -> str:
    """Return a sentence why a window's list cannot be trusted, or an empty text if it can.

    An empty list, for example, may come from a wrong query of ours.
    """
    if not done.is_whole:
        return ""  # what it misses may stand in the part that was not read
    if done.missing:
        return ngettext(
            "The list lacks %(n)d call that we know, so it is not used.",
            "The list lacks %(n)d calls that we know, so it is not used.",
            done.missing,
        ) % {"n": done.missing}
    if part.is_frozen and not done.seen:
        return _("The list has none of our calls, so it may be incomplete. An admin must decide.")
    return ""


def _advance(sweep: VendorSweep, until: datetime.datetime) -> None:
    if sweep.complete_until is None or until > sweep.complete_until:
        sweep.complete_until = until
        VendorSweep.objects.filter(pk=sweep.pk).update(complete_until=until)


def _unfreeze_if_over(provider: Provider, sweep: VendorSweep, now: datetime.datetime) -> bool:
    """Unfreeze a provider whose list was compared completely long enough after the freeze, as lists lag behind."""
    provider.refresh_from_db(fields=["frozen_at"])
    if provider.frozen_at is None or now < provider.frozen_at + span(rules.SETTLE):
        return False
    _advance(sweep, now - span(rules.SETTLE))
    return Provider.objects.unfreeze(provider.pk, reason=_("The provider's list was compared."))


# Decisions by people


def decide(pks: list[int], *, ours: bool, person: Actor, reason: str) -> int:
    """Record a person's decision on open unmatched vendor calls; returns how many of them were still open.

    `ours` tells whether we placed these calls; `reason` is the person's explanation.
    """
    state = State.OURS if ours else State.NOT_OURS
    decided = 0
    for found in UnknownVendorCall.objects.filter(pk__in=pks, state=State.OPEN):
        went = UnknownVendorCall.objects.filter(pk=found.pk, state=State.OPEN).update(
            state=state, decided_by=person, decided_at=timezone.now(), reason=reason[:MAX_REASON]
        )
        if went:
            record(person, "vendor_call.decided", found, ours=ours, reason=reason[:MAX_REASON])
        decided += went
    return decided


# For the page of unmatched calls


@dataclass(frozen=True, slots=True)
class SweepState:
    """How far one provider's list has been compared, as the page shows it."""

    provider: Provider
    has_list: bool
    sweep: VendorSweep | None
    open: int
    """Unmatched calls of this provider that wait for a person."""


def standings(person: Person) -> list[SweepState]:
    """Return the sweep state of every active provider that a person may see, in a fixed number of statements."""
    waiting = dict(
        UnknownVendorCall.objects.filter(state=State.OPEN).order_by().values_list("provider").annotate(n=Count("*"))
    )
    sweeps = {sweep.provider_id: sweep for sweep in VendorSweep.objects.all()}
    return [
        SweepState(
            provider=provider,
            has_list=provider.backend_class.supports_list_calls,
            sweep=sweeps.get(provider.pk),
            open=waiting.get(provider.pk, 0),
        )
        for provider in Provider.objects.seen_by(person).filter(is_active=True).order_by("name")
    ]
