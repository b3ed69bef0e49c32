"""Whoever joins a living campaign is queued once, within its limits, or refused with the reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import minute_job, queue, tasks
from campaigns.contacts import duplicates, lists
from campaigns.contacts import people as people_service
from campaigns.contacts.importing.saved import undoing
from campaigns.core.day_caps import day_of
from campaigns.launch import drafts, first_attempts, lifecycle, start
from campaigns.launch.living import joining
from campaigns.launch.living.state import living_state, refused
from campaigns.models import Call, Campaign, Contact, ContactList, DoNotCall
from tests.campaigns.conftest import Sandbox
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list
from tests.files import people_file
from tests.situations import fresh

pytestmark = pytest.mark.django_db
Status = Campaign.Status
DAY = datetime.timedelta(days=1)


def living(manager: User, people: int = 0, source: ContactList | None = None, **fields: Any) -> Campaign:
    """Launch a living campaign of a manager whose list has so many people."""
    limits = {"people_a_day": 50, "people_in_all": 100, "last_day": day_of(timezone.now()).date + 7 * DAY}
    campaign = make_campaign(
        [source or make_list(people)], owner=manager, is_living=True, **(ALL_DAY | limits | fields)
    )
    assert start.launch(campaign.pk, manager).status == Status.RUNNING
    return fresh(campaign)


def add(campaign: Campaign, person: User, **fields: Any) -> Contact:
    contact = make_contact(**fields)
    lists.add_to_list(campaign.lists.get(), [contact.pk], person)
    return contact


def numbers(campaign: Campaign) -> dict[str, str]:
    """Return the numbers of a campaign's calls with why each was skipped."""
    return dict(Call.objects.filter(campaign=campaign).values_list("to_number", "skip_reason"))


# The whole path


