"""The addresses of this room: each subject's module carries its own list."""

from __future__ import annotations

from campaigns.views import (
    builder,
    call_controls,
    call_log,
    call_remarks,
    calls,
    campaign_hours,
    campaign_people,
    campaigns,
    hooks,
    imports,
    launching,
    people,
    quick_call,
    redialing,
    reports,
    same_person,
    stop_all,
    strange_calls,
    today,
)

urlpatterns = [
    *today.urlpatterns,
    *quick_call.urlpatterns,
    *builder.urlpatterns,
    *campaigns.urlpatterns,
    *campaign_hours.urlpatterns,
    *campaign_people.urlpatterns,
    *redialing.urlpatterns,
    *launching.urlpatterns,
    *people.urlpatterns,
    *same_person.urlpatterns,
    *imports.urlpatterns,
    *call_log.urlpatterns,
    *calls.urlpatterns,
    *call_remarks.urlpatterns,
    *call_controls.urlpatterns,
    *reports.urlpatterns,
    *stop_all.urlpatterns,
    *strange_calls.urlpatterns,
    *hooks.urlpatterns,
]
