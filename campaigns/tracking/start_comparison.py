"""The comparison before a provider's first order after a start: what the vendor's list shows must be known here.

A database that went back in time lacks the calls placed since, and would dial those people again; the vendor's list
still has them. So the list is read from a margin before our newest accepted call. That call must be there, and every
later row must be one of ours. Otherwise the provider is frozen, as after a restored backup; where the list cannot be
read, the provider waits. A call that the vendor lists only after this comparison cannot be seen by it.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import matching, rules
from campaigns.core.clock import DatabaseClock, seconds, span
from campaigns.directions import divided
from campaigns.models import Call, UnknownVendorCall, VendorSweep
from campaigns.tracking import restore_guard
from campaigns.tracking.our_lines import our_lines
from campaigns.tracking.reconciliation import (
    IDS_A_QUERY,
    known_ids,
    nameless_calls,
    sought_late,
    with_details,
)
from campaigns.tracking.unknown_calls import EARLY, sought_of
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import AccountProblem, ProviderError, ProviderMisconfigured, ProviderUnusable
from providers.models import Agent, Provider
from providers.types import CallQuery, CallSnapshot, CallStatus

logger = logging.getLogger(__name__)

MOST_BACK = datetime.timedelta(days=30)
"""How far back the list is read; an older call of ours proves nothing of the list, as vendors forget."""
MOST_KNOWN = 2000
"""Most of our newest calls by which rows without a known id are explained."""
LAG_LOOKS = 5
"""How often one run reads the list where it does not show our newest call yet."""
LAG_PAUSE = 2
"""Seconds between those."""
CLAIM_SECONDS = 60
"""How long a run may take before another may begin."""
AGAIN_AFTER = 15
"""Seconds after a run that came to no end; the next one begins with the minute job at the latest."""
READ_SECONDS = 40.0
"""A run begins no further read after this time: the queue ends a task after 90 s."""
LEAST_SPAN = 600
MOST_SPAN = 86_400
"""Seconds that one read covers at least and at most."""

State = UnknownVendorCall.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a comparison came to: how many calls the list has, and what speaks against calling."""

    calls: int = 0
    problem: str = ""
    """Why nothing is concluded yet."""
    is_lagging: bool = False
    """Whether a list that lags behind may be all that is wrong, so that a look in a moment may end it."""
    evidence: str = ""
    """What shows that calls were placed which this database does not know."""


def due(now: datetime.datetime) -> list[int]:
    """Return the ids of the providers whose list is to be compared now."""
    waiting = Provider.objects.filter(uncompared_since__isnull=False, is_active=True)
    waiting = waiting.filter(frozen_at__isnull=True, halted_at__isnull=True)
    return list(waiting.filter(_is_free(now)).values_list("pk", flat=True))


def _is_free(now: datetime.datetime) -> Q:
    # A time further away than a claim can be shows that the clock was set back.
    longest = now + datetime.timedelta(seconds=CLAIM_SECONDS)
    return Q(compare_next_at__isnull=True) | Q(compare_next_at__lte=now) | Q(compare_next_at__gt=longest)


def compare(provider_id: int) -> bool:
    """Compare one provider's list, where that is due, then allow calls or freeze; returns whether it allowed them."""
    now = DatabaseClock().now()
    claimed = Provider.objects.filter(_is_free(now), pk=provider_id, pk__in=due(now)).update(
        compare_next_at=now + datetime.timedelta(seconds=CLAIM_SECONDS)
    )
    if not claimed:
        return False
    provider = Provider.objects.get(pk=provider_id)
    if provider.uncompared_since is None:
        return False  # ended by a person in between
    answer = _ask(provider)
    now = DatabaseClock().now()
    if answer.evidence:
        logger.error("provider=%s: %s Calling is frozen.", provider.pk, answer.evidence)
        Provider.objects.freeze(provider.pk, answer.evidence)
        restore_guard.ask_where_no_list_tells(answer.evidence)
    elif answer.problem:
        Provider.objects.filter(pk=provider.pk, uncompared_since=provider.uncompared_since).update(
            compare_problem=answer.problem, compare_next_at=now + span(AGAIN_AFTER)
        )
    else:
        return Provider.objects.end_comparison(provider.pk, provider.uncompared_since, now, answer.calls)
    return False


