"""Sends what is due, many addresses side by side, without a transaction around it; one process at a time an address.

A process that dies after a message left and before its attempt was written sends it again, with the same id: at least
once. A process that dies with the lease of an address leaves it to the next one, a minute later.
"""

from __future__ import annotations

import datetime
import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone, translation
from requests import Request, Response

from callcenter.access.roles import may
from callcenter.api.keys import MAKE
from callcenter.webhooks_out import deliveries, events, signing
from callcenter.webhooks_out.addresses import NotAllowed, allowed, host_of
from callcenter.webhooks_out.deliveries import Attempt, Problem
from callcenter.webhooks_out.receivers import LISTENER
from campaigns import queue
from campaigns.core import happenings
from campaigns.models import WebhookDelivery, WebhookReceiver
from providers.client.client import HttpClient
from providers.client.loop import TransferLoop
from providers.client.transfers import Transfer
from providers.clock import boottime
from providers.exceptions import KeysUnreadable, ProviderMisconfigured

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
LEASE = datetime.timedelta(seconds=60)
RENEW_SECONDS = 15.0
CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
MOST_ANSWER_BYTES = 64 * 1024
AT_ONCE = 6
"""Messages on their way to one address at the same time; one that fails gets one at a time."""
MOST_AT_ONCE = 60
"""Messages on their way in all."""
LOOK_EVERY = 0.25
"""Seconds between looks at what is due."""
PATIENCE = 7.0
"""Seconds that a slice waits for what is due next, so that the first new attempt comes after five."""


@dataclass(slots=True)
class Out:
    """A message on its way."""

    delivery: WebhookDelivery
    transfer: Transfer
    began: float


def run_slice(*, seconds: float = SLICE_SECONDS, patience: float = PATIENCE) -> int:
    """Send what is due for at most some seconds; returns how many attempts were made."""
    slice_ = Slice(time.monotonic() + seconds, patience)
    try:
        return slice_.run()
    finally:
        slice_.close()


class Slice:
    """One process's turn at sending."""

    def __init__(self, until: float, patience: float) -> None:
        self._until, self._patience = until, patience
        self._token, self._renew_at = uuid.uuid4(), 0.0
        self._mine: list[WebhookReceiver] = []
        self._loop = TransferLoop()
        self._out: dict[int, Out] = {}
        self._attempts = 0

    def run(self) -> int:
        """Send until nothing is due, or the time is over."""
        idle_since: float | None = None
        while True:
            is_over = time.monotonic() >= self._until
            if not is_over:
                self._take()
                if not self._mine:
                    break
                begun = self._begin()
                made = deliveries.make_of_happenings()
                idle_since = None if begun or made.happenings else idle_since or time.monotonic()
            if not self._out:
                if is_over or (idle_since is not None and not self._is_worth_waiting(idle_since)):
                    break
                time.sleep(LOOK_EVERY if idle_since is not None else 0)
                continue
            for transfer in self._loop.turn(LOOK_EVERY):
                self._end(transfer)
        if self._has_more():
            queue.nudge_webhooks()
        return self._attempts

    def close(self) -> None:
        """Leave the addresses to others; what is on its way is dropped, and sent again by the next slice."""
        self._loop.close()
        WebhookReceiver.objects.filter(lease=self._token).update(lease=None, lease_until=None)

    def _take(self) -> None:
        """Take or renew the leases of all addresses that nobody holds, so that one process sends at a time."""
        if time.monotonic() < self._renew_at:
            return
        now = timezone.now()
        free = (
            Q(lease__isnull=True) | Q(lease_until__lte=now) | Q(lease_until__gt=now + 2 * LEASE) | Q(lease=self._token)
        )
        WebhookReceiver.objects.sent_to().filter(free).update(lease=self._token, lease_until=now + LEASE)
        self._mine = list(WebhookReceiver.objects.sent_to().filter(lease=self._token).select_related("owner"))
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def _is_worth_waiting(self, idle_since: float) -> bool:
        at = deliveries.next_due([one.pk for one in self._mine])
        if at is None:
            return False
        waits = (at - timezone.now()).total_seconds()
        return time.monotonic() - idle_since + max(waits, 0) <= self._patience

    def _has_more(self) -> bool:
        if happenings.has_untaken(LISTENER):
            return True
        now = timezone.now()
        mine = WebhookReceiver.objects.sent_to().filter(pk__in=[one.pk for one in self._mine])
        awake = mine.filter(Q(rests_until__isnull=True) | Q(rests_until__lte=now)).values_list("pk", flat=True)
        at = deliveries.next_due(list(awake))
        return at is not None and at <= now

    def _begin(self) -> int:
        """Send what is due and has room; returns how many messages left or were found to be void."""
        now, begun = timezone.now(), 0
        known = {one.pk: one for one in WebhookReceiver.objects.filter(pk__in=[one.pk for one in self._mine])}
        for mine in self._mine:
            receiver = known.get(mine.pk)
            if receiver is None or receiver.halted_at or not receiver.is_active:
                continue
            if receiver.rests_until is not None and receiver.rests_until > now:
                continue
            under_way = {pk for pk, out in self._out.items() if out.delivery.receiver_id == receiver.pk}
            room = min((1 if receiver.failures else AT_ONCE) - len(under_way), MOST_AT_ONCE - len(self._out))
            if room > 0 and (found := deliveries.due(receiver, now, room, under_way)):
                receiver.owner = mine.owner
                begun += self._send(receiver, found, now)
        return begun

    def _send(self, receiver: WebhookReceiver, found: Sequence[WebhookDelivery], now: datetime.datetime) -> int:
        told = _read(receiver, found)
        for delivery in found:
            data = told.get(delivery.pk)
            if delivery.pk in told and data is None:
                self._note(delivery, Attempt(None, Problem.INTERNAL))
                continue
            if data is None:
                deliveries.void(delivery, Problem.DELETED)
                continue
            try:
                transfer = prepared(receiver, delivery, data, now)
            except (NotAllowed, ProviderMisconfigured):
                self._note(delivery, Attempt(None, Problem.NOT_ALLOWED))
            except (KeysUnreadable, KeyError):
                self._note(delivery, Attempt(None, Problem.UNSIGNED))
            else:
                self._out[delivery.pk] = Out(delivery, transfer, time.monotonic())
                self._loop.start(transfer)
        return len(found)

    def _end(self, transfer: Transfer) -> None:
        pk = next(pk for pk, out in self._out.items() if out.transfer is transfer)
        out = self._out.pop(pk)
        self._note(out.delivery, attempt_of(transfer, round((time.monotonic() - out.began) * 1000)))

    def _note(self, delivery: WebhookDelivery, attempt: Attempt) -> None:
        self._attempts += 1
        deliveries.note(delivery, attempt, timezone.now())
        if attempt.problem:
            host = next((host_of(one.url) for one in self._mine if one.pk == delivery.receiver_id), "")
            logger.info("webhook=%s delivery=%s host=%s: %s", delivery.receiver_id, delivery.pk, host, attempt.problem)


