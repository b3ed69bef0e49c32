"""Queues a launched campaign's people: one INSERT .. SELECT a chunk, continuing where the last chunk ended."""

from __future__ import annotations

import logging
import time

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access.roles import may
from campaigns.core import transitions
from campaigns.core.transitions import Why
from campaigns.launch import approvals, approved_people, first_attempts
from campaigns.launch import pilot as pilot_module
from campaigns.launch.audience import NEVER, AudienceJudge
from campaigns.launch.audience_query import Selection
from campaigns.launch.lifecycle import pause_by_system
from campaigns.launch.limits import needs_approval
from campaigns.models import Call, Campaign, CampaignApproval, Contact
from campaigns.reasons import SkipReason

logger = logging.getLogger(__name__)

CHUNK = 5000
"""People a transaction."""


def fill_campaign(campaign_id: int, chunk: int = CHUNK, deadline: float | None = None) -> int:
    """Insert the first attempt of every person of a running campaign; returns how many rows were inserted.

    Idempotent, also with several workers at once. `chunk` is the people a transaction; no chunk begins after
    `deadline`, in seconds of `time.monotonic()`.
    """
    pilot = _fill_pilot(campaign_id)
    if pilot is not None:
        return pilot
    added = 0
    while deadline is None or time.monotonic() < deadline:
        more = _fill_chunk(campaign_id, chunk)
        if more is None:
            break
        added += more
    return added


def fill_running_campaigns(limit_seconds: float) -> int:
    """Continue filling every running campaign that is not filled; returns how many rows were inserted."""
    deadline = time.monotonic() + limit_seconds
    unfilled = Campaign.objects.filter(status=Campaign.Status.RUNNING, is_filled=False)
    # Whoever joins a living campaign is taken up by `living.joining`.
    unfilled = unfilled.filter(is_living=False).order_by("launched_at", "id")
    return sum(_fill_or_skip(pk, deadline) for pk in unfilled.values_list("pk", flat=True))


def _fill_or_skip(campaign_id: int, deadline: float) -> int:
    """Fill one campaign; one that cannot be filled now keeps no other waiting, and is tried again."""
    try:
        return fill_campaign(campaign_id, deadline=deadline)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error("campaign=%s: its people cannot be queued: %s", campaign_id, type(error).__name__)
        return 0


def _fill_pilot(campaign_id: int) -> int | None:
    """Insert the few people of a running pilot in one go; returns how many, None if there is no pilot to fill."""
    unfilled = Campaign.objects.filter(
        pk=campaign_id, status=Campaign.Status.RUNNING, is_filled=False, pilot=Campaign.Pilot.CALLING
    )
    campaign = unfilled.select_related("provider", "agent").annotate(is_bound=approvals.IS_BOUND).first()
    if campaign is None:
        return None
    approval = approvals.in_force(campaign_id) if campaign.is_bound else None
    if approval is not None and approvals.exceeds(campaign, approval):
        approvals.send_back(campaign, approval, {Campaign.Status.RUNNING})
        return 0
    # Chosen outside the transaction, which would block all other writers on SQLite.
    chosen = pilot_module.choose_people(campaign, timezone.now())
    with transaction.atomic():
        added = _insert_first_attempts(campaign, Contact.objects.filter(pk__in=chosen), approval)
        # Two workers may choose different people: only the first to set the flag inserts its rows.
        if not unfilled.update(is_filled=True):
            transaction.set_rollback(True)
            return 0
    return added


def _fill_chunk(campaign_id: int, chunk: int) -> int | None:
    """Insert one chunk in one transaction; returns how many rows, None if nothing is left to do."""
    with transaction.atomic():
        campaign = (
            Campaign.objects.select_related("provider", "agent", "launched_by")
            .filter(pk=campaign_id, status=Campaign.Status.RUNNING, is_filled=False, is_living=False)
            .exclude(pilot=Campaign.Pilot.CALLING)
            .annotate(is_bound=approvals.IS_BOUND)
            .first()
        )
        if campaign is None:
            return None
        selection = Selection.of(campaign)
        ids = selection.next_ids(campaign.filled_through, chunk + 1)
        is_last = len(ids) <= chunk
        ids = ids[:chunk]
        approval = approvals.in_force(campaign_id) if campaign.is_bound else None
        if approval is not None and approvals.is_edited(campaign, approval):
            approvals.send_back(campaign, approval, {Campaign.Status.RUNNING})
            return None
        if approval is None and _outgrows_limit(campaign, len(ids)):
            pause_by_system(
                campaign_id, _("The lists grew over the limit of the user who launched it. A manager must resume.")
            )
            return None
        added = 0
        if ids:
            chosen = selection.people().filter(pk__gt=campaign.filled_through, pk__lte=ids[-1])
            added = _insert_first_attempts(campaign, chosen, approval)
            _skip_hopeless(campaign, selection, ids[-1])
        if approval is not None and (is_last or added < len(ids)):
            # Somebody was left out, or nobody is left: the last chunk looks at everybody, so that who joined behind
            # the fill is not passed over in silence.
            span = (0, None) if is_last else (campaign.filled_through, ids[-1])
            if approved_people.has_grown(campaign, approval, *span):
                approvals.send_back(campaign, approval, {Campaign.Status.RUNNING})
                return None
        # Last, so that the campaign's row is locked only briefly. If a stop came first, the chunk is rolled back.
        moved = Campaign.objects.filter(
            pk=campaign_id,
            status=Campaign.Status.RUNNING,
            is_filled=False,
            filled_through=campaign.filled_through,
        ).update(filled_through=ids[-1] if ids else campaign.filled_through, is_filled=is_last)
        if not moved:
            transaction.set_rollback(True)
            return None
        return added


def _outgrows_limit(campaign: Campaign, more: int) -> bool:
    """Return whether the lists have grown since the launch beyond what the person who launched may launch."""
    launcher = campaign.launched_by
    if launcher is None or may(launcher, "launch_above_limit"):
        return False
    # A pilot's people with greater ids are counted in `more` already.
    before = Call.objects.filter(campaign=campaign, attempt=1, contact__lte=campaign.filled_through)
    return needs_approval(more + before.count(), launcher, campaign)


def _insert_first_attempts(campaign: Campaign, chosen: QuerySet[Contact], approval: CampaignApproval | None) -> int:
    """Insert first attempts of contacts that have none yet, in one statement; returns how many.

    Who was not approved is left out by the statement itself: a list may grow after the chunk was looked at.
    """
    if approval is not None:
        chosen = approved_people.only_approved(chosen, approval)
    return first_attempts.insert(campaign, chosen, timezone.now())


def _skip_hopeless(campaign: Campaign, selection: Selection, through: int) -> None:
    """Skip the new rows of people who can never be called, by the launch check's verdicts, in the same transaction."""
    hopeless: dict[str, list[int]] = {}
    judge = AudienceJudge(campaign, timezone.now(), selection)
    for person in judge.people(campaign.filled_through, through, looks_back=False):
        if person.verdict in NEVER:
            hopeless.setdefault(person.verdict, []).append(person.contact_id)
    for reason, ids in hopeless.items():
        new = Call.objects.filter(campaign=campaign, attempt=1, contact__in=ids)
        why = Why("skipped", detail=str(SkipReason(reason).label))
        transitions.change(transitions.SKIP, new, timezone.now(), why, skip_reason=reason)
