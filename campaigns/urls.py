"""URLs of all rooms, each from the room's own `urls` module."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include(f"campaigns.{room}.urls"))
    for room in ("reports", "answers", "calls", "contacts", "launch", "exports", "privacy", "core", "tracking")
]
