"""Names of variables on the wire."""

from __future__ import annotations

from uuid import uuid4

import pytest

from campaigns.launch.variable_warnings import variable_warnings
from campaigns.models import Campaign
from providers import registry
from providers.base import ProviderBackend
from providers.models import Agent, Provider
from providers.types import CallOrder
from providers.variable_names import WireNames, clashing, unsent, wire_variables


def order(*spelled: str, **more: str) -> CallOrder:
    variables = {"Customer name": "Ann", "کد سفارش": "7", "camelCase": "c", "€": "5", **more}
    return CallOrder(reference=uuid4(), to_number="+989121234567", variables=variables, spelled=spelled)


def test_any_name_is_sent_and_as_words_too() -> None:
    assert wire_variables(order(), WireNames.ANY) == {
        "Customer name": "Ann", "کد سفارش": "7", "camelCase": "c", "€": "5",
        "customer_name": "Ann", "کد_سفارش": "7", "camelcase": "c",
    }  # fmt: skip


def test_where_only_words_are_taken_names_become_words() -> None:
    found = wire_variables(order("€"), WireNames.WORDS)
    assert found == {"camelCase": "c", "€": "5", "customer_name": "Ann", "کد_سفارش": "7", "camelcase": "c"}
    assert unsent(["€", "$", "a b"], WireNames.WORDS, ["€"]) == ["$"]
    assert clashing(["a b", "a_b", "A-b", "c"], WireNames.WORDS) == [["a b", "a_b", "A-b"]]
    assert (unsent(["€"], WireNames.ANY, []), clashing(["a b", "a_b"], WireNames.ANY)) == ([], [])


def test_a_name_of_the_order_itself_wins() -> None:
    assert wire_variables(order(customer_name="Bo"), WireNames.ANY)["customer_name"] == "Bo"


@pytest.mark.parametrize("vendor", ["bolna", "voicy", "vocode", "unleashx"])
def test_every_backend_that_takes_variables_sends_them_under_its_names(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = registry.backend_class(vendor)
    assert backend.accepts_variables
    monkeypatch.setattr(backend, "variable_names", WireNames.WORDS)
    made = backend.__new__(backend)
    made.options = {}
    asked = CallOrder(
        reference=uuid4(), to_number="+989121234567", agent_id="12", caller_id="+989121234567",
        variables={"Customer name": "Ann"},
    )  # fmt: skip
    body = str(made.build_order(asked).json)
    assert "'customer_name': 'Ann'" in body
    assert "Customer name" not in body


def test_the_launch_check_says_what_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = Campaign(
        provider=Provider(name="P", vendor="bolna"), agent=Agent(variables=["$"]),
        variables={"€": "1", "$": "2", "Order no": "3", "order_no": "4"},
    )  # fmt: skip
    assert variable_warnings(campaign) == []
    monkeypatch.setattr(ProviderBackend, "variable_names", WireNames.WORDS)
    assert variable_warnings(campaign) == [
        "Bolna cannot be sent the variable “€”: rename it, with letters or digits.",
        "For Bolna, “Order no”, “order_no” are one variable, and only the first is sent: rename the others.",
    ]
