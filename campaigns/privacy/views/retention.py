"""The page of what is kept how long, what was cleared and what goes next; says first what shorter settings clear."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from callcenter.one_at_a_time import one_at_a_time
from campaigns.core.installation_changes import change_settings
from campaigns.models import InstallationSettings
from campaigns.models.installation import SETTINGS_ID
from campaigns.privacy import retention
from campaigns.privacy.forms.retention import RetentionForm


@needs("change_settings")
@one_at_a_time
def retention_page(request: HttpRequest) -> HttpResponse:
    """Show what is kept and cleared; a POST changes the settings, once it was shown what shorter ones clear."""
    row = InstallationSettings.objects.filter(pk=SETTINGS_ID).first() or InstallationSettings(pk=SETTINGS_ID)
    form, now, would = RetentionForm(request.POST or None, instance=row), timezone.now(), []
    if request.method == "POST" and form.is_valid():
        would = retention.would_go(form.days(), now)
        # What is confirmed is what was shown: with other figures it is shown again.
        is_seen = request.POST.get("seen") == _mark(form)
        if not would or is_seen:
            try:
                change_settings(form.typed_values(), request.user, form.shown_values)
            except BothChanged as both:
                form.show_both(both, request.user)
            else:
                messages.success(request, _("Settings saved."))
                return redirect("retention")
    context = {
        "form": form,
        "would": would,
        "seen": _mark(form) if would else "",
        "standings": retention.standings(now),
        "counted_up_to": retention.COUNTED_UP_TO,
    }
    return render(request, "privacy/retention.html", context, status=422 if form.errors else 200)


def _mark(form: RetentionForm) -> str:
    return ",".join(str(days) for _name, days in form.days())
