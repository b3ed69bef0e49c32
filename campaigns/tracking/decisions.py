"""What a person decides of a call whose result nobody knows: it took place, it did not, or keep waiting for news."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns.core import conditions, decision_kinds, results, transitions
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.models import Call
from campaigns.tracking import after_call, call_updates
from campaigns.tracking.unknown_calls import hold_as_not_placed
from providers.types import CallStatus, FailureReason

Words = str | Promise

WAITS: dict[int, Words] = {
    1: gettext_lazy("1 hour"),
    4: gettext_lazy("4 hours"),
    24: gettext_lazy("1 day"),
    72: gettext_lazy("3 days"),
}
"""For how many hours a person may choose to wait."""
MOST_TALK_SECONDS = 4 * 3600
"""The longest conversation that a person may enter, in seconds."""


@dataclass(frozen=True, slots=True)
class ToldResult:
    """One result that a person may give to a call that took place."""

    status: CallStatus
    answered_by: str = "unknown"
    has_seconds: bool = False


TOLD: dict[str, ToldResult] = {
    results.ANSWERED: ToldResult(CallStatus.COMPLETED, "human", has_seconds=True),
    results.VOICEMAIL: ToldResult(CallStatus.COMPLETED, "machine", has_seconds=True),
    CallStatus.NO_ANSWER.value: ToldResult(CallStatus.NO_ANSWER),
    CallStatus.BUSY.value: ToldResult(CallStatus.BUSY),
}
"""By their keys, which are those of `results`."""
CHOICES: tuple[tuple[str, Words], ...] = tuple((key, results.BY_KEY[key].word) for key in TOLD)
"""The same as choices of a form."""


def took_place(call_id: int, person: Person, reason: str, *, result: str, seconds: int | None = None) -> None:
    """Record that a call took place, with its result and how long somebody talked, in seconds.

    News of the vendor still joins, and the end that it tells wins. Raises Refusal and PermissionDenied.
    """
    told = TOLD.get(result)
    if told is None:
        raise Refusal(_("Choose a result."))
    if result == results.ANSWERED and not seconds:
        raise Refusal(_("Enter the talk time in seconds; an estimate is enough."))
    if seconds is not None and not 0 <= seconds <= MOST_TALK_SECONDS:
        raise Refusal(_("Enter the seconds as a number from 1 to %(most)d.") % {"most": MOST_TALK_SECONDS})
    given: dict[str, Any] = {"answered_by": told.answered_by, "talk_seconds": (seconds or 0) if told.has_seconds else 0}
    with transaction.atomic():
        call = _opened(call_id, person)
        now = timezone.now()
        before = call_updates.believed(call)
        why = Why("bound_by_person", Source.PERSON.value, reason, person.pk)
        this = Call.objects.filter(pk=call_id)
        if conditions.is_without_news(call.failure_reason):
            transitions.change(transitions.SETTLE, this, now, why, to=told.status, failure_reason="", **given)
        else:
            transitions.change(transitions.CLOSE, this, now, why, to=told.status, **given)
        call.refresh_from_db()
        after_call.book_costs([(call, before, call_updates.believed(call))], now)
        record(person, "call.settled", call, placed=True, result=result, reason=reason)


def did_not(call_id: int, person: Person, reason: str) -> None:
    """Record that a call did not take place. Nothing is dialled by it. Raises Refusal and PermissionDenied."""
    with transaction.atomic():
        call = _opened(call_id, person)
        now = timezone.now()
        if conditions.is_without_news(call.failure_reason):
            why = Why("absent_by_person", Source.PERSON.value, reason, person.pk)
            transitions.change(
                transitions.SETTLE, Call.objects.filter(pk=call_id), now, why, to=CallStatus.FAILED,
                failure_reason=FailureReason.NO_CALL,
            )  # fmt: skip
        else:
            hold_as_not_placed(call, now, code="absent_by_person", source="person", actor_id=person.pk, detail=reason)
        record(person, "call.settled", call, placed=False, reason=reason)


def keep_waiting(call_id: int, person: Person, hours: int, reason: str = "") -> datetime.datetime:
    """Record that a person waits for news for so many hours (a key of `WAITS`); returns until when.

    Nobody is asked and the number is not called until then. Raises Refusal and PermissionDenied.
    """
    if hours not in WAITS:
        raise Refusal(_("Choose how long to wait."))
    with transaction.atomic():
        call = _opened(call_id, person)
        now = timezone.now()
        until = now + datetime.timedelta(hours=hours)
        Call.objects.filter(pk=call_id).update(decide_after=until)
        detail = " ".join(filter(None, (str(WAITS[hours]), reason)))
        write_steps([step(call_id, "kept_waiting", at=now, source=Source.PERSON, detail=detail, actor_id=person.pk)])
        record(person, "call.kept_waiting", call, hours=hours, reason=reason)
    return until


def _opened(call_id: int, person: Person) -> Call:
    """Lock a call about which the person may decide; raises Refusal if it is settled, and PermissionDenied."""
    locked = Call.objects.select_for_update(of=("self",), no_key=True).select_related("provider")
    call = locked.get(pk=call_id)
    if not decision_kinds.may_decide(call, person):
        raise PermissionDenied("settle_calls")
    if not decision_kinds.may_be_told(call):
        raise Refusal(
            _("This call no longer needs a decision. Its result is: %(state)s.")
            % {"state": results.result_of(call).word}
        )
    return call
