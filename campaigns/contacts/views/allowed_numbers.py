"""Views of the numbers that managers allowed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.contacts import allowed_numbers
from campaigns.contacts.forms.allowed_numbers import AllowNumberForm
from campaigns.core.installation import current
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.models import AllowedNumber
from campaigns.number_types import LABELS


@needs("allow_numbers")
def entries(request: HttpRequest) -> HttpResponse:
    """Show the allowed numbers, and allow one more."""
    form = AllowNumberForm(request.POST or None, initial={"phone": request.GET.get("phone", "")[:60]})
    if request.method == "POST" and form.is_valid():
        try:
            allowed_numbers.allow(form.cleaned_data["phone"], reason=form.cleaned_data["reason"], person=request.user)
        except Refusal as refusal:
            form.add_error("phone", str(refusal))
        else:
            messages.success(request, _("Allowed. This number can now be called."))
            return redirect("allowed-numbers")
    refused = current().refused_number_types
    context = {
        "form": form,
        "page": page_by_key(AllowedNumber.objects.select_related("allowed_by"), request.GET),
        "refused": [label for kind, label in LABELS.items() if kind in refused],
    }
    return render(request, "contacts/allowed_numbers.html", context, status=422 if form.errors else 200)


@require_POST
@needs("allow_numbers")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the leave for one number back, with a reason."""
    try:
        if allowed_numbers.withdraw(pk, reason=request.POST.get("reason", ""), person=request.user):
            messages.success(request, _("Permission removed. This number will no longer be called."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("allowed-numbers")
