"""What polls leaves a person alone: focus, selection, open panels and typed words stay, and brakes work by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.keyboard import Keyboard
from tests.browser.reading import number
from tests.browser.steps import box, confirm, expect_state, heading, launch_words, write_campaign
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]
UPDATE = """async (part) => {
  const live = document.querySelector(part);
  for (let times = 0; times < 3; times += 1) {
    const [source, target] = [live, live];
    await htmx.ajax("GET", live.getAttribute("hx-get"), { source, target, swap: "morph:outerHTML" });
    await new Promise((done) => setTimeout(done, 30));
  }
}"""
"""Three updates, by the requests that the page itself makes, without the seconds between them."""
FOCUS = """([part, place]) => {
  const wanted = "a[href], button, summary, input:not([type='hidden']), select, textarea";
  const shown = [...document.querySelectorAll(part)[0].querySelectorAll(wanted)].filter((one) => one.checkVisibility());
  window.held = shown[place];
  window.held?.focus();
  return shown.length;
}"""
STAYED = "() => document.activeElement === window.held || `${window.held.outerHTML} lost the focus`"
SELECT = """(part) => {
  const texts = [...document.querySelector(part).querySelectorAll("h2, h3, p, td, dd")];
  const text = texts.find((one) => one.checkVisibility() && one.innerText.trim());
  getSelection().selectAllChildren(text);
  return getSelection().toString();
}"""


def launch_slowly(page: Page, words: Words, name: str) -> None:
    """Launch a campaign that has people left for minutes."""
    write_campaign(page, words, name, "Our street")
    box(page, words("Maximum calls per minute")).fill(words.digits(1))
    page.get_by_role("button", name=words("Save and check")).click()
    launch, yes = launch_words(words)
    confirm(page, launch, yes=yes)
    expect_state(page, words("Running"))


def expect_all_stay(page: Page, part: str) -> None:
    """Focus each control of a live part, and select text in it: three updates later all is as it was."""
    expect(page.locator(f"{part}[hx-get]")).to_be_attached()
    place = 0
    while place < page.evaluate(FOCUS, [part, place]):
        page.evaluate(UPDATE, part)
        assert page.evaluate(STAYED) is True, f"{page.url}, control {place}: {page.evaluate(STAYED)}"
        place += 1
    assert place, "the part has controls"
    chosen = page.evaluate(SELECT, part)
    page.evaluate(UPDATE, part)
    assert chosen == page.evaluate("() => getSelection().toString()") != ""


def expect_brake(page: Page, word: str, act: str) -> None:
    """Expect the one brake that can be undone to say what its press does."""
    button = page.locator("#brakes form[data-brake] button")
    expect(button).to_have_text(re.compile(f"^{re.escape(word)}"))
    expect(page.locator("#brakes form[data-brake]")).to_have_attribute("action", re.compile(f"/{act}/$"))


def test_a_control_that_goes_away_under_the_focus_leaves_it_to_no_other(console: Console) -> None:
    words = Words("en")
    page = console.page("caller")
    launch_slowly(page, words, "Paused by another")
    page.locator("#brakes form[data-brake] button").focus()
    other = console.page("manager", page.url)
    other.locator("#brakes form[data-brake] button").click()
    expect_state(other, words("Paused"))
    # Whoever wanted to press Pause does not resume by it.
    expect_brake(page, words("Resume"), "resume")
    expect(page.locator("#brakes")).to_be_focused()
    page.evaluate(UPDATE, "#campaign-live")
    expect(page.locator("#brakes")).to_be_focused()
    page.keyboard.press("Enter")
    page.evaluate(UPDATE, "#campaign-live")
    expect_state(page, words("Paused"))
    confirm(page, words("End campaign"))
    expect_state(page, words("Ended"))


def test_focus_and_selection_survive_every_update(console: Console) -> None:
    words = Words("en")
    page = console.page("caller")
    launch_slowly(page, words, "Focus stays")
    expect_all_stay(page, "#campaign-live")
    # A row that a running campaign moves is a row of its own, whatever comes above it.
    page.goto("/campaigns/")
    expect_all_stay(page, "#campaign-rows")
    manager = console.page("manager", "/today/")
    expect_all_stay(manager, "#today")

    # An open panel and what is typed in it stay, and are sent as typed.
    page.go_back()
    panel = page.locator("#campaign-live details.pop").last
    panel.locator("summary").click()
    page.evaluate(UPDATE, "#campaign-live")
    expect(panel).to_have_attribute("open", "")
    panel.get_by_role("button").click()
    expect_state(page, words("Ended"))


def test_pause_and_undo_by_keyboard(console: Console, words: Words) -> None:
    page = console.page("caller", language=words.language)
    launch_slowly(page, words, f"Paused by keyboard {words.language}")
    keys = Keyboard(page)
    keys.press(page.locator("#brakes").get_by_role("button", name=words("Pause"), exact=True))
    expect_state(page, words("Paused"))
    expect_brake(page, words("Resume"), "resume")
    # What came of it is where the focus is; the next step of the Tab key is its undo.
    said = page.locator("#messages")
    expect(said).to_be_focused()
    expect(said).to_contain_text(words("Paused."))
    expect(page).to_have_title(re.compile(f"^{re.escape(words('Paused'))}"))
    page.keyboard.press("Tab")
    expect(said.get_by_role("button", name=words("Undo"))).to_be_focused()
    page.keyboard.press("Enter")
    expect_state(page, words("Running"))
    expect(page.locator("#campaign-live")).to_have_attribute("data-state", "running")
    expect_brake(page, words("Pause"), "pause")
    keys.press(page.locator("#brakes").get_by_role("button", name=words("Pause"), exact=True))
    expect_state(page, words("Paused"))
    expect_brake(page, words("Resume"), "resume")
    keys.press(page.locator("#brakes form[action$='/resume/'] button"))
    expect_state(page, words("Running"))
    confirm(page, words("End campaign"))
    expect_state(page, words("Ended"))


def test_a_page_that_stopped_updating_says_so(console: Console) -> None:
    # Its complaints are the browser's own about a network that is away.
    context = console.context("manager")
    page = context.new_page()
    page.goto("/today/")
    expect(heading(page)).to_have_text("Today")
    context.set_offline(True)
    note = page.locator("main [data-not-updating]")
    expect(note).to_contain_text(re.compile(r"This page stopped updating at \d"))
    assert number(note) == 1
    context.set_offline(False)
    expect(note).to_have_count(0)
