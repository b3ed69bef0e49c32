"""The commit point: the last transaction before an order leaves. All is checked again; what cannot be read is a no."""

from __future__ import annotations

import datetime
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from campaigns import rules
from campaigns.models import Call, CallEvent, Campaign
from campaigns.reasons import SkipReason, WaitReason
from campaigns.services import gate
from campaigns.services.bulk import update_rows
from campaigns.services.clock import DatabaseClock, seconds, span
from campaigns.services.commit_reads import forbidden_among, lines_held, live_among
from campaigns.services.rendering import render_text, render_variables
from campaigns.services.steps import step, write_steps
from providers.models import Provider
from providers.types import CallOrder, CallStatus

LIVE_ELSEWHERE_SECONDS = 30
BUDGET_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A call whose order must leave now, or never."""

    call_id: int
    order: CallOrder
    committed_at: float
    """Seconds of the clock that also counts while the machine is suspended."""


@dataclass(slots=True)
class CommitResult:
    """What one commit point let pass, and what stays reserved."""

    committed: list[Committed] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    """Reserved calls that found no line or no pace; they keep their lease."""
    over_budget: set[int] = field(default_factory=set)
    """Campaigns whose budget is used up."""
    is_open: bool = True
    """False where the provider may not call at all now."""


_READ = (
    "campaign", "reference", "to_number", "text", "digits", "variables", "vendor_options", "reserved_cost",
    "agent__remote_id", "voice__remote_id", "caller_id__number", "dialer__remote_id",
    "contact__name", "contact__time_zone", "contact__variables",
)  # fmt: skip
"""What a commit point reads of a call and of what it names."""


class _LostCall(Exception):
    """Raised when a row changed between the look and the compare-and-set; the batch is rolled back."""


def commit_calls(
    provider_id: int,
    token: UUID,
    ids: Sequence[int],
    idle: int,
    clock: DatabaseClock,
    write_first: Callable[[], None] | None = None,
) -> CommitResult:
    """Let up to `idle` of the reserved calls pass, in one durable transaction; alone where one of them clashes.

    `write_first` shares the transaction, and stays written where a call clashes.
    """
    try:
        return _commit(provider_id, token, ids, idle, clock, write_first)
    except (IntegrityError, _LostCall):
        if write_first is not None:
            with transaction.atomic(durable=True):
                write_first()
        # Somebody dials one of these numbers at this very instant, or took a row back: find out which, one by one.
        result = CommitResult()
        for position, call_id in enumerate(ids):
            if len(result.committed) >= idle:
                result.left += ids[position:]
                break
            try:
                one = _commit(provider_id, token, [call_id], 1, clock)
            except (IntegrityError, _LostCall):
                _postpone_clash(call_id, token, clock.now())
                continue
            result.committed += one.committed
            result.left += one.left
            result.over_budget |= one.over_budget
        return result


def _commit(
    provider_id: int,
    token: UUID,
    ids: Sequence[int],
    idle: int,
    clock: DatabaseClock,
    write_first: Callable[[], None] | None = None,
) -> CommitResult:
    result = CommitResult()
    with transaction.atomic(durable=True):
        now = clock.now()
        # The gate before any row: whoever closes it takes rows afterwards.
        is_open = gate.pass_gate()
        if write_first is not None:
            write_first()
        if not is_open:
            return CommitResult(left=list(ids), is_open=False)
        provider = Provider.objects.select_for_update().defer("secrets").get(pk=provider_id)
        is_ours = provider.dispatch_lease == token and (provider.dispatch_lease_until or now) > now
        if not is_ours or provider.stop_reason or (provider.slow_until and provider.slow_until > now):
            return CommitResult(left=list(ids), is_open=False)
        calls = list(
            Call.objects.filter(pk__in=ids, status=CallStatus.PENDING, lease=token, lease_until__gt=now)
            .select_related("agent", "voice", "caller_id", "dialer", "contact")
            .only(*_READ)
            .order_by("due_at", "id")
        )
        batch = _Batch(provider, calls, now, idle)
        for call in calls:
            batch.judge(call)
        batch.write(token)
        result.left = [call.pk for call in batch.left]
        result.over_budget = batch.over_budget
        orders = [(call.pk, order_of(call, batch.campaigns.get(call.campaign_id or 0))) for call in batch.passed]
    committed_at = boottime()
    result.committed = [Committed(call_id=call_id, order=order, committed_at=committed_at) for call_id, order in orders]
    return result


class _Batch:
    """The reserved calls of one commit point, judged one after the other under the same locks."""

    def __init__(self, provider: Provider, calls: Sequence[Call], now: datetime.datetime, idle: int) -> None:
        self.provider, self.now = provider, now
        numbers = {call.to_number for call in calls}
        campaign_ids = {call.campaign_id for call in calls if call.campaign_id}
        self.campaigns = {
            campaign.pk: campaign
            for campaign in Campaign.objects.select_for_update().filter(pk__in=campaign_ids).order_by("pk")
        }
        self.forbidden = forbidden_among(numbers, now)
        self.live_numbers = live_among(numbers)
        self.last_dialed = self._last_dialed(numbers)
        # An unknown call holds a line until the longest call would be over.
        lines = lines_held(provider.pk, now - datetime.timedelta(seconds=provider.max_call_seconds))
        self.free = min(idle, provider.max_lines - lines.total())
        self.pace = rules.take_pace(provider.pace_tat, now.timestamp(), provider.calls_per_minute, len(calls))[0]
        self.campaign_free: Counter[int] = Counter()
        for campaign in self.campaigns.values():
            pace = campaign.calls_per_minute
            tokens = rules.take_pace(campaign.pace_tat, now.timestamp(), pace, len(calls))[0] if pace else len(calls)
            free = (campaign.max_lines - lines[campaign.pk]) if campaign.max_lines else len(calls)
            self.campaign_free[campaign.pk] = max(0, min(tokens, free))
        self.worst_cost = provider.price_per_minute * Decimal(provider.max_call_seconds) / 60
        self.passed: list[Call] = []
        self.left: list[Call] = []
        self.waiting: list[tuple[Call, WaitReason, datetime.datetime]] = []
        self.skipped: list[tuple[Call, SkipReason]] = []
        self.over_budget: set[int] = set()

    def _last_dialed(self, numbers: set[str]) -> dict[str, list[tuple[int | None, datetime.datetime]]]:
        longest = max((campaign.quiet_hours for campaign in self.campaigns.values()), default=0)
        found: dict[str, list[tuple[int | None, datetime.datetime]]] = defaultdict(list)
        if longest:
            since = self.now - datetime.timedelta(hours=longest)
            rows = (
                Call.objects.filter(to_number__in=numbers, placing_at__gt=since)
                .values("to_number", "campaign_id")
                .annotate(last=Max("placing_at"))
                .values_list("to_number", "campaign_id", "last")
            )
            for number, campaign_id, last in rows:
                found[number].append((campaign_id, last))
        return found

    def judge(self, call: Call) -> None:
        """Let the call pass, leave it, make it wait or skip it; the first reason found stands."""
        campaign = self.campaigns.get(call.campaign_id or 0)
        if call.campaign_id and (campaign is None or campaign.status != Campaign.Status.RUNNING):
            self.left.append(call)
        elif call.to_number in self.forbidden:
            self.skipped.append((call, SkipReason.DO_NOT_CALL))
        elif call.to_number in self.live_numbers:
            self._wait(call, WaitReason.LIVE_ELSEWHERE, self.now + span(LIVE_ELSEWHERE_SECONDS))
        elif not self._judge_hours(call, campaign) or (campaign and not self._judge_quiet(call, campaign)):
            return
        elif len(self.passed) >= min(self.free, self.pace) or (campaign and self.campaign_free[campaign.pk] < 1):
            self.left.append(call)
        elif campaign and not self._judge_budget(call, campaign):
            return
        else:
            self.passed.append(call)
            self.live_numbers.add(call.to_number)
            if campaign:
                self.campaign_free[campaign.pk] -= 1
                campaign.reserved_cost += self.worst_cost
                call.reserved_cost = self.worst_cost

    def _judge_hours(self, call: Call, campaign: Campaign | None) -> bool:
        zones = rules.zones_of(call.to_number, call.contact.time_zone if call.contact else "")
        start, end, days = hours_of(campaign)
        if rules.is_open(self.now, zones, start, end, days):
            return True
        opening = rules.next_opening(self.now, zones, start, end, days)
        if opening is None:
            self.skipped.append((call, SkipReason.NO_ZONE))
        else:
            self._wait(call, WaitReason.OUTSIDE_HOURS, opening)
        return False

    def _judge_quiet(self, call: Call, campaign: Campaign) -> bool:
        quiet = datetime.timedelta(hours=campaign.quiet_hours)
        others = [last for other, last in self.last_dialed[call.to_number] if other != campaign.pk]
        if not others or max(others) + quiet <= self.now:
            return True
        self._wait(call, WaitReason.QUIET_PERIOD, max(others) + quiet)
        return False

    def _judge_budget(self, call: Call, campaign: Campaign) -> bool:
        if campaign.budget is None:
            return True
        if campaign.spent_cost + campaign.reserved_cost + self.worst_cost <= campaign.budget:
            return True
        if campaign.reserved_cost == 0:
            self.over_budget.add(campaign.pk)
        # Calls that are out may turn out cheaper than the worst case: look again when they are over.
        self._wait(call, WaitReason.BUDGET, self.now + span(BUDGET_SECONDS))
        return False

    def _wait(self, call: Call, reason: WaitReason, until: datetime.datetime) -> None:
        self.waiting.append((call, reason, until))

    def write(self, token: UUID) -> None:
        """Write what was judged; raises where a row changed meanwhile."""
        steps = self._write_passed(token) if self.passed else []
        update_rows(
            Call,
            ["due_at", "wait_reason", "lease", "lease_until"],
            [(call.pk, until, reason.value, None, None) for call, reason, until in self.waiting],
            guard="c.status = 'pending'",
        )
        really = update_rows(
            Call,
            ["status", "rank", "skip_reason", "lease", "lease_until", "ended_at", "changed_at"],
            [
                (c.pk, CallStatus.SKIPPED, rules.RANK[CallStatus.SKIPPED], reason.value, None, None, self.now, self.now)
                for c, reason in self.skipped
            ],
            guard="c.status = 'pending'",
        )
        steps += [
            step(call.pk, "skipped", at=self.now, from_status="pending", to_status="skipped", detail=str(reason.label))
            for call, reason in self.skipped
            if call.pk in really
        ]
        write_steps(steps)

    def _write_passed(self, token: UUID) -> list[CallEvent]:
        provider, now = self.provider, self.now
        deadline = now + datetime.timedelta(seconds=seconds(rules.HTTP_DEADLINE) + rules.PRESEND + seconds(rules.GRACE))
        changed = update_rows(
            Call,
            ["status", "rank", "placing_at", "deadline_at", "changed_at", "wait_reason", "reserved_cost"],
            [
                (c.pk, CallStatus.PLACING, rules.RANK[CallStatus.PLACING], now, deadline, now, "", c.reserved_cost)
                for c in self.passed
            ],
            guard=f"c.status = 'pending' AND c.lease = '{lease_text(token)}'",
        )
        if len(changed) != len(self.passed):
            raise _LostCall
        tat = rules.take_pace(provider.pace_tat, now.timestamp(), provider.calls_per_minute, len(self.passed))[1]
        Provider.objects.filter(pk=provider.pk).update(pace_tat=tat)
        taken = Counter(call.campaign_id for call in self.passed if call.campaign_id)
        for campaign_id, count in taken.items():
            campaign = self.campaigns[campaign_id]
            if campaign.calls_per_minute:
                campaign.pace_tat = rules.take_pace(
                    campaign.pace_tat, now.timestamp(), campaign.calls_per_minute, count
                )[1]
            Campaign.objects.filter(pk=campaign_id).update(
                reserved_cost=campaign.reserved_cost, pace_tat=campaign.pace_tat
            )
        return [
            step(call.pk, "commit_point", at=now, from_status="pending", to_status="placing") for call in self.passed
        ]


def _postpone_clash(call_id: int, token: UUID, now: datetime.datetime) -> None:
    Call.objects.filter(pk=call_id, status=CallStatus.PENDING, lease=token).update(
        due_at=now + span(LIVE_ELSEWHERE_SECONDS), wait_reason=WaitReason.LIVE_ELSEWHERE, lease=None, lease_until=None
    )


def hours_of(campaign: Campaign | None) -> tuple[datetime.time, datetime.time, Sequence[int]]:
    """Return start, end and weekdays of calling: the campaign's, or those of calls that a person asks for."""
    if campaign:
        return campaign.hours_start, campaign.hours_end, campaign.days
    start, _, end = settings.SINGLE_CALL_HOURS.partition("-")
    return datetime.time.fromisoformat(start.strip()), datetime.time.fromisoformat(end.strip()), range(7)


def order_of(call: Call, campaign: Campaign | None) -> CallOrder:
    """Return the order of a call, its variables as the contact stands now."""
    if campaign:
        call.variables = render_variables(campaign, call.contact)
        call.text = render_text(campaign, call.contact)
    return CallOrder(
        reference=call.reference,
        to_number=call.to_number,
        agent_id=call.agent.remote_id if call.agent else "",
        voice_id=call.voice.remote_id if call.voice else "",
        text=call.text,
        digits=call.digits,
        caller_id=call.caller_id.number if call.caller_id else "",
        dialer_id=call.dialer.remote_id if call.dialer else "",
        variables=call.variables,
        vendor_options={} if campaign else call.vendor_options,
    )


def lease_text(token: UUID) -> str:
    """Return a lease as the database spells it."""
    from django.db import connection

    return token.hex if connection.vendor == "sqlite" else str(token)


def boottime() -> float:
    """Return seconds of the clock that also counts while the machine is suspended."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
