"""Addresses of the API, its reference and the pages of keys."""

from __future__ import annotations

from django.urls import path

from callcenter.api_site import views
from callcenter.api_site.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("api/reference/", views.api_reference, name="api-reference"),
    path("api/keys/", views.api_keys, name="api-keys"),
    path("api/keys/<int:pk>/end/", views.api_key_end, name="api-key-end"),
]
