"""Addresses of the pages of webhooks."""

from __future__ import annotations

from django.urls import path

from callcenter.webhooks_out import views

urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", views.webhook, name="webhook"),
    path("webhooks/<int:pk>/secret/", views.webhook_secret, name="webhook-secret"),
    path("webhooks/<int:pk>/test/", views.webhook_test, name="webhook-test"),
    path("webhooks/<int:pk>/again/", views.webhook_again, name="webhook-again-all"),
    path("webhooks/<int:pk>/deliveries/<int:delivery_pk>/again/", views.webhook_again, name="webhook-again"),
    path("webhooks/<int:pk>/resume/", views.webhook_resume, name="webhook-resume"),
    path("webhooks/<int:pk>/remove/", views.webhook_remove, name="webhook-remove"),
]
