"""Admin pages of campaigns, people and calls: mostly read-only; changes are made in the application's own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from callcenter.access.setup import ReadOnlyAdmin, SetupAdmin
from callcenter.formats.masking import ending
from campaigns.models import Call, Campaign, Contact, ContactList, DoNotCall


class OwnedAdmin(SetupAdmin):
    """Base of rows whose owner and team can be changed here, such as when somebody leaves; all else is read-only."""

    list_select_related = ["owner", "team"]
    raw_id_fields = ["owner"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: rows are created in the application's own pages."""
        return False


@admin.register(Campaign)
class CampaignAdmin(OwnedAdmin):
    """Campaigns; only owner and team can be changed."""

    list_display = ["name", "status", "provider", "owner", "team", "launched_at"]
    list_select_related = ["owner", "team", "provider"]
    list_filter = ["status", "provider"]
    search_fields = ["name__startswith"]
    readonly_fields = [
        "name", "status", "provider", "agent", "voice", "hours_start", "hours_end", "calls_per_minute", "max_lines",
        "max_attempts", "budget", "quiet_hours", "launched_at", "paused_reason",
    ]  # fmt: skip
    fields = ["owner", "team", *readonly_fields]


@admin.register(ContactList)
class ContactListAdmin(OwnedAdmin):
    """Lists; name, owner and team can be changed."""

    list_display = ["name", "owner", "team", "created_at"]
    search_fields = ["name__startswith"]
    readonly_fields = ["size", "created_at"]
    fields = ["name", "owner", "team", "size", "created_at"]

    @admin.display(description=_("people"))
    def size(self, contact_list: ContactList) -> int:
        """Return the number of people in the list."""
        return contact_list.memberships.aggregate(size=Count("id"))["size"] or 0


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    """People, searchable by a whole number or the beginning of a name."""

    list_display = ["shown_name", "shown_phone", "region", "time_zone", "created_at"]
    search_fields = ["phone__exact", "name__startswith"]
    search_help_text = _("The whole number, such as +989121234567, or the beginning of the name.")
    fields = ["name", "shown_phone", "region", "time_zone", "tags", "consent_source", "consent_at", "created_at"]

    @admin.display(description=_("name"), ordering="name")
    def shown_name(self, contact: Contact) -> str:
        """Return the name, or the last digits of the number if there is none."""
        return str(contact)

    @admin.display(description=_("phone"))
    def shown_phone(self, contact: Contact) -> str:
        """Return the end of the number."""
        return ending(contact.phone)


@admin.register(DoNotCall)
class DoNotCallAdmin(ReadOnlyAdmin):
    """The do-not-call list; entries are added and removed in the application's own pages, with a reason."""

    list_display = ["shown_phone", "source", "reason", "added_by", "added_at", "expires_at"]
    list_select_related = ["added_by"]
    list_filter = ["source"]
    search_fields = ["phone__exact"]
    search_help_text = _("The whole number, such as +989121234567.")
    fields = ["shown_phone", "source", "reason", "added_by", "added_at", "expires_at"]

    @admin.display(description=_("phone"))
    def shown_phone(self, entry: DoNotCall) -> str:
        """Return the end of the number."""
        return ending(entry.phone)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Calls and their events, without transcripts."""

    list_display = ["id", "created_at", "provider", "campaign", "shown_number", "status", "talk_seconds", "cost"]
    list_select_related = ["provider", "campaign"]
    list_filter = ["provider", "status"]
    search_fields = ["to_number__exact"]
    search_help_text = _("The whole number, such as +989121234567.")
    fields = [
        "id", "reference", "created_at", "owner", "campaign", "attempt", "shown_number", "provider", "agent", "voice",
        "caller_id", "status", "raw_status", "remote_id", "failure_reason", "failure_detail", "skip_reason", "due_at",
        "placing_at", "placed_at", "answered_at", "ended_at", "talk_seconds", "answered_by", "cost", "currency",
    ]  # fmt: skip

    @admin.display(description=_("number"))
    def shown_number(self, call: Call) -> str:
        """Return the end of the number."""
        return ending(call.to_number)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the calls with their long columns deferred."""
        return super().get_queryset(request).defer("variables", "extracted", "text", "vendor_options")
