"""URLs of all rooms, each from the room's own `urls` module."""

from __future__ import annotations

from django.urls import include, path

ROOMS = (
    "reports", "answers", "calls", "callbacks", "dispositions", "review", "contacts", "launch", "exports", "privacy",
    "core", "tracking", "notices",
)  # fmt: skip

urlpatterns = [path("", include(f"campaigns.{room}.urls")) for room in ROOMS]
