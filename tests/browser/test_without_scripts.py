"""The console with scripts switched off: import, campaign, one call, the log; only what is live stands still."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.reading import each, follow, number, text
from tests.browser.steps import box, choose, confirm, expect_words, heading, write_messy

pytestmark = [pytest.mark.browser]


@pytest.fixture
def page(console: Console) -> Page:
    return console.page("caller", has_scripts=False)


def test_an_import(page: Page, tmp_path: Path) -> None:
    page.goto("/imports/new/")
    page.get_by_label("File", exact=True).set_input_files(write_messy(tmp_path / "plain.csv", "335"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Name of the new list").fill("Without scripts")
    page.get_by_role("button", name="Check all rows").click()
    page.get_by_role("button", name="Save 3 people").click()
    expect_words(page, "All rows")
    confirm(page, "Undo import")
    expect_words(page, "3 contacts were removed.")


def test_a_campaign(page: Page) -> None:
    page.goto("/campaigns/new/")
    choose(page, "Provider", "UnleashX sandbox")
    page.get_by_role("button", name="Show options of this provider").click()
    choose(page, "Agent", "Appointment reminder")
    box(page.locator("#basics"), "Name").fill("Without scripts")
    page.get_by_label("Our street").check()
    page.get_by_label("From", exact=True).fill("00:00")
    page.get_by_label("Until", exact=True).fill("00:00")
    box(page, "Quiet period between campaigns (hours per contact)").fill("0")
    page.get_by_role("button", name="Save and check").click()
    expect(heading(page)).to_have_text("Launch check: Without scripts")
    confirm(page, re.compile("Launch: call"), yes=re.compile("Yes, call"))
    expect(page.locator("#campaign-live header .chip").first).to_have_text(re.compile("Running|Finished"))
    confirm(page, "End campaign")
    expect(page.locator("#campaign-live header .chip").first).to_have_text("Ended")


def test_one_call(page: Page) -> None:
    page.goto("/quick-call/")
    page.get_by_label("Number", exact=True).fill("0912 336 9901")
    choose(page, "Provider", "Bolna sandbox")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#standing")).to_contain_text("+98 912 336 9901")
    choose(page, "Agent", "Appointment reminder")
    page.get_by_role("button", name="Check", exact=True).click()
    asked = page.locator("#message fieldset input")
    expect(asked.first).to_be_visible()
    for field in each(asked):
        field.fill("ten o'clock")
    page.get_by_role("button", name="Call now").click()
    page.wait_for_url(re.compile(r"/calls/\d+/$"))
    chip = page.locator("#call .chip").first
    for _look in range(40):
        if "Answered" in text(chip):
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(chip).to_contain_text("Answered")


def test_the_call_log(page: Page, called: Callable[[], None], console: Console) -> None:
    called()
    page = console.page("manager", "/calls/", has_scripts=False)
    everything = number(page.locator("tbody tr"))
    page.get_by_role("combobox", name="Result", exact=True).select_option(label="Answered")
    page.locator("details.filter-more > summary").first.click()
    page.get_by_role("search").get_by_label("Campaign", exact=True).select_option(label="Campaign at bolna")
    follow(page, page.get_by_role("button", name="Find", exact=True))
    assert 0 < number(page.locator("tbody tr")) < everything
    page.get_by_role("link", name="Show totals").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"\d+ calls?"))
    page.go_back()
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
