"""The context of a call's page, shared by all views that render it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from callcenter.access.roles import may
from callcenter.parameters import whole_number
from campaigns.answers import entering
from campaigns.answers.forms.call_answers import AnswerForm
from campaigns.callbacks import rows as callbacks
from campaigns.calls import call_actions, call_log, called_back, remarks, transcripts
from campaigns.calls.forms.remarks import CallNoteForm, ReviewForm, TagForm
from campaigns.calls.noted_answers import NotedTable, noted_answers
from campaigns.core import conditions, decision_kinds, explanations, scope, stop_requests
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.eligibility_of_calls import answers_about, words_about
from campaigns.core.line_waits import LineWaits
from campaigns.core.scope import seen_by
from campaigns.core.variants import name_in
from campaigns.dispositions import setting
from campaigns.dispositions.forms.dispositions import CallDispositionForm
from campaigns.models import (
    Call,
    CallDisposition,
    CallEvent,
    CallNote,
    CallReview,
    Consequence,
    ReviewQueue,
    ScorecardReview,
)
from campaigns.review import reviewing, scorecards
from campaigns.review.forms.reviews import ScorecardReviewForm
from campaigns.tracking import decisions, hang_up
from providers.models import ProviderExchange
from providers.types import CallStatus

SHOWN_EXCHANGES = 20


def page_of(request: HttpRequest, call: Call, **refused: Form) -> HttpResponse:
    """Render the whole page; `refused` are invalid bound forms by name, with which the status is 422."""
    shown = moving_part(request, call) | _remarks(request, call) | refused
    if may(request.user, "manage_providers"):
        exchanges = ProviderExchange.objects.filter(reference=call.reference)
        shown["exchanges"] = exchanges.order_by("id")[:SHOWN_EXCHANGES]
    return render(request, "calls/call.html", shown, status=422 if refused else 200)


def seen_call(request: HttpRequest, pk: int) -> Call:
    """Return a call with all relations that its page shows. Raises Http404 if the user may not see it."""
    calls = seen_by(request.user, Call.objects.all()).select_related(
        "contact",
        "campaign",
        "provider",
        "agent",
        "voice",
        "caller_id",
        "owner",
        "transcript",
        "inbound__answers",
        "inbound__handled_by",
    )
    steps = CallEvent.objects.select_related("actor")
    return get_object_or_404(calls.prefetch_related(Prefetch("events", steps, "steps")), pk=pk)


def moving_part(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Return the context of the part of the page that htmx reloads."""
    before, after = call_log.other_attempts(call, request.user)
    now = timezone.now()
    may_hear = scope.may_hear(request.user, call)
    talked = call.talk_seconds or 0
    reason, step = words_about(call, answers_about([call], now).get(call.pk))
    reason = LineWaits(now).words(call, reason)
    talk = transcripts.talk_of(call, request.GET.get("find", "")) if may_hear else None
    noted = NotedTable(noted_answers(call.extracted) if may_hear else [])
    if talk is not None or (may_hear and call.extracted):
        transcripts.note_read(call, request.user)
    is_forbidden = bool(forbidden_numbers([call.to_number], now))
    heard = next((row for row in call.heard_opt_outs.all() if row.decided_at is None), None)
    is_to_be_told = decision_kinds.may_be_told(call)
    may_decide = is_to_be_told and decision_kinds.may_decide(call, request.user)
    if is_to_be_told and not may_decide and decision_kinds.kind_of(call, now):
        step = decision_kinds.WHO_DECIDES
    return {
        "why": reason,
        "next_step": step,
        "call": call,
        "now": now,
        "is_over": conditions.is_over(call, now),
        "callback": callbacks.of_call(call, request.user, now),
        "asked_callbacks": callbacks.asked_in(call, request.user, now),
        "is_test": call.test_of_id is not None,
        "before": before,
        "after": after,
        "is_forbidden": is_forbidden,
        "stops_in_words": explanations.stops_in_words(stop_requests.state_of([call.to_number], now))
        if is_forbidden or heard
        else "",
        "heard_opt_out": heard,
        "may_decide_opt_out": heard is not None
        and decision_kinds.may_decide(call, request.user, decision_kinds.BY_KEY["opt_out"]),
        "may_cancel": call.status == CallStatus.PENDING and call_actions.may_cancel(call, request.user),
        "may_handle": called_back.may_handle(call),
        "wish": hang_up.wish_for(call, request.user),
        "may_hear": may_hear,
        "noted": noted,
        "talk": talk,
        "may_settle": request.user.has_perm("access.settle_calls"),
        "may_be_told": decision_kinds.may_be_told(call),
        "may_decide": may_decide,
        "told": decisions.CHOICES,
        "waits": decisions.WAITS,
        "variant": name_in(call.campaign.variants, call.variant) if call.campaign and call.variant else "",
        "our_price": call.provider.price_per_minute * talked / 60
        if talked and call.provider.price_per_minute
        else None,
    }


def _scorecards(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Return the reviews by scorecards, and the form of the one that the address or a queue names."""
    person = request.user
    reviews = ScorecardReview.objects.filter(call=call).select_related("scorecard", "reviewer").order_by("pk")
    cards = list(scorecards.offered_to(call.team_id)) if reviewing.may_review(person, call) else []
    named = whole_number(request.GET.get("scorecard"))
    queue = None
    if cards and (queue_pk := whole_number(request.GET.get("queue") or request.POST.get("queue"))) is not None:
        queue = seen_by(person, ReviewQueue.objects.filter(pk=queue_pk)).first()
        named = queue.scorecard_id if queue is not None else named
    match = request.resolver_match
    named = match.kwargs.get("card_pk", named) if match is not None else named
    known = {one.scorecard_id for one in reviews}
    only = cards[0].pk if len(cards) == 1 and cards[0].pk not in known else None
    card = next((one for one in cards if one.pk == (named or only)), None)
    return {
        "card_reviews": reviews,
        "cards": cards,
        "card_form_card": card,
        "card_form": ScorecardReviewForm(None, call, card) if card is not None else None,
        "review_queue": queue,
    }


def _remarks(request: HttpRequest, call: Call) -> dict[str, Any]:
    review = CallReview.objects.select_related("reviewer").filter(call=call).first()
    may_note = may(request.user, "note_calls")
    may_enter = entering.may_enter(request.user, call)
    answers = entering.answers_of(call) if scope.may_hear(request.user, call) else []
    offered = setting.choices_for(request.user, call) if setting.may_set(request.user, call) else []
    disposed = CallDisposition.objects.select_related("disposition", "by").filter(call=call).first()
    return _scorecards(request, call) | {
        "disposed": disposed,
        "consequences": Consequence.objects.filter(call=call).order_by("pk"),
        "disposition_form": CallDispositionForm(None, call, offered) if offered else None,
        "answers": [(one, found, AnswerForm(None, call, one) if may_enter else None) for one, found in answers],
        "notes": CallNote.objects.filter(call=call).select_related("author"),
        "taggings": call.taggings.select_related("tag", "added_by").order_by("id"),
        "review": review,
        "note_form": CallNoteForm() if may_note else None,
        "tag_form": TagForm() if may_note else None,
        "review_form": ReviewForm(None, call) if may(request.user, "review_calls") else None,
        "tags": remarks.suggestions(request.user) if may_note else [],
    }
