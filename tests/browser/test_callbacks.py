"""Somebody asks in a call to be called later: it is called then, once; and where that cannot be, the caller is told."""

from __future__ import annotations

import datetime
import re
import zoneinfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.steps import box, expect_words
from tests.browser.words import Words
from tests.waiting import A_MINUTE

pytestmark = [pytest.mark.browser]
NUMBERS = {"en": ("+989127749901", "+989127749902"), "fa": ("+989127759901", "+989127759902")}
"""The simulator answers at what ends with 9901; the other one is never dialled here."""
SOON = datetime.timedelta(minutes=2)
"""The field takes whole minutes, and a time that has passed is refused."""


@pytest.fixture
def numbers(words: Words) -> tuple[str, str]:
    return NUMBERS[words.language]


def ask(page: Page, words: Words, call: int, reason: str) -> None:
    """Ask for a callback on a call's page, in two minutes on the clock of the person."""
    page.goto(f"/calls/{call}/")
    page.get_by_role("link", name=words("Schedule a callback"), exact=True).click()
    there = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Tehran")) + SOON
    page.get_by_label(words("Local day"), exact=True).fill(f"{there:%Y-%m-%d}")
    page.get_by_label(words("Local time"), exact=True).fill(f"{there:%H:%M}")
    box(page, words("Topic")).fill(reason)
    page.get_by_role("button", name=words("Schedule call"), exact=True).click()
    expect_words(page, words.some("Scheduled: %(when)s."))


def test_a_callback_is_called_when_it_is_due(console: Console, words: Words, numbers: tuple[str, str]) -> None:
    number, _other = numbers
    reason = f"Has the papers then, {words.language}"
    call = console.laid_out(f"answered_call({number!r})")
    page = console.page("caller", language=words.language)
    ask(page, words, call, reason)
    made = int(page.url.rstrip("/").rpartition("/")[2])
    assert made != call
    expect_words(page, reason)
    page.goto("/today/")
    expect(page.locator("#callbacks")).to_contain_text(reason)

    # Nobody reloads: the page of the call follows by itself.
    page.goto(f"/calls/{made}/")
    console.stack.wait(
        lambda: console.number_of(f"SELECT count(*) FROM campaigns_call WHERE id = {made} AND status = 'completed'"),
        300,
        "the callback is made",
    )
    expect(page.locator("main")).to_contain_text(words("Answered"), timeout=3_000 * A_MINUTE)
    assert [entry["to_number"] for entry in console.stack.journal()].count(number) == 1
    page.goto("/today/")
    expect(page.locator("main")).not_to_contain_text(reason)


def test_who_asked_is_told_where_nobody_was_reached(console: Console, words: Words, numbers: tuple[str, str]) -> None:
    _other, number = numbers
    reason = f"Asked us for the price, {words.language}"
    call = console.laid_out(f"answered_call({number!r})")
    page = console.page("caller", language=words.language)
    ask(page, words, call, reason)
    made = int(page.url.rstrip("/").rpartition("/")[2])
    console.laid_out(f"never_call({number!r})")
    console.stack.wait(
        lambda: console.number_of(
            f"SELECT count(*) FROM campaigns_call WHERE to_number = '{number}' AND status = 'skipped'"
        ),
        300,
        "the callback ended",
    )
    console.stack.wait(
        lambda: console.number_of(f"SELECT count(*) FROM campaigns_notice WHERE object_id = {made}"), 180, "it is told"
    )
    told = words.some("The callback to %(end)s planned for %(when)s reached no one: %(why)s")
    page.goto("/notices/")
    expect(page.locator("main")).to_contain_text(told)
    page.goto("/today/")
    row = page.locator("#callbacks li").filter(has_text=reason)
    row.get_by_role("button", name=words("Mark as noted")).click()
    expect(page.locator("main")).not_to_contain_text(reason)
    assert number not in {entry["to_number"] for entry in console.stack.journal()}


def test_times_that_passed_are_refused_at_the_form(console: Console, words: Words, numbers: tuple[str, str]) -> None:
    number, _other = numbers
    call = console.laid_out(f"answered_call({number!r})")
    page = console.page("caller", f"/calls/{call}/callback/", language=words.language)
    there = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Tehran")) - datetime.timedelta(days=1)
    page.get_by_label(words("Local day"), exact=True).fill(f"{there:%Y-%m-%d}")
    page.get_by_label(words("Local time"), exact=True).fill("10:00")
    box(page, words("Topic")).fill("kept")
    page.get_by_role("button", name=words("Schedule call"), exact=True).click()
    console.complaints.expect("status of 422")
    expect_words(page, words("This local time has passed. Choose a later time, or call now."))
    expect(page).to_have_url(re.compile(f"/calls/{call}/callback/$"))
    expect(box(page, words("Topic"))).to_have_value("kept")
