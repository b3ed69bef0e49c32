"""Addresses that machines ask for, by IP address too."""

from __future__ import annotations

from django.urls import path

from callcenter.monitoring import metrics, probes

urlpatterns = [
    path("livez", probes.livez, name="livez"),
    path("healthz", probes.livez, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
PATHS = frozenset(f"/{one.pattern}" for one in urlpatterns)
