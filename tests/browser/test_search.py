"""Everything is found from every page: by the keyboard, by a press, on a phone, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Console
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_the_keyboard_alone_finds_and_opens(console: Console, words: Words) -> None:
    page = console.page("manager", "/today/", language=words.language)
    opened, field = page.locator("#search-window"), page.locator("#search-text")
    for keys in ("/", "Control+k"):
        page.keyboard.press(keys)
        expect(field).to_be_focused()
        page.keyboard.press("Escape")
        expect(opened).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("House")
    first = opened.locator("#search-found a").first
    expect(first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    # What was found a moment ago gives way to what is typed now.
    page.keyboard.press("Control+a")
    page.keyboard.type(str(words("Daily spending limits"))[:12])
    expect(opened.locator("#search-found")).to_contain_text(words("Daily spending limits"))
    page.keyboard.press("Control+a")
    page.keyboard.type("0912")
    person = opened.locator("#search-found a[href*='/people/']").first
    expect(person).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q="))
    expect(page.locator("main a[href*='/people/']").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(str(words("Reports")))
    expect(opened.locator("#search-found a[href='/reports/']")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/reports/"))


def test_shortcuts_are_told_and_can_be_switched_off(console: Console, words: Words) -> None:
    page = console.page("caller", "/campaigns/", language=words.language)
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts")
    expect(sheet).to_contain_text(words("Keyboard shortcuts"))
    sheet.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("#search-window")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#search-text")).to_be_focused()


def test_a_slash_in_a_field_is_a_slash(console: Console, words: Words) -> None:
    page = console.page("caller", "/people/", language=words.language)
    page.locator("main input[type=search]").click()
    page.keyboard.type("1/2?")
    expect(page.locator("main input[type=search]")).to_have_value("1/2?")
    expect(page.locator("#search-window")).to_be_hidden()


def test_it_is_found_on_a_phone_and_without_scripts(console: Console, words: Words) -> None:
    page = console.page("caller", "/today/", language=words.language, size=PHONE)
    page.locator("header.top [data-search]").click()
    page.locator("#search-text").fill("House")
    expect(page.locator("#search-found a").first).to_be_visible()
    page.locator("#search-window [data-close]").click()
    expect(page.locator("#search-window")).to_be_hidden()

    plain = console.page("caller", "/today/", language=words.language, has_scripts=False)
    plain.locator(".side [data-search]").click()
    plain.locator("main input[type=search]").fill("House")
    plain.get_by_role("button", name=words("Find")).click()
    expect(plain.locator("main a[href*='/people/']").first).to_be_visible()
