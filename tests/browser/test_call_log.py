"""Somebody looks a call up: filters that stand as chips, and an address that shows the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.steps import heading
from tests.browser.words import Words

pytestmark = [pytest.mark.browser]


def test_the_log_is_narrowed_down_by_its_chips(desk: Desk, called: Callable[[], None], words: Words) -> None:
    called()
    page = desk.page("manager", "/calls/", language=words.language)
    everything = page.locator("tbody tr").count()
    page.get_by_label(words("State"), exact=True).select_option(label=words("Completed"))
    page.locator("details.filter-more > summary").first.click()
    page.get_by_role("search").get_by_label(words("Campaign"), exact=True).select_option(label="Campaign at bolna")
    page.get_by_role("button", name=words("Find"), exact=True).click()
    chips = page.get_by_role("group", name=words("Filters")).locator("a.chip")
    expect(chips).to_have_count(2)
    narrowed = page.locator("tbody tr").count()
    assert 0 < narrowed < everything
    states = {words(word) for word in ("Completed", "Voicemail", "Ended, nobody talked")}
    assert set(page.locator("tbody .chip").all_inner_texts()) <= states

    # Whoever gets the address sees the same.
    other = desk.page("manager", page.url, language=words.language)
    expect(other.locator("tbody tr")).to_have_count(narrowed)

    chips.filter(has_text=words("Completed")).click()
    expect(chips).to_have_count(1)
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name=words("What happened"))).to_be_visible()
    page.get_by_role("link", name=words("Call log")).last.click()
    expect(heading(page)).to_have_text(words("Call log"))
