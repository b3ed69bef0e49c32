"""The root URL configuration."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from callcenter import session_pages, views
from callcenter.kept_forms import views as kept_forms

urlpatterns = [
    path("", views.start, name="start"),
    path("", include("callcenter.sign_in.urls")),
    path("welcome/", views.no_role, name="no-role"),
    path("kept-forms/<int:pk>/discard/", kept_forms.discard, name="kept-form-discard"),
    path("preferences/", views.preferences, name="preferences"),
    path("preferences/sessions/", session_pages.sessions, name="sessions"),
    path("preferences/sessions/<int:pk>/end/", session_pages.end, name="session-end"),
    path("preferences/sessions/end-others/", session_pages.end_others, name="sessions-end-others"),
    path("language/", set_language, name="set-language"),
    path("", include("callcenter.monitoring.urls")),
    path("setup/", admin.site.urls),
    path("", include("callcenter.audit_log.urls")),
    path("", include("callcenter.help.urls")),
    path("", include("callcenter.search.urls")),
    path("", include("callcenter.api_site.urls")),
    path("", include("callcenter.webhooks_out.urls")),
    path("", include("campaigns.urls")),
    path("", include("providers.views")),
]
