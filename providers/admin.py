"""Set-up pages of providers and of the agents, voices, caller IDs and diallers at their vendors."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import ForeignKey
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.setup import SetupAdmin
from callcenter.audit.models import record
from providers import registry
from providers.forms import OPTION, REMOVE, SECRET, KeysForm, ProviderForm, provider_form
from providers.models import Agent, CallerId, Dialer, Provider, RemoteRow, Voice
from providers.services.checking import CheckVerdict, became_open, remember_account, try_secrets
from providers.services.destination import goes_elsewhere
from providers.services.health import note_success
from providers.services.keys import store_secrets
from providers.wording import abilities


@admin.register(Provider)
class ProviderAdmin(SetupAdmin):
    """The page of providers: the vendor is chosen first, then its own form is shown."""

    list_display = ["name", "company", "standing", "last_success_at", "max_lines", "calls_per_minute", "team"]
    list_select_related = ["team"]
    search_fields = ["name"]
    change_form_template = "admin/providers/provider/change_form.html"
    readonly_fields = ["company", "standing", "account_line", "last_success_at", "last_error_line", "checked_at"]

    @admin.display(description=_("provider"), ordering="vendor")
    def company(self, provider: Provider) -> str:
        """Return the vendor's name."""
        return provider.vendor_label

    @admin.display(description=_("status"))
    def standing(self, provider: Provider) -> str:
        """Return the provider's state with its reason."""
        return str(provider.stop_reason or provider.state.label)

    @admin.display(description=_("account"))
    def account_line(self, provider: Provider) -> str:
        """Return what the vendor said of the account at the last test."""
        return provider.account_words or "-"

    @admin.display(description=_("last error"))
    def last_error_line(self, provider: Provider) -> str:
        """Return the last error with its next step."""
        if provider.last_error_at is None:
            return "-"
        return f"{provider.error_sentence} ({provider.last_error.rstrip('.')}) {provider.next_step}"

    # The vendor first, then its own form

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show the choice of vendors until one is chosen, then its form."""
        if self.has_add_permission(request) and request.GET.get("vendor") not in registry.slugs():
            context = {
                **self.admin_site.each_context(request),
                "title": _("Which provider is the account at?"),
                "opts": self.opts,
                "vendors": [
                    (slug, label, abilities(registry.backend_class(slug))) for slug, label in registry.vendor_choices()
                ],
            }
            return TemplateResponse(request, "admin/providers/provider/choose_vendor.html", context)
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Provider | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """Return the vendor's form class, with the test result of the keys that were typed in."""
        verdict: CheckVerdict | None = getattr(request, "key_verdict", None)
        form = provider_form(self._vendor(request, obj), verdict)
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """Return the groups of fields: name, keys, the vendor's settings, limits, health."""
        fields = registry.backend_class(self._vendor(request, obj)).fields
        secrets = [prefix + field.name for field in fields if field.is_secret for prefix in (SECRET, REMOVE)]
        options = [OPTION + field.name for field in fields if not field.is_secret]
        groups: list[Any] = [
            (None, {"fields": [*(["company"] if obj else []), "name", "is_active", "team"]}),
            (_("Keys"), {"fields": [*secrets, "keep_untested"]}),
            (_("Limits and price"), {"fields": [
                "max_lines", "single_call_lines", "calls_per_minute", "reads_per_minute", "max_call_seconds",
                "price_per_minute", "currency", "balance_limit", "day_cap",
            ]}),
            (_("Settings of this provider"), {"fields": options}),
        ]  # fmt: skip
        if obj:
            health = ["standing", "account_line", "last_success_at", "last_error_line", "checked_at"]
            groups.insert(1, (_("Status"), {"fields": health}))
        return groups

    def _vendor(self, request: HttpRequest, obj: Provider | None) -> str:
        return obj.vendor if obj else str(request.GET["vendor"])

    @method_decorator(sensitive_post_parameters())
    @method_decorator(needs_fresh_sign_in)
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Test new keys before Django opens its transaction: none may be open during a request to a vendor."""
        if request.method == "POST":
            obj = self.get_object(request, object_id) if object_id else None
            if self._may_save(request, obj, object_id):
                cast(Any, request).key_verdict = self._test_typed(request, obj)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _may_save(self, request: HttpRequest, obj: Provider | None, object_id: str | None) -> bool:
        if object_id:
            return obj is not None and self.has_change_permission(request, obj)
        return self.has_add_permission(request)

    def _test_typed(self, request: HttpRequest, obj: Provider | None) -> CheckVerdict | None:
        """Return the test result of the keys that were typed in; None where there are none that could be sent."""
        form_class = provider_form(self._vendor(request, obj))
        trial = form_class(request.POST, instance=obj or Provider())
        if not trial.is_valid() or not trial.new_secrets():
            return None
        return try_secrets(trial.instance, trial.new_secrets(), trial.instance.options_with_defaults())

    def save_model(self, request: HttpRequest, obj: Provider, form: ModelForm[Any], change: bool) -> None:
        """Save the edited columns, then the keys, each with an audit event that holds no key."""
        assert isinstance(form, ProviderForm)
        before = self.stored_values(obj, form) if change else {}
        dropped = obj.secrets.names if change and goes_elsewhere(obj, obj.options) else []
        if change:
            self.save_changes(obj, form)
        else:
            obj.created_by = cast(Any, request.user)
            obj.save()
        edited = self.names_for_audit(form, change)
        kept = self.before_and_after(obj, before)
        record(request.user, f"provider.{'changed' if change else 'created'}", obj, fields=edited, **kept)
        new, comparison = form.new_secrets(), form.verdict.comparison if form.verdict else None
        # Those of the address before first: whatever becomes of the new ones, they are not sent to this one.
        store_secrets(obj.pk, {}, dropped, request.user, why="the address changed")
        if store_secrets(obj.pk, new, form.removed_secrets(), request.user, comparison=comparison):
            self._tell(request, obj, form)
        else:
            messages.error(request, became_open(obj.vendor_label))

    def _tell(self, request: HttpRequest, obj: Provider, form: KeysForm) -> None:
        verdict = form.verdict
        if verdict is None:
            return
        if not verdict.is_ok:
            messages.warning(request, _("The key is saved although its test failed: %(why)s") % {"why": verdict})
            return
        note_success(obj.pk)
        if verdict.account:
            remember_account(obj.pk, verdict.account)
        can = " ".join(str(ability.sentence) for ability in abilities(obj.backend_class) if ability.can)
        messages.success(request, f"{verdict.sentence} {can}")
        if obj.halted_at:
            messages.warning(request, _("It is still paused: press Resume to continue calling."))


class RemoteRowAdmin(SetupAdmin):
    """Page of rows that stand for objects at the vendor; typed in where the vendor has no list of them."""

    listing_flag = ""
    """The backend's flag that says whether the vendor lists these objects; if so, only a sync writes the rows."""
    list_select_related = ["provider"]
    list_filter = ["provider", "is_present"]
    search_fields = ["name__startswith", "remote_id__exact"]
    search_help_text = _("Start of the name, or the full provider ID.")
    readonly_fields = ["synced_at"]

    def is_synced(self, vendor: str) -> bool:
        """Return whether a sync writes the rows of this vendor."""
        return bool(self.listing_flag and getattr(registry.backend_class(vendor), self.listing_flag))

    def typed_vendors(self) -> list[str]:
        """Return the vendors whose rows are typed in."""
        return [slug for slug in registry.slugs() if not self.is_synced(slug)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow where there are vendors whose rows are typed in."""
        return super().has_add_permission(request) and bool(self.typed_vendors())

    def has_change_permission(self, request: HttpRequest, obj: RemoteRow | None = None) -> bool:
        """Refuse for rows that the next sync would overwrite."""
        return super().has_change_permission(request, obj) and not (obj and self.is_synced(obj.provider.vendor))

    def get_readonly_fields(self, request: HttpRequest, obj: RemoteRow | None = None) -> list[str]:
        """Make the provider of an existing row read-only: calls may point at the row."""
        return [*self.readonly_fields, "provider"] if obj else list(self.readonly_fields)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only providers whose rows are typed in."""
        if db_field.name == "provider":
            kwargs["queryset"] = Provider.objects.filter(vendor__in=self.typed_vendors())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Agent)
