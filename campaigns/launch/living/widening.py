"""What an edit of a launched living campaign's terms leads to: a refusal above the editor's limit, or a new opening."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import Person, may
from campaigns.core import launch_limits
from campaigns.core.installation import current
from campaigns.core.joined import people_joined
from campaigns.core.refusals import Refusal
from campaigns.launch import living_terms as terms
from campaigns.launch.limits import most_cost, why_approval
from campaigns.models import Campaign


def follow_edit(campaign: Campaign, person: Person, changed: Collection[str], *, is_approved: bool) -> None:
    """Follow an edit in its transaction; raises Refusal where the campaign may queue more than this person may launch.

    What was approved is compared with the approval elsewhere, and returned.
    """
    is_open = campaign.status in {Campaign.Status.RUNNING, Campaign.Status.PAUSED}
    if not campaign.is_living or not is_open or not {*terms.TERMS, "budget", "budget_is_soft"} & set(changed):
        return
    if lacking := terms.blockers(campaign, timezone.now()):
        raise Refusal(" ".join(lacking))
    if not is_approved and not may(person, launch_limits.WITHOUT_LIMIT):
        people = terms.people_bound(campaign)
        if why := why_approval(people, person, campaign):
            raise Refusal(_("Not saved. %(why)s A manager can change it.") % {"why": why})
        cost = most_cost(campaign, people, current())
        launch_limits.count(campaign, person, people, cost, timezone.now())
    # It may have been closed because it was full; the minute job closes it again where it still is.
    Campaign.objects.filter(pk=campaign.pk, is_filled=True).update(is_filled=False)
    people_joined()
