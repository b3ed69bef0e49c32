"""The pages of webhooks: the list, one with its log, and what is pressed there."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.roles import may, needs
from callcenter.api.keys import ALL, MAKE
from callcenter.edits.shown import BothChanged
from callcenter.webhooks_out import deliveries, receivers
from callcenter.webhooks_out.events import EVENTS, TEST
from callcenter.webhooks_out.forms import LogForm, NewWebhookForm, WebhookForm
from campaigns.core.happenings import KINDS
from campaigns.core.paging import page_by_key
from campaigns.core.refusals import Refusal
from campaigns.models import WebhookDelivery, WebhookReceiver

State = WebhookDelivery.State
TONES = {State.DELIVERED: "good", State.FAILED: "bad", State.WAITING: "live", State.VOID: ""}


@require_http_methods(["GET", "HEAD", "POST"])
@needs(MAKE)
@needs_fresh_sign_in
def webhooks(request: HttpRequest) -> HttpResponse:
    """List the webhooks that a user sees, and add one; its secret is shown on the answer, and never again."""
    person = cast(User, request.user)
    form = NewWebhookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            made = receivers.make(person, name=found["name"], url=found["url"], kinds=found["kinds"])
        except Refusal as refusal:
            form.add_error("url", str(refusal))
        else:
            return render(request, "webhooks_out/secret.html", {"made": made, "is_new": True})
    page = page_by_key(receivers.shown_to(person), request.GET)
    rows = [
        {"receiver": one, "events": [KINDS[kind].label for kind in one.kinds if kind in EVENTS]} for one in page.rows
    ]
    context = {"form": form, "rows": rows, "page": page, "sees_all": may(person, ALL)}
    return render(request, "webhooks_out/webhooks.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(MAKE)
@needs_fresh_sign_in
def webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a webhook with its log, and save changes of it."""
    person = cast(User, request.user)
    found = _found(request, pk)
    form = WebhookForm(request.POST if request.method == "POST" else None, found)
    if request.method == "POST" and form.is_valid():
        try:
            receivers.change(pk, form.cleaned_data, person, form.shown_values)
        except BothChanged as both:
            form.show_both(both, person)
        except Refusal as refusal:
            form.add_error("url", str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("webhook", pk)
    return render(
        request, "webhooks_out/webhook.html", _shown(request, found, form), status=422 if form.errors else 200
    )


def _shown(request: HttpRequest, found: WebhookReceiver, form: WebhookForm) -> dict[str, Any]:
    asked = LogForm(request.GET)
    given = asked.cleaned_data if asked.is_valid() else {}
    log = WebhookDelivery.objects.filter(receiver=found, **{name: value for name, value in given.items() if value})
    page = page_by_key(log, request.GET)
    rows = [
        {
            "delivery": one,
            "event": KINDS[one.kind].label if one.kind in KINDS else _("Test"),
            "tone": TONES[State(one.state)],
            "is_again": one.state != State.WAITING,
        }
        for one in page.rows
    ]
    return {
        "receiver": found,
        "form": form,
        "log_form": asked,
        "is_narrowed": any(given.values()),
        "rows": rows,
        "page": page,
        "is_own": found.owner_id == request.user.pk,
        "is_sent_to": found.is_active and found.halted_at is None and found.owner.is_active,
        "has_failed": WebhookDelivery.objects.filter(receiver=found, state=State.FAILED).exists(),
        "test": TEST,
    }


@require_POST
@needs(MAKE)
@needs_fresh_sign_in
def webhook_secret(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace the secret of one's own webhook, and show the new one this once."""
    get_object_or_404(WebhookReceiver, pk=pk, owner=cast(User, request.user))
    made = receivers.replace_secret(pk, cast(User, request.user))
    return render(request, "webhooks_out/secret.html", {"made": made, "is_new": False})


@require_POST
@needs(MAKE)
def webhook_test(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a test."""
    _found(request, pk)
    try:
        deliveries.send_test(pk, cast(User, request.user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Test sent. See the log for the result."))
    return redirect("webhook", pk)


@require_POST
@needs(MAKE)
def webhook_again(request: HttpRequest, pk: int, delivery_pk: int | None = None) -> HttpResponseBase:
    """Send one delivery again, or all that failed."""
    _found(request, pk)
    if delivery_pk is not None:
        get_object_or_404(WebhookDelivery, pk=delivery_pk, receiver=pk)
    try:
        count = deliveries.again(pk, cast(User, request.user), delivery_id=delivery_pk)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        said = ngettext("%(count)d event will be sent again.", "%(count)d events will be sent again.", count)
        messages.success(request, said % {"count": count})
    return redirect("webhook", pk)


@require_POST
@needs(MAKE)
def webhook_resume(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send to a halted webhook again."""
    _found(request, pk)
    if receivers.resume(pk, cast(User, request.user)):
        messages.success(request, _("Resumed. Events that failed meanwhile are in the log."))
    return redirect("webhook", pk)


@require_POST
@needs(MAKE)
def webhook_remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Remove a webhook with its log."""
    _found(request, pk)
    receivers.remove(pk, cast(User, request.user))
    messages.success(request, _("Webhook and log deleted."))
    return redirect("webhooks")


def _found(request: HttpRequest, pk: int) -> WebhookReceiver:
    return get_object_or_404(receivers.shown_to(cast(User, request.user)), pk=pk)
