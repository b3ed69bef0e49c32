"""Writes what the vendor answered to orders: grouped, by compare-and-set, and never anything that could dial again."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from campaigns import rules
from campaigns.models import Call
from campaigns.reasons import WaitReason
from campaigns.services import breaking, retrying, watching
from campaigns.services.bulk import insert_rows, update_rows
from campaigns.services.clock import span
from campaigns.services.steps import Source, Step, step, write_steps
from providers.exceptions import (
    AccountProblem,
    InvalidNumber,
    NotSent,
    OrderRejected,
    ProviderError,
    RateLimited,
)
from providers.models import Provider, ProviderExchange
from providers.models.exchanges import ORDER_COLUMNS, order_rows
from providers.types import AT_VENDOR, CallOrder, CallStatus, Exchange, FailureReason, PlacedCall

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one order."""

    call_id: int
    order: CallOrder
    result: PlacedCall | ProviderError
    exchange: Exchange | None = None
    """The request as the log shows it; none where nothing reached the client."""
    took: float = 0.0
    """Seconds from the commit point to the answer."""


def write_answers(provider_id: int, answers: Sequence[Answer], now: datetime.datetime) -> None:
    """Write a group of answers in one durable transaction; safe to run again after a lost connection."""
    for one_by_one in (False, True):
        try:
            with transaction.atomic(durable=True):
                steps = write_in_transaction(provider_id, answers, now, one_by_one)
                provider = breaking.lock_provider(provider_id)
                with breaking.saving(provider):
                    breaking.weigh_answers(provider, [answer.result for answer in answers], now)
                write_steps(steps)
            return
        except IntegrityError:
            if one_by_one:
                raise


def write_in_transaction(
    provider_id: int, answers: Sequence[Answer], now: datetime.datetime, one_by_one: bool = False
) -> list[Step]:
    """Write a group of answers in the caller's transaction; returns the steps that the caller writes with its own.

    Raises IntegrityError for a vendor id that another call has already, or a number live elsewhere; `one_by_one` finds
    out which it is.
    """
    placed = [answer for answer in answers if isinstance(answer.result, PlacedCall)]
    if len(placed) < len(answers):
        # Before the campaign, as every commit point does: an ending slice may write beside its successor's commits.
        breaking.lock_provider(provider_id)
    if one_by_one:
        steps = [one for answer in placed for one in _write_one_placed(answer, now)]
    else:
        steps = _write_placed(placed, now) if placed else []
    for answer in answers:
        if isinstance(answer.result, ProviderError):
            _write_error(provider_id, answer.call_id, answer.result, now)
    exchanges = [(answer.order.reference, answer.exchange) for answer in answers if answer.exchange is not None]
    insert_rows(ProviderExchange, ORDER_COLUMNS, order_rows(provider_id, exchanges))
    return steps


def _write_placed(answers: Sequence[Answer], now: datetime.datetime) -> list[Step]:
    rows = []
    for answer in answers:
        placed = answer.result
        assert isinstance(placed, PlacedCall)
        status = placed.status if placed.status in AT_VENDOR else CallStatus.QUEUED
        rows.append(
            (
                answer.call_id,
                status.value,
                rules.RANK[status],
                placed.raw_status[:80],
                placed.remote_id,
                answer.order.variables,
                answer.order.text,
            )
        )
    changed = update_rows(
        Call,
        ("status", "rank", "raw_status", "remote_id", "variables", "text"),
        rows,
        guard="c.status IN ('placing', 'unknown') AND c.remote_id = ''",
        same={"placed_at": now, "changed_at": now, "next_poll_at": now + span(2)},
    )
    return [
        step(
            row[0], "order_taken", at=now, source=Source.ANSWER.value, from_status="placing", to_status=row[1],
        )
        for row in rows
        if row[0] in changed
    ]  # fmt: skip


