"""A user who is switched off: a named person takes their work over, or it pauses and says why."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import approvals, enqueue, lifecycle, start, successions
from campaigns.minute_job import sweep
from campaigns.models import CallExport, Campaign, HandOver, SavedFilter
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_call, make_campaign, make_list, make_person
from tests.situations import fresh

Status = Campaign.Status
HOUR = datetime.timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]


def launched(person: User, **fields: Any) -> Campaign:
    campaign = make_campaign([make_list(2)], owner=person, **(ALL_DAY | fields))
    start.launch(campaign.pk, person)
    return fresh(campaign)


def scheduled(person: User) -> Campaign:
    campaign = make_campaign([make_list(2)], owner=person, **ALL_DAY)
    start.launch(campaign.pk, person, starts_at=timezone.now() + HOUR)
    return fresh(campaign)


def switch_off(person: User, successor: User | None = None, by: User | None = None) -> None:
    """Switch a user off as every form and command does: by saving the account."""
    person.is_active = False
    person.successor, person.switched_off_by = successor, by  # type: ignore[attr-defined]
    person.save()


def test_without_a_successor_running_campaigns_pause_and_start_times_go(
    client: Client, caller: User, manager: User, admin_person: User
) -> None:
    running, later = launched(caller), scheduled(caller)
    switch_off(caller, by=admin_person)
    assert (fresh(running).status, fresh(running).paused_by_system) == (Status.PAUSED, True)
    assert fresh(running).paused_reason.startswith("sara was turned off.")
    assert fresh(later).status == Status.DRAFT
    assert "sara was turned off" in fresh(later).start_refusal
    assert AuditEvent.objects.get(action="campaign.paused").detail["reason"].startswith("sara was turned off")
    assert AuditEvent.objects.get(action="user.work_left").actor == admin_person
    client.force_login(manager)
    for campaign in (running, later):
        assert "sara was turned off" in text_of(client.get(reverse("campaign", args=[campaign.pk])))
    assert start.start_due(timezone.now() + 2 * HOUR) == 0


def test_who_resumes_or_launches_it_takes_it_over(caller: User, manager: User) -> None:
    running, later = launched(caller), scheduled(caller)
    switch_off(caller)
    lifecycle.resume(running.pk, manager)
    start.launch(later.pk, manager)
    for campaign in (running, later):
        assert (fresh(campaign).owner, fresh(campaign).status) == (manager, Status.RUNNING)
    assert successions.pause_left_behind() == 0


def test_a_successor_takes_everything_over(caller: User, manager: User, admin_person: User) -> None:
    ali = make_person(MANAGER, username="ali")
    running, later = launched(ali), scheduled(ali)
    policy = launched(manager, hand_overs={"busy": {"person": ali.pk, "minutes": 60}})
    given = HandOver.objects.create(call=make_call(), person=ali, outcome="busy", due_at=timezone.now())
    done = HandOver.objects.create(
        call=make_call(), person=ali, outcome="busy", due_at=timezone.now(), state=HandOver.State.DONE
    )
    export = CallExport.objects.create(owner=ali, format="csv", language="en", zone="UTC")
    for owner in (ali, manager):
        SavedFilter.objects.create(owner=owner, name="Mine", query="", is_shared=True)
    switch_off(ali, manager, admin_person)
    assert (fresh(running).status, fresh(running).owner, fresh(running).launched_by) == (
        Status.RUNNING, manager, manager,
    )  # fmt: skip
    assert (fresh(later).status, fresh(later).launched_by) == (Status.SCHEDULED, manager)
    assert fresh(policy).hand_overs == {"busy": {"person": manager.pk, "minutes": 60}}
    given.refresh_from_db()
    done.refresh_from_db()
    export.refresh_from_db()
    assert (given.person, given.given_by, done.person, export.owner) == (manager, admin_person, ali, manager)
    assert set(SavedFilter.objects.filter(owner=manager).values_list("name", flat=True)) == {"Mine", "Mine (2)"}
    assert start.start_due(timezone.now() + 2 * HOUR) == 1
    handed = AuditEvent.objects.filter(action="campaign.handed_over")
    assert {(event.actor, event.detail["to"]) for event in handed} == {(admin_person, manager.pk)}


def test_what_nobody_takes_over_is_left_to_managers_or_fails_with_the_reason(caller: User) -> None:
    given = HandOver.objects.create(call=make_call(), person=caller, outcome="busy", due_at=timezone.now())
    export = CallExport.objects.create(owner=caller, format="csv", language="en", zone="UTC")
    switch_off(caller)
    given.refresh_from_db()
    export.refresh_from_db()
    assert (given.person, export.state) == (None, CallExport.State.FAILED)
    assert "turned off" in export.error


def test_a_caller_takes_over_no_exports(caller: User, manager: User) -> None:
    export = CallExport.objects.create(owner=manager, format="csv", language="en", zone="UTC")
    switch_off(manager, caller)
    export.refresh_from_db()
    assert (export.owner, export.state) == (manager, CallExport.State.FAILED)


@pytest.mark.parametrize("kind", ["switched off", "no right", "same"])
def test_who_cannot_take_over_is_refused_and_the_user_stays_active(caller: User, manager: User, kind: str) -> None:
    running = launched(caller)
    successor = caller if kind == "same" else make_person(MANAGER)
    if kind == "switched off":
        User.objects.filter(pk=successor.pk).update(is_active=False)
        successor.refresh_from_db()
    elif kind == "no right":
        successor.groups.clear()
        successor = User.objects.get(pk=successor.pk)
    with pytest.raises(Refusal, match="cannot take over"):
        successions.hand_over(caller, successor, manager)
    assert fresh(running).owner == caller


def test_an_account_that_was_changed_past_the_product_is_noticed_within_a_minute(caller: User) -> None:
    running, later = launched(caller), scheduled(caller)
    User.objects.filter(pk=caller.pk).update(is_active=False)
    assert fresh(running).status == Status.RUNNING
    assert sweep()["left_behind"] == 2
    assert (fresh(running).status, fresh(later).status) == (Status.PAUSED, Status.DRAFT)


def test_who_only_approved_it_leaves_it_with_its_owner(caller: User, manager: User, settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 1
    now, later = (make_campaign([make_list(2)], owner=caller, **ALL_DAY) for _ in range(2))
    start.launch(now.pk, caller)
    start.launch(later.pk, caller, starts_at=timezone.now() + HOUR)
    for campaign in (now, later):
        start.approve(campaign.pk, manager, mark=approvals.mark_of(fresh(campaign)))
    switch_off(manager)
    assert successions.pause_left_behind() == 0
    assert start.start_due(timezone.now() + 2 * HOUR) == 1
    for campaign in (now, later):
        assert enqueue.fill_campaign(campaign.pk) == 2
        assert fresh(campaign).status == Status.RUNNING


def test_a_request_of_somebody_switched_off_is_taken_back(caller: User, manager: User, settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 1
    campaign = make_campaign([make_list(2)], owner=caller, **ALL_DAY)
    start.launch(campaign.pk, caller)
    switch_off(caller)
    assert fresh(campaign).status == Status.DRAFT
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.WAITING)
    with pytest.raises(Refusal, match="Its owner was turned off"):
        start.approve(campaign.pk, manager)


def test_their_open_pages_are_dead_at_once(client: Client, caller: User) -> None:
    client.force_login(caller)
    assert client.get(reverse("today")).status_code == 200
    switch_off(caller)
    assert client.get(reverse("today")).status_code == 302


def test_the_page_of_accounts_hands_over(client: Client, caller: User, admin_person: User) -> None:
    other = make_person(CALLER, username="neda")
    running = launched(caller)
    client.force_login(admin_person)
    address = reverse("admin:auth_user_change", args=[caller.pk])
    page = client.get(address).content.decode()
    assert "When turned off, work goes to" in page
    form = client.get(address).context["adminform"].form
    given = {"username": "sara", "roles": [group.pk for group in caller.groups.all()], "successor": other.pk}
    client.post(address, given | {"shown": _value_of(str(form.shown))})
    caller.refresh_from_db()
    assert (caller.is_active, fresh(running).owner) == (False, other)


def _value_of(hidden: str) -> str:
    from html import unescape

    return unescape(hidden.partition('value="')[2].partition('"')[0])
