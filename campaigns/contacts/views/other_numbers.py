"""Views of a person's other numbers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.contacts import other_numbers
from campaigns.contacts.forms.people import OtherNumberForm
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by
from campaigns.core.views.page_requests import go_back
from campaigns.models import Contact


@require_POST
@needs("import_people")
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add another number to a person."""
    contact = get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk, merged_into=None)
    form = OtherNumberForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["phone"])))
        return redirect("person", pk)
    phone = form.cleaned_data["phone"]
    try:
        is_new = other_numbers.add_number(pk, phone, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("person", pk)
    messages.success(request, _("Number added.") if is_new else _("This contact already has this number."))
    if forbidden_numbers([phone, contact.phone]):
        messages.warning(request, _("One of these numbers is on the do-not-call list, so this contact is not called."))
    return redirect("person", pk)


@require_POST
@needs("import_people")
def remove(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Remove another number of a person."""
    get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk)
    try:
        other_numbers.remove_number(pk, number, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Number removed."))
    return go_back(request, "person", pk)


@require_POST
@needs("import_people")
def call_from_now_on(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Make another number of a person the one that is called."""
    get_object_or_404(changed_by(request.user, Contact.objects.all()), pk=pk)
    try:
        other_numbers.call_from_now_on(pk, number, request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("This number will be called from now on."))
    return go_back(request, "person", pk)
