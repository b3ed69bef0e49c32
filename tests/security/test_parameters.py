"""Whatever an address is asked with, the answer is a page or a refusal: never a fault of the server."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from callcenter.access.sealed_searches import BY_POST
from tests.security.addresses import EVERYBODY, PEOPLE, PLAUSIBLE, Address, Browsers, Reading, addresses

IS_FULL = os.environ.get("SECURITY") == "full"
NASTY = {
    "nothing": "",
    "zero": "0",
    "negative": "-1",
    "beyond 32 bits": "2147483648",
    "largest key": str(2**63 - 1),
    "beyond 64 bits": str(2**63),
    "long number": "9" * 40,
    "number of 5,000 digits": "9" * 5000,
    "other digits": "۱۲۳²",
    "not a number": "NaN",
    "endless": "Infinity",
    "exponent": "1e400",
    "small exponent": "1e-400",
    "NUL": "a\0b",
    "NUL in a number": "1\0",
    "day that is none": "2026-02-30",
    "last day": "9999-12-31",
    "last moment": "9999-12-31T23:59",
    "first day": "0001-01-01",
    "first moment": "0001-01-01T00:00",
    "Persian day": "۱۴۰۵/۱۳/۴۰",
    "last Persian day": "9377-12-29",
    "name of no page": "nowhere",
    "dotted": "a.b",
    "another site": "//evil.example/",
    "open bracket": "http://[",
    "script": "javascript:alert(1)",
    "pattern": "%_\\'\"(*+[",
    "half of a pair": "\ufffd\u202e\u200f",
    "list": "[1, {}]",
    "zone": "../../etc/passwd",
    "long": "x" * 3000,
}
SHORT = (
    *("beyond 64 bits", "number of 5,000 digits", "last moment", "first day"),
    *("name of no page", "open bracket", "pattern"),
)
OF_SETUP = {"q", "p", "o", "all", "e", "id", "id__in", "pk__exact", "_popup", "_to_field", "_changelist_filters"}
REFUSING = ("readyz", "call-recording")
"""Addresses that say themselves that something else does not answer."""
QUIET = ("django.request", "django.security", "callcenter", "campaigns", "providers")


@pytest.fixture
def browsers(db: None, caplog: pytest.LogCaptureFixture) -> Iterator[Browsers]:
    """Open a browser for each role, over a database with a row in every table."""
    for name in QUIET:
        caplog.set_level(logging.CRITICAL + 1, logger=name)
    found = Browsers()
    with found.listening():
        yield found


def plausible(name: str) -> str:
    return PLAUSIBLE.get(name, "1")


def turns(names: list[str]) -> Iterator[dict[str, str]]:
    """Yield few sets of parameters in which each name has met each kind of text of the short form."""
    for shift in range(len(SHORT)) if IS_FULL else (0, 2, 4):
        yield {name: NASTY[SHORT[(index + shift) % len(SHORT)]] for index, name in enumerate(names)}
    # Alone: it is refused before anything else is read.
    yield dict.fromkeys(names, NASTY["NUL"])


def every_one(names: list[str]) -> Iterator[dict[str, Any]]:
    """Yield each name with each text, twice, beside what a person might send."""
    for name in names:
        good = {other: plausible(other) for other in names}
        for text in NASTY.values():
            yield good | {name: [text, text]}
    for text in NASTY.values():
        yield dict.fromkeys(names, text)


def test_no_parameter_of_any_address_is_a_fault(browsers: Browsers) -> None:
    faults: dict[str, str] = {}
    answers: Counter[int] = Counter()

    def look(role: str, method: str, address: Address, path: str, data: Any) -> None:
        status, raised = browsers.ask(role, method, path, data)
        answers[status] += 1
        if status >= 500 and (raised or address.name not in REFUSING):
            faults.setdefault(raised or address.name, f"{role} {method} {path[:90]} {str(data)[:150]}: {status}")

    for address in addresses():
        is_setup = address.path.startswith("/setup/")
        if is_setup and not IS_FULL:
            continue
        for method in ("get", "post"):
            reading = Reading()
            with reading.noting():
                look(EVERYBODY, method, address, address.path, {"other": "1"})
                asked = {name: plausible(name) for name in reading.names if name != BY_POST}
                look(EVERYBODY, method, address, address.path, asked)
            # With this one, every form is answered by the address of a search.
            names = sorted((reading.names | (OF_SETUP if is_setup else set())) - {BY_POST})
            for data in every_one(names) if IS_FULL else turns(names) if names else ():
                look(EVERYBODY, method, address, address.path, data)
            for role in PEOPLE if IS_FULL else ():
                for data in turns(names):
                    look(role, method, address, address.path, data)
            for part in address.parts:
                for shape in NASTY if IS_FULL else ("beyond 64 bits", "NUL"):
                    look(EVERYBODY, method, address, address.with_parts(**{part: quote(NASTY[shape], safe="")}), None)
    assert not faults, "\n".join(f"{what}: {how}" for what, how in faults.items())
    # Pages were really reached, and forms really read.
    assert answers[200] > 250, answers
    assert answers[422] > 50, answers
