"""The screens of checking, launching, pausing and stopping a campaign."""

from __future__ import annotations

from django.urls import URLPattern

from campaigns.views import exports

urlpatterns: list[URLPattern] = [*exports.urlpatterns]
