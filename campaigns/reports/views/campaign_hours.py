"""When the people of a campaign answer: a part of its page, loaded separately because counting it may be slow."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from callcenter.access.roles import needs
from campaigns.launch.views.campaigns import campaign_context, find_campaign
from campaigns.models import Campaign
from campaigns.reports import figures, outcomes, sections
from campaigns.reports.tables import ReportSection
from campaigns.reports.views.reports import said, short_day


@require_safe
@needs("see_calls")
def campaign_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """Show calls and answer rate by weekday and hour; each cell links to its calls."""
    found = find_campaign(request, pk)
    hours = outcomes.count_hours(found)
    shown = {"section": draw_hours(found, hours), "counted_at": hours.at}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "reports/_campaign_hours.html", shown)
    return render(request, "reports/campaign_hours.html", campaign_context(request, found, "progress") | shown)


def draw_hours(campaign: Campaign, hours: outcomes.Hours) -> ReportSection:
    """Draw the hours as the reports do, with links to this campaign's calls."""
    since = timezone.localtime(campaign.created_at).date()
    scope = figures.Scope(since, timezone.localdate(), campaign=campaign)
    return sections.CallSections(figures.figures_of_hours(scope, hours.cells), said, short_day).hours()
