"""The view that enters an answer on a call's page."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.answers import entering
from campaigns.answers.forms.call_answers import AnswerForm
from campaigns.calls.views.call_page import page_of, seen_call
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import go_back, person_of
from campaigns.models import Question


@require_POST
@needs("note_calls")
def enter_answer(request: HttpRequest, pk: int, question_pk: int) -> HttpResponse:
    """Keep what a user says that this call answered; an empty answer takes that back."""
    call, person = seen_call(request, pk), person_of(request)
    if not entering.may_enter(person, call):
        raise PermissionDenied("hear_calls")
    question = get_object_or_404(Question, pk=question_pk, campaign=call.campaign_id or 0)
    form = AnswerForm(request.POST, call, question)
    if not form.is_valid():
        return page_of(request, call, answer_form=form)
    try:
        is_changed = entering.enter(person, call, question, form.cleaned_data["value"], form.shown_values)
    except BothChanged as both:
        form.show_both(both, request.user)
        return page_of(request, call, answer_form=form)
    except Refusal as refusal:
        form.add_error("value", str(refusal))
        return page_of(request, call, answer_form=form)
    if is_changed:
        messages.success(request, _("Answer saved with your name."))
    else:
        messages.info(request, _("Nothing was changed."))
    return go_back(request, "call", pk)
