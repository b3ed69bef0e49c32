"""Webhooks for programs: one's own alone, their secret shown once, changed as they were read, sent again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from callcenter.api.scopes import SCOPES
from callcenter.audit.models import AuditEvent
from callcenter.webhooks_out import deliveries, sending
from campaigns.core import happenings
from campaigns.models import WebhookDelivery, WebhookReceiver
from tests.conftest import make_call, make_person
from tests.programs import Program as Asking
from tests.webhook_receivers import Program, receiver_of

pytestmark = pytest.mark.django_db


def test_a_program_adds_a_webhook_reads_its_log_and_sends_again(manager: User, program: Program) -> None:
    asking = Asking(manager)
    made = asking.post("/webhooks", {"name": "Shop", "url": program.url, "events": ["call.ended"]})
    assert made.status_code == 201
    address = f"/webhooks/{made.json()['id']}"
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in asking.get(address).json()
    happenings.happened("call.ended", make_call(owner=manager).pk)
    deliveries.make_of_happenings()
    sending.run_slice(seconds=20, patience=0)
    (row,) = asking.get(f"{address}/deliveries?state=delivered").json()["items"]
    assert (row["event"], row["status"]) == ("call.ended", 204)
    assert row["message_id"] == program.came[0].headers["webhook-id"]
    assert asking.post(f"{address}/deliveries/again", {"delivery": row["id"]}).json() == {"count": 1}
    assert asking.post(f"{address}/deliveries/again").json() == {"count": 0}
    assert WebhookDelivery.objects.get().state == "waiting"
    assert asking.post(f"{address}/test").json()["event"] == "webhook.test"
    assert asking.post(f"{address}/resume").json() == {"changed": False}
    assert asking.post(f"{address}/secret").json()["secret"] != made.json()["secret"]
    events = AuditEvent.objects.filter(action__startswith="webhook.")
    assert {one.source[:7] for one in events} == {"API key"}
    assert asking.ask("delete", address).status_code == 204
    assert not WebhookReceiver.objects.exists()


def test_it_is_changed_as_it_was_read(manager: User, program: Program) -> None:
    made, asking = receiver_of(manager, program.url, "call.ended").receiver, Asking(manager)
    address = f"/webhooks/{made.pk}"
    etag = asking.get(address)["ETag"]
    assert asking.patch(address, {"name": "Till"}).status_code == 428
    changed = asking.patch(address, {"name": "Till", "is_active": False}, If_Match=etag)
    assert (changed.status_code, changed.json()["name"], changed.json()["is_active"]) == (200, "Till", False)
    assert asking.patch(address, {"name": "Shop"}, If_Match=etag).status_code == 412
    wrong = asking.patch(address, {"events": ["nothing"]}, If_Match=changed["ETag"])
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "events")
    foreign = asking.patch(address, {"url": "https://elsewhere.example.com/"}, If_Match=changed["ETag"])
    assert (foreign.status_code, "OUTBOUND_HOSTS" in foreign.json()["detail"]) == (409, True)


def test_nobody_elses_and_none_without_the_scope(manager: User, program: Program) -> None:
    address = f"/webhooks/{receiver_of(manager, program.url, 'call.ended').receiver.pk}"
    assert Asking(make_person("Admins")).get(address).status_code in {403, 404}
    without = Asking(manager, scopes={one.code for one in SCOPES} - {"webhooks"})
    assert without.get(address).status_code == 403
