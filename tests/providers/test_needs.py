"""What a provider needs from a person: said first, with the step and the button that does it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter.audit.models import AuditEvent
from providers.models import Provider, WebhookAddress
from providers.needs import Need, Stock, needs_of
from tests.conftest import SOME_TIME, make_agent, make_provider

pytestmark = pytest.mark.django_db
WELL = {"last_success_at": SOME_TIME}
FULL = Stock(agents=1, voices=1, caller_ids=1, dialers=1)
HOST = "recordings.voicy-files.example.com"


def needs(
    stock: Stock = FULL, address: WebhookAddress | None = None, *, public: bool = True, **fields: Any
) -> list[Need]:
    return needs_of(make_provider(**{**WELL, **fields}), stock, address, is_public=public)


def codes(*args: Any, **fields: Any) -> list[str]:
    return [need.code for need in needs(*args, **fields)]


def voicy(**fields: Any) -> dict[str, Any]:
    """A Voicy account within the vendor's limits."""
    return {"vendor": "voicy", "calls_per_minute": 20, "reads_per_minute": 40, "max_lines": 10, **fields}


def calm(**fields: Any) -> dict[str, Any]:
    """A Bolna account that needs nothing."""
    return {"calls_per_minute": 60, "max_lines": 10, **fields}


def test_a_provider_that_is_well_needs_nothing() -> None:
    assert codes(**calm()) == []
    assert codes(**voicy()) == []


@pytest.mark.parametrize(
    ("fields", "code", "tone"),
    [
        ({"halted_at": SOME_TIME, "halted_reason": "x"}, "stopped", "bad"),
        ({"frozen_at": SOME_TIME}, "frozen", "bad"),
        ({"breaker_opened_at": SOME_TIME}, "stopped", "warn"),
        ({"last_success_at": None}, "untested", "warn"),
        ({"last_success_at": None, "last_error_at": SOME_TIME, "last_error_kind": "NotSent"}, "error", "warn"),
        ({"account": {"balance": "0", "currency": "USD"}}, "no_credit", "bad"),
        ({"account": {"balance": "2.99", "currency": "USD"}}, "low_credit", "warn"),
        (
            {"account": {"balance": "9", "currency": "USD"}, "balance_limit": 10, "currency": "USD"},
            "below_limit",
            "warn",
        ),
        ({"account": {"minutes_used": "1000", "minutes_limit": "1000"}}, "minutes", "bad"),
        ({"account": {"minutes_used": "900", "minutes_limit": "1000"}}, "minutes", "warn"),
        ({"account": {"lines_max": "2"}}, "lines", "warn"),
        ({"calls_per_minute": 400}, "pace", "warn"),
        ({"price_per_minute": 0}, "price", "info"),
        ({"seen_recording_host": HOST}, "recording_host", "warn"),
    ],
)
def test_each_need_is_told(fields: dict[str, Any], code: str, tone: str) -> None:
    found = needs(**calm(**fields))
    assert [(need.code, need.tone) for need in found] == [(code, tone)]
    assert str(found[0].sentence)


def test_a_dead_key_is_one_need_with_the_way_to_mend_it() -> None:
    now = timezone.now()
    told = needs(
        **calm(
            halted_at=now,
            halted_reason="Unauthorized",
            last_error_at=now + datetime.timedelta(seconds=1),
            last_error="Unauthorized",
            last_error_kind="CredentialsRejected",
        )
    )
    assert [(need.code, str(need.sentence), need.detail) for need in told] == [
        ("stopped", "Paused: Bolna does not accept the key.", "Unauthorized")
    ]
    assert told[0].url.endswith("#keys")


def test_money_of_another_kind_is_not_compared() -> None:
    assert codes(**calm(account={"balance": "1", "currency": "EUR"})) == []
    assert codes(**calm(account={"balance": "not a number"})) == []


def test_who_speaks_and_from_which_number() -> None:
    assert codes(Stock(), **calm()) == ["no_agent"]
    assert codes(Stock(), **voicy()) == ["no_caller_id", "no_agent"]
    assert "no_voice" in codes(Stock(), vendor="bitel")
    vocode = needs(Stock(agents=1), vendor="vocode")[0]
    assert (vocode.code, vocode.presses) == ("no_caller_id", True)


