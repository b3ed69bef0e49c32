"""Cancels or hangs up one call at the vendor: asks once, reads the state back, and reports what really happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.core import results
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.handles import handle_of
from campaigns.core.scope import may_change
from campaigns.models import Call
from campaigns.tracking import call_updates
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import (
    AccountProblem,
    NoReadLeft,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnusable,
    RateLimited,
)
from providers.models import Provider
from providers.types import AT_VENDOR, FINAL, CallHandle, CallSnapshot, CallStatus, Exchange
from providers.wording import refusal_words

StopWish = Literal["cancel", "hang_up"]
STEPS: dict[StopWish, str] = {"cancel": "cancel_asked", "hang_up": "hang_up_asked"}
WAITS_THERE = frozenset({CallStatus.QUEUED})
RINGS_OR_TALKS = frozenset({CallStatus.DIALING, CallStatus.RINGING, CallStatus.IN_PROGRESS})

UNHEARD = (NotSent, RateLimited, AccountProblem)
"""Errors after which the vendor certainly did not receive the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The message shown to the person who asked for the stop."""

    tone: Literal["success", "warning", "error"]
    sentence: str


@dataclass(frozen=True, slots=True)
class StopAnswer:
    """The vendor's answer to a request to stop a call, and the call's states read after it."""

    answer: CallSnapshot | ProviderError | None
    news: list[CallSnapshot]


def wish_for(call: Call, person: Person) -> StopWish | None:
    """Return how this person may stop the call at the vendor now: "cancel" or "hang_up"; None if they cannot."""
    backend = call.provider.backend_class
    if not call.remote_id or not may_stop(call, person):
        return None
    if call.status in WAITS_THERE and backend.supports_cancel:
        return "cancel"
    if call.status in RINGS_OR_TALKS and backend.supports_hang_up:
        return "hang_up"
    return None


def may_stop(call: Call, person: Person) -> bool:
    """Return whether a person may stop a call: one that they may change."""
    return may_change(person, call) and (may(person, "control_all_campaigns") or may(person, "place_call"))


def stop_at_vendor(call_id: int, wish: StopWish, person: Person) -> Told:
    """Ask the vendor to cancel or hang up one call, read its state back, and return the message for the person.

    Must not run inside a transaction, because the vendor may answer slowly. Raises PermissionDenied.
    """
    call = Call.objects.select_related("provider", "agent", "caller_id").get(pk=call_id)
    if not may_stop(call, person):
        raise PermissionDenied("place_call")
    if call.status not in AT_VENDOR:
        return _nothing_to_stop(call)
    backend_class = call.provider.backend_class
    if not (backend_class.supports_cancel if wish == "cancel" else backend_class.supports_hang_up):
        return Told(tone="warning", sentence=_("%(vendor)s does not support this.") % {"vendor": backend_class.label})
    # Stored before the request is sent: another worker may read the call's end meanwhile and must not plan a retry.
    Call.objects.filter(pk=call_id).update(stop_asked_at=timezone.now())
    passed: list[Exchange] = []
    try:
        backend = opening.open_backend(call.provider, passed.append, is_person=True)
        heard = ask_vendor(backend, wish, handle_of(call))
    except ProviderMisconfigured as error:
        _take_back_wish(call_id)
        if isinstance(error, ProviderUnusable):
            Provider.objects.halt_for(call.provider_id, error)
        return Told(tone="error", sentence=refusal_words(error, backend_class.label))
    finally:
        note_exchanges(call.provider_id, wish, passed, call.reference)
    write_heard(call, heard, STEPS[wish], person)
    return _told(call, heard.answer)


def ask_vendor(backend: ProviderBackend, wish: StopWish, handle: CallHandle) -> StopAnswer:
    """Ask a vendor to stop a call, then read the call's state; uses no database."""
    answer = _ask(backend, wish, handle)
    return StopAnswer(answer, _news(backend, handle, answer))


def _ask(backend: ProviderBackend, wish: StopWish, handle: CallHandle) -> CallSnapshot | ProviderError | None:
    try:
        return backend.cancel_call(handle) if wish == "cancel" else backend.hang_up_call(handle)
    except ProviderError as error:
        return error


def _news(backend: ProviderBackend, handle: CallHandle, answer: object) -> list[CallSnapshot]:
    """Return the call's state read again after the request, or the answer itself if the read fails.

    It is read again because an answer may only mean that the request was received.
    """
    told = [answer] if isinstance(answer, CallSnapshot) else []
    if isinstance(answer, UNHEARD):
        return told
    try:
        return list(backend.fetch_calls([handle])) or told
    except ProviderError:
        return told


