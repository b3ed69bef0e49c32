"""Today: what runs, what waits for somebody, how the providers do; and the first steps of an empty house."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_contact, make_provider

NOW = timezone.now()


@pytest.fixture(autouse=True)
def fresh_figures() -> None:
    cache.clear()


def text_of(client: Client, name: str = "today") -> str:
    return str(client.get(reverse(name)).content.decode())


def test_an_empty_house_shows_three_steps(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = text_of(client)
    assert "Three steps to a first call" in page
    assert "Live now" not in page


def test_running_paused_and_waiting_campaigns_stand_with_their_numbers(client: Client, manager: User) -> None:
    running = make_campaign(name="Reminders", status=Campaign.Status.RUNNING)
    make_campaign(
        name="Survey", status=Campaign.Status.PAUSED, paused_by_system=True, paused_reason="The budget is used up."
    )
    make_campaign(name="Big one", status=Campaign.Status.WAITING)
    make_campaign(name="Old one", status=Campaign.Status.FINISHED)
    for status in ("completed", "pending", "ringing", "skipped"):
        make_call(campaign=running, contact=make_contact(), status=status, placing_at=NOW)
    client.force_login(manager)
    page = text_of(client)
    assert "2 of 4 calls are over" in page
    assert "1 waiting" in page
    assert "Paused by the system" in page
    assert "The budget is used up." in page
    assert "then approve it" in page
    assert "Old one" not in page


def test_unclear_and_held_calls_wait_for_somebody(client: Client, manager: User) -> None:
    old = make_call(status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=20))
    fresh = make_call(status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=2))
    held = make_call(status=CallStatus.FAILED, failure_reason="not_placed", held_at=NOW, placing_at=NOW)
    client.force_login(manager)
    page = text_of(client)
    assert reverse("call", args=[old.pk]) in page
    assert reverse("call", args=[held.pk]) in page
    assert reverse("call", args=[fresh.pk]) not in page


def test_a_caller_sees_own_work_only(client: Client, caller: User, manager: User) -> None:
    make_campaign(name="Mine", status=Campaign.Status.RUNNING, owner=caller)
    make_campaign(name="Theirs", status=Campaign.Status.RUNNING, owner=manager)
    make_call(owner=manager, status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(hours=1))
    client.force_login(caller)
    page = text_of(client)
    assert "Mine" in page
    assert "Theirs" not in page
    assert "Waits for somebody" not in page


def test_a_stopped_provider_says_why(client: Client, caller: User) -> None:
    provider = make_provider(name="Main account")
    Provider.objects.halt(provider.pk, "The vendor refused our key.")
    make_call(owner=caller)
    client.force_login(caller)
    page = text_of(client)
    assert "Main account" in page
    assert "The vendor refused our key." in page
    assert "Halted" in page


def test_the_live_part_asks_as_often_for_many_rows_as_for_few(
    client: Client, manager: User, django_assert_max_num_queries: Any
) -> None:
    def fill() -> None:
        campaign = make_campaign(status=Campaign.Status.RUNNING)
        make_campaign(status=Campaign.Status.WAITING)
        make_call(
            campaign=campaign,
            contact=make_contact(),
            status=CallStatus.UNKNOWN,
            placing_at=NOW - datetime.timedelta(hours=1),
        )
        make_call(campaign=campaign, contact=make_contact(), status=CallStatus.FAILED, held_at=NOW)

    fill()
    client.force_login(manager)
    with django_assert_max_num_queries(20) as few:
        text_of(client, "today-live")
    for _ in range(4):
        fill()
    cache.clear()
    with django_assert_max_num_queries(len(few.captured_queries)):
        text_of(client, "today-live")
