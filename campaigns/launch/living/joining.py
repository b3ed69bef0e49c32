"""Takes up whoever joined a campaign that stays open: judged as in a launch, then queued or refused with the reason.

The rows are the cursor: whoever is in the audience and has no first attempt of the campaign has joined. So a crash, a
lost message or two workers at once neither lose anybody nor queue anybody twice.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Collection

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns import queue
from campaigns.core import transitions
from campaigns.core.transitions import Why
from campaigns.launch import approvals, first_attempts
from campaigns.launch import living_terms as terms
from campaigns.launch.audience import NEVER, AudienceJudge
from campaigns.launch.audience_query import Selection
from campaigns.launch.living import ending
from campaigns.models import Call, Campaign, Contact
from campaigns.reasons import SkipReason
from providers.types import CallStatus

logger = logging.getLogger(__name__)

BATCH = 500
"""People a transaction."""
SECONDS = 10.0
"""How long one run takes people up before it leaves the rest to the next."""


def open_campaigns() -> QuerySet[Campaign]:
    """Return the running campaigns that stay open and are not closed to new people."""
    return Campaign.objects.filter(is_living=True, is_filled=False, status=Campaign.Status.RUNNING).order_by("pk")


def joined(campaign: Campaign, selection: Selection) -> QuerySet[Contact]:
    """Return those of the audience who have no call of the campaign yet, in the order of their ids."""
    queued = Call.objects.filter(campaign=campaign, contact=OuterRef("pk"), attempt=1)
    return selection.people().filter(~Exists(queued), merged_into=None)


def take_up_all(seconds: float = SECONDS, batch: int = BATCH) -> int:
    """Take up whoever joined any open campaign; returns how many were queued or refused.

    A campaign that fails keeps no other waiting, and is tried again by the next run.
    """
    deadline, found = time.monotonic() + seconds, 0
    for campaign_id in list(open_campaigns().values_list("pk", flat=True)):
        try:
            while (more := take_up(campaign_id, timezone.now(), batch)) is not None:
                found += more
                if time.monotonic() > deadline:
                    return found
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.error("campaign=%s: who joined it cannot be queued: %s", campaign_id, type(error).__name__)
    return found


def take_up(campaign_id: int, now: datetime.datetime, batch: int = BATCH) -> int | None:
    """Take up one batch of those who joined, in one transaction; returns how many, None where nothing is left to do."""
    with transaction.atomic():
        campaign = (
            open_campaigns()
            .select_related("provider", "agent")
            .annotate(is_bound=approvals.IS_BOUND)
            .filter(pk=campaign_id)
            .first()
        )
        if campaign is None:
            return None
        approval = approvals.in_force(campaign_id) if campaign.is_bound else None
        if approval is not None and approvals.is_edited(campaign, approval):
            approvals.send_back(campaign, approval, {Campaign.Status.RUNNING})
            return None
        if ending.close_if_over(campaign, now):
            return None
        selection = Selection.of(campaign)
        if not joined(campaign, selection).exists():
            return None
        left = terms.room(campaign, terms.taken(campaign, now))
        if not left.today:
            return None
        ids = list(joined(campaign, selection).values_list("pk", flat=True)[: min(batch, left.today)])
        refused = _refused(campaign, selection, ids, now)
        # Asked once more: whoever left the list meanwhile is not queued.
        first_attempts.insert(campaign, joined(campaign, selection).filter(pk__in=ids), now)
        for reason, those in refused.items():
            new = Call.objects.filter(campaign=campaign, attempt=1, contact__in=those)
            why = Why("skipped", detail=str(SkipReason(reason).label))
            transitions.change(transitions.SKIP, new, now, why, skip_reason=reason)
        # By compare-and-set: of two workers only one counts what it read, so that no cap is passed; a stop wins too.
        moved = open_campaigns().filter(pk=campaign_id, people_joined=campaign.people_joined)
        if not moved.update(people_joined=campaign.people_joined + len(ids)):
            transaction.set_rollback(True)
            return None
        queue.nudge_dispatch()
    return len(ids)


def _refused(
    campaign: Campaign, selection: Selection, ids: Collection[int], now: datetime.datetime
) -> dict[str, list[int]]:
    """Return by reason who of them is never called: by the launch check's verdicts, or because they were called."""
    refused: dict[str, list[int]] = {SkipReason.SAME_PERSON.value: list(known_to(campaign, ids))}
    known = set(refused[SkipReason.SAME_PERSON])
    for person in AudienceJudge(campaign, now, selection).people(among=ids, looks_back=False):
        if person.verdict in NEVER and person.contact_id not in known:
            refused.setdefault(person.verdict, []).append(person.contact_id)
    return {reason: those for reason, those in refused.items() if those}


def known_to(campaign: Campaign, ids: Collection[int]) -> QuerySet[Contact, int]:
    """Return who of them has a call of the campaign already: under their number, or as an entry merged into them."""
    calls = Call.objects.filter(campaign=campaign.pk).exclude(status=CallStatus.SKIPPED)
    same_number = Exists(calls.filter(to_number=OuterRef("phone")))
    same_person = Exists(calls.filter(contact__merged_into=OuterRef("pk")))
    people = Contact.objects.filter(Q(same_number) | Q(same_person), pk__in=ids)
    return people.values_list("pk", flat=True)
