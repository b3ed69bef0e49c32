"""The settings and the activity of a campaign: what is fixed and why, who did what, why it paused itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import record
from campaigns.calls import call_actions
from campaigns.launch import lifecycle
from campaigns.launch.campaign_words import ACTION_WORDS, field_words, locks_of
from campaigns.launch.forms.builder import LOCKED
from campaigns.models import Campaign
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
ROOT = Path(__file__).parents[3]


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("status", "launched", "locked"),
    [
        ("draft", False, set()),
        ("waiting", False, set()),
        ("running", True, {"message", "audience"}),
        ("paused", True, {"message", "audience"}),
        ("stopped", True, {"message", "audience", "hours", "pace"}),
        ("finished", True, {"message", "audience", "hours", "pace"}),
    ],
)
def test_what_is_fixed_says_why(client: Client, caller: User, status: str, launched: bool, locked: set[str]) -> None:
    campaign = make_campaign(owner=caller, status=status, launched_at=timezone.now() if launched else None)
    locks = locks_of(campaign)
    assert {group for group, lock in locks.items() if lock.is_locked} == locked
    client.force_login(caller)
    page = client.get(f"/campaigns/{campaign.pk}/settings/")
    for lock in locks.values():
        assert str(lock.words) in text_of(page)
    assert page.content.decode().count('href="#i-lock"') == len(locked)


def test_what_the_page_calls_fixed_is_what_the_builder_locks(client: Client, caller: User) -> None:
    campaign = make_campaign(owner=caller, status="running", launched_at=timezone.now())
    client.force_login(caller)
    form = client.get(f"/campaigns/{campaign.pk}/edit/").context["form"]
    fixed = {name for name, field in form.fields.items() if field.disabled}
    assert fixed == set(LOCKED) & set(form.fields)
    assert not form.fields["hours_start"].disabled
    assert not form.fields["calls_per_minute"].disabled


def test_the_settings_say_when_it_pauses_itself_and_whom_it_leaves_out(client: Client, caller: User) -> None:
    campaign = make_campaign(owner=caller, tags=["vip"])
    campaign.excluded_campaigns.add(make_campaign(name="Spring"))
    client.force_login(caller)
    text = text_of(client.get(f"/campaigns/{campaign.pk}/settings/"))
    assert "50 % or more of at least 5 calls fail within 2 minutes." in text
    assert "More than 30 % of the last people who answered (at least 20) hang up within 2 seconds" in text
    assert "Only with a tag vip Without people of Spring called or not" in text


# Activity


def test_who_did_what_stands_there_with_its_cause(client: Client, caller: User, manager: User) -> None:
    campaign = make_campaign(owner=caller, status="running", is_filled=True, launched_at=timezone.now())
    waiting = make_call(campaign=campaign, contact=make_contact(), owner=caller)
    for status in ("pending", "ringing", "in_progress", "placing"):
        make_call(campaign=campaign, contact=make_contact(), status=status)
    call_actions.cancel_call(waiting.pk, caller, "Moved away")
    lifecycle.pause_by_system(campaign.pk, "3 of the last 6 calls failed within two minutes.")
    lifecycle.resume(campaign.pk, manager)
    lifecycle.stop(campaign.pk, manager, "Wrong text")
    client.force_login(caller)
    page = client.get(f"/campaigns/{campaign.pk}/activity/")
    text = text_of(page)
    assert "One contact skipped · “Moved away” · the call" in text
    assert f'href="/calls/{waiting.pk}/"' in page.content.decode()
    assert (
        "Paused by the system · “3 of the last 6 calls failed within two minutes.” · 1 call left. "
        "2 calls in progress will finish. 1 call is still in progress and may ring. today"
    ) in text
    assert "Resumed" in text
    assert "Ended · “Wrong text” · 1 waiting call was cancelled. 2 calls in progress will finish." in text
    by_system = text_of(client.get(f"/campaigns/{campaign.pk}/activity/?by=system"))
    assert "Paused by the system" in by_system
    assert "Resumed" not in by_system
    by_people = text_of(client.get(f"/campaigns/{campaign.pk}/activity/?by=people"))
    assert "Paused by the system" not in by_people
    assert "reza" in by_people


def test_a_long_activity_has_pages(client: Client, caller: User) -> None:
    campaign = make_campaign(owner=caller)
    for number in range(60):
        record(caller, "campaign.edited", campaign, fields=["budget"], reason=f"r{number}")
    client.force_login(caller)
    page = client.get(f"/campaigns/{campaign.pk}/activity/")
    assert len(page.context["events"]) == 50
    assert "60 entries" in text_of(page)
    older = client.get(f"/campaigns/{campaign.pk}/activity/?older_than={page.context['page'].older}")
    assert len(older.context["events"]) == 10


def test_everything_that_is_recorded_of_a_campaign_has_words() -> None:
    written: set[str] = set()
    for path in (ROOT / "campaigns").rglob("*.py"):
        if path.name != "wording.py":
            written |= set(re.findall(r"\"(campaign\.[a-z_]+)\"", path.read_text()))
    assert len(written) > 10
    assert written - set(ACTION_WORDS) == set()


def test_every_setting_has_a_name_for_people() -> None:
    for name in ("budget", "lists", "tags", "excluded_campaigns", "retries", "quiet_hours"):
        words = field_words(name)
        assert words
        assert "_" not in words
    assert Campaign._meta.get_field("budget").verbose_name == field_words("budget")
