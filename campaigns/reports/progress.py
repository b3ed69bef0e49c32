"""A campaign's progress: people done and waiting, calls in progress, cost, and the estimated end."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.calendars import whole_moment
from callcenter.formats.isolation import isolated
from callcenter.formats.zones import zone_name
from campaigns import time_zones
from campaigns.core import decision_kinds, results, second_provider
from campaigns.core.budget import room_left
from campaigns.core.day_caps import day_of
from campaigns.core.eligibility import stops_of
from campaigns.core.hours import hours_of
from campaigns.core.line_waits import why_waiting
from campaigns.launch.estimates import estimate
from campaigns.launch.lifecycle import STILL_OUT, Outcome
from campaigns.launch.living_terms import people_bound
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import MoneyWait, WaitReason
from campaigns.reports.outcomes import Outcomes, count_outcomes, count_queued, count_states, kept
from providers.types import AT_VENDOR, ENDED, FINAL, LIVE, CallStatus

PACE_WINDOW = datetime.timedelta(minutes=15)
PACE_LEAST = 10
"""Fewer calls than this within `PACE_WINDOW` are too few to measure the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The numbers of one campaign at one time."""

    at: datetime.datetime
    people: int
    """All people who have or will have a call."""
    is_filled: bool
    by_status: Mapping[str, int]
    """Attempts by state."""
    waits: Sequence[tuple[str | Promise, int]] = ()
    """Reasons for waiting other than one's turn in the queue, each with the number of people."""
    next_due: datetime.datetime | None = None
    outcomes: Outcomes
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    budget: Decimal | None = None
    left: Decimal | None = None
    """What of the budget is neither spent nor reserved; None without a budget."""
    currency: str = ""
    minutes_left: int | None = None
    """Estimated minutes of calling until nobody waits; None if unknown."""
    finish: datetime.datetime | None = None
    """Estimated time of the end, given calling hours and planned attempts; None if unknown."""
    recallable: int = 0
    """Calls in the vendor's queue that a stop would cancel there."""
    to_decide: int = 0
    """Calls that need a decision by a person; they do not keep the campaign open."""
    standstill: Sequence[str] = field(default_factory=list)
    """Sentences about why no new call is sent now."""

    line_wait: str = ""
    """Why its due calls wait for a line; empty where they do not."""

    def _sum(self, statuses: Iterable[str]) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def waiting(self) -> int:
        """Attempts that are pending."""
        return self.by_status.get(CallStatus.PENDING, 0)

    @property
    def live(self) -> int:
        """Calls at the vendor."""
        return self._sum(AT_VENDOR)

    @property
    def still_out(self) -> int:
        """Calls whose order is being sent, and unknown calls."""
        return self._sum(STILL_OUT)

    @property
    def skipped(self) -> int:
        """People who were skipped."""
        return self.by_status.get(CallStatus.SKIPPED, 0)

    @property
    def ended(self) -> int:
        """Attempts that were made and have ended."""
        return self._sum(ENDED)

    @property
    def done(self) -> int:
        """People without an open attempt; nobody has more than one."""
        open_rows = self.waiting + self._sum(LIVE)
        return (
            max(0, self.people - open_rows) if self.is_filled else max(0, self._sum(self.by_status.keys()) - open_rows)
        )

    @property
    def out_sentence(self) -> str:
        """Sentence about what happens with the calls in progress; empty if there are none."""
        out = self.live or self.still_out
        return Outcome(changed=False, status="", live=self.live, still_out=self.still_out).sentence if out else ""

    @property
    def stop_sentence(self) -> str:
        """Sentence about what a stop would do now."""
        out = Outcome(changed=False, status="", live=self.live, still_out=self.still_out, recalled=self.recallable)
        never = ngettext(
            "%(count)d waiting call will not be made.", "%(count)d waiting calls will not be made.", self.waiting
        ) % {"count": self.waiting}
        return f"{never} {out.sentence}" if self.waiting else out.sentence

    @property
    def budget_percent(self) -> int:
        """Spent part of the budget, in percent, at most 100."""
        return min(100, int(self.spent * 100 / self.budget)) if self.budget else 0

    @property
    def results(self) -> list[tuple[results.Result, int]]:
        """Results, or states if not ended, with their number of attempts, without empty ones."""
        not_over = {status: number for status, number in self.by_status.items() if status not in ENDED}
        return results.in_order(not_over | self.outcomes.results)


