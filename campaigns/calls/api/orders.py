"""Orders of single calls, for programs: what is asked for, as Quick call takes it, and what it would do."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from callcenter.access.roles import may
from callcenter.api.door import KeyRequest
from callcenter.api.problems import Problem
from callcenter.api.shapes import Asked, Id, chosen, lines_of, refuse_form
from callcenter.formats.amounts import plain_money
from campaigns.calls.forms.later import contact_with
from campaigns.calls.forms.quick_call import VARIABLE, QuickCallForm
from campaigns.calls.later_calls import zones_to_choose
from campaigns.calls.pricing import PriceGuess, guess_price
from campaigns.core import moment_words
from campaigns.core.message import MAX_TEXT
from campaigns.core.scope import seen_by
from campaigns.core.typed_numbers import understand_typed
from campaigns.core.whole_numbers import written_number
from campaigns.models import Contact
from campaigns.reasons import MAX_REASON

MOST_VARIABLES = 20
NAMES = {
    "number": "phone", "further": "variables", "local_day": "later.day", "local_time": "later.time",
    "zone": "later.zone", "reason": "later.reason",
}  # fmt: skip
"""What the fields of the page's form are called here."""


class Ref(Schema):
    """A thing by its name."""

    id: int
    name: str


class Moment(Asked):
    """A time on the clock of the person who is called."""

    day: datetime.date
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Such as 17:00.")]
    zone: Annotated[
        str,
        Field(max_length=64, description="One that the number may be in; empty: the person's own, or the likeliest."),
    ] = ""


class Later(Moment):
    """When a call is wanted, and why."""

    reason: Annotated[
        str,
        Field(max_length=MAX_REASON, description="What it is about: colleagues read it, the person does not hear it."),
    ] = ""


class NewCall(Asked):
    """One call, as Quick call takes it."""

    phone: Annotated[str, Field(max_length=60, description="In any form; left out where a contact is named.")] = ""
    contact: Annotated[
        Id | None, Field(description="Whom to call instead of a number; needs the right to contacts.")
    ] = None
    provider: Id
    kind: Annotated[
        Literal["agent", "voice", "text", "digits", "caller_id"],
        Field(description="What the person hears; which of them there are depends on the provider."),
    ] = "agent"
    agent: Id | None = None
    voice: Id | None = None
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    digits: Annotated[str, Field(max_length=5)] = ""
    caller_id: Id | None = None
    dialer: Id | None = None
    variables: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^:\n]*\S[^:\n]*$")], str],
        Field(max_length=MOST_VARIABLES, description="What the agent may know."),
    ] = Field(default_factory=dict)
    is_deliberate: Annotated[
        bool, Field(description="Call although the person was called a short time ago, as the box on the page.")
    ] = False
    later: Annotated[Later | None, Field(description="Null: now.")] = None


class CheckedCall(Schema):
    """What a call would do, were it placed now as it was asked for."""

    sentence: str
    """All of it in words."""
    number: str
    """In E.164; of a contact that is named, masked as on the pages."""
    contact: Ref | None
    provider: Ref
    agent: Ref | None
    due_at: datetime.datetime | None
    """Null: now, when its turn comes."""
    there: list[str]
    """What time it is now where the number may be, such as `Tehran, Mon 17:05`."""
    warnings: list[str]
    """What delays it without forbidding it."""
    usual_cost: str | None
    """Of a call as long as the last ones; null where nobody knows."""
    at_most: str | None
    currency: str


def form_of(request: KeyRequest, asked: NewCall) -> QuickCallForm:
    """Return the form of Quick call, valid. Raises Problem with its sentences where it is not, and 404 out of reach."""
    form = QuickCallForm(_quick_call(request, asked), person=request.auth.person, is_final=True)
    if not form.is_valid():
        refuse_form(form, NAMES)
    return form


