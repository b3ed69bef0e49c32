"""Views of one call: its page and the actions on it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.parameters import whole_number
from campaigns.calls import call_actions, called_back
from campaigns.calls.views.call_page import moving_part, page_of, seen_call
from campaigns.contacts import do_not_call, heard_opt_outs
from campaigns.contacts.views.do_not_call import said
from campaigns.core.decision_kinds import ALLOW, DID_NOT, FORBID, TOOK_PLACE, WAIT
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back, reason_of, token_of
from campaigns.tracking import decisions

STOP_POLLING = 286
MAX_DIGITS = 20
LARGEST_NUMBER = 999_999_999


@needs("see_calls")
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one call: its result, the explanation, and possible actions."""
    return page_of(request, seen_call(request, pk))


@needs("see_calls")
def call_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the changing part of a call's page; status 286, which stops htmx's polling, when the call is over."""
    shown = moving_part(request, seen_call(request, pk))
    return render(request, "calls/_call.html", shown, status=STOP_POLLING if shown["is_over"] else 200)


@require_POST
@needs("add_do_not_call")
def never_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the number of a call to the do-not-call list."""
    found = seen_call(request, pk)
    done = do_not_call.never_call_again(found, request.user, reason_of(request))
    messages.success(request, said(done, _("This number will not be called again.")))
    return go_back(request, "call", pk)


@require_POST
@needs("remove_do_not_call")
def decide_opt_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a decision about what may have been an opt-out: on the do-not-call list, or may be called."""
    found = seen_call(request, pk)
    answer, reason = request.POST.get("answer", ""), reason_of(request)
    try:
        if answer == FORBID:
            done = heard_opt_outs.put_on_the_list(found.pk, request.user, reason)
            messages.success(request, said(done))
        elif answer == ALLOW:
            heard_opt_outs.may_be_called(found.pk, request.user, reason)
            messages.success(request, _("Recorded with your name. The number can be called."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return go_back(request, "call", pk)


@require_POST
@needs("see_calls")
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one pending call."""
    found = seen_call(request, pk)
    if call_actions.cancel_call(found.pk, request.user):
        messages.success(request, _("The call will not be placed."))
    else:
        messages.warning(request, _("Too late: it was no longer waiting. See the result below."))
    return go_back(request, "call", pk)


@require_POST
@needs("see_calls")
def handled(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a call with which somebody called back as handled."""
    found = seen_call(request, pk)
    if called_back.mark_handled(found, request.user):
        messages.success(request, _("Marked as handled."))
    else:
        messages.info(request, _("It was already marked as handled."))
    return go_back(request, "call", pk)


@require_POST
@needs("see_calls")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a user's decision about a call whose result nobody knows: it took place, it did not, or wait for news."""
    found = seen_call(request, pk)
    answer, reason = request.POST.get("answer", ""), reason_of(request)
    if answer not in {TOOK_PLACE, DID_NOT, WAIT} or (answer != WAIT and not reason):
        messages.error(request, _("Enter a reason; it is recorded. Nothing was changed."))
        return go_back(request, "call", pk)
    try:
        if answer == TOOK_PLACE:
            result, seconds = request.POST.get("result", ""), _whole(request.POST.get("seconds", ""))
            decisions.took_place(found.pk, request.user, reason, result=result, seconds=seconds)
        elif answer == DID_NOT:
            decisions.did_not(found.pk, request.user, reason)
        else:
            decisions.keep_waiting(found.pk, request.user, _whole(request.POST.get("hours", "")) or 0, reason)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Recorded with your name."))
    return go_back(request, "call", pk)


def _whole(text: str) -> int | None:
    """Return a number that was entered; None for nothing, and -1, which no field takes, for anything else."""
    text = text[:MAX_DIGITS].strip()
    if not text:
        return None
    number = whole_number(text, LARGEST_NUMBER)
    return -1 if number is None else number


@require_POST
@needs("settle_calls")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue one more attempt; the form's token makes it idempotent."""
    found = seen_call(request, pk)
    token = token_of(request)
    if token is None:
        raise PermissionDenied("form_token")
    try:
        made = call_actions.call_again(found.pk, request.user, token)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return go_back(request, "call", pk)
    messages.success(request, _("A new attempt is waiting. This is its page."))
    return redirect("call", made.pk)
