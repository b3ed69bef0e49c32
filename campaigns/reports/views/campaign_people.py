"""The screen of a campaign's people: their last attempts, with buttons to skip one and to call one again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from callcenter.access.roles import Person, may, needs
from callcenter.made_once import few_at_once
from callcenter.one_at_a_time import one_at_a_time
from callcenter.parameters import whole_number
from campaigns.answers.conditions import UNREADABLE, understood
from campaigns.calls import call_actions
from campaigns.calls.forms.call_filters import LONG_NUMBER
from campaigns.core import conditions, stop_all
from campaigns.core.paging import count_up_to, page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.variants import names_of
from campaigns.core.views.page_requests import MAX_SEARCH, go_back, person_of, reason_of, token_of
from campaigns.launch.lifecycle import may_control
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import Call, Campaign, Disposition, Question
from campaigns.models.answers import MAX_KEY
from campaigns.numbers import search_digits
from campaigns.reports import campaign_people as service
from campaigns.reports import outcomes, progress


@require_safe
@needs("see_calls")
@one_at_a_time
@few_at_once
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """List a campaign's people with their last attempt, its reason, and what comes next."""
    person = person_of(request)
    found = find_campaign(request, pk)
    questions = service.questions_shown(found, person)
    filters = _filters(request, found, questions, person)
    calls = service.find_people(found, filters, person)
    listed = conditions.down_from_newest(calls, found)
    page = page_by_key(listed.select_related("contact", "campaign", "provider"), request.GET)
    is_stopped = stop_all.is_stopped()
    rows = service.rows_of(
        page.rows,
        found,
        person,
        may_skip=may_control(found, person),
        may_again=may(person, "settle_calls"),
        is_stopped=is_stopped,
        questions=questions,
    )
    context = campaign_context(request, found, "people") | {
        "page": page,
        "rows": rows,
        "total": count_up_to(service.find_people(found, filters, person, is_walked=False)),
        "questions": questions,
        "variants": list(names_of(found).items()),
        "dispositions": seen_by(person, Disposition.objects.all()),
        "states": service.STATES,
        "reasons": service.reasons(),
        "filters": filters,
        "is_filtered": filters != service.PeopleFilters(),
        "skips": [(f"skip-{reason}", service.skip_words(reason), n) for reason, n in outcomes.count_skips(found)],
        "standstill": progress.why_standing(found, is_stopped=is_stopped),
    }
    return render(request, "reports/campaign_people.html", context)


def _filters(
    request: HttpRequest, campaign: Campaign, questions: list[Question], person: Person
) -> service.PeopleFilters:
    """Return the filters of the query string; unknown values are ignored."""
    wanted = whole_number(request.GET.get("question"))
    question = next((one for one in questions if one.pk == wanted), None)
    answer = request.GET.get("answer", "").strip()[:MAX_KEY]
    is_phone = (
        question is not None and question.kind == Question.Kind.TEXT and len(search_digits(answer)) >= LONG_NUMBER
    )
    if question is None or is_phone or (answer != UNREADABLE and answer and understood(question, answer) is None):
        answer = ""
    disposition = whole_number(request.GET.get("disposition"))
    variant = request.GET.get("variant", "")
    state, reason = request.GET.get("state", ""), request.GET.get("reason", "")
    known = {value for _kind, choices in service.reasons() for value, _label in choices}
    return service.PeopleFilters(
        state=state if state in dict(service.STATES) or state in service.OLD_STATES else "",
        reason=reason if reason in known else "",
        person=request.GET.get("q", "")[:MAX_SEARCH],
        question=question,
        answer=answer,
        disposition=seen_by(person, Disposition.objects.filter(pk=disposition)).first() if disposition else None,
        variant=variant if variant in names_of(campaign) else "",
    )


def _call_of(request: HttpRequest, pk: int, call_pk: int) -> tuple[Campaign, Call]:
    found = find_campaign(request, pk)
    return found, get_object_or_404(Call, pk=call_pk, campaign=found)


@require_POST
@needs("see_calls")
def skip(request: HttpRequest, pk: int, call_pk: int) -> HttpResponse:
    """Skip one waiting person, with a reason."""
    found, call = _call_of(request, pk, call_pk)
    person = person_of(request)
    if not may_control(found, person):
        raise PermissionDenied("control_campaign")
    reason = reason_of(request)
    if not reason:
        messages.error(request, _("Enter a reason; it is recorded. No one was skipped."))
    elif call_actions.cancel_call(call.pk, person, reason):
        messages.success(request, _("Skipped: this campaign no longer calls this contact."))
    else:
        messages.warning(
            request,
            _("Too late: the call was sent, the phone may ring. See the call page for its result and what you can do."),
        )
    return go_back(request, "campaign-people", pk)


@require_POST
@needs("settle_calls")
def again(request: HttpRequest, pk: int, call_pk: int) -> HttpResponse:
    """Queue one more attempt for a person; idempotent by the form's token."""
    _found, call = _call_of(request, pk, call_pk)
    token = token_of(request)
    if token is None:
        raise PermissionDenied("form_token")
    try:
        made = call_actions.call_again(call.pk, person_of(request), token)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return go_back(request, "campaign-people", pk)
    if made.campaign_id != pk:
        messages.success(request, _("The campaign is finished, so this is a single call. It is waiting."))
        return redirect("call", made.pk)
    messages.success(request, _("One more attempt is waiting."))
    return go_back(request, "campaign-people", pk)
