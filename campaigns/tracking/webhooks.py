"""Webhooks: each message from a vendor is stored as a hint, which only makes us read the call's state soon.

A message may be forged, repeated, late, early or out of order. So it is stored once, by the digest of its bytes, and
never writes a state. A hint that matches no call is kept for a quarter of an hour, because it may arrive before the
answer to the call's order.

Bitel has no list of calls, so its one message at the end of a call is the only way to find an order whose answer was
lost. That message is not trusted either: the vendor is asked for the call that it names, and our call is bound to it
only if number and time agree.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import time
from collections.abc import Mapping, Sequence

from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from callcenter.audit import often
from campaigns import queue, rules
from campaigns.core.clock import span
from campaigns.core.handles import handle_of
from campaigns.models import Call, CallHint
from campaigns.tracking import call_updates, inbound
from campaigns.tracking.our_lines import our_lines
from campaigns.tracking.unknown_calls import EARLY, NO_REFERENCE
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import (
    AccountProblem,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnusable,
    WebhookRejected,
)
from providers.models import DeliveryResult, Provider, WebhookAddress
from providers.models.webhooks import hash_of
from providers.types import AT_VENDOR, FINAL, CallHandle, CallSnapshot, CallStatus, FailureReason

logger = logging.getLogger(__name__)

MOST_IN_ONE = 50
"""Most hints that are taken from one message."""
NUDGE_SECONDS = 2
"""Least seconds between two nudges of the poll task."""
KEPT = datetime.timedelta(days=1)
MOST_KEPT = 20_000
"""How long and how many hints are kept."""
READ_AGAIN = datetime.timedelta(days=1)
"""A call that ended longer ago than this is not read again because of a hint."""
CANDIDATES = 10
"""Most unknown calls, newest first, that one hint is compared with."""
MAX_REMOTE_ID = CallHint._meta.get_field("remote_id").max_length
MAX_NUMBER = CallHint._meta.get_field("to_number").max_length

State = CallHint.State


def find_address(provider_id: int, token: str) -> WebhookAddress | None:
    """Return the webhook address with this provider and token, or None.

    Takes equally long whether the provider exists or not, so that timing reveals nothing.
    """
    address = WebhookAddress.objects.select_related("provider").filter(provider=provider_id).first()
    if address is None:
        hash_of(token)
    opens = address is not None and address.opens_with(token, timezone.now())
    if address is None or not opens or not address.provider.backend_class.supports_webhook:
        often.note(None, "webhook.refused", why="no such address", window=often.A_MINUTE)
        return None
    return address


def receive(address: WebhookAddress, headers: Mapping[str, str], body: bytes) -> DeliveryResult:
    """Store the hints of one webhook message; `headers` have lower-case names.

    Sends no request to the vendor, which waits for a quick answer. A message that cannot be read is reported as
    `DeliveryResult.REFUSED`; nothing is raised.
    """
    now = timezone.now()
    try:
        snapshots = read_message(address.provider, headers, body)
    except WebhookRejected as error:
        logger.warning("provider=%s: a message was refused: %s", address.provider_id, error.message)
        result = DeliveryResult.REFUSED
        often.note(None, "webhook.refused", address.provider, why=error.message[:100], window=often.A_MINUTE)
    else:
        with transaction.atomic():
            results = [
                take_hint(address.provider_id, snapshot, digest_of(body, index), now)
                for index, snapshot in enumerate(snapshots[:MOST_IN_ONE])
            ]
        result = _strongest(results)
    WebhookAddress.objects.note(address.pk, result, now)
    return result


def read_message(provider: Provider, headers: Mapping[str, str], body: bytes) -> Sequence[CallSnapshot]:
    """Return the hints of a message as snapshots; raises WebhookRejected if it cannot be read."""
    try:
        found = opening.open_backend(provider).parse_webhook(headers, body)
    except WebhookRejected:
        raise
    except ProviderMisconfigured:
        raise WebhookRejected("The provider's own settings cannot work.") from None
    except Exception as error:
        # Anybody may post here: input that breaks the backend's parser is rejected, not an internal error.
        raise WebhookRejected(f"The message cannot be read ({type(error).__name__}).") from None
    if not found:
        raise WebhookRejected("The message names no call.")
    return found


def digest_of(body: bytes, index: int = 0) -> str:
    """Return the digest by which a hint is stored once; `index` is the hint's position in its message."""
    return hashlib.sha256(body + (b"#%d" % index if index else b"")).hexdigest()