def test_bitels_unknown_calls_end_only_by_its_message() -> None:
    provider = make_provider(vendor="bitel")
    address = WebhookAddress(provider=provider, rotated_at=timezone.now())
    assert "only_messages" in codes(vendor="bitel")
    assert "only_messages" in codes(FULL, address, public=False, vendor="bitel")
    assert "only_messages" not in codes(FULL, address, vendor="bitel")
    address.last_delivery_at = timezone.now()
    assert "only_messages" not in codes(FULL, address, public=False, vendor="bitel")
    assert "only_messages" not in codes(**calm())


def test_messages_that_are_refused_or_not_proved() -> None:
    address = WebhookAddress(rotated_at=timezone.now(), last_delivery_at=timezone.now(), last_delivery_result="refused")
    assert codes(FULL, address, **voicy()) == ["refused_message", "unsigned"]
    signed = voicy(secrets={"api_key": "k" * 20, "webhook_secret": "s" * 20})
    address.last_delivery_result = "taken"
    assert codes(FULL, address, **signed) == []


def test_costs_without_a_currency_are_told() -> None:
    fields = {"vendor": "unleashx", "calls_per_minute": 30, "reads_per_minute": 60}
    assert codes(**fields) == ["cost_currency"]
    assert codes(**fields, options={"cost_currency": "INR"}) == []


def test_what_is_switched_off_needs_nothing() -> None:
    assert codes(Stock(), is_active=False, halted_at=timezone.now()) == []


def test_cards_stand_by_what_needs_doing_first(client: Client, admin_person: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://desk.example.org"
    fine = make_provider(name="A fine one", **calm(**WELL))
    info = make_provider(name="B without a price", **calm(**WELL, price_per_minute=0))
    warned = make_provider(name="C untested", **calm())
    halted = make_provider(name="D halted", **calm(**WELL, halted_at=timezone.now(), halted_reason="No key"))
    off = make_provider(name="0 off", is_active=False)
    for provider in (fine, info, warned, halted, off):
        make_agent(provider)
    client.force_login(admin_person)
    answer = client.get(reverse("providers"))
    assert [card.provider for card in answer.context["cards"]] == [halted, warned, info, fine, off]
    shown = " ".join(answer.content.decode().split())
    assert "2 providers need attention; they are listed first." in shown
    assert "Press “Test connection”. No call is placed." in shown
    assert "speak through agents" in shown


def test_callers_see_what_is_wrong_and_no_buttons(client: Client, caller: User) -> None:
    provider = make_provider(vendor="vocode", **WELL)
    client.force_login(caller)
    shown = client.get(reverse("provider", args=[provider.pk])).content.decode()
    assert "Vocode needs a caller ID, and there is none yet." in shown
    assert reverse("provider-sync", args=[provider.pk]) not in shown


# Hosts of recordings


def allow(client: Client, provider: Provider, host: str) -> str:
    answer = client.post(reverse("provider-recording-host", args=[provider.pk]), {"value": host}, follow=True)
    return str(next(iter(answer.context["messages"])))


def test_a_host_that_was_seen_is_allowed_with_one_click_and_only_then(client: Client, admin_person: User) -> None:
    provider = make_provider(**voicy(**WELL, options={"recording_hosts": ["old.example.com"]}))
    Provider.objects.note_recording_host(provider.pk, HOST.upper())
    provider.refresh_from_db()
    assert provider.options["recording_hosts"] == ["old.example.com"]
    client.force_login(admin_person)
    shown = client.get(reverse("provider", args=[provider.pk])).content.decode()
    assert f"Allow {HOST}" in shown
    assert "another host was found" in allow(client, provider, "evil.example.com")
    assert "can be played now" in allow(client, provider, HOST)
    provider.refresh_from_db()
    assert provider.options["recording_hosts"] == ["old.example.com", HOST]
    assert provider.seen_recording_host == ""
    assert AuditEvent.objects.get(action="provider.recording_host_allowed").detail["host"] == HOST
    assert "another host was found" in allow(client, provider, "")


@pytest.mark.parametrize("host", ["", "10.0.0.1", "localhost", "a b.example.com", "x" * 300 + ".com", "-a.example.com"])
def test_what_is_no_name_of_a_host_is_not_offered(host: str) -> None:
    provider = make_provider(**voicy())
    Provider.objects.note_recording_host(provider.pk, host)
    provider.refresh_from_db()
    assert provider.seen_recording_host == ""


def test_only_admins_allow_hosts(client: Client, caller: User, manager: User) -> None:
    provider = make_provider(**voicy(seen_recording_host=HOST))
    for person in (caller, manager):
        client.force_login(person)
        url = reverse("provider-recording-host", args=[provider.pk])
        assert client.post(url, {"value": HOST}).status_code == 403
