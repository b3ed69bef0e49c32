"""Every field of the vendors' order pages can be entered in the quick call, and arrives in the request we build."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from requests import Request

from callcenter.access.rights import ADMIN, CALLER
from campaigns.models import Call
from providers import opening
from providers.models import Agent, CallerId, Dialer, Provider, Voice
from tests.campaigns.calls.quick_call_form import URL
from tests.conftest import make_agent, make_caller_id, make_person, make_provider
from tests.orders import order_for

IRAN, INDIA = "+989123456789", "+919876543210"


@pytest.fixture
def console(client: Client, at_any_hour: None, db: None) -> Client:
    """A browser in which somebody who both calls and manages providers is logged in."""
    person: User = make_person(CALLER)
    person.groups.add(Group.objects.get(name=ADMIN))
    client.force_login(person)
    return client


def ordered(console: Client, provider: Provider, number: str, **fields: Any) -> Request:
    """Fill the form, press Call, and return the request that would leave for the vendor."""
    posted = {"number": number, "provider": provider.pk, "do": "call", "form_token": str(uuid.uuid4()), **fields}
    answer = console.post(URL, posted)
    assert answer.status_code == 302, answer.context["form"].errors
    call = Call.objects.select_related("agent", "voice", "caller_id", "dialer").latest("pk")
    return opening.open_backend(provider).build_order(order_for(call))


def body_of(request: Request) -> Mapping[str, Any]:
    """Return the request's JSON object."""
    assert isinstance(request.json, dict)
    return request.json


@pytest.fixture
def bitel(db: None) -> Provider:
    provider = make_provider(vendor="bitel")
    Voice.objects.create(provider=provider, remote_id="08e815cbcd724386805103ac0d45e4c2", name="Reminder")
    Dialer.objects.create(provider=provider, remote_id="tehran-1", name="Tehran")
    return provider


def test_bitel_voice(console: Client, bitel: Provider) -> None:
    request = ordered(
        console,
        bitel,
        IRAN,
        kind="voice",
        voice=Voice.objects.get().pk,
        dialer=Dialer.objects.get().pk,
        use_extras="on",
        extra_retry_count="2",
    )
    assert request.url == "/api/v2/voice/single"
    assert body_of(request) == {
        "phoneNumber": "09123456789",
        "voiceId": "08e815cbcd724386805103ac0d45e4c2",
        "retryCount": 2,
        "serverId": "tehran-1",
    }


def test_bitel_redials_nobody_unless_an_admin_asks(console: Client, bitel: Provider) -> None:
    request = ordered(console, bitel, IRAN, kind="voice", voice=Voice.objects.get().pk, extra_retry_count="2")
    assert body_of(request)["retryCount"] == 0


def test_bitel_text_and_digits(console: Client, bitel: Provider) -> None:
    assert body_of(ordered(console, bitel, IRAN, kind="text", text="Hello"))["text"] == "Hello"
    request = ordered(
        console,
        bitel,
        "+989123456780",
        kind="digits",
        digits="12345",
        voice=Voice.objects.get().pk,
        use_extras="on",
        extra_repeat_count="3",
    )
    assert (request.url, body_of(request)["text"]) == ("/api/v2/voice/otp", "12345")
    assert body_of(request)["repeatCount"] == 3
    assert body_of(request)["voiceId"] == "08e815cbcd724386805103ac0d45e4c2"


def test_unleashx(console: Client) -> None:
    provider = make_provider(vendor="unleashx")
    agent = make_agent(provider, remote_id="101", variables=["name"])
    request = ordered(
        console, provider, INDIA, agent=agent.pk, var_name="Asha", further="order_number: 4711\nplan: gold"
    )
    body = body_of(request)
    assert (body["agent_id"], body["phone_number"]) == (101, INDIA)
    assert body["metadata"].items() >= {"name": "Asha", "order_number": "4711", "plan": "gold"}.items()


@pytest.fixture
def bolna(db: None) -> Provider:
    provider = make_provider(vendor="bolna")
    make_agent(provider, remote_id="123e4567-e89b-12d3-a456-426655440000", variables=["variable1"])
    make_caller_id(provider, number="+19876543007")
    Voice.objects.create(provider=provider, remote_id="Sam", name="Sam")
    return provider


