"""The addresses of this room: files of calls and people."""

from __future__ import annotations

from django.urls import path

from campaigns.exports import views

urlpatterns = [
    path("calls/export/", views.calls_export, name="calls-export"),
    path("people/export/", views.people_export, name="people-export"),
    path("calls/exports/", views.history, name="exports"),
    path("calls/exports/live/", views.live, name="exports-live"),
    path("calls/exports/<int:pk>/", views.fetch, name="export-fetch"),
    path("calls/exports/<int:pk>/delete/", views.delete, name="export-delete"),
]
