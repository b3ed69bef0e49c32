"""The campaigns' screens: check, launch, watch, pause; for the right people, with and without JavaScript."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.launch import approvals, enqueue, lifecycle
from campaigns.models import Call, Campaign, DoNotCall
from providers.models import Agent
from tests.answers import text_of
from tests.conftest import (
    ALL_DAY,
    make_call,
    make_caller_id,
    make_campaign,
    make_contact,
    make_list,
    make_person,
    make_provider,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status


# Launching


def test_check_launch_and_progress(console, caller):
    people = make_list(3)
    contact = people.contacts.first()
    DoNotCall.objects.create(phone=contact.phone)
    campaign = make_campaign([people], owner=caller, **ALL_DAY)
    check = console.get(reverse("campaign-check", args=[campaign.pk]))
    assert "Of 3 people, 2 will be called; 1 skipped: 1 on the do-not-call list; about" in text_of(check)
    assert "Launch: call 2 people" in text_of(check)
    shown = console.get(reverse("campaign-check-people", args=[campaign.pk, "do_not_call"]))
    assert contact.name in text_of(shown)
    assert console.get(reverse("campaign-check-people", args=[campaign.pk, "nonsense"])).status_code == 404
    answer = console.post(
        reverse("campaign-launch", args=[campaign.pk]), {"form_token": str(uuid.uuid4())}, follow=True
    )
    assert "Launched: 3 people queued." in text_of(answer)
    again = console.post(reverse("campaign-launch", args=[campaign.pk]), follow=True)
    assert "Nothing changed" in text_of(again) or "Launched" in text_of(again)
    enqueue.fill_campaign(campaign.pk)
    live = console.get(reverse("campaign-live", args=[campaign.pk]))
    assert live.status_code == 200
    assert "1 of 3 people finished" in text_of(live)
    assert console.get(reverse("campaign-check", args=[campaign.pk])).status_code == 302


def test_a_large_audience_is_counted_after_the_page_stands(console, caller, monkeypatch):
    monkeypatch.setattr("campaigns.launch.views.launch_check.MAX_COUNTED_ON_LOAD", 2)
    campaign = make_campaign([make_list(3)], owner=caller)
    path = reverse("campaign-check", args=[campaign.pk])
    opened = console.get(path)
    assert 'hx-get="?count=now"' in opened.content.decode()
    assert 'href="?count=now"' in opened.content.decode()
    assert "will be called" not in text_of(opened)
    counted = console.get(path, {"count": "now"})
    assert 'id="check"' in counted.content.decode()
    assert "will be called" in text_of(counted)
    assert "Launch: call 3 people" in text_of(counted)


def test_a_rare_verdict_is_looked_for_page_by_page(console, caller, monkeypatch):
    monkeypatch.setattr("campaigns.launch.audience.MOST_LOOKED_AT", 2)
    people = make_list(5)
    last = people.contacts.order_by("-pk").first()
    DoNotCall.objects.create(phone=last.phone)
    campaign = make_campaign([people], owner=caller)
    path = reverse("campaign-check-people", args=[campaign.pk, "do_not_call"])
    first = console.get(path)
    assert "Continue to check more." in text_of(first)
    (more,) = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    second = console.get(path + more)
    (more,) = re.findall(r'rel="next" href="([^"]+)"', second.content.decode())
    third = console.get(path + more)
    assert last.name in text_of(third)
    assert 'rel="next"' not in third.content.decode()


def test_blockers_hide_the_launch_button(console, caller):
    campaign = make_campaign([make_list(1)], owner=caller, agent=None)
    page = console.get(reverse("campaign-check", args=[campaign.pk]))
    assert "No message chosen" in text_of(page)
    assert reverse("campaign-launch", args=[campaign.pk]) not in page.content.decode()
    answer = console.post(reverse("campaign-launch", args=[campaign.pk]), follow=True)
    assert "Not launched. No message chosen" in text_of(answer)


def test_approval_by_another_manager(client, caller, manager, settings):
    settings.CALLER_LAUNCH_LIMIT = 1
    campaign = make_campaign([make_list(2)], owner=caller)
    client.force_login(caller)
    assert "Send for approval" in text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    client.post(reverse("campaign-launch", args=[campaign.pk]))
    assert "wants to launch it to 2 people" in text_of(client.get(reverse("campaign", args=[campaign.pk])))
    assert client.post(reverse("campaign-approve", args=[campaign.pk])).status_code == 403
    assert "Needs approval by another manager" in text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    client.post(reverse("campaign-withdraw", args=[campaign.pk]))
    client.post(reverse("campaign-launch", args=[campaign.pk]))
    client.force_login(manager)
    assert "Approve and launch" in text_of(client.get(reverse("campaign-check", args=[campaign.pk])))
    client.post(reverse("campaign-approve", args=[campaign.pk]), {"mark": approvals.mark_of(campaign)})
    campaign.refresh_from_db()
    assert (campaign.status, campaign.launched_by) == (Status.RUNNING, manager)


# Watching and stopping


def test_pause_resume_and_stop_tell_the_truth(console, caller):
    campaign = make_campaign(owner=caller, status=Status.RUNNING, is_filled=True, launched_at=timezone.now())
    for state in ("pending", "pending", "ringing", "placing", "completed"):
        make_call(campaign=campaign, contact=make_contact(), status=state)
    paused = console.post(reverse("campaign-pause", args=[campaign.pk]), {"reason": "lunch"}, follow=True)
    said = "Paused. 2 calls left. 1 call in progress will finish. 1 call is still in progress and may ring."
    assert said in text_of(paused)
    assert re.search(r"Paused by \S+ at \d\d:\d\d\. “\s*lunch", text_of(paused))
    assert "Resume: up to 2 calls start at once" in text_of(paused)
    assert "Resumed." in text_of(console.post(reverse("campaign-resume", args=[campaign.pk]), follow=True))
    stopped = text_of(console.post(reverse("campaign-stop", args=[campaign.pk]), follow=True))
    assert "Campaign ended. 2 waiting calls were cancelled." in stopped
    again = text_of(console.post(reverse("campaign-stop", args=[campaign.pk]), follow=True))
    assert "Nothing changed: the campaign is “Ended”." in again
    activity = text_of(console.get(reverse("campaign-activity", args=[campaign.pk])))
    assert "Ended · 2 waiting calls were cancelled." in activity
    assert "Paused · “lunch”" in activity


def test_the_live_part_ends_when_nothing_moves(console, caller):
    campaign = make_campaign(owner=caller, status=Status.STOPPED, is_filled=True, launched_at=timezone.now())
    out = make_call(campaign=campaign, contact=make_contact(), status="unknown")
    assert console.get(reverse("campaign-live", args=[campaign.pk])).status_code == 200
    Call.objects.filter(pk=out.pk).update(status="completed")
    over = console.get(reverse("campaign-live", args=[campaign.pk]))
    assert over.status_code == 286
    assert "hx-get" not in over.content.decode()


def test_people_with_their_last_attempt_and_what_comes_next(console, caller):
    campaign = make_campaign(owner=caller, status=Status.RUNNING, is_filled=True, launched_at=timezone.now())
    tried, done = make_contact(name="Tried"), make_contact(name="Done")
    make_call(campaign=campaign, contact=tried, status="busy")
    make_call(campaign=campaign, contact=tried, attempt=2, wait_reason="retry")
    make_call(campaign=campaign, contact=done, status="completed", talk_seconds=4)
    rows = console.get(reverse("campaign-people", args=[campaign.pk])).context["rows"]
    assert [(row.call.contact.name, row.call.attempt) for row in rows] == [("Done", 1), ("Tried", 2)]
    page = text_of(console.get(reverse("campaign-people", args=[campaign.pk]), {"state": "pending"}))
    assert "Waiting to retry." in page
    assert "Done" not in page.split("Reason and next step")[1]
    assert "No one here" in text_of(console.get(reverse("campaign-people", args=[campaign.pk]), {"state": "failed"}))


def test_the_list_shows_own_campaigns_to_callers_and_all_to_managers(client, caller, manager):
    make_campaign(name="Mine", owner=caller)
    make_campaign(name="Hers", owner=manager, status=Status.RUNNING)
    client.force_login(caller)
    page = text_of(client.get(reverse("campaigns")))
    assert "Mine" in page
    assert "Hers" not in page
    client.force_login(manager)
    assert {"Mine", "Hers"} <= set(text_of(client.get(reverse("campaigns"))).split())
    filtered = text_of(client.get(reverse("campaigns"), {"state": "running"}))
    assert "Mine" not in filtered
    fragment = client.get(reverse("campaigns"), headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith("<section")


def test_empty_states_say_what_to_do(client, caller, admin_person):
    client.force_login(caller)
    assert "Import a list of contacts first" in text_of(client.get(reverse("campaigns")))
    client.force_login(admin_person)
    assert "here you can watch, pause and end them" in text_of(client.get(reverse("campaigns")))
    campaign = make_campaign()
    assert "No one is queued before launch" in text_of(client.get(reverse("campaign-people", args=[campaign.pk])))


def test_few_statements_whatever_the_number_of_campaigns(console, caller, django_assert_max_num_queries):
    provider = make_provider()
    for _n in range(12):
        campaign = make_campaign(owner=caller, provider=provider)
        make_call(campaign=campaign, contact=make_contact())
    with django_assert_max_num_queries(16):
        console.get(reverse("campaigns"))


# Who may what

VIEWS = ["campaign", "campaign-live", "campaign-people", "campaign-settings", "campaign-activity", "campaign-check"]
ACTIONS = ["campaign-pause", "campaign-resume", "campaign-stop", "campaign-launch", "campaign-copy"]


@pytest.mark.one_engine
@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(("role", "status"), [(CALLER, 404), (MANAGER, 200), (ADMIN, 200)])
def test_others_campaigns_are_for_managers_and_admins(client, name, role, status):
    campaign = make_campaign([make_list(1)])
    client.force_login(make_person(role))
    answer = client.get(reverse(name, args=[campaign.pk]))
    assert answer.status_code in {status, 286 if status == 200 else status}


@pytest.mark.parametrize("name", ACTIONS)
def test_others_campaigns_cannot_be_touched_by_callers(console, name):
    campaign = make_campaign([make_list(1)], status=Status.RUNNING)
    assert console.post(reverse(name, args=[campaign.pk])).status_code == 404
    assert console.get(reverse(name, args=[campaign.pk])).status_code == 405
    campaign.refresh_from_db()
    assert campaign.status == Status.RUNNING


@pytest.mark.parametrize(
    ("name", "status"),
    [("campaign-pause", 302), ("campaign-stop", 302), ("campaign-launch", 403), ("campaign-copy", 403)],
)
def test_admins_stop_but_do_not_launch(client, admin_person, name, status):
    campaign = make_campaign([make_list(1)], status=Status.RUNNING)
    client.force_login(admin_person)
    assert client.post(reverse(name, args=[campaign.pk])).status_code == status


def test_numbers_behind_the_check_need_the_right_to_see_people(client, admin_person):
    campaign = make_campaign([make_list(1)])
    client.force_login(admin_person)
    assert client.get(reverse("campaign-check-people", args=[campaign.pk, "now"])).status_code == 403


def test_settings_in_words(console, caller):
    provider = make_provider()
    campaign = make_campaign(
        [make_list(2, name="VIP")],
        owner=caller,
        provider=provider,
        caller_id=make_caller_id(provider),
        retries={"busy": [10, 60, 1440], "no_answer": []},
        max_attempts=4,
        days=[0, 6],
        **ALL_DAY,
    )
    page = text_of(console.get(reverse("campaign-settings", args=[campaign.pk])))
    policy = "Busy: again after 10 min, then 1 h, then 1 day; No answer: no retry; "
    for words in ("VIP", "all day", "Sunday, Monday", policy, "At most 4 attempts per contact.", "+12025550100"):
        assert words in page


def test_pages_stand_in_persian_too(console, caller):
    campaign = make_campaign([make_list(2)], owner=caller, status=Status.RUNNING, launched_at=timezone.now())
    lifecycle.pause(campaign.pk, caller)
    console.cookies["django_language"] = "fa"
    for name in [name for name in VIEWS if name != "campaign-check"]:
        answer = console.get(reverse(name, args=[campaign.pk]))
        assert answer.status_code == 200, name
    assert console.get(reverse("campaign-new")).status_code == 200
    assert Agent.objects.exists()
