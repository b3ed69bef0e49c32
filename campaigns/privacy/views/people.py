"""Pages that erase a person, and write all that is held about one into a file."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import may, needs
from campaigns.core.export_limits import refuse_above_cap
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.core.scope import changed_by, seen_by
from campaigns.core.stored_files import StorageAway
from campaigns.core.views.page_requests import person_of
from campaigns.models import Contact, Erasure
from campaigns.privacy import erasure, held
from campaigns.privacy.finding import is_reached, person_of_contact, person_of_number
from campaigns.privacy.forms.erasure import EraseForm, EraseNumberForm, HeldForm


def _said(request: HttpRequest, done: Erasure) -> None:
    if done.done_at:
        messages.success(request, _("Erased. What you still have to do by hand is listed below."))
    else:
        messages.warning(request, _("A call to this contact is still in progress. The contact is erased when it ends."))


@require_http_methods(["GET", "HEAD", "POST"])
@needs("erase_people")
def erase_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what erasing a contact does; on POST, erase them."""
    contact = get_object_or_404(changed_by(person_of(request), Contact.objects.all()), pk=pk, merged_into=None)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _said(request, erasure.ask(request.user, form.cleaned_data["reason"], contact_id=contact.pk))
            return redirect("erasures")
        except (Refusal, StorageAway) as refusal:
            form.add_error(None, _sentence(refusal))
    context = {"form": form, "contact": contact}
    return render(request, "privacy/erase.html", context, status=422 if form.errors else 200)


def _sentence(refusal: Exception) -> str:
    if isinstance(refusal, StorageAway):
        return _("The file storage cannot be reached. Try again in a minute.")
    return str(refusal)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("erase_people")
def erasures(request: HttpRequest) -> HttpResponse:
    """List erasures with what is left to do by hand; on POST, erase whom a number belongs to."""
    form = EraseNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        _demand_reach(request, found["phone"])
        try:
            _said(request, erasure.ask(request.user, found["reason"], number=found["phone"]))
            return redirect("erasures")
        except (Refusal, StorageAway) as refusal:
            form.add_error(None, _sentence(refusal))
    context = {
        "form": form,
        "held_form": HeldForm(),
        "may_export": may(request.user, "export_people"),
        "page": page_by_key(Erasure.objects.select_related("asked_by"), request.GET, 20),
    }
    return render(request, "privacy/erasures.html", context, status=422 if form.errors else 200)


@require_POST
@needs("export_people")
def export_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Send all that is held about a contact."""
    contact = get_object_or_404(seen_by(person_of(request), Contact.objects.all()), pk=pk)
    try:
        refuse_above_cap(request.user)
        return _file(held.package(person_of_contact(contact.pk), person_of(request)))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("person", contact.pk)


@require_POST
@needs("export_people")
def export_number(request: HttpRequest) -> HttpResponse:
    """Send all that is held about whom a number belongs to."""
    form = HeldForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["phone"])))
        return redirect("erasures")
    _demand_reach(request, form.cleaned_data["phone"])
    try:
        refuse_above_cap(request.user)
        return _file(held.package(person_of_number(form.cleaned_data["phone"]), person_of(request)))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("erasures")


def _demand_reach(request: HttpRequest, phone: str) -> None:
    """Raise PermissionDenied where a number is that of people or calls of whom the person reaches none."""
    if not is_reached(person_of(request), phone):
        raise PermissionDenied("see_people")


def _file(content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/zip")
    # The name tells nobody whose it is.
    answer["Content-Disposition"] = f'attachment; filename="person-{timezone.localdate():%Y-%m-%d}.zip"'
    answer["Cache-Control"] = "no-store, private"
    return answer
