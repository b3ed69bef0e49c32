"""The console's addresses with a plain admin site over the calls beside them: what Django gives for nothing."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from callcenter.urls import urlpatterns as console
from campaigns.models import Call


class PlainCallAdmin(admin.ModelAdmin):
    """A change list as a team writes it in five minutes."""

    list_display = ("id", "contact", "to_number", "status", "campaign", "provider", "placing_at", "talk_seconds")
    list_select_related = ("contact", "campaign", "provider")
    list_filter = ("status", "provider", "placing_at")
    search_fields = ("contact__name", "to_number")


site = admin.AdminSite("stock")
site.register(Call, PlainCallAdmin)

urlpatterns = [path("stock/", site.urls), *console]
