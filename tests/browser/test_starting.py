"""Somebody hears a campaign on their own phone, calls ten people first, goes on; and sets and cancels a start time."""

from __future__ import annotations

import datetime
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.steps import confirm, expect_state
from tests.waiting import A_MINUTE

pytestmark = [pytest.mark.browser]


def write_campaign(page: Page, name: str) -> None:
    """Write a campaign to the demo's people that may call all day, once each, and save it for the check."""
    page.get_by_label("Provider", exact=True).select_option(label="UnleashX sandbox")
    page.get_by_label("Agent", exact=True).select_option(label="Appointment reminder")
    page.locator("#basics").get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Appointments this week").check()
    expect(page.locator("#audience-says")).to_contain_text("people in this audience now")
    page.get_by_label("From", exact=True).fill("00:00")
    page.get_by_label("Until", exact=True).fill("00:00")
    page.get_by_label("Maximum calls per minute").fill("120")
    page.get_by_role("textbox", name="Maximum attempts", exact=True).fill("1")
    page.get_by_label("Quiet period between campaigns (hours per contact)").fill("0")


def test_a_test_call_then_ten_people_then_the_rest(console: Console) -> None:
    page = console.page("caller", "/campaigns/new/")
    write_campaign(page, "Ten first")
    page.get_by_label("Sample contact").fill("Aarav")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#preview h3")).to_have_text(["Aarav Sharma"])
    page.get_by_role("button", name="Save and check").click()

    # Each number of the sentence opens the people behind it.
    page.locator("main h2 a").nth(1).click()
    expect(page.get_by_role("heading", name="Will be called, now or later")).to_be_visible()
    page.go_back()

    # Only one's own phone rings: a number that nobody confirmed as hers is refused, her own is called.
    page.get_by_label("Your own number").fill("۰۹۱۲ ۰۰۰ ۷۷۰۱")
    page.get_by_role("button", name="Call me").click()
    console.complaints.expect("status of 422")
    expect(page.locator("#try")).to_contain_text("this number is not confirmed as yours")
    page.get_by_label("Your own number").fill("۰۹۱۲ ۹۹۹ ۰۰۰۱")
    page.get_by_role("button", name="Call me").click()
    expect(page.locator("main")).to_contain_text("not counted in the campaign")
    page.get_by_role("link", name="Ten first").click()

    confirm(page, "Pilot: call", yes="Yes, call 10 people")
    expect_state(page, "Pilot")
    # Nobody reloads and nobody presses: it pauses by itself and asks.
    expect_state(page, "Pilot finished: decide", seconds=3 * A_MINUTE)
    expect(page.locator("#pilot")).to_contain_text("Pilot finished: 10 people")
    confirm(page, "Continue with the rest", yes="Yes, continue")
    expect_state(page, "Running")
    confirm(page, "End campaign")
    expect_state(page, "Ended")


def test_a_start_time_is_set_and_canceled(console: Console) -> None:
    page = console.page("caller", "/campaigns/new/")
    write_campaign(page, "Tomorrow morning")
    page.get_by_role("button", name="Save and check").click()
    page.get_by_text("Start at…").click()
    page.get_by_label("Day", exact=True).fill((datetime.date.today() + datetime.timedelta(days=2)).isoformat())
    page.get_by_label("Time", exact=True).fill("09:30")
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect_state(page, "Scheduled")
    expect(page.locator("main")).to_contain_text(re.compile("Starts .*, 09:30 .Asia/Tehran."))
    page.get_by_role("button", name="Cancel the start").click()
    expect_state(page, "Draft")
