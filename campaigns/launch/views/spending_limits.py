"""The page of daily spending limits: what is left today of each, and, for admins, setting and removing them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import may, needs
from callcenter.edits.shown import BothChanged
from campaigns.core.day_caps import day_of
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import person_of
from campaigns.launch import spending_limits
from campaigns.launch.forms.spending_limits import SpendingLimitForm
from campaigns.models import DayCap
from providers.models import Provider


@require_http_methods(["GET", "HEAD", "POST"])
@needs("see_reports")
def limits(request: HttpRequest) -> HttpResponse:
    """Show the limits with what is left today; admins set one."""
    may_manage = may(request.user, "manage_providers")
    form = SpendingLimitForm(request.POST or None) if may_manage else None
    if form is not None and form.is_valid():
        given = form.cleaned_data
        whose = given["team"] or given["person"]
        try:
            spending_limits.set_limit(person_of(request), whose, given["currency"], given["amount"], form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        else:
            messages.success(request, _("Saved. Applies from the next call."))
            return redirect("spending-limits")
    context = {
        "limits": spending_limits.limits_today(person_of(request)),
        "providers": seen_by(request.user, Provider.objects.filter(is_active=True)),
        "form": form,
        "installation_zone": settings.TIME_ZONE,
        "day_begins": day_of(timezone.now()).start,
        "may_manage": may_manage,
    }
    return render(request, "launch/spending_limits.html", context, status=422 if form and form.errors else 200)


@require_POST
@needs("manage_providers")
def remove_limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a limit."""
    try:
        spending_limits.remove_limit(person_of(request), pk)
    except DayCap.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("Removed."))
    return redirect("spending-limits")