def test_bolna(console: Client, bolna: Provider) -> None:
    tomorrow = (timezone.now() + datetime.timedelta(days=1)).replace(microsecond=0)
    request = ordered(
        console,
        bolna,
        INDIA,
        agent=Agent.objects.get().pk,
        caller_id=CallerId.objects.get().pk,
        voice=Voice.objects.get().pk,
        var_variable1="value1",
        further="variable2: some phrase as value",
        use_extras="on",
        extra_scheduled_at=timezone.localtime(tomorrow).strftime("%Y-%m-%dT%H:%M:%S"),
        extra_retry_enabled="on",
        extra_max_retries="2",
        extra_retry_on_statuses=["no-answer", "busy", "failed", "error"],
        extra_retry_on_voicemail="on",
        extra_retry_intervals_minutes="15, 45",
        extra_bypass_call_guardrails="on",
    )
    body = body_of(request)
    assert body["agent_id"] == "123e4567-e89b-12d3-a456-426655440000"
    assert (body["recipient_phone_number"], body["from_phone_number"]) == (INDIA, "+19876543007")
    assert datetime.datetime.fromisoformat(body["scheduled_at"]) == tomorrow
    assert body["user_data"].items() >= {"variable1": "value1", "variable2": "some phrase as value"}.items()
    assert body["agent_data"] == {"voice_id": "Sam"}
    assert body["retry_config"] == {
        "enabled": True,
        "max_retries": 2,
        "retry_on_statuses": ["no-answer", "busy", "failed", "error"],
        "retry_on_voicemail": True,
        "retry_intervals_minutes": [15, 45],
    }
    assert body["bypass_call_guardrails"] is True


def test_bolna_sends_no_extras_unless_they_are_ticked(console: Client, bolna: Provider) -> None:
    request = ordered(
        console,
        bolna,
        INDIA,
        agent=Agent.objects.get().pk,
        var_variable1="value1",
        extra_retry_enabled="on",
        extra_bypass_call_guardrails="on",
    )
    assert body_of(request)["retry_config"] == {"enabled": False}
    assert not {"scheduled_at", "bypass_call_guardrails", "agent_data", "from_phone_number"} & body_of(request).keys()


def test_bolna_is_not_told_to_dial_at_night(console: Client, bolna: Provider, settings: Settings) -> None:
    posted = {
        "number": INDIA,
        "provider": bolna.pk,
        "agent": Agent.objects.get().pk,
        "var_variable1": "value1",
        "use_extras": "on",
        "do": "call",
        "form_token": str(uuid.uuid4()),
    }
    settings.SINGLE_CALL_HOURS = "08:00-21:00"
    night = (timezone.now() + datetime.timedelta(days=2)).strftime("%Y-%m-%dT21:00")  # 02:30 in India
    answer = console.post(URL, {**posted, "extra_scheduled_at": night})
    assert "extra_scheduled_at" in answer.context["form"].errors
    past = (timezone.now() - datetime.timedelta(days=1)).strftime("%Y-%m-%dT08:00")
    answer = console.post(URL, {**posted, "extra_scheduled_at": past})
    assert "extra_scheduled_at" in answer.context["form"].errors


def test_voicy(console: Client) -> None:
    provider = make_provider(vendor="voicy", secrets={"api_key": "voicy_sk_live_0123456789"})
    agent = make_agent(provider, variables=["customer_name"])
    number = make_caller_id(provider, number="+15551234567")
    request = ordered(
        console,
        provider,
        "+12025550100",
        kind="agent",
        agent=agent.pk,
        caller_id=number.pk,
        var_customer_name="John",
        further="appointment_date: January 15th",
    )
    body = body_of(request)
    assert (body["from_number"], body["to_number"]) == ("+15551234567", "+12025550100")
    assert body["override_agent_id"] == agent.remote_id
    assert body["vars_provided"].items() >= {"customer_name": "John", "appointment_date": "January 15th"}.items()


def test_voicy_with_the_agent_of_its_number(console: Client) -> None:
    provider = make_provider(vendor="voicy", secrets={"api_key": "voicy_sk_live_0123456789"})
    number = make_caller_id(provider, number="+15551234567")
    request = ordered(console, provider, "+12025550100", kind="caller_id", caller_id=number.pk, further="name: John")
    assert "override_agent_id" not in body_of(request)
    assert body_of(request)["vars_provided"]["name"] == "John"


def test_vocode(console: Client) -> None:
    provider = make_provider(vendor="vocode")
    agent = make_agent(provider)
    number = make_caller_id(provider, number="+15551234567")
    request = ordered(
        console,
        provider,
        "+12025550100",
        agent=agent.pk,
        caller_id=number.pk,
        further="order: 4711",
        use_extras="on",
        extra_on_no_human_answer="hangup",
        extra_run_do_not_call_detection="on",
        extra_hipaa_compliant="on",
        extra_telephony_params='{"Timeout": "30"}',
    )
    body = body_of(request)
    assert (body["from_number"], body["to_number"]) == ("+15551234567", "+12025550100")
    assert body["agent"] == agent.remote_id
    assert body["context"]["order"] == "4711"
    assert body["on_no_human_answer"] == "hangup"
    assert body["run_do_not_call_detection"] is True
    assert body["hipaa_compliant"] is True
    assert body["telephony_params"] == {"Timeout": "30"}
