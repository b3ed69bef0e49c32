"""What is to be sent: made from what happened, chosen when due, its attempts written down, sent again."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import may
from callcenter.api.keys import MAKE
from callcenter.audit.models import record
from callcenter.webhooks_out import events, receivers, retries
from callcenter.webhooks_out.events import TEST
from campaigns import queue
from campaigns.core import happenings
from campaigns.core.refusals import Refusal
from campaigns.models import Happening, WebhookDelivery, WebhookReceiver

State, Problem = WebhookDelivery.State, WebhookDelivery.Problem
MOST_AGAIN = 10_000


class Attempt(NamedTuple):
    """What came of one attempt."""

    status: int | None
    """HTTP status; None where no whole answer came."""
    problem: str
    """Empty where the address took it."""
    took_ms: int = 0
    retry_after: float = 0.0
    """Seconds that the answer asked to wait."""


@dataclass(frozen=True, slots=True)
class Made:
    """How many events were looked at, and how many deliveries were made of them."""

    happenings: int
    deliveries: int


def make_of_happenings() -> Made:
    """Make a delivery of each new event for each address that wants it and whose owner may hear of it; one batch."""
    if not happenings.has_untaken(receivers.LISTENER):
        return Made(0, 0)
    with transaction.atomic():
        found = happenings.taken(receivers.LISTENER)
        if not found:
            return Made(0, 0)
        rows = [
            row
            for receiver in WebhookReceiver.objects.sent_to().select_related("owner")
            for row in _of(receiver, found)
        ]
        WebhookDelivery.objects.bulk_create(rows, batch_size=200)
    return Made(len(found), len(rows))


def _of(receiver: WebhookReceiver, found: Sequence[Happening]) -> list[WebhookDelivery]:
    if not may(receiver.owner, MAKE):
        return []
    wanted: dict[str, list[Happening]] = defaultdict(list)
    for one in found:
        if one.kind in receiver.kinds and one.kind in events.EVENTS:
            wanted[one.kind].append(one)
    seen = {kind: events.seen(receiver.owner, kind, [one.subject for one in those]) for kind, those in wanted.items()}
    now = timezone.now()
    return [
        WebhookDelivery(
            receiver=receiver, key=one.key, kind=one.kind, subject=one.subject, at=one.at, begun_at=now, due_at=now
        )
        for one in found
        if one.kind in wanted and one.subject in seen[one.kind]
    ]


def due(receiver: WebhookReceiver, now: datetime.datetime, most: int, without: set[int]) -> list[WebhookDelivery]:
    """Return what is due for an address, the longest due first, without some that are being sent."""
    waiting = WebhookDelivery.objects.filter(receiver=receiver, state=State.WAITING, due_at__lte=now)
    return list(waiting.exclude(pk__in=without).order_by("due_at", "pk")[:most])


def next_due(receiver_ids: Sequence[int]) -> datetime.datetime | None:
    """Return when the next delivery for one of these addresses is due; None where none waits."""
    waiting = WebhookDelivery.objects.filter(receiver__in=receiver_ids, state=State.WAITING)
    at: datetime.datetime | None = waiting.order_by("due_at").values_list("due_at", flat=True).first()
    return at


def note(delivery: WebhookDelivery, attempt: Attempt, now: datetime.datetime) -> None:
    """Write what came of an attempt, and what follows for the delivery and its address."""
    with transaction.atomic():
        receiver = WebhookReceiver.objects.select_for_update().filter(pk=delivery.receiver_id).first()
        if receiver is None:
            return
        tries = delivery.tries + 1
        told = {"tries": tries, "tried_at": now, "status": attempt.status, "took_ms": attempt.took_ms}
        mine = WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        if not attempt.problem:
            mine.update(state=State.DELIVERED, problem="", **told)
            well = {"failing_since": None, "failures": 0, "rests_until": None, "delivered_at": now}
            WebhookReceiver.objects.filter(pk=receiver.pk).update(**well)
            return
        wait = retries.wait_after(tries, attempt.retry_after)
        values = {"problem": attempt.problem} | told
        if wait is None:
            mine.update(state=State.FAILED, **values)
        else:
            mine.update(due_at=now + wait, **values)
        if attempt.problem == Problem.INTERNAL:
            # A fault of ours says nothing of the address.
            return
        since = receiver.failing_since or now
        rest = now + max(retries.rest_after(receiver.failures + 1), datetime.timedelta(seconds=attempt.retry_after))
        WebhookReceiver.objects.filter(pk=receiver.pk).update(
            failing_since=since, failures=F("failures") + 1, rests_until=min(rest, now + _LONGEST)
        )
        if attempt.status == 410:
            receivers.halt(receiver.pk, WebhookReceiver.Halt.GONE, now)
        elif retries.is_dead(since, now):
            receivers.halt(receiver.pk, WebhookReceiver.Halt.DEAD, now)


_LONGEST = datetime.timedelta(seconds=retries.LONGEST_ASKED)


def void(delivery: WebhookDelivery, problem: str) -> None:
    """Note that there is nothing to send."""
    WebhookDelivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(state=State.VOID, problem=problem)


# Asked for by people


def send_test(receiver_id: int, person: User) -> WebhookDelivery:
    """Queue a test for an address. Raises Refusal where it is switched off or halted."""
    with transaction.atomic():
        receiver = _sent_to(receiver_id)
        made = WebhookDelivery.objects.create(receiver=receiver, kind=TEST)
        record(person, "webhook.tested", receiver)
        queue.nudge_webhooks()
    return made


def again(receiver_id: int, person: User, *, delivery_id: int | None = None) -> int:
    """Send one delivery again, whatever came of it, or all that failed; returns how many. Raises Refusal.

    The id stays, so that a receiver which took it knows it again; what is sent is read anew.
    """
    with transaction.atomic():
        receiver = _sent_to(receiver_id)
        theirs = WebhookDelivery.objects.filter(receiver=receiver)
        if delivery_id is None:
            failed = theirs.filter(state=State.FAILED).order_by("pk").values_list("pk", flat=True)[:MOST_AGAIN]
            chosen = theirs.filter(pk__in=list(failed))
        else:
            chosen = theirs.filter(pk=delivery_id).exclude(state=State.WAITING)
        now = timezone.now()
        count = chosen.update(state=State.WAITING, due_at=now, begun_at=now, tries=0, problem="", status=None)
        if count:
            record(person, "webhook.sent_again", receiver, deliveries=count)
            queue.nudge_webhooks()
    return count


def _sent_to(receiver_id: int) -> WebhookReceiver:
    found = WebhookReceiver.objects.sent_to().filter(pk=receiver_id).first()
    if found is None:
        raise Refusal(_("Nothing is sent to it now. Turn it on or resume it first."))
    return found
