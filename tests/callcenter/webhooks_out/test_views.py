"""The pages of webhooks: added, changed, looked at, pressed; who may, what is recorded, what is shown once."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator

from callcenter import diagnosis
from callcenter.access.rights import ADMIN, MANAGER
from callcenter.api_site.reference import schema
from callcenter.audit.models import AuditEvent
from callcenter.webhooks_out import receivers
from callcenter.webhooks_out.events import EVENTS
from campaigns.models import Listening, WebhookDelivery, WebhookReceiver
from tests.answers import text_of
from tests.conftest import make_person
from tests.shown import edit_form_at, sent
from tests.webhook_receivers import again, receiver_of

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/in?token=not-for-logs"
State = WebhookDelivery.State


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_one_is_added_and_its_secret_is_shown_once(manager: User) -> None:
    client = as_(manager)
    form = {"name": "Shop", "url": f" {URL} ", "kinds": ["call.ended", "answer.given"]}
    page = client.post(reverse("webhooks"), form).content.decode()
    made = WebhookReceiver.objects.get()
    assert (made.url, made.kinds, made.owner) == (URL, ["answer.given", "call.ended"], manager)
    assert "whsec_" in page
    assert "whsec_" not in client.get(reverse("webhook", args=[made.pk])).content.decode()
    assert set(Listening.objects.values_list("listener", "kind")) == {
        ("webhooks", "call.ended"), ("webhooks", "answer.given")
    }  # fmt: skip
    event = AuditEvent.objects.get(action="webhook.made")
    assert event.detail == {"host": "hooks.example.org", "kinds": made.kinds}
    assert "not-for-logs" not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.org/in", "https://hooks.example.org:8443/in", "https://elsewhere.example.org/in",
     "https://me:secret@hooks.example.org/in", "https://10.0.0.7/in", "https://hooks.example.org/in#part", "nonsense"],
)  # fmt: skip
def test_an_address_that_may_not_be_sent_to_is_refused_with_the_next_step(manager: User, url: str) -> None:
    answer = as_(manager).post(reverse("webhooks"), {"name": "Shop", "url": url, "kinds": ["call.ended"]})
    assert answer.status_code == 422
    page = text_of(answer)
    assert "OUTBOUND_HOSTS" in page if "elsewhere" in url or "10.0" in url else "Enter it as https://HOST/PATH" in page
    assert not WebhookReceiver.objects.exists()


def test_it_is_changed_and_what_nobody_wants_any_more_is_not_kept(manager: User) -> None:
    made = receiver_of(manager, URL, "call.ended").receiver
    client, page = as_(manager), reverse("webhook", args=[made.pk])
    form = edit_form_at(client, page)
    answer = client.post(page, sent(form, kinds=["campaign.finished"], is_active=""))
    assert answer.status_code == 302
    changed = again(made)
    assert (changed.kinds, changed.is_active) == (["campaign.finished"], False)
    assert not Listening.objects.exists()
    assert AuditEvent.objects.get(action="webhook.changed").detail["fields"] == ["is_active", "kinds"]


def test_an_admin_switches_off_what_others_made_but_points_it_nowhere_else(manager: User) -> None:
    made = receiver_of(manager, URL, "call.ended").receiver
    client, page = as_(make_person(ADMIN)), reverse("webhook", args=[made.pk])
    answer = client.post(page, sent(edit_form_at(client, page), url="https://hooks.example.org/theirs"))
    assert "Only the owner" in text_of(answer)
    assert client.post(reverse("webhook-secret", args=[made.pk])).status_code == 404
    client.post(page, sent(edit_form_at(client, page), is_active=""))
    assert (again(made).url, again(made).is_active) == (URL, False)
    other = as_(make_person(MANAGER))
    for name in ("webhook-test", "webhook-remove", "webhook-resume", "webhook-again-all"):
        assert other.post(reverse(name, args=[made.pk])).status_code == 404


def test_a_new_secret_is_shown_once(manager: User) -> None:
    made = receiver_of(manager, URL)
    page = as_(manager).post(reverse("webhook-secret", args=[made.receiver.pk])).content.decode()
    secrets = again(made.receiver).secrets.open()
    assert secrets["1"] == made.secret
    assert secrets["2"] in html.unescape(page)
    as_(manager).post(reverse("webhook-secret", args=[made.receiver.pk]))
    assert sorted(again(made.receiver).secrets.names) == ["2", "3"]


def test_the_log_is_narrowed_and_sends_again(manager: User, this_machine: list[str]) -> None:
    made = receiver_of(manager, URL).receiver
    failed, sent_ = (
        WebhookDelivery.objects.create(receiver=made, kind=kind, subject=1, state=state, problem=problem)
        for kind, state, problem in (("call.ended", "failed", "slow"), ("campaign.finished", "delivered", ""))
    )
    client, page = as_(manager), reverse("webhook", args=[made.pk])
    whole, some = text_of(client.get(page)), text_of(client.get(page, {"state": "delivered"}))
    assert failed.message_id in whole
    assert "The answer took too long" in whole
    assert (failed.message_id in some, sent_.message_id in some) == (False, True)
    answer = client.post(reverse("webhook-again", args=[made.pk, sent_.pk]), follow=True)
    assert "1 event will be sent again." in text_of(answer)
    client.post(reverse("webhook-again-all", args=[made.pk]))
    assert set(WebhookDelivery.objects.values_list("state", "tries", "problem")) == {("waiting", 0, "")}
    assert AuditEvent.objects.filter(action="webhook.sent_again").count() == 2
    client.post(reverse("webhook-test", args=[made.pk]))
    assert WebhookDelivery.objects.filter(kind="webhook.test", state="waiting").count() == 1
    assert this_machine


def test_a_halted_one_is_named_by_doctor_and_resumed(manager: User) -> None:
    made = receiver_of(manager, URL, "call.ended").receiver
    WebhookReceiver.objects.filter(pk=made.pk).update(failing_since=timezone.now())
    assert [found.level for found in diagnosis.webhooks()] == ["note"]
    receivers.halt(made.pk, "dead", timezone.now())
    (found,) = diagnosis.webhooks()
    assert (found.level, "hooks.example.org" in found.next_step) == ("problem", True)
    assert "not-for-logs" not in str(found)
    client = as_(manager)
    answer = client.post(reverse("webhook-test", args=[made.pk]), follow=True)
    assert "Turn it on or resume it first" in text_of(answer)
    client.post(reverse("webhook-resume", args=[made.pk]))
    assert again(made).halted_at is None
    assert Listening.objects.exists()
    assert not list(diagnosis.webhooks())


def test_it_is_removed_with_its_log(manager: User) -> None:
    made = receiver_of(manager, URL).receiver
    WebhookDelivery.objects.create(receiver=made, kind="call.ended", subject=1)
    as_(manager).post(reverse("webhook-remove", args=[made.pk]))
    assert not any(model.objects.exists() for model in (WebhookReceiver, WebhookDelivery, Listening))


def test_nobody_adds_more_than_a_few(manager: User, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(receivers, "MOST", 1)
    receiver_of(manager, URL)
    answer = as_(manager).post(reverse("webhooks"), {"name": "Shop", "url": URL, "kinds": ["call.ended"]})
    assert "You have reached the limit of" in text_of(answer)


def test_the_reference_shows_each_event_with_an_example_that_fits(manager: User) -> None:
    page, shapes = text_of(as_(manager).get(reverse("api-reference"))), schema()
    assert set(shapes["webhooks"]) == {*EVENTS, "webhook.test"}
    for kind, one in shapes["webhooks"].items():
        content = one["post"]["requestBody"]["content"]["application/json"]
        Draft202012Validator({**content["schema"], "components": shapes["components"]}).validate(content["example"])
        assert kind in page