def measure(campaign: Campaign) -> Progress:
    """Return the progress of a campaign now; `campaign.provider` should be loaded."""
    now = timezone.now()
    calls = Call.objects.filter(campaign=campaign)
    outcomes = count_outcomes(campaign)
    # Results may come from the cache; the states are counted now, because people watch them change.
    by_status = outcomes.by_status if outcomes.at >= now else count_states(campaign)
    waits, next_due, last_due = (
        kept(f"campaign-waits:{campaign.pk}", lambda: _waits(calls))
        if by_status.get(CallStatus.PENDING)
        else ([], None, None)
    )
    # A living campaign is done with whoever has joined so far.
    is_filled = campaign.is_filled or (campaign.is_living and campaign.launched_at is not None)
    people = count_queued(campaign) if is_filled else people_bound(campaign)
    standstill = why_standing(campaign)
    minutes_left = _minutes_left(campaign, by_status, people, now)
    is_due = campaign.status == Campaign.Status.RUNNING and next_due is not None and next_due <= now
    return Progress(
        at=now,
        people=people,
        is_filled=is_filled,
        by_status=by_status,
        waits=waits,
        next_due=next_due,
        outcomes=outcomes,
        spent=campaign.spent_cost,
        reserved=campaign.reserved_cost,
        budget=campaign.budget,
        left=room_left(campaign),
        currency=campaign.provider.currency,
        minutes_left=minutes_left,
        finish=_finish(campaign, calls, minutes_left, last_due, now) if minutes_left and not standstill else None,
        recallable=Call.objects.recallable().filter(campaign=campaign).count()
        if by_status.get(CallStatus.QUEUED)
        else 0,
        to_decide=decision_kinds.count_by("campaign_id", [campaign.pk], now)[campaign.pk],
        standstill=standstill,
        line_wait=why_waiting(campaign.provider, campaign, now) if is_due and not standstill else "",
    )


Due = datetime.datetime | None


def _waits(calls: CallQuerySet) -> tuple[list[tuple[str | Promise, int]], Due, Due]:
    """Return the reasons for waiting with their counts, and when the first and the last waiting call is due."""
    pending = calls.filter(status=CallStatus.PENDING)
    rows = list(
        pending.order_by().values("wait_reason").annotate(n=Count("pk"), first=Min("due_at"), last=Max("due_at"))
    )
    found = {row["wait_reason"]: row["n"] for row in rows}
    waits = [(WaitReason(reason).label, n) for reason, n in found.items() if reason in WaitReason.values and reason]
    # Nobody may wait any more who waited when the states were counted.
    first = min((row["first"] for row in rows), default=None)
    last = max((row["last"] for row in rows), default=None)
    return sorted(waits, key=lambda wait: -wait[1]), first, last


def _minutes_left(campaign: Campaign, by_status: Mapping[str, int], people: int, now: datetime.datetime) -> int | None:
    if campaign.status != Campaign.Status.RUNNING or campaign.launched_at is None:
        return None
    remaining = by_status.get(CallStatus.PENDING, 0)
    if not campaign.is_filled:
        remaining = max(remaining, people - sum(by_status.values()))
    if not remaining:
        return 0
    # By the pace measured in the last minutes if there were enough calls, else by the pace and lines in force.
    since = max(now - PACE_WINDOW, campaign.watched_since or campaign.launched_at)
    minutes = (now - since).total_seconds() / 60
    # Coalesce keeps SQLite's planner from using the index on campaign, which would read the whole campaign.
    lately = Call.objects.alias(of=Coalesce("campaign_id", 0)).filter(of=campaign.pk, placing_at__gte=since)
    made = lately.count() if minutes >= 2 else 0
    return math.ceil(remaining * minutes / made) if made >= PACE_LEAST else estimate(campaign, remaining).minutes[1]


