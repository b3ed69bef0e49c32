"""The screens of writing and watching campaigns."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