def _write_one_placed(answer: Answer, now: datetime.datetime) -> list[Step]:
    try:
        with transaction.atomic():
            return _write_placed([answer], now)
    except IntegrityError:
        logger.error("call=%s: the vendor gave an id that another call has", answer.call_id)
        _leave_unknown(answer.call_id, "The vendor gave an id that another call has already.", now)
        return []


def _write_error(provider_id: int, call_id: int, error: ProviderError, now: datetime.datetime) -> None:
    match error:
        case NotSent():
            tries = (Call.objects.filter(pk=call_id).values_list("not_sent_tries", flat=True).first() or 0) + 1
            due_at = now + span(rules.back_off(tries))
            _back_to_pending(call_id, "not_sent", error, WaitReason.NOT_SENT, due_at, now, tries)
        case RateLimited():
            due_at = now + span(error.retry_after)
            _back_to_pending(call_id, "rate_limited", error, WaitReason.RATE_LIMITED, due_at, now)
            Provider.objects.filter(pk=provider_id).update(slow_until=due_at)
        case AccountProblem():
            _back_to_pending(call_id, "account_problem", error, WaitReason.PROVIDER_HALTED, now, now)
            Provider.objects.halt(provider_id, error.message)
        case OrderRejected():
            _reject(call_id, error, now)
        case _:
            _leave_unknown(call_id, error.message, now)
    Provider.objects.note_error(provider_id, error)


def _back_to_pending(
    call_id: int,
    code: str,
    error: ProviderError,
    reason: WaitReason,
    due_at: datetime.datetime,
    now: datetime.datetime,
    tries: int | None = None,
) -> None:
    call = Call.objects.filter(pk=call_id).first()
    changes: dict[str, object] = {} if tries is None else {"not_sent_tries": tries}
    went = Call.objects.filter(pk=call_id, status=CallStatus.PLACING, remote_id="").update(
        status=CallStatus.PENDING, rank=0, placing_at=None, deadline_at=None, due_at=due_at, wait_reason=reason,
        lease=None, lease_until=None, reserved_cost=0, changed_at=now, **changes,
    )  # fmt: skip
    if went and call:
        retrying.give_back(call.campaign_id, call.reserved_cost)
        _note(call_id, code, error.message, CallStatus.PENDING, now)


def _reject(call_id: int, error: OrderRejected, now: datetime.datetime) -> None:
    is_number = isinstance(error, InvalidNumber)
    reason = FailureReason.INVALID_NUMBER if is_number else FailureReason.PLACE_REJECTED
    call = Call.objects.filter(pk=call_id).first()
    went = Call.objects.filter(pk=call_id, status=CallStatus.PLACING, remote_id="").update(
        status=CallStatus.FAILED, rank=rules.rank_of(CallStatus.FAILED), failure_reason=reason,
        failure_detail=error.message, ended_at=now, changed_at=now,
    )  # fmt: skip
    if went and call:
        retrying.give_back(call.campaign_id, call.reserved_cost)
        _note(call_id, "invalid_number" if is_number else "order_rejected", error.message, CallStatus.FAILED, now)
        # Nothing was dialled, and the number is that person's own: it says nothing of the campaign.
        if not is_number:
            watching.weigh_rejection(call, now)


def _leave_unknown(call_id: int, message: str, now: datetime.datetime) -> None:
    went = Call.objects.filter(pk=call_id, status=CallStatus.PLACING).update(
        status=CallStatus.UNKNOWN, rank=rules.RANK[CallStatus.UNKNOWN], failure_detail=message, changed_at=now,
        next_poll_at=now + span(rules.next_look_delay(0)), polls=0,
    )  # fmt: skip
    if went:
        _note(call_id, "outcome_unknown", message, CallStatus.UNKNOWN, now)


def _note(call_id: int, code: str, message: str, to_status: CallStatus, now: datetime.datetime) -> None:
    write_steps(
        [
            step(
                call_id, code, at=now, source="answer", from_status="placing", to_status=to_status, detail=message
            )
        ]
    )  # fmt: skip
