"""What vendors' news lead to when the vendor is asked, and the address that they come to."""

from __future__ import annotations

import datetime
import json
import logging
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from callcenter.audit.models import AuditEvent
from callcenter.logs import JsonFormatter, masked
from campaigns.models import Call, CallHint
from campaigns.tracking import webhooks
from providers.models import WebhookAddress
from tests.campaigns.conftest import Sandbox
from tests.campaigns.news import BITEL, SECRET, address_of, message, open_call, post
from tests.conftest import make_call, make_provider

Run = Callable[..., None]


class Receiver(ThreadingHTTPServer):
    """Keeps what the simulator sends: (headers, body)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keeper)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"


class _Keeper(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def _deliver(receiver: Receiver, path: str) -> None:
    for headers, body in receiver.got:
        sent = {name: value for name, value in headers.items() if name.startswith("x-")}
        assert post(path, body, headers["content-type"], sent) == 200


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_bitels_message_finds_an_order_whose_answer_was_lost(
    sandbox: Sandbox, receiver: Receiver, dial: Run, read_back: Run, encoding: str
) -> None:
    sandbox.server.world.webhooks.register(vendor="bitel", url=receiver.address)
    sandbox.server.world.switches.bitel_webhook_encoding = encoding
    provider = sandbox.provider("bitel")
    call = make_call(provider=provider, to_number="+989121239907", voice=provider.voice_set.first())
    path = address_of(provider)
    dial(2)
    call.refresh_from_db()
    assert (call.status, call.remote_id) == ("unknown", "")
    _wait_for(receiver, 1)
    _deliver(receiver, path)
    call.refresh_from_db()
    assert call.status == "unknown"
    assert webhooks.follow_hints()["done"] == 1
    call.refresh_from_db()
    assert call.remote_id
    assert call.is_final
    assert [event.code for event in call.events.all()][-2:] == ["bound_by_message", "vendor_news"]
    assert sandbox.dials_of(call.to_number) == 1


def test_a_forged_message_binds_no_lost_order(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider("bitel")
    call = make_call(provider=provider, to_number="+989121239907", voice=provider.voice_set.first())
    dial(2)
    now = int(timezone.now().timestamp())
    forged = BITEL | {"requestId": "f" * 32, "number": "09121239907", "requestDate": now}
    assert post(address_of(provider), json.dumps(forged).encode()) == 200
    webhooks.follow_hints()
    call.refresh_from_db()
    assert (call.status, call.remote_id) == ("unknown", "")
    assert CallHint.objects.get().state == "stray"


@pytest.mark.parametrize(("number", "minutes"), [("09121110000", 0), ("09121239907", -60), ("09121239907", 24 * 60)])
def test_another_number_or_time_does_not_lead_to_a_lost_order(db: None, number: str, minutes: int) -> None:
    call = open_call("bitel", remote_id="", status="unknown", rank=20, to_number="+989121239907")
    told = timezone.now() + datetime.timedelta(minutes=minutes)
    body = BITEL | {"number": number, "requestDate": int(told.timestamp())}
    post(address_of(call.provider), json.dumps(body).encode())
    assert webhooks._lost_call(call.provider, CallHint.objects.get()) is None


def test_voicys_signed_message_brings_what_is_written_up_after_the_end(
    sandbox: Sandbox, receiver: Receiver, dial: Run, read_back: Run
) -> None:
    sandbox.server.world.webhooks.register(vendor="voicy", url=receiver.address, secret=SECRET)
    provider = sandbox.provider("voicy")
    secrets = provider.secrets.open() | {"webhook_secret": SECRET}
    provider.secrets = secrets
    provider.save(update_fields=["secrets"])
    call = make_call(
        provider=provider,
        agent=provider.agent_set.first(),
        caller_id=provider.callerid_set.first(),
        to_number="+989121239901",
    )
    path = address_of(provider)
    dial(2)
    _wait_for(receiver, 1)
    # The state was read as ended before the vendor had written the talk up.
    Call.objects.filter(pk=call.pk).update(status="completed", rank=90, ended_at=timezone.now(), next_poll_at=None)
    _deliver(receiver, path)
    assert CallHint.objects.get().state == "to_read"
    assert webhooks.follow_hints()["done"] == 1
    call.refresh_from_db()
    assert call.talk_seconds
    assert call.recording_available
    assert call.transcript.turns


def _wait_for(receiver: Receiver, count: int) -> None:
    until = timezone.now() + datetime.timedelta(seconds=15)
    while len(receiver.got) < count:
        assert timezone.now() < until
        time.sleep(0.05)


# The address


def test_a_new_address_is_shown_once_and_kept_as_a_hash(client: Client, admin_person: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://console.example.org"
    provider = make_provider()
    client.force_login(admin_person)
    page = client.get(f"/providers/{provider.pk}/").content.decode()
    assert "Create address" in page
    answer = client.post(f"/providers/{provider.pk}/webhook/")
    shown = answer.context["new_address"]
    assert shown.startswith(f"https://console.example.org/hooks/{provider.pk}/")
    assert shown in answer.content.decode()
    assert answer["Cache-Control"] == "no-store, private"
    token = shown.rstrip("/").rpartition("/")[2]
    assert len(token) >= 43
    stored = WebhookAddress.objects.values().get()
    assert token not in str(stored)
    assert token not in str(list(AuditEvent.objects.values()))
    assert AuditEvent.objects.get(action="provider.webhook_address_made").actor == admin_person
    page = client.get(f"/providers/{provider.pk}/").content.decode()
    assert token not in page
    assert "None yet" in page


def test_the_address_before_works_for_two_days(db: None) -> None:
    call = open_call()
    before = address_of(call.provider)
    after = address_of(call.provider)
    assert post(before, message("bolna", state="ringing")) == 200
    assert post(after, message("bolna", state="busy")) == 200
    WebhookAddress.objects.update(previous_until=timezone.now() - datetime.timedelta(seconds=1))
    assert post(before, message("bolna", state="failed")) == 404
    third = address_of(call.provider)
    assert post(before, message("bolna", state="error")) == 404
    assert post(after, message("bolna", state="error")) == 200
    assert post(third, message("bolna", state="stopped")) == 200


def test_only_admins_make_addresses(client: Client, manager: User, caller: User, db: None) -> None:
    provider = make_provider()
    for person in (manager, caller):
        client.force_login(person)
        assert client.post(f"/providers/{provider.pk}/webhook/").status_code == 403
        assert "Webhook from the provider" not in client.get(f"/providers/{provider.pk}/").content.decode()
    assert not WebhookAddress.objects.exists()


def test_no_log_line_holds_a_token(db: None, caplog: pytest.LogCaptureFixture) -> None:
    provider = make_provider()
    path = address_of(provider)
    token = path.rstrip("/").rpartition("/")[2]
    wrong = token[::-1]
    with caplog.at_level(logging.DEBUG):
        post(path, b"rubbish")
        post(path.replace(token, wrong), b"rubbish")
        post(path, b"x" * 300_000)
    assert caplog.records
    written = [JsonFormatter().format(record) for record in caplog.records]
    assert not any(token in line or wrong in line for line in written)
    assert any(f"/hooks/{provider.pk}/…" in line for line in written)
    assert masked(f'"POST {path}?a=1 HTTP/1.1"') == f'"POST /hooks/{provider.pk}/…/?a=1 HTTP/1.1"'
