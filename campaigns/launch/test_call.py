"""The test call: tries a campaign's message on one's own phone, as a single call not counted in the campaign."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from campaigns.calls.quick_call import Placed, SingleCall, place_single_call
from campaigns.core.installation import current
from campaigns.core.message import missing_variables, render_text, render_variables
from campaigns.core.refusals import Refusal
from campaigns.core.scope import demand_change, may_see, seen_by
from campaigns.launch import own_numbers
from campaigns.launch.audience_query import people_of
from campaigns.models import Call, Campaign, Contact
from campaigns.numbers import UnderstoodNumber, search_digits

DAY = datetime.timedelta(hours=24)
TRIES_SHOWN = 5
PEOPLE_SEARCHED = 200
"""Most people of the audience among whom one without empty variables is looked for."""


def try_message(
    campaign: Campaign, person: Person, number: UnderstoodNumber, heard_as: Contact | None, token: UUID | None
) -> Placed:
    """Call a number with the message as one person of the audience would hear it; idempotent by `token`.

    `heard_as` is that person, or one who is made of sample values and not stored. Raises PermissionDenied,
    and Refusal with the reason: the number must be confirmed as the person's own, a day has a limit, and calling hours,
    the do-not-call list and all stops apply here too.
    """
    if not may(person, "place_test_call"):
        raise PermissionDenied("place_test_call")
    demand_change(person, campaign)
    is_sample = heard_as is not None and heard_as._state.adding
    if heard_as is not None and not is_sample and not (may(person, "see_people") and may_see(person, heard_as)):
        # Whoever may not see this person does not hear their data either.
        heard_as = None
    if missing := missing_variables(campaign, heard_as):
        raise Refusal(
            _("The message is missing a value for this contact: %(names)s is empty. Choose another sample contact.")
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
    with transaction.atomic():
        if not Call.objects.filter(form_token=token, owner=person.pk).exists():
            _check_number(person, number.e164)
        placed = place_single_call(asked, person=person, token=token)
    if placed.is_new:
        record(person, "campaign.tried", campaign, call=placed.call.pk)
    return placed


def _check_number(person: Person, phone: str) -> None:
    """Raise Refusal unless the number is the person's own, confirmed, and the day's limit leaves a call."""
    # Locked, so that of two test calls at once the second sees the first.
    if not own_numbers.confirmed(person).select_for_update().filter(phone=phone).exists():
        raise Refusal(
            _(
                "Test calls go only to your own phone, and this number is not confirmed as yours. Enter it "
                "under “Own numbers”, where a manager or admin can confirm it."
            )
        )
    most, since = current().test_calls_a_day, timezone.now() - DAY
    if not most:
        raise Refusal(_("Test calls are turned off. An admin can allow them in the settings of this installation."))
    if Call.objects.filter(test_of__isnull=False, owner=person.pk, created_at__gt=since).count() >= most:
        raise Refusal(
            ngettext(
                "You have reached the limit of %(n)d test call in 24 hours. Wait, or ask an admin to raise the limit.",
                "You have reached the limit of %(n)d test calls in 24 hours. Wait, or ask an admin to raise the limit.",
                most,
            )
            % {"n": most}
        )


def latest_tries(campaign: Campaign, person: Person) -> Sequence[Call]:
    """Return the last test calls of this campaign that this person may see, newest first."""
    calls = seen_by(person, Call.objects.all()).filter(test_of=campaign)
    return list(calls.select_related("contact", "provider").order_by("-pk")[:TRIES_SHOWN])


def last_number(person: Person) -> str:
    """Return the number of this person's last test call, else of their newest confirmed one, or an empty text."""
    tried = Call.objects.filter(test_of__isnull=False, owner=person.pk).order_by("-pk")
    theirs = own_numbers.confirmed(person).values_list("phone", flat=True)
    return tried.values_list("to_number", flat=True).first() or theirs.first() or ""


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
