"""What news teach of a vendor: words that nobody mapped, the zone of its times, rows that cannot be told apart."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns import queue
from campaigns.models import Call, CallEvent
from campaigns.rules import rank_of
from campaigns.tracking import call_updates, polling, vendor_habits
from providers.models import Provider, UnmappedWord
from providers.models.found_offset import weighed
from providers.models.status_words import MOST_WORDS
from providers.services.status_words import map_word, waits_of
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.campaigns.ringing import Run, ring
from tests.conftest import make_call, make_provider

pytestmark = pytest.mark.django_db
VENDORS = ("bitel", "unleashx", "bolna", "voicy", "vocode")
STRANGE = {
    "bitel": "PARKED_ON_THE_MOON", "unleashx": "GONE_FISHING", "bolna": "moonwalking", "voicy": "daydreaming",
    "vocode": "beaming_up",
}  # fmt: skip


def switch(sandbox: Sandbox, **switches: Any) -> None:
    url = f"{sandbox.server.origin}/_control/switches"
    requests.post(url, json=switches, timeout=60).raise_for_status()


def heard(call: Call, word: str, now: datetime.datetime | None = None, **fields: Any) -> None:
    """Join a word that nobody mapped into a call."""
    snapshot = CallSnapshot(remote_id=call.remote_id, raw_status=word, **fields)
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=now or timezone.now())


# Words that nobody mapped


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_strange_word_is_counted_shown_and_mapped_at_once(
    vendor: str, sandbox: Sandbox, dial: Run, read_back: Run, client: Client, admin_person: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    switch(sandbox, list_lag_seconds=0)
    provider = sandbox.provider(vendor)
    call = ring(provider, "9914")
    dial(2)
    read_back(2)
    call.refresh_from_db()
    assert (call.raw_status, call.status) == (STRANGE[vendor], call.status)
    assert call.status not in ("completed", "no_answer")
    seen = UnmappedWord.objects.get(provider=provider)
    assert (seen.spelling, seen.calls) == (STRANGE[vendor], 1)
    client.force_login(admin_person)
    shown = client.get(reverse("provider", args=[provider.pk])).content.decode()
    assert "uses 1 unknown status" in shown
    assert STRANGE[vendor] in shown
    Call.objects.filter(pk=call.pk).update(next_poll_at=timezone.now() + datetime.timedelta(hours=1))
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_poll", lambda: rung.append("poll"))
    answer = client.post(
        reverse("provider-word", args=[provider.pk]), {"word": STRANGE[vendor], "result": "no_answer"}, follow=True
    )
    told = f"“{STRANGE[vendor]}” now means “No answer”. 1 waiting call is checked again now."
    assert [str(message) for message in answer.context["messages"]] == [told]
    assert rung == ["poll"]
    assert "Unknown provider statuses" not in answer.content.decode()
    read_back(2)
    call.refresh_from_db()
    assert call.status == CallStatus.NO_ANSWER
    event = AuditEvent.objects.get(action="provider.word_mapped")
    assert event.detail == {"word": STRANGE[vendor], "result": "no_answer"}


def test_a_given_up_call_waits_for_its_word_and_is_read_again_at_once(admin_person: User) -> None:
    now = timezone.now()
    provider = make_provider()
    later = now + datetime.timedelta(hours=6)
    given_up = {"status": "failed", "raw_status": "moonwalking", "no_news_at": now, "next_poll_at": later}
    call = make_call(provider=provider, remote_id="a", failure_reason="no_news", **given_up)
    decided = make_call(provider=provider, remote_id="b", failure_reason="vendor_error", **given_up)
    (word,) = waits_of([provider])[provider.pk].words
    assert (word.spelling, word.waiting) == ("moonwalking", 1)
    assert map_word(provider.pk, "moonwalking", "completed", admin_person) == 1
    call.refresh_from_db()
    decided.refresh_from_db()
    assert call.next_poll_at is not None
    assert call.next_poll_at < later
    assert decided.next_poll_at == later, "a person has decided it"


def test_a_word_counts_once_a_call_and_keeps_its_times() -> None:
    provider = make_provider()
    early, late = timezone.now() - datetime.timedelta(days=2), timezone.now()
    first, second = (make_call(provider=provider, status="ringing", remote_id=f"r{n}") for n in (1, 2))
    for _round in range(3):
        heard(first, "On-Hold", early)
    heard(second, "on_hold", late)
    seen = UnmappedWord.objects.get()
    assert (seen.word, seen.spelling, seen.calls, seen.first_at, seen.last_at) == ("on_hold", "On-Hold", 2, early, late)
    waits = waits_of([provider])[provider.pk]
    assert [(word.spelling, word.calls, word.waiting) for word in waits.words] == [("On-Hold", 2, 2)]
    assert CallEvent.objects.filter(code="strange_word").count() == 2


def test_a_word_of_every_call_fills_no_table() -> None:
    provider = make_provider()
    UnmappedWord.objects.note(provider.pk, {f"word-{n}": 1 for n in range(MOST_WORDS + 20)}, timezone.now())
    assert UnmappedWord.objects.count() == MOST_WORDS


@pytest.mark.parametrize("result", ["pending", "placing", "skipped", "unknown", "nonsense", ""])
def test_only_what_a_vendor_may_say_can_be_chosen(result: str, client: Client, admin_person: User) -> None:
    provider = make_provider()
    heard(make_call(provider=provider, status="ringing", remote_id="r1"), "on-hold")
    client.force_login(admin_person)
    client.post(reverse("provider-word", args=[provider.pk]), {"word": "on-hold", "result": result})
    provider.refresh_from_db()
    assert "status_map_extra" not in provider.options
    assert not AuditEvent.objects.filter(action="provider.word_mapped").exists()


def test_a_mapped_word_is_not_mapped_again(admin_person: User) -> None:
    provider = make_provider()
    assert map_word(provider.pk, "on-hold", "voicemail", admin_person) == 0
    assert map_word(provider.pk, "On Hold", "busy", admin_person) is None
    assert map_word(provider.pk, "completed", "busy", admin_person) is None
    provider.refresh_from_db()
    assert provider.options["status_map_extra"] == {"on-hold": "voicemail"}


def test_callers_and_managers_see_the_words_and_map_none(client: Client, caller: User, manager: User) -> None:
    provider = make_provider()
    heard(make_call(provider=provider, status="ringing", remote_id="r1"), "on-hold")
    for person in (caller, manager):
        client.force_login(person)
        shown = client.get(reverse("provider", args=[provider.pk])).content.decode()
        assert "on-hold" in shown
        assert 'name="result"' not in shown
        answer = client.post(reverse("provider-word", args=[provider.pk]), {"word": "on-hold", "result": "busy"})
        assert answer.status_code == 403
    provider.refresh_from_db()
    assert "status_map_extra" not in provider.options


def test_a_read_that_was_out_while_the_word_was_mapped_is_repeated_soon(admin_person: User) -> None:
    """An old call is read once an hour: what the mapping made due must not be put off by a read that knew less."""
    provider = make_provider()
    long_ago = timezone.now() - datetime.timedelta(hours=5)
    call = make_call(provider=provider, status="ringing", remote_id="r1", placing_at=long_ago)
    now = timezone.now()
    heard(call, "on-hold", now)
    call.refresh_from_db()
    assert call.next_poll_at is not None
    assert call.next_poll_at > now + datetime.timedelta(minutes=30)
    map_word(provider.pk, "on-hold", "busy", admin_person)
    heard(call, "on-hold", now)
    call.refresh_from_db()
    assert call.next_poll_at is not None
    assert call.next_poll_at < now + datetime.timedelta(minutes=1)


def test_the_running_slice_takes_a_new_meaning_at_once() -> None:
    provider = make_provider()
    current = polling.PollSlice(0.0)
    try:
        before = current._backend_of(provider)
        assert current._backend_of(provider) is before
        provider.options = {"status_map_extra": {"on-hold": "busy"}}
        after = current._backend_of(provider)
        assert after is not None
        assert after.status_of("on-hold") == CallStatus.BUSY
    finally:
        current.finish()


# The zone of UnleashX's times, and rows that cannot be told apart


@pytest.mark.parametrize("offset", ["+05:30", "+00:00"])
def test_the_zone_is_found_from_the_first_calls(
    offset: str, sandbox: Sandbox, dial: Run, read_back: Run, client: Client, manager: User
) -> None:
    switch(sandbox, list_lag_seconds=0, unleashx_utc_offset=offset)
    provider = sandbox.provider("unleashx")
    calls = [ring(provider, last) for last in ("9901", "9902")]
    dial(2)
    read_back(3)
    for call in calls:
        call.refresh_from_db()
    assert [call.status for call in calls] == ["completed", "busy"]
    assert calls[0].talk_seconds
    provider.refresh_from_db()
    assert (provider.found_offset["offset"], provider.found_offset["calls"]) == (offset, 2)
    assert provider.options_with_defaults()["utc_offset"] == offset
    client.force_login(manager)
    shown = " ".join(client.get(reverse("provider", args=[provider.pk])).content.decode().split())
    assert f"UTC{offset}" in shown
    assert "detected from 2 calls, last on" in shown


def test_an_admins_own_zone_wins() -> None:
    found = {"offset": "+05:30", "calls": 7, "at": "2026-11-01T10:00:00+00:00"}
    provider = make_provider(vendor="unleashx", found_offset=found, options={"utc_offset": "+00:00"})
    assert provider.options_with_defaults()["utc_offset"] == "+00:00"
    zone = provider.zone_of_times
    assert zone is not None
    assert (zone.offset, zone.is_set) == ("+00:00", True)
    assert make_provider().zone_of_times is None


def test_one_call_that_was_created_late_overturns_no_zone() -> None:
    now = timezone.now()
    found = weighed(weighed({}, "+05:30", now), "+05:30", now)
    assert (found["offset"], found["calls"]) == ("+05:30", 2)
    for offset in ("+06:30", "+00:00", "+00:00", "+05:30"):
        found = weighed(found, offset, now)
        assert found["offset"] == "+05:30"
    for _call in range(3):
        found = weighed(found, "+00:00", now)
    assert (found["offset"], found["calls"]) == ("+00:00", 3)


def test_rows_that_fit_equally_well_are_told_and_cleared(client: Client, admin_person: User) -> None:
    provider = make_provider(vendor="unleashx")
    now = timezone.now()
    stands = {"status": "dialing", "rank": rank_of(CallStatus.DIALING), "placing_at": now}
    calls = [make_call(provider=provider, remote_id=f"r{n}", **stands) for n in (1, 2, 3)]
    for call, why in zip(calls, ("several", "several", "zone"), strict=True):
        call_updates.merge_news(
            {call.pk: CallSnapshot(remote_id=call.remote_id, matched_by=why)},  # type: ignore[arg-type]
            source="poll", now=now,
        )  # fmt: skip
    waits = waits_of([provider])[provider.pk]
    assert (waits.several, waits.zone) == (2, 1)
    assert Call.objects.filter(status="dialing").count() == 3
    client.force_login(admin_person)
    shown = client.get(reverse("provider", args=[provider.pk])).content.decode()
    assert "2 calls are waiting: several entries in the list of UnleashX match them." in shown
    assert "1 call is waiting: its entry in the list of UnleashX matches only in another time zone." in shown
    ended = CallSnapshot(remote_id="r1", raw_status="USER_ENDED", status=CallStatus.COMPLETED, talk_seconds=5)
    call_updates.merge_news({calls[0].pk: ended}, source="poll", now=now)
    calls[0].refresh_from_db()
    assert (calls[0].status, calls[0].matched_by) == ("completed", "")
    assert waits_of([provider])[provider.pk].several == 1


def test_two_calls_to_one_number_at_the_vendor_are_not_guessed(sandbox: Sandbox, dial: Run, read_back: Run) -> None:
    """Another tool rings the same number within the minute, and no row carries an id."""
    switch(sandbox, list_lag_seconds=0)
    provider = sandbox.provider("unleashx")
    call = ring(provider, "9901")
    dial(2)
    call.refresh_from_db()
    order = {"agent_id": int(call.agent.remote_id), "phone_number": call.to_number}
    headers = {"token": provider.secrets.open()["api_key"]}
    url = f"{sandbox.server.origin}/unleashx/api/v1/global/agents/call"
    requests.post(url, json=order, headers=headers, timeout=60).raise_for_status()
    # The transactions know the call by its id; where they do not, two rows are left.
    Call.objects.filter(pk=call.pk).update(remote_id="an-id-in-no-list", next_poll_at=timezone.now())
    Provider.objects.filter(pk=provider.pk).update(found_offset={"offset": "+05:30", "calls": 1})
    read_back(2)
    call.refresh_from_db()
    assert (call.matched_by, call.status) == ("several", "dialing")
    assert waits_of([provider])[provider.pk].several == 1
    assert vendor_habits.read_again(provider.pk, "nothing", timezone.now()) == 0
