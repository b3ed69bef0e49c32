"""The addresses of this room: dispositions, their rules, and the choice on a call's page."""

from __future__ import annotations

from django.urls import path

from campaigns.dispositions.views import call_disposition, dispositions

urlpatterns = [
    path("dispositions/", dispositions.dispositions, name="dispositions"),
    path("dispositions/<int:pk>/", dispositions.disposition, name="disposition"),
    path("dispositions/<int:pk>/rules/", dispositions.rule_add, name="disposition-rule-add"),
    path("dispositions/<int:pk>/rules/<int:rule_pk>/remove/", dispositions.rule_remove, name="disposition-rule-remove"),
    path("calls/<int:pk>/disposition/", call_disposition.set_disposition, name="call-disposition"),
]
