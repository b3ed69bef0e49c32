"""Screens of a campaign's questions: list, suggestions, add, change, remove."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.answers import questions as service
from campaigns.answers.forms.questions import QuestionForm
from campaigns.answers.suggestions import suggestions_for
from campaigns.core.views.page_requests import person_of
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import Campaign, Question


@require_http_methods(["GET", "HEAD", "POST"])
@needs("draft_campaign")
def campaign_questions(request: HttpRequest, pk: int) -> HttpResponse:
    """List a campaign's questions and what its agent notes; a POST adds a question."""
    campaign = _campaign(request, pk)
    suggested = suggestions_for(campaign, person_of(request))
    form = QuestionForm(request.POST if request.method == "POST" else None, initial=_chosen(request, suggested))
    if request.method == "POST" and form.is_valid():
        try:
            service.add(person_of(request), campaign, form.cleaned_data)
        except service.QuestionRefusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Question added. Finished calls are being checked for answers."))
            return redirect("campaign-questions", pk)
    context = campaign_context(request, campaign, "questions") | {
        "form": form,
        "rows": [(one, service.goal_words(one)) for one in Question.objects.filter(campaign=campaign)],
        "suggested": suggested,
    }
    return render(request, "answers/questions.html", context, status=422 if form.is_bound else 200)


def _chosen(request: HttpRequest, suggested: list[Any]) -> dict[str, Any]:
    """Return the values of the suggestion that the address names."""
    wanted = request.GET.get("path", "")
    found = next((one for one in suggested if one.path == wanted), None)
    if found is None:
        return {"kind": Question.Kind.YES_NO, "source": Question.Source.AGENT}
    return {
        "name": found.name[:80], "kind": found.kind, "source": Question.Source.AGENT, "path": found.path,
        "options": found.options,
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs("draft_campaign")
def question_edit(request: HttpRequest, pk: int, question_pk: int) -> HttpResponse:
    """Show and save one question; its type and source are fixed."""
    campaign, question = _question(request, pk, question_pk)
    form = QuestionForm(request.POST if request.method == "POST" else None, question)
    if request.method == "POST" and form.is_valid():
        try:
            service.change(person_of(request), question, form.cleaned_data, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except service.QuestionRefusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("campaign-questions", pk)
    context = campaign_context(request, campaign, "questions") | {"form": form, "question": question}
    return render(request, "answers/question.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs("draft_campaign")
def question_remove(request: HttpRequest, pk: int, question_pk: int) -> HttpResponse:
    """Remove a question with its answers."""
    _campaign_found, question = _question(request, pk, question_pk)
    count = service.remove(person_of(request), question)
    removed = ngettext("Question deleted, with %(n)d answer.", "Question deleted, with %(n)d answers.", count)
    messages.success(request, removed % {"n": count})
    return redirect("campaign-questions", pk)


def _campaign(request: HttpRequest, pk: int) -> Campaign:
    campaign = find_campaign(request, pk)
    if not service.may_ask(person_of(request), campaign):
        raise PermissionDenied("draft_campaign")
    return campaign


def _question(request: HttpRequest, pk: int, question_pk: int) -> tuple[Campaign, Question]:
    campaign = _campaign(request, pk)
    return campaign, get_object_or_404(Question.objects.select_related("campaign"), pk=question_pk, campaign=campaign)
