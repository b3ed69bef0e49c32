"""The redial screen: choose people of a campaign by outcome, and create a draft with exactly these."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from callcenter.access.roles import needs
from callcenter.formats.amounts import number
from callcenter.parameters import whole_number
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of, token_of
from campaigns.launch import redial, redial_answers, redial_dispositions
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import Campaign

MAX_ANSWER, MOST_ANSWERS = 300, 1_000
"""Characters of a ticked answer, and how many are read."""


@require_http_methods(["GET", "HEAD", "POST"])
@needs("draft_campaign")
def campaign_redial(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the number of people of each outcome, and create a draft with the chosen ones."""
    found = find_campaign(request, pk)
    if found.launched_at is None:
        messages.info(request, _("Nobody has been called yet, so there is nobody to call again."))
        return redirect("campaign", pk)
    if request.method != "POST":
        return _choose(request, found)
    chosen = [name for name in request.POST.getlist("outcome") if name in redial.OUTCOMES]
    answers = [key[:MAX_ANSWER] for key in request.POST.getlist("answer")[:MOST_ANSWERS]]
    given = [whole_number(text) for text in request.POST.getlist("disposition")[:MOST_ANSWERS]]
    dispositions = [pk for pk in given if pk is not None]
    if not chosen and not answers and not dispositions:
        return _choose(request, found, _("Choose at least one result to call again."))
    try:
        made = redial.redial(pk, chosen, person_of(request), token_of(request), answers, dispositions)
    except Refusal as refusal:
        return _choose(request, found, str(refusal), chosen, answers, dispositions)
    people = sum(contact_list.memberships.count() for contact_list in made.lists.all())
    words = ngettext(
        "Draft “%(name)s” created for %(count)s person. Check and launch it; nobody is called until then.",
        "Draft “%(name)s” created for %(count)s people. Check and launch it; nobody is called until then.",
        people,
    )
    messages.success(request, words % {"name": made, "count": number(people)})
    return redirect("campaign-check", made.pk)


def _choose(
    request: HttpRequest,
    found: Campaign,
    problem: str = "",
    chosen: list[str] | None = None,
    answers: Collection[str] = (),
    dispositions: Collection[int] = (),
) -> HttpResponse:
    groups = redial_answers.groups(found, person_of(request))
    disposed = redial_dispositions.groups(found)
    counts = redial.count_by_outcome(found)
    ticked = redial.USUAL if chosen is None else chosen
    shown = {
        "outcomes": [
            (name, words, counts[name], name in ticked and bool(counts[name]))
            for name, (words, _where) in redial.OUTCOMES.items()
        ],
        "problem": problem,
        "answers": [(group, group.key in answers) for group in groups],
        "dispositions": [(group, group.pk in dispositions) for group in disposed],
        "has_anybody": any(counts.values()) or bool(groups) or bool(disposed),
    }
    context = campaign_context(request, found, "people") | shown
    return render(request, "launch/redial.html", context, status=422 if problem else 200)
