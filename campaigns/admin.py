"""Admin pages of campaigns, people and calls: mostly read-only; changes are made in the application's own pages."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.roles import Person, may
from callcenter.access.setup import ReadOnlyAdmin, SetupAdmin
from callcenter.formats.masking import ending
from campaigns.core.forms.installation import InstallationForm
from campaigns.core.installation_changes import change_settings
from campaigns.core.scope import seen_by
from campaigns.models import (
    AllowedNumber,
    Call,
    Campaign,
    Contact,
    ContactList,
    DoNotCall,
    InstallationSettings,
)
from campaigns.models.installation import SETTINGS_ID


class OwnedAdmin(SetupAdmin):
    """Base of rows whose owner and team can be changed here, such as when somebody leaves; all else is read-only."""

    list_select_related = ["owner", "team"]
    raw_id_fields = ["owner"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: rows are created in the application's own pages."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the person may see, as everywhere."""
        return seen_by(request.user, super().get_queryset(request))


class SeenAdmin(ReadOnlyAdmin):
    """Base of pages that only show rows, and only those that the person may see, as everywhere."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the person may see."""
        return seen_by(request.user, super().get_queryset(request))


@admin.register(Campaign)
class CampaignAdmin(OwnedAdmin):
    """Campaigns; only owner and team can be changed."""

    list_display = ["name", "status", "provider", "owner", "team", "launched_at"]
    list_select_related = ["owner", "team", "provider"]
    list_filter = ["status", "provider"]
    search_fields = ["name__startswith"]
    readonly_fields = [
        "name", "status", "provider", "agent", "voice", "hours_start", "hours_end", "calls_per_minute", "max_lines",
        "lines_percent", "priority", "max_attempts", "budget", "quiet_hours", "launched_at", "paused_reason",
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
class ContactAdmin(SeenAdmin):
    """People, searchable by a whole number or the beginning of a name."""

    list_display = ["shown_name", "shown_phone", "region", "time_zone", "created_at"]
    search_fields = ["phone__exact", "name__startswith"]
    search_help_text = _("The full number, such as +989121234567, or the start of the name.")
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
class DoNotCallAdmin(SeenAdmin):
    """The do-not-call list; entries are added and removed in the application's own pages, with a reason."""

    list_display = ["shown_phone", "source", "reason", "added_by", "added_at", "expires_at"]
    list_select_related = ["added_by"]
    list_filter = ["source"]
    search_fields = ["phone__exact"]
    search_help_text = _("The full number, such as +989121234567.")
    fields = ["shown_phone", "source", "reason", "added_by", "added_at", "expires_at"]

    @admin.display(description=_("phone"))
    def shown_phone(self, entry: DoNotCall) -> str:
        """Return the end of the number."""
        return ending(entry.phone)


@admin.register(Call)
class CallAdmin(SeenAdmin):
    """Calls and their events, without transcripts."""

    list_display = ["id", "created_at", "provider", "campaign", "shown_number", "status", "talk_seconds", "cost"]
    list_select_related = ["provider", "campaign"]
    list_filter = ["provider", "status"]
    search_fields = ["to_number__exact"]
    search_help_text = _("The full number, such as +989121234567.")
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


@admin.register(AllowedNumber)
class AllowedNumberAdmin(SeenAdmin):
    """Numbers of refused types that managers allowed; allowed and taken back in the application's own pages."""

    list_display = ["shown_phone", "type_label", "reason", "allowed_by", "allowed_at"]
    list_select_related = ["allowed_by"]
    search_fields = ["phone__exact"]
    search_help_text = _("The full number, such as +989121234567.")
    fields = ["shown_phone", "type_label", "reason", "allowed_by", "allowed_at"]

    @admin.display(description=_("phone"))
    def shown_phone(self, entry: AllowedNumber) -> str:
        """Return the end of the number."""
        return ending(entry.phone)

    @admin.display(description=_("number type"))
    def type_label(self, entry: AllowedNumber) -> str:
        """Return the name of the number's type."""
        return entry.type_label


LAUNCHES_AND_IMPORTS = (
    "caller_launch_limit",
    "caller_launch_prices",
    "test_calls_a_day",
    "import_keep_days",
    "import_max_megabytes",
    "import_max_rows",
)


@admin.register(InstallationSettings)
class InstallationSettingsAdmin(SetupAdmin):
    """The one page of the installation's settings."""

    form = InstallationForm
    fieldsets = [
        (_("Numbers"), {"fields": ["number_types_decided", "refused_number_types"]}),
        (_("Per contact"), {"fields": ["quiet_period_hours", "person_calls_a_day", "person_calls_a_week"]}),
        (_("Consent"), {"fields": ["consent_required", "legal_texts"]}),
        (_("Single calls"), {"fields": ["single_call_start", "single_call_end", "single_call_minutes"]}),
        (_("Log-in"), {"fields": ["second_factor_decided", "second_factor_roles"]}),
        (_("Notices"), {"fields": ["notices_decided", "notices_off"]}),
        (
            _("Launches and imports"),
            {"fields": LAUNCHES_AND_IMPORTS},
        ),
        (_("Last change"), {"fields": ["changed_at", "changed_by"]}),
    ]
    readonly_fields = ["changed_at", "changed_by"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row; a new one where nothing was ever changed."""
        if object_id != str(SETTINGS_ID):
            return None
        return super().get_object(request, object_id, from_field) or InstallationSettings(pk=SETTINGS_ID)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Open the one row."""
        if not self.has_view_permission(request):
            raise PermissionDenied(self.right)
        return redirect("admin:campaigns_installationsettings_change", SETTINGS_ID)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: there is one row."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people with the right to change settings."""
        return may(cast(Person, request.user), "change_settings")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Change the settings as everywhere; what somebody changed meanwhile is not overwritten."""
        change_settings(form.changes, request.user)
        messages.success(request, _("Settings saved."))

    @method_decorator(needs_fresh_sign_in)
    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        """Show and change the settings, after a fresh sign-in: who needs a second factor is among them."""
        return super().changeform_view(request, *arguments, **options)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay on the page; what was done is said already."""
        return redirect("admin:campaigns_installationsettings_change", SETTINGS_ID)
