"""Callbacks: asked for with the message of an earlier call, moved, taken back, and their ends noted."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown, changes_of
from callcenter.edits.states import put
from campaigns.calls import call_actions, later_calls
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core import conditions
from campaigns.core.all_numbers import numbers_of
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.happenings import happened
from campaigns.core.refusals import Refusal
from campaigns.core.scope import may_see, seen_by
from campaigns.models import Call, Callback, Contact
from providers.types import CallStatus

NOTED_A_RUN = 500
"""Most callbacks whose conversations one run of the minute job notes, and most that it tells to be due."""
DUE_WITHIN = datetime.timedelta(days=1)
"""A callback is told to be due within a day of its time, or, where nothing ran then, not at all."""


def ask_for_callback(
    person: Contact | None,
    number: str,
    when: datetime.datetime,
    zone: str,
    reason: str,
    asked_by: Person,
    from_call: Call | None = None,
    *,
    token: UUID | None = None,
) -> Callback:
    """Plan a call to a person at a moment, or at a time without a zone on the clock of `zone`; returns the callback.

    It says what `from_call` said, else what the last call to them did. `number` (E.164) is theirs; empty: the one they
    are called by. The same `token` plans one only. Raises PermissionDenied, or Refusal with the reason and next step.
    """
    if not may(asked_by, "place_call"):
        raise PermissionDenied("place_call")
    # Who sees a call may have its person called back from it.
    is_of_call = from_call is not None and person is not None and from_call.contact_id == person.pk
    for row in (None if is_of_call else person, from_call):
        if row is not None and not may_see(asked_by, row):
            raise PermissionDenied("callback")
    person = person or (from_call.contact if from_call is not None else None)
    number = number or (person.phone if person is not None else from_call.to_number if from_call is not None else "")
    if not number:
        raise Refusal(_("There is no number to call."))
    if person is not None and number not in numbers_of([person.pk]):
        raise Refusal(_("This number does not belong to this contact. Choose one of the contact’s numbers."))
    said = message_of(person, number, asked_by, from_call)
    if said is None:
        raise Refusal(_("There is no earlier call to repeat. Open Quick call and choose a time under “Call later”."))
    if not said.provider.is_active:
        raise Refusal(_("The provider of the earlier call is turned off. Schedule the call in Quick call."))
    order = SingleCall(
        to_number=number,
        region=person.region if person is not None else "",
        provider=said.provider,
        agent=said.agent,
        voice=said.voice,
        text=said.text,
        digits=said.digits,
        caller_id=said.caller_id,
        dialer=said.dialer,
        variables=said.variables,
        later=later_calls.later_at(when, zone, reason, from_call),
        contact=person,
    )
    call = place_single_call(order, person=asked_by, token=token).call
    made: Callback | None = getattr(call, "callback", None)
    if made is None:
        raise Refusal(_("This form was already used for another call. Open it again."))
    return made


def message_of(person: Contact | None, number: str, viewer: Person, from_call: Call | None = None) -> Call | None:
    """Return the call whose message a callback repeats: the one in which it was asked for, else the last to them.

    One that came in says nothing of ours: then it is the call that it answered.
    """
    parts = ("provider", "agent", "voice", "caller_id", "dialer")
    if from_call is not None and from_call.is_inbound:
        from_call = from_call.inbound.answers
    if from_call is not None and from_call.test_of_id is None:
        return Call.objects.select_related(*parts).get(pk=from_call.pk)
    theirs = Q(to_number=number)
    if person is not None:
        theirs |= Q(contact=person)
    calls = Call.objects.filter(theirs, direction="outbound", test_of__isnull=True)
    return seen_by(viewer, calls).select_related(*parts).order_by("-pk").first()


def move(callback_id: int, values: dict[str, Any], person: Person, shown: Shown | None = None) -> Callback:
    """Move a callback to another day, time or zone (`Callback`'s columns of these names).

    Raises PermissionDenied, Refusal with the reason, and BothChanged if somebody else moved it since it was shown.
    """
    with transaction.atomic():
        found = _lock(callback_id, person)
        changes = changes_of(found, values, shown)
        if not changes:
            return found
        before, now, call = found.asked_for, timezone.now(), found.call
        for name, value in changes.items():
            put(found, name, value)
        later = later_calls.Later(local_day=found.local_day, local_time=found.local_time, zone=found.zone)
        at = later.moment(now)
        later_calls.refuse_then(call.to_number, call.provider, call.contact, at, besides=call.pk)
        # Without its lease no commit point passes it that had it reserved for the time before.
        waits = Call.objects.filter(pk=call.pk, status=CallStatus.PENDING)
        asked = later_calls.columns_of(now, at)
        moved_rows = waits.update(
            due_at=asked["due_at"],
            wait_reason=asked["wait_reason"],
            expires_at=asked["expires_at"],
            confirmed_at=asked["confirmed_at"],
            lease=None,
            lease_until=None,
            changed_at=now,
        )
        if not moved_rows:
            raise Refusal(_("Too late: it is no longer waiting. See the result on its page."))
        found.due_told_at = None
        found.save(update_fields=[*changes, "due_told_at"])
        words = f"{found.local_day} {found.local_time:%H:%M} {found.zone}"
        moved = step(call.pk, "callback_moved", at=now, source=Source.PERSON, actor_id=person.pk, detail=words)
        write_steps([moved])
        record(person, "call.callback_moved", call, at=at.isoformat(), before=before.isoformat())
    return found


def take_back(callback_id: int, person: Person, reason: str = "") -> bool:
    """Take a callback back; False if it no longer waited. Raises PermissionDenied."""
    with transaction.atomic():
        found = _lock(callback_id, person)
        if not call_actions.cancel_call(found.call_id, person, reason):
            return False
        if found.asked_by_id == person.pk:
            # Whoever takes back their own needs not be told.
            Callback.objects.filter(pk=found.pk).update(noted_at=timezone.now())
    return True


def note(callback_id: int, person: Person) -> bool:
    """Say that one knows how a callback ended; False if it still waits or was noted before. Raises PermissionDenied."""
    with transaction.atomic():
        found = _lock(callback_id, person)
        if found.noted_at is not None or not found.call.is_final:
            return False
        Callback.objects.filter(pk=found.pk).update(noted_at=timezone.now())
        record(person, "call.callback_noted", found.call)
    return True


def note_talked(now: datetime.datetime) -> int:
    """Note the callbacks in which somebody talked; returns how many.

    The minute job does it: of these nobody needs to be told.
    """
    reached = conditions.reached_in(Call.objects.filter(callback__noted_at=None, callback__isnull=False))
    calls = list(reached.values_list("pk", flat=True)[:NOTED_A_RUN])
    return Callback.objects.filter(call__in=calls, noted_at=None).update(noted_at=now) if calls else 0


def tell_due(now: datetime.datetime) -> int:
    """Tell others of callbacks whose time has come, once each; returns how many. The minute job does it."""
    with transaction.atomic():
        rows = Callback.objects.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
        due = rows.filter(due_told_at=None, call__due_at__lte=now)
        found = list(due.values_list("pk", "call__due_at", "call__status")[:NOTED_A_RUN])
        if not found:
            return 0
        Callback.objects.filter(pk__in=[pk for pk, _at, _status in found]).update(due_told_at=now)
        told = [pk for pk, at, status in found if at > now - DUE_WITHIN and status != CallStatus.SKIPPED]
        happened("callback.due", *told)
    return len(told)


def may_move(callback: Callback, person: Person) -> bool:
    """Return whether a person may move a callback, or take it back."""
    return call_actions.may_cancel(callback.call, person)


def _lock(callback_id: int, person: Person) -> Callback:
    rows = Callback.objects.select_for_update(of=("self",)).select_related("call__contact", "call__provider")
    found = rows.get(pk=callback_id)
    if not may_move(found, person):
        raise PermissionDenied("callback")
    return found
