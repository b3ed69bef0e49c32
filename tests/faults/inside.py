"""What the harness does inside an installation: each function runs in a process of its own and returns plain JSON."""

from __future__ import annotations

import datetime
import random
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from callcenter.webhooks_out import receivers
from campaigns import worker_life
from campaigns.contacts import do_not_call
from campaigns.core import happenings, hosts, stop_all
from campaigns.launch import lifecycle
from campaigns.models import Call, CallEvent, Campaign, Contact, DialingSwitch
from campaigns.tracking import reconciliation_sweep
from providers.models import Agent, CallerId, Provider
from providers.sandbox.accounts import ACCOUNT_OF

READS_PER_MINUTE = 240


def lay_out(vendors: list[str], people: int, max_lines: int, pace: int, copies: int = 1) -> dict[str, int]:
    """Make a provider and `copies` running campaigns at each vendor, and share new people out; returns the numbers.

    With several copies every campaign has the same people, so that they compete for each number.
    """
    DialingSwitch.objects.get_or_create(pk=1)
    first = Contact.objects.count()
    providers = [make_provider(vendor, max_lines, pace) for vendor in vendors]
    campaigns = [make_campaign(provider, number) for provider in providers for number in range(copies)]
    contacts = Contact.objects.bulk_create(
        Contact(name=f"Person {n}", phone=f"+98912{n:07d}", region="IR") for n in range(first, first + people)
    )
    calls = []
    for position, contact in enumerate(contacts):
        for campaign in campaigns if copies > 1 else [campaigns[position % len(campaigns)]]:
            calls.append(new_call(campaign, contact))
    Call.objects.bulk_create(calls, batch_size=500)
    return {"people": len(contacts), "calls": len(calls)}


def ask_for_webhooks(url: str) -> int:
    """Let an address of this machine hear of every call that ends; returns its webhook's id."""
    settings.DEBUG, settings.OUTBOUND_HOSTS = True, ["127.0.0.1"]
    owner = User.objects.create_superuser("shop")
    return receivers.make(owner, name="Shop", url=url, kinds=["call.ended"]).receiver.pk


def end_calls(first: int, count: int) -> list[int]:
    """Say of some calls that they ended, each in a transaction of its own; returns their ids."""
    ids = list(Call.objects.order_by("pk").values_list("pk", flat=True)[first : first + count])
    for pk in ids:
        happenings.happened("call.ended", pk)
    return ids


def add_people(people: int) -> int:
    """Add people to the campaigns that there are, which go on where they had ended."""
    first = Contact.objects.count()
    campaigns = list(Campaign.objects.order_by("pk"))
    contacts = Contact.objects.bulk_create(
        Contact(name=f"Person {n}", phone=f"+98912{n:07d}", region="IR") for n in range(first, first + people)
    )
    Call.objects.bulk_create(
        [new_call(campaigns[n % len(campaigns)], contact) for n, contact in enumerate(contacts)], batch_size=500
    )
    Campaign.objects.update(status=Campaign.Status.RUNNING)
    return len(contacts)


def make_provider(vendor: str, max_lines: int, pace: int) -> Provider:
    """Return the provider of a vendor, new where there is none."""
    account = ACCOUNT_OF[vendor]
    scale = float(settings.TIME_SCALE)
    provider, is_new = Provider.objects.get_or_create(
        vendor=vendor,
        defaults={
            "name": account.name,
            "secrets": {"api_key": account.key},
            "options": {"base_url": settings.SANDBOX_ORIGIN + account.base_path, **account.options},
            "max_lines": max_lines,
            "calls_per_minute": pace,
            "reads_per_minute": round(READS_PER_MINUTE * scale),
            "max_call_seconds": max(5, round(1800 / scale)),
        },
    )
    if is_new:
        for agent in account.agents[:1]:
            Agent.objects.create(provider=provider, remote_id=agent.id, name=agent.name)
        for number in account.caller_ids[:1]:
            CallerId.objects.create(provider=provider, remote_id=number, number=number, name="desk")
    return provider


def make_campaign(provider: Provider, number: int) -> Campaign:
    """Return a running campaign that may call at any hour."""
    return Campaign.objects.create(
        name=f"{provider.name} {number}",
        status=Campaign.Status.RUNNING,
        is_filled=True,
        launched_at=timezone.now(),
        provider=provider,
        agent=provider.agent_set.first(),
        caller_id=provider.callerid_set.first(),
        hours_start=datetime.time(0, 0),
        hours_end=datetime.time(0, 0),
        quiet_hours=0,
        max_attempts=1,
        retries={},
    )


