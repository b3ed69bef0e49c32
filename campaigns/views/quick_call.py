"""The screens of calling one person now."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
