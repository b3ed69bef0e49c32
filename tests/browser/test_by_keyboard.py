"""The main job by keyboard alone: import a list, launch a campaign at it, call one person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.keyboard import Keyboard
from tests.browser.reading import each
from tests.browser.steps import heading

pytestmark = [pytest.mark.browser]


def test_from_a_file_to_a_running_campaign(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("name,phone\nKey One,+989123550104\nKey Two,+989123550204\n", encoding="utf-8")
    page = console.page("caller", "/imports/new/")
    keys = Keyboard(page)
    # The first step leads past the menu.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    keys.give_file(page.get_by_label("File", exact=True), file)
    keys.press(page.get_by_role("button", name="Upload"))
    page.wait_for_url(re.compile("/columns/"))
    keys.write(page.get_by_label("Name of the new list"), "By keyboard")
    keys.press(page.get_by_role("button", name="Check all rows"))
    page.wait_for_url(re.compile("/check/"))
    keys.press(page.get_by_role("button", name="Save 2 people"))
    expect(page.get_by_role("heading", name="All rows")).to_be_visible()

    keys.press(page.get_by_role("link", name="New campaign"))
    expect(heading(page)).to_have_text("New campaign")
    keys.write(page.locator("#basics").get_by_role("textbox", name=re.compile("^Name")), "By keyboard")
    keys.choose(page.get_by_label("Provider", exact=True), "UnleashX")
    keys.choose(page.get_by_label("Agent", exact=True), "Appointment")
    for label in ("From", "Until"):
        keys.reach(page.get_by_label(label, exact=True))
        page.keyboard.type("0000")
    keys.write(page.get_by_role("textbox", name="Maximum attempts", exact=True), "1")
    keys.press(page.locator("#builder summary").filter(has_text="Change the action for each result"))
    keys.write(page.locator("#builder input[name=retry_busy]"), "30")
    keys.press(page.get_by_role("button", name="Save and check"))
    expect(heading(page)).to_have_text("Launch check: By keyboard")
    panel = page.locator("main details.pop").filter(
        has=page.locator("summary").filter(has_text="Launch: call 2 people")
    )
    keys.press(panel.locator("summary"))
    keys.press(panel.get_by_role("button", name="Yes, call 2 people"))
    expect(page.locator("#campaign-live header .chip").first).to_have_text(re.compile("Running|Finished"))
    launched = "SELECT count(*) FROM campaigns_campaign WHERE name = 'By keyboard' AND launched_at IS NOT NULL"
    assert console.number_of(launched) == 1


def test_one_call(console: Console) -> None:
    page = console.page("caller", "/quick-call/")
    keys = Keyboard(page)
    keys.write(page.get_by_label("Number", exact=True), "0912 355 9901")
    keys.choose(page.get_by_label("Provider", exact=True), "Bol")
    keys.choose(page.get_by_label("Agent", exact=True), "Appointment")
    asked = page.locator("#message fieldset input")
    expect(asked.first).to_be_visible()
    for field in each(asked):
        keys.write(field, "ten")
    keys.press(page.get_by_role("button", name="Call now"))
    page.wait_for_url(re.compile(r"/calls/\d+/$"))
    expect(page.locator("#call .chip").first).to_contain_text("Answered")
