"""What vendors write is read leniently, and nothing but our own error leaves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import parsing
from providers.exceptions import ProviderError, UnexpectedResponse
from providers.types import Turn
from tests.providers.clients import answer_of
from tests.providers.exchanges import ANY_JSON

JUNE = datetime(2024, 6, 5, 11, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((form, JUNE) for form in (1717585500, 1717585500000, "1717585500", "1717585500000", 1717585500.0)),
        *((form, JUNE) for form in ("2024-06-05T11:05:00Z", "2024-06-05T16:35:00.000+05:30", "2024-06-05 11:05:00")),
        *((form, None) for form in (0, -1, True, None, "", "soon", float("nan"), 10**30, "9" * 50, [], {})),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_instants(written: object, read: datetime | None) -> None:
    assert parsing.parse_instant(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((form, 42) for form in (42, "42", 41.2, "41.2", " 42 ", "0:42", "00:00:42")),
        ("1:02:03", 3723),
        (0, 0),
        *((form, None) for form in (-1, True, None, "long", float("inf"), 10**9, "1:2:3:4", [])),
    ],
)
def test_seconds(written: object, read: int | None) -> None:
    assert parsing.parse_seconds(written) == read


def test_half_a_second_of_talk_is_talk() -> None:
    assert parsing.parse_seconds(500, per_second=1000) == 1
    assert parsing.parse_seconds("0.2") == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((form, Decimal("5.25")) for form in (5.25, "5.25", "$5.25", " 5.25 ", Decimal("5.25"))),
        (-34.2, Decimal("-34.2")),
        ("1,200.5", Decimal("1200.5")),
        *((form, None) for form in ("", "free", "NaN", float("nan"), "1e400", 10**12, True, None, [], "٣")),
    ],
)
def test_amounts(written: object, read: Decimal | None) -> None:
    assert parsing.parse_decimal(written) == read


def test_cents_are_hundredths() -> None:
    assert parsing.parse_cents(1490) == Decimal("14.9")
    assert parsing.parse_cents("42.42", cents=False) == Decimal("42.42")
    assert str(parsing.parse_cents(0)) == "0"


@pytest.mark.parametrize(
    ("written", "region", "read"),
    [
        ("+15551234567", "", "+15551234567"),
        ("15555555555", "", "+15555555555"),
        ("0015555555555", "", "+15555555555"),
        (989121234567, "", "+989121234567"),
        ("+98 912 123 4567", "", "+989121234567"),
        ("09121234567", "IR", "+989121234567"),
        ("09121234567", "", "09121234567"),
        ("anonymous", "", "anonymous"),
        (None, "", ""),
        ({}, "", ""),
    ],
)
def test_numbers(written: object, region: str, read: str) -> None:
    assert parsing.e164_or_raw(written, region) == read


def test_transcripts() -> None:
    text = "connecting\nassistant: Hello\nthere\n\nUSER : Yes: me\nuser:\n"
    turns = (Turn(speaker="system", text="connecting"), Turn(speaker="agent", text="Hello\nthere"))
    assert parsing.parse_turns_text(text) == (*turns, Turn(speaker="person", text="Yes: me"))
    began = JUNE
    row = {"role": "caller", "content": "Hi", "timestamp_ms": (began.timestamp() + 1.5) * 1000}
    assert parsing.parse_turns([row], began) == (Turn(speaker="person", text="Hi", at_ms=1500),)
    assert parsing.parse_turns([row]) == (Turn(speaker="person", text="Hi"),)


@pytest.mark.parametrize(
    ("remote_id", "segment"), [("a/b?c#d", "a%2Fb%3Fc%23d"), ("../x", "..%2Fx"), (7, "7"), ("é", "%C3%A9")]
)
def test_id_stays_one_segment(remote_id: object, segment: str) -> None:
    assert parsing.path_id(remote_id) == segment


@pytest.mark.parametrize("remote_id", ["", ".", "..", "x" * 201, "\ud800"])
def test_id_that_cannot_be_a_segment_is_refused(remote_id: str) -> None:
    with pytest.raises(UnexpectedResponse):
        parsing.path_id(remote_id)


def test_reference_is_found_wherever_it_was_put() -> None:
    reference = "1b4e28ba-2fa1-4d2e-883f-0016d3cca427"
    assert parsing.reference_in({"a": 1, "recipient_data": {"call_reference": reference}}) == UUID(reference)
    assert parsing.reference_in({"call_reference": 7}) is None
    assert parsing.reference_in({"a": {"b": {"c": {"call_reference": reference}}}}) is None


def test_variables_are_named_once_and_without_the_vendors_own() -> None:
    prompts = {
        "task_1": {"system_prompt": 'Hi {{ name }}, {order} {name} {call_sid} {any name} {"a": 1} {x: y} {% if z %} {}'}
    }
    assert parsing.variables_in(prompts, known={"call_sid"}) == ("name", "order", "any name")


def test_windows_touch_and_end() -> None:
    windows = parsing.list_windows(JUNE, JUNE + timedelta(days=15), 7)
    assert [(end - since).days for since, end in windows] == [7, 7, 1]
    assert all(windows[number][1] == windows[number + 1][0] for number in range(2))
    assert parsing.list_windows(JUNE, JUNE, 7) == []


def test_page_of_an_error_is_no_recording() -> None:
    for kind, body in (("text/html", b"<html>"), ("audio/mpeg", b""), ("application/json", b"{}")):
        with pytest.raises(UnexpectedResponse):
            parsing.recording_of(answer_of(200, body, {"content-type": kind}))
    kept = parsing.recording_of(answer_of(200, b"x", {"content-type": "binary/octet-stream"}))
    assert kept.content_type == "audio/mpeg"


@given(ANY_JSON)
def test_rubbish_is_read_as_nothing_or_refused(value: object) -> None:
    for read in (
        *(parsing.parse_text, parsing.parse_instant, parsing.parse_seconds, parsing.parse_decimal, parsing.parse_count),
        *(parsing.parse_reference, parsing.parse_turns, parsing.e164_or_raw, parsing.reference_in, parsing.parse_words),
        *(parsing.variables_in, parsing.parse_turns_text, parsing.as_mapping, parsing.parse_cents),
    ):
        read(value)
    stored = json.dumps(parsing.parse_object(value), allow_nan=False, ensure_ascii=False)
    stored.encode()  # fails for half a surrogate pair
    assert "\\u0000" not in stored
    parsing.unpacked(value)
    for refuse in (parsing.path_id, lambda found: parsing.id_in({"id": found}, "id")):
        try:
            refuse(value)
        except ProviderError:
            continue


@given(st.text(max_size=200))
def test_text_can_be_stored(text: str) -> None:
    found = parsing.parse_text(text)
    found.encode()
    assert "\x00" not in found
