"""The test call: tries a campaign's message on one's own phone, as a single call not counted in the campaign."""

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
from campaigns.core.scope import demand_change, may_see, seen_by
from campaigns.launch.audience_query import people_of
from campaigns.models import Call, Campaign, Contact
from campaigns.numbers import UnderstoodNumber, search_digits

TRIES_SHOWN = 5
PEOPLE_SEARCHED = 200
"""Most people of the audience among whom one without empty variables is looked for."""


def try_message(
    campaign: Campaign, person: Person, number: UnderstoodNumber, heard_as: Contact | None, token: UUID | None
) -> Placed:
    """Call a number with the message as one person of the audience would hear it; idempotent by `token`.

    `heard_as` is that person. Raises PermissionDenied, and Refusal with the reason: calling hours, the do-not-call list
    and all stops apply here too.
    """
    if not may(person, "place_test_call"):
        raise PermissionDenied("place_test_call")
    demand_change(person, campaign)
    if heard_as is not None and not (may(person, "see_people") and may_see(person, heard_as)):
        # Whoever may not see this person does not hear their data either.
        heard_as = None
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
        # People may call their own number as often as they like, so the quiet period does not apply.
        is_deliberate=True,
    )
    placed = place_single_call(asked, person=person, token=token)
    if placed.is_new:
        record(person, "campaign.tried", campaign, call=placed.call.pk)
    return placed


def latest_tries(campaign: Campaign, person: Person) -> Sequence[Call]:
    """Return the last test calls of this campaign that this person may see, newest first."""
    calls = seen_by(person, Call.objects.all()).filter(test_of=campaign)
    return list(calls.select_related("contact", "provider").order_by("-pk")[:TRIES_SHOWN])


def last_number(person: Person) -> str:
    """Return the number of this person's last test call, or an empty text."""
    tried = Call.objects.filter(test_of__isnull=False, owner=person.pk).order_by("-pk")
    return tried.values_list("to_number", flat=True).first() or ""


def choose_hearer(campaign: Campaign, wanted: str) -> Contact | None:
    """Return the person whose message is used: the one searched for, else the first of the audience without gaps."""
    people = people_of(campaign)
    if wanted.strip():
        return find_hearer(people, wanted)
    first = list(people[:PEOPLE_SEARCHED])
    return next((contact for contact in first if not missing_variables(campaign, contact)), first[0] if first else None)


def find_hearer(people: QuerySet[Contact], wanted: str) -> Contact | None:
    """Return the first person whose name or number contains `wanted`; the first of all if it is empty."""
    wanted = wanted.strip()
    if not wanted:
        return people.first()
    if digits := search_digits(wanted):
        return people.filter(phone__contains=digits).first()
    return people.filter(name__icontains=wanted).first()
