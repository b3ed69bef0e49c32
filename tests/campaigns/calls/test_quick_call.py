"""Calling one person: what is said before the click, who may, and that one form is one call, however often sent."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.models import Membership, Team
from callcenter.audit.models import AuditEvent
from campaigns import queue
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Contact, DialingSwitch, DoNotCall
from providers.models import Provider, Voice
from tests.campaigns.calls.quick_call_form import URL, form_of
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_agent, make_call, make_caller_id, make_contact, make_phone, make_provider

pytestmark = pytest.mark.usefixtures("at_any_hour")

CHECK = "/quick-call/check/"


# Before the click


@pytest.mark.parametrize(
    "number",
    [
        *("0912 345 6789", "۰۹۱۲۳۴۵۶۷۸۹", "٠٩١٢٣٤٥٦٧٨٩", "+98-912-345-6789", "00989123456789", "۰۰۹۸ ۹۱۲ ۳۴۵ ۶۷۸۹"),
        *("(0912) 345.6789", "\u202a+98 912 345 6789\u202c", "tel:+989123456789", "9123456789"),
    ],
)
def test_a_number_in_any_form_is_shown_as_understood(console: Client, provider: Provider, number: str) -> None:
    page = console.post(CHECK, {"number": number, "provider": provider.pk}).content.decode()
    assert "+98 912 345 6789" in page
    assert "Iran" in page
    assert "Tehran" in page
    assert "Can be called now." in page


def test_a_number_that_is_none_is_said_plainly(console: Client, provider: Provider) -> None:
    assert "a digit is missing" in console.post(CHECK, {"number": "0912 34"}).content.decode()


def test_a_number_that_may_be_in_several_zones_shows_each_clock(console: Client, provider: Provider) -> None:
    page = console.post(CHECK, {"number": "+18005550199", "provider": provider.pk}).content.decode()
    assert page.count('class="nowrap"') >= 4


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+989123456789", 'Tue 01:00</bdi> <span class="muted"><bdi>Tehran'),
        ("+919876543210", 'Tue 03:00</bdi> <span class="muted"><bdi>Kolkata'),
        ("+12025550100", 'Mon 16:30</bdi> <span class="muted"><bdi>New York'),
    ],
)
def test_the_clock_is_theirs_and_not_the_viewers(
    console: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch, number: str, shown: str
) -> None:
    moment = datetime.datetime(2026, 11, 16, 21, 30, tzinfo=datetime.UTC)
    monkeypatch.setattr("campaigns.calls.number_check.timezone.now", lambda: moment)
    assert shown in console.post(CHECK, {"number": number, "provider": provider.pk}).content.decode()


def obstacles(console: Client, number: str, provider: Provider) -> list[str]:
    """Return the codes of what stands against a number."""
    answer = console.post(CHECK, {"number": number, "provider": provider.pk})
    return [found.code for found in answer.context["prospect"].obstacles]


def test_what_stands_against_a_call_is_said_before_the_click(
    console: Client, provider: Provider, settings: Settings
) -> None:
    number = make_phone()
    assert obstacles(console, number, provider) == []
    DoNotCall.objects.create(phone=number)
    assert obstacles(console, number, provider) == ["do_not_call"]
    live, waits, recent, refused = (make_phone() for _number in range(4))
    make_call(to_number=live, status="ringing", rank=50, placing_at=timezone.now())
    make_call(to_number=waits)
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    make_call(to_number=recent, status="no_answer", rank=86, placing_at=hour_ago)
    make_call(to_number=refused, status="failed", rank=82, failure_reason="place_rejected", placing_at=hour_ago)
    assert obstacles(console, live, provider) == ["live_elsewhere"]
    assert obstacles(console, waits, provider) == ["waits"]
    assert obstacles(console, recent, provider) == ["quiet_period"]
    assert obstacles(console, refused, provider) == []
    assert obstacles(console, "+12025550100", make_provider(vendor="bitel")) == ["number_refused"]
    DialingSwitch.objects.update_or_create(pk=1, defaults={"stopped_at": timezone.now()})
    assert obstacles(console, refused, provider) == ["stop_all"]
    DialingSwitch.objects.update(stopped_at=None)
    tehran = timezone.now().astimezone(datetime.timezone(datetime.timedelta(hours=3, minutes=30)))
    later = [(tehran + datetime.timedelta(hours=hours)).strftime("%H:%M") for hours in (3, 5)]
    settings.SINGLE_CALL_HOURS = "-".join(later)
    assert obstacles(console, refused, provider) == ["outside_hours"]
    page = console.post(CHECK, {"number": refused, "provider": provider.pk}).content.decode()
    assert "Outside local calling hours" in page
    assert "Call again from" in page


def test_a_halted_provider_refuses_and_an_open_breaker_only_waits(console: Client, provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(breaker_opened_at=timezone.now())
    assert obstacles(console, make_phone(), provider) == ["provider_paused"]
    assert console.post(URL, form_of(provider)).status_code == 302
    Provider.objects.halt(provider.pk, "the key died")
    answer = console.post(URL, form_of(provider, "09121110000"))
    assert answer.status_code == 422
    assert "the key died" in answer.content.decode()


def test_check_works_without_a_script_and_keeps_what_was_typed(console: Client, provider: Provider) -> None:
    page = console.post(URL, form_of(provider, further="order: 4711", do="check")).content.decode()
    assert "Can be called now." in page
    assert "order: 4711" in page
    assert "0912 345 6789" in page
    assert not Call.objects.exists()


def test_the_price_is_guessed(console: Client, provider: Provider) -> None:
    shown = console.get(URL).content.decode()
    assert 'About <bdi dir="ltr">0.05 USD</bdi> per minute of talk.' in shown
    assert 'At most <bdi dir="ltr">1.50 USD</bdi>: calls can last up to 30 minutes.' in " ".join(shown.split())
    for seconds in (60, 90, 600, 0, None):
        make_call(provider=provider, status="completed", talk_seconds=seconds)
    make_call(provider=make_provider(), status="completed", talk_seconds=1800)
    shown = console.post(CHECK, {"number": "", "provider": provider.pk}).content.decode()
    assert 'About <bdi dir="ltr">0.08 USD</bdi>: a usual conversation lasts' in shown
    assert "1:30" in shown


def test_a_price_that_nobody_set_is_said_so(console: Client, db: None) -> None:
    make_provider(price_per_minute=0)
    assert "The price per minute of this provider is not known" in console.get(URL).content.decode()


# The call


def test_a_call_is_queued_with_owner_team_person_and_trace(
    console: Client,
    caller: User,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    nudged: list[str] = []
    monkeypatch.setattr(queue, "_ring", nudged.append)
    team = Team.objects.create(name="Front desk")
    Membership.objects.create(user=caller, team=team)
    agent = make_agent(provider, variables=["name", "order"])
    posted = form_of(provider, agent=agent.pk, var_name="Maryam  {x}", var_order="4711", further="city: Shiraz")
    with django_capture_on_commit_callbacks(execute=True):
        answer = console.post(URL, posted)
    call = Call.objects.get()
    assert answer["Location"] == reverse("call", args=[call.pk])
    assert (call.status, call.campaign_id, call.owner_id, call.team_id) == ("pending", None, caller.pk, team.pk)
    assert (call.agent_id, call.to_number, call.vendor_options) == (agent.pk, "+989123456789", {})
    assert call.variables == {"name": "Maryam x", "order": "4711", "city": "Shiraz"}
    assert call.contact is not None
    assert (call.contact.name, call.contact.region, call.contact.owner_id) == ("Maryam x", "IR", caller.pk)
    assert [(event.code, event.actor_id) for event in call.events.all()] == [("quick_call", caller.pk)]
    assert AuditEvent.objects.get(action="call.asked").object_id == str(call.pk)
    assert nudged == [queue.DISPATCH]


def test_a_variable_that_the_agent_says_may_not_be_empty(console: Client, provider: Provider) -> None:
    agent = make_agent(provider, variables=["name"])
    answer = console.post(URL, form_of(provider, agent=agent.pk, var_name=" "))
    assert answer.status_code == 422
    assert "var_name" in answer.context["form"].errors


def test_what_is_known_of_the_person_is_filled_in(console: Client, provider: Provider) -> None:
    contact = make_contact(name="Maryam", variables={"order": "4711"})
    agent = make_agent(provider, variables=["name", "order", "city"])
    answer = console.get(URL, {"person": contact.pk})
    assert contact.phone in answer.content.decode()
    answer = console.post(
        CHECK,
        {"number": contact.phone, "provider": provider.pk, "agent": agent.pk},
        headers={"HX-Trigger-Name": "agent"},
    )
    values = {field.name: field.value() for field in answer.context["form"].variable_fields}
    assert values == {"var_name": "Maryam", "var_order": "4711", "var_city": ""}
    assert 'hx-swap-oob="true"' in answer.content.decode()


def test_a_known_person_is_not_made_twice(console: Client, provider: Provider) -> None:
    contact = make_contact(phone="+989123456789", name="Maryam")
    console.post(URL, form_of(provider))
    assert Contact.objects.get() == contact
    assert Call.objects.get().contact == contact


@pytest.mark.parametrize(
    ("vendor", "fields", "error"),
    [
        ("voicy", {"kind": "agent"}, "caller_id"),
        ("vocode", {}, "caller_id"),
        ("bitel", {"kind": "text", "text": "Hello {city}"}, "text"),
        ("bitel", {"kind": "digits", "digits": "12x"}, "digits"),
        ("bitel", {"kind": "voice"}, "voice"),
        ("bolna", {"agent": ""}, "agent"),
    ],
)
def test_what_the_vendor_needs_is_asked_for(
    console: Client, db: None, vendor: str, fields: dict[str, str], error: str
) -> None:
    provider = make_provider(vendor=vendor)
    for _one in range(2):
        make_agent(provider)
        make_caller_id(provider, number=make_phone())
        Voice.objects.create(provider=provider, remote_id=make_phone(), name="Reminder")
    answer = console.post(URL, form_of(provider, **fields))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [error]
    assert not Call.objects.exists()


def test_the_agent_of_another_provider_is_refused(console: Client, provider: Provider) -> None:
    answer = console.post(URL, form_of(provider, agent=make_agent().pk))
    assert list(answer.context["form"].errors) == ["agent"]


def test_digits_are_taken_in_persian(console: Client, db: None) -> None:
    provider = make_provider(vendor="bitel")
    assert console.post(URL, form_of(provider, kind="digits", digits="۱۲۳")).status_code == 302
    assert Call.objects.get().digits == "123"


def test_nobody_on_the_list_is_called_and_nothing_is_left_behind(console: Client, provider: Provider) -> None:
    DoNotCall.objects.create(phone="+989123456789")
    answer = console.post(URL, form_of(provider))
    assert answer.status_code == 422
    assert "do-not-call list" in answer.content.decode()
    assert not Call.objects.exists()
    assert not Contact.objects.exists()


def test_the_service_refuses_by_itself(caller: User, provider: Provider, settings: Settings) -> None:
    asked = SingleCall(to_number=make_phone(), provider=provider, agent=provider.agent_set.get())
    DoNotCall.objects.create(phone=asked.to_number)
    with pytest.raises(Refusal, match="do-not-call"):
        place_single_call(asked, person=caller)
    assert not Contact.objects.exists()


def test_calling_the_same_person_soon_again_must_be_meant(console: Client, provider: Provider) -> None:
    make_call(to_number="+989123456789", status="no_answer", rank=86, placing_at=timezone.now())
    answer = console.post(URL, form_of(provider))
    assert answer.status_code == 422
    assert "is_deliberate" in answer.context["form"].errors
    assert console.post(URL, form_of(provider, is_deliberate="on")).status_code == 302
    assert AuditEvent.objects.get(action="call.asked").detail["despite_quiet_period"] is True


# Again


def test_an_earlier_call_is_prefilled_without_the_vendors_extras(
    console: Client, caller: User, provider: Provider
) -> None:
    agent = make_agent(provider, variables=["name"])
    earlier = make_call(
        provider=provider,
        agent=agent,
        owner=caller,
        status="no_answer",
        rank=86,
        variables={"name": "Maryam", "city": "Shiraz"},
        vendor_options={"retry_enabled": True},
    )
    form = console.get(URL, {"again": earlier.pk}).context["form"]
    values = {field.name: field.value() for field in form}
    assert values["number"] == earlier.to_number
    assert (values["provider"], values["agent"], values["var_name"]) == (provider.pk, agent.pk, "Maryam")
    assert values["further"] == "city: Shiraz"
    assert not any(name.startswith("extra_") for name in values)


def test_somebody_elses_call_cannot_be_called_again(console: Client, manager: User) -> None:
    assert console.get(URL, {"again": make_call(owner=manager).pk}).status_code == 404


def test_a_number_that_is_hidden_by_now_stays_hidden_and_can_be_called(
    console: Client, caller: User, provider: Provider
) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=30)
    earlier = make_call(
        provider=provider, agent=provider.agent_set.get(), owner=caller, status="completed", rank=90, ended_at=long_ago
    )
    page = console.get(URL, {"again": earlier.pk}).content.decode()
    local = earlier.to_number.removeprefix("+98")
    assert local not in page.replace(" ", "")
    posted = form_of(provider, f"••• {earlier.to_number[-4:]}", again=earlier.pk)
    answer = console.post(CHECK, posted)
    assert local not in answer.content.decode().replace(" ", "")
    assert console.post(URL, posted).status_code == 302
    assert Call.objects.latest("pk").to_number == earlier.to_number


# Who may


def test_without_a_role_nobody_calls(client: Client, provider: Provider) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get(URL).status_code == 403
    assert client.post(URL, form_of(provider)).status_code == 403
    assert client.post(CHECK, form_of(provider)).status_code == 403


def test_an_admin_calls_nobody(client: Client, admin_person: User, provider: Provider) -> None:
    """Whoever sets things up may try a message on their own phone; who also calls people holds that role too."""
    client.force_login(admin_person)
    assert client.get(URL).status_code == 403
    assert client.post(CHECK, form_of(provider)).status_code == 403
    assert client.post(URL, form_of(provider)).status_code == 403
    assert not Call.objects.exists()


def test_from_the_form_to_the_end_of_the_talk(
    sandbox: Sandbox, console: Client, dial: Callable[..., None], read_back: Callable[..., None]
) -> None:
    provider = sandbox.provider()
    answer = console.post(URL, form_of(provider, "0912 123 9901"))
    dial(2)
    read_back(6)
    call = Call.objects.get()
    assert call.status == "completed"
    assert sandbox.dials_of("+989121239901") == 1
    assert answer["Location"] == reverse("call", args=[call.pk])
