"""Journeys through faults of a vendor, by the pages alone: each ends on a page that says what is and who can act.

Real HTTP over loopback to the simulator; whoever is called twice, or not at all, is told by the simulator's journal.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import minute_job
from campaigns.models import Call, UnknownVendorCall
from campaigns.tracking import reconciliation_sweep, start_comparison
from providers.models import Agent, Provider
from providers.services.syncing import sync_by_itself, sync_provider
from providers.types import FINAL
from tests.answers import html_of, text_of
from tests.campaigns.conftest import Sandbox
from tests.campaigns.mid_campaign import LINES, PEOPLE, MidCampaign, Run
from tests.campaigns.tracking.time_passed import pass_time
from tests.providers.sandbox_caller import control
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nudges")]
HOUR = datetime.timedelta(hours=1)
AGENTS = ("unleashx", "bolna", "vocode", "voicy")
VENDORS = (*AGENTS, "bitel")


class Browser:
    """A browser in which one person is logged in."""

    def __init__(self, person: User, language: str = "en") -> None:
        self._client = Client()
        self._client.force_login(person)
        self._client.cookies["django_language"] = language

    def get(self, name: str, *args: Any, **query: Any) -> HttpResponse:
        """Open a page; it must be there."""
        answer: Any = self._client.get(reverse(name, args=args), query)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer

    def text(self, name: str, *args: Any, **query: Any) -> str:
        """Return the words of a page."""
        return text_of(self.get(name, *args, **query))

    def html(self, name: str, *args: Any, **query: Any) -> str:
        """Return the source of a page."""
        return html_of(self.get(name, *args, **query))

    def press(self, name: str, *args: Any, **form: Any) -> str:
        """Press a button; returns the words of the page that it leads to."""
        return text_of(self._client.post(reverse(name, args=args), form, follow=True))

    def is_offered(self, page: str, button: str, *args: Any, **query: Any) -> bool:
        """Return whether a page has a form that presses a button of the same object."""
        return f'action="{reverse(button, args=args)}"' in self.html(page, *args, **query)


@pytest.fixture
def sara(caller: User) -> Browser:
    """The caller whose campaign it is."""
    return Browser(caller)


@pytest.fixture
def reza(manager: User) -> Browser:
    """A manager."""
    return Browser(manager)


@pytest.fixture
def admin(admin_person: User) -> Browser:
    """An admin."""
    return Browser(admin_person)


@pytest.fixture
def mid(sandbox: Sandbox, dial: Run, read_back: Run, caller: User) -> Callable[[str], MidCampaign]:
    return lambda vendor: MidCampaign(sandbox, vendor, dial, read_back, owner=caller)


# An agent disappears


PARTS = [*((vendor, "agent", "agents_gone") for vendor in AGENTS), ("bitel", "voice", "voices_gone")]


@pytest.mark.parametrize(("vendor", "part", "fault"), PARTS)
def test_an_agent_disappears(
    mid: Callable[[str], MidCampaign], sara: Browser, reza: Browser, vendor: str, part: str, fault: str
) -> None:
    at = mid(vendor)
    gone = getattr(at.campaign, part)
    at.spoil(**{fault: [gone.remote_id]})
    at.go_on()
    at.check_nobody_was_charged()

    # The caller reads what is gone, that nobody lost an attempt, who mends it, and gets to that page.
    page = sara.text("campaign", at.campaign.pk)
    assert f"Paused by the system: “{gone}”" in page
    assert "Nobody was called, and no attempt was used." in page
    assert (
        f"An admin must fix it at the provider and sync “{at.provider}”, then resume." in page
        or f"An admin must fix it at “{at.provider}”, then resume." in page
    )
    assert f'href="{reverse("provider", args=[at.provider.pk])}"' in sara.html("campaign", at.campaign.pk)
    assert at.provider.name in sara.text("provider", at.provider.pk)
    waiting = at.campaign.calls.filter(status="pending").order_by("pk").first()
    assert waiting is not None
    assert "Waiting: the campaign is paused." in sara.text("call", waiting.pk)
    for browser in (sara, reza):
        today = browser.text("today")
        assert "Needs attention" in today
        assert at.campaign.name in today

    # The lists are read again by themselves; a resume while it is gone calls nobody.
    if at.provider.can_sync:
        assert at.provider.pk in Provider.objects.due_for_sync(timezone.now())
        sync_by_itself(at.provider.pk)
    gone.refresh_from_db()
    said = reza.press("campaign-resume", at.campaign.pk)
    if gone.is_present:
        at.go_on()
    else:
        assert f"“{gone}” no longer exists at the provider." in said
        assert "Its lists are being read again. Try again in a minute." in said
    assert "Paused by the system" in reza.text("campaign", at.campaign.pk)
    at.check_nobody_was_charged()

    # It is back at the vendor: the manager resumes without having to wait for anybody.
    at.spoil()
    if not gone.is_present:
        assert "Try again in a minute" in reza.press("campaign-resume", at.campaign.pk)
        assert at.provider.pk in Provider.objects.due_for_sync(timezone.now())
        sync_by_itself(at.provider.pk)
    assert "Resumed." in reza.press("campaign-resume", at.campaign.pk)
    at.go_on()
    at.check_all_were_called_once()
    minute_job.sweep()
    assert "12 of 12 people finished" in sara.text("campaign", at.campaign.pk)
    assert "Finished" in sara.text("campaign", at.campaign.pk)


@pytest.mark.parametrize("vendor", ["unleashx", "bolna", "vocode"])
def test_an_admin_brings_the_agent_back_by_a_press(
    mid: Callable[[str], MidCampaign], sara: Browser, admin: Browser, vendor: str
) -> None:
    at = mid(vendor)
    at.spoil(agents_gone=[at.campaign.agent.remote_id])
    at.go_on()
    sync_provider(at.provider.pk)
    at.spoil()
    assert not sara.is_offered("provider", "provider-sync", at.provider.pk)
    assert admin.is_offered("provider", "provider-sync", at.provider.pk)
    assert "Synced:" in admin.press("provider-sync", at.provider.pk)
    assert sara.is_offered("campaign", "campaign-resume", at.campaign.pk)
    assert "Resumed." in sara.press("campaign-resume", at.campaign.pk)
    at.go_on()
    at.check_all_were_called_once()


# Credit runs out


@pytest.mark.parametrize("vendor", VENDORS)
def test_credit_runs_out(
    mid: Callable[[str], MidCampaign], sara: Browser, reza: Browser, admin: Browser, caller: User, vendor: str
) -> None:
    at = mid(vendor)
    at.spoil(is_empty=True)
    at.go_on()
    # Bolna takes such orders and ends them; all others refuse them.
    ended = list(at.campaign.calls.filter(failure_reason="balance_low").values_list("to_number", flat=True))
    assert bool(ended) == (vendor == "bolna")
    assert len(at.sandbox.dialed) == LINES + len(ended)
    waiting = at.campaign.calls.filter(status="pending")
    assert {call.counted_attempt for call in waiting} == {1}
    assert waiting.count() == PEOPLE - LINES

    why = f"Paused: The account at {at.provider.vendor_label} is empty."
    page = sara.text("campaign", at.campaign.pk)
    assert f"“{at.provider}” cannot call now. {why}" in page
    assert "An admin must fix the key or credit under Providers and resume the provider." in page
    assert f'href="{reverse("provider", args=[at.provider.pk])}"' in sara.html("campaign", at.campaign.pk)
    for browser in (sara, reza, admin):
        assert why in browser.text("today")
        assert why in browser.text("provider", at.provider.pk)
        assert "Top up the account, then resume the provider." in browser.text("provider", at.provider.pk)
    one = waiting.order_by("pk").last()
    assert one is not None
    assert "The account at" in sara.text("call", one.pk)
    if ended:
        told = sara.text("call", at.campaign.calls.filter(failure_reason="balance_low").earliest("pk").pk)
        assert "The provider account has no credit left." in told
    persian = Browser(caller, "fa").text("campaign", at.campaign.pk)
    assert "متوقف: حساب" in persian
    assert "cannot call now" not in persian

    # Nobody but an admin can resume it; too early, it halts again and nobody loses an attempt.
    for browser, may in ((sara, False), (reza, False), (admin, True)):
        assert browser.is_offered("provider", "provider-resume", at.provider.pk) == may
    before = len(at.sandbox.dialed)
    at.spoil()
    assert " resumed" in admin.press("provider-resume", at.provider.pk)
    assert len(at.sandbox.dialed) == before
    at.go_on()
    rang = Counter(entry["to_number"] for entry in at.sandbox.dialed) - Counter(ended)
    assert len(rang) == PEOPLE
    assert set(rang.values()) == {1}
    told_calls = at.campaign.calls.exclude(failure_reason="balance_low")
    assert {(call.status in FINAL, call.counted_attempt) for call in told_calls} == {(True, 1)}
    minute_job.sweep()
    assert "12 of 12 people finished" in sara.text("campaign", at.campaign.pk)
    assert why not in sara.text("today")


# A call never ends


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_never_ends(mid: Callable[[str], MidCampaign], sara: Browser, reza: Browser, vendor: str) -> None:
    at = mid(vendor)
    Provider.objects.filter(pk=at.provider.pk).update(max_lines=1, max_call_seconds=60)
    stuck, *others = at.campaign.calls.filter(status="pending").order_by("pk")
    number = "+989120009915"
    stuck.contact.phone = number
    stuck.contact.save()
    Call.objects.filter(pk=stuck.pk).update(to_number=number)
    Call.objects.filter(pk__in=[call.pk for call in others]).update(due_at=timezone.now() + HOUR)
    at.go_on(3)
    stuck.refresh_from_db()
    assert stuck.status not in FINAL
    Call.objects.filter(pk__in=[call.pk for call in others]).update(due_at=timezone.now())
    at.dial(1.0)
    assert at.sandbox.dials_of(others[0].to_number) == 0, "the one line is taken"

    pass_time(stuck, 2 * HOUR)
    Call.objects.filter(pk=stuck.pk).update(next_poll_at=timezone.now())
    at.go_on()
    minute_job.sweep()
    at.campaign.refresh_from_db()
    assert at.campaign.status == "finished"
    at.check_all_were_called_once_but_for(stuck.pk)

    # The caller reads what is open, why, and who decides it; nothing is offered that they may not do.
    page = sara.text("campaign", at.campaign.pk)
    assert "1 call needs a decision. Everything else is finished." in page
    assert f'href="{reverse("decisions")}?campaign={at.campaign.pk}"' in sara.html("campaign", at.campaign.pk)
    inbox = sara.text("decisions", campaign=at.campaign.pk)
    assert "The provider accepted this call but sends no more updates." in inbox
    assert "A manager must decide this." in inbox
    settle = f'action="{reverse("call-settle", args=[stuck.pk])}"'
    assert settle not in sara.html("decisions")
    assert settle not in sara.html("call", stuck.pk)
    assert "A manager must decide this." in sara.text("call", stuck.pk)
    assert "then enter the result" not in sara.text("call", stuck.pk)
    sara_pressed = sara.press("call-settle", stuck.pk, answer="did_not", reason="I think so")
    assert "Recorded" not in sara_pressed
    stuck.refresh_from_db()
    assert stuck.failure_reason == "no_news"

    # The manager finds it on Today and decides it there and then.
    assert "No updates" in reza.text("today")
    assert settle in reza.html("decisions")
    assert settle in reza.html("call", stuck.pk)
    said = reza.press("call-settle", stuck.pk, answer="took_place", result="talked", seconds="40", reason="Asked them")
    assert "Recorded with your name." in said
    stuck.refresh_from_db()
    assert (stuck.status, stuck.talk_seconds) == ("completed", 40)
    assert "needs a decision" not in sara.text("campaign", at.campaign.pk)
    assert "Nothing needs a decision" in reza.text("decisions")
    assert "12 of 12 people finished" in sara.text("campaign", at.campaign.pk)
    at.go_on(2)
    at.check_all_were_called_once_but_for(stuck.pk)


# Somebody calls back


@pytest.mark.parametrize("vendor", AGENTS)
def test_somebody_calls_back(
    mid: Callable[[str], MidCampaign], sandbox: Sandbox, sara: Browser, reza: Browser, admin: Browser, vendor: str
) -> None:
    at = mid(vendor)
    at.go_on()
    sync_provider(at.provider.pk)
    ours = at.campaign.calls.earliest("pk")
    order: dict[str, Any] = {"vendor": vendor, "from": ours.to_number, "talk": 3}
    if vendor == "unleashx":
        order["agent"] = Agent.objects.filter(provider=at.provider, direction="inbound").earliest("pk").remote_id
    control(sandbox.server.origin, "inbound", order)
    Provider.objects.filter(pk=at.provider.pk).update(created_at=timezone.now() - 48 * HOUR)
    wait_until(lambda: bool(reconciliation_sweep.sweep_provider(at.provider.pk)) and Call.objects.inbound().exists())
    back = Call.objects.inbound().get()

    # It is in the log, on the person's page and on the caller's Today, and nowhere a call that nobody knows.
    assert f'href="{reverse("call", args=[back.pk])}"' in sara.html("call-log", direction="inbound")
    assert f'href="{reverse("call", args=[ours.pk])}"' not in sara.html("call-log", direction="inbound")
    person = sara.html("person", ours.contact_id)
    assert reverse("call", args=[back.pk]) in person
    assert "Called us" in sara.text("person", ours.contact_id)
    assert "The contact called us and talked." in sara.text("call", back.pk)
    today = sara.text("today")
    assert "People who called back" in today
    assert f"({at.campaign.name})." in today
    assert not UnknownVendorCall.objects.exists()
    assert "not in Callcenter" not in reza.text("today")
    assert "On hold" not in reza.text("providers")

    # A start of the worker compares the list and goes on.
    Provider.objects.filter(pk=at.provider.pk).update(uncompared_since=timezone.now(), compare_next_at=None)
    assert start_comparison.compare(at.provider.pk), Provider.objects.get(pk=at.provider.pk).frozen_reason
    assert Provider.objects.get(pk=at.provider.pk).frozen_at is None

    handled = f'action="{reverse("call-handled", args=[back.pk])}"'
    assert handled in sara.html("today")
    assert f'href="{reverse("quick-call")}?person={ours.contact_id}"' in sara.html("call", back.pk)
    assert "Marked as handled." in sara.press("call-handled", back.pk, next=reverse("today"))
    assert handled not in sara.html("today")
    assert handled not in reza.html("today")
    # Nobody was rung for it.
    at.check_all_were_called_once()
