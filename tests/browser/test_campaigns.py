"""Somebody writes a campaign, launches it, pauses it, lets it finish, and stops another one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser]


def confirm(page: Page, label: str, yes: str = "") -> None:
    """Open a button's panel and press the button in it."""
    panel = page.locator("main details.pop").filter(has=page.get_by_text(label, exact=not yes)).first
    panel.locator("summary").click()
    panel.get_by_role("button", name=yes or label).click()


def expect_state(page: Page, word: str, seconds: int = 20) -> None:
    """Wait until the campaign's chip says so, without a reload."""
    expect(page.locator("#campaign-live header .chip")).to_have_text(word, timeout=seconds * 1000)


def test_a_campaign_from_the_first_word_to_the_last_call(desk: Desk) -> None:
    page = desk.page("caller", "/campaigns/new/")
    page.get_by_label("Provider").select_option(label="UnleashX sandbox")
    page.get_by_label("Agent", exact=True).select_option(label="Appointment reminder")
    page.locator("#basics").get_by_label("Name", exact=True).fill("Remind the street")
    page.get_by_label("Our street").check()
    page.get_by_label("From", exact=True).fill("00:00")
    page.get_by_label("Until", exact=True).fill("00:00")
    page.get_by_label("Calls a minute, at most").fill("30")
    page.get_by_label("Attempts a person, at most").fill("1")
    page.get_by_label("Hours between two campaigns’ calls to one person").fill("0")
    for empty in page.locator("#builder input[name^=retry_]").all():
        empty.fill("")
    page.get_by_role("button", name="Save and check").click()

    expect(page.get_by_role("heading", name="Launch check: Remind the street")).to_be_visible()
    expect(page.locator("main")).to_contain_text("people will be called")
    confirm(page, "Launch: call", yes="Yes, call")
    expect_state(page, "Running")
    confirm(page, "Pause")
    expect_state(page, "Paused")
    page.get_by_role("button", name="Resume").click()
    expect_state(page, "Running")
    # Nobody reloads: the page follows by itself.
    expect_state(page, "Finished", seconds=90)
    expect(page.locator("#campaign-live")).not_to_have_attribute("data-live", "")

    # What was counted apart comes when one gets there, and says the same as a table.
    page.get_by_role("heading", name="When people answer").scroll_into_view_if_needed()
    expect(page.locator("#campaign-hours svg.plot")).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.locator("#campaign-hours table")).to_be_visible()

    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Save and check").click()
    confirm(page, "Launch: call", yes="Yes, call")
    expect_state(page, "Running")
    confirm(page, "Pause")
    expect_state(page, "Paused")

    tabs = page.get_by_role("navigation", name="Pages of this campaign")
    tabs.get_by_role("link", name="People").click()
    page.get_by_label("Last attempt").select_option(label="Waiting")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main")).to_contain_text("Waits: the campaign is paused.")
    skip = page.locator("details.pop").filter(has_text="does not call this person any more").first
    skip.locator("summary").click()
    skip.get_by_label("Why?").fill("Moved away")
    skip.get_by_role("button", name="Skip this person").click()
    expect(page.locator("main")).to_contain_text("Skipped: this campaign does not call this person any more.")
    tabs.get_by_role("link", name="Activity").click()
    expect(page.locator("main")).to_contain_text("Skipped one person · “Moved away”")
    tabs.get_by_role("link", name="Settings").click()
    expect(page.locator("main")).to_contain_text("Fixed since the launch")

    tabs.get_by_role("link", name="Dashboard").click()
    confirm(page, "Stop for good")
    expect_state(page, "Stopped")
    expect(page.locator("main")).to_contain_text("Not called")
