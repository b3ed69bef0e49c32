"""Webhooks as a receiver gets them: signed, as their owner may see it, at least once, later again, or given up."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.utils import timezone
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook, WebhookVerificationError

from callcenter.access.rights import CALLER
from callcenter.api_site.reference import schema
from callcenter.audit.models import AuditEvent
from callcenter.webhooks_out import deliveries, events, receivers, retries, sending
from campaigns import queue
from campaigns.contacts.do_not_call import forbid
from campaigns.core import happenings
from campaigns.models import Alert, Answer, Call, DoNotCall, Happening, Question, WebhookDelivery, WebhookReceiver
from campaigns.notices import alerts
from providers.client.transfers import Transfer
from providers.models import Provider
from tests.campaigns.callbacks.plans import planned
from tests.conftest import make_call, make_campaign, make_person, make_phone, make_provider
from tests.waiting import A_MINUTE
from tests.webhook_receivers import Program, again, listening, receiver_of, status

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
State = WebhookDelivery.State


def send() -> int:
    deliveries.make_of_happenings()
    return sending.run_slice(seconds=20, patience=0)


def send_at(moment: datetime.datetime, monkeypatch: pytest.MonkeyPatch) -> int:
    """Send as if it were another time; the signature's time stays the real one."""
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: moment)
        return send()


def subjects(person: User) -> dict[str, int]:
    """Make a row of each kind of event that a manager may see."""
    provider = make_provider()
    campaign = make_campaign(owner=person, provider=provider)
    call = make_call(owner=person, campaign=campaign, provider=provider, status="completed", talk_seconds=9)
    asked = Question.objects.create(campaign=campaign, name="Comes", kind="yes_no", path="comes")
    Answer.objects.create(question=asked, call=call, raw="Yes", key="yes", certainty="certain")
    callback = planned(person)
    forbid(make_phone(), reason="asked", source="person", person=person)
    ids = dict.fromkeys(events.EVENTS, campaign.pk)
    ids |= dict.fromkeys(("call.answered", "call.ended", "answer.given"), call.pk)
    return ids | {
        "provider.halted": provider.pk, "do_not_call.added": DoNotCall.objects.get().pk, "callback.due": callback.pk
    }  # fmt: skip