def _read(receiver: WebhookReceiver, found: Sequence[WebhookDelivery]) -> Mapping[int, dict[str, Any] | None]:
    """Return what is sent of each delivery, by its id; nothing of what its owner may not hear of any more.

    None stands for one that cannot be read for a fault of ours: it holds up no other.
    """
    owner = User.objects.get(pk=receiver.owner_id)  # their rights of now, not of the slice's beginning
    told: dict[int, dict[str, Any] | None] = {}
    if not owner.is_active or not may(owner, MAKE):
        return told
    with translation.override(settings.LANGUAGE_CODE):
        for kind in {one.kind for one in found}:
            those = [one for one in found if one.kind == kind]
            try:
                told |= _read_kind(owner, kind, those)
            except Exception:
                # One row that cannot be read must not keep every later event from being sent.
                logger.exception("webhook=%s: events of the kind %s are read one by one", receiver.pk, kind)
                for one in those:
                    try:
                        told |= _read_kind(owner, kind, [one])
                    except Exception:
                        told[one.pk] = None
    return told


def _read_kind(owner: User, kind: str, those: Sequence[WebhookDelivery]) -> dict[int, dict[str, Any]]:
    if kind == events.TEST:
        return {one.pk: events.of_test() for one in those}
    if kind not in events.EVENTS:
        return {}
    read = events.read(owner, kind, [one.subject for one in those if one.subject is not None])
    return {one.pk: read[one.subject] for one in those if one.subject in read}


def body_of(delivery: WebhookDelivery, data: Mapping[str, Any]) -> bytes:
    """Return the body of a message."""
    whole = {"type": delivery.kind, "timestamp": delivery.at.isoformat(), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def prepared(
    receiver: WebhookReceiver, delivery: WebhookDelivery, data: Mapping[str, Any], now: datetime.datetime
) -> Transfer:
    """Return the signed message; raises NotAllowed, ProviderMisconfigured, KeysUnreadable and KeyError."""
    address = allowed(receiver.url)
    keys = receiver.secrets.open()
    signs = [keys[str(receiver.secret_number)]]
    previous = str(receiver.secret_number - 1)
    if receiver.previous_until is not None and receiver.previous_until > now and previous in keys:
        signs.append(keys[previous])
    body = body_of(delivery, data)
    signed = signing.headers(signs, delivery.message_id, int(time.time()), body)
    client = HttpClient(
        address.origin,
        headers={"Content-Type": "application/json", **signed},
        allowed_hosts=settings.OUTBOUND_HOSTS,
        sandbox_origin=address.on_this_machine,
        connect_timeout=CONNECT_SECONDS,
        total_timeout=TOTAL_SECONDS,
        presend=TOTAL_SECONDS,
        max_bytes=MOST_ANSWER_BYTES,
    )
    return client.prepare(Request("POST", address.target, data=body), boottime())


def attempt_of(transfer: Transfer, took_ms: int) -> Attempt:
    """Return what came of a message that ended; nothing of the answer but its status is kept."""
    answer = transfer.outcome
    if not isinstance(answer, Response):
        return Attempt(None, Problem(transfer.cause).value, took_ms)
    status = answer.status_code
    if 200 <= status < 300:
        return Attempt(status, "", took_ms)
    problem = Problem.REDIRECT if 300 <= status < 400 else Problem.REFUSED
    return Attempt(status, problem.value, took_ms, _retry_after(answer.headers.get("retry-after", "")))


def _retry_after(text: str) -> float:
    try:
        return min(float(int(text)), 86_400.0) if text.isascii() and text.isdigit() else _until(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _until(text: str) -> float:
    at = parsedate_to_datetime(text)
    return max((at - timezone.now()).total_seconds(), 0.0) if at.tzinfo else 0.0
