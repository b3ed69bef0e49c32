"""Faults of what all share, in the middle of a campaign: nobody's attempt is used up, and all are called once after.

Real HTTP over loopback to the simulator, which refuses as each vendor does today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.core.refusals import Refusal
from campaigns.launch import lifecycle
from campaigns.models import Call, CallEvent, Campaign
from providers.models import Provider
from providers.services.syncing import sync_by_itself, sync_provider
from providers.types import FINAL
from tests.campaigns.conftest import Sandbox
from tests.campaigns.mid_campaign import LINES, PEOPLE, MidCampaign, Run
from tests.conftest import make_contact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nudges")]
AGENTS = ("unleashx", "bolna", "voicy", "vocode")
NUMBERS = ("bolna", "voicy", "vocode")
VENDORS = ("bitel", *AGENTS)


@pytest.fixture
def mid(sandbox: Sandbox, dial: Run, read_back: Run) -> Callable[[str], MidCampaign]:
    return lambda vendor: MidCampaign(sandbox, vendor, dial, read_back)


def part_faults() -> list[tuple[str, str, str]]:
    """Return vendor, the campaign's field that disappears, and the simulator's word for it."""
    return [
        *((vendor, "agent", "agents_gone") for vendor in AGENTS),
        *((vendor, "caller_id", "caller_ids_gone") for vendor in NUMBERS),
        ("bitel", "voice", "voices_gone"),
        ("bitel", "dialer", "dialers_gone"),
    ]


def account_faults() -> list[tuple[str, str]]:
    """Return vendor and fault; Bolna takes orders from an empty account, which has a test of its own."""
    return [
        *((vendor, "is_key_dead") for vendor in VENDORS),
        *((vendor, "is_empty") for vendor in VENDORS if vendor != "bolna"),
    ]


@pytest.mark.parametrize(("vendor", "part", "fault"), part_faults())
def test_a_part_of_the_message_that_disappears_pauses_the_campaign_at_the_first_refusal(
    mid: Callable[[str], MidCampaign], manager: User, vendor: str, part: str, fault: str
) -> None:
    at = mid(vendor)
    gone = getattr(at.campaign, part)
    at.spoil(**{fault: [gone.number if part == "caller_id" else gone.remote_id]})
    at.go_on()
    assert (at.campaign.status, at.campaign.paused_by_system) == ("paused", True)
    assert str(gone) in at.campaign.paused_reason
    assert "no attempt was used" in at.campaign.paused_reason
    assert at.provider.halted_at is None
    at.check_nobody_was_charged()
    taken_back = CallEvent.objects.filter(code="message_refused")
    assert 1 <= taken_back.count() <= LINES, "nobody but those whose orders were out"
    assert at.provider.sync_next_at <= timezone.now(), "the lists are read again soon"

    # A resume while it is still gone calls nobody: it is refused where a sync has seen it, else pauses at once again.
    sync_by_itself(at.provider.pk)
    gone.refresh_from_db()
    if gone.is_present:
        lifecycle.resume(at.campaign.pk, manager)
        at.go_on()
        assert at.campaign.status == "paused"
    else:
        with pytest.raises(Refusal, match="no longer exists at the provider"):
            lifecycle.resume(at.campaign.pk, manager)
    at.check_nobody_was_charged()

    at.spoil()
    if at.provider.can_sync:
        sync_provider(at.provider.pk)
    assert lifecycle.resume(at.campaign.pk, manager).changed
    at.go_on()
    at.check_all_were_called_once()


@pytest.mark.parametrize(("vendor", "fault"), account_faults())
def test_a_fault_of_the_account_halts_the_provider_at_the_first_refusal(
    mid: Callable[[str], MidCampaign], admin_person: User, vendor: str, fault: str
) -> None:
    at = mid(vendor)
    at.spoil(**{fault: True})
    at.go_on()
    assert at.provider.halted_at
    assert at.provider.last_error_kind == ("CredentialsRejected" if fault == "is_key_dead" else "OutOfCredit")
    assert at.campaign.status == "running"
    at.check_nobody_was_charged()
    at.spoil()
    assert Provider.objects.resume(at.provider.pk, admin_person)
    at.go_on()
    at.check_all_were_called_once()


def test_calls_that_an_empty_account_ended_are_no_attempts(
    mid: Callable[[str], MidCampaign], admin_person: User
) -> None:
    at = mid("bolna")
    at.spoil(is_empty=True)
    at.go_on()
    assert at.provider.halted_at
    assert at.provider.last_error_kind == "OutOfCredit"
    ended = at.campaign.calls.filter(failure_reason="balance_low")
    assert 1 <= ended.count() <= LINES
    waiting = at.campaign.calls.filter(status="pending")
    assert waiting.count() == PEOPLE - LINES
    assert {call.counted_attempt for call in waiting} == {1}
    assert set(waiting.filter(attempt=2).values_list("to_number", flat=True)) == set(
        ended.values_list("to_number", flat=True)
    )
    assert at.campaign.status == "running"

    at.spoil()
    assert Provider.objects.resume(at.provider.pk, admin_person)
    at.go_on()
    told = [call for call in Call.objects.filter(campaign=at.campaign) if call.failure_reason != "balance_low"]
    assert len(told) == len({call.to_number for call in told}) == PEOPLE
    assert {(call.status in FINAL, call.counted_attempt, call.failure_reason) for call in told} == {(True, 1, "")}
    dials = Counter(entry["to_number"] for entry in at.sandbox.dialed)
    rang = dials - Counter(ended.values_list("to_number", flat=True))
    assert set(rang.values()) == {1}
    assert len(rang) == PEOPLE


def test_what_a_sync_saw_disappear_is_not_even_ordered(mid: Callable[[str], MidCampaign]) -> None:
    at = mid("vocode")
    at.spoil(agents_gone=[at.campaign.agent.remote_id])
    sync_provider(at.provider.pk)
    at.go_on()
    assert (at.campaign.status, at.campaign.paused_by_system) == ("paused", True)
    assert "no longer exists at the provider" in at.campaign.paused_reason
    assert not CallEvent.objects.filter(code="message_refused").exists()
    at.check_nobody_was_charged()


def test_an_agent_that_was_switched_off_pauses_the_campaign(mid: Callable[[str], MidCampaign], manager: User) -> None:
    at = mid("unleashx")
    at.spoil(agents_off=[at.campaign.agent.remote_id])
    sync_provider(at.provider.pk)
    at.go_on()
    assert at.campaign.status == "paused"
    assert "is not active" in at.campaign.paused_reason
    at.check_nobody_was_charged()
    with pytest.raises(Refusal, match="is not active"):
        lifecycle.resume(at.campaign.pk, manager)


def test_a_single_call_with_an_agent_that_is_gone_ends_with_the_vendors_words(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider("bolna")
    agent = provider.agent_set.get()
    person = make_contact()
    call = Call.objects.create(provider=provider, agent=agent, contact=person, to_number=person.phone)
    order = {"vendor": "bolna", "agents_gone": [agent.remote_id]}
    requests.post(f"{sandbox.server.origin}/_control/account", json=order, timeout=60).raise_for_status()
    dial(1.0)
    call.refresh_from_db()
    assert (call.status, call.failure_reason, call.failure_detail) == ("failed", "place_rejected", "Agent not found")
    assert not sandbox.dialed
    assert Campaign.objects.count() == 0
