"""The report of a span of days, for programs: the same figures as its page."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Id, chosen, refuse_form
from callcenter.formats.zones import zone_name
from callcenter.made_once import made_once
from campaigns.reports import figures as service
from campaigns.reports.figures import FigureSums
from campaigns.reports.forms import ReportForm

router = Router(tags=["Reports"])


class Span(Schema):
    """The days of a report; without them the last 30."""

    since: Annotated[datetime.date | None, Field(description="The first day, on the owner's clock.")] = None
    until: Annotated[datetime.date | None, Field(description="The last day; at most a year after the first.")] = None
    campaign: Id | None = None
    provider: Id | None = None


class Cost(Schema):
    """What calls cost, in one currency."""

    currency: str
    amount: str
    """What the vendors reported, and our price for calls of which they reported nothing."""
    estimated: str
    """The second part of it."""
    per_conversation: str | None


class Sums(Schema):
    """Figures of the calls whose order was sent, by the time it was sent."""

    sent: int
    open: int
    """Sent, and not over yet."""
    ended: int
    talked: int
    """A person talked."""
    voicemail: int
    results: dict[str, int]
    """Ended calls by result."""
    answer_rate: float | None
    """Calls in which a person talked, in percent of those that ended."""
    costs: list[Cost]


class PartSums(Sums):
    """The figures of a campaign or a provider."""

    id: int | None
    """Null: the single calls."""
    name: str
    opted_out: int


class DaySums(Sums):
    """The figures of one day."""

    day: datetime.date


class Report(Schema):
    """A report."""

    since: datetime.date
    until: datetime.date
    zone: str
    """Whose days they are."""
    total: PartSums
    campaigns: list[PartSums]
    """Largest first."""
    providers: list[PartSums]
    days: list[DaySums]
    """Days with calls."""


@router.get("/reports/calls", response=Report, summary="Read the report of a span of days")
@needs_right("see_reports")
def report_calls(request: KeyRequest, asked: Query[Span]) -> dict[str, Any]:
    """Return what came of the calls within reach, and what they cost: in all, by campaign, by provider and by day."""
    person, given = request.auth.person, QueryDict(mutable=True)
    for name, value in chosen(asked).items():
        if value is not None:
            given[name] = str(value)
    form = ReportForm(given, person)
    scope = form.scope()
    if scope is None:
        refuse_form(form)
    key = ("api-report", request.auth.key.pk, scope, zone_name(), translation.get_language())
    return made_once(key, lambda: _report(scope, request))


def _report(scope: service.Scope, request: KeyRequest) -> dict[str, Any]:
    found = service.count(scope, request.auth.person, reads_differences=False, reads_attempts=False)
    names = {pk: found.campaign_names.get(pk, "-") for pk in found.campaigns if pk}
    return {
        "since": scope.since,
        "until": scope.until,
        "zone": str(zone_name()),
        "total": _part(None, _("All calls"), found.total),
        "campaigns": [_part(pk or None, names.get(pk, _("Single calls")), one) for pk, one in found.campaigns.items()],
        "providers": [_part(pk, str(found.provider_rows[pk]), one) for pk, one in found.providers.items()],
        "days": [{"day": day, **_sums(one)} for day, one in found.days.items()],
    }


def _part(pk: int | None, name: str, found: FigureSums) -> dict[str, Any]:
    return {"id": pk, "name": name, "opted_out": found.opted_out, **_sums(found)}


def _sums(found: FigureSums) -> dict[str, Any]:
    return {
        "sent": found.sent,
        "open": found.open,
        "ended": found.ended,
        "talked": found.talked,
        "voicemail": found.machine,
        "results": {name: calls for name, calls in found.by_result.items() if calls},
        "answer_rate": found.answer_rate,
        "costs": [_cost(found, currency) for currency in found.currencies],
    }


def _cost(found: FigureSums, currency: str) -> dict[str, Any]:
    each = found.per_conversation(currency)
    return {
        "currency": currency,
        "amount": f"{found.cost(currency):.4f}",
        "estimated": f"{found.estimated.get(currency, 0):.4f}",
        "per_conversation": None if each is None else f"{each:.4f}",
    }
