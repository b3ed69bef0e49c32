"""Views of Quick call, the form for one call now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from callcenter.access.roles import may, needs
from callcenter.parameters import whole_number
from campaigns.calls.forms.quick_call import FOLLOWED, VARIABLE, QuickCallForm, hidden_number
from campaigns.calls.pricing import guess_price
from campaigns.calls.quick_call import place_single_call
from campaigns.core import whole_numbers
from campaigns.core.refusals import Refusal
from campaigns.core.scope import seen_by
from campaigns.core.views.page_requests import token_of, typed_before
from campaigns.models import Call, Contact
from campaigns.number_types import has_usual_price


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@needs("place_call")
def quick_call(request: HttpRequest) -> HttpResponse:
    """Show the form, optionally prefilled from an earlier call or a contact; on POST, check it or queue the call."""
    if request.method == "POST":
        again = _earlier_call(request, request.POST.get("again", ""))
        if request.POST.get("do") in {"call", "later"}:
            return _place(request, again)
        return _page(request, QuickCallForm(request.POST, person=request.user, again=again))
    if (typed := typed_before(request, reverse("quick-call"), reverse("quick-call-check"))) is not None:
        again = _earlier_call(request, typed.get("again", ""))
        return _page(request, QuickCallForm(typed, person=request.user, again=again))
    again = _earlier_call(request, request.GET.get("again", ""))
    start = _start_of(request, again) if again else _person_start(request)
    return _page(request, QuickCallForm(start, person=request.user, again=again))


@sensitive_post_parameters()
@require_POST
@needs("place_call")
def check(request: HttpRequest) -> HttpResponse:
    """Return the check of the number for htmx and, after a choice on which fields depend, those fields anew."""
    again = _earlier_call(request, request.POST.get("again", ""))
    form = QuickCallForm(request.POST, person=request.user, again=again)
    follows = request.headers.get("HX-Trigger-Name", "") in FOLLOWED
    template = "calls/quick_call/_followed.html" if follows else "calls/quick_call/_standing.html"
    return render(request, template, _context(request, form))


def _place(request: HttpRequest, again: Call | None) -> HttpResponse:
    form = QuickCallForm(request.POST, person=request.user, again=again, is_final=True)
    token = token_of(request)
    if token is None:
        form.add_error(None, _("This form is from an earlier visit. Check it, then press Call again."))
        return _page(request, form, status=422)
    # Before validation: a second submission must lead to the call that the first one made, not to a refusal.
    made = _made_by(request, token)
    if made is None and form.is_valid():
        try:
            made = place_single_call(form.order(), person=request.user, token=token).call
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    # After a refusal too: the obstacle may be the call that a concurrent submission has just made.
    made = made or _made_by(request, token)
    return redirect("call", made.pk) if made else _page(request, form, status=422)


def _made_by(request: HttpRequest, token: UUID) -> Call | None:
    return Call.objects.filter(form_token=token, owner_id=request.user.pk).first()


def _page(request: HttpRequest, form: QuickCallForm, status: int = 200) -> HttpResponse:
    if form.account is None:
        messages.info(request, _("You have no provider to call with. An admin can set one up under Providers."))
    return render(request, "calls/quick_call/quick_call.html", _context(request, form), status=status)


def _context(request: HttpRequest, form: QuickCallForm) -> dict[str, Any]:
    return {
        "form": form,
        "provider": form.account,
        "price": guess_price(form.account, form.prospect.e164 if form.prospect else "") if form.account else None,
        "has_own_price": form.prospect is not None and not has_usual_price(form.prospect.e164),
        "prospect": form.prospect,
        "understood": form.understood,
        "is_number_shown": form.again is None or whole_numbers.sees_number(request.user, form.again),
        "confirms": bool(form.prospect and form.prospect.may_be_called and form.prospect.needs_confirmation),
    }


def _earlier_call(request: HttpRequest, key: str) -> Call | None:
    number = whole_number(key)
    if number is None:
        return None
    calls = seen_by(request.user, Call.objects.all()).select_related(
        "provider", "agent", "voice", "caller_id", "dialer"
    )
    return get_object_or_404(calls, pk=number)


def _person_start(request: HttpRequest) -> dict[str, Any]:
    number = whole_number(request.GET.get("person"))
    if number is None or not may(request.user, "see_people"):
        return {}
    contact = get_object_or_404(seen_by(request.user, Contact.objects.all()), pk=number)
    return {"number": contact.phone} if whole_numbers.sees_number(request.user, contact) else {}


def _start_of(request: HttpRequest, call: Call) -> dict[str, Any]:
    """Return initial values from an earlier call, without the vendor's extras, which must be chosen anew."""
    kind = "digits" if call.digits else "text" if call.text else "agent" if call.agent_id else ""
    if not kind:
        kind = "voice" if call.voice_id else "caller_id"
    expected = call.agent.variables if call.agent else []
    further = [f"{name}: {value}" for name, value in call.variables.items() if name not in expected]
    return {
        "number": call.to_number if whole_numbers.sees_number(request.user, call) else hidden_number(call),
        "provider": call.provider_id,
        "kind": kind,
        "agent": call.agent_id,
        "voice": call.voice_id,
        "text": call.text,
        "digits": call.digits,
        "caller_id": call.caller_id_id,
        "dialer": call.dialer_id,
        "further": "\n".join(further),
        **{VARIABLE + name: value for name, value in call.variables.items() if name in expected},
    }
