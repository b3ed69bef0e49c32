"""Every vendor to the full, against the simulator: from the order to what was said, what it cost and who said no."""

from __future__ import annotations

import time

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from callcenter.access.rights import MANAGER
from campaigns.calls.recordings import open_recording
from campaigns.core import conditions
from campaigns.models import Call, DoNotCall, HandOver
from campaigns.outcomes import Outcome
from campaigns.tracking import hang_up
from providers.models import Agent, CallerId, Provider, Voice
from providers.sandbox.accounts import DEMO_ACCOUNTS
from providers.services.syncing import sync_provider
from providers.types import FINAL, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.campaigns.ringing import Run, follow, number_of, ring
from tests.conftest import ALL_DAY, make_campaign, make_person
from tests.shown import shown_at

VENDORS = ("bitel", "unleashx", "bolna", "voicy", "vocode")


@pytest.fixture(params=VENDORS)
def provider(request: pytest.FixtureRequest, sandbox: Sandbox) -> Provider:
    """Each vendor in turn; what its pages leave open is kind here where a feature needs it."""
    switches = {"voicy_call_cost": True, "list_lag_seconds": 0, "echo_reference": True}
    requests.post(f"{sandbox.server.origin}/_control/switches", json=switches, timeout=60).raise_for_status()
    options = {"cost_currency": "INR"} if request.param == "unleashx" else {}
    found = sandbox.provider(request.param)
    found.options = {**found.options, **options}
    found.save()
    return found


def test_a_call_brings_all_that_the_vendor_tells(
    provider: Provider, sandbox: Sandbox, dial: Run, read_back: Run
) -> None:
    backend = provider.backend_class
    ends = {"9901": CallStatus.COMPLETED, "9902": CallStatus.BUSY, "9903": CallStatus.NO_ANSWER,
            "9911": CallStatus.FAILED}  # fmt: skip
    calls = {last: ring(provider, last) for last in ends}
    follow(list(calls.values()), dial, read_back)
    assert {last: call.status for last, call in calls.items()} == ends
    assert all(sandbox.dials_of(call.to_number) == 1 for call in calls.values())
    answered = calls["9901"]
    assert answered.talk_seconds
    assert calls["9902"].talk_seconds in (0, None)
    assert (answered.cost is not None) == backend.gives_cost
    if backend.gives_cost:
        assert answered.currency == {"bitel": "IRT", "unleashx": "INR"}.get(provider.vendor, "USD")
    assert answered.recording_available == backend.supports_recording
    assert hasattr(answered, "transcript") == backend.gives_transcript
    if backend.gives_transcript:
        speakers = [turn["speaker"] for turn in answered.transcript.turns]
        assert {"agent", "person"} <= set(speakers)
    if backend.supports_recording:
        listener: User = make_person(MANAGER)
        sound = open_recording(
            Call.objects.select_related("provider", "agent", "caller_id").get(pk=answered.pk), listener
        )
        assert sound.size > 1000
        sound.close()


def test_a_machine_is_told_from_a_person(provider: Provider, dial: Run, read_back: Run) -> None:
    call = ring(provider, "9910")
    follow([call], dial, read_back)
    assert (call.status, call.answered_by) == (
        "completed", "machine" if provider.backend_class.tells_machine else "unknown"
    )  # fmt: skip


def test_whoever_answers_and_says_nothing_is_told_from_a_talk(
    provider: Provider, sandbox: Sandbox, dial: Run, read_back: Run
) -> None:
    call = ring(provider, "9920")
    follow([call], dial, read_back)
    assert (call.status, call.talk_seconds, call.answered_by) == ("completed", 0, "unknown")
    assert conditions.outcome_of(call.status, call.answered_by, call.talk_seconds, "") == Outcome.NO_SPEECH


OUTCOMES = {
    "9902": Outcome.BUSY,
    "9903": Outcome.NO_ANSWER,
    "9910": Outcome.VOICEMAIL,
    "9911": Outcome.FAILED,
    "9920": Outcome.NO_SPEECH,
}


