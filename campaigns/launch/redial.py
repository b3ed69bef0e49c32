"""Redial: a new draft with people of a campaign, by the result, the answers or the disposition of their last attempt.

It is a new draft rather than more attempts of the same campaign, so that the launch check, the limits of a role, the
quiet period and the do-not-call list apply as to any other campaign.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns.core import conditions, results
from campaigns.core.allowed_use import team_for
from campaigns.core.conditions import last_attempts
from campaigns.core.refusals import Refusal
from campaigns.core.scope import demand_change
from campaigns.launch import drafts, redial_answers, redial_dispositions
from campaigns.models import Campaign, ContactList, ListMembership
from campaigns.models.calls import CallQuerySet
from campaigns.outcomes import Outcome
from campaigns.reasons import SkipReason
from providers.types import CallStatus

Words = str | Promise

# Held calls and calls without news wait for a person's decision and are not counted as failed here.
OUTCOMES: dict[str, tuple[Words, Q]] = {
    **{
        key: (results.BY_KEY[key].word, results.condition(key) & ~conditions.held() & ~conditions.no_news())
        for key in results.COUNTED
        if key != results.ANSWERED
    },
    "stopped": (
        gettext_lazy("Not called: the campaign was ended first"),
        Q(status=CallStatus.SKIPPED, skip_reason=SkipReason.STOPPED),
    ),
}
"""Outcomes to choose from, with their conditions on a person's last attempt; a person is in one at most.

People who talked or opted out are in none; who talked is chosen by what they answered (`redial_answers`).
"""
USUAL = tuple(outcome.value for outcome in Outcome)
"""Outcomes that are ticked at first: those for which a campaign has a policy."""
MAX_STEM = 90
"""Characters of the campaign's name in the list's name; the rest of the column is for "Again:" and a number."""


def count_by_outcome(campaign: Campaign) -> dict[str, int]:
    """Count the people of each outcome; a person who still waits or is being called is in none."""
    counts = _people(campaign).aggregate(
        **{name: Count("pk", filter=where) for name, (_words, where) in OUTCOMES.items()}
    )
    return {name: int(counts[name]) for name in OUTCOMES}


def _people(campaign: Campaign) -> CallQuerySet:
    return last_attempts(campaign).filter(contact__isnull=False)


def redial(
    campaign_id: int,
    outcomes: Collection[str],
    person: Person,
    token: UUID | None = None,
    answers: Collection[str] = (),
    dispositions: Collection[int] = (),
) -> Campaign:
    """Create a draft with the same message and rules for the people of these outcomes; idempotent by `token`.

    `answers` are keys of `redial_answers.groups`, `dispositions` ids of dispositions; who is in any of the three is
    called. Raises PermissionDenied, and Refusal if nobody is left to call.
    """
    wanted = Q(pk__in=[])
    for name in outcomes:
        wanted |= OUTCOMES[name][1]
    with transaction.atomic():
        if (known := drafts.made_with(person, token)) is not None:
            return known
        original = Campaign.objects.get(pk=campaign_id)
        demand_change(person, original)
        if answers:
            wanted |= redial_answers.condition(original, person, answers)
        if dispositions:
            wanted |= redial_dispositions.condition(original, dispositions)
        people = _free_list(original, person)
        count = _put_in(people, _people(original).filter(wanted))
        if not count:
            raise Refusal(_("No contact's last attempt has this result now. Choose another result."))
        made = drafts.copy(campaign_id, person, token)
        # Only the new list, as it is: tags and exclusions of the first campaign do not apply, and nobody joins later.
        made.lists.set([people])
        made.excluded_campaigns.clear()
        Campaign.objects.filter(pk=made.pk).update(
            tags=[], excludes_only_reached=False, is_living=False, people_a_day=None, people_in_all=None, last_day=None
        )
        record(person, "list.made_to_call_again", people, people=count, campaign=campaign_id)
        said: dict[str, Any] = {"answers": sorted(answers)} if answers else {}
        said |= {"dispositions": sorted(dispositions)} if dispositions else {}
        record(person, "campaign.redialed", original, people=count, outcomes=sorted(outcomes), draft=made.pk, **said)
    made.refresh_from_db()
    return made


def _free_list(campaign: Campaign, person: Person) -> ContactList:
    """Create an empty list under the next free name."""
    stem = _("Again: %(name)s") % {"name": campaign.name[:MAX_STEM]}
    taken = set(ContactList.objects.filter(name__startswith=stem).values_list("name", flat=True))
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem} ({number})", number + 1
    team = team_for(person, campaign.team_id)
    return ContactList.objects.create(name=name, owner_id=person.pk, team_id=team)


def _put_in(people: ContactList, calls: CallQuerySet) -> int:
    """Add the people of these calls to a list, in one statement; returns how many."""
    try:
        chosen, parameters = calls.order_by().values("contact_id").query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = ListMembership._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (contact_list_id, contact_id) SELECT %s, chosen.contact_id FROM ({chosen}) chosen",  # noqa: S608
            [people.pk, *parameters],
        )
    return people.memberships.count()
