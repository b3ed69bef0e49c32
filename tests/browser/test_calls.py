"""Somebody logs in, calls one person, looks calls up, and stops everything."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORDS, PHONE, Desk, log_in

pytestmark = [pytest.mark.browser]

ANSWERED = "0912 777 9901"


def heading(page: Page) -> str:
    """Return the page's title."""
    return page.get_by_role("heading", level=1).inner_text().strip()


def fill_quick_call(page: Page, number: str) -> None:
    """Fill the form of one call through Bolna, as its fields follow from each other."""
    page.goto("/quick-call/")
    page.get_by_label("Number", exact=True).fill(number)
    page.get_by_label("Through").select_option(label="Bolna sandbox")
    page.get_by_label("Agent", exact=True).select_option(label="Appointment reminder")
    words = page.locator("#message fieldset input")
    expect(words.first).to_be_visible()
    for index in range(words.count()):
        words.nth(index).fill("ten o'clock")
    expect(page.locator("#standing")).to_contain_text("+98 912 777 9901")


def test_a_wrong_password_says_what_to_do(desk: Desk) -> None:
    page = desk.page(path="/login/")
    page.get_by_label("Name", exact=True).fill("manager")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Name and password do not fit together")
    expect(page.get_by_label("Name", exact=True)).to_have_value("manager")

    log_in(page, "manager", PASSWORDS["manager"])
    assert heading(page) == "Today"
    page.get_by_role("button", name="Log out").first.click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_one_call_from_the_number_to_the_transcript(desk: Desk) -> None:
    page = desk.page("caller", "/")
    page.get_by_role("navigation", name="Main menu").first.get_by_role("link", name="Today").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")

    fill_quick_call(page, ANSWERED)
    before = len(desk.stack.journal())
    # Two presses are one call.
    page.get_by_role("button", name="Call now").dblclick()
    page.wait_for_url(re.compile(r"/calls/\d+/$"))
    expect(page.locator("#call .chip").first).to_contain_text("Completed", timeout=40_000)
    expect(page.locator(".talk > li").first).to_be_visible(timeout=40_000)
    dials = [entry["to_number"] for entry in desk.stack.journal()[before:]]
    assert dials.count("+989127779901") == 1


def test_a_call_log_is_narrowed_down_by_its_chips(desk: Desk, called: Callable[[], None]) -> None:
    called()
    page = desk.page("manager", "/calls/")
    everything = page.locator("tbody tr").count()
    page.get_by_label("State").select_option(label="Completed")
    page.get_by_text("Campaign, provider, days").click()
    page.get_by_label("Campaign", exact=True).select_option(label="Campaign at bolna")
    page.get_by_role("button", name="Find").click()
    chips = page.locator("form[role=search] a.chip")
    expect(chips).to_have_count(2)
    assert 0 < page.locator("tbody tr").count() < everything
    assert set(page.locator("tbody .chip").all_inner_texts()) <= {"Completed", "Voicemail", "Ended, nobody talked"}

    chips.filter(has_text="Completed").click()
    expect(chips).to_have_count(1)
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def test_a_caller_stops_all_calls_and_a_manager_lets_them_pass(desk: Desk) -> None:
    caller = desk.page("caller", "/today/", size=PHONE)
    stop = caller.locator(".top details")
    stop.locator("summary").click()
    stop.get_by_label("Why?").fill("The recording is wrong")
    stop.get_by_role("button", name="Stop all calls now").click()
    expect(caller.get_by_role("alert")).to_contain_text("All calls are stopped.")
    expect(caller.get_by_role("alert")).to_contain_text("Ask a manager or an admin")
    expect(caller.get_by_role("button", name="Let calls pass again")).to_have_count(0)

    manager = desk.page("manager", "/today/")
    banner = manager.get_by_role("alert")
    expect(banner).to_contain_text("The recording is wrong")
    banner.locator("summary").click()
    banner.get_by_role("button", name="Yes, let calls pass again").click()
    expect(manager.get_by_text("All calls are stopped.")).to_have_count(0)
    caller.reload()
    expect(caller.get_by_text("All calls are stopped.")).to_have_count(0)
