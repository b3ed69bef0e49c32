"""Vendors' own news: forged, repeated, early, late and out of order, they lead to a look and never to a state."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns import minute_job, queue
from campaigns.models import Call, CallHint
from campaigns.tracking import webhooks
from providers.models import DeliveryResult, Provider, WebhookAddress
from tests.campaigns.news import BITEL, address_of, is_due, message, open_call, post, signed
from tests.conftest import make_provider


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect what is nudged, at once; a nudge of the test before does not count."""
    cache.clear()
    nudged: list[str] = []
    monkeypatch.setattr(queue, "nudge_poll", lambda: nudged.append("poll"))
    monkeypatch.setattr(queue, "nudge_hints", lambda: nudged.append("hints"))
    yield nudged
    cache.clear()


# Every vendor


@pytest.mark.parametrize("vendor", ["bitel", "unleashx", "bolna", "voicy", "vocode"])
def test_news_make_us_look_and_change_nothing_else(db: None, vendor: str, nudged: list[str]) -> None:
    call = open_call(vendor)
    body = message(vendor)
    assert post(address_of(call.provider), body, headers=signed(body)) == 200
    assert is_due(call)
    assert (call.status, call.rank, call.talk_seconds, call.raw_status) == ("ringing", 50, None, "")
    assert nudged == ["poll"]
    address = WebhookAddress.objects.get()
    assert (address.deliveries, address.last_delivery_result) == (1, DeliveryResult.TAKEN)
    assert address.last_delivery_at is not None


@pytest.mark.parametrize("form", [False, True])
def test_bitel_may_write_json_or_a_form(db: None, form: bool) -> None:
    call = open_call("bitel")
    path = address_of(call.provider)
    if form:
        status = post(path, urlencode(BITEL).encode(), "application/x-www-form-urlencoded")
    else:
        status = post(path, json.dumps(BITEL).encode())
    assert status == 200
    assert is_due(call)


def test_an_address_works_without_its_last_slash(db: None) -> None:
    call = open_call()
    assert post(address_of(call.provider).rstrip("/"), message("bolna")) == 200


# Today's shapes


@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        ("bolna", {"execution_id": "abc", "status": "completed"}),
        ("bolna", {"event": "execution.terminal", "execution_id": "wfx_1", "workflow_id": "w", "status": "failed",
                   "trail": [{"type": "start"}, {"type": "agent", "output": {"call": {"execution_id": "abc"}}}]}),
        ("vocode", {"type": "event_phone_call_ended", "conversation_id": "abc"}),
    ],
)  # fmt: skip
def test_a_message_names_its_call_as_vendors_do_today(db: None, vendor: str, told: dict[str, object]) -> None:
    call = open_call(vendor)
    assert post(address_of(call.provider), json.dumps(told).encode()) == 200
    assert is_due(call)
    assert (call.status, call.rank, call.raw_status) == ("ringing", 50, "")


def test_a_workflow_without_a_call_is_taken_and_moves_nothing(db: None) -> None:
    call = open_call()
    told = {
        "event": "execution.terminal",
        "execution_id": "wfx_1",
        "workflow_id": "w",
        "status": "completed",
        "trail": [],
    }
    assert post(address_of(call.provider), json.dumps(told).encode()) == 200
    assert not is_due(call)
    assert CallHint.objects.get().remote_id == "wfx_1"


EVENT = {"type": "event_phone_call_ended", "call_id": "abc"}


@pytest.mark.parametrize("query", [EVENT, {"event": json.dumps(EVENT)}, {"type": "x", "conversation_id": "abc"}])
def test_vocode_may_send_by_get(db: None, client: Client, query: dict[str, str], nudged: list[str]) -> None:
    call = open_call("vocode")
    path = address_of(call.provider)
    answer = client.get(path, query)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert is_due(call)
    assert (call.status, call.rank, call.raw_status) == ("ringing", 50, "")
    Call.objects.update(next_poll_at=None)
    assert client.get(path, query).status_code == 200  # a cache or a link preview asks again
    assert not is_due(call)
    assert CallHint.objects.count() == 1
    assert nudged == ["poll"]


