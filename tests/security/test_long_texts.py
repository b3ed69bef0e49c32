"""A long text of whatever shape takes no reader much longer than a plain one of that length."""

from __future__ import annotations

import os
import signal
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from django.template import Library
from django.test import RequestFactory

from callcenter import logs, parameters
from callcenter.access.client_address import client_address
from callcenter.formats import amounts, calendars, isolation, masking, phones
from callcenter.help.pages import guide
from callcenter.help.searching import find
from callcenter.monitoring.request_log import safe_path
from campaigns import numbers
from campaigns.calls import noted_answers
from campaigns.calls.forms.vendor_extras import ExtraWordsField, NumbersField
from campaigns.contacts.forms.fields import PhoneField
from campaigns.contacts.search import part_of_person
from campaigns.core import csv_cells, transcript_words
from campaigns.core.forms.days_and_lengths import DayField, LengthField
from campaigns.exports import xlsx
from campaigns.launch.forms.fields import AmountField, AudienceTagsField, MinutesField, NumberField
from campaigns.launch.forms.start import ClockField
from campaigns.templatetags import call_cells, console, decisions, figures
from providers import answers, parsing
from providers import masking as provider_masking
from providers.forms import OptionWordsField
from providers.models import exchanges

LENGTH = 100_000 if os.environ.get("SECURITY") == "full" else 20_000
LONGEST = 1.0
"""Seconds after which a reader is stopped: a pattern that tries every pair of letters would take minutes."""
MOST = 10.0
LEAST_SECONDS = 0.01
"""What is quicker is not compared: some leave a plain text at its first letter, and clocks are not so exact."""
PLAIN = "a plain text " * (LENGTH // 13)


def long(piece: str, before: str = "", after: str = "") -> str:
    return before + piece * (LENGTH // len(piece)) + after


SHAPES = {
    "blanks": long(" "), "brace and blanks": long(" ", "{"), "braces": long("{"), "closed braces": long("{ }"),
    "digits": long("7"), "digits and blanks": long("7 "), "digits and signs": long("1234567,"), "dots": long("1."),
    "a number and signs": long(",", "1234567"), "a number and letters": long("x", "1234567"), "plus": long("+"),
    "numbers with plus": long("+98"), "zeros": long("0", "1."), "dashes": long("-"), "Persian digits": long("۹"),
    "colons": long("a:"), "addresses": long("a://b:c@"), "slashes": long("/"), "hooks": long("/hooks/1/"),
    "quotes": long("'"), "escapes": long("\\"), "tags": long("<b"), "entities": long("&amp"), "lines": long("\n"),
    "returns": long("\r\n"), "commas": long(", "), "equal signs": long("="), "joiners": long("\u200c"),
    "marks": long("\u0301", "e"), "expanding": long("\ufdfa"), "directions": long("\u202e"), "stars": long("*"),
    "capitals": long("aA"), "negations": long("no "), "nots": long("n't "), "escaped cells": long("_x0041_"),
    "surrogates": long("\\ud800"), "lists": long("["), "objects": long('{"a":'), "speakers": long("user: "),
    "commas in Persian": long("،"), "under": long("_"), "word": long("a"), "wishes": long("do not call "),
}  # fmt: skip
Reader = Callable[[str], Any]


def clean(field: Any) -> Reader:
    return lambda text: field.clean(text)


def readers() -> Iterator[tuple[str, Reader]]:
    """Yield what reads foreign text, by name."""
    for library in (call_cells, console, decisions, figures):
        register: Library = library.register
        for name, made in register.filters.items():
            yield f"filter {name}", made
    for module, names in {
        amounts: ("plain_money", "money"), calendars: ("in_digits",), isolation: ("isolated",),
        masking: ("last_four", "ending", "ending_if_long", "dotted"), phones: ("spaced", "phone", "masked_phone"),
        logs: ("masked",), parameters: ("whole_number",), numbers: ("text_of_digits", "search_digits"),
        transcript_words: ("fold", "words_of", "key_of"), noted_answers: ("as_line",),
        parsing: ("parse_text", "parse_words", "variables_in", "parse_object", "path_id", "e164_or_raw", "is_e164"),
        provider_masking: ("masked_body",),
    }.items():  # fmt: skip
        for name in names:
            yield name, getattr(module, name)
    yield "understand_number", lambda text: numbers.understand_number(text, "IR")
    yield "understand_number elsewhere", lambda text: numbers.understand_number(text, "US")
    yield "part_of_person", part_of_person
    yield "marked", lambda text: list(transcript_words.marked(text, ["plain"]))
    yield "marked words", lambda text: list(transcript_words.marked("a plain text", transcript_words.fold(text)))
    yield "wishes in answers", lambda text: answers.heard_do_not_call({"note": text, text: "yes"})
    yield "answers", answers.answer_rows
    yield "csv cell", csv_cells.safe_cell
    yield "xlsx cell", lambda text: xlsx.rows_of([[text]])
    yield "masked path", exchanges.masked_path
    yield "masked text", exchanges.masked_text
    yield "help", lambda text: find(guide("en"), text)
    yield "safe_path", lambda text: safe_path(RequestFactory().get("/calls/", {"q": text, text: "1"}))
    yield "client_address", lambda text: client_address(RequestFactory().get("/", headers={"X-Forwarded-For": text}))
    for field in (
        DayField(), LengthField(), NumberField(), AmountField(max_digits=12, decimal_places=4), MinutesField(),
        AudienceTagsField(), ClockField(), PhoneField(), ExtraWordsField(), NumbersField(), OptionWordsField(),
    ):  # fmt: skip
        yield type(field).__name__, clean(field)


def seconds(reader: Reader, text: str) -> float:
    """Return what a text takes at least, of three."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    took = []
    before = signal.signal(signal.SIGALRM, stop)
    try:
        for _ in range(3):
            began = time.perf_counter()
            signal.setitimer(signal.ITIMER_REAL, LONGEST)
            with suppress(Exception):
                reader(text)
            signal.setitimer(signal.ITIMER_REAL, 0)
            took.append(time.perf_counter() - began)
            if not LEAST_SECONDS < took[-1] < LONGEST:
                break
    finally:
        signal.signal(signal.SIGALRM, before)
    return min(took)


def test_no_shape_of_text_is_slow(db: None) -> None:
    slow = []
    for name, reader in readers():
        plain = max(seconds(reader, PLAIN), LEAST_SECONDS)
        for shape, text in SHAPES.items():
            # Some signs stand for eighteen letters: they are as long as what they stand for.
            written = max(1.0, len(unicodedata.normalize("NFKC", text)) / len(text))
            if (took := seconds(reader, text)) > MOST * plain * written:
                slow.append(f"{name}: {shape} takes {took:.3f} s, a plain text {plain:.3f} s")
    assert not slow, "\n".join(slow)
