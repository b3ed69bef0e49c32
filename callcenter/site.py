"""The Set-up area: Django's admin site with our name and order, without the queue's own pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext_lazy as _

from callcenter.access.rights import OPENS_SET_UP

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

HIDDEN_ROOMS = frozenset({"django_q", "account", "mfa", "socialaccount"})
"""Apps whose pages are hidden; django-q2's can run any function and resubmit finished tasks."""

_CALLING = ("InstallationSettings", "Campaign", "ContactList", "Contact", "DoNotCall", "AllowedNumber", "Call")
SECTIONS = (
    ("providers", _("Provider companies"), ("Provider", "Agent", "Voice", "CallerId", "Dialer")),
    ("auth", _("Users and roles"), ("User", "Team", "Group")),
    (
        "campaigns",
        _("Calling"),
        _CALLING,
    ),
    ("audit", _("Records"), ("AuditEvent",)),
)
"""Of each section: its address, its name, and its pages in order."""


NAMES = {"User": _("Contacts"), "Group": _("Roles")}
"""Names of pages that differ from Django's own."""


class SetUpAdminConfig(AdminConfig):
    """Makes `SetUpAdminSite` the default admin site."""

    default_site = "callcenter.site.SetUpAdminSite"

    def ready(self) -> None:
        """Name the apps after their sections, as the breadcrumbs show them."""
        super().ready()
        for label, name, _pages in SECTIONS:
            apps.get_app_config(label).verbose_name = name


class SetUpAdminSite(admin.AdminSite):
    """The admin site of the Set-up area; open to active staff with a right to anything in it."""

    site_header = _("Set-up")
    site_title = _("Set-up")
    index_title = _("What do you want to set up?")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Allow active staff with a right that opens one of its pages."""
        return bool(
            request.user.is_active
            and request.user.is_staff
            and any(request.user.has_perm(f"access.{right}") for right in OPENS_SET_UP)
        )

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Register models, except those of hidden apps."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        for model in models:
            if model._meta.app_label not in HIDDEN_ROOMS:
                super().register(model, admin_class, **options)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Return a page of Set-up as it is asked; raises BadRequest for a `_to_field` that is blank.

        Django looks for the field of that name, and finds none.
        """
        page = super().admin_view(view, cacheable)

        @wraps(page)
        def asked(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            if any("" in sent.getlist(TO_FIELD_VAR) for sent in (request.GET, request.POST)):
                raise BadRequest(TO_FIELD_VAR)
            return page(request, *arguments, **named)

        return cast(View, asked)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect anonymous users to the console's log-in; raises PermissionDenied for others without the right."""
        from django.contrib.auth.views import redirect_to_login  # imports models: too early at module level

        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied("manage_providers")
        target = request.GET.get("next") or reverse("admin:index", current_app=self.name)
        return redirect_to_login(target, resolve_url("login"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Log out by the console's own door."""
        return resolve(reverse("logout")).func(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Redirect to the console's page of one's own password."""
        return redirect("account_change_password")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the sections in their order; only one where `app_label` names it."""
        by_name = {
            model["object_name"]: {**model, "name": NAMES.get(model["object_name"], model["name"])}
            for room in super().get_app_list(request)
            for model in room["models"]
        }  # fmt: skip
        return [
            {
                "name": name,
                "app_label": label,
                "app_url": reverse("admin:app_list", kwargs={"app_label": label}, current_app=self.name),
                "has_module_perms": True,
                "models": found,
            }
            for label, name, pages in SECTIONS
            if app_label in (None, label) and (found := [by_name[page] for page in pages if page in by_name])
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context of every page, with the link back to the console."""
        return {**super().each_context(request), "site_url": _today()}


def _today() -> str:
    try:
        return reverse("today")
    except NoReverseMatch:
        return "/"