def _ask(provider: Provider) -> Answer:
    """Read and compare; what fails on the way is a problem, never a pass."""
    try:
        backend = opening.open_backend(provider)
        stop_at = time.monotonic() + READ_SECONDS
        answer = _look(provider, backend, stop_at)
        for _again in range(LAG_LOOKS - 1):
            if not answer.is_lagging:
                break
            time.sleep(seconds(LAG_PAUSE))
            answer = _look(provider, backend, stop_at)
        return answer
    except AccountProblem as error:
        Provider.objects.halt_for(provider.pk, error)
        return Answer(problem=_("The provider rejects our key: nothing was compared."))
    except ProviderUnusable as error:
        Provider.objects.halt_for(provider.pk, error)
        return Answer(problem=_("The stored settings of the provider do not work: nothing was compared."))
    except (ProviderError, ProviderMisconfigured) as error:
        Provider.objects.note_error(provider.pk, error)
        return Answer(
            problem=_("The provider's call list could not be read: it is not known which calls it placed for us.")
        )
    except (DatabaseError, ImproperlyConfigured):
        raise
    except Exception as error:
        logger.error("provider=%s: the list cannot be compared: %s", provider.pk, type(error).__name__)
        return Answer(
            problem=_("The provider module failed (%(error)s): nothing was compared.") % {"error": type(error).__name__}
        )


