"""The form of a provider: made from the backend's fields, write-only for keys, strict about addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from providers import registry
from providers.forms import form_field, keys_form, provider_form
from providers.models import Provider
from providers.services.checking import CheckVerdict
from providers.types import Field
from tests.conftest import make_provider
from tests.providers.form_data import CANARY, filled

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("vendor", list(registry.BACKENDS))
def test_every_vendor_has_a_form_that_can_be_saved(vendor: str) -> None:
    form = provider_form(vendor)(filled(vendor), instance=Provider())
    assert form.is_valid(), form.errors
    assert form.new_secrets() == {"api_key": CANARY}
    assert form.instance.vendor == vendor
    assert form.instance.options == {}
    assert form.instance.currency == "USD"
    assert CANARY not in form.as_p()


@pytest.mark.parametrize("vendor", list(registry.BACKENDS))
def test_defaults_hold_where_options_are_empty(vendor: str) -> None:
    provider = make_provider(vendor=vendor, options={})
    form = provider_form(vendor)(filled(vendor, secret_api_key=""), instance=provider)
    assert form.is_valid(), form.errors
    assert form.instance.options_with_defaults() == provider.options_with_defaults()


def test_a_stored_key_is_masked_and_kept_when_blank() -> None:
    provider = make_provider(secrets={"api_key": CANARY})
    html = provider_form("bolna")(instance=provider).as_p()
    assert CANARY not in html
    assert "••••7f3a" in html
    form = provider_form("bolna")(filled("bolna", secret_api_key=""), instance=provider)
    assert form.is_valid(), form.errors
    assert form.new_secrets() == {}


def test_a_new_provider_needs_its_key() -> None:
    form = provider_form("bolna")(filled("bolna", secret_api_key=""), instance=Provider())
    assert not form.is_valid()
    assert "secret_api_key" in form.errors


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://api.bolna.ai", "https://"),
        ("https://evil.example.com", "Calls may not be sent to evil.example.com."),
        ("https://api.bolna.ai.evil.example.com", "Calls may not be sent to"),
        ("https://user@api.bolna.ai", "Calls may not be sent to"),
        ("https://169.254.169.254/latest", "Calls may not be sent to"),
        ("http://127.0.0.1:1", "https://"),
    ],
)
def test_a_forbidden_address_is_refused_at_its_field(address: str, sentence: str) -> None:
    form = provider_form("bolna")(filled("bolna", option_base_url=address), instance=Provider())
    assert not form.is_valid()
    assert sentence in str(form.errors["option_base_url"])


def test_the_sandbox_is_allowed_where_it_is_set(settings: Any) -> None:
    address = settings.SANDBOX_ORIGIN + "/bolna"
    form = provider_form("bolna")(filled("bolna", option_base_url=address), instance=Provider())
    assert form.is_valid(), form.errors
    assert form.instance.options == {"base_url": address}
    settings.SANDBOX_ORIGIN = ""
    form = provider_form("bolna")(filled("bolna", option_base_url=address), instance=Provider())
    assert not form.is_valid()


def test_a_key_that_cannot_be_sent_is_refused_at_its_field() -> None:
    form = provider_form("bolna")(filled("bolna", secret_api_key="line\u2028break"), instance=Provider())
    assert not form.is_valid()
    assert "characters that cannot be sent" in str(form.errors["secret_api_key"])


def test_status_words_must_be_ours() -> None:
    wrong = provider_form("bolna")(filled("bolna", option_status_map_extra='{"rejected": "nope"}'), instance=Provider())
    assert not wrong.is_valid()
    assert "our statuses are" in str(wrong.errors["option_status_map_extra"])
    ours = provider_form("bolna")(filled("bolna", option_status_map_extra='{"x": "pending"}'), instance=Provider())
    assert not ours.is_valid()
    right = provider_form("bolna")(
        filled("bolna", option_status_map_extra='{"rejected": "no_answer"}'), instance=Provider()
    )
    assert right.is_valid(), right.errors
    assert right.instance.options == {"status_map_extra": {"rejected": "no_answer"}}


def test_a_failed_test_stands_at_the_key_unless_it_is_kept() -> None:
    verdict = CheckVerdict(is_ok=False, sentence="Bolna does not accept the key.", kind="CredentialsRejected")
    provider = make_provider()
    (shown,) = re.findall(r'value="([^"]*)"', keys_form("bolna")(instance=provider).shown)
    sent = {"secret_api_key": CANARY, "shown": shown}
    form = keys_form("bolna", verdict)(sent, instance=provider)
    assert not form.is_valid()
    assert "does not accept" in str(form.errors["secret_api_key"])
    assert CANARY not in form.as_p()
    kept = keys_form("bolna", verdict)(sent | {"keep_untested": "on"}, instance=provider)
    assert kept.is_valid()


def test_a_required_key_cannot_be_forgotten() -> None:
    form = keys_form("bolna")({"remove_api_key": "on"}, instance=make_provider())
    assert form.is_valid()
    assert form.removed_secrets() == []


def test_a_price_needs_its_currency() -> None:
    form = provider_form("bolna")(filled("bolna", currency=""), instance=Provider())
    assert not form.is_valid()
    assert "currency" in form.errors
    assert not provider_form("bolna")(filled("bolna", currency="dollar"), instance=Provider()).is_valid()


def test_no_column_that_a_worker_writes_is_edited() -> None:
    form = provider_form("bolna")(instance=make_provider())
    columns = set(form.spec.columns)  # type: ignore[attr-defined]
    assert {"name", "options", "max_lines"} <= columns
    assert not columns & {"secrets", "halted_at", "pace_tat", "last_error", "dispatch_lease"}


@pytest.mark.parametrize(
    ("field", "typed", "read"),
    [
        (Field(name="x", label="x", kind="words"), "a.example, b.example  a.example", ["a.example", "b.example"]),
        (Field(name="x", label="x", kind="integer"), "۱۲", 12),
        (Field(name="x", label="x", kind="boolean"), "on", True),
        (Field(name="x", label="x", kind="json"), '{"a": "b"}', {"a": "b"}),
        (Field(name="x", label="x", kind="choice", choices=(("a", "A"),)), "a", "a"),
        (Field(name="x", label="x"), " text ", "text"),
    ],
)
def test_fields_read_what_is_typed(field: Field, typed: str, read: object) -> None:
    assert form_field(field).clean(typed) == read


@pytest.mark.parametrize(("vendor", "pace"), [("voicy", (20, 40)), ("unleashx", (33, 67)), ("bolna", (60, 120))])
def test_a_new_provider_begins_within_what_the_vendor_documents(vendor: str, pace: tuple[int, int]) -> None:
    form = provider_form(vendor)()
    assert (form.initial["calls_per_minute"], form.initial["reads_per_minute"]) == pace


@pytest.mark.parametrize(("typed", "kept"), [("", 0), ("0", 0), ("4", 4), ("5", None), ("-1", None)])
def test_fewer_than_all_lines_are_kept_for_single_calls(typed: str, kept: int | None) -> None:
    form = provider_form("bolna")(filled("bolna", single_call_lines=typed), instance=Provider(single_call_lines=2))
    assert form.is_valid() == (kept is not None)
    assert kept is None or form.cleaned_data["single_call_lines"] == kept


def test_kept_lines_that_are_not_sent_stay() -> None:
    """As by a page that was open during an upgrade."""
    form = provider_form("bolna")(filled("bolna"), instance=Provider(single_call_lines=2))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["single_call_lines"] == 2
