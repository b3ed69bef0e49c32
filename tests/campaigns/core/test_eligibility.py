"""May this person be called now: one table of cases, and everybody who asks gives the same answer to each.

Whoever begins to ask joins `ASKERS`; a new rule joins the cases.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaigns.core import conditions, eligibility, eligibility_facts
from campaigns.launch.launch_check import check_launch
from campaigns.models import Call, DoNotCall
from providers.types import CallStatus, FailureReason
from tests.campaigns.core.eligibility_table.askers import ASKERS, EVERYBODYS_STOP
from tests.campaigns.core.eligibility_table.cases import CASES
from tests.campaigns.core.eligibility_table.world import DESK_HOURS, HOUR, NOT_LAUNCHED, NOW, SECOND, Case, World
from tests.conftest import make_call, make_campaign, make_list, make_provider

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everybody_answers_the_same(
    case: Case, client: Client, manager: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: case.at)
    client.force_login(manager)
    world, is_queued = World(case), False
    asked = []
    for name, asker in ASKERS.items():
        if name in case.not_asked:
            continue
        if name not in {"form", "check"} and not is_queued:
            world.queue()
            is_queued = True
        world.provider.refresh_from_db()
        try:
            asker(world, client, manager, settings).ask()
        except AssertionError as error:
            error.add_note(f"asked: {name}")
            raise
        asked.append(name)
    assert asked
    assert sorted(asked) == sorted(ASKERS.keys() - case.not_asked.keys())


def test_the_table_is_whole() -> None:
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.not_asked.keys() < ASKERS.keys(), case.name
        assert not case.reason or (case.sentence and case.queued), case.name
        assert all(len(why) > 20 for why in case.not_asked.values()), case.name
    judged = {
        *("do_not_call", "excluded", "number_refused", "no_zone", "missing_variable", "no_consent"),
        *(reason.value for reason in eligibility.JUDGED_WAITS),
        *EVERYBODYS_STOP,
    }
    assert {case.reason for case in CASES} == judged | {""}
    for asker in ASKERS:
        reasons = {case.reason for case in CASES if asker not in case.not_asked}
        before_launch = {"attempts_a_day"} if asker in NOT_LAUNCHED else set()
        assert judged - reasons <= {"excluded", "provider_off"} | before_launch, asker


# When a phone may have rung


@pytest.mark.parametrize("has_left", [True, False])
def test_the_condition_and_the_row_agree_on_every_state_and_failure(has_left: bool) -> None:
    placing_at = NOW if has_left else None
    provider = make_provider()
    calls = [
        make_call(provider=provider, status=status, failure_reason=failure, placing_at=placing_at)
        for status, failure in itertools.product(CallStatus.values, FailureReason.values)
    ]
    by_row = {call.pk for call in calls if conditions.may_have_rung(call)}
    assert set(Call.objects.filter(conditions.phone_may_have_rung()).values_list("pk", flat=True)) == by_row
    by_statement = Call.objects.extra(where=[conditions.PHONE_MAY_HAVE_RUNG])
    assert set(by_statement.values_list("pk", flat=True)) == by_row
    silent = {(call.status, call.failure_reason) for call in calls if call.pk not in by_row}
    assert bool(by_row) == has_left
    if has_left:
        nobody = {("failed", "place_rejected"), ("failed", "invalid_number"), ("failed", "not_placed"),
                  ("failed", "no_call")}  # fmt: skip
        never = set(itertools.product(("pending", "skipped"), FailureReason.values))
        assert silent == nobody | never


def test_the_wish_is_in_force_alike_for_the_row_the_set_and_the_statement() -> None:
    for number, expires_at in enumerate((None, NOW - SECOND, NOW, NOW + SECOND)):
        DoNotCall.objects.create(phone=f"+9891200000{number:02d}", expires_at=expires_at)
    phones = list(DoNotCall.objects.values_list("phone", flat=True))
    by_set = set(DoNotCall.objects.in_force(NOW).values_list("phone", flat=True))
    assert eligibility_facts.numbers_now(phones, NOW, None).forbidden == by_set == {"+989120000000", "+989120000003"}


def test_a_list_behind_a_wrong_agent_is_called_at_once_by_the_right_one() -> None:
    people = make_list(3)
    wrong = make_campaign([people], **DESK_HOURS)
    for contact in people.contacts.all():
        make_call(
            campaign=wrong, contact=contact, status="failed", failure_reason="place_rejected", placing_at=NOW - HOUR
        )
    check = check_launch(make_campaign([people], **DESK_HOURS), NOW)
    assert dict(check.verdicts) == {"now": 3}
