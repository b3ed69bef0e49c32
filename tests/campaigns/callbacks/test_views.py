"""The screens of callbacks: asked for, shown where people look for them, told when they reached nobody."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo

from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access import clock
from callcenter.access.rights import CALLER
from campaigns.callbacks import rows
from campaigns.models import Alert, Call, Callback
from campaigns.notices import alerts, deliveries
from tests.answers import text_of
from tests.campaigns.callbacks.plans import TEHRAN, make_due, planned, talked_with, tomorrow
from tests.campaigns.calls.quick_call_form import URL, form_of
from tests.conftest import make_agent, make_contact, make_person, make_provider
from tests.shown import edit_form_at, sent

DAY = datetime.timedelta(days=1)


def when(**changes: str) -> dict[str, str]:
    return {
        "local_day": str(tomorrow()), "local_time": "17:00", "zone": TEHRAN, "reason": "wants a later appointment",
        "form_token": str(uuid.uuid4()),
    } | changes  # fmt: skip


def test_it_is_asked_for_on_the_page_of_a_call_and_shown_on_both_clocks(client: Client, caller: User) -> None:
    clock.choose_zone(caller, "Europe/Berlin")
    client.force_login(caller)
    call = talked_with(caller)
    address = reverse("call-callback", args=[call.pk])
    assert address in client.get(reverse("call", args=[call.pk])).content.decode()
    page = text_of(client.get(address))
    assert "Asia/Tehran" in page
    assert "Europe/Berlin" in page
    answer = client.post(address, when())
    made = Callback.objects.get()
    assert answer["Location"] == reverse("call", args=[made.call_id])
    waiting = text_of(client.get(answer["Location"]))
    assert "17:00 in" in waiting
    berlin = made.asked_for.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
    assert f"{berlin:%H:%M} your time" in waiting
    assert "wants a later appointment" in waiting
    # It stands on the call it came from and on the person's page.
    assert "wants a later appointment" in text_of(client.get(reverse("call", args=[call.pk])))
    assert "wants a later appointment" in text_of(client.get(reverse("person", args=[call.contact_id])))


def test_it_is_asked_for_on_the_page_of_a_person(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = talked_with(caller)
    client.post(reverse("person-callback", args=[call.contact_id]), when())
    made = Callback.objects.get()
    assert (made.from_call, made.call.contact) == (None, call.contact)
    stranger = make_contact(owner=caller)
    page = text_of(client.get(reverse("person-callback", args=[stranger.pk])))
    assert "There is no earlier call" in page


def test_what_was_typed_wrongly_stays_with_the_reason(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = talked_with(caller)
    answer = client.post(reverse("call-callback", args=[call.pk]), when(local_day=str(tomorrow() - 2 * DAY)))
    assert answer.status_code == 422
    assert "This local time has passed" in text_of(answer)
    assert "wants a later appointment" in text_of(answer)


def test_quick_call_plans_a_call_with_any_message(client: Client, caller: User) -> None:
    client.force_login(caller)
    provider = make_provider()
    make_agent(provider)
    client.post(URL, form_of(provider) | when() | {"do": "later"})
    made = Callback.objects.get()
    assert (made.call.status, made.call.to_number, made.zone) == ("pending", "+989123456789", TEHRAN)
    # A call now is possible beside it, and the page says what follows.
    page = text_of(client.post("/quick-call/check/", {"number": "09123456789", "provider": provider.pk}))
    assert "A callback to this contact is scheduled" in page
    missing = client.post(URL, form_of(provider) | {"do": "later"})
    assert missing.status_code == 422
    assert "Choose when to call." in text_of(missing)


def test_it_is_moved_and_taken_back_on_its_page(client: Client, caller: User) -> None:
    client.force_login(caller)
    made = planned(caller)
    address = reverse("callback", args=[made.pk])
    client.post(address, sent(edit_form_at(client, address), local_time="18:30"))
    made.refresh_from_db()
    assert made.local_time == datetime.time(18, 30)
    client.post(reverse("callback-take-back", args=[made.pk]))
    assert Call.objects.get(pk=made.call_id).status == "skipped"
    assert client.get(address).status_code == 302


def test_today_shows_what_is_due_and_what_reached_nobody(client: Client, caller: User, manager: User) -> None:
    client.force_login(caller)
    far = planned(caller, when=timezone.now() + 3 * DAY)
    late, missed = planned(caller, reason="is late"), planned(caller, reason="was missed")
    make_due(late)
    Callback.objects.filter(pk=late.pk).update(local_day=tomorrow() - 2 * DAY)
    Call.objects.filter(pk=missed.call_id).update(status="no_answer", placing_at=timezone.now())
    page = text_of(client.get(reverse("today")))
    assert "Overdue: scheduled for" in page
    assert "is late" in page
    assert "No one reached. Scheduled for" in page
    assert "Nobody answered." in page
    shown = rows.todays(caller, timezone.now())
    assert far not in [row.callback for row in shown.planned]
    client.post(reverse("callback-noted", args=[missed.pk]))
    assert "was missed" not in text_of(client.get(reverse("today")))
    # Who settles calls is shown what is overdue, whoever asked for it.
    assert [row.callback for row in rows.todays(manager, timezone.now()).planned] == [late]


def test_whoever_asked_is_told_by_mail_once_and_why(manager: User) -> None:
    asker = make_person(CALLER, email="asker@example.org")
    User.objects.filter(pk=manager.pk).update(email="manager@example.org")
    made = planned(asker)
    Call.objects.filter(pk=made.call_id).update(status="skipped", skip_reason="do_not_call")
    now = timezone.now()
    alerts.alert(now)
    alerts.alert(now)
    deliveries.send(now)
    assert [letter.to for letter in mail.outbox] == [["asker@example.org"]]
    assert "do-not-call list" in mail.outbox[0].body
    assert made.call.to_number not in mail.outbox[0].body
    Callback.objects.update(noted_at=now)
    alerts.alert(now)
    assert not Alert.objects.filter(kind="callback_not_made", cleared_at=None).exists()
