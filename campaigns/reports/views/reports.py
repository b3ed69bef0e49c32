"""Screens of reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from callcenter.access.roles import needs
from callcenter.audit.models import record
from callcenter.formats.amounts import NOTHING, number, plain_money
from callcenter.formats.calendars import in_digits, plain_day
from callcenter.made_once import few_at_once
from callcenter.one_at_a_time import one_at_a_time
from campaigns.calls.call_log_filters import MACHINE, OPTED_OUT, SENT, TALKED
from campaigns.core.scope import seen_by
from campaigns.models import Call
from campaigns.reports import figures as figures_module
from campaigns.reports import sections
from campaigns.reports.forms import SPANS, ReportForm
from campaigns.reports.tables import ReportSection


def said(value: Any, kind: str, currency: str = "") -> str:
    """Return a value formatted in the page's language, without markup, for drawings and their titles."""
    if value is None:
        return NOTHING
    if kind == "money":
        return plain_money(value, currency)
    if kind == "percent":
        return in_digits(_("%(n)s %%") % {"n": value})
    return number(value) if kind in {"number", "rate"} else in_digits(str(value))


def short_day(day: Any) -> str:
    """Return a date without its year; in Persian, by the Jalali calendar."""
    return plain_day(day, has_year=False)


@require_safe
@needs("see_reports")
@one_at_a_time
@few_at_once
def reports(request: HttpRequest) -> HttpResponse:
    """Show the report of a span of days."""
    form = ReportForm(request.GET, request.user)
    scope = form.scope()
    shown: dict[str, Any] = {"form": form, "spans": SPANS, "days": form.days}
    if scope is not None:
        is_whole = bool(request.GET.get("whole"))
        figures = figures_module.count(
            scope, request.user, reads_differences=False, reads_attempts=is_whole, reads_answers=is_whole
        )
        shown |= {"scope": scope, "total": figures.total, "links": _links(scope)}
        shown["costs"] = [
            {
                "currency": currency,
                "amount": _rounded(figures.total.cost(currency)),
                "each": _rounded(figures.total.per_conversation(currency)),
            }
            for currency in figures.total.currencies
        ]
        if figures.total.sent:
            if is_whole:
                shown["rest"] = sections.sections(figures, said, short_day, sections.REST)
            shown["sections"] = sections.sections(figures, said, short_day, sections.FIRST)
            shown["differences"] = sections.DIFFERENCES
        else:
            shown["has_calls"] = seen_by(request.user, Call.objects.all()).dialed().exists()
    return render(request, "reports/reports.html", shown, status=422 if form.errors else 200)


def _rounded(amount: Decimal | None) -> Decimal | None:
    """Return an amount above one rounded to cents, for large type."""
    return amount if amount is None or amount < 1 else round(amount, 2)


def _links(scope: figures_module.Scope) -> dict[str, str]:
    return {
        "sent": scope.log_link(which=SENT),
        "talked": scope.log_link(state=TALKED),
        "machine": scope.log_link(which=MACHINE),
        "opted_out": scope.log_link(which=OPTED_OUT),
    }


@require_safe
@needs("see_reports")
@one_at_a_time
@few_at_once
def report_section(request: HttpRequest, key: str) -> HttpResponse:
    """Show one section alone."""
    scope, section = _section(request, key)
    return render(request, "reports/section.html", {"scope": scope, "section": section})


@require_safe
@needs("see_reports")
@one_at_a_time
@few_at_once
def report_csv(request: HttpRequest, key: str) -> HttpResponse:
    """Download the table of one section as CSV."""
    scope, section = _section(request, key)
    record(request.user, "report.exported", report=key)
    answer = HttpResponse(section.csv(), content_type="text/csv; charset=utf-8")
    name = f"{key}-{scope.since:%Y-%m-%d}-{scope.until:%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _section(request: HttpRequest, key: str) -> tuple[figures_module.Scope, ReportSection]:
    scope = ReportForm(request.GET, request.user).scope()
    if scope is None or key not in sections.KEYS:
        raise Http404(key)
    figures = figures_module.count(
        scope,
        request.user,
        reads_differences=key == sections.DIFFERENCES,
        reads_answers=key in sections.ANSWERED,
    )
    (section,) = sections.sections(figures, said, short_day, [key])
    return scope, section
