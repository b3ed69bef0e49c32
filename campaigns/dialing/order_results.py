"""Writes the vendors' answers to orders, in groups and by compare-and-set.

A call whose order may have been accepted never becomes pending again.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from campaigns import rules
from campaigns.core import message_parts, transitions
from campaigns.core.call_events import Source, Step, write_steps
from campaigns.core.clock import span
from campaigns.core.message_parts import PARTS
from campaigns.core.sql.bulk import insert_rows
from campaigns.core.transitions import Why
from campaigns.dialing import circuit_breaker
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign
from campaigns.reasons import WaitReason
from campaigns.tracking import auto_pause
from campaigns.tracking.call_updates import MAX_RAW_STATUS
from providers.exceptions import (
    AccountProblem,
    CredentialsRejected,
    InvalidNumber,
    MessageRefused,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
)
from providers.models import Provider, ProviderExchange
from providers.models.exchanges import ORDER_COLUMNS, order_rows
from providers.types import AT_VENDOR, CallOrder, CallStatus, Exchange, FailureReason, PlacedCall

logger = logging.getLogger(__name__)

FIRST_POLL_SECONDS = 2
"""Seconds from a placed order to the first poll of its call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """The result of one order: the placed call, or the error."""

    call_id: int
    order: CallOrder
    result: PlacedCall | ProviderError
    exchange: Exchange | None = None
    """The HTTP exchange for the log; None if no request was made."""
    took: float = 0.0
    """Seconds from the commit point to the answer."""


def write_answers(provider_id: int, answers: Sequence[OrderAnswer], now: datetime.datetime) -> None:
    """Write a group of answers in one durable transaction; idempotent, so safe to repeat after a lost connection."""
    for one_by_one in (False, True):
        try:
            with transaction.atomic(durable=True):
                steps = write_in_transaction(provider_id, answers, now, one_by_one)
                provider = circuit_breaker.lock_provider(provider_id)
                with circuit_breaker.saving(provider):
                    circuit_breaker.weigh_answers(provider, [(answer.result, answer.took) for answer in answers], now)
                write_steps(steps)
            return
        except IntegrityError:
            if one_by_one:
                raise


def write_or_lose(provider_id: int, answers: Sequence[OrderAnswer], now: datetime.datetime) -> None:
    """Write a group of answers; one that cannot be written leaves its own call unknown, and no other's answer unsaid.

    Raises OperationalError and InterfaceError, after which all is tried again.
    """
    try:
        write_answers(provider_id, answers, now)
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.error("provider=%s: answers cannot be written: %s", provider_id, type(error).__name__)
    for answer in answers:
        try:
            write_answers(provider_id, [answer], now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            lost = OutcomeUnknown(f"The vendor's answer cannot be written: {type(error).__name__}.")
            write_answers(provider_id, [replace(answer, result=lost, exchange=None)], now)


def write_in_transaction(
    provider_id: int, answers: Sequence[OrderAnswer], now: datetime.datetime, one_by_one: bool = False
) -> list[Step]:
    """Write a group of answers in the caller's transaction; returns the call events for the caller to write.

    Raises IntegrityError if another call has the vendor's id already, or if the number is in another live call. With
    `one_by_one` each placed call is written on its own, and such a conflict is handled for that call alone.
    """
    placed = [answer for answer in answers if isinstance(answer.result, PlacedCall)]
    if len(placed) < len(answers):
        # Lock the provider before the campaign, as commit points do: the next slice may be committing already.
        circuit_breaker.lock_provider(provider_id)
    if one_by_one:
        steps = [one for answer in placed for one in _write_one_placed(answer, now)]
    else:
        steps = _write_placed(placed, now) if placed else []
    is_reached = any(not isinstance(answer.result, NotSent | OutcomeUnknown) for answer in answers)
    for answer in answers:
        if isinstance(answer.result, ProviderError):
            _write_error(provider_id, answer.call_id, answer.result, now, is_reached)
    exchanges = [(answer.order.reference, answer.exchange) for answer in answers if answer.exchange is not None]
    insert_rows(ProviderExchange, ORDER_COLUMNS, order_rows(provider_id, exchanges))
    return steps


def _write_placed(answers: Sequence[OrderAnswer], now: datetime.datetime) -> list[Step]:
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
                placed.raw_status[:MAX_RAW_STATUS],
                placed.remote_id,
                answer.order.variables,
                answer.order.text,
                placed.not_before if status == CallStatus.QUEUED else None,
            )
        )
    return transitions.change_rows(
        transitions.ACCEPT,
        ("status", "rank", "raw_status", "remote_id", "variables", "text", "not_before"),
        rows,
        now,
        Why("order_taken", Source.ANSWER.value),
        next_poll_at=now + span(FIRST_POLL_SECONDS),
    ).steps


