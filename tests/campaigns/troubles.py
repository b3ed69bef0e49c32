"""Kinds of trouble that one provider can be in, each planted into a stored row as it would be found there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.db import connection
from requests import Request, Response

from providers.backends.bolna import BolnaBackend
from providers.fields import box
from providers.models import Provider
from providers.types import AccountState, CallHandle, CallOrder, CallQuery, CallSnapshot, PlacedCall

CANARY = "text-of-an-error-that-nobody-may-see"


class FailsAtRequests(BolnaBackend):
    """A backend that can be opened, and raises in whatever it is asked."""

    slug = "fails-at-requests"
    label = "Fails at requests"

    @classmethod
    def refuses_number(cls, to_number: str, options: Mapping[str, Any]) -> str:
        raise RuntimeError(CANARY)

    def check_credentials(self) -> AccountState:
        raise RuntimeError(CANARY)

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        raise RuntimeError(CANARY)

    def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
        raise RuntimeError(CANARY)

    def cancel_call(self, handle: CallHandle) -> CallSnapshot | None:
        raise RuntimeError(CANARY)

    def hang_up_call(self, handle: CallHandle) -> CallSnapshot | None:
        raise RuntimeError(CANARY)

    def list_agents(self) -> Any:
        raise RuntimeError(CANARY)

    def build_order(self, order: CallOrder) -> Request:
        raise RuntimeError(CANARY)


class FailsAtOrders(BolnaBackend):
    """A backend that raises at each order: before it leaves, or at its answer."""

    slug = "fails-at-orders"
    label = "Fails at orders"

    def build_order(self, order: CallOrder) -> Request:
        if order.to_number.endswith("1"):
            raise RuntimeError(CANARY)
        return super().build_order(order)

    def read_placed(self, response: Response) -> PlacedCall:
        raise RuntimeError(CANARY)


class FailsAtOpening(BolnaBackend):
    """A backend that raises where it is opened."""

    slug = "fails-at-opening"
    label = "Fails at opening"

    def __init__(self, *args: Any, **named: Any) -> None:
        raise RuntimeError(CANARY)


class AnswersNonsense(BolnaBackend):
    """A backend whose answers are not what the contract says."""

    slug = "answers-nonsense"
    label = "Answers nonsense"

    def check_credentials(self) -> Any:
        return "fine"

    def fetch_calls(self, handles: Sequence[CallHandle]) -> Any:
        return None

    def list_calls(self, query: CallQuery) -> Any:
        return [{"id": 1}]

    def read_placed(self, response: Response) -> Any:
        return {"id": "x"}

    def list_agents(self) -> Any:
        return 7

    def cancel_call(self, handle: CallHandle) -> Any:
        return True


FAILING = {found.slug: found for found in (FailsAtRequests, FailsAtOrders, FailsAtOpening, AnswersNonsense)}


def write(provider: Provider, column: str, value: str) -> None:
    """Write a column as text, past the model."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE providers_provider SET {column} = %s WHERE id = %s", [value, provider.pk])


def with_keys(token: str) -> Callable[[Provider], None]:
    return lambda provider: write(provider, "secrets", token)


def with_sealed(value: object) -> Callable[[Provider], None]:
    return lambda provider: write(provider, "secrets", box().encrypt(json.dumps(value).encode()).decode())


def with_options(value: object) -> Callable[[Provider], None]:
    return lambda provider: write(provider, "options", json.dumps(value))


def with_option(name: str, value: object) -> Callable[[Provider], None]:
    return lambda provider: write(provider, "options", json.dumps({**provider.options, name: value}))


def with_vendor(slug: str) -> Callable[[Provider], None]:
    return lambda provider: write(provider, "vendor", slug)


def key_of_another_installation() -> str:
    return Fernet(Fernet.generate_key()).encrypt(b'{"api_key": "some-key-of-another"}').decode()


def with_keys_of_another_row() -> Callable[[Provider], None]:
    def plant(provider: Provider) -> None:
        other = Provider.objects.exclude(pk=provider.pk).first()
        assert other is not None
        write(provider, "secrets", other.secrets.token)

    return plant


TROUBLES: Mapping[str, tuple[Callable[[Provider], None], str]] = {
    "a key that no key opens": (with_keys(key_of_another_installation()), "KeysUnreadable"),
    "a key that is no token": (with_keys("gAAAAAnonsense"), "KeysUnreadable"),
    "another row's keys": (with_keys_of_another_row(), "KeysUnreadable"),
    "keys that are a list": (with_sealed(["a", "b"]), "KeysUnreadable"),
    "a key that is a number": (with_sealed({"api_key": 7}), "KeysUnreadable"),
    "a key that cannot be sent": (with_sealed({"api_key": "first line\nsecond line"}), "ProviderMisconfigured"),
    "options that are a list": (with_options(["x"]), "OptionsUnreadable"),
    "options that are a text": (with_options("{"), "OptionsUnreadable"),
    "an address that is a number": (with_option("base_url", 5), "OptionsUnreadable"),
    "status words that are a text": (with_option("status_map_extra", "busy"), "OptionsUnreadable"),
    "hosts that are numbers": (with_option("recording_hosts", [1, 2]), "OptionsUnreadable"),
    "a vendor that is gone": (with_vendor("gone"), "VendorMissing"),
    "a module that fails at its opening": (with_vendor(FailsAtOpening.slug), "ProviderUnusable"),
    "a module that fails at requests": (with_vendor(FailsAtRequests.slug), "BackendFailed"),
    "a module that fails at orders": (with_vendor(FailsAtOrders.slug), "OutcomeUnknown"),
    "a module that answers nonsense": (with_vendor(AnswersNonsense.slug), "BackendFailed"),
}
"""What is planted, and the name of the error that it leads to."""
ONE_OF_A_KIND = (
    "a key that no key opens", "an address that is a number", "a vendor that is gone",
    "a module that fails at its opening", "a module that fails at requests", "a module that fails at orders",
    "a module that answers nonsense",
)  # fmt: skip
"""Enough for those who meet the trouble only when they open the provider."""
KEY_TROUBLES = [name for name, (_plant, kind) in TROUBLES.items() if kind == "KeysUnreadable"]