def take_hint(provider_id: int, snapshot: CallSnapshot, digest: str, now: datetime.datetime) -> DeliveryResult:
    """Store one hint and make its call due for a read now; runs in the caller's transaction."""
    hint, is_new = CallHint.objects.get_or_create(
        provider_id=provider_id,
        digest=digest,
        defaults={
            "remote_id": snapshot.remote_id[:MAX_REMOTE_ID],
            "to_number": snapshot.to_number[:MAX_NUMBER],
            "is_inbound": snapshot.direction == "inbound",
            "told_at": snapshot.created_at,
            "received_at": now,
        },
    )
    if not is_new:
        return DeliveryResult.REPEATED
    if snapshot.reference is not None:
        # It may be about an unknown call: search the vendor's list for it now.
        asked = Call.objects.filter(provider=provider_id, reference=snapshot.reference, status=CallStatus.UNKNOWN)
        if asked.update(next_poll_at=now):
            _ring_polls()
    state = match_hint(hint, now)
    if state != State.DONE:
        _ring_hints()
    return DeliveryResult.PARKED if state == State.PARKED else DeliveryResult.TAKEN


def match_hint(hint: CallHint, now: datetime.datetime) -> str:
    """Find the call that a hint is about and make it due for a read; returns the hint's new state."""
    call = Call.objects.filter(provider=hint.provider_id, remote_id=hint.remote_id).first() if hint.remote_id else None
    if call is None:
        return State.PARKED
    state = State.DONE
    if call.no_news_at is not None:
        Call.objects.filter(pk=call.pk, no_news_at__isnull=False).update(next_poll_at=now)
        _ring_polls()
    elif call.status in FINAL:
        # The call is over, but what the vendor adds after the end, such as a transcript, may be ready now.
        ended_at = call.ended_at or call.changed_at
        state = State.TO_READ if now - ended_at < READ_AGAIN else State.DONE
    elif Call.objects.filter(pk=call.pk, status__in=AT_VENDOR).update(next_poll_at=now):
        _ring_polls()
    CallHint.objects.filter(pk=hint.pk).update(state=state)
    return state


def forget_hints(now: datetime.datetime) -> int:
    """Delete hints older than `KEPT`, and all but the newest `MOST_KEPT`; returns how many."""
    deleted = CallHint.objects.filter(received_at__lt=now - KEPT).delete()[0]
    for provider_id in CallHint.objects.order_by().values_list("provider", flat=True).distinct():
        newest = CallHint.objects.filter(provider=provider_id).order_by("-id").values_list("id", flat=True)
        if oldest := newest[MOST_KEPT : MOST_KEPT + 1].first():
            deleted += CallHint.objects.filter(provider=provider_id, id__lte=oldest).delete()[0]
    return deleted


def _strongest(results: Sequence[DeliveryResult]) -> DeliveryResult:
    order = (DeliveryResult.TAKEN, DeliveryResult.PARKED, DeliveryResult.REPEATED)
    return next(result for result in order if result in results)


def _ring_polls() -> None:
    # One nudge for many messages: the poll slice that it starts reads every due call.
    if cache.add("hints:polls", 1, NUDGE_SECONDS):
        queue.nudge_poll()


def _ring_hints() -> None:
    if cache.add("hints:follow", 1, NUDGE_SECONDS):
        queue.nudge_hints()


def to_follow() -> Q:
    """Return the condition of hints that still need work."""
    return Q(state__in=[State.PARKED, State.TO_READ])


PARKED_FOR = datetime.timedelta(minutes=15)
"""How long a hint that matches no call is kept before it is given up."""
FOLLOW_SECONDS = 30.0
"""Longest duration of one run of `follow_hints`."""
HINTS_A_RUN = 200
"""Most hints of one provider that one run handles."""


def follow_hints() -> dict[str, int]:
    """Process parked hints and those to be read, for at most `FOLLOW_SECONDS`; returns counts of hints by new state."""
    now = timezone.now()
    until = time.monotonic() + FOLLOW_SECONDS
    pending = CallHint.objects.filter(to_follow())
    counts = {"stray": _give_up(now)}
    for provider in Provider.objects.filter(pk__in=pending.values("provider").distinct()):
        hints = list(pending.filter(provider=provider).order_by("id")[:HINTS_A_RUN])
        for hint in hints:
            if hint.state == State.PARKED:
                hint.state = match_hint(hint, now)
        counts["done"] = counts.get("done", 0) + _read_or_leave(provider, hints, until)
    return counts


