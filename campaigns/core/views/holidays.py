"""The page of holidays: whose calendars are kept, days added and taken away, and what lies ahead."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from callcenter.one_at_a_time import one_at_a_time
from campaigns.core.forms.holidays import HolidaysForm
from campaigns.core.hours.ahead import holidays_ahead
from campaigns.core.installation import current
from campaigns.core.installation_changes import change_settings
from campaigns.models import InstallationSettings
from campaigns.models.installation import SETTINGS_ID


@needs("change_settings")
@one_at_a_time
def holidays_page(request: HttpRequest) -> HttpResponse:
    """Show the holidays that are kept; a POST changes which."""
    row = InstallationSettings.objects.filter(pk=SETTINGS_ID).first() or InstallationSettings(pk=SETTINGS_ID)
    form = HolidaysForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            change_settings(form.typed_values(), request.user, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        else:
            messages.success(request, _("Settings saved."))
            return redirect("holidays")
    ahead = holidays_ahead(current(), timezone.localdate())
    return render(request, "core/holidays.html", {"form": form, "ahead": ahead}, status=422 if form.errors else 200)
