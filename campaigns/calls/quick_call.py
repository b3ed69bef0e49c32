"""Single calls: queues one call that a user asked for, idempotent by the form's token."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns import queue
from campaigns.calls import later_calls
from campaigns.calls.later_calls import Later
from campaigns.calls.number_check import judge_number, refusal_of
from campaigns.contacts.sharing import share
from campaigns.core import launch_limits, transitions
from campaigns.core.allowed_use import refusals_of, team_for
from campaigns.core.call_events import Source
from campaigns.core.eligibility import missing_values
from campaigns.core.eligibility_facts import asked_columns
from campaigns.core.message import (
    MAX_TEXT,
    MAX_VARIABLES,
    clean,
    fill_in,
    known_of,
    missing_from,
    placeholders,
    value_of,
)
from campaigns.core.refusals import Refusal
from campaigns.core.transitions import Why
from campaigns.models import Call, Campaign, Contact
from campaigns.models.contacts import MAX_NAME
from providers.models import Agent, CallerId, Dialer, Provider, Voice

logger = logging.getLogger(__name__)

Sentence = str | Promise
NAMES = ("name", "customer_name", "full_name", "first_name")
"""Variables that hold a person's name, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleCall:
    """A user's order of one call: number, provider, agent, message."""

    to_number: str
    """In E.164."""
    region: str = ""
    provider: Provider
    agent: Agent | None = None
    voice: Voice | None = None
    text: str = ""
    digits: str = ""
    caller_id: CallerId | None = None
    dialer: Dialer | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    vendor_options: Mapping[str, Any] = field(default_factory=dict)
    """The vendor's extra options, which are passed on unchecked; only from users who manage providers."""
    test_of: Campaign | None = None
    """The campaign whose message is tested, if any; the message is already filled in for a person of its audience."""
    is_deliberate: bool = False
    """Whether the user confirmed that the number was called a short time ago."""
    later: Later | None = None
    """When the call is wanted, if not now."""
    contact: Contact | None = None
    """The person, where known; else whoever has the number, or somebody new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The queued call; `is_new` is False if the same token created it before."""

    call: Call
    is_new: bool


def place_single_call(asked: SingleCall, *, person: Person | None, token: UUID | None = None) -> Placed:
    """Queue one call and nudge the dispatcher; `person` is None for the command line.

    With a `token` that was used before, returns the call that it created. Raises PermissionDenied, or Refusal with the
    reason and the next step. The commit point checks everything again before the call is placed.
    """
    needed = "place_test_call" if asked.test_of else "place_call"
    if person is not None and not may(person, needed):
        raise PermissionDenied(needed)
    if asked.vendor_options and person is not None and not may(person, "manage_providers"):
        raise PermissionDenied("manage_providers")
    if found := _made_before(token, person):
        return Placed(call=found, is_new=False)
    try:
        with transaction.atomic():
            return Placed(call=_queue(asked, person, token), is_new=True)
    except (IntegrityError, Refusal):
        # A concurrent submission of the same form may have been first, and its call may be the obstacle.
        if found := _made_before(token, person):
            return Placed(call=found, is_new=False)
        raise


def problems_of(asked: SingleCall) -> dict[str, Sentence]:
    """Return what is wrong with the message, by field; empty if nothing."""
    backend = asked.provider.backend_class
    found: dict[str, Sentence] = {}
    for name in ("agent", "voice", "caller_id", "dialer"):
        chosen = getattr(asked, name)
        if chosen is None:
            continue
        if chosen.provider_id != asked.provider.pk:
            found[name] = _("“%(name)s” belongs to another provider.") % {"name": chosen}
        elif not chosen.is_present:
            found[name] = _("“%(name)s” no longer exists at the provider.") % {"name": chosen}
    if asked.agent and backend.accepts_variables:
        given = clean_variables(asked.variables)
        wanted = [name for raw in asked.agent.variables if (name := clean(raw, 80)) and not value_of(name, given)]
        if wanted:
            found["further"] = _("The agent needs values for: %(names)s.") % {"names": _(", ").join(wanted)}
    if backend.needs_caller_id and asked.caller_id is None:
        found.setdefault("caller_id", _("%(vendor)s needs a caller ID. Choose one.") % {"vendor": backend.label})
    if asked.digits and not (asked.digits.isascii() and asked.digits.isdigit() and len(asked.digits) <= 5):
        found["digits"] = _("Enter one to five digits.")
    if len(asked.text) > MAX_TEXT:
        found["text"] = _("The text is too long: at most %(limit)d characters.") % {"limit": MAX_TEXT}
    said = [kind for kind in ("agent", "text", "digits") if getattr(asked, kind)]
    stray = next((kind for kind in said if kind not in backend.message_kinds), "")
    if stray:
        found[stray] = _("%(vendor)s does not support this.") % {"vendor": backend.label}
    elif len(said) > 1:
        found[said[1]] = _("Choose only one: agent, voice, text or digits.")
    elif not said and not any(
        kind in backend.message_kinds and getattr(asked, kind) for kind in ("voice", "caller_id")
    ):
        found.setdefault(_first_kind(backend.message_kinds), _("Choose an agent, voice, text or digits."))
    return found


def hole_in(text: str, contact: Contact | None) -> str:
    """Return why a text with placeholders cannot be filled for a contact, with the next step; empty if it can."""
    name, variables = (contact.name, contact.variables) if contact else ("", {})
    if not (missing := missing_from(placeholders(text), name, variables)):
        return ""
    return missing_values(missing).words(is_queued=False)