def _quick_call(request: KeyRequest, asked: NewCall) -> dict[str, Any]:
    """Return what the page's form would send; the variables that an agent asks for have fields of their own there."""
    given, number = chosen(asked), asked.phone
    if bool(asked.phone) == (asked.contact is not None):
        said = _("Give either a phone number or a contact.")
        raise Problem(422, said, errors=[{"field": "phone", "detail": said}])
    if (contact := contact_of(request, asked)) is not None:
        number = contact.phone
    variables = {" ".join(name.split()): text for name, text in given.pop("variables", {}).items()}
    for name in ("phone", "contact", "later"):
        given.pop(name, None)
    given["number"] = number
    given |= {VARIABLE + name: text for name, text in variables.items()}
    if asked.later is not None:
        given |= {"do": "later", **moment_of(asked.later, number), "reason": asked.later.reason}
    return {name: value for name, value in given.items() if value is not None} | {"further": lines_of(variables)}


def contact_of(request: KeyRequest, asked: NewCall) -> Contact | None:
    """Return the contact that is named, if one is. Raises 404 out of reach, PermissionDenied without the right."""
    if asked.contact is None:
        return None
    if not may(request.auth.person, "see_people"):
        raise PermissionDenied("see_people")
    found = seen_by(request.auth.person, Contact.objects.all())
    return get_object_or_404(found, pk=asked.contact, merged_into=None)


def moment_of(asked: Moment, phone: str) -> dict[str, Any]:
    """Return a time as the forms of pages take it; without a zone on the clock of whoever has the number."""
    number = "" if asked.zone else understand_typed(phone).e164
    zone = next(iter(zones_to_choose(number, contact_with(number))), "") if number else asked.zone
    return {"local_day": asked.day.isoformat(), "local_time": asked.time, "zone": zone}


def check(request: KeyRequest, asked: NewCall) -> dict[str, Any]:
    """Return what a call would do as `CheckedCall`; refused as the placing would be."""
    person, form = request.auth.person, form_of(request, asked)
    order, named, prospect = form.order(), contact_of(request, asked), form.prospect
    contact = form.contact if may(person, "see_people") else None
    number = written_number(person, named) if named is not None else order.to_number
    price = guess_price(order.provider, order.to_number)
    at = order.later.moment(timezone.now()) if order.later is not None else None
    when = moment_words.on_both_clocks(at, order.later.zone) if order.later is not None and at is not None else _("now")
    says = order.agent or order.voice or order.text or order.digits or form.kind
    return {
        "sentence": _("Call %(contact)s through %(provider)s, %(when)s. Agent or voice: %(says)s. %(cost)s")
        % {
            "contact": f"{contact.name} ({number})" if contact is not None and contact.name else number,
            "provider": order.provider,
            "when": when,
            "says": says,
            "cost": _cost_words(price),
        },
        "number": number,
        "contact": {"id": contact.pk, "name": contact.name} if contact is not None else None,
        "provider": {"id": order.provider.pk, "name": order.provider.name},
        "agent": {"id": order.agent.pk, "name": str(order.agent)} if order.agent is not None else None,
        "due_at": at,
        "there": [f"{one.place}, {one.clock}" for one in prospect.times] if prospect is not None else [],
        "warnings": [
            f"{one.sentence} {one.next_step}".strip()
            for one in (prospect.obstacles if prospect is not None and order.later is None else ())
        ],
        "usual_cost": None if price is None or price.usual is None else f"{price.usual:f}",
        "at_most": None if price is None else f"{price.at_most:f}",
        "currency": order.provider.currency,
    }


def _cost_words(price: PriceGuess | None) -> str:
    if price is None:
        return _("Cost unknown: the provider has no price set.")
    at_most = plain_money(price.at_most, price.currency)
    if price.usual is None:
        return _("Cost: at most %(most)s.") % {"most": at_most}
    usual = plain_money(price.usual, price.currency)
    return _("Cost: usually %(usual)s, at most %(most)s.") % {"usual": usual, "most": at_most}