def write_heard(call: Call, heard: StopAnswer, code: str, person: Person | None) -> None:
    """Write the result of a stop request as a call event with this code; `person` is None if no person asked.

    Without a code no event is written, as for a request that is made once more.
    """
    answer, now = heard.answer, timezone.now()
    if isinstance(answer, UNHEARD) and person is not None:
        _take_back_wish(call.pk)
    outcome = type(answer).__name__ if isinstance(answer, ProviderError) else "ok"
    detail = answer.message if isinstance(answer, ProviderError) else ""
    source, actor_id = (Source.PERSON, person.pk) if person is not None else (Source.SYSTEM, None)
    with transaction.atomic():
        if code:
            write_steps([step(call.pk, code, at=now, source=source, detail=detail, actor_id=actor_id)])
        if person is not None:
            record(person, f"call.{code}", call, outcome=outcome)
        for snapshot in heard.news:
            call_updates.merge_news({call.pk: snapshot}, source=Source.ANSWER, now=now)
        Call.objects.filter(pk=call.pk, status__in=AT_VENDOR).update(next_poll_at=now)
        queue.nudge_poll()
    if isinstance(answer, AccountProblem):
        Provider.objects.halt_for(call.provider_id, answer)
    call.refresh_from_db()


def _take_back_wish(call_id: int) -> None:
    """Clear the stored stop request that never reached the vendor, so that the call's end is handled as usual."""
    Call.objects.filter(pk=call_id).exclude(status__in=FINAL).update(stop_asked_at=None)


def _told(call: Call, answer: CallSnapshot | ProviderError | None) -> Told:
    state = {"state": results.result_of(call).word}
    if isinstance(answer, NoReadLeft):
        return Told(
            tone="error",
            sentence=_(
                "The provider was not asked: too many requests in the last minute. The call continues; try "
                "again in a minute."
            ),
        )
    if isinstance(answer, NotSent):
        return Told(
            tone="error",
            sentence=_("The provider could not be reached. The call continues; try again."),
        )
    if isinstance(answer, AccountProblem):
        return Told(
            tone="error",
            sentence=_("The provider rejected our account. The call continues. An admin must check the key."),
        )
    if call.is_final:
        if isinstance(answer, OrderRejected) or call.status not in {CallStatus.CANCELED, CallStatus.COMPLETED}:
            return _nothing_to_stop(call)
        return Told(tone="success", sentence=_("The provider stopped the call (%(state)s).") % state)
    if isinstance(answer, OrderRejected):
        if call.status == CallStatus.IN_PROGRESS:
            return Told(
                tone="warning", sentence=_("Too late: the conversation has started. The provider does not stop it.")
            )
        if call.status in RINGS_OR_TALKS:
            return Told(
                tone="warning", sentence=_("Too late: the number is being dialled. The provider does not stop it.")
            )
        return Told(tone="warning", sentence=_("The provider refused to stop it: “%(why)s”") % {"why": answer.message})
    if isinstance(answer, OutcomeUnknown | ProviderError):
        return Told(
            tone="warning",
            sentence=_("The provider gave no clear answer: the call may continue. Its status is being checked."),
        )
    return Told(
        tone="warning",
        sentence=_(
            "The provider accepted the request, but the call has not ended yet (%(state)s). Its status is "
            "being checked."
        )
        % state,
    )


def _nothing_to_stop(call: Call) -> Told:
    if call.is_final:
        sentence = _("Nothing was stopped: the call had already ended (%(state)s).")
        return Told(tone="warning", sentence=sentence % {"state": results.result_of(call).word})
    return Told(
        tone="warning",
        sentence=_("The call cannot be stopped now (%(state)s).") % {"state": results.result_of(call).word},
    )


def note_exchanges(provider_id: int, wish: StopWish, passed: list[Exchange], reference: UUID | None = None) -> None:
    """Store the HTTP exchanges of one stop request in the provider's exchange log."""
    for exchange in passed:
        Provider.objects.note_exchange(
            provider_id,
            what=f"{wish}_call" if exchange.method == "POST" else "fetch_calls",
            method=exchange.method,
            path=exchange.path,
            http_status=exchange.http_status,
            duration_ms=exchange.duration_ms,
            error=exchange.error,
            reference=reference,
            sent=exchange.request.json if exchange.request else None,
            answered=exchange.response.content if exchange.response is not None else None,
            secrets=exchange.secrets,
        )