def new_call(campaign: Campaign, contact: Contact) -> Call:
    """Return a first attempt, not yet stored."""
    return Call(
        campaign=campaign, contact=contact, to_number=contact.phone, provider_id=campaign.provider_id,
        agent_id=campaign.agent_id, caller_id_id=campaign.caller_id_id,
    )  # fmt: skip


def start() -> bool:
    """Do what the worker command does before it takes up work; returns whether the host starts alone."""
    is_alone = hosts.begin(settings.HOST_NAME)
    worker_life.starts(is_alone=is_alone)
    return is_alone


def refusal() -> str:
    """Return why no worker may start."""
    return worker_life.refusal()


def close_breakers() -> int:
    """Let every provider call again at once."""
    return Provider.objects.update(
        breaker_opened_at=None, breaker_reason="", breaker_probe_at=None, unknowns_in_row=0, outcomes=[]
    )


def sweep_lists() -> dict[str, int]:
    """Compare every vendor's list with our rows, as the hourly task does; returns what came of it."""
    counts = {"bound": 0, "recorded": 0, "unfrozen": 0}
    for provider_id in reconciliation_sweep.comparable():
        for name, number in reconciliation_sweep.sweep_provider(provider_id).items():
            counts[name] += number
    return counts


def commit_points(since: int = 0, **of: Any) -> int:
    """Count commit points among the steps after one, of one campaign or one number where asked."""
    return CallEvent.objects.filter(
        pk__gt=since, code="commit_point", **{f"call__{name}": value for name, value in of.items()}
    ).count()


def a_while_ago() -> int:
    """Return a step well before all that may still be under way: to count all steps each time would take the run."""
    return max(0, (CallEvent.objects.aggregate(last=Max("pk"))["last"] or 0) - 2000)


def press_stops(kind: str, times: int) -> dict[str, int]:
    """Pause, press stop-all or opt somebody out, so many times while calls leave; count what passed after the commit.

    The count before is taken inside the stop's own transaction, when no commit point can be under way any more.
    """
    passed_after = still_dialing = 0
    person = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("root", password="x")
    for number in range(times):
        if number % 10 == 0 and Call.objects.filter(status="pending").count() < 600:
            add_people(1000)
        time.sleep(random.uniform(0.0, 0.02))
        since = a_while_ago()
        at_first = commit_points(since)
        before, of, undo = STOPS[kind](person, since)
        time.sleep(random.uniform(0.005, 0.03))
        passed_after += commit_points(since, **of) - before
        undo()
        until = time.monotonic() + 60
        # A pause proves something only while calls leave around it.
        while commit_points(since) == at_first and time.monotonic() < until:
            time.sleep(0.002)
        still_dialing += commit_points(since) > at_first
    return {"passed_after": passed_after, "pressed": times, "while_dialing": still_dialing}


def _pause(_person: User, since: int) -> tuple[int, dict[str, Any], Any]:
    campaign_id = random.choice(Campaign.objects.filter(status="running").values_list("pk", flat=True))
    with transaction.atomic():
        assert lifecycle.pause_by_system(campaign_id, "a test").changed
        before = commit_points(since, campaign=campaign_id)
    return before, {"campaign": campaign_id}, lambda: Campaign.objects.filter(pk=campaign_id).update(status="running")


def _stop_all(person: User, since: int) -> tuple[int, dict[str, Any], Any]:
    counted = []
    record = stop_all.record

    def count_and_record(*arguments: Any, **named: Any) -> Any:
        counted.append(commit_points(since))
        return record(*arguments, **named)

    stop_all.record = count_and_record
    try:
        assert stop_all.press_stop_all(person, "a test")
    finally:
        stop_all.record = record
    return counted[0], {}, lambda: stop_all.release_stop_all(person)


def _opt_out(_person: User, since: int) -> tuple[int, dict[str, Any], Any]:
    # Whoever is next, so that the opt-out races with the commit point.
    waiting = list(
        Call.objects.filter(status="pending").order_by("due_at", "id").values_list("to_number", flat=True)[:12]
    )
    number = random.choice(waiting) if waiting else "+989999999999"
    with transaction.atomic():
        do_not_call.forbid(number, reason="asked", source="person")
        before = commit_points(since, to_number=number)
    return before, {"to_number": number}, lambda: None


STOPS = {"pause": _pause, "stop_all": _stop_all, "opt_out": _opt_out}
