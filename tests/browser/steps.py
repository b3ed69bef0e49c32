"""What journeys do again and again on a page."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.reading import each
from tests.browser.words import Words
from tests.waiting import A_MINUTE

MESSY = """نام و نام خانوادگی;شماره موبایل;شهر
مریم حسینی;{first};تهران
Ali Rezaei;+98 (935) {middle}-2318;Shiraz
"Karimi; Zahra";0098936{middle}3427;Tabriz
Ali Rezaei;0935{middle}2318;Shiraz
Nobody;12345;
;no phone;
"""
"""Three people: Persian digits, four ways to write a number, a number twice, two rows that are nobody."""


def heading(page: Page) -> Locator:
    """Return the page's title."""
    return page.get_by_role("heading", level=1)


def confirm(page: Page, label: str | re.Pattern[str], yes: str | re.Pattern[str] = "", reason: str = "") -> None:
    """Open a button's panel, say why where a reason is given, and press the button in it."""
    panel = page.locator("main details.pop").filter(has=page.locator("summary").filter(has_text=label)).first
    panel.locator("summary").click()
    if reason:
        panel.locator("input[name=reason]").fill(reason)
    button = panel.get_by_role("button", name=yes) if yes else panel.get_by_role("button").last
    button.click()


def wait_until_quiet(page: Page) -> None:
    """Wait until nothing that a change made the page ask for is under way."""
    # A request begins with the next turn of the page's own loop.
    page.wait_for_timeout(50)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a list by its words, and let the page follow."""
    page.get_by_label(label, exact=True).select_option(label=option)
    wait_until_quiet(page)


def box(page: Page, label: str) -> Locator:
    """Return the text field whose name begins so, be it optional or not."""
    return page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}")).first


def write_messy(path: Path, middle: str) -> Path:
    """Write a file as people have them; `middle` are the three digits that make its numbers its own."""
    persian = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    text = MESSY.format(first=f"0912 {middle} 1204".translate(persian), middle=middle)
    path.write_text(text, encoding="utf-16")
    return path


def fill_quick_call(page: Page, words: Words, number: str) -> None:
    """Fill the form of one call through Bolna, as its fields follow from each other."""
    page.goto("/quick-call/")
    page.get_by_label(words("Number"), exact=True).fill(number)
    choose(page, words("Provider"), "Bolna sandbox")
    choose(page, words("Agent"), "Appointment reminder")
    asked = page.locator("#message fieldset input")
    expect(asked.first).to_be_visible()
    for field in each(asked):
        field.fill("ten o'clock")


def expect_words(page: Page, *sentences: str | re.Pattern[str]) -> None:
    """Wait until the page says each of these."""
    for sentence in sentences:
        expect(page.locator("main")).to_contain_text(sentence)


def expect_state(page: Page, word: str, seconds: float = A_MINUTE) -> None:
    """Wait until the campaign's chip says so, without a reload."""
    expect(page.locator("#campaign-live header .chip").first).to_have_text(word, timeout=seconds * 1_000)


def write_campaign(page: Page, words: Words, name: str, people: str) -> None:
    """Fill the builder: one attempt a person, at any hour, at a pace that leaves time to press."""
    page.goto("/campaigns/new/")
    choose(page, words("Provider"), "UnleashX sandbox")
    choose(page, words("Agent"), "Appointment reminder")
    box(page.locator("#basics"), words("Name")).fill(name)
    page.get_by_label(people).check()
    wait_until_quiet(page)
    page.get_by_label(words("From"), exact=True).fill("00:00")
    page.get_by_label(words("Until"), exact=True).fill("00:00")
    box(page, words("Maximum calls per minute")).fill(words.digits(60))
    box(page, words("Maximum attempts")).fill(words.digits(1))
    box(page, words("Quiet period between campaigns (hours per contact)")).fill(words.digits(0))
    page.get_by_text(words("Change the action for each result")).click()
    page.locator("#builder input[name=retry_busy]").fill(words.digits(30))


def launch_words(words: Words) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what the launch button and the press in its panel say."""
    return (
        words.some("Launch: call %(called)s person", "Launch: call %(called)s people"),
        words.some("Yes, call %(called)s person", "Yes, call %(called)s people"),
    )
