"""Somebody calls one person and sees at once whether it worked."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console
from tests.browser.steps import fill_quick_call, heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]
ANSWERED = {"en": ("0912 777 9901", "+98 912 777 9901"), "fa": ("۰۹۱۲ ۷۷۶ ۹۹۰۱", "+98 912 776 9901")}


def test_one_call_from_the_number_to_the_transcript(console: Console, words: Words) -> None:
    typed, read = ANSWERED[words.language]
    page = console.page("caller", "/", language=words.language)
    menu = page.get_by_role("navigation", name=words("Main menu")).first
    menu.get_by_role("link", name=words("Quick call"), exact=True).click()
    expect(heading(page)).to_have_text(words("Quick call"))

    fill_quick_call(page, words, typed)
    expect(page.locator("#standing")).to_contain_text(read)
    expect(page.locator("#standing")).to_contain_text(words("Can be called now."))
    before = len(console.stack.journal())
    # Two presses are one call.
    page.get_by_role("button", name=words("Call now")).dblclick()
    page.wait_for_url(re.compile(r"/calls/\d+/$"))
    expect(page.locator("#call .chip").first).to_contain_text(words("Answered"))
    expect(page.locator(".talk > li").first).to_be_visible()
    dials = [entry["to_number"] for entry in console.stack.journal()[before:]]
    assert dials.count(read.replace(" ", "")) == 1

    # Who was called a moment ago is not called again by mistake: it is said before the press.
    page.goto("/quick-call/")
    page.get_by_label(words("Number"), exact=True).fill(typed)
    page.get_by_role("button", name=words("Check"), exact=True).click()
    expect(page.get_by_label(words("Call this number again anyway"))).to_be_visible()
