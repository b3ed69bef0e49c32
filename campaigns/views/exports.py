"""Hands calls out as a CSV file."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from callcenter.access.roles import may, needs
from callcenter.audit.models import record
from campaigns.models import Call, Campaign
from campaigns.services.exporting import CallSheet, within_days
from providers.types import CallStatus


@require_safe
@needs("export_calls")
def calls_export(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the calls that the query names (campaign, provider, status, since, until) and that this person may see."""
    person = cast(AbstractUser, request.user)
    calls = Call.objects.visible_to(person).order_by("-id")
    name = "calls"
    asked: dict[str, Any] = {"numbers": may(person, "see_people")}
    if (campaign_id := request.GET.get("campaign", "")).isdecimal():
        campaign = get_object_or_404(Campaign, pk=int(campaign_id))
        calls, name = calls.filter(campaign=campaign), f"campaign-{campaign.pk}"
        asked["campaign"] = campaign.pk
    if (provider_id := request.GET.get("provider", "")).isdecimal():
        calls = calls.filter(provider_id=int(provider_id))
        asked["provider"] = int(provider_id)
    if (status := request.GET.get("status", "")) in CallStatus.values:
        calls = calls.filter(status=status)
        asked["status"] = status
    calls, days = within_days(calls, request.GET.get("since", ""), request.GET.get("until", ""))
    record(person, "calls.exported", None, rows=calls.count(), **(asked | days))
    sheet = CallSheet(calls, shows_numbers=asked["numbers"])
    answer = StreamingHttpResponse(sheet.lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


urlpatterns = [path("calls/export/", calls_export, name="calls-export")]
