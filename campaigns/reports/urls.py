"""The addresses of this room: Today, campaigns' people and reports."""

from __future__ import annotations

from django.urls import path

from campaigns.reports.views import campaign_hours, campaign_people, reports, today

urlpatterns = [
    path("today/", today.today, name="today"),
    path("today/live/", today.today_live, name="today-live"),
    path("campaigns/<int:pk>/hours/", campaign_hours.campaign_hours, name="campaign-hours"),
    path("campaigns/<int:pk>/people/", campaign_people.people, name="campaign-people"),
    path("campaigns/<int:pk>/people/<int:call_pk>/skip/", campaign_people.skip, name="campaign-skip"),
    path("campaigns/<int:pk>/people/<int:call_pk>/again/", campaign_people.again, name="campaign-again"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:key>/", reports.report_section, name="reports-section"),
    path("reports/<slug:key>.csv", reports.report_csv, name="reports-csv"),
]
