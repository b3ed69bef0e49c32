"""Follows hints that could not be followed at once: parked ones, and calls that were over already.

Bitel has no list of calls, so that its one message at the end of a call is the only way to find an order whose answer
was lost. Even then the message is not believed: the vendor is asked for the call that it names, and only if number and
time are ours is it bound.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from campaigns import rules
from campaigns.models import Call, CallHint
from campaigns.services import merging, receiving
from campaigns.services.clock import span
from campaigns.services.polling import PacedClient, handle_of
from campaigns.services.receiving import State
from campaigns.services.settling import EARLY, NO_REFERENCE
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import AccountProblem, ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.types import CallHandle, CallSnapshot, CallStatus, FailureReason

logger = logging.getLogger(__name__)

PARKED_FOR = datetime.timedelta(minutes=15)
FOLLOW_SECONDS = 30.0
AT_ONCE = 200


def follow_hints() -> dict[str, int]:
    """Follow what is parked or to be read, for at most half a minute; returns how many hints ended in which state."""
    now = timezone.now()
    until = time.monotonic() + FOLLOW_SECONDS
    pending = CallHint.objects.filter(receiving.to_follow())
    counts = {"stray": _give_up(now)}
    for provider in Provider.objects.filter(pk__in=pending.values("provider").distinct()):
        hints = list(pending.filter(provider=provider).order_by("id")[:AT_ONCE])
        for hint in hints:
            if hint.state == State.PARKED:
                hint.state = receiving.match_hint(hint, now)
        counts["done"] = counts.get("done", 0) + _read(provider, hints, until)
    return counts


def has_hints() -> bool:
    """Tell whether anything is to be followed."""
    return CallHint.objects.filter(receiving.to_follow()).exists()


def _give_up(now: datetime.datetime) -> int:
    late = CallHint.objects.filter(receiving.to_follow(), received_at__lt=now - PARKED_FOR)
    strays = late.filter(state=State.PARKED).update(state=State.STRAY)
    late.filter(state=State.TO_READ).update(state=State.DONE)
    if strays:
        logger.warning("%s messages of vendors were about calls that we do not know", strays)
    return strays


def _read(provider: Provider, hints: Sequence[CallHint], until: float) -> int:
    """Read what needs the vendor: calls that are over, and unknown ones that a parked hint may name."""
    over = {hint.remote_id: hint for hint in hints if hint.state == State.TO_READ}
    lost = [(hint, call) for hint in hints if hint.state == State.PARKED and (call := _lost_call(provider, hint))]
    if not over and not lost:
        return 0
    try:
        backend = opening.open_backend(provider)
        backend.client = PacedClient(backend.client, provider.reads_per_minute)
        done = _read_over(backend, provider, over) if over else 0
        for hint, call in lost:
            if time.monotonic() < until:
                done += _bind(backend, hint, call)
    except AccountProblem as error:
        Provider.objects.halt(provider.pk, error.message)
        return 0
    except (ProviderError, ProviderMisconfigured) as error:
        # Tried again by the next ring, until a quarter of an hour is over.
        Provider.objects.note_error(provider.pk, error)
        return 0
    return done


def _read_over(backend: ProviderBackend, provider: Provider, hints: dict[str, CallHint]) -> int:
    calls = list(Call.objects.filter(provider=provider, remote_id__in=hints).select_related("agent", "caller_id"))
    ids = {call.remote_id: call.pk for call in calls}
    snapshots = backend.fetch_calls([handle_of(call) for call in calls])
    news = {ids[snapshot.remote_id]: snapshot for snapshot in snapshots if snapshot.remote_id in ids}
    merging.merge_news(news, source="poll", now=timezone.now())
    return CallHint.objects.filter(provider=provider, remote_id__in=hints, state=State.TO_READ).update(state=State.DONE)


def _lost_call(provider: Provider, hint: CallHint) -> Call | None:
    """Return the one unknown call that a hint may be about, where the vendor has no list to find it in."""
    if provider.backend_class.supports_list_calls or not hint.to_number or hint.told_at is None:
        return None
    lost = Q(status=CallStatus.UNKNOWN) | Q(status=CallStatus.FAILED, failure_reason=FailureReason.NOT_PLACED)
    calls = Call.objects.filter(lost, provider=provider, to_number=hint.to_number, remote_id="")
    fitting = [call for call in calls.order_by("-id")[:10] if _fits(call, hint.to_number, hint.told_at)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(call: Call, number: str, told_at: datetime.datetime | None) -> bool:
    if call.placing_at is None or told_at is None or number != call.to_number:
        return False
    latest = (call.deadline_at or call.placing_at) + span(rules.SETTLE)
    return call.placing_at - EARLY <= told_at <= latest


def _bind(backend: ProviderBackend, hint: CallHint, call: Call) -> int:
    handle = CallHandle(
        reference=NO_REFERENCE, remote_id=hint.remote_id, to_number=call.to_number, placed_at=call.placing_at
    )
    found: CallSnapshot | None = next(iter(backend.fetch_calls([handle])), None)
    if found is None or not _fits(call, found.to_number, found.created_at):
        # The vendor itself knows of no such call: the message was not true.
        CallHint.objects.filter(pk=hint.pk).update(state=State.STRAY)
        logger.warning("call=%s: a message about it is not confirmed by the vendor", call.pk)
        return 0
    now = timezone.now()
    if merging.bind(call.pk, hint.remote_id, code="bound_by_message", source="webhook", now=now, matched_by="number"):
        merging.merge_news({call.pk: found}, source="poll", now=now)
        CallHint.objects.filter(pk=hint.pk).update(state=State.DONE)
        return 1
    return 0