def _finish(campaign: Campaign, calls: CallQuerySet, minutes: int, last_due: Due, now: datetime.datetime) -> Due:
    """Return the estimated time at which nobody waits, by the calling hours of the person due next."""
    waiting = calls.filter(status=CallStatus.PENDING).order_by("due_at")
    number, own_zone = waiting.values_list("to_number", "contact__time_zone").first() or ("", "")
    zones = time_zones.zones_of(number, own_zone or "")
    done = hours_of(campaign).after_calling(now, minutes, zones)
    return max(done, last_due) if done and last_due else done


def why_standing(campaign: Campaign, *, is_stopped: bool | None = None) -> list[str]:
    """Return the sentences about why no new call of a campaign is sent now; empty if nothing holds it up.

    `is_stopped` tells whether stop-all is on; None reads it from the database.
    """
    if campaign.status == Campaign.Status.PAUSED:
        if campaign.pilot == Campaign.Pilot.ASKS:
            return [_("The pilot is finished: no one else is called until you decide.")]
        # Written in the language of whoever or whatever paused it: isolated, so that its signs stay at their ends.
        reason = isolated(campaign.paused_reason) if campaign.paused_reason else ""
        if campaign.paused_by_system:
            return [_("Paused by the system: %(reason)s") % {"reason": reason}]
        return [_("Paused by a user: %(reason)s") % {"reason": reason} if reason else _("Paused by a user.")]
    if campaign.status != Campaign.Status.RUNNING:
        return []
    is_elsewhere = campaign.second_id and second_provider.opening_of(campaign, timezone.now(), lambda first: False)
    # The stop of the first provider holds nothing up while the second one calls.
    stopped = None if is_elsewhere else campaign.provider
    stops = [stop.words(is_queued=True) for stop in stops_of(stopped, is_stopped=is_stopped)]
    return [*stops, *_money_words(campaign)]


def _money_words(campaign: Campaign) -> list[str]:
    """Return the sentence about the money that a running campaign waits for, with when and what it goes on."""
    if not campaign.money_wait:
        return []
    wait = MoneyWait(campaign.money_wait)
    if wait == MoneyWait.BUDGET:
        return [str(wait.label)]
    goes_on = _("It continues as calls in progress end, or at %(at)s (%(zone)s) when the next day begins.")
    named = {"at": whole_moment(day_of(timezone.now()).end), "zone": isolated(zone_name())}
    return [f"{wait.label} {goes_on % named}"]


@dataclass(slots=True)
class CampaignCounts:
    """Numbers of a campaign's calls by progress."""

    total: int = 0
    ended: int = 0
    live: int = 0
    waiting: int = 0
    unknown: int = 0
    skipped: int = 0
    to_decide: int = 0
    """Calls that need a decision by a person, among all of them."""


def progress_of(campaigns: Iterable[Campaign]) -> dict[int, CampaignCounts]:
    """Count the calls of campaigns by progress, by campaign id; one statement, answered from an index."""
    found: dict[int, CampaignCounts] = defaultdict(CampaignCounts)
    ids = [campaign.pk for campaign in campaigns]
    if not ids:
        return found
    counted = Call.objects.filter(campaign__in=ids).order_by().values_list("campaign", "status").annotate(n=Count("*"))
    for campaign_id, status, number in counted:
        progress = found[campaign_id]
        progress.total += number
        if status == CallStatus.SKIPPED:
            progress.skipped += number
        if status in FINAL:
            progress.ended += number
        elif status in AT_VENDOR or status == CallStatus.PLACING:
            progress.live += number
        elif status == CallStatus.UNKNOWN:
            progress.unknown += number
        else:
            progress.waiting += number
    for campaign_id, number in decision_kinds.count_by("campaign_id", ids, timezone.now()).items():
        found[campaign_id].to_decide = number
    return found
