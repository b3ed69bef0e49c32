"""Views of callbacks: asked for on a call's page or a person's, moved, taken back, noted."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.access.roles import needs
from callcenter.edits.shown import BothChanged
from campaigns.callbacks import planning, rows
from campaigns.callbacks.forms import MoveCallbackForm, NewCallbackForm
from campaigns.core import moment_words
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import go_back, reason_of, token_of
from campaigns.models import Call, Callback, Contact
from providers.types import CallStatus


@needs("place_call")
def from_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a callback to the person of a call."""
    calls = seen_by(request.user, Call.objects.all()).select_related("contact", "inbound__answers")
    found = get_object_or_404(calls, pk=pk)
    return _ask(request, found.contact, found.to_number, found)


@needs("place_call")
@needs("see_people")
def to_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a callback to a person."""
    found = get_object_or_404(seen_by(request.user, Contact.objects.all()), pk=pk, merged_into=None)
    return _ask(request, found, found.phone, None)


def _ask(request: HttpRequest, contact: Contact | None, number: str, call: Call | None) -> HttpResponse:
    form = NewCallbackForm(request.POST or None, number, contact)
    if request.method == "POST" and form.is_valid():
        given, token = form.cleaned_data, token_of(request)
        if token is None:
            raise PermissionDenied("form_token")
        there = datetime.datetime.combine(given["local_day"], given["local_time"])
        try:
            made = planning.ask_for_callback(
                contact, number, there, given["zone"], given["reason"], request.user, call, token=token
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = moment_words.on_both_clocks(made.asked_for, made.zone)
            messages.success(request, _("Scheduled: %(when)s.") % {"when": words})
            return redirect("call", made.call_id)
    said = planning.message_of(contact, number, request.user, call)
    context: dict[str, Any] = {
        "form": form,
        "contact": contact,
        "number": number,
        "from_call": call,
        "said": said,
    }
    return render(request, "callbacks/new.html", context, status=422 if form.errors else 200)


@needs("see_calls")
def callback(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one callback, and move it to another time."""
    found = _seen(request, pk)
    if not planning.may_move(found, request.user):
        raise PermissionDenied("callback")
    if found.call.status != CallStatus.PENDING:
        messages.info(request, _("It is no longer waiting. The result is below."))
        return redirect("call", found.call_id)
    form = MoveCallbackForm(request.POST or None, found)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("local_day", "local_time", "zone")}
        try:
            moved = planning.move(pk, given, request.user, form.shown_values)
        except BothChanged as both:
            form.show_both(both, request.user)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            words = moment_words.on_both_clocks(moved.asked_for, moved.zone)
            messages.success(request, _("Scheduled: %(when)s.") % {"when": words})
            return redirect("call", moved.call_id)
    (row,) = rows.rows_of([_seen(request, pk)], request.user, timezone.now())
    return render(request, "callbacks/callback.html", {"row": row, "form": form}, status=422 if form.errors else 200)


@require_POST
@needs("see_calls")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a callback back: the call is not placed."""
    found = _seen(request, pk)
    if planning.take_back(found.pk, request.user, reason_of(request)):
        messages.success(request, _("Cancelled. This call will not be placed."))
    else:
        messages.warning(request, _("Too late: it was no longer waiting. See the result below."))
    return redirect("call", found.call_id)


@require_POST
@needs("see_calls")
def noted(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one knows how a callback ended."""
    found = _seen(request, pk)
    if planning.note(found.pk, request.user):
        messages.success(request, _("Marked as seen. It is no longer shown on Today."))
    return go_back(request, "today")


def _seen(request: HttpRequest, pk: int) -> Callback:
    related = ("asked_by", "from_call", "call__contact", "call__campaign", "call__provider", "call__owner")
    found = seen_by(request.user, Callback.objects.all()).select_related(*related)
    return get_object_or_404(found, pk=pk)
