"""What one person hears: variables of any name, equal names, and what stays empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.importing.columns.guessing import guess_columns
from campaigns.contacts.importing.columns.mapping import NAME, variable_name
from campaigns.core.message import (
    NAMES,
    Message,
    as_spelled,
    fill_in,
    known_from,
    missing_from,
    needed_names,
    placeholders,
    value_of,
    with_values,
)
from campaigns.models import Campaign


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=8))
def test_every_title_of_a_spreadsheet_comes_back_in_the_message(titles: list[str]) -> None:
    taken: set[str] = set()
    names = [variable_name(title, taken) for title in titles]
    values = {name: f"value{position}" for position, name in enumerate(names)}
    text = " ".join(f"{{{name}}}" for name in names)
    assert fill_in(text, known_from("", values), 5000) == " ".join(values.values())
    assert missing_from(placeholders(text), "", values) == []


@pytest.mark.parametrize("written", ["{Customer name}", "{customer_name}", "{ CUSTOMER NAME }", "{{customer name}}"])
def test_equal_names_are_one_variable(written: str) -> None:
    known = known_from("", {"Customer name": "Ann", "city": "Pune"})
    assert fill_in(f"Hi {written}.", known) == "Hi Ann."
    assert missing_from(placeholders(written), "", {"Customer name": "Ann"}) == []


def test_the_exact_name_goes_before_an_equal_one() -> None:
    known = {"Order no": "A", "order_no": "B"}
    assert (value_of("Order no", known), value_of("order_no", known)) == ("A", "B")


@pytest.mark.parametrize("title", NAMES)
def test_a_title_of_whole_names_stands_for_the_persons_name(title: str) -> None:
    assert guess_columns([title, "Mobile"], [["Ann Li", "+989121234567"]], "IR").columns[0] == NAME
    assert fill_in(f"Hi {{{title}}}", known_from("Ann Li", {})) == "Hi Ann Li"
    assert missing_from([title], "Ann Li", {}) == []
    assert missing_from([title], "", {}) == [title]
    # A column of that name goes before it.
    assert value_of(title, known_from("Ann Li", {title: "Bo"})) == "Bo"


def test_what_is_no_name_is_never_spoken() -> None:
    campaign = Campaign(text="Hi {customer: name}", variables={"a": "{x: y}", "b": "{نام}"})
    assert set(needed_names(campaign)) == {"customer: name", "x: y", "نام"}
    assert missing_from(needed_names(campaign), "Ann", {}) == ["x: y", "customer: name"]


def test_the_agents_own_spelling_is_sent_too() -> None:
    known = {"name": "Ann", "Order No.": "7", "کد سفارش": "12"}
    assert as_spelled(known, ["order_no", "customer_name", "کد_سفارش", "city"]) == {
        **known,
        "order_no": "7",
        "customer_name": "Ann",
        "کد_سفارش": "12",
    }


def test_a_message_is_filled_in_persian() -> None:
    message = Message(Campaign(text="سلام {نام}، {کد سفارش}", variables={"هدیه": "برای {نام}"}))
    text, variables = message.fill("مریم", {"کد سفارش": "۱۲"})
    assert text == "سلام مریم، ۱۲"
    assert variables["هدیه"] == "برای مریم"


def test_given_values_go_before_kept_ones_of_an_equal_name() -> None:
    assert with_values({"order_no": "1", "city": "Pune"}, {"Order no": "2"}) == {"city": "Pune", "Order no": "2"}
    assert with_values({"a": "1"}, {"a": "2"}) == {"a": "2"}
