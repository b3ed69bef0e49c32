"""Campaigns for programs: read, changed only as they were read, launched by the rules of approval."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.launch import start
from campaigns.models import Campaign
from tests.conftest import make_campaign, make_list, make_person
from tests.programs import Program

pytestmark = pytest.mark.django_db

Status = Campaign.Status


def test_a_campaign_is_changed_only_as_it_was_read(caller: User) -> None:
    campaign, program = make_campaign([make_list(2)], owner=caller, name="Old", max_lines=2), Program(caller)
    read = program.get(f"/campaigns/{campaign.pk}")
    assert (read.json()["people"], read.json()["max_lines"], read.json()["status"]) == (2, 2, "draft")
    change = {"name": "New", "budget": "12.50", "max_lines": None}
    changed = program.patch(f"/campaigns/{campaign.pk}", change, If_Match=read["ETag"])
    assert (changed.status_code, changed.json()["budget"], changed.json()["max_lines"]) == (200, "12.5", None)
    assert program.patch(f"/campaigns/{campaign.pk}", {"name": "Late"}, If_Match=read["ETag"]).status_code == 412
    assert program.patch(f"/campaigns/{campaign.pk}", {"name": "Late"}).status_code == 428
    before, campaign = campaign, Campaign.objects.get(pk=campaign.pk)
    assert campaign.name == "New"
    # All else stays as it was.
    same = ("agent_id", "hours_start", "hours_end", "days", "max_attempts", "retries", "quiet_hours", "variables")
    assert [getattr(before, name) for name in same] == [getattr(campaign, name) for name in same]
    assert set(AuditEvent.objects.get(action="campaign.edited").detail["fields"]) == {"name", "budget", "max_lines"}


def test_a_launch_is_of_what_was_read_and_above_the_limit_waits_for_another(caller: User, settings: object) -> None:
    settings.CALLER_LAUNCH_LIMIT = 3  # type: ignore[attr-defined]
    small, large = (make_campaign([make_list(people)], owner=caller) for people in (2, 4))
    program = Program(caller)
    assert program.post(f"/campaigns/{small.pk}/launch", {"seen": 1}).status_code == 409
    assert program.post(f"/campaigns/{small.pk}/launch", {"seen": 2}, If_Match='"old"').status_code == 412
    read = program.get(f"/campaigns/{small.pk}")
    assert (
        program.post(f"/campaigns/{small.pk}/launch", {"seen": 2}, If_Match=read["ETag"]).json()["status"] == "running"
    )
    waits = program.post(f"/campaigns/{large.pk}/launch", {"seen": 4}).json()
    assert (waits["status"], "Sent for approval" in waits["sentence"]) == ("waiting", True)
    assert AuditEvent.objects.filter(action="campaign.approval_asked", actor=caller).exists()


def test_a_campaign_is_paused_resumed_and_stopped(caller: User) -> None:
    campaign = make_campaign([make_list(1)], owner=caller, status=Status.RUNNING, is_filled=True)
    program = Program(caller)
    for act, status in (("pause", "paused"), ("resume", "running"), ("stop", "stopped")):
        done = program.post(f"/campaigns/{campaign.pk}/{act}", {})
        assert (done.json()["status"], done.json()["changed"]) == (status, True)
        assert Campaign.objects.get(pk=campaign.pk).status == status
    assert program.post(f"/campaigns/{campaign.pk}/pause", {}).json()["changed"] is False
    assert program.patch(f"/campaigns/{campaign.pk}", {"name": "x"}, If_Match="*").status_code == 403


def test_campaigns_are_listed_by_status_within_reach(caller: User) -> None:
    mine = [make_campaign([make_list(1)], owner=caller, status=one) for one in (Status.DRAFT, Status.RUNNING)]
    make_campaign([make_list(1)], owner=make_person(), status=Status.RUNNING)
    program = Program(caller)
    assert [one["id"] for one in program.get("/campaigns").json()["items"]] == [mine[1].pk, mine[0].pk]
    assert [one["id"] for one in program.get("/campaigns?status=running").json()["items"]] == [mine[1].pk]


def test_a_key_asks_for_approval_sees_who_may_give_it_and_gives_none(
    caller: User, manager: User, settings: object
) -> None:
    settings.CALLER_LAUNCH_LIMIT = 1  # type: ignore[attr-defined]
    campaign, program = make_campaign([make_list(2)], owner=caller), Program(caller)
    program.post(f"/campaigns/{campaign.pk}/launch", {"seen": 2})
    asked = program.get(f"/campaigns/{campaign.pk}/approval").json()
    assert (asked["waits"], asked["people"], asked["asked_by"], asked["approved_by"]) == (
        True, 2, caller.username, "",
    )  # fmt: skip
    assert manager.username in asked["waits_for"]
    of_manager = Program(manager)
    refused = of_manager.post(f"/campaigns/{campaign.pk}/approve")
    assert (refused.status_code, "on its page" in refused.json()["detail"]) == (403, True)
    assert Campaign.objects.get(pk=campaign.pk).status == Status.WAITING
    start.approve(campaign.pk, manager)
    given = of_manager.get(f"/campaigns/{campaign.pk}/approval").json()
    assert (given["waits"], given["approved_by"], given["approved_people"], given["differs"]) == (
        False, manager.username, 2, [],
    )  # fmt: skip


def test_a_request_for_approval_is_withdrawn_and_a_rest_is_asked_for(caller: User) -> None:
    campaign = make_campaign([make_list(2)], owner=caller, status=Status.WAITING, launched_by=caller)
    pilot = make_campaign(
        [make_list(2)], owner=caller, status=Status.PAUSED, pilot="asks", launched_at=timezone.now(), is_filled=True
    )
    program = Program(caller)
    done = [program.post(f"/campaigns/{campaign.pk}/withdraw").json() for _ in range(2)]
    assert [(one["changed"], one["status"]) for one in done] == [(True, "draft"), (False, "draft")]
    done = [program.post(f"/campaigns/{pilot.pk}/ask-for-rest").json() for _ in range(2)]
    assert [(one["changed"], one["status"]) for one in done] == [(True, "waiting"), (False, "waiting")]
