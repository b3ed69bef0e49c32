"""Why somebody was or was not called: one plain sentence for every decision, and the next step where there is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import reasons
from campaigns.core import explanations, transitions
from campaigns.models import Call
from campaigns.reasons import SkipReason, WaitReason
from providers.types import FINAL, CallStatus, FailureReason
from tests.conftest import SOME_TIME, make_call, make_campaign, make_contact, make_provider

ROOT = Path(__file__).parents[3]
WORDS = r"[A-Z][^\n]{6,}[.:]$"


def of(members: Any) -> list[str]:
    return [value for value in members.values if value]


@pytest.mark.parametrize("reason", of(SkipReason))
def test_every_reason_not_to_call_is_a_sentence_with_a_next_step(reason: str) -> None:
    call = Call(status="skipped", skip_reason=reason)
    assert re.match(WORDS, str(explanations.why(call)))
    assert re.match(WORDS, str(explanations.next_step(call)))


@pytest.mark.parametrize("reason", of(WaitReason))
def test_every_reason_to_wait_is_a_sentence_with_a_next_step(reason: str) -> None:
    call = Call(status="pending", wait_reason=reason)
    assert str(explanations.why(call)).startswith("Waiting")
    assert re.match(WORDS, str(explanations.next_step(call)))


@pytest.mark.parametrize("reason", of(FailureReason))
def test_every_failure_is_a_sentence_with_a_next_step(reason: str) -> None:
    call = Call(status="failed", failure_reason=reason)
    assert re.match(WORDS, str(explanations.why(call)))
    assert re.match(WORDS, str(explanations.next_step(call)))


def test_no_two_reasons_say_the_same() -> None:
    calls = [
        *(Call(status="skipped", skip_reason=reason) for reason in SkipReason.values),
        *(Call(status="pending", wait_reason=reason) for reason in WaitReason.values),
        *(Call(status="failed", failure_reason=reason) for reason in FailureReason.values),
    ]
    said = [str(explanations.why(call)) for call in calls]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("status", CallStatus.values)
def test_every_state_is_explained(status: str) -> None:
    assert re.match(WORDS, str(explanations.why(Call(status=status))))


def test_a_conversation_explains_itself_and_a_voicemail_does_not() -> None:
    assert explanations.why(Call(status="completed", talk_seconds=9, answered_by="human")) == ""
    assert explanations.why(Call(status="completed", talk_seconds=9, answered_by="machine")) == "Voicemail answered."


def test_what_is_not_known_yet_still_has_a_sentence() -> None:
    assert str(explanations.why(Call(status="skipped", skip_reason="of_tomorrow"))) == "Not called."
    assert str(explanations.why(Call(status="pending", wait_reason="of_tomorrow"))) == "Waiting."


def test_every_step_that_is_written_has_a_sentence_and_every_sentence_is_written() -> None:
    """Read from the source: a step's code is the second thing that `step` takes, and the first of a `Why`."""
    written: set[str] = {code for transition in transitions.TRANSITIONS for code in transition.codes}
    named: set[str] = set()
    for path in (ROOT / "campaigns").rglob("*.py"):
        if "history" in path.parts or "migrations" in path.parts or path.name == "reasons.py":
            continue
        text = path.read_text()
        written |= set(re.findall(r"\bstep\(\s*[\w.]+,\s*\"(\w+)\"", text))
        written |= set(re.findall(r"\bWhy\(\s*\"(\w+)\"", text))
        named |= set(re.findall(r"\"(\w+)\"", text))
    assert {"commit_point", "retry_planned", "no_retry_stopped", "canceled_by_person"} <= written
    assert written - set(reasons.SENTENCES) == set()
    # A sentence that nothing writes would be a word without a meaning.
    assert set(reasons.SENTENCES) - named == set()
    for code in ("taken_back", "not_taken_back", "cancel_asked", "hang_up_asked"):
        assert code in reasons.SENTENCES


# What stands around a call


@pytest.mark.django_db
def test_a_paused_campaign_and_a_halted_provider_are_named_where_they_were_read() -> None:
    campaign = make_campaign(status="paused")
    pk = make_call(campaign=campaign, contact=make_contact(), wait_reason="retry").pk
    calls = Call.objects.filter(pk=pk)
    assert explanations.why(calls.get()) == "Waiting to retry."
    assert explanations.why(calls.select_related("campaign").get()) == "Waiting: the campaign is paused."
    halted = make_call(provider=make_provider(halted_at=timezone.now(), halted_reason="The key is dead."))
    said = str(explanations.why(Call.objects.select_related("provider").get(pk=halted.pk)))
    assert said == "Waiting: the provider cannot call now. Paused: The key is dead."


@pytest.mark.django_db
def test_nothing_is_read_for_a_sentence(django_assert_num_queries: Any) -> None:
    campaign = make_campaign(status="paused")
    make_call(campaign=campaign, contact=make_contact())
    light = Call.objects.select_related("campaign", "provider").only("status", "campaign__name", "provider__name")
    (call,) = light.defer(None).only("status", "wait_reason", "campaign__name", "provider__name")
    with django_assert_num_queries(0):
        assert explanations.why(call) == "Waiting."


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "fields", "words"),
    [
        ("completed", {"talk_seconds": 9}, "Done: no retry."),
        ("no_answer", {"attempt": 3}, "No retry: all attempts are used."),
        ("no_answer", {"attempt": 1}, ""),
        ("failed", {"failure_reason": "not_connected"}, ""),
        ("failed", {"failure_reason": "place_rejected"}, "No retry: the campaign has none after this."),
        ("completed", {"talk_seconds": 0}, "No retry: the campaign has none after this."),
        ("completed", {}, "No retry: the provider does not say whether anybody talked."),
        ("busy", {"answered_by": "machine"}, "No retry: given to a user."),
        ("no_answer", {"stop_asked_at": SOME_TIME}, "No retry: stopped by a user."),
        ("pending", {}, ""),
        ("ringing", {}, ""),
    ],
)
def test_who_gets_no_further_attempt_knows_why(status: str, fields: dict[str, Any], words: str) -> None:
    campaign = make_campaign(status="running", max_attempts=3, hand_overs={"machine": {"person": 1, "minutes": 60}})
    call = make_call(campaign=campaign, contact=make_contact(), status=status, **fields)
    assert str(explanations.why_no_more(call, campaign)) == words
    if status in FINAL - {CallStatus.COMPLETED} and not fields.get("stop_asked_at"):
        campaign.status = "stopped"
        assert str(explanations.why_no_more(call, campaign)) == "No retry: the campaign is finished."


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [SkipReason.DO_NOT_CALL, SkipReason.NO_ZONE, SkipReason.CANCELED])
def test_the_sentence_stands_on_the_person_in_the_campaign_and_on_the_call(
    client: Client, manager: Any, reason: str
) -> None:
    client.force_login(manager)
    campaign = make_campaign(status="running", is_filled=True, launched_at=timezone.now())
    call = make_call(campaign=campaign, contact=make_contact(), status="skipped", skip_reason=reason)
    sentence = str(explanations.why(call))
    for page in (f"/people/{call.contact_id}/", f"/campaigns/{campaign.pk}/people/", f"/calls/{call.pk}/"):
        assert sentence in client.get(page).content.decode(), page
