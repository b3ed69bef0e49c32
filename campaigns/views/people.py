"""The screens of people, lists and the do-not-call list."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
