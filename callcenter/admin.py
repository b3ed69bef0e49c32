"""The audit log's page in Set-up; read-only."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from callcenter.access.setup import ReadOnlyAdmin
from callcenter.audit.models import AuditEvent
from callcenter.formats.calendars import with_moments

SHORT_DETAIL = 120
"""Characters of an event's detail that the list shows."""


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The audit events, newest first."""

    list_display = ["at", "who", "action", "object_name", "short_detail"]
    list_filter = ["at"]
    list_select_related = ["actor"]
    search_fields = ["action__startswith", "object_name__startswith", "actor__username__exact"]
    search_help_text = _("Start of the action or object, or a full user name.")
    fields = [
        "at",
        "who",
        "action",
        "object_type",
        "object_id",
        "object_name",
        "whole_detail",
        "role",
        "address",
        "session",
        "request_id",
        "source",
    ]

    @admin.display(description=_("user"), ordering="actor__username")
    def who(self, event: AuditEvent) -> Any:
        """Return the person, or the product's name where no person acted."""
        return event.actor or _("Callcenter itself")

    @admin.display(description=_("detail"))
    def short_detail(self, event: AuditEvent) -> str:
        """Return the detail on one line, cut to `SHORT_DETAIL` characters."""
        detail = with_moments(event.detail).items()
        return ", ".join(f"{name}: {value}" for name, value in detail if value not in ("", None))[:SHORT_DETAIL]

    @admin.display(description=_("detail"))
    def whole_detail(self, event: AuditEvent) -> str:
        """Return the whole detail as indented JSON."""
        return format_html("<pre>{}</pre>", json.dumps(with_moments(event.detail), ensure_ascii=False, indent=2))

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the events by descending primary key, which needs no sort."""
        return super().get_queryset(request).order_by("-id")
