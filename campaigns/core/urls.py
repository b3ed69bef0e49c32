"""URLs of stop-all."""

from __future__ import annotations

from django.urls import path

from campaigns.core.views import stop_all

urlpatterns = [
    path("stop-all/", stop_all.press, name="stop-all"),
    path("stop-all/release/", stop_all.release, name="stop-all-release"),
]
