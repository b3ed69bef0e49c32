"""The session ends while a form is open, or another tab logs in again: by keyboard alone, nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Console
from tests.browser.keyboard import Keyboard
from tests.browser.steps import box, expect_words, fill_quick_call, heading, wait_until_quiet
from tests.browser.words import Words
from tests.end_to_end.conftest import PASSWORDS

pytestmark = [pytest.mark.browser]
RETURNED = "You were logged out. What you entered is still here. Nothing was sent yet."


def log_in(page: Page, words: Words, username: str) -> None:
    """Log in on the open page, by keyboard."""
    keys = Keyboard(page)
    keys.write(page.get_by_label(words("Name"), exact=True), username)
    keys.write(page.get_by_label(words("Password")), PASSWORDS[username])
    page.keyboard.press("Enter")
    expect(page.get_by_label(words("Password"))).to_have_count(0)


def logged_in(console: Console, words: Words, username: str, **looks: Any) -> Page:
    """Return a page with a session of its own, so that its end is nobody else's."""
    page = console.page("", "/login/", language=words.language, **looks)
    log_in(page, words, username)
    return page


def end_session(console: Console, page: Page) -> None:
    key = next(str(cookie.get("value")) for cookie in page.context.cookies() if cookie.get("name") == "session")
    console.stack.change("DELETE FROM django_session WHERE session_key = ?", key)


def end_session_before_pressing(console: Console, page: Page, keys: Keyboard, button: Locator) -> None:
    """End the session when the button has the focus, then press it.

    Fields that are left on the way to it ask the server; with no session, such an answer leads to the log-in by itself.
    """
    keys.reach(button)
    wait_until_quiet(page)
    keys.reach(button)
    end_session(console, page)
    page.keyboard.press("Enter")


def test_a_quick_call_comes_back_and_is_placed_once(console: Console, words: Words) -> None:
    page = logged_in(console, words, "caller")
    number = f"0912 {721 + (words.language == 'fa')} 4401"
    fill_quick_call(page, words, number)
    before = console.number_of("SELECT count(*) FROM campaigns_call")
    keys = Keyboard(page)
    end_session_before_pressing(console, page, keys, page.get_by_role("button", name=words("Call now")))
    page.wait_for_url(re.compile("/login/"))
    expect(page.locator("main")).to_contain_text(
        words("You were logged out. Nothing was sent yet. Log in, and the form comes back with what you entered.")
    )
    log_in(page, words, "caller")
    expect_words(page, words(RETURNED))
    expect(page.get_by_label(words("Number"), exact=True)).to_have_value(number)
    expect(page.locator("#message fieldset input").first).to_have_value("ten o'clock")
    assert console.number_of("SELECT count(*) FROM campaigns_call") == before
    console_picture(page, f"quick-call-{words.language}")
    keys.press(page.get_by_role("button", name=words("Call now")))
    page.wait_for_url(re.compile(r"/calls/\d+/"))
    assert console.number_of("SELECT count(*) FROM campaigns_call") == before + 1


def test_a_policy_comes_back_when_the_page_asks_by_itself(console: Console, words: Words) -> None:
    page = logged_in(console, words, "manager")
    page.goto("/campaigns/new/")
    keys = Keyboard(page)
    name = f"Kept {words.language}"
    keys.write(page.locator("#basics").get_by_role("textbox").first, name)
    keys.choose(page.get_by_label(words("Provider"), exact=True), "Bolna")
    keys.press(page.locator("#retries summary"))
    end_session(console, page)
    keys.write(page.locator("#builder input[name=retry_busy]"), "7, 70")
    # Leaving the field asks what follows from it: that opens the log-in.
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile("/login/"))
    log_in(page, words, "manager")
    expect(heading(page)).to_have_text(words("New campaign"))
    expect_words(page, words(RETURNED))
    expect(page.locator("#builder input[name=retry_busy]")).to_have_value("7, 70")
    expect(page.locator("#builder input[name=retry_busy]")).to_be_visible()
    console_picture(page, f"policy-{words.language}")
    keys.press(page.get_by_role("button", name=words("Save draft")))
    expect(heading(page)).to_contain_text(name)
    (kept,) = console.stack.rows(f"SELECT retries FROM campaigns_campaign WHERE name = '{name}'")
    assert "[7, 70]" in str(kept[0])


def test_a_second_tab_logs_in_and_a_person_is_saved_from_the_first(console: Console, words: Words) -> None:
    page = logged_in(console, words, "manager", size={"width": 360, "height": 740})
    person = console.number_of("SELECT min(id) FROM campaigns_contact WHERE merged_into_id IS NULL")
    page.goto(f"/people/{person}/edit/")
    keys = Keyboard(page)
    tags = f"kept {words.language}"
    keys.write(box(page, words("Tags")), tags)
    end_session(console, page)
    second = page.context.new_page()
    console.complaints.listen(second)
    second.goto("/people/")
    log_in(second, words, "manager")
    keys.press(page.get_by_role("button", name=words("Save"), exact=True))
    expect_words(page, words("You logged in again. What you entered is still here. Nothing was sent yet."))
    expect(box(page, words("Tags"))).to_have_value(tags)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    console_picture(page, f"person-{words.language}")
    # Meanwhile, the second tab changes the same field: both are shown.
    second.goto(f"/people/{person}/edit/")
    box(second, words("Tags")).fill(f"theirs {words.language}")
    second.get_by_role("button", name=words("Save"), exact=True).click()
    expect_words(second, words("Saved."))
    console.complaints.expect("422")
    keys.press(page.get_by_role("button", name=words("Save"), exact=True))
    expect(page.locator("#both-changed")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    console_picture(page, f"both-{words.language}")
    keys.reach(page.get_by_role("radio").first)
    page.keyboard.press("ArrowDown")
    keys.press(page.get_by_role("button", name=words("Save"), exact=True))
    expect(page).to_have_url(re.compile(r"/people/\d+/$"))
    ((stored,),) = console.stack.rows(f"SELECT tags FROM campaigns_contact WHERE id = {person}")
    assert f"theirs {words.language}" in str(stored)


def test_a_live_page_leaves_what_is_being_typed(console: Console, words: Words) -> None:
    page = logged_in(console, words, "manager")
    page.goto("/")
    campaign = console.number_of("SELECT min(id) FROM campaigns_campaign")
    page.goto("/campaigns/")
    # The stop-all panel is part of every page: a reason that somebody is typing there stays.
    page.goto(f"/campaigns/{campaign}/")
    page.evaluate("document.querySelector('details.pop').open = true")
    reason = page.locator("input[name=reason]").first
    reason.fill("They asked")
    end_session(console, page)
    page.evaluate(
        "htmx.ajax('GET', location.pathname + 'live/', {target: '#page', swap: 'none', source: document.body})"
    )
    wait_until_quiet(page)
    expect_words(page, words("You were logged out. What you entered is still here."))
    expect(reason).to_have_value("They asked")
    console_picture(page, f"live-{words.language}")
    with page.context.expect_page() as opened:
        Keyboard(page).press(page.get_by_role("link", name=words("Log in in a new tab")))
    console.complaints.listen(opened.value)
    log_in(opened.value, words, "manager")


def console_picture(page: Page, name: str) -> None:
    """Keep a picture where PICTURES names a folder."""
    import os

    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
