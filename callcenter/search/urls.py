"""Addresses of the search over everything."""

from __future__ import annotations

from django.urls import path

from callcenter.search import views

urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/found/", views.found, name="search-found"),
]
