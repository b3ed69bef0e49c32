"""The audit in Set-up: read, never written."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from callcenter.access.setup import ReadOnlyAdmin
from callcenter.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what, newest first."""

    list_display = ["at", "who", "action", "object_name", "short_detail"]
    list_filter = ["at"]
    list_select_related = ["actor"]
    search_fields = ["action__startswith", "object_name__startswith", "actor__username__exact"]
    search_help_text = _("The beginning of the action or of the thing, or a person's whole user name.")
    fields = ["at", "who", "action", "object_type", "object_id", "object_name", "whole_detail"]

    @admin.display(description=_("who"), ordering="actor__username")
    def who(self, event: AuditEvent) -> Any:
        """Name the person, or the product itself."""
        return event.actor or _("Callcenter itself")

    @admin.display(description=_("detail"))
    def short_detail(self, event: AuditEvent) -> str:
        """Return the detail on one line."""
        return ", ".join(f"{name}: {value}" for name, value in event.detail.items() if value not in ("", None))[:120]

    @admin.display(description=_("detail"))
    def whole_detail(self, event: AuditEvent) -> str:
        """Return the detail, a line each."""
        return format_html("<pre>{}</pre>", json.dumps(event.detail, ensure_ascii=False, indent=2))

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the events, newest first by their number, which the index gives for nothing."""
        return super().get_queryset(request).order_by("-id")
