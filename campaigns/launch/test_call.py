"""Tries a campaign's message on the phone of whoever writes it: a single call, outside the campaign's figures."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns.calls.quick_call import Placed, SingleCall, place_single_call
from campaigns.core.message import missing_variables, render_text, render_variables
from campaigns.core.refusals import Refusal
from campaigns.launch.audience_query import people_of
from campaigns.models import Call, Campaign, Contact
from campaigns.numbers import UnderstoodNumber, search_digits

SHOWN = 5
LOOKED_THROUGH = 200


def try_message(
    campaign: Campaign, person: Person, number: UnderstoodNumber, heard_as: Contact | None, token: UUID | None
) -> Placed:
    """Call a number with the message as one person of the audience would hear it; the same token makes one call only.

    Raises PermissionDenied, and Refused with the reason: hours, the do-not-call list and every stop hold here too.
    """
    if not may(person, "launch_campaign"):
        raise PermissionDenied("launch_campaign")
    if missing := missing_variables(campaign, heard_as):
        raise Refusal(
            _("The message has a hole for this person: %(names)s is empty. Choose somebody else to hear it as.")
            % {"names": _(", ").join(missing)}
        )
    asked = SingleCall(
        to_number=number.e164,
        region=number.region,
        provider=campaign.provider,
        agent=campaign.agent,
        voice=campaign.voice,
        text=render_text(campaign, heard_as),
        caller_id=campaign.caller_id,
        dialer=campaign.dialer,
        variables=render_variables(campaign, heard_as),
        test_of=campaign,
        # Whoever gives their own number means it, however often.
        is_deliberate=True,
    )
    placed = place_single_call(asked, person=person, token=token)
    if placed.is_new:
        record(person, "campaign.tried", campaign, call=placed.call.pk)
    return placed


def latest_tries(campaign: Campaign, person: Person) -> Sequence[Call]:
    """Return the last calls that tried this campaign's message and that this person may see, newest first."""
    calls = Call.objects.visible_to(person).filter(test_of=campaign)
    return list(calls.select_related("contact", "provider").order_by("-pk")[:SHOWN])


def last_number(person: Person) -> str:
    """Return the number at which this person tried a message last; empty for the first time."""
    tried = Call.objects.filter(test_of__isnull=False, owner=person.pk).order_by("-pk")
    return tried.values_list("to_number", flat=True).first() or ""


def choose_hearer(campaign: Campaign, wanted: str) -> Contact | None:
    """Return whose message is heard: who is looked for, else the first of the audience for whom nothing is empty."""
    people = people_of(campaign)
    if wanted.strip():
        return find_hearer(people, wanted)
    first = list(people[:LOOKED_THROUGH])
    return next((contact for contact in first if not missing_variables(campaign, contact)), first[0] if first else None)


def find_hearer(people: QuerySet[Contact], wanted: str) -> Contact | None:
    """Return the first of some people whose name or number holds what was typed; the first of all for nothing."""
    wanted = wanted.strip()
    if not wanted:
        return people.first()
    if digits := search_digits(wanted):
        return people.filter(phone__contains=digits).first()
    return people.filter(name__icontains=wanted).first()
