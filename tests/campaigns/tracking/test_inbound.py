"""Calls that people make to us: read from every vendor's list, bound to the person, never taken for one of ours."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.core.eligibility_facts import numbers_now
from campaigns.directions import told
from campaigns.models import Call, CallHint, DoNotCall, InboundCall, UnknownVendorCall
from campaigns.tracking import inbound, reconciliation_sweep, start_comparison, unknown_calls, webhooks
from campaigns.tracking.our_lines import our_lines
from providers import opening
from providers.models import Agent, CallerId, Provider
from providers.sandbox.accounts import ACCOUNT_OF
from providers.types import CallHandle, CallQuery, CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_campaign, make_contact
from tests.providers.sandbox_caller import control

HOUR = datetime.timedelta(hours=1)
PERSON = "+12025550177"
UNLEASHX_LINE = "+911140000001"
VENDORS = ("bolna", "voicy", "vocode", "vocode_told", "unleashx", "unleashx_swapped")
"""Vocode by our numbers, and by the agent's number in the call; UnleashX by its agent, and by our numbers: what its two
numbers are of a call that came in is documented nowhere."""


def provider_at(sandbox: Sandbox, vendor: str) -> Provider:
    """Make a provider that can be told from which side a call came, as far as its vendor can."""
    provider = sandbox.provider(vendor.partition("_")[0])
    Provider.objects.filter(pk=provider.pk).update(created_at=timezone.now() - 48 * HOUR)
    if vendor == "unleashx":
        # Nothing but the agent tells it there: ours call out, and another one answers.
        Agent.objects.create(provider=provider, remote_id="105", name="Reception", direction="inbound")
    if vendor == "vocode_told":
        CallerId.objects.filter(provider=provider).delete()
        control(sandbox.server.origin, "switches", {"vocode_tells_line": True})
    if vendor == "unleashx_swapped":
        CallerId.objects.create(provider=provider, remote_id="line", number=UNLEASHX_LINE, name="line")
        control(sandbox.server.origin, "switches", {"unleashx_swaps_inbound": True})
    return provider


def come_in(sandbox: Sandbox, provider: Provider, **order: Any) -> str:
    """Let somebody call the account, and wait until the call is over and listed; returns the vendor's id."""
    asked = {"vendor": provider.vendor, "account": ACCOUNT_OF[provider.vendor].key, "from": PERSON, "talk": 3}
    if answers := Agent.objects.filter(provider=provider, direction="inbound").first():
        asked["agent"] = answers.remote_id
    remote_id = str(control(sandbox.server.origin, "inbound", asked | order)["remote_id"])
    time.sleep(0.5)
    return remote_id


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_that_came_in_is_in_the_log_once_with_its_person(sandbox: Sandbox, vendor: str, caller: User) -> None:
    provider = provider_at(sandbox, vendor)
    contact = make_contact(phone=PERSON, region="US")
    ours = make_call(
        provider=provider, contact=contact, status="no_answer", rank=86, placing_at=timezone.now() - HOUR, owner=caller
    )
    come_in(sandbox, provider)
    for _again in range(2):
        reconciliation_sweep.sweep_provider(provider.pk)
    call = Call.objects.inbound().get()
    assert (call.to_number, call.contact, call.direction) == (PERSON, contact, "inbound")
    assert call.status == CallStatus.COMPLETED
    assert call.talk_seconds
    assert call.placing_at is None
    assert call.owner == caller
    assert call.inbound.answers == ours
    assert [step.code for step in call.events.all()] == ["called_us"]
    assert not UnknownVendorCall.objects.exists()
    if provider.backend_class.gives_transcript and provider.backend_class.reads_more_alone:
        assert call.transcript.turns


def test_a_lost_order_of_an_agent_said_to_answer_only_still_freezes(sandbox: Sandbox) -> None:
    """The vendor takes orders with such an agent, too: whom it called before a restore is not called again."""
    provider = provider_at(sandbox, "unleashx")
    agent = Agent.objects.get(provider=provider, direction="inbound")
    lost = make_call(
        provider=provider, agent=agent, to_number=PERSON, status="pending", rank=0, due_at=timezone.now() + HOUR
    )
    row = CallSnapshot(remote_id="lost", to_number=PERSON, agent_id=agent.remote_id, status=CallStatus.COMPLETED)
    assert told(row, our_lines(provider)).direction is None
    Call.objects.filter(pk=lost.pk).delete()
    assert told(row, our_lines(provider)).direction == "inbound"
    make_campaign(provider=provider, agent=agent)
    assert told(row, our_lines(provider)).direction is None


