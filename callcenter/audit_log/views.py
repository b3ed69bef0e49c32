"""Views of the audit log: the page, and the same as a file."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from callcenter.access.role_words import roles_in_words
from callcenter.access.roles import Person
from callcenter.audit.models import AuditEvent, record
from callcenter.audit.often import note
from callcenter.audit_log.forms import AuditForm
from callcenter.audit_log.search import Asked, find_events, page_of, sees_all
from callcenter.audit_log.words import lines_of
from callcenter.formats.zones import zone_name
from callcenter.one_at_a_time import one_at_a_time
from campaigns.core.csv_cells import csv_header, csv_lines, safe_cell

ROWS_AT_ONCE = 500
MOST_ROWS = 100_000
"""Rows of one file; a longer time is asked for in parts."""


@login_required
@require_safe
def audit_log(request: HttpRequest) -> HttpResponse:
    """Show the events that the person may see, newest first."""
    person = cast(Person, request.user)
    form = AuditForm(request.GET, person)
    asked = form.asked()
    page = page_of(find_events(asked, person), request.GET)
    if words := form.in_words():
        note(person, "audit.viewed", filters=words)
    context = {
        "form": form,
        "page": page,
        "lines": lines_of(page.rows),
        "is_narrowed": bool(words),
        "sees_all": sees_all(person),
        "query": request.GET.urlencode(),
    }
    return render(request, "audit_log/log.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
@one_at_a_time
def export(request: HttpRequest) -> HttpResponseBase:
    """Return the same events as a CSV file, the newest first; the export itself is recorded."""
    person = cast(Person, request.user)
    form = AuditForm(request.GET, person)
    asked = form.asked()
    record(person, "audit.exported", filters=form.in_words())
    answer = StreamingHttpResponse(_lines(asked, person), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


def _lines(asked: Asked, person: Person) -> Iterator[str]:
    """Yield the file's pieces, each on the viewer's clock and in their language: they are read after the request."""
    zone, language = timezone.get_current_timezone(), translation.get_language() or "en"
    return _pieces(asked, person, lambda work: _on_the_clock(zone, language, work))


def _on_the_clock(zone: datetime.tzinfo, language: str, work: Callable[[], str]) -> str:
    with timezone.override(zone), translation.override(language):
        return work()


def _header() -> str:
    return csv_header(
        [
            _("Number"), f"{_('When')} ({zone_name()})", _("User"), _("Roles"), _("What"), _("Code"), _("Object"),
            _("Changes"), _("Details"), _("Address"), _("Session"), _("Request"), _("From"),
        ]
    )  # fmt: skip


def _pieces(asked: Asked, person: Person, in_words: Callable[[Callable[[], str]], str]) -> Iterator[str]:
    yield in_words(_header)
    found = find_events(asked, person)
    older: int | None = None
    for _round in range(MOST_ROWS // ROWS_AT_ONCE):
        page = page_of(found, {"older_than": older} if older is not None else {}, ROWS_AT_ONCE)
        rows = page.rows
        yield in_words(lambda rows=rows: csv_lines(_cells(rows)))  # type: ignore[misc]
        if page.older is None:
            return
        older = page.older


def _cells(events: list[AuditEvent]) -> Iterator[list[str]]:
    for line in lines_of(events):
        event = line.event
        changed = "; ".join(f"{one.name}: {one.before} → {one.after}" for one in line.changes)
        told = "; ".join(f"{name}: {value}" for name, value in line.details)
        cells = [
            str(event.pk), f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}", line.who,
            roles_in_words(event.role), line.what, event.action, line.thing, changed, told, event.address,
            event.session, event.request_id, event.source,
        ]  # fmt: skip
        yield [safe_cell(cell) for cell in cells]
