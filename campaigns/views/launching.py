"""The screens of checking, launching, pausing and stopping a campaign."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
