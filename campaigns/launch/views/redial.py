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
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of, token_of
from campaigns.launch import redial, redial_answers
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
        messages.info(request, _("Nobody was called yet: there is nobody to call again."))
        return redirect("campaign", pk)
    if request.method != "POST":
        return _choose(request, found)
    chosen = [name for name in request.POST.getlist("outcome") if name in redial.OUTCOMES]
    answers = [key[:MAX_ANSWER] for key in request.POST.getlist("answer")[:MOST_ANSWERS]]
    if not chosen and not answers:
        return _choose(request, found, _("Tick at least one outcome: whom shall be called again?"))
    try:
        made = redial.redial(pk, chosen, person_of(request), token_of(request), answers)
    except Refusal as refusal:
        return _choose(request, found, str(refusal), chosen, answers)
    people = sum(contact_list.memberships.count() for contact_list in made.lists.all())
    words = ngettext(
        "“%(name)s” is a new draft for %(count)s person. Check it, then launch it: nobody is called before.",
        "“%(name)s” is a new draft for %(count)s people. Check it, then launch it: nobody is called before.",
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
) -> HttpResponse:
    groups = redial_answers.groups(found, person_of(request))
    counts = redial.count_by_outcome(found)
    ticked = redial.USUAL if chosen is None else chosen
    shown = {
        "outcomes": [
            (name, words, counts[name], name in ticked and bool(counts[name]))
            for name, (words, _where) in redial.OUTCOMES.items()
        ],
        "problem": problem,
        "answers": [(group, group.key in answers) for group in groups],
        "has_anybody": any(counts.values()) or bool(groups),
    }
    context = campaign_context(request, found, "people") | shown
    return render(request, "launch/redial.html", context, status=422 if problem else 200)
