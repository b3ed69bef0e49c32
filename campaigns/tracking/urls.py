"""The addresses of this room: vendors' webhooks, what needs a decision, and unmatched vendor calls."""

from __future__ import annotations

from django.urls import path, re_path

from campaigns.tracking.views import decisions, unmatched_calls, webhooks

urlpatterns = [
    re_path(r"^hooks/(?P<provider_pk>[0-9]{1,18})/(?P<token>[A-Za-z0-9_-]{20,100})/?$", webhooks.hook, name="hook"),
    path("decisions/", decisions.decisions_page, name="decisions"),
    path("calls/unknown-at-vendor/", unmatched_calls.unmatched_calls, name="unmatched-calls"),
    path("calls/unknown-at-vendor/compare/", unmatched_calls.compare_now, name="unmatched-calls-compare"),
    path("calls/unknown-at-vendor/<int:pk>/decide/", unmatched_calls.decide, name="unmatched-call-decide"),
    path(
        "calls/unknown-at-vendor/of/<int:provider_id>/decide/",
        unmatched_calls.decide_all,
        name="unmatched-calls-decide",
    ),
]
