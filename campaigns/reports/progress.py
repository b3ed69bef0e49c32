"""Where a campaign stands: who is done, who waits and why, what is out, what it costs, when it may end."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import rules
from campaigns.core import results
from campaigns.core.eligibility import stops_of
from campaigns.launch.audience_query import count_people
from campaigns.launch.launch_check import estimate_minutes
from campaigns.launch.lifecycle import STILL_OUT, Outcome
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import WaitReason
from campaigns.reports.outcomes import Outcomes, count_outcomes, count_queued, count_states, kept
from providers.types import AT_VENDOR, ENDED, LIVE, CallStatus

PACE_WINDOW = datetime.timedelta(minutes=15)
PACE_LEAST = 10
"""So many calls within the window tell a pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The numbers of one campaign at one instant."""

    at: datetime.datetime
    people: int
    """Everybody who has or will have a row."""
    is_filled: bool
    by_status: Mapping[str, int]
    """Attempts by state."""
    waits: Sequence[tuple[str | Promise, int]] = ()
    """Sentence and number of those who wait for something else than their turn."""
    next_due: datetime.datetime | None = None
    outcomes: Outcomes
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    budget: Decimal | None = None
    currency: str = ""
    minutes_left: int | None = None
    """Estimated minutes until nobody waits; None where nothing can be said."""
    finish: datetime.datetime | None = None
    """When that will be, within calling hours and after the last planned attempt; None where nothing can be said."""
    recallable: int = 0
    """Calls that wait at the vendor and that a stop takes back."""
    standstill: Sequence[str] = field(default_factory=list)
    """Why nothing new is called now, in plain sentences."""

    def _sum(self, statuses: Iterable[str]) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def waiting(self) -> int:
        """Attempts that wait."""
        return self.by_status.get(CallStatus.PENDING, 0)

    @property
    def live(self) -> int:
        """Calls at the vendor."""
        return self._sum(AT_VENDOR)

    @property
    def still_out(self) -> int:
        """Calls that are just leaving, or of which nothing is known."""
        return self._sum(STILL_OUT)

    @property
    def skipped(self) -> int:
        """People who are not called."""
        return self.by_status.get(CallStatus.SKIPPED, 0)

    @property
    def ended(self) -> int:
        """Attempts that were made and are over."""
        return self._sum(ENDED)

    @property
    def done(self) -> int:
        """People who have their last word: one has at most one open attempt."""
        open_rows = self.waiting + self._sum(LIVE)
        return (
            max(0, self.people - open_rows) if self.is_filled else max(0, self._sum(self.by_status.keys()) - open_rows)
        )

    @property
    def out_sentence(self) -> str:
        """What the calls that are out will do; empty where none is."""
        out = self.live or self.still_out
        return Outcome(changed=False, status="", live=self.live, still_out=self.still_out).sentence if out else ""

    @property
    def pause_sentence(self) -> str:
        """What a pause would do now."""
        return Outcome(
            changed=False, status="", waiting=self.waiting, live=self.live, still_out=self.still_out
        ).sentence

    @property
    def stop_sentence(self) -> str:
        """What a stop would do now."""
        out = Outcome(changed=False, status="", live=self.live, still_out=self.still_out, recalled=self.recallable)
        never = ngettext(
            "%(count)d waiting call is never made.", "%(count)d waiting calls are never made.", self.waiting
        ) % {"count": self.waiting}
        return f"{never} {out.sentence}" if self.waiting else out.sentence

    @property
    def budget_percent(self) -> int:
        """Share of the budget that is spent, in percent, at most 100."""
        return min(100, int(self.spent * 100 / self.budget)) if self.budget else 0

    @property
    def results(self) -> list[tuple[results.Result, int]]:
        """What the attempts came to, or their status, with their numbers, without empty ones."""
        not_over = {status: number for status, number in self.by_status.items() if status not in ENDED}
        return results.in_order(not_over | self.outcomes.results)


def measure(campaign: Campaign) -> Progress:
    """Count where a campaign stands now; `campaign.provider` should be loaded."""
    now = timezone.now()
    calls = Call.objects.filter(campaign=campaign)
    outcomes = count_outcomes(campaign)
    # Outcomes may be kept from a while ago; where people look whether anything moves, states are of now.
    by_status = outcomes.by_status if outcomes.at >= now else count_states(campaign)
    waits, next_due, last_due = (
        kept(f"campaign-waits:{campaign.pk}", lambda: _waits(calls))
        if by_status.get(CallStatus.PENDING)
        else ([], None, None)
    )
    people = count_queued(campaign) if campaign.is_filled else count_people(campaign)
    standstill = why_standing(campaign)
    minutes_left = _minutes_left(campaign, by_status, people, now)
    return Progress(
        at=now,
        people=people,
        is_filled=campaign.is_filled,
        by_status=by_status,
        waits=waits,
        next_due=next_due,
        outcomes=outcomes,
        spent=campaign.spent_cost,
        reserved=campaign.reserved_cost,
        budget=campaign.budget,
        currency=campaign.provider.currency,
        minutes_left=minutes_left,
        finish=_finish(campaign, calls, minutes_left, last_due, now) if minutes_left and not standstill else None,
        recallable=Call.objects.recallable().filter(campaign=campaign).count()
        if by_status.get(CallStatus.QUEUED)
        else 0,
        standstill=standstill,
    )


Due = datetime.datetime | None


def _waits(calls: CallQuerySet) -> tuple[list[tuple[str | Promise, int]], Due, Due]:
    """Return who waits for something else than their turn, and when the first and the last of all is due."""
    pending = calls.filter(status=CallStatus.PENDING)
    rows = list(
        pending.order_by().values("wait_reason").annotate(n=Count("pk"), first=Min("due_at"), last=Max("due_at"))
    )
    found = {row["wait_reason"]: row["n"] for row in rows}
    waits = [(WaitReason(reason).label, n) for reason, n in found.items() if reason in WaitReason.values and reason]
    first, last = min(row["first"] for row in rows), max(row["last"] for row in rows)
    return sorted(waits, key=lambda wait: -wait[1]), first, last


def _minutes_left(campaign: Campaign, by_status: Mapping[str, int], people: int, now: datetime.datetime) -> int | None:
    if campaign.status != Campaign.Status.RUNNING or campaign.launched_at is None:
        return None
    remaining = by_status.get(CallStatus.PENDING, 0)
    if not campaign.is_filled:
        remaining = max(remaining, people - sum(by_status.values()))
    if not remaining:
        return 0
    # By the pace of the last minutes where it says anything, else by what pace and lines allow.
    since = max(now - PACE_WINDOW, campaign.watched_since or campaign.launched_at)
    minutes = (now - since).total_seconds() / 60
    # Hidden from the planner's eyes: SQLite would read the whole campaign, by its index.
    lately = Call.objects.alias(of=Coalesce("campaign_id", 0)).filter(of=campaign.pk, placing_at__gte=since)
    made = lately.count() if minutes >= 2 else 0
    return math.ceil(remaining * minutes / made) if made >= PACE_LEAST else estimate_minutes(campaign, remaining)


def _finish(campaign: Campaign, calls: CallQuerySet, minutes: int, last_due: Due, now: datetime.datetime) -> Due:
    """Return when nobody will wait any more, on the clock of whoever is due next."""
    waiting = calls.filter(status=CallStatus.PENDING).order_by("due_at")
    number, own_zone = waiting.values_list("to_number", "contact__time_zone").first() or ("", "")
    zones = rules.zones_of(number, own_zone or "")
    done = rules.after_calling(now, minutes, zones, campaign.hours_start, campaign.hours_end, campaign.days)
    return max(done, last_due) if done and last_due else done


def why_standing(campaign: Campaign, *, is_stopped: bool | None = None) -> list[str]:
    """Return why nothing new of a campaign is called now, in plain sentences; empty while it runs freely.

    `is_stopped` tells whether stop-all is pressed, where that was read already.
    """
    if campaign.status == Campaign.Status.PAUSED:
        if campaign.pilot == Campaign.Pilot.ASKS:
            return [_("The pilot is over: nobody else is called until you decide.")]
        reason = campaign.paused_reason
        if campaign.paused_by_system:
            return [_("Paused by the system: %(reason)s") % {"reason": reason}]
        return [_("Paused by a person: %(reason)s") % {"reason": reason} if reason else _("Paused by a person.")]
    if campaign.status != Campaign.Status.RUNNING:
        return []
    return [stop.words(is_queued=True) for stop in stops_of(campaign.provider, is_stopped=is_stopped)]