def test_each_outcome_is_followed_by_what_the_campaign_says(
    provider: Provider, sandbox: Sandbox, dial: Run, read_back: Run, caller: User
) -> None:
    """Each outcome once with another attempt and once with a person: no other way leads on."""
    given = {outcome.value: {"person": caller.pk, "minutes": 60} for outcome in Outcome}
    again = {outcome.value: [600] for outcome in Outcome}
    message = {
        "provider": provider, "agent": provider.agent_set.first(), "voice": provider.voice_set.first(),
        "caller_id": provider.callerid_set.first(), "status": "running", "quiet_hours": 0, **ALL_DAY,
    }  # fmt: skip
    told = provider.backend_class.tells_machine
    wanted = {last: outcome for last, outcome in OUTCOMES.items() if told or outcome != Outcome.VOICEMAIL}
    numbers = {number_of(provider.vendor, last): outcome.value for last, outcome in wanted.items()}
    for hand_overs in ({}, given):
        campaign = make_campaign(**message, retries=again, hand_overs=hand_overs)
        calls = {last: ring(provider, last, campaign=campaign) for last in OUTCOMES}
        follow(list(calls.values()), dial, read_back)
        found = {
            last: conditions.outcome_of(call.status, call.answered_by, call.talk_seconds, call.failure_reason)
            for last, call in calls.items()
        }
        assert found == dict.fromkeys(OUTCOMES) | wanted
        planned = set(Call.objects.filter(campaign=campaign, attempt=2).values_list("to_number", flat=True))
        handed = HandOver.objects.filter(call__campaign=campaign, state="open", person=caller)
        assert planned == (set() if hand_overs else set(numbers))
        assert dict(handed.values_list("call__to_number", "outcome")) == (numbers if hand_overs else {})


def test_who_said_no_to_the_vendor_is_never_called_again(provider: Provider, dial: Run, read_back: Run) -> None:
    """In a campaign too: nobody has to ask for it call by call."""
    campaign = make_campaign(provider=provider, agent=provider.agent_set.first(), status="running", **ALL_DAY,
                             voice=provider.voice_set.first(), caller_id=provider.callerid_set.first())  # fmt: skip
    call = ring(provider, "9917", campaign=campaign)
    follow([call], dial, read_back)
    assert call.status == "completed"
    if not provider.backend_class.hears_refusal:
        assert not DoNotCall.objects.exists()
        return
    wish = DoNotCall.objects.get(phone=call.to_number)
    assert (wish.source, wish.expires_at) == (DoNotCall.Source.VENDOR, None)
    assert provider.vendor_label in wish.reason
    assert str(call.pk) in wish.reason


def test_a_pasted_key_is_judged_within_two_seconds(provider: Provider, client: Client, admin_person: User) -> None:
    client.force_login(admin_person)
    good = provider.secrets.open()["api_key"]
    url = reverse("provider-key", args=[provider.pk])
    tries = 0
    for key, status in (("a-wrong-key-0123456789", 422), (good, 302)):
        took: list[float] = []
        # A busy machine may be late, but not ten times.
        while not took or (min(took) >= 2 and len(took) < 10):
            seen = shown_at(client, reverse("provider", args=[provider.pk]))
            begun = time.monotonic()
            assert client.post(url, {"secret_api_key": key} | seen).status_code == status
            took.append(time.monotonic() - begun)
            provider.refresh_from_db()
            assert provider.secrets.open()["api_key"] == good
        assert min(took) < 2
        tries += len(took)
    assert provider.exchanges.filter(what="try_key").count() == tries


def test_a_sync_brings_what_the_vendor_lists(provider: Provider) -> None:
    account = next(account for account in DEMO_ACCOUNTS if account.vendor == provider.vendor)
    backend = provider.backend_class
    for model in (Agent, Voice, CallerId):
        model._default_manager.filter(provider=provider).delete()
    result = sync_provider(provider.pk)
    assert result.problem is None
    brought = {kind: counts.total for kind, counts in result.counts.items()}
    listed = {"agents": account.agents, "voices": account.voices, "caller_ids": account.caller_ids}
    assert brought == {
        kind: len(rows) for kind, rows in listed.items() if getattr(backend, f"supports_list_{kind}")
    }  # fmt: skip


def test_a_call_is_stopped_where_the_vendor_can(provider: Provider, caller: User, dial: Run, read_back: Run) -> None:
    backend = provider.backend_class
    call = ring(provider, "9915", owner=caller)  # it never ends by itself
    dial(1)
    for _round in range(4):
        read_back(0.5, until=Call.objects.filter(pk=call.pk, status=CallStatus.IN_PROGRESS).exists)
        call.refresh_from_db()
        if call.status == CallStatus.IN_PROGRESS:
            break
    wish = hang_up.wish_for(call, caller)
    assert (wish is not None) == (backend.supports_hang_up or (backend.supports_cancel and call.status == "queued"))
    if wish is None:
        return
    hang_up.stop_at_vendor(call.pk, wish, caller)
    follow([call], dial, read_back)
    assert call.status in FINAL
