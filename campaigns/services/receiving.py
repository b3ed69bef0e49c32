"""Takes what vendors send by themselves, as a hint and no more: it makes us read the call's state at once.

A hint may be forged, repeated, late, early or out of order. So it is kept once by its bytes, it never writes a state,
and one that no call of ours answers to is kept aside for a quarter of an hour: it can overtake the answer to an order.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
from collections.abc import Mapping, Sequence

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from campaigns import queue
from campaigns.models import Call, CallHint
from providers import opening
from providers.exceptions import ProviderMisconfigured, WebhookRejected
from providers.models import DeliveryResult, Provider, WebhookAddress
from providers.models.webhooks import hash_of
from providers.types import AT_VENDOR, FINAL, CallSnapshot, CallStatus

logger = logging.getLogger(__name__)

MOST_IN_ONE = 50
NUDGE_SECONDS = 2
KEPT = datetime.timedelta(days=1)
MOST_KEPT = 20_000
READ_AGAIN = datetime.timedelta(days=1)
"""A call that ended longer ago is not read again for a hint."""

State = CallHint.State


def find_address(provider_id: int, token: str) -> WebhookAddress | None:
    """Return the address that this token opens; takes as long for a provider that does not exist."""
    address = WebhookAddress.objects.select_related("provider").filter(provider=provider_id).first()
    if address is None:
        hash_of(token)
        return None
    opens = address.opens_with(token, timezone.now())
    return address if opens and address.provider.backend_class.supports_webhook else None


def receive(address: WebhookAddress, headers: Mapping[str, str], body: bytes) -> DeliveryResult:
    """Take one message; `headers` have lower-case names. Asks nothing of the vendor: the answer must be quick."""
    now = timezone.now()
    try:
        snapshots = read_message(address.provider, headers, body)
    except WebhookRejected as error:
        logger.warning("provider=%s: a message was refused: %s", address.provider_id, error.message)
        result = DeliveryResult.REFUSED
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
    """Return the hints of a message; raises WebhookRejected for whatever cannot be read."""
    try:
        found = opening.open_backend(provider).parse_webhook(headers, body)
    except WebhookRejected:
        raise
    except ProviderMisconfigured:
        raise WebhookRejected("The provider's own settings cannot work.") from None
    except Exception as error:
        # Whatever a stranger sends must not become an error of ours.
        raise WebhookRejected(f"The message cannot be read ({type(error).__name__}).") from None
    if not found:
        raise WebhookRejected("The message names no call.")
    return found


def digest_of(body: bytes, index: int = 0) -> str:
    """Return the digest under which a hint is kept; a message with several has one for each."""
    return hashlib.sha256(body + (b"#%d" % index if index else b"")).hexdigest()


def take_hint(provider_id: int, snapshot: CallSnapshot, digest: str, now: datetime.datetime) -> DeliveryResult:
    """Keep one hint and let its call be read now; in the caller's transaction."""
    hint, is_new = CallHint.objects.get_or_create(
        provider_id=provider_id,
        digest=digest,
        defaults={
            "remote_id": snapshot.remote_id[:200],
            "to_number": snapshot.to_number[:40],
            "told_at": snapshot.created_at,
            "received_at": now,
        },
    )
    if not is_new:
        return DeliveryResult.REPEATED
    if snapshot.reference is not None:
        # It may be the one that we lost sight of: look at the vendor's own list now.
        asked = Call.objects.filter(provider=provider_id, reference=snapshot.reference, status=CallStatus.UNKNOWN)
        if asked.update(next_poll_at=now):
            _ring_polls()
    state = match_hint(hint, now)
    if state != State.DONE:
        _ring_hints()
    return DeliveryResult.PARKED if state == State.PARKED else DeliveryResult.TAKEN


def match_hint(hint: CallHint, now: datetime.datetime) -> str:
    """Find the call that a hint is about and let it be read; returns the hint's new state."""
    call = Call.objects.filter(provider=hint.provider_id, remote_id=hint.remote_id).first() if hint.remote_id else None
    if call is None:
        return State.PARKED
    state = State.DONE
    if call.status in FINAL:
        # What is written up after the end, such as the transcript, may be there by now.
        ended_at = call.ended_at or call.changed_at
        state = State.TO_READ if now - ended_at < READ_AGAIN else State.DONE
    elif Call.objects.filter(pk=call.pk, status__in=AT_VENDOR).update(next_poll_at=now):
        _ring_polls()
    CallHint.objects.filter(pk=hint.pk).update(state=state)
    return state


def forget_hints(now: datetime.datetime) -> int:
    """Delete hints of yesterday, and of a flood all but the newest; returns how many."""
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
    # A flood of messages is one ring: the slice that it starts sees all that is due.
    if cache.add("hints:polls", 1, NUDGE_SECONDS):
        queue.nudge_poll()


def _ring_hints() -> None:
    if cache.add("hints:follow", 1, NUDGE_SECONDS):
        queue.nudge_hints()


def to_follow() -> Q:
    """Return the condition of hints that something is still to be done about."""
    return Q(state__in=[State.PARKED, State.TO_READ])
