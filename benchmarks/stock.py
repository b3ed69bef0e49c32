"""URL configuration of the console with a plain admin site of calls added, as the baseline of `browse`."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from callcenter.urls import urlpatterns as console
from campaigns.models import Call


class PlainCallAdmin(admin.ModelAdmin):
    """A plain change list of calls."""

    list_display = ("id", "contact", "to_number", "status", "campaign", "provider", "placing_at", "talk_seconds")
    list_select_related = ("contact", "campaign", "provider")
    list_filter = ("status", "provider", "placing_at")
    search_fields = ("contact__name", "to_number")


site = admin.AdminSite("stock")
site.register(Call, PlainCallAdmin)

urlpatterns = [path("stock/", site.urls), *console]
