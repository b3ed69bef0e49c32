"""Where a campaign stands: who is done, who waits and why, what is out, what it costs, when it may end."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaigns.models import Call, Campaign
from campaigns.querysets import CallQuerySet
from campaigns.reasons import WaitReason
from campaigns.services import stopping
from campaigns.services.launch_check import estimate_minutes
from campaigns.services.lifecycle import STILL_OUT
from campaigns.services.selecting import count_people
from providers.types import AT_VENDOR, LIVE, CallStatus

ENDED = (CallStatus.COMPLETED, CallStatus.NO_ANSWER, CallStatus.BUSY, CallStatus.FAILED, CallStatus.CANCELED)
"""Attempts that were made and are over."""
SHOWN = (
    CallStatus.PENDING,
    CallStatus.PLACING,
    CallStatus.QUEUED,
    CallStatus.DIALING,
    CallStatus.RINGING,
    CallStatus.IN_PROGRESS,
    CallStatus.WRAPPING_UP,
    CallStatus.COMPLETED,
    CallStatus.NO_ANSWER,
    CallStatus.BUSY,
    CallStatus.FAILED,
    CallStatus.CANCELED,
    CallStatus.UNKNOWN,
    CallStatus.SKIPPED,
)


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
    conversations: int = 0
    voicemails: int = 0
    held: int = 0
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    budget: Decimal | None = None
    currency: str = ""
    minutes_left: int | None = None
    """Estimated minutes until nobody waits; None where nothing can be said."""
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
    def done_percent(self) -> int:
        """Share of people who have their last word; 100 only where really all have."""
        return self.done * 100 // self.people if self.people else 0

    @property
    def answer_rate(self) -> float | None:
        """Conversations among the attempts that are over, in percent; None before the first."""
        return round(100 * self.conversations / self.ended, 1) if self.ended else None

    @property
    def budget_percent(self) -> int:
        """Share of the budget that is spent, in percent, at most 100."""
        return min(100, int(self.spent * 100 / self.budget)) if self.budget else 0

    @property
    def statuses(self) -> list[tuple[str, int]]:
        """States with their numbers, in the order of a call's life, without empty ones."""
        return [(status.value, self.by_status[status]) for status in SHOWN if self.by_status.get(status)]


def measure(campaign: Campaign) -> Progress:
    """Count where a campaign stands now; `campaign.provider` should be loaded."""
    now = timezone.now()
    calls = Call.objects.filter(campaign=campaign)
    by_status = {row["status"]: row["n"] for row in calls.order_by().values("status").annotate(n=Count("pk"))}
    ended = calls.filter(status__in=ENDED).aggregate(
        talked=Count("pk", filter=Q(talk_seconds__gt=0) & ~Q(answered_by="machine")),
        machine=Count("pk", filter=Q(answered_by="machine")),
        held=Count("pk", filter=Q(held_at__isnull=False)),
    )
    waits, next_due = _waits(calls) if by_status.get(CallStatus.PENDING) else ([], None)
    people = calls.filter(attempt=1).count() if campaign.is_filled else count_people(campaign)
    return Progress(
        at=now,
        people=people,
        is_filled=campaign.is_filled,
        by_status=by_status,
        waits=waits,
        next_due=next_due,
        conversations=ended["talked"],
        voicemails=ended["machine"],
        held=ended["held"],
        spent=campaign.spent_cost,
        reserved=campaign.reserved_cost,
        budget=campaign.budget,
        currency=campaign.provider.currency,
        minutes_left=_minutes_left(campaign, by_status, people, now),
        standstill=why_standing(campaign),
    )


def _waits(calls: CallQuerySet) -> tuple[list[tuple[str | Promise, int]], datetime.datetime | None]:
    pending = calls.filter(status=CallStatus.PENDING)
    rows = pending.order_by().values("wait_reason").annotate(n=Count("pk"), due=Min("due_at"))
    found = {row["wait_reason"]: (row["n"], row["due"]) for row in rows}
    waits = [
        (WaitReason(reason).label, n) for reason, (n, _due) in found.items() if reason in WaitReason.values and reason
    ]
    return sorted(waits, key=lambda wait: -wait[1]), min(due for _n, due in found.values())


def _minutes_left(campaign: Campaign, by_status: Mapping[str, int], people: int, now: datetime.datetime) -> int | None:
    if campaign.status != Campaign.Status.RUNNING or campaign.launched_at is None:
        return None
    remaining = by_status.get(CallStatus.PENDING, 0)
    if not campaign.is_filled:
        remaining = max(remaining, people - sum(by_status.values()))
    if not remaining:
        return 0
    made = sum(by_status.get(status, 0) for status in (*ENDED, *LIVE))
    minutes = (now - campaign.launched_at).total_seconds() / 60
    if made >= 20 and minutes >= 2:
        return math.ceil(remaining * minutes / made)
    return estimate_minutes(campaign, remaining)


def why_standing(campaign: Campaign) -> list[str]:
    """Return why nothing new of a campaign is called now, in plain sentences; empty while it runs freely."""
    if campaign.status == Campaign.Status.PAUSED:
        reason = campaign.paused_reason
        if campaign.paused_by_system:
            return [_("Paused by the system: %(reason)s") % {"reason": reason}]
        return [_("Paused by a person: %(reason)s") % {"reason": reason} if reason else _("Paused by a person.")]
    if campaign.status != Campaign.Status.RUNNING:
        return []
    found = []
    if stopping.is_stopped():
        found.append(_("Stop-all is on: nothing is called until a manager releases it."))
    if reason := str(campaign.provider.stop_reason):
        found.append(_("The provider “%(name)s” cannot call now. %(why)s") % {"name": campaign.provider, "why": reason})
    return found
