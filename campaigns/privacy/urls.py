"""URLs of retention, erasure, and what is held about one person."""

from __future__ import annotations

from django.urls import path

from campaigns.privacy.views import people, retention

urlpatterns = [
    path("privacy/retention/", retention.retention_page, name="retention"),
    path("privacy/erasures/", people.erasures, name="erasures"),
    path("privacy/export/", people.export_number, name="person-export-number"),
    path("people/<int:pk>/erase/", people.erase_contact, name="person-erase"),
    path("people/<int:pk>/export/", people.export_contact, name="person-export"),
]