def test_trimmed_rows_of_bolna_are_told_by_what_was_asked_for(sandbox: Sandbox) -> None:
    """Its rows of lists do not say their direction, and the other numbers of the account may not be known here."""
    provider = provider_at(sandbox, "bolna")
    remote_id, now = come_in(sandbox, provider), timezone.now()
    rows = opening.open_backend(provider).list_calls(CallQuery(since=now - HOUR, until=now + HOUR))
    assert [(row.remote_id, row.direction, row.to_number) for row in rows] == [(remote_id, "inbound", PERSON)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_that_came_in_does_not_freeze_a_provider_at_a_start(sandbox: Sandbox, vendor: str) -> None:
    provider = provider_at(sandbox, vendor)
    come_in(sandbox, provider)
    Provider.objects.filter(pk=provider.pk).update(uncompared_since=timezone.now())
    assert start_comparison.compare(provider.pk), Provider.objects.get(pk=provider.pk).frozen_reason
    assert not Provider.objects.get(pk=provider.pk).frozen_at


@pytest.mark.parametrize("vendor", VENDORS)
def test_who_calls_back_at_once_is_not_the_unknown_call(sandbox: Sandbox, vendor: str) -> None:
    """Its order was lost, and the person calls us within the minute: same number, same time, same agent if it can."""
    provider = provider_at(sandbox, vendor)
    now = timezone.now()
    lost = make_call(
        provider=provider, agent=Agent.objects.exclude(direction="inbound").get(provider=provider),
        to_number=PERSON, status="unknown", rank=20,
        placing_at=now, deadline_at=now + datetime.timedelta(seconds=1), next_poll_at=now,
    )  # fmt: skip
    come_in(sandbox, provider)
    plan = unknown_calls.plan_look(provider, timezone.now())
    assert plan is not None
    listing = unknown_calls.look(opening.open_backend(provider), plan)
    unknown_calls.conclude(plan, listing.rows, timezone.now(), is_whole=listing.is_whole)
    lost.refresh_from_db()
    assert (lost.status, lost.remote_id) == (CallStatus.UNKNOWN, "")


def test_a_vendor_that_ignores_what_is_asked_for_is_believed_row_by_row(sandbox: Sandbox) -> None:
    control(sandbox.server.origin, "switches", {"bolna_filters_type": False, "bolna_rows_tell_type": True})
    provider = provider_at(sandbox, "bolna")
    come_in(sandbox, provider)
    reconciliation_sweep.sweep_provider(provider.pk)
    assert Call.objects.inbound().get().to_number == PERSON


def test_a_stranger_and_a_withheld_number_are_kept_without_a_person(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    come_in(sandbox, provider, **{"from": "anonymous"})
    reconciliation_sweep.sweep_provider(provider.pk)
    call = Call.objects.inbound().get()
    assert (call.to_number, call.contact, call.owner, call.inbound.answers) == ("", None, None, None)


def test_our_own_line_is_never_the_person(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    lines = list(CallerId.objects.filter(provider=provider).values_list("number", flat=True))
    CallerId.objects.create(provider=provider, remote_id="two", number="+12025550112", name="second")
    come_in(sandbox, provider, **{"from": "+12025550112", "to": lines[0]})
    reconciliation_sweep.sweep_provider(provider.pk)
    assert Call.objects.inbound().get().to_number == ""


def test_nobody_answered_is_told_as_that(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "voicy")
    come_in(sandbox, provider, talk=0)
    reconciliation_sweep.sweep_provider(provider.pk)
    assert Call.objects.inbound().get().status == CallStatus.NO_ANSWER


def test_a_call_that_goes_on_is_written_when_it_is_over(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    come_in(sandbox, provider, talk=3600)
    reconciliation_sweep.sweep_provider(provider.pk)
    assert not Call.objects.inbound().exists()
    assert not UnknownVendorCall.objects.exists()


def test_a_wish_not_to_be_called_is_heard_in_a_call_that_came_in(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "voicy")
    make_call(provider=provider, to_number=PERSON, status="pending")
    come_in(sandbox, provider, refuses=True)
    reconciliation_sweep.sweep_provider(provider.pk)
    assert DoNotCall.objects.filter(phone=PERSON).exists()
    assert Call.objects.get(to_number=PERSON, direction="outbound").status == CallStatus.SKIPPED


# Webhooks are hints: what they say is read again


def test_a_message_of_a_call_that_came_in_is_read_at_once(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    remote_id = come_in(sandbox, provider)
    told = CallSnapshot(remote_id=remote_id, direction="inbound")
    webhooks.take_hint(provider.pk, told, "digest-1", timezone.now())
    webhooks.follow_hints()
    assert Call.objects.inbound().get().remote_id == remote_id
    assert CallHint.objects.get().state == CallHint.State.DONE


def test_a_false_message_makes_no_call(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    told = CallSnapshot(
        remote_id="made-up", direction="inbound", to_number=PERSON, status=CallStatus.COMPLETED, talk_seconds=9
    )
    webhooks.take_hint(provider.pk, told, "digest-1", timezone.now())
    webhooks.follow_hints()
    assert not Call.objects.inbound().exists()


def test_a_message_cannot_turn_a_call_that_went_out_into_one_that_came_in(sandbox: Sandbox) -> None:
    class Vendor:
        reads_more_alone = True

        def fetch_calls(self, handles: list[CallHandle]) -> list[CallSnapshot]:
            return [
                CallSnapshot(remote_id=one.remote_id, direction="outbound", status=CallStatus.COMPLETED)
                for one in handles
            ]

    provider = provider_at(sandbox, "bolna")
    hint = CallSnapshot(remote_id="theirs")
    vendor: Any = Vendor()
    assert inbound.take_in(provider, vendor, [hint], our_lines(provider), timezone.now()) == 0
    assert not Call.objects.exists()


# What it means for the rules


def written(sandbox: Sandbox, **order: Any) -> Call:
    """Return a call that came in, as the sweep wrote it."""
    provider = provider_at(sandbox, "bolna")
    come_in(sandbox, provider, **order)
    reconciliation_sweep.sweep_provider(provider.pk)
    return Call.objects.inbound().get()


def test_a_call_that_came_in_never_counts_as_dialled(sandbox: Sandbox) -> None:
    call = written(sandbox)
    now = timezone.now()
    known = numbers_now([call.to_number], now, now - 24 * HOUR)
    assert call.to_number not in known.live
    assert known.last_rung(call.to_number) is None
    assert not Call.objects.dialed().exists()
    assert not Call.objects.live().exists()
    assert not Call.objects.holding_lines(now).exists()


def test_who_talked_to_us_since_needs_no_confirmed_call_any_more(sandbox: Sandbox) -> None:
    before = timezone.now()
    call = written(sandbox)
    assert numbers_now([call.to_number], timezone.now(), None, before).talked
    assert not numbers_now([call.to_number], timezone.now(), None, timezone.now() + HOUR).talked


def test_a_call_whose_word_nobody_knows_is_written_when_the_longest_call_is_over(sandbox: Sandbox) -> None:
    provider = provider_at(sandbox, "bolna")
    vendor: Any = type("Vendor", (), {"reads_more_alone": False})()
    now = timezone.now()
    row = CallSnapshot(remote_id="odd", direction="inbound", to_number=PERSON, raw_status="gone", created_at=now)
    assert inbound.take_in(provider, vendor, [row], our_lines(provider), now) == 0
    later = now + 48 * HOUR
    assert inbound.take_in(provider, vendor, [row], our_lines(provider), later) == 1
    assert Call.objects.inbound().get().status == CallStatus.COMPLETED


def test_an_old_call_of_ours_is_not_called_back_to(sandbox: Sandbox) -> None:
    long_ago = timezone.now() - inbound.CALLED_BACK_WITHIN - HOUR
    make_call(to_number=PERSON, status="no_answer", rank=86, placing_at=long_ago)
    assert written(sandbox).inbound.answers is None
    assert InboundCall.objects.count() == 1