class AgentAdmin(RemoteRowAdmin):
    """The page of voice agents; a sync copies them from the vendor."""

    listing_flag = "supports_list_agents"
    list_display = ["name", "provider", "type", "language", "status", "is_present", "synced_at"]
    fields = [
        "provider", "name", "remote_id", "type", "status", "direction", "language", "variables", "warnings",
        "is_present", "synced_at",
    ]  # fmt: skip

    def typed_vendors(self) -> list[str]:
        """Return the vendors that call through agents and do not list them."""
        return [slug for slug in super().typed_vendors() if "agent" in registry.backend_class(slug).message_kinds]


@admin.register(Voice)
class VoiceAdmin(RemoteRowAdmin):
    """The page of voices; those of vendors without a list are typed in."""

    listing_flag = "supports_list_voices"
    list_display = ["name", "provider", "maker", "language", "is_present", "synced_at"]
    fields = ["provider", "name", "remote_id", "maker", "language", "is_present", "synced_at"]


@admin.register(CallerId)
class CallerIdAdmin(RemoteRowAdmin):
    """The page of numbers to call from."""

    listing_flag = "supports_list_caller_ids"
    list_display = ["number", "name", "provider", "is_present", "synced_at"]
    search_fields = ["number__startswith", "name__startswith"]
    search_help_text = _("Start of the number or name.")
    fields = ["provider", "number", "name", "remote_id", "is_present", "synced_at"]

    def typed_vendors(self) -> list[str]:
        """Return the vendors that take a caller ID and do not list them."""
        backends = {slug: registry.backend_class(slug) for slug in super().typed_vendors()}
        return [slug for slug, backend in backends.items() if backend.accepts_caller_id or backend.needs_caller_id]


@admin.register(Dialer)
class DialerAdmin(RemoteRowAdmin):
    """The page of diallers, which are always typed in."""

    list_display = ["name", "provider", "remote_id", "is_present"]
    fields = ["provider", "name", "remote_id", "is_present", "synced_at"]

    def typed_vendors(self) -> list[str]:
        """Return the vendors that have diallers."""
        return [slug for slug in registry.slugs() if registry.backend_class(slug).accepts_dialer]
