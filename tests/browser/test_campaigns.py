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

    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Save and check").click()
    confirm(page, "Launch: call", yes="Yes, call")
    expect_state(page, "Running")
    confirm(page, "Stop for good")
    expect_state(page, "Stopped")
    expect(page.locator("main")).to_contain_text("Not called")
