"""Today: what runs, what waits for somebody, how the providers do; and the first steps of an empty house."""

from __future__ import annotations

import datetime
from decimal import Decimal
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
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def fresh_figures() -> None:
    cache.clear()


def page_at(client: Client, name: str = "today") -> str:
    return str(client.get(reverse(name)).content.decode())


def test_an_empty_house_shows_three_steps(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = page_at(client)
    assert "Three steps to your first call" in page
    assert "<span>Calls in progress</span>" not in page


def test_running_paused_and_waiting_campaigns_stand_with_their_numbers(client: Client, manager: User) -> None:
    running = make_campaign(name="Reminders", status=Campaign.Status.RUNNING)
    make_campaign(
        name="Survey", status=Campaign.Status.PAUSED, paused_by_system=True, paused_reason="The budget is spent."
    )
    make_campaign(name="Big one", status=Campaign.Status.WAITING)
    make_campaign(name="Old one", status=Campaign.Status.FINISHED)
    for status in ("completed", "pending", "ringing", "skipped"):
        make_call(campaign=running, contact=make_contact(), status=status, placing_at=NOW)
    client.force_login(manager)
    page = page_at(client)
    assert "2 of 4 calls finished" in page
    assert "1 waiting" in page
    assert "Paused by the system" in page
    assert "The budget is spent." in page
    assert "then approve or return it" in page
    assert "Old one" not in page


def test_unclear_and_held_calls_wait_for_somebody(client: Client, manager: User) -> None:
    old = make_call(status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=20))
    fresh = make_call(status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=2))
    held = make_call(status=CallStatus.FAILED, failure_reason="not_placed", held_at=NOW, placing_at=NOW)
    client.force_login(manager)
    page = page_at(client)
    assert reverse("call", args=[old.pk]) in page
    assert reverse("call", args=[held.pk]) in page
    assert reverse("call", args=[fresh.pk]) not in page


def test_a_caller_sees_own_work_only(client: Client, caller: User, manager: User) -> None:
    make_campaign(name="Mine", status=Campaign.Status.RUNNING, owner=caller)
    make_campaign(name="Theirs", status=Campaign.Status.RUNNING, owner=manager)
    make_call(owner=manager, status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(hours=1))
    client.force_login(caller)
    page = page_at(client)
    assert "Mine" in page
    assert "Theirs" not in page
    assert "Needs attention" not in page


def test_a_stopped_provider_says_why(client: Client, caller: User) -> None:
    provider = make_provider(name="Main account")
    Provider.objects.halt(provider.pk, "The vendor refused our key.")
    make_call(owner=caller)
    client.force_login(caller)
    page = page_at(client)
    assert "Main account" in page
    assert "The vendor refused our key." in page
    assert "Paused" in page


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
    with django_assert_max_num_queries(21) as few:
        page_at(client, "today-live")
    for _ in range(4):
        fill()
    cache.clear()
    with django_assert_max_num_queries(len(few.captured_queries)):
        page_at(client, "today-live")


def section(page: str, title: str) -> str:
    """Return the part of the page under a heading."""
    return page.split(f"<h2>{title}</h2>", 1)[1].split("</section>", 1)[0]


def test_what_needs_somebody_stands_there_once_with_the_next_step(client: Client, manager: User) -> None:
    provider = make_provider(name="Main account")
    Provider.objects.halt(provider.pk, "The vendor refused our key.")
    working = make_provider()
    failing = "3 of the last 6 calls failed within two minutes."
    make_campaign(name="Failing", provider=working, status="paused", paused_by_system=True, paused_reason=failing)
    make_campaign(name="Tried", provider=working, status="paused", pilot=Campaign.Pilot.ASKS)
    make_campaign(name="Late", provider=working, start_refusal="No list is chosen.", starts_at=NOW)
    make_campaign(name="Lunch", provider=working, status="paused", paused_reason="lunch")
    make_campaign(name="Unready", provider=working)
    call = make_call(provider=working, status=CallStatus.UNKNOWN, placing_at=NOW - datetime.timedelta(minutes=70))
    client.force_login(manager)
    page = page_at(client)
    needs = section(page, "Needs attention")
    for words in (
        "Main account", "An admin fixes the cause", failing, "then resume or end it.",
        "Pilot finished: check the result", "No list is chosen.", "then launch it again",
        reverse("call", args=[call.pk]),
    ):  # fmt: skip
        assert words in needs, words
    running = section(page, "Campaigns")
    assert "Lunch" in running
    for name in ("Failing", "Tried", "Late", "Unready"):
        assert name not in running
    assert "Unready" not in needs
    Provider.objects.filter(pk=provider.pk).update(halted_at=None)
    Campaign.objects.exclude(name="Lunch").delete()
    call.delete()
    assert "Needs attention" not in page_at(client)


def test_spend_today_stands_beside_the_budgets(client: Client, manager: User) -> None:
    usd, toman = make_provider(price_per_minute=Decimal("0.6")), make_provider(currency="IRT", price_per_minute=0)
    campaign = make_campaign(
        provider=usd, status="running", budget=Decimal(40), spent_cost=Decimal(9), reserved_cost=Decimal(1)
    )
    make_campaign(provider=usd, status="paused")
    make_campaign(provider=usd, status="finished", budget=Decimal(900))
    done = {"campaign": campaign, "status": "completed", "placing_at": NOW, "talk_seconds": 100}
    make_call(contact=make_contact(), **done)
    make_call(contact=make_contact(), cost=Decimal("2.5"), currency="USD", **done)
    make_call(contact=make_contact(), cost=Decimal(70), currency="USD", **(done | {"placing_at": NOW - DAY}))
    make_call(provider=toman, status="completed", placing_at=NOW, talk_seconds=5, cost=Decimal(1200), currency="IRT")
    client.force_login(manager)
    shown = client.get(reverse("today")).context["overview"].spending
    assert [(one.currency, one.today, one.used, one.budget, one.percent, one.unlimited) for one in shown] == [
        ("IRT", Decimal(1200), 0, 0, 0, 0), ("USD", Decimal("3.5"), Decimal(10), Decimal(40), 25, 1),
    ]  # fmt: skip
    page = page_at(client)
    assert "3.50 USD" in page
    assert "1,200 Toman" in page
    assert "1 open campaign has no budget" in page


def test_a_caller_sees_own_spending_only(client: Client, caller: User) -> None:
    make_call(status="completed", placing_at=NOW, cost=Decimal(5), currency="USD", talk_seconds=3)
    make_call(status="completed", placing_at=NOW, cost=Decimal(2), currency="USD", talk_seconds=3, owner=caller)
    client.force_login(caller)
    (one,) = client.get(reverse("today")).context["overview"].spending
    assert one.today == 2


@pytest.mark.parametrize(
    ("role", "page"), [("caller", "quick-call"), ("manager", "today"), ("admin_person", "providers")]
)
def test_the_role_decides_where_one_begins(
    client: Client, role: str, page: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert client.get(reverse("start")).headers["Location"] == reverse(page)