def test_opening_vocodes_address_in_a_browser_does_nothing(db: None, client: Client) -> None:
    call = open_call("vocode")
    path = address_of(call.provider)
    assert client.get(path).status_code == 400
    assert client.get(path, {"type": "x" * 300_000, "call_id": "abc"}).status_code == 413
    assert client.head(path, EVENT).status_code == 405
    assert client.get(path[:-3] + ("aa/" if path[-3:] != "aa/" else "bb/"), EVENT).status_code == 404
    assert not is_due(call)
    assert not CallHint.objects.exists()


# Forged


@pytest.mark.parametrize("change", ["token", "provider", "short", "none"])
def test_a_wrong_address_is_not_found_and_tells_nothing(db: None, change: str) -> None:
    call = open_call()
    path = address_of(call.provider)
    wrong = {
        "token": path[:-3] + ("aa/" if path[-3:] != "aa/" else "bb/"),
        "provider": path.replace(f"/{call.provider_id}/", "/987654/", 1),
        "short": f"/hooks/{call.provider_id}/abc/",
        "none": f"/hooks/{make_provider().pk}/{'a' * 43}/",
    }[change]
    assert post(wrong, message("bolna")) == 404
    assert not is_due(call)
    assert not CallHint.objects.exists()
    assert WebhookAddress.objects.get().deliveries == 0


@pytest.mark.parametrize("vendor", ["bitel", "unleashx", "bolna", "voicy"])
def test_only_posts_are_taken_of_who_sends_no_other(db: None, client: Client, vendor: str) -> None:
    call = open_call(vendor)
    path = address_of(call.provider)
    assert client.get(path, {"id": "abc", "execution_id": "abc", "call_id": "abc"}).status_code == 405
    assert not is_due(call)
    assert client.put(path).status_code == 405


def test_voicys_signature_is_checked_on_the_raw_bytes(db: None) -> None:
    call = open_call("voicy")
    path = address_of(call.provider)
    body = message("voicy")
    spaced = json.dumps(json.loads(body), indent=1).encode()
    assert post(path, body) == 400
    assert post(path, body, headers={"x-voicy-signature": "sha256=" + "0" * 64}) == 400
    assert post(path, spaced, headers=signed(body)) == 400
    assert not is_due(call)
    assert WebhookAddress.objects.get().last_delivery_result == DeliveryResult.REFUSED
    assert post(path, spaced, headers=signed(spaced)) == 200
    assert is_due(call)


@pytest.mark.parametrize(
    "body", [b"", b"rubbish", b"[]", b"null", b'{"id": {}}', b"\xff\xfe\x00", b"[" * 100_000, b'{"id": "abc"' * 9]
)
@pytest.mark.parametrize("vendor", ["bitel", "unleashx", "bolna", "vocode"])
def test_rubbish_is_refused_and_breaks_nothing(db: None, vendor: str, body: bytes) -> None:
    call = open_call(vendor)
    assert post(address_of(call.provider), body) == 400
    assert not is_due(call)


def test_a_message_about_somebody_elses_call_moves_nothing_of_ours(db: None) -> None:
    ours = open_call()
    theirs = make_provider()
    assert post(address_of(theirs), message("bolna")) == 200
    assert not is_due(ours)


def test_too_large_a_message_is_refused_unread(db: None) -> None:
    call = open_call()
    path = address_of(call.provider)
    large = json.dumps({"id": "abc", "status": "completed", "transcript": "x" * 256 * 1024}).encode()
    assert post(path, large) == 413
    assert post(path, large[:-20] + b" " * 9) == 413
    assert not is_due(call)
    fits = json.dumps({"id": "abc", "status": "completed", "transcript": "x" * 200 * 1024}).encode()
    assert post(path, fits) == 200


# Repeated, early, late, out of order