@pytest.mark.usefixtures("nudges")
def test_who_joins_is_rung_by_the_nudge_and_without_it_by_the_next_minute(
    sandbox: Sandbox, dial: Callable[..., None], manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_take_up", lambda: rung.append("take_up"))
    provider = sandbox.provider()
    campaign = living(manager, provider=provider, agent=provider.agent_set.first())
    minute_job.sweep()
    assert (fresh(campaign).status, living_state(fresh(campaign)).sentence) == (
        Status.RUNNING,
        "Waiting for new contacts.",
    )
    rung.clear()
    first = add(campaign, manager, phone="+989121239901")
    assert rung == ["take_up"]
    tasks.take_up()
    dial(until=lambda: sandbox.dials_of(first.phone) == 1)
    second = add(campaign, manager, phone="+989121239911")
    minute_job.sweep()
    dial(until=lambda: sandbox.dials_of(second.phone) == 1)
    tasks.take_up()
    minute_job.sweep()
    dial(0.3)
    assert [sandbox.dials_of(one.phone) for one in (first, second)] == [1, 1]
    assert fresh(campaign).status == Status.RUNNING


# Nobody twice, nobody lost


def test_each_is_queued_once_in_batches(manager: User) -> None:
    campaign = living(manager, people=5)
    assert joining.take_up_all(batch=2) == 5
    add(campaign, manager)
    assert joining.take_up_all(batch=2) == 1
    assert joining.take_up_all() == 0
    assert Call.objects.filter(campaign=campaign, attempt=1).count() == 6
    assert fresh(campaign).people_joined == 6


def test_a_batch_that_another_worker_counted_first_is_taken_back(manager: User) -> None:
    campaign = living(manager, people=3, people_in_all=3)
    insert = first_attempts.insert

    def counted_meanwhile(*given: Any) -> int:
        Campaign.objects.filter(pk=campaign.pk).update(people_joined=1)
        return insert(*given)

    with patch.object(first_attempts, "insert", counted_meanwhile):
        joining.take_up(campaign.pk, timezone.now())
    assert not Call.objects.filter(campaign=campaign).exists()
    assert joining.take_up_all() == 3


def test_a_stop_in_the_middle_of_a_batch_wins(manager: User) -> None:
    campaign = living(manager, people=2)
    insert = first_attempts.insert

    def stopped_meanwhile(*given: Any) -> int:
        Campaign.objects.filter(pk=campaign.pk).update(status=Status.STOPPED)
        return insert(*given)

    with patch.object(first_attempts, "insert", stopped_meanwhile):
        joining.take_up_all()
    assert not Call.objects.filter(campaign=campaign).exists()


def test_a_campaign_that_fails_keeps_no_other_waiting(manager: User) -> None:
    first, second = living(manager, people=1), living(manager, people=1)
    take_up = joining.take_up

    def fails(campaign_id: int, *given: Any) -> int | None:
        if campaign_id == first.pk:
            raise ValueError
        return take_up(campaign_id, *given)

    with patch.object(joining, "take_up", fails):
        joining.take_up_all()
    assert [Call.objects.filter(campaign=one).count() for one in (first, second)] == [0, 1]


def test_nobody_is_called_twice_under_one_number_or_as_one_person(manager: User) -> None:
    campaign = living(manager)
    called, moved, gone = (add(campaign, manager) for _ in range(3))
    joining.take_up_all()
    Call.objects.filter(campaign=campaign).update(status="completed")
    # An entry that was called becomes a part of another; a number goes to somebody else; one is removed and comes back.
    whole = make_contact()
    duplicates.merge_people(whole.pk, called.pk, manager)
    old = moved.phone
    people_service.change_person(moved.pk, {"phone": "+989129990001"}, manager)
    again = gone.phone
    Call.objects.filter(contact=gone).update(contact=None)
    gone.delete()
    new = [add(campaign, manager, phone=number) for number in (old, again)]
    assert joining.take_up_all() == 3
    skipped = Call.objects.filter(campaign=campaign, skip_reason="same_person")
    assert set(skipped.values_list("contact", flat=True)) == {whole.pk, *(one.pk for one in new)}
    assert refused(campaign) == [("same_person", "Not called: this campaign already called this contact or number.", 3)]


def test_who_may_not_be_called_is_refused_and_counts_in_no_limit(manager: User) -> None:
    campaign = living(manager, people_a_day=2, people_in_all=2, requires_consent=True)
    forbidden = add(campaign, manager, consent_source="form")
    DoNotCall.objects.create(phone=forbidden.phone)
    silent = add(campaign, manager)
    agreed = [add(campaign, manager, consent_source="form") for _ in range(2)]
    joining.take_up_all()
    assert numbers(campaign) == {
        forbidden.phone: "do_not_call", silent.phone: "no_consent", **{one.phone: "" for one in agreed}
    }  # fmt: skip


def test_whoever_gets_the_tag_joins(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_take_up", lambda: rung.append("take_up"))
    contact = make_contact(tags=[])
    campaign = make_campaign(
        owner=manager, is_living=True, tags=["new"], people_a_day=5, people_in_all=5,
        last_day=day_of(timezone.now()).date, **ALL_DAY,
    )  # fmt: skip
    start.launch(campaign.pk, manager)
    assert joining.take_up_all() == 0
    rung.clear()
    people_service.change_person(contact.pk, {"tags": ["new"]}, manager)
    assert rung == ["take_up"]
    assert joining.take_up_all() == 1


# Limits and the end


def test_no_more_than_the_limit_a_day_and_in_all(manager: User) -> None:
    campaign = living(manager, people=5, people_a_day=2, people_in_all=3)
    now = timezone.now()
    with patch.object(joining.timezone, "now", lambda: now):
        joining.take_up_all()
        assert joining.take_up_all() == 0
    assert living_state(fresh(campaign)).sentence.startswith("The daily limit of new contacts is reached")
    tomorrow = day_of(now).end
    Campaign.objects.filter(pk=campaign.pk).update(last_day=day_of(tomorrow).date)
    assert joining.take_up(campaign.pk, tomorrow) == 1
    assert Call.objects.filter(campaign=campaign).count() == 3
    joining.take_up(campaign.pk, tomorrow)
    assert fresh(campaign).is_filled
    assert living_state(fresh(campaign)).sentence == "Closed to new contacts."


def test_it_finishes_when_it_is_full_but_not_while_it_waits_for_people(manager: User) -> None:
    campaign = living(manager, people=2, people_in_all=3)
    minute_job.sweep()
    Call.objects.filter(campaign=campaign).update(status="completed", rank=100)
    minute_job.sweep()
    assert fresh(campaign).status == Status.RUNNING
    add(campaign, manager)
    minute_job.sweep()
    Call.objects.filter(campaign=campaign).update(status="completed", rank=100)
    minute_job.sweep()
    assert fresh(campaign).status == Status.FINISHED


def test_after_its_last_day_nobody_is_called(manager: User) -> None:
    campaign = living(manager, people=2)
    joining.take_up_all()
    Campaign.objects.filter(pk=campaign.pk).update(last_day=day_of(timezone.now()).date - DAY)
    late = add(campaign, manager)
    minute_job.sweep()
    assert set(numbers(campaign).values()) == {"last_day"}
    assert late.phone not in numbers(campaign)
    assert fresh(campaign).status == Status.FINISHED


def test_after_its_last_day_no_commit_point_passes(leased: Any) -> None:
    call = leased.call()
    Campaign.objects.filter(pk=call.campaign_id).update(is_living=True, last_day=day_of(timezone.now()).date - DAY)
    leased.commit(call)
    call.refresh_from_db()
    assert (call.status, call.skip_reason) == ("skipped", "last_day")


def test_while_it_is_paused_nobody_joins(manager: User) -> None:
    campaign = living(manager, people=1)
    lifecycle.pause(campaign.pk, manager)
    assert joining.take_up_all() == 0
    lifecycle.resume(campaign.pk, manager)
    assert joining.take_up_all() == 1


def test_a_greater_limit_opens_it_again(manager: User) -> None:
    campaign = living(manager, people=3, people_a_day=2, people_in_all=2)
    joining.take_up_all()
    minute_job.sweep()
    assert fresh(campaign).is_filled
    drafts.change(campaign.pk, manager, {"people_in_all": 3, "people_a_day": 3}, None, was_launched=True)
    assert joining.take_up_all() == 1


# An import that is undone


@pytest.mark.usefixtures("nudges")
def test_an_import_that_is_undone_takes_its_people_out(manager: User, tmp_path: Any) -> None:
    known = make_contact(phone="+989121112233")
    source = make_list(1)
    campaign = living(manager, source=source)
    record = take(people_file(tmp_path / "new.csv", "+989121112233", "+989121112244"), manager, contact_list=source)
    save(record)
    joining.take_up_all()
    assert Call.objects.filter(campaign=campaign, status="pending").count() == 3
    undoing.undo_import(record.pk, manager)
    skips = numbers(campaign)
    assert skips.pop(source.contacts.get().phone) == ""
    assert skips == {"+989121112233": "import_undone", "+989121112244": "import_undone"}
    # Whoever is in the right file is called: nothing of the wrong one holds them up.
    lists.add_to_list(source, [known.pk], manager)
    assert joining.take_up_all() == 1
    assert Call.objects.filter(campaign=campaign, contact=known, status="pending").exists()


def test_an_import_of_which_somebody_was_called_is_not_undone(manager: User) -> None:
    campaign = living(manager)
    record = undoing.ContactImport.objects.create(
        owner=manager, contact_list=campaign.lists.get(), status="saved", saved_at=timezone.now()
    )
    contact = make_contact(imported_by=record)
    make_call(campaign=campaign, contact=contact, placing_at=timezone.now(), status="completed")
    assert "has already been called" in str(undoing.why_not(record))