def test_every_event_comes_signed_and_as_the_schema_says(manager: User, program: Program) -> None:
    found = subjects(manager)
    made = receiver_of(manager, program.url)
    for kind, subject in found.items():
        assert happenings.happened(kind, subject) == 1
    assert send() == len(events.EVENTS)
    assert {message.target for message in program.came} == {"/hook/?of=ours"}
    shapes = schema()
    kinds = set()
    for message in program.came:
        told = Webhook(made.secret).verify(message.body, message.headers)
        shape = shapes["webhooks"][told["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator({**shape, "components": shapes["components"]}).validate(told)
        assert message.headers["content-type"] == "application/json"
        kinds.add(told["type"])
    assert kinds == set(events.EVENTS)
    assert set(WebhookDelivery.objects.values_list("state", "status", "tries")) == {(State.DELIVERED, 204, 1)}
    assert not Happening.objects.exists()
    told = {json.loads(one.body)["type"]: json.loads(one.body)["data"] for one in program.came}
    assert told["answer.given"]["answers"][0]["key"] == "yes"
    assert told["call.ended"]["call"]["result"] == "talked"


def test_a_signature_of_another_body_or_secret_does_not_hold(manager: User, program: Program) -> None:
    made = receiver_of(manager, program.url)
    deliveries.send_test(made.receiver.pk, manager)
    send()
    message = program.came[0]
    for secret, body in ((made.secret, message.body + b" "), (receivers.new_secret(), message.body)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, message.headers)


def test_for_a_day_both_secrets_sign(manager: User, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    old = receiver_of(manager, program.url)
    new = receivers.replace_secret(old.receiver.pk, manager)
    deliveries.send_test(old.receiver.pk, manager)
    send()
    for secret in (old.secret, new.secret):
        assert Webhook(secret).verify(program.came[0].body, program.came[0].headers)
    deliveries.send_test(old.receiver.pk, manager)
    send_at(timezone.now() + DAY, monkeypatch)
    assert Webhook(new.secret).verify(program.came[1].body, program.came[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(program.came[1].body, program.came[1].headers)
    assert "whsec" not in again(old.receiver).secrets.token


def test_it_is_what_the_owner_may_see_when_it_is_sent(manager: User, caller: User, program: Program) -> None:
    caller.groups.clear()
    caller.user_permissions.set(Permission.objects.filter(codename__in=["make_api_keys", "see_calls"]))
    owner = User.objects.get(pk=caller.pk)
    old = timezone.now() - 30 * DAY
    mine, foreign = make_call(owner=owner, created_at=old), make_call(owner=manager)
    receiver_of(owner, program.url, "call.ended", "answer.given")
    happenings.all_happened({"call.ended": [mine.pk, foreign.pk], "answer.given": [mine.pk]})
    assert deliveries.make_of_happenings().deliveries == 1, "nothing of what was said without the right, nor of others"
    send()
    told = json.loads(program.came[0].body)["data"]["call"]
    assert (told["id"], told["is_number_whole"]) == (mine.pk, False)
    assert mine.to_number not in program.came[0].body.decode()
    happenings.happened("call.ended", mine.pk)
    deliveries.make_of_happenings()
    Call.objects.filter(pk=mine.pk).update(owner=manager)
    assert send() == 0
    last = WebhookDelivery.objects.latest("pk")
    assert (last.state, last.problem) == (State.VOID, "deleted")


def test_who_may_not_make_webhooks_any_more_is_sent_nothing(manager: User, program: Program) -> None:
    receiver_of(manager, program.url)
    call = make_call(owner=manager)
    happenings.happened("call.ended", call.pk)
    deliveries.make_of_happenings()
    manager.groups.set(make_person(CALLER).groups.all())
    assert send() == 0
    User.objects.filter(pk=manager.pk).update(is_active=False)
    happenings.happened("call.ended", call.pk)
    assert deliveries.make_of_happenings().deliveries == 0
    assert not program.came


# Again


def test_a_refusal_is_tried_again_with_the_same_id(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(status(500), status(500), status(200)) as program:
        made = receiver_of(manager, program.url)
        deliveries.send_test(made.receiver.pk, manager)
        begun = timezone.now()
        assert [send_at(begun, monkeypatch) for _ in range(2)] == [1, 0], "it rests first"
        waits = WebhookDelivery.objects.get()
        assert (waits.state, waits.problem, waits.status, waits.tries) == (State.WAITING, "refused", 500, 1)
        assert 5 <= (waits.due_at - begun).total_seconds() < 5 + A_MINUTE
        assert send_at(begun + datetime.timedelta(minutes=1), monkeypatch) == 1
        assert send_at(begun + datetime.timedelta(minutes=5), monkeypatch) == 1
    sent = WebhookDelivery.objects.get()
    assert (sent.state, sent.problem, sent.tries) == (State.DELIVERED, "", 3)
    assert {one.headers["webhook-id"] for one in program.came} == {sent.message_id}
    assert again(made.receiver).failing_since is None


def test_one_that_died_before_it_wrote_sends_again_with_the_same_id(
    manager: User, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As the process ends: nothing catches it."""

    def die(*_arguments: object) -> None:
        raise Killed

    made = receiver_of(manager, program.url, "call.ended")
    happenings.happened("call.ended", make_call(owner=manager).pk)
    begun = timezone.now()
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "note", die)
        patched.setattr(sending.Slice, "close", lambda _self: None)
        with pytest.raises(Killed):
            send()
    assert send_at(begun, monkeypatch) == 0, "the dead one holds the lease"
    assert send_at(timezone.now() + sending.LEASE, monkeypatch) == 1
    assert len(program.came) == 2
    assert len({one.headers["webhook-id"] for one in program.came}) == 1
    assert [Webhook(made.secret).verify(one.body, one.headers)["type"] for one in program.came] == ["call.ended"] * 2


def test_one_that_died_while_it_took_the_outbox_loses_nothing(
    manager: User, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver_of(manager, program.url, "call.ended")
    happenings.happened("call.ended", make_call(owner=manager).pk)
    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_of", lambda *_arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliveries.make_of_happenings()
    assert send() == 1


def test_two_at_once_send_each_message_once(manager: User, program: Program) -> None:
    made = receiver_of(manager, program.url)
    deliveries.send_test(made.receiver.pk, manager)
    first, second = (sending.Slice(time.monotonic() + 20, 0) for _ in range(2))
    first._take()
    assert (second.run(), first.run()) == (0, 1)
    first.close()
    second.close()
    assert len(program.came) == 1


def test_a_clock_that_is_a_little_behind_takes_no_lease_of_another(
    manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver_of(manager, "https://hooks.example.org/in")
    first, second = (sending.Slice(time.monotonic() + 20, 0) for _ in range(2))
    first._take()
    behind = timezone.now() - datetime.timedelta(seconds=5)
    monkeypatch.setattr(timezone, "now", lambda: behind)
    second._take()
    assert [len(one._mine) for one in (first, second)] == [1, 0]
    first.close()
    second.close()


def test_what_fails_for_a_day_is_halted_told_and_sent_again_on_demand(
    manager: User, this_machine: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    with listening(status(503)) as program:
        made = receiver_of(manager, program.url)
        deliveries.send_test(made.receiver.pk, manager)
        attempts = 0
        while WebhookDelivery.objects.filter(state=State.WAITING).exists():
            now = max(now, WebhookDelivery.objects.get().due_at, again(made.receiver).rests_until or now)
            attempts += send_at(now, monkeypatch)
    assert attempts == len(retries.WAITS) + 1
    halted = again(made.receiver)
    assert (halted.halted_why, halted.halted_at - halted.failing_since >= DAY) == ("dead", True)
    assert WebhookDelivery.objects.get().state == State.FAILED
    assert not happenings.happened("call.ended", 1), "nothing is kept for it any more"
    assert AuditEvent.objects.filter(action="webhook.halted").count() == 1
    alerts.alert(now)
    assert Alert.objects.get(kind="webhook_halted").object_id == made.receiver.pk
    with listening() as program:
        WebhookReceiver.objects.update(url=program.url)
        assert receivers.resume(made.receiver.pk, manager)
        assert deliveries.again(made.receiver.pk, manager) == 1
        assert send() == 1
    alerts.alert(now)
    assert Alert.objects.get(kind="webhook_halted").cleared_at is not None
    assert [one.detail["deliveries"] for one in AuditEvent.objects.filter(action="webhook.sent_again")] == [1]
    assert this_machine


def test_gone_for_good_halts_at_once(manager: User) -> None:
    with listening(status(410)) as program:
        made = receiver_of(manager, program.url)
        deliveries.send_test(made.receiver.pk, manager)
        send()
    assert again(made.receiver).halted_why == "gone"
    assert WebhookDelivery.objects.get().state == State.FAILED


def test_a_dead_address_gets_one_attempt_at_a_time_and_uses_up_nobody_elses(
    manager: User, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening(status(500)) as dead:
        hit = receiver_of(manager, dead.url, "call.ended").receiver
        receiver_of(manager, program.url, "call.ended")
        happenings.happened("call.ended", *(make_call(owner=manager).pk for _ in range(15)))
        send_at(timezone.now(), monkeypatch)
        assert len(program.came) == 15
        assert len(dead.came) <= sending.AT_ONCE
        before = len(dead.came)
        send_at(again(hit).rests_until + datetime.timedelta(seconds=1), monkeypatch)
        assert len(dead.came) == before + 1
    assert WebhookDelivery.objects.filter(receiver=hit, state=State.WAITING).count() == 15


def test_a_row_that_cannot_be_read_holds_up_no_other(
    manager: User, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = receiver_of(manager, program.url, "call.ended").receiver
    broken, well = (make_call(owner=manager) for _ in range(2))
    happenings.happened("call.ended", broken.pk, well.pk)
    real = events.call_out

    def shown(person: Any, call: Call) -> dict[str, Any]:
        return {"id": 1 // 0} if call.pk == broken.pk else real(person, call)

    monkeypatch.setattr(events, "call_out", shown)
    send_at(timezone.now(), monkeypatch)
    assert [json.loads(one.body)["data"]["call"]["id"] for one in program.came] == [well.pk]
    waits = WebhookDelivery.objects.get(subject=broken.pk)
    assert (waits.state, waits.problem, waits.tries) == (State.WAITING, "internal", 1)
    assert again(made).failing_since is None, "a fault of ours says nothing of the address"


def test_it_waits_as_long_as_the_answer_asks(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = timezone.now() + datetime.timedelta(minutes=1)
    with listening(status(429, "Retry-After: 600")) as program:
        made = receiver_of(manager, program.url)
        deliveries.send_test(made.receiver.pk, manager)
        send_at(begun, monkeypatch)
    for at in (WebhookDelivery.objects.get().due_at, again(made.receiver).rests_until):
        assert (at - begun).total_seconds() == 600


def test_the_waits_grow_and_end_after_a_day() -> None:
    waits = [retries.wait_after(tries) for tries in range(1, len(retries.WAITS) + 2)]
    assert waits[-1] is None
    known = [wait.total_seconds() for wait in waits if wait is not None]
    assert known == sorted(known)
    assert known[0] < 6
    assert DAY.total_seconds() < sum(retries.WAITS) < 1.1 * DAY.total_seconds()
    rests = [retries.rest_after(failures).total_seconds() for failures in range(1, 40)]
    assert (rests[0], rests[-1]) == (5, 300)


# What is sent, and when it is rung for


def test_an_event_rings_the_bell_when_it_is_committed(manager: User, this_machine: list[str]) -> None:
    receiver_of(manager, "https://hooks.example.org/in")
    this_machine.clear()
    Provider.objects.halt(make_provider().pk, "the key is dead")
    assert this_machine == ["webhooks"]
    assert queue.SEND_WEBHOOKS in queue.DECLARED


def test_nothing_is_sent_within_a_transaction(manager: User, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []
    depth = len(connection.savepoint_ids)
    real = Transfer._leave

    def watched(self: Transfer, *where: object) -> int:
        inside.append(len(connection.savepoint_ids) > depth)
        return real(self, *where)

    monkeypatch.setattr(Transfer, "_leave", watched)
    deliveries.send_test(receiver_of(manager, program.url).receiver.pk, manager)
    send()
    assert inside == [False]