def test_a_message_sent_a_thousand_times_has_one_effect(db: None, nudged: list[str]) -> None:
    call = open_call()
    address = WebhookAddress.objects.get(pk=_made(call.provider))
    results = {webhooks.receive(address, {}, message("bolna")) for _time in range(1000)}
    assert results == {DeliveryResult.TAKEN, DeliveryResult.REPEATED}
    assert CallHint.objects.count() == 1
    assert nudged == ["poll"]
    Call.objects.update(next_poll_at=None)
    assert webhooks.receive(address, {}, message("bolna")) == DeliveryResult.REPEATED
    assert not is_due(call)
    assert WebhookAddress.objects.get().deliveries == 1001


def _made(provider: Provider) -> int:
    address_of(provider)
    return WebhookAddress.objects.get(provider=provider).pk


def test_a_flood_rings_once(db: None, nudged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "NUDGE_SECONDS", 60)
    call = open_call()
    path = address_of(call.provider)
    for number in range(50):
        assert post(path, message("bolna", state=f"word-{number}")) == 200
    assert nudged == ["poll"]
    assert CallHint.objects.count() == 50


def test_messages_out_of_order_leave_the_state_to_what_is_read(db: None) -> None:
    call = open_call(status="completed", rank=90, ended_at=timezone.now())
    path = address_of(call.provider)
    for word in ("completed", "ringing", "queued"):
        assert post(path, message("bolna", state=word)) == 200
    call.refresh_from_db()
    assert (call.status, call.rank) == ("completed", 90)


def test_a_message_before_the_answer_waits_for_its_call(db: None) -> None:
    call = open_call(remote_id="", status="placing", rank=10)
    path = address_of(call.provider)
    assert post(path, message("bolna")) == 200
    assert CallHint.objects.get().state == "parked"
    assert WebhookAddress.objects.get().last_delivery_result == DeliveryResult.PARKED
    webhooks.follow_hints()
    assert CallHint.objects.get().state == "parked"
    Call.objects.update(remote_id="abc", status="queued", rank=30)
    webhooks.follow_hints()
    assert CallHint.objects.get().state == "done"
    assert is_due(call)


def test_what_nobody_answers_to_is_given_up_and_forgotten(db: None, nudged: list[str]) -> None:
    path = address_of(make_provider())
    assert post(path, message("bolna")) == 200
    minute_job.sweep()
    assert "hints" in nudged
    CallHint.objects.update(received_at=timezone.now() - datetime.timedelta(minutes=16))
    assert webhooks.follow_hints()["stray"] == 1
    assert CallHint.objects.get().state == "stray"
    assert not webhooks.has_hints()
    CallHint.objects.update(received_at=timezone.now() - datetime.timedelta(hours=25))
    minute_job.sweep()
    assert not CallHint.objects.exists()


def test_what_a_flood_leaves_is_bounded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST_KEPT", 5)
    for provider in (make_provider(), make_provider()):
        path = address_of(provider)
        for number in range(8):
            post(path, message("bolna", remote_id=f"id-{number}"))
    webhooks.forget_hints(timezone.now())
    assert CallHint.objects.count() == 10
    assert set(CallHint.objects.values_list("remote_id", flat=True)) == {f"id-{number}" for number in range(3, 8)}


def test_an_unknown_call_is_looked_for_at_once(db: None, nudged: list[str]) -> None:
    call = open_call(remote_id="", status="unknown", rank=20)
    told = {"id": "abc", "status": "completed", "context_details": {"recipient_data": {}}}
    told["user_data"] = {"call_reference": str(call.reference)}
    told["context_details"] = {"recipient_data": {"call_reference": str(call.reference)}}
    assert post(address_of(call.provider), json.dumps(told).encode()) == 200
    call.refresh_from_db()
    # Not bound by the message's word: only looked for.
    assert (call.status, call.remote_id) == ("unknown", "")
    assert is_due(call)
    assert "poll" in nudged
