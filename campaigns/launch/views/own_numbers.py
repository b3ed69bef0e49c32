"""Views of people's own numbers, which test calls ring."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from campaigns.core.refusals import Refusal
from campaigns.core.views.page_requests import person_of
from campaigns.launch import own_numbers
from campaigns.launch.forms.own_numbers import OwnNumberForm


@sensitive_post_parameters("number")
@needs("place_test_call")
def entries(request: HttpRequest) -> HttpResponse:
    """Show the person's own numbers, and those of others that they may confirm; a POST enters one more."""
    person = person_of(request)
    form = OwnNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            own_numbers.enter(person, form.cleaned_data["number"])
        except Refusal as refusal:
            form.add_error("number", str(refusal))
        else:
            messages.success(request, _("Saved. Ask a manager or admin to confirm it on this page."))
            return redirect("own-numbers")
    context = {"form": form, "numbers": own_numbers.of(person), "waiting": own_numbers.waiting_for(person)}
    return render(request, "launch/own_numbers.html", context, status=422 if form.errors else 200)


@require_POST
@needs("confirm_numbers")
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm another person's number, with the reason."""
    if any(own.pk == pk for own in own_numbers.of(person_of(request))):
        raise PermissionDenied("their own number")
    try:
        if own_numbers.confirm(pk, person=person_of(request), reason=request.POST.get("reason", "")):
            messages.success(request, _("Confirmed. This user can now place test calls to it."))
        else:
            messages.info(request, _("This number was confirmed or removed in the meantime, or it is your own."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("own-numbers")


@require_POST
@needs("place_test_call")
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a number."""
    if own_numbers.remove(pk, person=person_of(request)):
        messages.success(request, _("Removed. Test calls no longer go to it."))
    return redirect("own-numbers")
