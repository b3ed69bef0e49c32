"""How many statements the hot paths ask of the database: the commit point, order results and news of calls."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.core import kept_opt_outs, leases
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import order_results, reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.dialing.order_results import OrderAnswer
from campaigns.models import Call, Campaign, DialingSwitch
from campaigns.tracking.call_updates import merge_news
from providers.exceptions import (
    CredentialsRejected,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
)
from providers.types import CallSnapshot, CallStatus, PlacedCall
from tests.conftest import ALL_DAY, make_agent, make_call, make_campaign, make_contact, make_provider
from tests.orders import order_for

CALLS = 5


class Stage:
    """A running campaign with a budget, whose provider's lease is ours."""

    def __init__(self) -> None:
        DialingSwitch.objects.get_or_create(pk=1)
        self.token = uuid.uuid4()
        provider = make_provider(max_lines=100)
        self.campaign = make_campaign(
            provider=provider,
            agent=make_agent(provider),
            variables={"who": "Dear {name}"},
            budget=Decimal(1000),
            **ALL_DAY,
        )
        Campaign.objects.update(status="running", is_filled=True)
        self.provider = provider
        leases.take("dispatch", provider.pk, self.token, timezone.now())

    def calls(self, **fields: Any) -> list[Call]:
        defaults = {"campaign": self.campaign, "agent": self.campaign.agent, "reserved_cost": Decimal("0.25")}
        return [make_call(**(defaults | {"contact": make_contact()} | fields)) for _number in range(CALLS)]

    def out(self, **fields: Any) -> list[Call]:
        """Make calls whose orders are on the wire."""
        now = timezone.now()
        return self.calls(**({"status": "placing", "rank": 10, "placing_at": now, "deadline_at": now} | fields))

    def there(self) -> list[Call]:
        """Make calls that the vendor has."""
        made = self.out(status="ringing", rank=50)
        for call in made:
            Call.objects.filter(pk=call.pk).update(remote_id=f"call-{call.pk}")
        return made


def counted(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


@pytest.fixture
def stage(transactional_db: None) -> Stage:
    return Stage()


def committed(stage: Stage) -> int:
    made = stage.calls(reserved_cost=0)
    ids = reservation.reserve(stage.provider.pk, stage.token, 100, timezone.now())
    clock = DatabaseClock()
    clock.now()
    for _time in range(2):
        # A process reads it once; one that has just made it reads it once more.
        kept_opt_outs.key()
    asked = counted(lambda: commit_calls(stage.provider.pk, stage.token, ids, 100, clock))
    assert Call.objects.filter(pk__in=[call.pk for call in made]).exclude(status="pending").count() == CALLS
    return asked


def answered(stage: Stage, *results: PlacedCall | ProviderError) -> int:
    answers = [
        OrderAnswer(call_id=call.pk, order=order_for(call), result=result)
        for call, result in zip(stage.out(), results, strict=False)
    ]
    return counted(lambda: order_results.write_answers(stage.provider.pk, answers, timezone.now()))


def heard(stage: Stage, **told: Any) -> int:
    news = {call.pk: CallSnapshot(remote_id=f"call-{call.pk}", **told) for call in stage.there()}
    return counted(lambda: merge_news(news, source="poll", now=timezone.now()))


STATEMENTS = {
    "commit": (13, 13),
    "taken": (6, 6),
    "NotSent": (11, 10),
    "RateLimited": (11, 10),
    "CredentialsRejected": (15, 15),
    "OrderRejected": (12, 12),
    "OutcomeUnknown": (8, 8),
    "moved": (5, 5),
    "nothing": (4, 4),
    "completed": (22, 12),
    "no_answer": (32, 21),
}
"""What each asked while every module wrote the status itself, and what it asks now; five calls, one error.

Of a halt (`CredentialsRejected`) it is asked who wants to hear of it."""


def test_the_hot_paths_ask_for_no_more(stage: Stage) -> None:
    taken = [PlacedCall(remote_id=f"t{n}", raw_status="queued", status=CallStatus.QUEUED) for n in range(CALLS)]
    errors = (NotSent("x"), RateLimited("x"), CredentialsRejected("x"), OrderRejected("x"), OutcomeUnknown("x"))
    found = {"commit": committed(stage), "taken": answered(stage, *taken)}
    found |= {type(error).__name__: answered(stage, error) for error in errors}
    found["moved"] = heard(stage, status=CallStatus.IN_PROGRESS)
    found["nothing"] = heard(stage, status=CallStatus.RINGING)
    found["completed"] = heard(stage, status=CallStatus.COMPLETED, talk_seconds=30)
    found["no_answer"] = heard(stage, status=CallStatus.NO_ANSWER)
    expected = {name: now for name, (_before, now) in STATEMENTS.items()}
    if connection.vendor == "postgresql":
        # By whose clock the vendor slows us down: SQLite's is this machine's, PostgreSQL's is asked.
        expected["RateLimited"] += 1
    assert found == expected
    assert all(number <= STATEMENTS[name][0] for name, number in found.items())
    assert all(now <= before for before, now in STATEMENTS.values())