def _look(provider: Provider, backend: ProviderBackend, stop_at: float) -> Answer:
    """Read the list window after window; ends at the first window that shows a call which is not known here."""
    now = DatabaseClock().now()
    newest, begins = _newest(provider, now)
    # Whatever began after our start is not a lost call of ours: nothing left since.
    ends = min(now, provider.uncompared_since or now) + EARLY
    sweep = VendorSweep.objects.get_or_create(provider=provider)[0]
    lines = our_lines(provider)
    calls, size, is_first = 0, max(LEAST_SPAN, sweep.span_seconds), True
    while begins < ends:
        if time.monotonic() > stop_at:
            return Answer(problem=_("The provider's call list is long and could not be read at once."))
        until = min(begins + datetime.timedelta(seconds=size), ends)
        # A window that is too long for the vendor is shorter at the next try.
        VendorSweep.objects.filter(pk=sweep.pk).update(span_seconds=max(LEAST_SPAN, size // 2))
        # A call that a person made to us is no order of ours that was forgotten.
        asked = CallQuery(since=begins, until=until, direction="outbound")
        listed = divided(backend.list_calls(asked), lines).outbound
        VendorSweep.objects.filter(pk=sweep.pk).update(span_seconds=size)
        calls += len(listed)
        if newest is not None and is_first:
            _rest, missing = matching.explained([sought_of(newest)], listed)
            if missing:
                return _of_missing(newest, now)
        strange = _strange(provider, backend, listed, begins, until, has_calls=newest is not None)
        if strange:
            return Answer(calls=calls, evidence=_evidence(len(strange)))
        begins, size, is_first = until, min(MOST_SPAN, size * 2), False
    return Answer(calls=calls)


def _newest(provider: Provider, now: datetime.datetime) -> tuple[Call | None, datetime.datetime]:
    """Return our newest accepted call, if the vendor can still list it, and where the list is to be read from."""
    days = provider.backend_class.max_list_days
    oldest = now - (min(MOST_BACK, datetime.timedelta(days=days)) if days else MOST_BACK) + EARLY
    accepted = Call.objects.filter(provider=provider, placing_at__gt=oldest + EARLY).exclude(remote_id="")
    newest = accepted.select_related("agent").order_by("-placing_at").first()
    if newest is not None and newest.placing_at is not None:
        return newest, newest.placing_at - EARLY
    if Call.objects.filter(provider=provider, placing_at__isnull=False).exists():
        return None, oldest
    return None, max(oldest, provider.created_at)


def _of_missing(newest: Call, now: datetime.datetime) -> Answer:
    if newest.placing_at is not None and newest.placing_at < now - span(rules.SETTLE):
        return Answer(evidence=_("the provider's list lacks our newest call, so it may be incomplete."))
    return Answer(problem=_("The provider's list does not show our newest call yet."), is_lagging=True)


def _evidence(count: int) -> str:
    return ngettext(
        "the provider's list has %(n)d call that is not in Callcenter: a backup was restored, or another tool "
        "uses the key.",
        "the provider's list has %(n)d calls that are not in Callcenter: a backup was restored, or another "
        "tool uses the key.",
        count,
    ) % {"n": count}


# Whose a row is: our rows are read after the list


def _strange(
    provider: Provider,
    backend: ProviderBackend,
    listed: Sequence[CallSnapshot],
    since: datetime.datetime,
    until: datetime.datetime,
    *,
    has_calls: bool,
) -> list[CallSnapshot]:
    """Return the rows of one window that nothing in this database explains."""
    ids = known_ids(provider, [row.remote_id for row in listed])
    rows = [row for row in listed if row.remote_id not in ids]
    # A row without a time may be older than our provider: before our first call only our mark shows that it is ours.
    rows = [row for row in rows if has_calls or _is_dated(row) or row.reference]
    if rows:
        known = Call.objects.filter(provider=provider, placing_at__gte=since - EARLY, placing_at__lte=until)
        known = known.exclude(remote_id="").select_related("agent").order_by("-placing_at")[:MOST_KNOWN]
        rows, _missing = matching.explained([sought_of(call) for call in known], rows)
    if rows:
        rows = _without_named(provider, rows)
    if rows:
        rows = _without_ours(provider, rows)
    if not rows:
        return []
    nameless = nameless_calls(provider, since, until)
    findings = matching.look([sought_late(call) for call in nameless], [], rows)
    settled = {found.snapshot.remote_id for found in findings.found}
    settled.update(remote_id for among in findings.ambiguous.values() for remote_id in among)
    rows = [row for row in rows if row.remote_id not in settled]
    if rows and len(rows) <= len(nameless):
        # Lists leave out what the whole call may carry; more rows than calls without an id prove enough without it.
        rows = _without_ours(provider, with_details(backend, rows, set()))
    # A poller may have found one of them between the two reads above: then it has its id by now.
    ids = known_ids(provider, [row.remote_id for row in rows])
    return [row for row in rows if row.remote_id not in ids]


def _is_dated(row: CallSnapshot) -> bool:
    return (row.created_at or row.started_at) is not None


def _without_named(provider: Provider, rows: list[CallSnapshot]) -> list[CallSnapshot]:
    """Leave out what was recorded before the start, and the calls of agents that only another tool calls with."""
    before: set[str] = set()
    recorded = UnknownVendorCall.objects.filter(provider=provider, seen_at__lt=provider.uncompared_since)
    ids = [row.remote_id for row in rows]
    for start in range(0, len(ids), IDS_A_QUERY):
        found = recorded.filter(remote_id__in=ids[start : start + IDS_A_QUERY])
        before.update(found.values_list("remote_id", flat=True))
    named = recorded.filter(state=State.NOT_OURS).exclude(agent_id="")
    theirs = set(named.order_by().values_list("agent_id", flat=True).distinct())
    if theirs:
        used = Call.objects.filter(provider=provider, agent__remote_id__in=theirs).values("agent_id")
        theirs -= set(Agent.objects.filter(pk__in=used).values_list("remote_id", flat=True))
    return [row for row in rows if row.remote_id not in before and row.agent_id not in theirs]


def _without_ours(provider: Provider, rows: list[CallSnapshot]) -> list[CallSnapshot]:
    """Leave out the rows with the reference of a call of ours, unless that call still waits here to be dialled."""
    references = [row.reference for row in rows if row.reference]
    calls = Call.objects.filter(provider=provider, reference__in=references).exclude(status=CallStatus.PENDING)
    ours = set(calls.values_list("reference", flat=True))
    return [row for row in rows if row.reference is None or row.reference not in ours]
