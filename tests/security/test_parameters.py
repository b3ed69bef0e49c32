"""Whatever an address is asked with, the answer is a page or a refusal: never a fault of the server."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from callcenter.access.sealed_searches import BY_POST
from providers.client import reads
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


PARTS = 4 if IS_FULL else 1
"""The walk whole is done in so many tests, side by side."""
GROUPS = 3
"""Of an address's parameters one group is nasty at a time: what reads the others must be reached."""
ADDRESSES_A_LINE = 15


@pytest.fixture
def browsers(db: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browsers]:
    """Open a browser for each role, over a database with a row in every table."""
    for name in QUIET:
        caplog.set_level(logging.CRITICAL + 1, logger=name)
    # No vendor is there: each read would be tried three times, a second in all.
    monkeypatch.setattr(reads, "_PAUSES_S", (None,))
    found = Browsers()
    with found.listening():
        yield found


def plausible(name: str) -> str:
    return PLAUSIBLE.get(name, "1")


def turns(names: list[str], shifts: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Yield few sets of parameters in which each name meets another kind of text of the short form at each shift."""
    for shift in shifts:
        yield {name: NASTY[SHORT[(index + shift) % len(SHORT)]] for index, name in enumerate(names)}
    # Alone: it is refused before anything else is read.
    yield dict.fromkeys(names, NASTY["NUL"])


def every_one(names: list[str], groups: int) -> Iterator[dict[str, Any]]:
    """Yield sets in which each name meets each text, twice, while those of the other groups are plausible."""
    good = {name: plausible(name) for name in names}
    texts = list(NASTY.values())
    for group in filter(None, (names[first::groups] for first in range(groups))):
        for shift in range(len(texts)):
            yield good | {name: [texts[(shift + place) % len(texts)]] * 2 for place, name in enumerate(group)}
    yield dict.fromkeys(names, NASTY["NUL"])


@dataclass
class Walk:
    """What the requests of a walk came to."""

    browsers: Browsers
    faults: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    def look(self, role: str, method: str, name: str, path: str, data: Any) -> int:
        """Ask once and note a fault; returns the status."""
        status, raised = self.browsers.ask(role, method, path, data)
        self.answers[status] += 1
        if status >= 500 and (raised or name not in REFUSING):
            self.faults.setdefault(raised or name, f"{role} {method} {path[:90]} {str(data)[:150]}: {status}")
        return status

    def walk(self, address: Address) -> None:
        """Ask an address with every nasty parameter, by each method and as each role, as far as the form says."""
        is_setup = address.path.startswith("/setup/")
        for method in ("get", "post"):
            reading = Reading()
            with reading.noting():
                status = self.look(EVERYBODY, method, address.name, address.path, {"other": "1"})
                if status != 405:
                    good = {name: plausible(name) for name in reading.names if name != BY_POST}
                    self.look(EVERYBODY, method, address.name, address.path, good)
            if status == 405:
                continue
            # With this one, every form is answered by the address of a search.
            names = sorted((reading.names | (OF_SETUP if is_setup else set())) - {BY_POST})
            # Set-up's forms read all their fields at once, whatever the others hold.
            sets = every_one(names, 1 if is_setup else GROUPS) if IS_FULL else turns(names, (0, 2, 4))
            for data in sets if names else ():
                self.look(EVERYBODY, method, address.name, address.path, data)
            for role in PEOPLE[:-1] if IS_FULL else ():
                for data in turns(names, (1,)):
                    self.look(role, method, address.name, address.path, data)
            for part in address.parts:
                for shape in NASTY if IS_FULL else ("beyond 64 bits", "NUL"):
                    path = address.with_parts(**{part: quote(NASTY[shape], safe="")})
                    self.look(EVERYBODY, method, address.name, path, None)

    def so_far(self) -> str:
        """Return what was asked and what was answered, in one line."""
        answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.answers.items()))
        took = f"{self.answers.total():,} requests in {time.monotonic() - self.began:.0f} s"
        return f"{took} ({answers}), {len(self.faults)} faults"


@pytest.mark.parametrize("part", range(PARTS))
def test_no_parameter_of_any_address_is_a_fault(
    browsers: Browsers, part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # The slow pages stand beside each other: each part takes every fourth.
    walk, mine = Walk(browsers), addresses()[part::PARTS]
    title = f"parameters, part {part + 1} of {PARTS}"
    for done, address in enumerate(mine):
        if address.path.startswith("/setup/") and not IS_FULL:
            continue
        walk.walk(address)
        if IS_FULL and (done + 1) % ADDRESSES_A_LINE == 0:
            tell(capsys, f"{title}: {done + 1} of {len(mine)} addresses, {walk.so_far()}")
    if IS_FULL:
        tell(capsys, f"{title}: all {len(mine)} addresses, {walk.so_far()}")
    assert not walk.faults, "\n".join(f"{what}: {how}" for what, how in walk.faults.items())
    # Pages were really reached, and forms really read.
    assert walk.answers[200] > 250, walk.answers
    assert walk.answers[422] > 50, walk.answers


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print a line at once, also from a process of pytest-xdist, whose standard output is not its own."""
    with capsys.disabled():
        print(f"\n== {line}", file=sys.stderr, flush=True)
