"""The commit point: the last transaction before an order is sent.

All conditions are checked again under locks. If one of them cannot be read, the call does not pass.
"""

from __future__ import annotations

import datetime
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns import rules
from campaigns.core import leases, stop_all, transitions
from campaigns.core.budget import Purse
from campaigns.core.call_caps import counted_since
from campaigns.core.call_events import Step, write_steps
from campaigns.core.clock import DatabaseClock, boottime, is_ahead, seconds, span
from campaigns.core.costs import worst_cost
from campaigns.core.day_caps import Payer, Rooms
from campaigns.core.eligibility import Eligibility, Judge, Verdict, stops_of
from campaigns.core.eligibility_facts import confirmed_since, numbers_now, quiet_since
from campaigns.core.installation import Installation, at_mark
from campaigns.core.lines_in_use import lines_held, lines_of
from campaigns.core.sql.bulk import update_rows
from campaigns.core.sql.locking import lock_rows
from campaigns.core.transitions import Why
from campaigns.dialing import circuit_breaker, order_results, second_provider
from campaigns.dialing.commit_point_queries import DueCall, due_calls
from campaigns.dialing.order_results import OrderAnswer
from campaigns.dialing.orders import orders_of
from campaigns.lines import Priority, Turns, open_to_campaigns
from campaigns.models import Call, Campaign
from campaigns.reasons import MoneyWait, SkipReason, WaitReason
from campaigns.tracking import unknown_calls
from providers import pace
from providers.models import Provider
from providers.types import CallOrder, CallStatus

