"""The acts that dispositions lead to, each by the service that owns it: attempt, callback, opt-out, hand-over."""

from __future__ import annotations

import datetime
import uuid

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import outcomes, queue
from campaigns.callbacks.planning import ask_for_callback
from campaigns.calls import hand_overs
from campaigns.calls.later_calls import zones_to_choose
from campaigns.contacts import do_not_call
from campaigns.core import conditions, results, second_provider, transitions
from campaigns.core.attempts import attempts_of
from campaigns.core.call_events import step, write_steps
from campaigns.core.eligibility import Judge
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Consequence
from campaigns.outcomes import Plan, Then
from campaigns.reasons import WaitReason
from providers.types import FINAL

_CALLBACKS = uuid.UUID("6f0a4f0e-6f5e-4bb4-9d0b-0b7c1b8f0f15")
"""Namespace of the form tokens of callbacks: one for each consequence."""


def words_of(refused: Refusal | PermissionDenied) -> str:
    """Return why something could not be done, in a sentence for the call's page."""
    return (
        str(refused)
        if isinstance(refused, Refusal)
        else _("The user who requested it is not allowed to call this contact.")
    )


def try_again(row: Consequence, last_attempt: int, time_scale: float) -> Call:
    """Let a further attempt of the campaign wait, judged like any other. Raises Refusal.

    `last_attempt` is the number of the campaign's last attempt to reach the person. One that waits already is it.
    """
    call, now = row.call, timezone.now()
    campaign = call.campaign
    if call.is_inbound or campaign is None or not campaign.is_open or call.contact_id is None:
        raise Refusal(_("No active campaign can call again. Use “Call” on the contact’s page."))
    if call.status not in FINAL or call.held_at is not None or conditions.keeps_its_number(call, now):
        raise Refusal(_("The result of this call is unknown. Decide that first."))
    if call.stop_asked_at is not None:
        raise Refusal(_("A user stopped this call, so nothing happens automatically."))
    further = Call.objects.filter(campaign=campaign, contact=call.contact_id, attempt__gt=call.attempt)
    known = further.exclude(status="skipped").order_by("pk").first()
    if known is not None:
        return known
    if call.counted_attempt >= campaign.policy.attempts:
        raise Refusal(_("All attempts of the campaign are used. Use “Call” on the contact’s page."))
    due = now + datetime.timedelta(minutes=row.disposition.minutes) / time_scale
    tried = attempts_of(call, campaign, now)
    due = outcomes.full_until(tried.rung, campaign.policy.attempts_a_day, 1, tried.zones, due) or due
    # Attempts that were skipped here rang nobody, and use up none.
    skipped = last_attempt - call.attempt
    transitions.begin_once(
        now,
        campaign=campaign, contact_id=call.contact_id, to_number=call.to_number, attempt=last_attempt + 1,
        owner_id=call.owner_id, team_id=call.team_id, variant=call.variant,
        **second_provider.of_next_attempt(call, campaign),
        uncounted=call.uncounted + skipped, due_at=due, wait_reason=WaitReason.RETRY,
    )  # fmt: skip
    write_steps([step(call.pk, "retry_planned", at=now, detail=row.disposition.name)])
    queue.nudge_dispatch()
    return further.get(attempt=last_attempt + 1)


def call_back(row: Consequence, time_scale: float) -> Call:
    """Plan a callback, asked for by who chose the disposition, else by the call's owner.

    It is due within calling hours. Raises Refusal and PermissionDenied.
    """
    call, now = row.call, timezone.now()
    asker = row.asked_by or call.owner
    if asker is None or not asker.is_active:
        raise Refusal(_("There is no user to request this callback."))
    zones = zones_to_choose(call.to_number, call.contact)
    if not zones:
        raise Refusal(_("The time zone of this number is unknown. Schedule the callback manually."))
    at = now + datetime.timedelta(minutes=row.disposition.minutes) / time_scale
    closed = Judge(at, call.provider).hours(zones)
    if closed is not None and closed.until is not None:
        at = closed.until
    # Times are kept by the minute, and one that is over is refused.
    at = max(at, now + datetime.timedelta(minutes=2)) if time_scale > 1 else at
    made = ask_for_callback(
        call.contact, call.to_number, at, zones[0], row.disposition.name, asker, call,
        token=uuid.uuid5(_CALLBACKS, f"{row.pk}:{row.at.isoformat()}"),
    )  # fmt: skip
    return made.call


def never_call(row: Consequence) -> None:
    """Put the number of a call on the do-not-call list, with the disposition and the call as evidence."""
    if row.asked_by is not None:
        do_not_call.never_call_again(row.call, row.asked_by, row.disposition.name)
    else:
        do_not_call.never_call_by_rule(row.call, row.disposition.name)


def give(row: Consequence) -> None:
    """Give a call to the user of its disposition, else to its owner, else to managers."""
    now = timezone.now()
    minutes = row.disposition.minutes or outcomes.USUAL_MINUTES_TO_ACT
    plan = Plan(Then.PERSON, now + datetime.timedelta(minutes=minutes), row.disposition.taker_id)
    hand_overs.give(row.call, plan, results.result_of(row.call).key, now, disposition=row.disposition.name)
