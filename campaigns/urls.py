"""Every address of this package: each room carries its own list."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include(f"campaigns.{room}.urls"))
    for room in ("reports", "calls", "contacts", "launch", "exports", "core", "tracking")
]