LIVE_ELSEWHERE_SECONDS = 30
"""Wait before a call is tried again whose number is in another live call."""
DAY_CAP_SECONDS = 60
"""Wait before a single call is tried again that a cap of the day left no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedCall:
    """A call that passed the commit point: its order is sent now or never."""

    call_id: int
    order: CallOrder
    committed_at: float
    """Time of the commit, in seconds of `boottime()`, which keeps counting while the machine is suspended."""


@dataclass(slots=True)
class CommitResult:
    """The calls that one commit point passed, and the ids of those that stay reserved."""

    committed: list[CommittedCall] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    """Ids of calls for which there was no free line or no pace left; they stay reserved."""
    limited: list[int] = field(default_factory=list)
    """Ids of calls whose campaign may use no further line or has no pace left; they stay reserved, after others."""
    over_budget: set[int] = field(default_factory=set)
    """Ids of campaigns whose budget is used up."""
    gone: set[int] = field(default_factory=set)
    """Ids of campaigns whose agent, voice or caller ID is no longer at the vendor, or not active there."""
    is_open: bool = True
    """False if the provider may not place any call now."""


_READ = (
    "status", "variables", "text", "hours_start", "hours_end", "days", "calls_per_minute", "max_lines", "budget",
    "budget_is_soft", "launched_by", "quiet_hours", "pace_tat", "reserved_cost", "spent_cost", "attempts_a_day",
    "on_machine", "requires_consent", "last_day", "weekly_hours", "blackout_dates", "holiday_countries", "priority",
    "lines_percent", "provider", "second", "variants",
)  # fmt: skip
"""The columns of a campaign that a commit point reads."""


class _LostCall(Exception):
    """Raised when a row changed between the read and the compare-and-set; the batch is rolled back."""


def commit_calls(
    provider_id: int,
    token: UUID,
    ids: Sequence[int],
    idle: int,
    clock: DatabaseClock,
    answers: Sequence[OrderAnswer] = (),
) -> CommitResult:
    """Commit up to `idle` of the reserved calls for sending, in one durable transaction.

    If one of them clashes with a concurrent change, each call is committed in a transaction of its own. `answers` to
    earlier orders are written in the same transaction, or before the single ones after a clash.
    """
    try:
        return _commit(provider_id, token, ids, idle, clock, answers)
    except (IntegrityError, _LostCall):
        if answers:
            order_results.write_answers(provider_id, answers, clock.now())
        # Another worker just dialled one of these numbers, or changed a row: commit one by one to find out which.
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
            result.limited += one.limited
            result.over_budget |= one.over_budget
            result.gone |= one.gone
        return result


def _commit(
    provider_id: int,
    token: UUID,
    ids: Sequence[int],
    idle: int,
    clock: DatabaseClock,
    answers: Sequence[OrderAnswer] = (),
) -> CommitResult:
    result = CommitResult()
    with transaction.atomic(durable=True):
        now = clock.now()
        # The stop-all gate is locked before any row; stop-all locks in the same order, so there is no deadlock.
        gate = stop_all.pass_gate()
        steps = order_results.write_in_transaction(provider_id, answers, now) if answers else []
        provider = circuit_breaker.lock_provider(provider_id)
        with circuit_breaker.saving(provider):
            circuit_breaker.weigh_answers(provider, [(answer.result, answer.took) for answer in answers], now)
            if _may_call(provider, token, now, is_stopped=not gate.is_open):
                place = {call_id: at for at, call_id in enumerate(ids)}
                ways = partial(second_provider.ways, provider_id, now=now)
                due = due_calls(ids, token, now, provider_id, ways)
                calls = sorted(due, key=lambda call: place[call.pk])
                batch = _Batch(provider, calls, now, idle, at_mark(gate.settings_mark))
                batch.judge_all()
                batch.write(token)
                steps += batch.steps
                result.left, result.limited = [call.pk for call in batch.left], [call.pk for call in batch.limited]
                result.over_budget = batch.purse.used_up
                result.gone = batch.gone
                orders = batch.orders()
            else:
                result.left, result.is_open, orders = list(ids), False, []
        write_steps(steps)
    committed_at = boottime()
    result.committed = [
        CommittedCall(call_id=call_id, order=order, committed_at=committed_at) for call_id, order in orders
    ]
    return result


def _may_call(provider: Provider, token: UUID, now: datetime.datetime, *, is_stopped: bool) -> bool:
    is_ours = provider.dispatch_lease == token and is_ahead(provider.dispatch_lease_until, now, leases.LEASE)
    is_slow = provider.slowed_for(now) > 0
    return is_ours and not is_slow and not stops_of(provider, is_stopped=is_stopped)


class _Batch:
    """The reserved calls of one commit point, checked one after the other under the same locks."""

    def __init__(
        self,
        provider: Provider,
        calls: Sequence[DueCall],
        now: datetime.datetime,
        idle: int,
        installation: Installation,
    ) -> None:
        self.provider, self.calls, self.now, self.installation = provider, calls, now, installation
        campaign_ids = {call.campaign_id for call in calls if call.campaign_id}
        self.campaigns = lock_rows(Campaign, campaign_ids, _READ)
        self.seconds = second_provider.Seconds(provider.pk, self.campaigns, calls)
        judged: list[Campaign | None] = [*self.campaigns.values()]
        if any(call.campaign_id is None for call in calls):
            judged.append(None)
        self.numbers = numbers_now(
            {call.to_number for call in calls},
            now,
            quiet_since(now, judged, self.installation),
            confirmed_since(call.asked for call in calls),
            counted_since(now, judged, self.installation),
        )
        self.judges: dict[int | None, Judge] = {}
        # An unknown call counts as using a line until the longest possible call would be over.
        held = lines_held(provider.pk, provider.max_call_seconds, now)
        lines, in_doubt = held.by_campaign, held.in_doubt
        self.free = min(idle, provider.max_lines - lines.total())
        # Without any known call nothing can be concluded of the unknown ones that hold all lines: one order passes.
        is_control = self.free < 1 and idle > 0 and in_doubt and unknown_calls.lacks_control(provider)
        self.free = 1 if is_control else self.free
        open_lines = open_to_campaigns(provider.max_lines, provider.single_call_lines) - held.of_campaigns
        self.free_to_campaigns = max(open_lines, 1) if is_control else open_lines
        lines += self.seconds.lines_elsewhere(now)
        self.pace = self._tokens_of(provider)
        self.campaign_free: Counter[int] = Counter()
        for campaign in self.campaigns.values():
            before = campaign.pace_tat
            tokens = self._tokens_of(campaign)
            if campaign.pace_tat != before:
                Campaign.objects.filter(pk=campaign.pk).update(pace_tat=campaign.pace_tat)
            free = lines_of(campaign, provider) - lines[campaign.pk]
            self.campaign_free[campaign.pk] = max(0, min(tokens, max(free, 1) if is_control else free))
        payers = {self._payer_of(call) for call in calls if call.has_caps}
        self.purse = Purse(provider, self.campaigns, Rooms(provider, payers, now))
        self.worst: dict[int | None, Decimal] = {}
        """By longest call of the agent: what such a call costs at most."""
        self.passed: list[DueCall] = []
        self.left: list[DueCall] = []
        self.limited: list[DueCall] = []
        self.waiting: list[tuple[DueCall, WaitReason, datetime.datetime]] = []
        self.skipped: list[tuple[DueCall, SkipReason]] = []
        self.gone: set[int] = set()
        self.short_of_money: list[tuple[DueCall, WaitReason]] = []
        self.steps: list[Step] = []

    def _payer_of(self, call: DueCall) -> Payer:
        campaign = self.campaigns.get(call.campaign_id or 0)
        return Payer(self.provider.pk, call.team_id, (campaign and campaign.launched_by_id) or call.owner_id)

    def _worst_of(self, call: DueCall) -> Decimal:
        if call.longest not in self.worst:
            self.worst[call.longest] = worst_cost(self.provider, call.longest)
        return self.worst[call.longest]

    def _tokens_of(self, paced: Provider | Campaign) -> int:
        """Return how many calls the token bucket allows now; a bucket dated in the future is reset first."""
        cap = paced.calls_per_minute
        if not cap:
            return len(self.calls)
        taken = pace.take(paced.pace_tat, self.now.timestamp(), cap, len(self.calls))
        if not taken.count:
            paced.pace_tat = taken.tat
        return taken.count

    def judge_all(self) -> None:
        """Check every call: single calls first, then those of campaigns in turn by priority (`campaigns.lines`)."""
        queues: dict[Priority, deque[DueCall]] = {}
        for call in self.calls:
            campaign = self.campaigns.get(call.campaign_id or 0)
            if not self.seconds.goes_here(call, campaign):
                self.left.append(call)
            elif call.campaign_id is None:
                self.judge(call)
            else:
                queues.setdefault(self._priority_of(call), deque()).append(call)
        turns = Turns.read(self.provider.turns)
        while waiting := [priority for priority, calls in queues.items() if calls]:
            priority, passed = turns.next_of(waiting), len(self.passed)
            self.judge(queues[priority].popleft())
            if len(self.passed) > passed:
                turns.count(priority)
        self.provider.turns = turns.stored()

    def _priority_of(self, call: DueCall) -> Priority:
        campaign = self.campaigns.get(call.campaign_id or 0)
        return Priority(campaign.priority) if campaign is not None else Priority.NORMAL

    def judge(self, call: DueCall) -> None:
        """Decide whether a call passes, stays reserved, waits or is skipped; the first reason found counts."""
        campaign = self.campaigns.get(call.campaign_id or 0)
        if call.campaign_id and (campaign is None or campaign.status != Campaign.Status.RUNNING):
            self.left.append(call)
        elif campaign and call.is_message_gone:
            self.left.append(call)
            self.gone.add(campaign.pk)
        elif (answer := self._answer(call, campaign)).verdict is Verdict.NEVER:
            self._skip(call, SkipReason(answer.reason))
        elif answer.verdict is Verdict.WAIT:
            until = answer.until or self.now + span(LIVE_ELSEWHERE_SECONDS)
            self._wait(call, WaitReason(answer.reason), until)
        elif len(self.passed) >= min(self.free, self.pace):
            self.left.append(call)
        elif campaign and min(self.campaign_free[campaign.pk], self.free_to_campaigns) < 1:
            self.limited.append(call)
        elif refusal := self.purse.refusal(campaign, self._payer_of(call), self._worst_of(call)):
            self._wait_for_money(call, refusal)
        else:
            self.passed.append(call)
            self.numbers.live.add(call.to_number)
            self.purse.take(campaign, self._payer_of(call), self._worst_of(call))
            if campaign:
                self.campaign_free[campaign.pk] -= 1
                self.free_to_campaigns -= 1

    def _skip(self, call: DueCall, reason: SkipReason) -> None:
        if second_provider.first_may_call(call, reason):
            self._wait(call, WaitReason.NONE, self.now + span(second_provider.REFUSED_SECONDS))
        else:
            self.skipped.append((call, reason))

    def _answer(self, call: DueCall, campaign: Campaign | None) -> Eligibility:
        judge = self.judges.get(call.campaign_id)
        if judge is None:
            judge = self.judges[call.campaign_id] = Judge(
                self.now, self.provider, campaign, installation=self.installation
            )
        return judge.answer_queued(
            call.to_number,
            call.time_zone,
            call.name or "",
            call.known,
            self.numbers,
            call.asked,
            has_consent=call.has_consent,
        )

    def _wait_for_money(self, call: DueCall, refusal: MoneyWait) -> None:
        reason = WaitReason.BUDGET if refusal == MoneyWait.BUDGET else WaitReason.DAY_CAP
        if call.campaign_id is None:
            self._wait(call, reason, self.now + span(DAY_CAP_SECONDS))
        else:
            # It stays due: its campaign's row says that it waits, and whatever releases money wakes it.
            self.short_of_money.append((call, reason))

    def _wait(self, call: DueCall, reason: WaitReason, until: datetime.datetime) -> None:
        self.waiting.append((call, reason, until))

    def write(self, token: UUID) -> None:
        """Write the decisions; raises _LostCall if a row changed meanwhile."""
        self.steps += self._write_passed(token) if self.passed else []
        update_rows(
            Call,
            ["due_at", "wait_reason"],
            [(call.pk, until, reason.value) for call, reason, until in self.waiting],
            guard="c.status = 'pending'",
            same={"lease": None, "lease_until": None},
        )
        update_rows(
            Call,
            ["wait_reason"],
            [(call.pk, reason.value) for call, reason in self.short_of_money],
            guard="c.status = 'pending'",
            same={"lease": None, "lease_until": None},
        )
        self.purse.note_waits()
        self.steps += transitions.change_rows(
            transitions.SKIP,
            ["skip_reason"],
            [(call.pk, reason.value) for call, reason in self.skipped],
            self.now,
            {call.pk: Why("skipped", detail=str(reason.label)) for call, reason in self.skipped},
        ).steps

    def _write_passed(self, token: UUID) -> list[Step]:
        provider, now = self.provider, self.now
        deadline = now + datetime.timedelta(seconds=seconds(rules.HTTP_DEADLINE) + rules.PRESEND + seconds(rules.GRACE))
        moved = self.seconds.write(token, self.passed, now)
        if moved is None:
            raise _LostCall
        steps: list[Step] = []
        for longest, cost in self.worst.items():
            ids = [(call.pk,) for call in self.passed if call.longest == longest]
            steps += transitions.change_rows(
                transitions.COMMIT, (), ids, now, Why("commit_point"), lease=token, deadline_at=deadline,
                reserved_cost=cost,
            ).steps  # fmt: skip
        if len(steps) != len(self.passed):
            raise _LostCall
        steps = moved + steps
        provider.pace_tat = pace.take(
            provider.pace_tat, now.timestamp(), provider.calls_per_minute, len(self.passed)
        ).tat
        taken = Counter(call.campaign_id for call in self.passed if call.campaign_id)
        for campaign_id, count in taken.items():
            campaign = self.campaigns[campaign_id]
            if campaign.calls_per_minute:
                campaign.pace_tat = pace.take(campaign.pace_tat, now.timestamp(), campaign.calls_per_minute, count).tat
            if campaign.calls_per_minute or self.provider.price_per_minute:
                Campaign.objects.filter(pk=campaign_id).update(
                    reserved_cost=campaign.reserved_cost, pace_tat=campaign.pace_tat
                )
        return steps

    def orders(self) -> list[tuple[int, CallOrder]]:
        """Return the id and the order of each call that passed."""
        return orders_of(self.passed, self.campaigns, self.provider.backend_class)


def _postpone_clash(call_id: int, token: UUID, now: datetime.datetime) -> None:
    Call.objects.filter(pk=call_id, status=CallStatus.PENDING, lease=token).update(
        due_at=now + span(LIVE_ELSEWHERE_SECONDS), wait_reason=WaitReason.LIVE_ELSEWHERE, lease=None, lease_until=None
    )