def _first_kind(kinds: frozenset[Any]) -> str:
    return next(kind for kind in ("agent", "voice", "text", "digits", "caller_id") if kind in kinds)


def _made_before(token: UUID | None, person: Person | None) -> Call | None:
    if token is None:
        return None
    call = Call.objects.filter(form_token=token).first()
    if call is not None and person is not None and call.owner_id != person.pk:
        raise PermissionDenied("form_token")
    return call


def _queue(asked: SingleCall, person: Person | None, token: UUID | None) -> Call:
    team = asked.test_of.team_id if asked.test_of else team_for(person, asked.provider.team_id)
    owner = {"owner_id": getattr(person, "pk", None), "team_id": team}
    if refused := refusals_of(team, asked.provider):
        raise Refusal(" ".join(refused))
    contact = _contact_of(asked, owner, person)
    problems = problems_of(asked)
    if not asked.test_of and (hole := hole_in(asked.text, contact)):
        problems["text"] = hole
    if problems:
        raise Refusal(" ".join(str(sentence) for sentence in problems.values()))
    if asked.later is not None:
        return _queue_for(asked.later, asked, contact, person, token, owner)
    # Under the contact's row lock: of two users who call one number at once, the second sees the first one's call.
    prospect = judge_number(asked.to_number, asked.region, asked.provider, is_test=asked.test_of is not None)
    if refusal := refusal_of(prospect, is_deliberate=asked.is_deliberate):
        raise Refusal(refusal)
    now = timezone.now()
    _refuse_above_limit(asked, person, now)
    call = transitions.begin(
        now,
        Why(
            "test_call" if asked.test_of else "quick_call",
            (Source.PERSON if person else Source.SYSTEM).value,
            actor_id=getattr(person, "pk", None),
        ),
        **owner,
        # A test call rings one's own phone, which people may do as often as they like.
        **asked_columns(now, is_confirmed=prospect.needs_confirmation or asked.test_of is not None),
        **_order_of(asked, contact, token),
    )
    extras = {"extras": sorted(asked.vendor_options)} if asked.vendor_options else {}
    deliberate = {"despite_quiet_period": True} if prospect.needs_confirmation else {}
    record(person, "call.asked", call, provider=asked.provider.name, **extras, **deliberate)
    # The order leaves later, from a worker: this line leads from the page's request to the order's reference.
    logger.info("call=%s waits to be placed, reference=%s", call.pk, call.reference)
    queue.nudge_dispatch()
    return call


def _queue_for(
    later: Later,
    asked: SingleCall,
    contact: Contact,
    person: Person | None,
    token: UUID | None,
    owner: Mapping[str, Any],
) -> Call:
    """Queue a call for the time that a person asked for; under the contact's row lock, so that there is one of them."""
    if asked.vendor_options:
        raise Refusal(_("Provider extras work only with calls placed now. Remove them to schedule the call."))
    now = timezone.now()
    at = later.moment(now)
    later_calls.refuse_then(asked.to_number, asked.provider, contact, at)
    _refuse_above_limit(asked, person, now)
    asker = getattr(person, "pk", None)
    call = transitions.begin(
        now,
        Why("callback_asked", (Source.PERSON if person else Source.SYSTEM).value, actor_id=asker),
        **owner,
        **later_calls.columns_of(now, at),
        **_order_of(asked, contact, token),
    )
    later_calls.keep(call, later, asker, now)
    came_from = {"from_call": later.from_call.pk} if later.from_call is not None else {}
    record(person, "call.callback_asked", call, provider=asked.provider.name, at=at.isoformat(), **came_from)
    return call


def _refuse_above_limit(asked: SingleCall, person: Person | None, now: datetime.datetime) -> None:
    if person is not None and asked.test_of is None:
        longest = asked.agent.longest_seconds if asked.agent is not None else None
        launch_limits.refuse_single(person, asked.provider, now, longest)


def _order_of(asked: SingleCall, contact: Contact, token: UUID | None) -> dict[str, Any]:
    return {
        "to_number": asked.to_number,
        "contact": contact,
        "form_token": token,
        "provider": asked.provider,
        "agent": asked.agent,
        "voice": asked.voice,
        "caller_id": asked.caller_id,
        "dialer": asked.dialer,
        "text": asked.text if asked.test_of else fill_in(asked.text, known_of(contact), MAX_TEXT),
        "digits": asked.digits,
        "variables": dict(asked.variables) if asked.test_of else clean_variables(asked.variables),
        "test_of": asked.test_of,
        "vendor_options": dict(asked.vendor_options),
    }


def _contact_of(asked: SingleCall, owner: Mapping[str, Any], person: Person | None) -> Contact:
    if asked.contact is not None:
        return Contact.objects.select_for_update().get(pk=asked.contact.pk)
    variables = clean_variables(asked.variables)
    # A test call speaks another person's data to the tester, so none of it is stored for the tester's number.
    name = "" if asked.test_of else next((found for wanted in NAMES if (found := value_of(wanted, variables))), "")
    made, is_new = Contact.objects.get_or_create(
        phone=asked.to_number, defaults={"name": name[:MAX_NAME], "region": asked.region[:2], **owner}
    )
    if not is_new and not asked.test_of:
        share([made.phone], owner["team_id"], person)
    return Contact.objects.select_for_update().get(pk=made.pk)


def clean_variables(variables: Mapping[str, Any]) -> dict[str, str]:
    """Return variables cleaned for a vendor: one line of plain text each, empty ones removed."""
    cleaned = {clean(name, 80): clean(value) for name, value in list(variables.items())[:MAX_VARIABLES]}
    return {name: value for name, value in cleaned.items() if name and value}
