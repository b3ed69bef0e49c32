"""What a person decides of a call whose result nobody knows."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns.core import results, transitions
from campaigns.core.call_events import Source
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.models import Call
from campaigns.tracking.unknown_calls import hold_as_not_placed
from providers.types import CallStatus


def settle_by_person(call_id: int, *, placed: bool, person: Person, reason: str) -> None:
    """Record a person's decision whether an unknown call was placed; raises Refusal if it is no longer unknown."""
    now = timezone.now()
    with transaction.atomic():
        call = Call.objects.select_for_update(no_key=True).get(pk=call_id)
        if call.status != CallStatus.UNKNOWN:
            raise Refusal(_("This call is no longer unknown: %(state)s.") % {"state": results.result_of(call).word})
        if placed:
            why = Why("bound_by_person", Source.PERSON.value, reason, person.pk)
            transitions.change(transitions.CLOSE, Call.objects.filter(pk=call_id), now, why)
        else:
            hold_as_not_placed(call, now, code="absent_by_person", source="person", actor_id=person.pk, detail=reason)
        record(person, "call.settled", call, placed=placed, reason=reason)
