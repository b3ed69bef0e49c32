"""The Set-up area for admins: Django's admin with our name, our order and without the queue's own pages."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class DeskAdminConfig(AdminConfig):
    """Makes ours the default admin site."""

    default_site = "callcenter.site.DeskAdminSite"


class DeskAdminSite(admin.AdminSite):
    """Shows only what an admin sets up; open to staff who hold the admin role."""

    site_header = _("Set-up")
    site_title = _("Set-up")
    index_title = _("What do you want to set up?")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in active staff with the right to manage providers."""
        return bool(
            request.user.is_active and request.user.is_staff and request.user.has_perm("access.manage_providers")
        )
