"""Addresses of the help pages."""

from __future__ import annotations

from django.urls import path

from callcenter.help import views

urlpatterns = [
    path("help/", views.contents, name="help"),
    path("help/<slug:slug>/", views.page, name="help-page"),
]
