"""The three stops, health and the exchange log of a provider."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from providers.exceptions import CredentialsRejected, NotSent, OutOfCredit, ProviderMisconfigured, UnexpectedResponse
from providers.models import Provider, ProviderExchange, ProviderState
from providers.models.exchanges import masked_path, masked_text
from providers.services.keys import store_secrets
from tests.conftest import make_provider

pytestmark = pytest.mark.django_db


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_halt_happens_once_and_keeps_the_first_reason(admin_person: User) -> None:
    provider = make_provider()
    assert Provider.objects.halt(provider.pk, "Key refused") is True
    assert Provider.objects.halt(provider.pk, "Another reason", admin_person) is False
    provider.refresh_from_db()
    assert provider.halted_reason == "Key refused"
    assert Provider.objects.resume(provider.pk, admin_person) is True
    assert Provider.objects.resume(provider.pk, admin_person) is False
    assert actions() == ["provider.halted", "provider.resumed"]


def test_stops_never_mix(admin_person: User) -> None:
    provider = make_provider()
    Provider.objects.halt(provider.pk, "key")
    Provider.objects.open_breaker(provider.pk, "5 failures", timezone.now())
    Provider.objects.freeze(provider.pk, "restored")
    Provider.objects.resume(provider.pk, admin_person)
    provider.refresh_from_db()
    assert provider.halted_at is None
    assert provider.breaker_opened_at is not None
    assert provider.frozen_at is not None
    Provider.objects.close_breaker(provider.pk)
    provider.refresh_from_db()
    assert provider.breaker_opened_at is None
    assert provider.breaker_probe_at is None
    assert provider.breaker_closed_at is not None
    assert provider.frozen_at is not None
    assert Provider.objects.unfreeze(provider.pk, admin_person) is True
    assert actions() == [
        "provider.halted",
        "provider.breaker_opened",
        "provider.frozen",
        "provider.resumed",
        "provider.breaker_closed",
        "provider.unfrozen",
    ]


def test_probe_moves_only_while_open() -> None:
    provider = make_provider()
    later = timezone.now() + timedelta(minutes=5)
    assert Provider.objects.postpone_probe(provider.pk, later) is False
    Provider.objects.open_breaker(provider.pk, "x", timezone.now())
    assert Provider.objects.postpone_probe(provider.pk, later) is True
    provider.refresh_from_db()
    assert provider.breaker_probe_at == later


@pytest.mark.parametrize(
    "column", ["halted_at", "frozen_at", "breaker_opened_at"], ids=["halted", "frozen", "breaker open"]
)
def test_a_stopped_provider_is_not_callable(column: str) -> None:
    good, stopped = make_provider(), make_provider(**{column: timezone.now()})
    off = make_provider(is_active=False)
    assert list(Provider.objects.callable()) == [good]
    assert not good.stop_reason
    assert stopped.stop_reason
    assert off.stop_reason


def test_state_says_the_strongest_stop_first() -> None:
    now = timezone.now()
    provider = make_provider()
    assert provider.state is ProviderState.UNTESTED
    provider.last_success_at = now
    assert provider.state is ProviderState.READY
    provider.last_error_at = now + timedelta(seconds=1)
    assert provider.state is ProviderState.FAILING
    provider.breaker_opened_at = now
    assert provider.state is ProviderState.PAUSED
    provider.frozen_at = now
    assert provider.state is ProviderState.FROZEN
    provider.halted_at = now
    assert provider.state is ProviderState.HALTED
    provider.is_active = False
    assert provider.state is ProviderState.OFF


def test_success_is_written_seldom_but_always_after_an_error(django_assert_num_queries: Any) -> None:
    provider = make_provider()
    Provider.objects.note_success(provider.pk)
    provider.refresh_from_db()
    first = provider.last_success_at
    Provider.objects.note_success(provider.pk)
    provider.refresh_from_db()
    assert provider.last_success_at == first
    Provider.objects.note_error(provider.pk, NotSent("No connection."))
    provider.refresh_from_db()
    assert provider.has_error
    Provider.objects.note_success(provider.pk)
    provider.refresh_from_db()
    assert not provider.has_error


def test_error_is_kept_with_its_next_step() -> None:
    provider = make_provider()
    Provider.objects.note_error(provider.pk, CredentialsRejected("Access denied", http_status=401))
    provider.refresh_from_db()
    assert provider.last_error == "Access denied"
    assert provider.error_sentence == "Bolna does not accept the key."
    assert "Paste a new key" in str(provider.next_step)
    Provider.objects.note_error(provider.pk, ProviderMisconfigured("Its host is not allowed."))
    provider.refresh_from_db()
    assert "correct the named field" in str(provider.next_step)


def test_masked_secret_shows_four_characters_of_long_keys_only() -> None:
    provider = make_provider(secrets={"api_key": "abcdefgh12345678", "webhook_secret": "short"})
    assert provider.masked_secret("api_key") == "••••5678"
    assert provider.masked_secret("webhook_secret") == "••••"
    assert provider.masked_secret("missing") == ""
    assert "abcdefgh" not in repr(provider)


def test_exchange_log_keeps_the_last_200_of_each_provider() -> None:
    provider, other = make_provider(), make_provider()
    Provider.objects.note_exchange(other.pk, what="check_credentials", method="GET", path="/me")
    for number in range(203):
        Provider.objects.note_exchange(
            provider.pk, what="list_agents", method="GET", path=f"/p{number}", http_status=200, duration_ms=3
        )
    paths = list(ProviderExchange.objects.filter(provider=provider).order_by("id").values_list("path", flat=True))
    assert len(paths) == 200
    assert paths[0] == "/p3"
    assert ProviderExchange.objects.filter(provider=other).count() == 1


def test_exchange_log_masks_ids_numbers_and_keys() -> None:
    provider = make_provider()
    Provider.objects.note_exchange(
        provider.pk,
        what="fetch_calls",
        method="GET",
        path="/executions/5a4db0c5-0000-4000-8001-000000000001?number=%2B989121234567",
        error=NotSent("No way to +98 912 123 4567 with sk_live_abcdef0123456789"),
    )
    line = ProviderExchange.objects.get()
    assert line.path == "/executions/…0001"
    assert line.outcome == "NotSent"
    assert "9121234567" not in line.error.replace(" ", "")
    assert "sk_live" not in line.error


def test_masks_leave_words_alone() -> None:
    assert masked_path("/v2/agent/all") == "/v2/agent/all"
    assert masked_text("The vendor answered 503 to a read.") == "The vendor answered 503 to a read."


def test_what_halted_it_is_told_until_a_person_acts_whatever_is_read_meanwhile(admin_person: User) -> None:
    """Calls that went out before are still read: neither their answers nor their errors change why it is halted."""
    provider = make_provider()
    Provider.objects.halt_for(provider.pk, OutOfCredit("insufficient_balance"))
    for meanwhile in (
        lambda: None,
        lambda: Provider.objects.note_success(provider.pk),
        lambda: Provider.objects.note_error(provider.pk, UnexpectedResponse("Not JSON.")),
    ):
        meanwhile()
        provider.refresh_from_db()
        assert provider.halt_kind == "OutOfCredit"
        assert provider.standing.sentence == "Paused: The account at Bolna is empty."
        assert provider.standing.step == "Top up the account, then resume the provider."
    Provider.objects.resume(provider.pk, admin_person)
    Provider.objects.halt(provider.pk, "The invoice is disputed.", admin_person)
    Provider.objects.note_success(provider.pk)
    provider.refresh_from_db()
    assert provider.standing.sentence == "Paused: The invoice is disputed."


def test_another_key_ends_what_a_key_was_halted_for_and_nothing_else(admin_person: User) -> None:
    for error, kind in ((CredentialsRejected("No."), ""), (OutOfCredit("No."), "OutOfCredit")):
        provider = make_provider()
        Provider.objects.halt_for(provider.pk, error)
        store_secrets(provider.pk, {"api_key": "another-key-0123456789"}, person=admin_person)
        Provider.objects.note_success(provider.pk)
        provider.refresh_from_db()
        assert provider.halted_at
        assert provider.halt_kind == kind
