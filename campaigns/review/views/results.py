"""What reviews came to, by one scorecard and a span of days."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from callcenter.access.roles import needs
from callcenter.one_at_a_time import one_at_a_time
from campaigns.core.views.page_requests import person_of
from campaigns.models import Scorecard
from campaigns.review import figures
from campaigns.review.forms.reviews import ResultsForm


@require_safe
@needs("review_calls")
@one_at_a_time
def results(request: HttpRequest) -> HttpResponse:
    """Show mean scores by agent, campaign, week and point."""
    person = person_of(request)
    form = ResultsForm(request.GET, person)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        chosen = form.cleaned_data
        cards = form.fields["scorecard"].queryset  # type: ignore[attr-defined]
        card: Scorecard | None = chosen["scorecard"] or cards.order_by("-is_offered", "name", "pk").first()
        if card is not None:
            reviews = figures.reviews_in(card, person, chosen["since"], chosen["until"])
            weeks = figures.means_by_week(reviews)
            tables = [
                (_("By agent"), _("Agent"), figures.means_by(reviews, "call__agent__name"), _("no agent")),
                (_("By campaign"), _("Campaign"), figures.means_by(reviews, "call__campaign__name"), _("Single call")),
                (_("By point, weakest first"), _("Point"), figures.means_by_point(reviews), ""),
            ]
            context |= {
                "card": card, "tables": tables, "weeks": weeks, "mean": figures.whole_mean(weeks),
                "count": sum(one.reviews for one in weeks), "since": chosen["since"], "until": chosen["until"],
            }  # fmt: skip
    return render(request, "review/results.html", context)
