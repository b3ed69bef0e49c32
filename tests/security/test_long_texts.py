"""A long text of whatever shape takes no reader much longer than a plain one of that length."""

from __future__ import annotations

import json
import os
import signal
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.template import Library
from django.test import RequestFactory
from django.utils import timezone
from requests import Response

from callcenter import logs, parameters
from callcenter.access.client_address import client_address
from callcenter.formats import amounts, calendars, isolation, masking, phones, placeholders
from callcenter.help.pages import guide
from callcenter.help.searching import find
from callcenter.monitoring.request_log import safe_path
from campaigns import extensions, numbers, time_zones
from campaigns.calls import noted_answers
from campaigns.calls.forms.vendor_extras import ExtraWordsField, NumbersField
from campaigns.contacts.forms.fields import PhoneField
from campaigns.contacts.importing.cells import consent, wish_words
from campaigns.contacts.importing.cells.cell_numbers import numbers_in_cell
from campaigns.contacts.importing.cells.dates import read_date
from campaigns.contacts.importing.columns import mapping, title_rows, title_words
from campaigns.contacts.importing.columns.guessing import guess_columns
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.reading import Table
from campaigns.contacts.importing.rows import people_rows
from campaigns.contacts.search import part_of_person
from campaigns.core import csv_cells, message, transcript_words, typed_numbers
from campaigns.core.forms.days_and_lengths import DayField, LengthField
from campaigns.exports import xlsx
from campaigns.launch.forms.fields import AmountField, AudienceTagsField, MinutesField, NumberField
from campaigns.launch.forms.start import ClockField
from campaigns.models import Campaign
from campaigns.templatetags import call_cells, console, decisions, figures
from providers import answers, parsing
from providers import masking as provider_masking
from providers.forms import OptionWordsField
from providers.models import exchanges
from providers.registry import backend_class

LENGTH = 100_000 if os.environ.get("SECURITY") == "full" else 6_000
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
    for module, names in {
        placeholders: ("parse", "names_in", "unreadable_in", "is_name", "name_of", "key_of", "words_of"),
        message: ("clean", "placeholders"), extensions: ("has_extension", "holds_several", "is_range", "is_date"),
        wish_words: ("plain_words", "is_wish_title", "read_yes_no", "read_wish", "answer_key"),
        title_words: ("meaning_of_title", "phone_title", "is_known_title", "names_whole_person", "is_name_title"),
        mapping: ("variable_name", "plain_title"), title_rows: ("looks_like_number",), time_zones: ("zone_named",),
        typed_numbers: ("understand_typed",),
    }.items():  # fmt: skip
        for name in names:
            yield f"{module.__name__}.{name}", getattr(module, name)
    # As it is saved with a campaign, and filled for each of its people.
    campaign = Campaign(text="", variables={})
    yield "a message in the dispatcher", lambda text: of_campaign(campaign, text).fill("A name", {"city": text})
    yield "a value in the dispatcher", lambda text: message.fill_in("Dear {city}", {"city": text, text[:80]: text})
    yield "a cell that is a date", lambda text: read_date(text, None, timezone.now(), is_past=True)
    yield "a cell of consent", lambda text: consent.read_cell(text, is_yes_no_column=True)
    yield "a cell of numbers", lambda text: numbers_in_cell(text, "IR")
    yield "a row of a file", row_of_a_file
    yield "columns that are guessed", lambda text: guess_columns(["", text[:100], "phone"], [[text] * 3] * 5, "IR")
    yield "a vendor's refusal", lambda text: vendor("bolna").refusal(refused(text))
    yield "an argument of a command", lambda text: choice_of_column(text)
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


def of_campaign(campaign: Campaign, text: str) -> message.Message:
    campaign.text, campaign.variables = text, {"hello": text}
    return message.Message(campaign)


def row_of_a_file(text: str) -> None:
    """Read a row whose every cell is the text, as a person with all that a file may say."""
    meanings = (
        mapping.NAME, mapping.PHONE, mapping.TIME_ZONE, mapping.CONSENT, mapping.CONSENT_AT, mapping.DO_NOT_CALL,
        mapping.OTHER_PHONE, mapping.VARIABLE + "city",
    )  # fmt: skip

    class OneRow:
        has_broken_letters = False
        is_workbook = False

        def rows(self, *_: Any, **__: Any) -> Iterator[Row]:
            yield from [(1, ["title"] * 8, ""), (2, [text] * 8, ""), (3, ["A", "09121234567", *[text] * 6], "")]

    reader = people_rows.Reader(Table(Path("-")), ColumnMapping(dict(enumerate(meanings))), "IR")
    reader.table = OneRow()  # type: ignore[assignment]
    for row in reader.people():
        reader.name_of(row)
        reader.details_of(row)
        reader.wishes.of(row.cells)
        reader.numbers_of(row)


def vendor(slug: str) -> Any:
    backend = object.__new__(backend_class(slug))
    backend.secrets = {"api_key": "a-key-of-ours"}
    return backend


def refused(text: str) -> Response:
    answer = Response()
    answer.status_code, answer._content = 400, json.dumps({"message": text}).encode()
    return answer


def choice_of_column(text: str) -> None:
    call_command("import_contacts", "/nowhere.csv", "--phone", text, "--region", text)


def seconds(reader: Reader, text: str) -> float:
    """Return what a text takes at least of the processor, of three: others may keep the machine busy."""

    def stop(*_: Any) -> None:
        raise TimeoutError

    took = []
    before = signal.signal(signal.SIGPROF, stop)
    try:
        for _ in range(3):
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, LONGEST)
            with suppress(Exception):
                reader(text)
            signal.setitimer(signal.ITIMER_PROF, 0)
            took.append(time.process_time() - began)
            if not LEAST_SECONDS < took[-1] < LONGEST:
                break
    finally:
        signal.signal(signal.SIGPROF, before)
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
