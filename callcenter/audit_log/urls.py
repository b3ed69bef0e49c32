"""Addresses of the audit log."""

from __future__ import annotations

from django.urls import path

from callcenter.audit_log import views

urlpatterns = [
    path("audit/", views.audit_log, name="audit"),
    path("audit/export.csv", views.export, name="audit-export"),
]
