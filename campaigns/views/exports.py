"""Hands calls out as a CSV file."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from callcenter.access.roles import may, needs
from callcenter.audit.models import record
from campaigns.forms.call_filters import CallFilterForm
from campaigns.services.browsing import find_calls
from campaigns.services.exporting import CallSheet


@require_safe
@needs("export_calls")
def calls_export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the calls that the log's filters find and that this person may see."""
    person = cast(AbstractUser, request.user)
    form = CallFilterForm(request.GET, person)
    calls = find_calls(form.filters(), person).order_by("-id")
    shows_numbers = may(person, "see_people")
    asked = {chip.name: str(chip.value) for chip in form.chips() if chip.name != "person"}
    record(person, "calls.exported", None, rows=calls.count(), numbers=shows_numbers, filters=asked)
    sheet = CallSheet(calls, shows_numbers=shows_numbers)
    answer = StreamingHttpResponse(sheet.lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="calls-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


urlpatterns = [path("calls/export/", calls_export, name="calls-export")]