def _read_or_leave(provider: Provider, hints: Sequence[CallHint], until: float) -> int:
    """Read what one provider's hints name; what cannot be written keeps no other provider's hints waiting."""
    try:
        return _read(provider, hints, until)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error("provider=%s: what was read cannot be written: %s", provider.pk, type(error).__name__)
        return 0


def has_hints() -> bool:
    """Return whether any hint needs work."""
    return CallHint.objects.filter(to_follow()).exists()


def _give_up(now: datetime.datetime) -> int:
    late = CallHint.objects.filter(to_follow(), received_at__lt=now - PARKED_FOR)
    strays = late.filter(state=State.PARKED).update(state=State.STRAY)
    late.filter(state=State.TO_READ).update(state=State.DONE)
    if strays:
        logger.warning("%s messages of vendors were about calls that we do not know", strays)
    return strays


def _read(provider: Provider, hints: Sequence[CallHint], until: float) -> int:
    """Read from the vendor the calls that are over, and the calls that parked hints name, for our unknown ones."""
    # No more single reads than the provider's read rate allows in this time.
    most = max(1, round(provider.reads_per_minute * FOLLOW_SECONDS / 60))
    over = {hint.remote_id: hint for hint in [hint for hint in hints if hint.state == State.TO_READ][:most]}
    lost = [(hint, call) for hint in hints if hint.state == State.PARKED and (call := _lost_call(provider, hint))]
    came_in = [hint for hint in hints if hint.state == State.PARKED and hint.is_inbound][:most]
    if not over and not lost and not came_in:
        return 0
    try:
        backend = opening.open_backend(provider)
        done = _read_over(backend, provider, over) if over else 0
        done += _take_in(backend, provider, came_in) if came_in else 0
        for hint, call in lost:
            if time.monotonic() < until:
                done += _bind(backend, hint, call)
    except (AccountProblem, ProviderUnusable) as error:
        Provider.objects.halt_for(provider.pk, error)
        return 0
    except (ProviderError, ProviderMisconfigured) as error:
        # The next run tries again, until `PARKED_FOR` is over.
        Provider.objects.note_error(provider.pk, error)
        return 0
    return done


def _read_over(backend: ProviderBackend, provider: Provider, hints: dict[str, CallHint]) -> int:
    calls = list(Call.objects.filter(provider=provider, remote_id__in=hints).select_related("agent", "caller_id"))
    ids = {call.remote_id: call.pk for call in calls}
    snapshots = backend.fetch_calls([handle_of(call) for call in calls])
    news = {ids[snapshot.remote_id]: snapshot for snapshot in snapshots if snapshot.remote_id in ids}
    call_updates.merge_news(news, source="poll", now=timezone.now())
    return CallHint.objects.filter(provider=provider, remote_id__in=hints, state=State.TO_READ).update(state=State.DONE)


def _take_in(backend: ProviderBackend, provider: Provider, hints: Sequence[CallHint]) -> int:
    """Read the calls that came in by these hints, and write those that are over; no hint is believed by itself.

    One that still goes on sends another message at its end, and stands in the list that is compared every hour.
    """
    named = {hint.remote_id: CallSnapshot(remote_id=hint.remote_id) for hint in hints if hint.remote_id}
    inbound.take_in(provider, backend, list(named.values()), our_lines(provider), timezone.now())
    return CallHint.objects.filter(pk__in=[hint.pk for hint in hints]).update(state=State.DONE)


def _lost_call(provider: Provider, hint: CallHint) -> Call | None:
    """Return the only unknown call that fits a hint, at a vendor without a list; None if none or several fit."""
    if provider.backend_class.supports_list_calls or not hint.to_number or hint.told_at is None:
        return None
    lost = Q(status=CallStatus.UNKNOWN) | Q(status=CallStatus.FAILED, failure_reason=FailureReason.NOT_PLACED)
    calls = Call.objects.filter(lost, provider=provider, to_number=hint.to_number, remote_id="")
    fitting = [call for call in calls.order_by("-id")[:CANDIDATES] if _fits(call, hint.to_number, hint.told_at)]
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
        # The vendor does not know the call that the message names: the message was false.
        CallHint.objects.filter(pk=hint.pk).update(state=State.STRAY)
        logger.warning("call=%s: a message about it is not confirmed by the vendor", call.pk)
        return 0
    now = timezone.now()
    if call_updates.bind(
        call.pk, hint.remote_id, code="bound_by_message", source="webhook", now=now, matched_by="number"
    ):
        call_updates.merge_news({call.pk: found}, source="poll", now=now)
        CallHint.objects.filter(pk=hint.pk).update(state=State.DONE)
        return 1
    return 0