def _write_one_placed(answer: OrderAnswer, now: datetime.datetime) -> list[Step]:
    try:
        with transaction.atomic():
            return _write_placed([answer], now)
    except IntegrityError:
        logger.error("call=%s: the vendor gave an id that another call has", answer.call_id)
        _leave_unknown(answer.call_id, "The vendor gave an id that another call has already.", now)
        return []


def _write_error(
    provider_id: int, call_id: int, error: ProviderError, now: datetime.datetime, is_reached: bool
) -> None:
    match error:
        case NotSent():
            before = Call.objects.filter(pk=call_id).values_list("not_sent_tries", flat=True).first() or 0
            tries = min(before + 1, rules.MAX_NOT_SENT)
            keeps_trying = is_reached or not circuit_breaker.take_over(provider_id, tries, now)
            due_at = now + span(rules.back_off(tries)) if keeps_trying else now
            _back_to_pending(call_id, "not_sent", error, WaitReason.NOT_SENT, due_at, now, tries)
        case RateLimited():
            due_at = now + span(error.retry_after)
            _back_to_pending(call_id, "rate_limited", error, WaitReason.RATE_LIMITED, due_at, now)
        case AccountProblem():
            _back_to_pending(call_id, "account_problem", error, WaitReason.PROVIDER_HALTED, now, now)
            Provider.objects.halt(provider_id, error.message, kind=type(error).__name__)
            if not isinstance(error, CredentialsRejected):
                Provider.objects.ask_sync(provider_id)
        case MessageRefused():
            _refuse_message(call_id, error, now)
            Provider.objects.ask_sync(provider_id)
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
    tries: int = 0,
) -> None:
    transitions.change(
        transitions.RETURN, Call.objects.filter(pk=call_id), now, _told(code, error.message), due_at=due_at,
        wait_reason=reason, not_sent_tries=tries,
    )  # fmt: skip


def _refuse_message(call_id: int, error: MessageRefused, now: datetime.datetime) -> None:
    """Take a call back whose agent, voice or caller ID the vendor refuses, and pause its campaign at once.

    All others of the campaign would be refused alike. A single call ends: its asker chooses another agent.
    """
    campaign = Campaign.objects.filter(calls=call_id).first()
    if campaign is None:
        _reject(call_id, error, now)
        return
    call = Call.objects.select_related("provider", *PARTS).get(pk=call_id)
    for name in ("provider", *PARTS):
        # What was refused is what the call had: that of the second provider, where it went through that.
        setattr(campaign, name, getattr(call, name))
    _back_to_pending(call_id, "message_refused", error, WaitReason.MESSAGE_REFUSED, now, now)
    lifecycle.pause_by_system(campaign.pk, message_parts.why_refused(campaign, error))


def _reject(call_id: int, error: OrderRejected, now: datetime.datetime) -> None:
    is_number = isinstance(error, InvalidNumber)
    went = transitions.change(
        transitions.REFUSE,
        Call.objects.filter(pk=call_id),
        now,
        _told("invalid_number" if is_number else "order_rejected", error.message),
        failure_reason=FailureReason.INVALID_NUMBER if is_number else FailureReason.PLACE_REJECTED,
        failure_detail=error.message,
    )
    # A rejected number is a matter of that one person, so it does not count towards the automatic pause.
    if went and not is_number:
        auto_pause.weigh_rejection(Call.objects.get(pk=call_id), error.message, now)


def _leave_unknown(call_id: int, message: str, now: datetime.datetime) -> None:
    transitions.change(
        transitions.LOSE, Call.objects.filter(pk=call_id), now, _told("outcome_unknown", message),
        failure_detail=message, next_poll_at=now + span(rules.next_look_delay(0)),
    )  # fmt: skip


def _told(code: str, message: str) -> Why:
    return Why(code, Source.ANSWER.value, message)
