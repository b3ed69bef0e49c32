"""A living campaign that a program feeds: approved once, each person added once, called, and its state read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import queue, tasks
from campaigns.core.day_caps import day_of
from campaigns.launch import approvals, lifecycle, start
from campaigns.models import Call, Campaign, Contact, DoNotCall
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_campaign, make_list, make_person
from tests.programs import Program
from tests.situations import fresh

pytestmark = pytest.mark.django_db
Status = Campaign.Status


def living(owner: User, **fields: Any) -> Campaign:
    limits = {"people_a_day": 50, "people_in_all": 300, "last_day": day_of(timezone.now()).date}
    lists = fields.pop("lists", None) or [make_list(0)]
    return make_campaign(lists, owner=owner, is_living=True, **(ALL_DAY | limits | fields))


def put(program: Program, campaign: Campaign, phone: str, token: str, **more: Any) -> Any:
    return program.post(f"/campaigns/{campaign.pk}/people", {"phone": phone, **more}, Idempotency_Key=token)


def test_a_program_feeds_a_campaign_that_was_approved(
    sandbox: Sandbox, dial: Callable[..., None], caller: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_take_up", lambda: rung.append("take_up"))
    provider = sandbox.provider()
    campaign, program = living(caller, provider=provider, agent=provider.agent_set.first()), Program(caller)
    assert put(program, campaign, "+989121239901", "early").status_code == 409
    asked = program.post(f"/campaigns/{campaign.pk}/launch", {"seen": 0}).json()
    assert (asked["status"], "300 people" in asked["sentence"]) == ("waiting", True)
    start.approve(campaign.pk, manager, mark=approvals.mark_of(fresh(campaign)))
    rung.clear()
    joined = put(program, campaign, "0912 123 9901", "one", name="Sara")
    assert (joined.status_code, joined.json()["verdict"], joined.json()["call"]) == (201, "now", None)
    assert rung == ["take_up"]
    again = put(program, campaign, "0912 123 9901", "one", name="Sara")
    assert (again.status_code, again.json()["person"]) == (200, joined.json()["person"])
    # A second key for the same number changes the contact and calls nobody twice.
    assert put(program, campaign, "+989121239901", "two", name="Sara S").status_code == 201
    forbidden = "+989121239911"
    DoNotCall.objects.create(phone=forbidden)
    refused = put(program, campaign, forbidden, "three").json()
    assert (refused["verdict"], "do-not-call" in refused["sentence"]) == ("do_not_call", True)
    tasks.take_up()
    dial(until=lambda: sandbox.dials_of("+989121239901") == 1)
    dial(0.3)
    assert [sandbox.dials_of(number) for number in ("+989121239901", forbidden)] == [1, 0]
    assert Contact.objects.get(phone="+989121239901").name == "Sara S"
    state = program.get(f"/campaigns/{campaign.pk}").json()
    assert (state["status"], state["living"]["is_open"]) == ("running", True)
    assert (state["living"]["queued_today"], state["living"]["queued_in_all"]) == (1, 1)
    assert [(one["reason"], one["people"]) for one in state["living"]["refused"]] == [("do_not_call", 1)]
    known = put(program, campaign, "+989121239901", "four").json()
    assert known["call"] == Call.objects.get(campaign=campaign, contact=known["person"]).pk
    # What changes goes back for approval; until then nobody joins.
    Campaign.objects.filter(pk=campaign.pk).update(people_in_all=301)
    tasks.take_up()
    assert fresh(campaign).status == Status.WAITING
    assert put(program, campaign, "+989121239922", "five").status_code == 409


def test_a_program_adds_only_to_its_own_open_campaigns_and_their_lists(caller: User, manager: User) -> None:
    first, second, other = make_list(0), make_list(0), make_list(0)
    campaign = living(manager, lists=[first, second], tags=["new"])
    start.launch(campaign.pk, manager)
    program = Program(manager)
    unsaid = put(program, campaign, "+989121110001", "a", tags=["new"])
    assert (unsaid.status_code, unsaid.json()["errors"][0]["field"]) == (422, "list_id")
    assert put(program, campaign, "+989121110001", "b", list_id=other.pk, tags=["new"]).status_code == 422
    untagged = put(program, campaign, "+989121110001", "c", list_id=second.pk)
    assert (untagged.status_code, untagged.json()["errors"][0]["field"]) == (422, "tags")
    assert not Contact.objects.filter(phone="+989121110001").exists()
    assert put(program, campaign, "+989121110001", "d", list_id=second.pk, tags=["new"]).status_code == 201
    fixed = make_campaign([first], owner=manager)
    assert put(program, fixed, "+989121110002", "e").status_code == 409
    assert program.post(f"/campaigns/{campaign.pk}/people", {"phone": "+989121110003"}).status_code == 400
    lifecycle.stop(campaign.pk, manager)
    assert put(program, campaign, "+989121110003", "f", list_id=first.pk, tags=["new"]).status_code == 409
    stranger = make_person(username="stranger")
    assert put(Program(stranger), campaign, "+989121110003", "g").status_code in {403, 404}
